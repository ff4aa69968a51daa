"""Chains of faults: each falls into a run of a tiny project that the documented commands continue after it."""

import contextlib
import itertools
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from runner import Project, environment, new_project
from slurm_cluster import SlurmCluster

from . import places
from .every_kind import EVERY_KIND, KINDS
from .kinds import Setting
from .kinds_of_copies import KINDS_OF_COPIES
from .runs import LIMIT_S, Run, finish
from .slurm_kinds import SLURM_KINDS, use_cluster

OUTCOMES = ("survived", "continued", "refused", "FAILED")
# Of a certificate, what adopting changes.
_OF_ADOPTION = ("adopted", "checksum")
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
    """One task, two ranks, two seeds; its sources are a day old."""
    project = new_project(folder)
    project.configure(experiments={"figure_1": {"grid": {"task": ["2AF"], "rank": [1, 16]}, "seeds": 2}})
    places.shift_times(folder, -86400)
    return project


def undisturbed(folder: Path) -> Project:
    """A project after a run without faults."""
    project = tiny_project(folder)
    finish(Run(folder, "0", ()))
    return project


def copy(project: Project, folder: Path) -> Project:
    """A copy with its times, which Snakemake looks at."""
    shutil.copytree(project.folder, folder)
    return Project(folder)


class Chain:
    """A project from its first job to its last, with faults on the way."""

    def __init__(self, project: Project, number: int, setting: Setting):
        self.project, self.number, self.setting, self.runs = project, number, setting, 0
        if places.can_mount() and setting.cluster is None:
            setting.disk = places.SmallDisk(setting.folder)
        self.faults: list[Fault] = []
        self.last: Run | None = None

    def go_through(self, names: Sequence[str], expected: Mapping[str, bytes]) -> bool:
        """Inject faults one after the other, let the run end, and compare; whether every byte is equal."""
        try:
            for name in names:
                self._inject(name)
            self._end(expected)
        except Exception as error:  # whatever it is, this fault was not mended
            self.faults[-1].outcome, self.faults[-1].sentence = "FAILED", f"{type(error).__name__}: {error}"
        finally:
            whole = all(fault.outcome != "FAILED" for fault in self.faults)
            if self.last:
                self.last.kill_everything()
            if self.setting.disk:
                self.setting.disk.remove(keep=not whole)
        return whole

    def _inject(self, name: str) -> None:
        kind, fault = EVERY_KIND[name], Fault(name, self.number, "FAILED")
        self.faults.append(fault)
        if self.last and name in KINDS_OF_COPIES:
            self.last.wait_for_jobs()
        for _ in range(8):  # now and then a run, or its last job, ends before the moment has come
            if not kind.prepare(self.setting):
                self._run_to_the_end()  # nothing there yet
                kind.prepare(self.setting)
            run = self._start()
            sentence = kind.inject(self.setting, run)
            status = run.wait(LIMIT_S)
            if sentence is not None and (kind.unaided or status != 0):
                break
            finish(run)
        else:
            raise FaultError(f"{name}: no moment for it in eight runs, or nothing noticed it")
        if status is None:
            run.kill_everything()
            raise FaultError(f"the run had not ended after {LIMIT_S} s:\n{run.output()}")
        unexpected = set() if kind.failing is None else set(run.failed_rules()) - set(kind.failing)
        if unexpected:
            raise FaultError(f"exit status {status}, failed besides {kind.failing}: {unexpected}\n{run.output()}")
        fault.sentence = sentence
        fault.outcome = "refused" if sentence else "survived" if status == 0 else "continued"
        for command in kind.remedy(self.setting, run.output()):
            self._do(command)

    def _end(self, expected: Mapping[str, bytes]) -> None:
        """Run to the end, remove what killed jobs left, and compare."""
        self.setting.targets = ()
        self._run_to_the_end()
        self._do([sys.executable, "workflow/scripts/check_results.py", places.RESULTS, "--delete"])
        found, expected = (_comparable(results) for results in (self.project.results(), expected))
        if found != expected:
            different = sorted(name for name in expected if found.get(name) != expected[name])
            raise FaultError(f"differ or are missing: {different}; more: {sorted(set(found) - set(expected))}")

    def _start(self) -> Run:
        self.runs += 1
        options = (*self.setting.options, *self.setting.once, *self.setting.targets)
        self.setting.once = ()
        self.last = Run(self.setting.folder, str(self.runs), options, self.setting.variables)
        return self.last

    def _run_to_the_end(self) -> None:
        finish(self._start())

    def _do(self, command: Sequence[str]) -> None:
        variables = environment() | self.setting.variables
        done = subprocess.run(command, cwd=self.setting.folder, env=variables, capture_output=True, text=True)
        if done.returncode:
            raise FaultError(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")


def _comparable(results: Mapping[str, bytes]) -> dict[str, object]:
    """Results by their bytes, and certificates by all they say but how they came to it, which adopting adds."""
    found: dict[str, object] = {}
    for name, content in results.items():
        if name.endswith(".made"):
            found[name] = {key: value for key, value in json.loads(content).items() if key not in _OF_ADOPTION}
        elif ".snakemake" not in name:
            found[name] = content
    return found


def deal(names: Sequence[str], count: int, per_chain: int, rng: random.Random) -> list[list[str]]:
    """Names of kinds in equal numbers and random order, by chain; chains are of one machine or of a cluster."""
    chains = []
    for group in (KINDS, SLURM_KINDS):
        ours = [name for name in names if name in group]
        dealt = [name for _ in range(-(-count // len(names))) for name in rng.sample(ours, len(ours))]
        dealt = dealt[: round(count * len(ours) / len(names))]
        chains += [dealt[start : start + per_chain] for start in range(0, len(dealt), per_chain)]
    return chains


def campaign(
    names: Sequence[str], count: int, seed: int, per_chain: int, at_once: int = 1, show: Callable = print
) -> list[Fault]:
    """Inject faults of named kinds; a line is shown for every chain, and what failed is kept."""
    # A shell that starts this in the background lets it ignore Ctrl-C, and what it starts would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    root = Path(tempfile.mkdtemp(prefix="faults-"))
    finished = undisturbed(root / "undisturbed")
    expected = finished.results()
    chains = deal(names, count, per_chain, random.Random(seed))

    def go_through(number: int) -> list[Fault]:
        folder = root / f"chain{number}"
        with contextlib.ExitStack() as stack:
            setting = Setting(folder, random.Random(f"{seed} {number}"))
            setting.targets = ("results/tiny/claims.md",) if number % 2 else ()  # figures are made at the end alone
            if chains[number][0] in SLURM_KINDS:
                use_cluster(setting, stack.enter_context(SlurmCluster()))
            # Every third chain starts from nothing; the others find work because results are deleted.
            project = tiny_project(folder) if number % 3 == 0 else copy(finished, folder)
            chain = Chain(project, number, setting)
            whole = chain.go_through(chains[number], expected)
        show(f"chain {number}: {', '.join(f'{fault.kind}: {fault.outcome}' for fault in chain.faults)}")
        if whole:
            shutil.rmtree(folder)
        else:
            show(f"  kept in {folder}\n{chain.faults[-1].sentence}")
        return chain.faults

    with ThreadPoolExecutor(at_once) as pool:
        faults = list(itertools.chain.from_iterable(pool.map(go_through, range(len(chains)))))
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
