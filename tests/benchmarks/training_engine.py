"""A training step with compiled passes against the same step with PyTorch's, on tasks of both papers.

Compiled passes leave silent units out, so what they gain hangs on the activity of a network: networks are timed as they
start, and after some updates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

import richlazy
from richlazy.models.rate_network import Dynamics
from richlazy.tasks import registry
from richlazy.training.settings import TrainingSettings
from shipped import CONFIG

from . import training_step
from .measuring import Row, Settings, interleaved
from .training_step import LEARNING_RATE, LibraryStep, Step

NAME = "training_engine"
UPDATES = 2000


@dataclass(frozen=True)
class Case:
    """Networks of one size and initial rank on a task.

    Attributes:
        task: of the configuration.
        size, rank: N, and rank of the initial weights.
        calls: steps per measurement.
        required, moonshot: least ratios.
    """

    task: str
    size: int
    rank: int
    calls: int = 10
    required: float = 1.5
    moonshot: float = 2.0


CASES = (
    *(Case(task, 300, rank) for task in ("2AF", "DMS", "CXT") for rank in (1, 300)),
    *(Case(task, 600, 300, calls=3) for task in ("2AF", "DMS", "CXT")),
)
# On numbers drawn at random nearly no unit is silent. Each with its least ratios.
SHAPES = (
    (training_step.SHAPES[3], 1.4, 1.8),
    (training_step.SHAPES[2], 1.3, 1.5),
    (training_step.SHAPES[0], None, None),
)


def both(step: Callable[[str], Step]) -> list[Step]:
    """The compiled step and that of PyTorch."""
    return [step(engine) for engine in ("compiled", "torch")]


def rows(settings: Settings, cases=CASES, shapes=SHAPES, updates: int = UPDATES) -> list[Row]:
    """How many times as fast the compiled step is."""
    found = []

    def add(what, sides, calls, required, moonshot):
        comparison = interleaved(*sides, settings.repeats, calls)
        note = "Ours: one iteration of train with engine compiled. Reference: the same with engine torch."
        found.append(Row.of(NAME, what, comparison, required=required, moonshot=moonshot, note=note))

    for case in cases:
        task = registry.named(CONFIG["tasks"], case.task).trial_entry
        trials, probe = richlazy.draw_trials(task, batches=100), richlazy.draw_probe(task, trials=10)
        structure = {"kind": "svd_truncation", "entries": "gaussian"}
        weights = richlazy.initial_weights(structure, probe, size=case.size, rank=case.rank)
        for done in (0, updates):
            if done:
                weights = richlazy.train(weights, trials, settings_of("compiled", iterations=done)).final

            def step(engine: str, weights=weights, trials=trials) -> Step:
                return Step(weights, trials.inputs, trials.targets, Dynamics(0.0), settings_of(engine))

            what = f"{case.task}, N={case.size}, rank {case.rank}, after {done} updates"
            add(what, both(step), case.calls, case.required, case.moonshot)
    for shape, required, moonshot in shapes:
        add(shape.name, both(partial(LibraryStep, shape, torch.float32)), shape.calls, required, moonshot)
    return found


def settings_of(engine: str, iterations: int | None = None) -> TrainingSettings:
    """How networks of the cases are trained."""
    return TrainingSettings(LEARNING_RATE, iterations=iterations, engine=engine)
