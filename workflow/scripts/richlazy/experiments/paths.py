"""The grammar of paths: which parameters decide a file, how they are written, and how they are read back.

A path is folders of parts ``name~value`` that ``+`` joins. Parameters that a network does not take and usual ones are
left out, and folders without parts with them. The name of a task or structure may be followed by options that an
experiment sweeps (module ``variants``): ``structure~cell_types+fraction~0.1+matching~frobenius``.
"""

import functools
import itertools
import re
from collections.abc import Iterable
from typing import Any

from richlazy.experiments.parameters import PARAMETERS, USUAL, Run, deciding

# Not a comma: Snakemake names the jobs of a cluster by their wildcards and splits there (its issue 2366).
JOINT = "+"
MARK = "~"
# Seeds 0 to 9 of a condition are one job, 10 to 19 another: more seeds leave jobs alone that are full.
SEEDS_OF_A_JOB = 10

Folders = tuple[tuple[str, ...], ...]


def _folders(names: tuple[str, ...]) -> Folders:
    grouped = itertools.groupby(names, lambda name: PARAMETERS[name].folder)
    return tuple(tuple(names_of_one) for folder, names_of_one in grouped if folder is not None)


_RUN = _folders(tuple(name for name in PARAMETERS if PARAMETERS[name].folder))

# The first layer has a column for each input of the task. It, and the weights of a task with a teacher, may be aligned.
_WEIGHTS_OF_TASK = _folders(deciding("weights"))
_RECURRENT_WEIGHTS = _WEIGHTS_OF_TASK[1:]

# The folders of each path, from those of the task on.
FOLDERS: dict[str, Folders] = {
    "run": _RUN,
    "condition": _RUN[:-1],
    "connectivity": _WEIGHTS_OF_TASK,
    "teacher": _folders(deciding("teacher")),
    "probe": _folders(deciding("probe")),
    "batches": _folders(deciding("batches")),
}


def run_path(run: Run) -> str:
    """Folder of a trained network."""
    return path_of(run, FOLDERS["run"])


def condition_path(run: Run) -> str:
    """Folder of a condition: that of its trained networks, one for each seed."""
    return path_of(run, FOLDERS["condition"])


def connectivity_path(run: Run) -> str:
    """Folder of the initial weights that have the structure.

    Recurrent weights are shared by all tasks and ways of training, but for those of tasks with a teacher, which may be
    aligned with it. These, and a first layer, are shared by all ways of training.
    """
    of_task = run["architecture"] == "feedforward" or run["condition_number"] is not None
    return path_of(run, _WEIGHTS_OF_TASK if of_task else _RECURRENT_WEIGHTS)


def teacher_path(run: Run) -> str:
    """Folder of a teacher network, shared by all runs of a task, condition number and seed."""
    return path_of(run, FOLDERS["teacher"])


def probe_path(run: Run) -> str:
    """Folder of the probe trials, shared by all runs of a task, time step and seed."""
    return path_of(run, FOLDERS["probe"])


def batches_path(run: Run) -> str:
    """Folder of the training trials, shared by all conditions of a task, time step and seed."""
    return path_of(run, FOLDERS["batches"])


def seed_folder(seed: int) -> str:
    """Folder of one seed within that of its condition."""
    return f"/seed{MARK}{seed}"


def part_of_condition(seed: int) -> str:
    """Part of a condition whose networks one job trains or measures, in folders of what jobs say of themselves."""
    first = seed - seed % SEEDS_OF_A_JOB
    return f"/seeds_{first}_to_{first + SEEDS_OF_A_JOB - 1}"


def path_of(run: Run, folders: Folders) -> str:
    """The named folders of a run, without parameters that it does not take and usual ones."""
    return "/".join(filter(None, (_folder(names, tuple(map(run.get, names))) for names in folders)))


@functools.cache  # of thousands of runs, which share most folders
def _folder(names: tuple[str, ...], values: tuple[Any, ...]) -> str:
    return JOINT.join(
        f"{name}{MARK}{text(value)}"
        for name, value in zip(names, values, strict=True)
        if value is not None and value != USUAL.get(name)
    )


def text(value: object) -> str:
    """A value as part of a path: gain 1 and gain 1.0 are the same network, and so are 0.0 and -0.0."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value + 0.0).removesuffix(".0").replace("e+", "e") if isinstance(value, float) else str(value)


def parse(path: str) -> Run:
    """The run of the path of a trained network, each parameter in its type.

    Raises:
        ValueError: for what is no such path.
    """
    if not re.fullmatch(PATTERNS["run"], path):
        raise ValueError(f"{path} is no path of a trained network; give its folder below runs/")
    found: dict[str, str] = {}
    for part in re.split(r"[/+]", path):
        name, _, value = part.partition(MARK)
        if name in PARAMETERS:
            last = name
            found[name] = value
        else:  # an option of the task or structure whose name stands before it
            found[last] += f"{JOINT}{part}"
    unsaid = USUAL | {"architecture": "recurrent" if "leak" in found else "feedforward"}
    told = unsaid | found
    return {name: parameter.type(told[name]) if name in told else None for name, parameter in PARAMETERS.items()}


# Regular expressions of what a path may hold.
_VALUES = {int: r"-?\d+", float: r"-?\d[\d.e-]*", str: r"[\w.-]+"}
_NAME = r"[A-Za-z0-9][\w-]*"
_OPTION = rf"(?!(?:{'|'.join(PARAMETERS)})~)[a-z]\w*(?:\.[a-z]\w*)*~{_VALUES[str]}"
# The name of an entry of the configuration, with options in which a variant of it differs.
NAME_OF_VARIANT = rf"{_NAME}(?:\+{_OPTION})*"


def _pattern(folders: Folders) -> str:
    """Regular expression of paths of some folders, of which the last is always told."""
    parts = (f"{_pattern_of_folder(folder)}/" for folder in folders)
    joined = ((part, any(map(_is_always_told, folder))) for part, folder in zip(parts, folders, strict=True))
    return "".join(part if needed else f"(?:{part})?" for part, needed in joined).removesuffix("/")


def _pattern_of_folder(folder: tuple[str, ...]) -> str:
    parts = []
    for name in folder:
        value = NAME_OF_VARIANT if name in ("task", "structure") else _VALUES[PARAMETERS[name].type]
        # Another part follows, or the end of the folder; at the end of a path the suffix of a file may.
        part = rf"{name}~{value}(?:\+(?=[a-z])|(?![^/.]))"
        parts.append(part if _is_always_told(name) else f"(?:{part})?")
    return "(?=[a-z])" + "".join(parts)


def _is_always_told(name: str) -> bool:
    return not PARAMETERS[name].optional and name not in USUAL


# Of the paths of every stage, as wildcards of Snakemake.
PATTERNS: dict[str, str] = {stage: _pattern(folders) for stage, folders in FOLDERS.items()}
PATTERNS["connectivity"] = f"(?:{_pattern(_WEIGHTS_OF_TASK[:1])}/)?{_pattern(_RECURRENT_WEIGHTS)}"


def beginning(owner: str, names: Iterable[str]) -> str:
    """Regular expression of the beginning of a path, up to the name of its task or structure, one of some.

    Args:
        owner: ``task``, or ``structure`` of a task.
        names: of entries or their variants; where there are none, nothing matches.
    """
    before = "task~[^/]+/" if owner == "structure" else ""
    return f"{before}{owner}~(?:{'|'.join(sorted(map(re.escape, names))) or '(?!)'})[+/]"
