"""Chains of faults: each falls into a run of a tiny project that the documented commands continue after it."""

import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from runner import Project, environment, new_project

from . import places
from .kinds import KINDS, Kind, Setting
from .runs import LIMIT_S, Run

OUTCOMES = ("survived", "continued", "refused", "FAILED")
HEADINGS = ("survived unaided", "continued by command", "refused, then continued", "FAILED")


@dataclass
class Fault:
    """One fault and what became of it; ``sentence`` is what the user read."""

    kind: str
    chain: int
    outcome: str
    sentence: str = ""


class FaultError(AssertionError):
    """The documented commands did not do what they say."""


def tiny_project(folder: Path) -> Project:
    """One task, two ranks, two seeds."""
    project = new_project(folder)
    project.configure(experiments={"figure_1": {"grid": {"task": ["2AF"], "rank": [1, 16]}, "seeds": 2}})
    return project


def undisturbed(folder: Path) -> dict[str, bytes]:
    """Results of a run without faults."""
    project = tiny_project(folder)
    run = Run(folder, 0, ())
    if run.wait(LIMIT_S) != 0:
        raise FaultError(f"a run without faults failed:\n{run.output()}")
    return project.results()


class Chain:
    """A project from its first job to its last, with faults on the way."""

    def __init__(self, project: Project, number: int, rng: random.Random, kinds: Mapping[str, Kind] = KINDS):
        self.project, folder = project, project.folder
        self.number, self.kinds, self.runs = number, kinds, 0
        disk = places.SmallDisk(folder) if os.geteuid() == 0 else None
        self.setting = Setting(folder, rng, disk)
        self.faults: list[Fault] = []
        self.last: Run | None = None

    def go_through(self, names: Sequence[str], expected: Mapping[str, bytes]) -> bool:
        """Inject faults one after the other, let the run end, and compare; whether every byte is equal."""
        try:
            for name in names:
                self._inject(name)
            self._end(expected)
        except (FaultError, AssertionError) as error:
            self.faults[-1].outcome, self.faults[-1].sentence = "FAILED", str(error)
        finally:
            whole = all(fault.outcome != "FAILED" for fault in self.faults)
            if self.last:
                self.last.kill_everything()
            if self.setting.disk:
                self.setting.disk.remove(keep=not whole)
        return whole

    def _inject(self, name: str) -> None:
        kind, fault = self.kinds[name], Fault(name, self.number, "FAILED")
        self.faults.append(fault)
        for _ in range(3):  # now and then a run ends before the moment has come
            if not kind.prepare(self.setting):
                self._run_to_the_end()  # nothing there yet
                kind.prepare(self.setting)
            run = self._start()
            sentence = kind.inject(self.setting, run)
            if sentence is not None:
                break
            if run.wait(LIMIT_S) != 0:
                raise FaultError(f"a run into which nothing was injected failed:\n{run.output()}")
        else:
            raise FaultError(f"{name}: no moment for it in three runs, or nothing noticed it")
        status = run.wait(LIMIT_S)
        if status is None:
            run.kill_everything()
            raise FaultError(f"the run had not ended after {LIMIT_S} s:\n{run.output()}")
        unexpected = set() if kind.failing is None else set(run.failed_rules()) - set(kind.failing)
        if unexpected or (status == 0 and not kind.unaided):
            raise FaultError(f"exit status {status}, failed besides {kind.failing}: {unexpected}\n{run.output()}")
        fault.sentence = sentence
        fault.outcome = "refused" if sentence else "survived" if status == 0 else "continued"
        for command in kind.remedy(self.setting, run.output()):
            self._do(command)

    def _end(self, expected: Mapping[str, bytes]) -> None:
        """Run to the end, remove what killed jobs left, and compare."""
        self._run_to_the_end()
        self._do([sys.executable, "workflow/scripts/check_results.py", places.RESULTS, "--delete"])
        self._run_to_the_end()
        found = {name: content for name, content in self.project.results().items() if ".snakemake" not in name}
        if found != expected:
            different = sorted(name for name in expected if found.get(name) != expected[name])
            raise FaultError(f"differ or are missing: {different}; more: {sorted(set(found) - set(expected))}")

    def _start(self) -> Run:
        self.runs += 1
        options = (*self.setting.options, *self.setting.once)
        self.setting.once = ()
        self.last = Run(self.setting.folder, self.runs, options, self.setting.variables)
        return self.last

    def _run_to_the_end(self) -> None:
        run = self._start()
        if run.wait(LIMIT_S) != 0:
            raise FaultError(f"the documented command did not continue:\n{run.output()}")

    def _do(self, command: Sequence[str]) -> None:
        variables = environment() | self.setting.variables
        done = subprocess.run(command, cwd=self.setting.folder, env=variables, capture_output=True, text=True)
        if done.returncode:
            raise FaultError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def campaign(
    names: Sequence[str], count: int, seed: int, per_chain: int, at_once: int = 1, show: Callable = print
) -> list[Fault]:
    """Inject faults of named kinds, in equal numbers and random order; a line is shown for every chain."""
    rng = random.Random(seed)
    dealt: list[str] = []
    while len(dealt) < count:
        dealt += rng.sample(names, len(names))
    root = Path(tempfile.mkdtemp(prefix="faults-"))
    expected = undisturbed(root / "undisturbed")

    def go_through(number: int) -> list[Fault]:
        chain = Chain(tiny_project(root / f"chain{number}"), number, random.Random(f"{seed} {number}"))
        whole = chain.go_through(dealt[number * per_chain : min((number + 1) * per_chain, count)], expected)
        show(f"chain {number}: {', '.join(f'{fault.kind}: {fault.outcome}' for fault in chain.faults)}")
        if whole:
            shutil.rmtree(root / f"chain{number}")
        else:
            show(f"  kept in {root / f'chain{number}'}\n{chain.faults[-1].sentence}")
        return chain.faults

    with ThreadPoolExecutor(at_once) as pool:
        faults = list(itertools.chain.from_iterable(pool.map(go_through, range(-(-count // per_chain)))))
    if all(fault.outcome != "FAILED" for fault in faults):
        shutil.rmtree(root)
    return faults


def table(faults: Sequence[Fault]) -> str:
    """How many faults of each kind were injected, and what became of them."""
    counts = Counter((fault.kind, fault.outcome) for fault in faults)
    names = list(dict.fromkeys(fault.kind for fault in faults))
    rows = [["fault", "injected", *HEADINGS]]
    for name in sorted(names):
        found = [counts[name, outcome] for outcome in OUTCOMES]
        rows.append([name, *map(str, [sum(found), *found])])
    total = [sum(fault.outcome == outcome for fault in faults) for outcome in OUTCOMES]
    rows.append(["all", *map(str, [len(faults), *total])])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        row[0].ljust(widths[0])
        + "".join(f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )
    return "\n".join(lines)


def save(path: Path, faults: Sequence[Fault], seed: int) -> None:
    """Write every fault to JSON."""
    path.write_text(json.dumps({"seed": seed, "faults": [asdict(fault) for fault in faults]}, indent=1) + "\n")
