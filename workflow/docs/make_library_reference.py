"""Make library.md from the docstrings of the public names of the library, so that it cannot grow stale.

Run ``python workflow/docs/make_library_reference.py`` to write it; with ``--check`` it writes nothing and exits with 1
and a sentence where it is stale.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from make_configuration_reference import write  # puts the library on the path

import richlazy
from richlazy.connectivity.base import STRUCTURES
from richlazy.measures.on_probe import MEASURES

REFERENCE = Path(__file__).with_name("library.md")
COMMAND = "python workflow/docs/make_library_reference.py"

INTRODUCTION = """\
<!-- Made by `COMMAND`
from the docstrings of workflow/scripts/richlazy. Do not edit. -->

# Library

`pip install .` in a clone installs the library with all it imports, and nothing of the workflow around it. One network
for each of two ranks, trained, measured and drawn:

```python
EXAMPLE```

A [notebook](notebooks/one_network.ipynb) does the same step by step. Everything here calls what the jobs of the
workflow call: equal arguments give equal bytes. A task or a structure is a mapping as in the
[configuration](configuration.md#tasks). Arrays of another shape are refused in a sentence. The names are loaded when
they are first asked for; PyTorch and NeuroGym then take some seconds.

N are the units of a network, N_in its inputs and N_out its outputs; T the steps of a trial, B the trials of a batch and
m those of a probe. `W[i, j]` is the weight from j to i.
"""

# Also run by a test.
EXAMPLE = """\
import richlazy

task = {
    "environment": "PerceptualDecisionMaking-v0",
    "semantics": "paper",
    "sampler": "vectorised",
    "timing_ms": {"fixation": 0, "stimulus": 700, "delay": 0, "decision": 100},
}
trials = richlazy.draw_trials(task, batches=500)
probe = richlazy.draw_probe(task, trials=100)
settings = richlazy.TrainingSettings(learning_rate=0.003, momentum=0.9)
runs = []
for rank in (1, 30):
    structure = {"kind": "svd_truncation", "entries": "gaussian"}
    weights = richlazy.initial_weights(structure, probe, size=50, rank=rank)
    network = richlazy.train(weights, trials, settings)
    runs.append({"rank": rank, "seed": 0, **richlazy.measure(network, probe)})
richlazy.plot_measures(runs, "measures.png", compare="rank")
"""


def markdown() -> str:
    """The whole page: a section for each public name, in the order of ``richlazy.__all__``."""
    lines = [INTRODUCTION.replace("COMMAND", COMMAND).replace("EXAMPLE", EXAMPLE)]
    for name in richlazy.__all__:
        found = getattr(richlazy, name)
        lines += ["", f"## {name}", "", *(_described(name, found) if callable(found) else _listed(name))]
    return "\n".join(lines).rstrip() + "\n"


def _described(name: str, found: Callable[..., Any]) -> Iterator[str]:
    """Signature and docstring of a function or a class."""
    yield from ("```text", _signature(name, found), "```", "")
    for block in re.split(r"\n\n", inspect.cleandoc(found.__doc__ or "")):
        heading, _, rest = block.partition("\n")
        if heading in ("Args:", "Attributes:", "Returns:", "Raises:"):
            entries = re.split(r"\n(?=    \S)", f"\n{rest}")[1:]
            of_names = heading in ("Args:", "Attributes:", "Raises:")
            yield from (f"**{heading[:-1]}**", "")
            yield from (f"- {_entry(entry, of_names)}" for entry in entries) if of_names else (_text(rest),)
        else:
            yield _text(block)
        yield ""


def _signature(name: str, found: Callable[..., Any]) -> str:
    """A call with its arguments and their usual values; types say the descriptions."""
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in inspect.signature(found).parameters.values()
    ]
    return f"richlazy.{name}{inspect.Signature(parameters)}"


def _entry(entry: str, of_names: bool) -> str:
    names, _, meaning = _text(entry).partition(": ")
    return f"`{names}`: {meaning}"


def _text(block: str) -> str:
    """A paragraph of a docstring in a line, its code in single backticks."""
    return " ".join(block.split()).replace("``", "`")


def _listed(name: str) -> Iterator[str]:
    """Members of a mapping."""
    if name == "MEASURES":
        yield "Every measure of a trained network, by name."
        rows = [(one.name, one.unit, one.meaning) for one in MEASURES.values()]
    else:
        yield "Structures of initial weights, by kind. Options and what a structure takes beside them:"
        kinds = ((kind, STRUCTURES[kind]) for kind in STRUCTURES)
        rows = [
            (
                kind,
                ", ".join([*of_kind.Options.model_fields, *([of_kind.parameter] if of_kind.parameter else [])]),
                _text((of_kind.__doc__ or "").partition("\n")[0]),
            )
            for kind, of_kind in kinds
        ]
    header = ("measure", "unit", "meaning") if name == "MEASURES" else ("kind", "takes", "meaning")
    cells = [header, ("---",) * len(header), *((f"`{first}`", *rest) for first, *rest in rows)]
    yield from ("", *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells))


if __name__ == "__main__":
    write({REFERENCE: markdown()}, COMMAND)
