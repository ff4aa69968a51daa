"""Parameters of a run: one declaration each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Run = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a run.

    Attributes:
        type: int, float or str.
        meaning: with the unit, for the columns of tables.
        label: for axes and legends.
        folder: name of the folder of a path in which it stands, beside others; None where no path tells it.
        stages: what it decides beside the trained network: its initial ``weights``, the ``probe`` and the training
            ``batches``, which ``teacher`` network there is, its ``teacher_training`` and its ``teacher_answers``.
        optional: whether some networks do not take it; it is None for them, and their paths leave it out.
        title: how a value reads in a title, where it does not speak for itself.
        usual: what it is in most networks, and in all that were published before it could be anything else; paths
            leave it out.
        implied: whether jobs and records leave it out too where it is usual: networks of before it was a parameter
            keep their certificates and bytes.
    """

    type: type
    meaning: str
    label: str
    folder: str | None
    stages: tuple[str, ...] = ()
    optional: bool = False
    title: str = "{}"
    usual: str | None = None
    implied: bool = False


_TEACHER = ("teacher_training",)
_TEACHER_AND_ANSWERS = ("teacher_training", "teacher_answers")

# In the order of tables and paths.
PARAMETERS: dict[str, Parameter] = {
    "task": Parameter(
        str, "name of the task in the configuration", "task", "task", ("weights", "probe", "batches", "teacher")
    ),
    "condition_number": Parameter(
        float,
        "kappa of the feature modulation F of a teacher; null for tasks without one",
        "condition number $\\kappa$ of the features",
        "task",
        ("weights", "probe", "batches", "teacher", *_TEACHER_AND_ANSWERS),
        title="κ = {}",
        optional=True,
    ),
    "architecture": Parameter(
        str,
        "recurrent, or feedforward: two layers, the first with the structure (trials of one step)",
        "architecture",
        None,
        usual="recurrent",
    ),
    "structure": Parameter(
        str,
        "name of the structure of the initial recurrent weights, or of those of the first layer",
        "initial structure",
        "structure",
        ("weights",),
    ),
    "rank": Parameter(
        int,
        "rank of svd_truncation; null for other structures",
        "rank of initial weights",
        "structure",
        ("weights", *_TEACHER),
        optional=True,
    ),
    "decay_exponent": Parameter(
        float,
        "exponent k of soft_rank; null for other structures",
        "decay exponent $k$",
        "structure",
        ("weights",),
        title="k = {}",
        optional=True,
    ),
    "matching": Parameter(
        str,
        "magnitude that is equal to that of the unstructured draw; null for unstructured weights",
        "matching",
        "structure",
        ("weights", *_TEACHER),
        optional=True,
    ),
    "size": Parameter(int, "number of recurrent units", "units $N$", "weights", ("weights", *_TEACHER), title="N = {}"),
    "gain": Parameter(
        float,
        "g; the unstructured draw has entries of scale g / sqrt(columns of the matrix)",
        "gain $g$",
        "weights",
        ("weights", *_TEACHER),
        title="g = {}",
    ),
    "readout": Parameter(
        str,
        "how readout weights start: linear_layer, normal, equal_norm, gaussian_ or aligned_directions",
        "initial readout",
        "weights",
        title="{} readout",
        usual="linear_layer",
    ),
    "leak": Parameter(
        str,
        "euler: 1 - dt/tau of a state stays; exponential: exp(-dt/tau); null for feedforward networks",
        "leak",
        "dynamics",
        _TEACHER_AND_ANSWERS,
        optional=True,
    ),
    "rectification": Parameter(
        str,
        "after_leak, inside (Eq. 1), none or tanh; after_leak where nothing of the old state stays",
        "rectification",
        "dynamics",
        _TEACHER_AND_ANSWERS,
    ),
    "time_step_ms": Parameter(
        float,
        "ms; step dt of network and task; null for feedforward networks",
        "time step (ms)",
        "dynamics",
        ("probe", "batches", *_TEACHER_AND_ANSWERS),
        title="step {} ms",
        optional=True,
    ),
    "time_constant_ms": Parameter(
        float,
        "ms; membrane time constant tau; likewise",
        "time constant (ms)",
        "dynamics",
        _TEACHER_AND_ANSWERS,
        title="time constant {} ms",
        optional=True,
    ),
    "learning_rate": Parameter(float, "eta of Eq. 3", "learning rate", "training", _TEACHER, title="learning rate {}"),
    "optimiser": Parameter(str, "gradient_descent or adam", "optimiser", "training", usual="gradient_descent"),
    "momentum": Parameter(
        float,
        "of the gradient descent; null for adam",
        "momentum",
        "training",
        _TEACHER,
        title="momentum {}",
        optional=True,
    ),
    "trained": Parameter(
        str,
        "weights that training changes: all, or the recurrent ones",
        "trained weights",
        "training",
        title="{} weights trained",
        usual="all",
    ),
    "parametrisation": Parameter(
        str,
        "plain: training changes input and readout weights; scaled: it changes m and w of Schuessler et al. 2020, Eqs. "
        "2 and 3, where these weights are sqrt(N) m and w / sqrt(N)",
        "parametrisation",
        "training",
        title="{} parametrisation",
        usual="plain",
        implied=True,
    ),
    "rule": Parameter(
        str,
        "rule of learning: backpropagation, or one that sends errors back by other ways",
        "rule of learning",
        "training",
        usual="backpropagation",
        implied=True,
    ),
    "feedback_correlation": Parameter(
        float,
        "correlation of the fixed feedback of the rule with the initial weights that it replaces; null for other rules",
        "correlation of the feedback",
        "training",
        optional=True,
        title="feedback correlation {}",
        implied=True,
    ),
    "truncation_steps": Parameter(
        int,
        "steps after which errors are cut on their way back; null for other rules than truncated",
        "steps until errors are cut",
        "training",
        optional=True,
        title="errors cut after {} steps",
        implied=True,
    ),
    "perturbation": Parameter(
        float,
        "deviation of the noise by which node_perturbation tries what the loss does; null for other rules",
        "deviation of the noise",
        "training",
        optional=True,
        title="noise of {}",
        implied=True,
    ),
    "engine": Parameter(
        str,
        "what computes the updates: torch, or compiled passes; their bytes differ",
        "engine",
        "training",
        title="{} engine",
        usual="torch",
        implied=True,
    ),
    "batch_size": Parameter(
        int, "trials in a batch", "batch size", "training", ("batches", *_TEACHER), title="batches of {}"
    ),
    "iterations": Parameter(int, "updates", "iterations", "training", ("batches", *_TEACHER), title="{} iterations"),
    "distinct_batches": Parameter(
        int,
        "batches that are drawn, which training goes through again and again; null where every update has a new one",
        "distinct batches",
        "training",
        ("batches",),
        optional=True,
        title="{} distinct batches",
        implied=True,
    ),
    "seed": Parameter(
        int,
        "seed of the run; runs of one seed are paired",
        "seed",
        "seed",
        ("weights", "probe", "batches", "teacher", *_TEACHER_AND_ANSWERS),
    ),
}

USUAL = {name: parameter.usual for name, parameter in PARAMETERS.items() if parameter.usual is not None}


def deciding(stage: str) -> tuple[str, ...]:
    """Parameters that decide what a stage makes, such as ``weights``."""
    return tuple(name for name, parameter in PARAMETERS.items() if stage in parameter.stages)


# What decides the initial weights that have the structure; a teacher network, beside the images it sees; its answers.
CONNECTIVITY_PARAMETERS = deciding("weights")
TEACHER_PARAMETERS = deciding("teacher_training")
ANSWERING_PARAMETERS = deciding("teacher_answers")

# Readouts of recurrent networks alone.
DIRECTIONS = ("gaussian_directions", "aligned_directions")

# Parameters that order the rank of the initial weights, and whether it grows with them.
RANK_ORDER = {"rank": 1, "decay_exponent": -1}


def told(run: Run) -> Run:
    """Parameters of a run as its jobs and records have them: without those that are ``implied``."""
    usual = {name: (None, parameter.usual) for name, parameter in PARAMETERS.items() if parameter.implied}
    return {name: value for name, value in run.items() if value not in usual.get(name, ())}


def run_of_row(row: Mapping[str, Any]) -> Run:
    """Run of a row of a table or JSON file, its parameters in their types again."""
    found = {name: row.get(name, USUAL.get(name)) for name in PARAMETERS}  # of before it was a parameter
    return {name: None if is_missing(value) else PARAMETERS[name].type(value) for name, value in found.items()}


def is_missing(value: Any) -> bool:
    """Whether a value of a table or JSON file is missing."""
    # pandas.NA has no truth value and is not equal to itself; neither is nan.
    return value is None or type(value).__name__ == "NAType" or value != value


def label(name: str) -> str:
    """Label of a parameter, or of a swept option of a structure or task: its words and its unit."""
    if name in PARAMETERS:
        return PARAMETERS[name].label
    *groups, words = name.split(".")
    for suffix, unit in (("_ms", "ms"), ("_hz", "Hz")):
        if any(part.endswith(suffix) for part in (*groups, words)):
            return f"{words.removesuffix(suffix).replace('_', ' ')} ({unit})"
    return words.replace("_", " ")


def title(name: str) -> str:
    """How a value of a parameter or option reads in a title, with {} in its place."""
    if name in PARAMETERS:
        return PARAMETERS[name].title
    words, _, unit = label(name).partition(" (")
    return f"{words} {{}} {unit.removesuffix(')')}".rstrip()
