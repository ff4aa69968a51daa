"""Independent, named streams of random numbers derived from the one integer seed of a run."""

import numpy as np

# The position of a name is its identity: append new streams, never reorder or remove any,
# or every published network changes.
STREAMS = (
    "connectivity",
    "input_weights",
    "readout_weights",
    "trials",
    "probe",
    "order",
    "bootstrap",
    "teacher",
    "shuffling",
    "readout_feedback",
    "recurrent_feedback",
    "lesions",
    "disturbances",
    "perturbation",
    "curriculum",
)


def generator(seed: int, stream: str) -> np.random.Generator:
    """Generator of one named stream of a run.

    Streams of one seed are independent of each other, and a stream of seed ``k`` does not depend on
    how many seeds there are. All conditions of a seed use the same streams, so that they share their
    Gaussian draw, input and readout weights and trials, and comparisons between them are paired.

    Args:
        seed: seed of the run, a non-negative integer.
        stream: one of ``STREAMS``.

    Raises:
        ValueError: for an unknown stream.
    """
    return np.random.default_rng(_sequence(seed, stream))


def legacy_seed(seed: int, stream: str) -> int:
    """32-bit seed of a named stream, for libraries that only take an integer (NeuroGym)."""
    return int(_sequence(seed, stream).generate_state(1)[0])


def _sequence(seed: int, stream: str) -> np.random.SeedSequence:
    if stream not in STREAMS:
        raise ValueError(f"unknown random stream {stream!r}; choose one of {', '.join(STREAMS)}")
    return np.random.SeedSequence(seed, spawn_key=(STREAMS.index(stream),))
