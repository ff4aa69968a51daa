"""Trials that show images row by row, with the answers of a teacher network as classes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from richlazy.storage import devices
from richlazy.tasks import image_sets, image_trials, network_teacher
from richlazy.tasks.samples import ProbeTrials, TrainingTrials


def training_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str]) -> TrainingTrials:
    """Images of a run in batches, with the answers of its teacher at every step; see ``Task``."""
    devices.prepare("cpu")
    shown = image_sets.load(files["images"])
    teacher = network_teacher.load(files["teacher"], run["teacher"])
    inputs, _ = image_trials.batches(
        shown, "rows", entry["held_out"], run["batch_size"], run["iterations"], run["seed"]
    )
    answers = np.stack([teacher.answers(batch) for batch in inputs])
    return TrainingTrials(inputs, np.repeat(answers[:, None], inputs.shape[1], axis=1))


def probe_trials(entry: Mapping[str, Any], run: Mapping[str, Any], files: Mapping[str, str], count: int) -> ProbeTrials:
    """Images of a run that are held out, likewise; see ``Task``."""
    devices.prepare("cpu")
    shown = image_sets.load(files["images"])
    inputs, labels = image_trials.probe(shown, "rows", entry["held_out"], count, run["seed"])
    answers = network_teacher.load(files["teacher"], run["teacher"]).answers(inputs)
    about = {
        "environment": "images, rows, answers of a teacher",
        "teacher_accuracy": float((answers == labels[0]).mean()),
    }
    targets = np.repeat(answers[None], len(inputs), axis=0)
    description = image_trials.describe(shown, "rows") | about
    return ProbeTrials(inputs, targets, image_trials.at_the_end(labels.shape), description)
