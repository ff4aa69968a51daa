"""Jobs that train, measure, follow or truncate networks, as the rules ask for them."""

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from richlazy.experiments import parameters, paths, rate_network_jobs, resources
from richlazy.experiments.parameters import Run
from richlazy.experiments.plan import Plan, Wildcards
from richlazy.measures.at_matched_loss import LEVELS
from richlazy.storage import late_import
from richlazy.training import rules

_DYNAMICS = ("leak", "rectification", "time_step_ms", "time_constant_ms")


class JobsOfKind:
    """Training and measuring jobs of one kind: of one network each, or of all seeds of a condition.

    Attributes:
        model: of the networks.
        pattern: regular expression of the folders of the jobs, the wildcard ``networks``.
        network, history, snapshots, crossings, measures, measured_crossings: files of each network of a job; snapshots
            of those that are followed, and both of crossings of those that are compared at levels of their loss.
    """

    def __init__(self, plan: Plan, kind: str) -> None:
        self._plan, self._jobs = plan, plan.jobs[kind]
        self.model = self._jobs.model
        self._planning = late_import.load(self.model.planning)
        self.pattern = _pattern(plan, kind)
        self.network, self.history, self.measures = (
            self._files(self._jobs.members, file) for file in ("network.npz", "history.json", "measures.json")
        )
        self.snapshots = self._files(self._jobs.followed, "snapshots.npz")
        self.crossings, self.measured_crossings = (
            self._files(self._jobs.matched, f"crossings.{kind_of_file}") for kind_of_file in ("npz", "json")
        )
        self.gpu = plan.gpu * self.model.together

    def training_modules(self, wildcards: Wildcards) -> tuple[str, ...]:
        """Names of the modules with which the networks of a job are trained, which learn by one rule."""
        run = self._runs(wildcards.networks)[0]
        updates = [rules.module(run["rule"], run["engine"])] if self.model.by_rules else []
        return (self.model.training, *updates)

    def _files(self, members: Sequence[str], file: str) -> list[str]:
        return [f"{self._plan.results}/{self.model.folder}/{{networks}}{member}/{file}" for member in members]

    def runs(self, wildcards: Wildcards) -> list[Run]:
        """Parameters of each network of a job, as the job is told them."""
        return [parameters.told(run) for run in self._runs(wildcards.networks)]

    def _runs(self, networks: str) -> list[Run]:
        return [self._plan.all_runs[networks + member] for member in self._jobs.members]

    def training_inputs(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Files that training reads, by name."""
        return self._below_results(self._planning.training_inputs(self._plan.config, self._runs(wildcards.networks)))

    def measuring_inputs(self, wildcards: Wildcards) -> dict[str, list[str]]:
        """Files that measuring reads beside the networks, by name."""
        return self._below_results(self._planning.measuring_inputs(self._plan.config, self._runs(wildcards.networks)))

    def _below_results(self, named: dict[str, list[str]]) -> dict[str, list[str]]:
        return {name: [f"{self._plan.results}/{file}" for file in files] for name, files in named.items()}

    def training(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the networks of a job are trained, beside their parameters."""
        followed = {
            wildcards.networks + member: self._plan.followed[wildcards.networks + member]
            for member in self._jobs.followed
        }
        settings: dict[str, Any] = self._planning.training_settings(
            self._plan.config, self._runs(wildcards.networks), followed, bool(self._jobs.matched)
        )
        return settings

    def measuring(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the networks of a job are measured."""
        settings: dict[str, Any] = self._planning.measuring_settings(
            self._plan.config, self._plan.sources, self._runs(wildcards.networks)
        )
        return settings

    def _need(self, stage: str, networks: str, attempt: int) -> tuple[int, int]:
        of_stage = getattr(self._planning, f"{stage}_need")
        need: tuple[int, int] = of_stage(self._plan.config, self._runs(networks), attempt)
        return need

    def seconds(self, wildcards: Wildcards) -> tuple[float, float]:
        """Seconds to train and to measure the networks of a job on one core, without a margin."""
        training, measuring = self._planning.seconds(self._plan.config, self._runs(wildcards.networks))
        return training, measuring * (1 + len(LEVELS) if self._jobs.matched else 1)

    def training_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to train the networks of a job."""
        return self._need("training", wildcards.networks, attempt)[0]

    def training_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to train the networks of a job, on one core."""
        return self._need("training", wildcards.networks, attempt)[1]

    def measuring_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB to measure the networks of a job."""
        return self._need("measuring", wildcards.networks, attempt)[0]

    def measuring_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes to measure the networks of a job, on one core."""
        minutes = self._need("measuring", wildcards.networks, attempt)[1]
        return minutes * (1 + len(LEVELS)) if self._jobs.matched else minutes


def _pattern(plan: Plan, kind: str) -> str:
    """Regular expression of the folders of jobs of a kind: of their general form, where that tells."""
    if kind == "condition":
        return paths.PATTERNS["condition"]
    if kind == "network":  # nearly all of many, so the others are named
        others = (jobs.folders for other, jobs in plan.jobs.items() if other != kind)
        return f"(?!(?:{_one_of(itertools.chain.from_iterable(others))})/){paths.PATTERNS['run']}"
    return _one_of(plan.jobs[kind].folders)


def _one_of(folders: Iterable[str]) -> str:
    """Regular expression of some of many folders, which tells in a few steps that another one is not among them.

    Snakemake compiles it for each output, at each start: folders that hold the same are one part of it.
    """
    below: dict[str, set[str]] = {}
    for folder in folders:
        first, _, rest = folder.partition("/")
        below.setdefault(first, set()).add(rest)
    alike: dict[str, list[str]] = {}
    for first, within in sorted(below.items()):
        alike.setdefault(f"/(?:{_one_of(within - {''})})" if within != {""} else "", []).append(first)
    return "|".join(f"(?:{_names(names)}){end}" for end, names in alike.items()) or "(?!)"


def _names(names: Iterable[str]) -> str:
    """Regular expression of names, of which those that differ in the last digit are one part."""
    last: dict[tuple[str, bool], str] = {}
    for name in sorted(names):
        ends_in_digit = name[-1:].isdigit()
        key = name[:-1] if ends_in_digit else name, ends_in_digit
        last[key] = last.get(key, "") + name[-1] * ends_in_digit
    return "|".join(re.escape(stem) + (f"[{digits}]" if digits else "") for (stem, _), digits in last.items())


class RunPlan:
    """Jobs of single rate networks after training, by the wildcard ``run``."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def probe_of_run(self, wildcards: Wildcards) -> str:
        """Probe of a run."""
        return self.plan.file_of_probe(self.plan.runs[wildcards.run], "probe.npz")

    def decision_of_run(self, wildcards: Wildcards) -> str:
        """Steps of its probe on which a decision is due."""
        return self.plan.file_of_probe(self.plan.runs[wildcards.run], "decision.npy")

    def dynamics_of_run(self, wildcards: Wildcards) -> Run:
        """Parameters of a run that decide its rates, beside its weights."""
        return {key: self.plan.runs[wildcards.run][key] for key in _DYNAMICS}

    def truncating(self, wildcards: Wildcards) -> dict[str, Any]:
        """How the loss of a network whose weight change is truncated is measured."""
        measuring = self.plan.task(self.plan.runs[wildcards.run]).of_measuring(self.plan.config)
        return {key: measuring[key] for key in ("loss", "loss_steps")}

    def following(self, wildcards: Wildcards) -> dict[str, Any]:
        """What is measured of a run that is followed, and the outputs of its tangent kernels."""
        probe = self.plan.task(self.plan.runs[wildcards.run]).probe(self.plan.config["probe"])
        kernel = {key: probe[key] for key in ("kernel_trials", "kernel_times")}
        return kernel | {"quantities": self.plan.followed_quantities[wildcards.run]}

    def following_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """MB that following a run needs: two kernels are in memory together, as when it is measured."""
        kernel = rate_network_jobs.kernel_shape(self.plan.config, self.plan.runs[wildcards.run])
        return resources.measuring_memory_mb(kernel, attempt=attempt)

    def following_minutes(self, wildcards: Wildcards, attempt: int) -> int:
        """Minutes that following a run needs: no more than measuring it at each of its snapshots."""
        kernel = rate_network_jobs.kernel_shape(self.plan.config, self.plan.runs[wildcards.run])
        return resources.measuring_minutes(kernel, attempt=attempt) * len(self.plan.followed[wildcards.run])
