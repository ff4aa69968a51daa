"""Small networks on a task of every kind that the registry has, without naming any."""

import copy
from pathlib import Path

import numpy as np

from richlazy.experiments import grids, paths, retraining
from richlazy.tasks import image_sets, registry
from shipped import CONFIG
from train_teacher import train_teacher

ROOT = Path(__file__).parents[1]
# Whatever a task is: what makes its networks small and its training short, wherever its entry says it.
SMALL = {"size": 8, "rank": 2, "batch_size": 3, "iterations": 6, "samples": 5, "kernel_trials": 2}
EXPERIMENT = "conformance"


def smaller(value):
    """An entry with ``SMALL`` in it, at any depth."""
    if not isinstance(value, dict):
        return value
    return {key: SMALL.get(key, smaller(inner)) for key, inner in value.items()}


def entries(key, config=CONFIG):
    """Entries of config.yaml of one kind, by name."""
    return {name: entry for name, entry in config["tasks"].items() if registry.kind_of(entry).key == key}


def configuration(key, base=CONFIG):
    """The configuration with one small experiment on the first task of a kind: four networks."""
    config = copy.deepcopy(base)
    config["tasks"] = {name: smaller(entry) for name, entry in config["tasks"].items()}
    name = next(iter(entries(key, config)))
    config["connectivity"]["size"] = SMALL["size"]
    config["training"] |= {name: SMALL[name] for name in ("batch_size", "iterations")}
    config["probe"] |= {"trials": 4, "kernel_trials": 2}
    config["experiments"] = {
        EXPERIMENT: {
            "title": "Conformance", "source": "no paper", "preset": "reproduction", "compare": "learning_rate",
            "grid": {"task": [name], "structure": ["gaussian"], "learning_rate": [0.001, 0.002]}, "seeds": 2,
        }
    }  # fmt: skip
    return config | {"experiments_to_build": [EXPERIMENT]}


def runs(config):
    """Networks of the small experiment."""
    return grids.runs(config, EXPERIMENT)


def images_file(folder):
    """A set of random images as a file, as many as MNIST has for training at a pixel's size."""
    path = Path(folder, "images.npz")
    rng = np.random.default_rng(0)
    count, training = 5600, 5500
    pixels = rng.integers(0, 17, (count, 4, 4)).astype(np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    image_sets.save(path, image_sets.ImageSet(pixels, 16, labels, training))
    return str(path)


def network_and_files(key, folder, config=None):
    """A small network on a task of a kind, and the files of which its trials are made."""
    config = config or configuration(key)
    net = retraining.network_of(config, runs(config)[0])
    files = {}
    if "images" in net.task.needs:
        files["images"] = images_file(folder)
    if net.teacher:
        files["teacher"] = str(Path(folder, "teacher.npz"))
        outcome = str(Path(folder, "teacher.json"))
        held_out = net.task.entry["held_out"]
        train_teacher(files["teacher"], outcome, files["images"], net.teacher, held_out, net.training)
    return net, files


def network_file(folder, run):
    """Where the workflow keeps a network below the folder of its results."""
    return Path(folder, "runs", paths.run_path(run), "network.npz")
