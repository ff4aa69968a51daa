"""What a trained network answers on trials of its probe."""

from pathlib import Path

import numpy as np
import torch

from richlazy.models import rate_network
from richlazy.models.rate_network import Dynamics
from richlazy.storage import array_io

# Trials that are answered, for a figure.
TRIALS = 3


def answers(network: str | Path, probe: str | Path, dynamics: Dynamics, trials: int = TRIALS) -> np.ndarray:
    """Outputs (T, trials, N_out) of a network after training, on the first trials of its probe.

    Args:
        network: network.npz of a run.
        probe: probe.npz of it.
        dynamics: of the network.
        trials: how many trials, or all if there are fewer.
    """
    _, final = rate_network.load_network(network)
    inputs = torch.from_numpy(array_io.load_arrays(probe)["inputs"])[:, :trials]
    rates, _ = rate_network.respond(final, inputs, dynamics)
    return (rates @ final.readout.mT).numpy()
