"""A training step as a fraction: its unavoidable matrix products alone over the whole step of the library."""

from dataclasses import dataclass

import numpy as np
import torch

from richlazy.connectivity.base import structured_weights
from richlazy.models.backpropagation import laid_out
from richlazy.models.rate_network import Dynamics, Weights, initial_weights
from richlazy.training import optimisers, rules
from richlazy.training.minibatches import StagedDescent
from richlazy.training.settings import TrainingSettings

from .measuring import Row, Settings, interleaved
from .references import MatrixProducts

NAME = "training_step"
LEARNING_RATE = 0.003
LEAK_FACTOR = 0.5  # of tanh networks
STORED_BATCHES = 20


@dataclass(frozen=True)
class Shape:
    """A kind of training step.

    Attributes:
        name: for the table.
        size, inputs, outputs, steps, batch_size: N, N_in, N_out, T, B.
        loss_steps: ``all`` or ``last``.
        tanh: whether it is a network of Schuessler et al.: tanh units, targets that are numbers, Adam.
        calls: steps per measurement.
        required, moonshot: least fraction of the time that is products.
    """

    name: str
    size: int
    inputs: int
    outputs: int
    steps: int
    batch_size: int
    loss_steps: str = "all"
    tanh: bool = False
    calls: int = 10
    required: float | None = None
    moonshot: float | None = None


SHAPES = (
    Shape("NeuroGym: N=300 B=32 T=8 N_in=3", 300, 3, 3, 8, 32, required=0.80, moonshot=0.90),
    Shape("CXT: N=300 B=32 T=8 N_in=7", 300, 7, 3, 8, 32, required=0.80, moonshot=0.90),
    Shape("sMNIST: N=300 B=200 T=28 N_in=28", 300, 28, 10, 28, 200, "last", calls=1, required=0.85, moonshot=0.95),
    Shape("flip-flop: N=256 B=32 T=100 N_in=2", 256, 2, 2, 100, 32, tanh=True, calls=2, required=0.70, moonshot=0.85),
    # Figures 9 and 12 of Liu et al. 2024: the largest networks, and the shortest time step.
    Shape("NeuroGym: N=600 B=32 T=8 N_in=3", 600, 3, 3, 8, 32, calls=4, required=0.80, moonshot=0.90),
    Shape("NeuroGym: N=300 B=32 T=40 N_in=3", 300, 3, 3, 40, 32, calls=4, required=0.80, moonshot=0.90),
)


def problem(shape: Shape, dtype=torch.float32) -> tuple[Weights, np.ndarray, np.ndarray]:
    """Initial weights of one network, and stored batches of inputs and classes as the workflow stores them."""
    rng = np.random.default_rng(0)
    recurrent = structured_weights("gaussian", shape.size, 1.5, "frobenius", rng)
    weights = initial_weights(recurrent, shape.inputs, shape.outputs, 0).map(lambda matrix: matrix.to(dtype))
    batches = (STORED_BATCHES, shape.steps, shape.batch_size)
    inputs = rng.standard_normal((*batches, shape.inputs)).astype(torch.empty(0, dtype=dtype).numpy().dtype)
    if shape.tanh:
        targets = rng.standard_normal((*batches, shape.outputs)).astype(inputs.dtype)
        return weights, inputs, np.where(rng.random(targets.shape) < 0.3, np.nan, targets).astype(inputs.dtype)
    return weights, inputs, rng.integers(0, shape.outputs, batches).astype(np.uint8)


class Step:
    """One iteration of ``training.train`` on staged batches of one network. Each call takes the next batch."""

    def __init__(self, weights: Weights, inputs: np.ndarray, targets: np.ndarray, dynamics, settings: TrainingSettings):
        self.weights = laid_out(weights.map(lambda matrix: matrix[None]))  # the layout that train gives them
        _, steps, trials, _ = inputs.shape
        directions = rules.directions(self.weights, steps, trials, dynamics, settings)
        self.batches = min(STORED_BATCHES, len(inputs))
        descent = optimisers.optimiser(directions, settings)
        self.staged, self.taken = StagedDescent(descent, [inputs], [targets], self.batches), 0

    def __call__(self) -> None:
        if self.taken % self.batches == 0:
            self.staged.stage(0, self.batches)
        self.staged.update()
        self.taken += 1


class LibraryStep(Step):
    """That of a network of some shape, computed by an engine."""

    def __init__(self, shape: Shape, dtype=torch.float32, engine: str = "torch"):
        dynamics, how = Dynamics(0.0), {}
        if shape.tanh:
            dynamics, how = Dynamics(LEAK_FACTOR, "tanh"), {"loss": "masked_squared_error", "optimiser": "adam"}
        settings = TrainingSettings(LEARNING_RATE, loss_steps=shape.loss_steps, engine=engine, **how)
        super().__init__(*problem(shape, dtype), dynamics, settings)


def rows(settings: Settings, shapes=SHAPES) -> list[Row]:
    """Fraction of a step that is unavoidable, for each shape."""
    found = []
    for shape in shapes:
        products = MatrixProducts(problem(shape)[0].recurrent, shape.steps, shape.batch_size)
        comparison = interleaved(LibraryStep(shape), products.run, settings.repeats, shape.calls)
        found.append(
            Row.of(
                NAME, shape.name, comparison, required=shape.required, moonshot=shape.moonshot,
                note="Ours: one iteration of train, on staged batches. Reference: only its T-1 forward products "
                "with W_h, T-1 backward products, and the one product for dL/dW_h, preallocated. The ratio is the "
                "share of a step that is spent on them.",
            )
        )  # fmt: skip
    return found
