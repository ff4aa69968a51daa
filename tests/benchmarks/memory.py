"""Peak memory of one training job, in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from richlazy.connectivity.base import structured_weights
from richlazy.experiments import grids
from richlazy.storage import array_io
from richlazy.storage.seeds import generator
from richlazy.tasks import registry
from sample_training_trials import sample_training_trials

from . import ROOT
from .measuring import Row, Settings
from .whole_run import PRESET, SEED, paper_scale

NAME = "memory"
EXPERIMENT, TASK = "figure_1", "CXT"  # of the paper's tasks the one with the largest trial files
MEGABYTE = 1e6


def rows(settings: Settings, config: Mapping[str, Any] | None = None) -> list[Row]:
    """Peak resident memory of a job of the rule train_network."""
    config = config or paper_scale()
    with tempfile.TemporaryDirectory() as folder:
        peak, mapped = training_job(config, Path(folder))
    iterations, batch_size = (config["training"][key] for key in ("iterations", "batch_size"))
    return [
        Row(
            NAME, f"training job, {TASK}", (peak + mapped) / MEGABYTE, "MB", required=600, moonshot=400,
            note=f"network_job.train_files() in a process of its own, on files of {iterations} x {batch_size} trials; "
            f"stopped after 100 iterations at {peak / MEGABYTE:.0f} MB. To this the {mapped / MEGABYTE:.0f} MB of the "
            "trial files are added: they are mapped, and their pages count once they have been read.",
        )
    ]  # fmt: skip


def training_job(config: Mapping[str, Any], folder: Path) -> tuple[int, int]:
    """Peak resident bytes of a training job that stops early, and bytes of its mapped files."""
    preset, settings = config["presets"][PRESET], config["training"]
    run = next(run for run in grids.runs(config, EXPERIMENT) if (run["task"], run["seed"]) == (TASK, SEED))
    names = ("recurrent.npy", "inputs.npy", "targets.npy", "task.json", "network.npz", "history.json")
    recurrent, inputs, targets, description, network, history = (str(folder / name) for name in names)
    array_io.save_array(
        recurrent,
        structured_weights(
            "gaussian", config["connectivity"]["size"], preset["gain"], "frobenius", generator(SEED, "connectivity")
        ),
    )
    task = registry.named(config["tasks"], TASK)
    trials = (str(task.trials), task.trial_entry, run, {})
    sample_training_trials(inputs, targets, description, *trials)
    job = {
        "files": {
            "structured": recurrent,
            "inputs": inputs,
            "targets": targets,
            "network": network,
            "history": history,
        },
        "run": run,
        "description": description,
        # Every loss is above this one, so that training ends at its first point of the curve.
        "training": task.of_training(settings) | {"divergence_loss": -1.0, "signs_held": False},
    }
    answer = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory_job", json.dumps(job)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(answer.stdout), sum(Path(path).stat().st_size for path in (inputs, targets))
