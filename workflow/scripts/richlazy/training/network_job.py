"""Training of the networks of one job, from files to files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from richlazy.models import kept_weights, rate_network
from richlazy.storage import array_io, devices
from richlazy.training.loop import train_together


@dataclass(frozen=True)
class NetworkFiles:
    """Files of one network.

    Attributes:
        structured: the initial weights that have the structure, ``rate_network.initial_weights_of_runs``.
        inputs, targets: its batches.
        network, history: to be written.
        input_weights: the initial input weights, None where the seed decides them.
    """

    structured: str
    inputs: str
    targets: str
    network: str
    history: str
    input_weights: str | None = None


def train_files(
    files: Sequence[NetworkFiles],
    runs: Sequence[Mapping[str, Any]],
    description: str | Path,
    training: Mapping[str, Any],
) -> None:
    """Train networks, and write initial and final weights, curves and outcome of each.

    Args:
        files: of each network.
        runs: parameters of each, alike but for their seeds. Those that are followed have ``snapshot_at`` beside them,
            and those that are compared at levels of their loss ``excess_levels``, as ``TrainingSettings`` has them: the
            file of the network keeps the weights of these moments.
        description: task.json of their task.
        training: as ``TrainingSettings.of_run`` takes it, with ``device`` and ``final_loss_fraction``.
    """
    device, task = devices.prepare(training["device"]), array_io.load_json(description)
    training = {**training, "floor": task["bayes_loss"] or 0.0, "stages": len(task.get("stages", [0]))}
    for part in devices.parts(len(runs), device):
        own = files[part]
        # Mapped, not read: a batch comes into memory when its turn comes.
        inputs = [array_io.load_array(one.inputs, mapped=True) for one in own]
        targets = [array_io.load_array(one.targets, mapped=True) for one in own]
        initial = rate_network.initial_weights_of_runs(
            runs[part],
            [one.structured for one in own],
            [one.input_weights for one in own],
            inputs[0].shape[-1],
            task["outputs"],
        )
        final, course = train_together(runs[part], initial, inputs, targets, training, device)
        for place, (one, run) in enumerate(zip(own, runs[part], strict=True)):
            kept, start = dict[str, np.ndarray](), initial.of_network(place)
            if "snapshot_at" in run:
                snapshots = [(at, then) for at, then in course.snapshots[place] if at in run["snapshot_at"]]
                kept |= kept_weights.arrays_of_snapshots(snapshots, start)
            if "excess_levels" in run:
                kept |= kept_weights.arrays_of_crossings(course.crossings[place], start)
            rate_network.save_network(one.network, start, final.of_network(place), kept)
            outcome = course.of_network(place, training["final_loss_fraction"])
            array_io.save_json(one.history, outcome | {"device": devices.name(device)})
