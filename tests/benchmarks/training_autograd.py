"""A training step of the library against automatic differentiation and PyTorch's optimisers."""

import itertools

import torch

from .measuring import Row, Settings, interleaved
from .references import AutogradTraining, PlainNetwork, TanhNetwork, TorchNetwork, loss_of_numbers
from .training_step import LEAK_FACTOR, LEARNING_RATE, SHAPES, LibraryStep, Shape, problem

NAME = "training_autograd"
NETWORKS = {"loop over time": PlainNetwork, "torch.nn.RNN": TorchNetwork}
# torch.nn.RNN knows no leak.
TANH_NETWORKS = {"loop over time": TanhNetwork}


class AutogradStep:
    """The same iteration by automatic differentiation. Each call takes the next batch."""

    def __init__(self, shape: Shape, network=PlainNetwork, dtype=torch.float32):
        weights, inputs, targets = problem(shape, dtype)
        if shape.tanh:
            self.training = AutogradTraining(
                network(weights, LEAK_FACTOR), LEARNING_RATE, 0.0, shape.loss_steps, torch.optim.Adam, loss_of_numbers
            )
        else:
            self.training = AutogradTraining(network(weights), LEARNING_RATE, loss_steps=shape.loss_steps)
            targets = targets.astype("int64")  # from the start: cross_entropy takes no other classes
        self.batches = itertools.cycle(list(zip(inputs, targets, strict=True)))

    def __call__(self) -> None:
        inputs, targets = next(self.batches)
        self.training.step(torch.from_numpy(inputs), torch.from_numpy(targets))


def rows(settings: Settings, shapes=SHAPES) -> list[Row]:
    """Speed-up over automatic differentiation, for each shape and kind of reference."""
    return [
        Row.of(
            NAME, f"{shape.name}, {kind}",
            interleaved(LibraryStep(shape), AutogradStep(shape, network), settings.repeats, shape.calls),
            note="Reference: forward pass of the named kind, cross_entropy, backward(), torch.optim.SGD; for the "
            "flip-flop the mean square of what is asked for, backward(), torch.optim.Adam.",
        )
        for shape in shapes
        for kind, network in (TANH_NETWORKS if shape.tanh else NETWORKS).items()
    ]  # fmt: skip
