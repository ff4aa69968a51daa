"""A training step of the library against automatic differentiation and ``torch.optim.SGD``."""

import itertools

import torch

from .measuring import Row, Settings, interleaved
from .references import AutogradTraining, PlainNetwork, TorchNetwork
from .training_step import LEARNING_RATE, SHAPES, LibraryStep, Shape, problem

NAME = "training_autograd"
NETWORKS = {"loop over time": PlainNetwork, "torch.nn.RNN": TorchNetwork}


class AutogradStep:
    """The same iteration by automatic differentiation. Each call takes the next batch."""

    def __init__(self, shape: Shape, network=PlainNetwork, dtype=torch.float32):
        weights, inputs, targets = problem(shape, dtype)
        self.training = AutogradTraining(network(weights), LEARNING_RATE, loss_steps=shape.loss_steps)
        # Classes are 64-bit integers from the start: cross_entropy takes no others.
        self.batches = itertools.cycle(list(zip(inputs, targets.astype("int64"), strict=True)))

    def __call__(self) -> None:
        inputs, targets = next(self.batches)
        self.training.step(torch.from_numpy(inputs), torch.from_numpy(targets))


def rows(settings: Settings, shapes=SHAPES) -> list[Row]:
    """Speed-up over automatic differentiation, for each shape and kind of reference."""
    return [
        Row.of(
            NAME, f"{shape.name}, {kind}",
            interleaved(LibraryStep(shape), AutogradStep(shape, network), settings.repeats, shape.calls),
            note="Reference: forward pass of the named kind, cross_entropy, backward(), torch.optim.SGD.",
        )
        for shape in shapes
        for kind, network in NETWORKS.items()
    ]  # fmt: skip
