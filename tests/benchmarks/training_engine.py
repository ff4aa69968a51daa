"""A training step with compiled passes against the same step with PyTorch's, on tasks of both papers.

Compiled passes leave silent units out, so what they gain hangs on the activity of a network: networks are timed as they
start, and after some updates.
"""

from dataclasses import dataclass

import numpy as np

import richlazy
from richlazy.models.backpropagation import laid_out
from richlazy.models.rate_network import Dynamics, Weights
from richlazy.training import loop, optimisers, rules
from richlazy.training.minibatches import StagedDescent
from richlazy.training.settings import TrainingSettings
from shipped import CONFIG

from . import training_step
from .measuring import Row, Settings, interleaved

NAME = "training_engine"
UPDATES = 2000
STORED_BATCHES = 20
LEARNING_RATE = 0.003


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
# On numbers drawn at random, of which nearly no unit is silent: what is gained without silence.
SHAPES = {
    shape.name.partition(":")[0]: (shape, required, moonshot)
    for shape, required, moonshot in (
        (training_step.SHAPES[3], 1.4, 1.8), (training_step.SHAPES[2], 1.3, 1.5), (training_step.SHAPES[0], None, None),
    )
}  # fmt: skip


class Step:
    """One iteration of training with an engine, on staged batches."""

    def __init__(self, weights: Weights, inputs: np.ndarray, targets: np.ndarray, dynamics, settings: TrainingSettings):
        self.weights = laid_out(weights)
        _, steps, trials, _ = inputs.shape
        directions = rules.rule(settings.rule).prepare(self.weights, steps, trials, dynamics, settings)
        self.batches = min(STORED_BATCHES, len(inputs))
        descent = optimisers.optimiser(directions, settings)
        self.staged, self.taken = StagedDescent(descent, [inputs], [targets], self.batches), 0

    def __call__(self) -> None:
        if self.taken % self.batches == 0:
            self.staged.stage(0, self.batches)
        self.staged.update()
        self.taken += 1


def engines(*arguments, **settings) -> tuple[Step, Step]:
    """The compiled step and that of PyTorch."""
    compiled, torch_step = (
        Step(*arguments, TrainingSettings(engine=engine, **settings)) for engine in ("compiled", "torch")
    )
    return compiled, torch_step


def rows(settings: Settings, cases=CASES, shapes=SHAPES, updates: int = UPDATES) -> list[Row]:
    """How many times as fast the compiled step is."""
    found = []

    def add(what, sides, calls, required, moonshot):
        comparison = interleaved(*sides, settings.repeats, calls)
        note = "Ours: one iteration of train with engine compiled. Reference: the same with engine torch."
        found.append(Row.of(NAME, what, comparison, required=required, moonshot=moonshot, note=note))

    for case in cases:
        task = {key: value for key, value in CONFIG["tasks"][case.task].items() if key not in ("defaults", "probe")}
        trials, probe = richlazy.draw_trials(task, batches=100), richlazy.draw_probe(task, trials=10)
        structure = {"kind": "svd_truncation", "entries": "gaussian"}
        weights = richlazy.initial_weights(structure, probe, size=case.size, rank=case.rank).map(lambda one: one[None])
        for done in (0, updates):
            if done:
                how = TrainingSettings(LEARNING_RATE, iterations=done, engine="compiled")
                weights, _ = loop.train(weights, [trials.inputs], [trials.targets], Dynamics(0.0), how)
            sides = engines(weights, trials.inputs, trials.targets, Dynamics(0.0), learning_rate=LEARNING_RATE)
            what = f"{case.task}, N={case.size}, rank {case.rank}, after {done} updates"
            add(what, sides, case.calls, case.required, case.moonshot)
    for shape, required, moonshot in shapes.values():
        weights, inputs, targets = training_step.problem(shape)
        how = {"learning_rate": LEARNING_RATE, "loss_steps": shape.loss_steps}
        dynamics = Dynamics(0.0)
        if shape.tanh:
            dynamics, how = Dynamics(training_step.LEAK_FACTOR, "tanh"), how | {"optimiser": "adam"}
            how["loss"] = "masked_squared_error"
        stacked = weights.map(lambda one: one[None])
        add(shape.name, engines(stacked, inputs, targets, dynamics, **how), shape.calls, required, moonshot)
    return found
