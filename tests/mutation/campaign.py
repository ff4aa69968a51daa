"""Mutants of modules, tried one after the other, and what came of them."""

import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import runs
from .mutants import chosen, mutants

COLUMNS = ("mutants", "tried", "killed", "timeout", "equivalent", "survived")
# Tests that take so many times as long as without a fault never end.
_PATIENCE = 5


def campaign(
    folder: Path,
    tests: Mapping[str, Sequence[str]],
    equivalents: Mapping[str, Mapping[str, str]],
    number: int,
    seed: int,
) -> list[str]:
    """Try mutants of each module, print a table, and return the names of those that survived.

    Args:
        folder: where packages lie.
        tests: the files of tests of each module, a path below the folder; those most likely to fail come first.
        equivalents: of each module the mutants that no test can find, with the reason. They are not tried.
        number: of mutants of each module.
        seed: of the sample.
    """
    counts, survivors = {}, []
    for module, files in tests.items():
        source = (folder / module).read_text()
        known = equivalents.get(module, {})
        every = mutants(source)
        count = Counter(mutants=len(every))
        with tempfile.TemporaryDirectory() as temporary:
            dotted = module.removesuffix(".py").replace("/", ".")
            of_module = runs.Tests(dotted, folder / module, files, Path(temporary))
            limit_s = _limit(of_module, source)
            for mutant in chosen(every, number, f"{seed} {module}"):
                found = "equivalent" if mutant.name in known else of_module.outcome(mutant.source, limit_s)
                count.update(["tried", found])
                if found == "survived":
                    survivors.append(f"{module}: {mutant.name}")
                    print(f"SURVIVED {module}: {mutant.name}", flush=True)
        counts[module] = count
        print(f"{module}: {count['tried']} of {count['mutants']} mutants tried", flush=True)
    print("\n".join(table(counts)))
    return survivors


def table(counts: Mapping[str, Counter[str]]) -> list[str]:
    """Counts of each module and their sum, as lines."""
    width = max(len(module) for module in [*counts, "all"])
    rows = [*counts.items(), ("all", sum(counts.values(), Counter()))]
    return [f"{'':{width}}" + "".join(f"{name:>12}" for name in COLUMNS)] + [
        f"{module:{width}}" + "".join(f"{count[name]:12}" for name in COLUMNS) for module, count in rows
    ]


def _limit(tests: runs.Tests, source: str) -> float:
    """Seconds after which tests are given up; RuntimeError where they fail without a fault."""
    start = time.monotonic()
    if tests.outcome(source, 3600) != "survived":
        raise RuntimeError(f"the tests of {tests.file.name} fail without any fault:\n{tests.log.read_text()}")
    return _PATIENCE * max(4.0, time.monotonic() - start)
