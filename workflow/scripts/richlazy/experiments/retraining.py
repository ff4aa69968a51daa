"""Everything that decides the inputs of a rate network, from the configuration alone: ``recheck`` makes them again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from richlazy.experiments import grids, trials
from richlazy.experiments.parameters import Run
from richlazy.tasks.base import Task


@dataclass(frozen=True)
class Network:
    """One network, and how it is trained and measured.

    Attributes:
        run: its parameters.
        task: that it learns.
        structure: entry of the structure of its initial weights.
        teacher: settings of the teacher network of its task; None where it has none.
        training: group ``training`` of the configuration as it is for the task, on the CPU.
        probe_count: trials of its probe.
        training_trials, probe_trials: what they depend on (``trials.of_training``, ``trials.of_probe``).
        starts_aligned: whether it starts with weights of the teacher network.
        FILES: names for what ``files`` takes, in its order.
    """

    run: Run
    task: Task
    structure: Mapping[str, Any]
    teacher: Mapping[str, Any] | None
    training: Mapping[str, Any]
    probe_count: int
    training_trials: tuple[str, dict[str, Any], dict[str, Any]]
    probe_trials: tuple[str, dict[str, Any], dict[str, Any]]
    starts_aligned: bool
    FILES = ("inputs.npy", "targets.npy", "first.npy", "second.npy", "task.json", "probe.npz", "decision.npy")

    @property
    def teaching(self) -> tuple[Mapping[str, Any] | None, int, Mapping[str, Any]]:
        """How its teacher is trained: its settings, number of images that are held out, group ``training``."""
        return self.teacher, self.task.entry["held_out"], self.training

    def first_layer_of(self, about: str) -> str | None:
        """The description of its task if its structure is that of a first layer, which has its inputs as columns."""
        return about if self.task.is_feedforward else None

    def files(
        self, inputs: str, targets: str, weights: str, aligned: str, about: str, probe: str, decision: str
    ) -> dict[str, list[str]]:
        """Its inputs by name, as training and measuring of rate networks take them."""
        return {
            "structured": [weights],
            "input_weights": [aligned] if self.starts_aligned else [],
            "inputs": [inputs],
            "targets": [targets],
            "description": [about],
            "probe": [probe],
            "decision": [decision],
        }


def network_of(config: Mapping[str, Any], run: Run) -> Network:
    """The network of a run."""
    task = trials.task_of(config, run)
    return Network(
        run=run,
        task=task,
        structure=config["structures"][run["structure"]],
        teacher=grids.teacher(config, run) if "teacher" in task.needs else None,
        training=task.of_training(config["training"] | {"device": "cpu"}),
        probe_count=task.of_measuring(config)["trials"],
        training_trials=trials.of_training(config, run),
        probe_trials=trials.of_probe(config, run),
        starts_aligned=grids.is_teacher_aligned(config, run["structure"]),
    )
