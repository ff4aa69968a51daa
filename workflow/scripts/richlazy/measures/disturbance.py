"""What a trained network loses where a part of it is silent or what it sees is noisy: no paper here asks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from richlazy.measures.base import measure
from richlazy.storage.seeds import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from richlazy.measures.probed_network import ProbedNetwork
    from richlazy.models.rate_network import Weights

# Of each disturbance, how many are drawn; their losses are averaged.
DRAWS = 10
# Share of the units that is silent, and standard deviation of the noise as a share of the root mean square input.
SILENT, NOISE = 0.1, 0.5


def lesioned(weights: Weights, seed: int) -> Iterator[Weights]:
    """Weights of one network with a random tenth of its units silent, again and again: nobody hears them.

    Args:
        weights: of the network.
        seed: of its run, which decides who is silent.
    """
    rng, size = generator(seed, "lesions"), weights.readout.shape[-1]
    for _ in range(DRAWS):
        heard = weights.readout.new_ones(size)
        heard[rng.permutation(size)[: max(1, round(SILENT * size))]] = 0
        recurrent = weights.recurrent * heard if weights.is_recurrent else weights.recurrent
        yield replace(weights, recurrent=recurrent, readout=weights.readout * heard)


@measure(
    "lesion_loss_rise",
    unit="nats, or half squared error",
    meaning="rise of the loss on the probe where a random tenth of the units is silent, mean of ten draws",
    label="rise of loss with\na tenth of the\nunits silent",
)
def lesion_loss_rise(network: ProbedNetwork) -> float:
    """No paper here has it."""
    losses = [network.loss_of(weights) for weights in lesioned(network.after.weights, network.seed)]
    return sum(losses) / len(losses) - network.loss_and_accuracy[0]


@measure(
    "noise_loss_rise",
    unit="nats, or half squared error",
    meaning="rise of the loss on the probe with Gaussian noise of half the root mean square input, mean of ten draws",
    label="rise of loss with\nnoisy inputs",
)
def noise_loss_rise(network: ProbedNetwork) -> float:
    """No paper here has it."""
    import torch

    rng, inputs = generator(network.seed, "disturbances"), network.inputs
    scale = NOISE * float(inputs.double().square().mean().sqrt())
    noisy = (inputs + torch.from_numpy(scale * rng.standard_normal(inputs.shape)).to(inputs) for _ in range(DRAWS))
    losses = [network.loss_of(network.after.weights, trials) for trials in noisy]
    return sum(losses) / len(losses) - network.loss_and_accuracy[0]
