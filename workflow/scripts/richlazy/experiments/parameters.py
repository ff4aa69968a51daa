"""Parameters of a run: one declaration each, with type and meaning."""

from collections.abc import Mapping
from typing import Any

Run = dict[str, Any]

# Every parameter of a run, with type and meaning, in the order of the tables.
PARAMETERS: dict[str, tuple[type, str]] = {
    "task": (str, "name of the task in the configuration"),
    "condition_number": (float, "kappa of the feature modulation F of a teacher; null for tasks without one"),
    "architecture": (str, "recurrent, or feedforward: two layers, the first with the structure (trials of one step)"),
    "structure": (str, "name of the structure of the initial recurrent weights, or of those of the first layer"),
    "rank": (int, "rank of svd_truncation; null for other structures"),
    "decay_exponent": (float, "exponent k of soft_rank; null for other structures"),
    "matching": (str, "magnitude that is equal to that of the unstructured draw; null for unstructured weights"),
    "size": (int, "number of recurrent units"),
    "gain": (float, "g; the unstructured draw has entries of scale g / sqrt(columns of the matrix)"),
    "readout": (
        str,
        "how readout weights start: linear_layer, normal, equal_norm, gaussian_ or aligned_directions",
    ),
    "leak": (str, "euler: 1 - dt/tau of a state stays; exponential: exp(-dt/tau); null for feedforward networks"),
    "rectification": (str, "after_leak, inside (Eq. 1), none or tanh; after_leak where nothing of the old state stays"),
    "time_step_ms": (float, "ms; step dt of network and task; null for feedforward networks"),
    "time_constant_ms": (float, "ms; membrane time constant tau; likewise"),
    "learning_rate": (float, "eta of Eq. 3"),
    "optimiser": (str, "gradient_descent or adam"),
    "momentum": (float, "of the gradient descent; null for adam"),
    "trained": (str, "weights that training changes: all, or the recurrent ones"),
    "batch_size": (int, "trials in a batch"),
    "iterations": (int, "updates"),
    "seed": (int, "seed of the run; runs of one seed are paired"),
}

# What a parameter is in most networks, and in all that were published before it could be anything else.
USUAL = {
    "architecture": "recurrent",
    "readout": "linear_layer",
    "optimiser": "gradient_descent",
    "trained": "all",
}

# Readouts of recurrent networks alone.
DIRECTIONS = ("gaussian_directions", "aligned_directions")

# What decides a teacher network, beside the images it sees.
TEACHER_PARAMETERS = (
    "condition_number", "rank", "matching", "size", "gain", "leak", "rectification", "time_step_ms", "time_constant_ms",
    "learning_rate", "momentum", "batch_size", "iterations", "seed",
)  # fmt: skip

# What decides its answers, beside its weights.
ANSWERING_PARAMETERS = ("condition_number", "leak", "rectification", "time_step_ms", "time_constant_ms", "seed")


def run_of_row(row: Mapping[str, Any]) -> Run:
    """Run of a row of a table or JSON file, its parameters in their types again."""
    found = {name: row.get(name, USUAL.get(name)) for name in PARAMETERS}  # a published table may be older than some
    return {name: None if is_missing(found[name]) else kind(found[name]) for name, (kind, _) in PARAMETERS.items()}


# Parameters that order the rank of the initial weights, and whether it grows with them.
RANK_ORDER = {"rank": 1, "decay_exponent": -1}


def is_missing(value: Any) -> bool:
    """Whether a value of a table or JSON file is missing."""
    # pandas.NA has no truth value and is not equal to itself; neither is nan.
    return value is None or type(value).__name__ == "NAType" or value != value
