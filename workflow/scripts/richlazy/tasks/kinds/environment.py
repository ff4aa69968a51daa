"""Tasks that are NeuroGym environments."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from richlazy import job_needs, wording
from richlazy.field_types import HUGE, Count, optional
from richlazy.job_needs import Need
from richlazy.tasks import neurogym_files, neurogym_registration
from richlazy.tasks.base import Task
from richlazy.tasks.entries import Timing, WithUnseen

# Environments with semantics of the paper, and a vectorised sampler for them; the same as
# neurogym_environments.PAPER_ENVIRONMENTS, named here because importing NeuroGym takes seconds.
PAPER_ENVIRONMENTS = ("PerceptualDecisionMaking-v0", "DelayMatchSample-v0", "ContextDecisionMaking-v0")
# Arguments of NeuroGym that semantics of the paper settle.
_SETTLED = {"ContextDecisionMaking-v0": ("use_expl_context", "impl_context_modality")}
_TYPES: dict[str, tuple[type, ...]] = {"a list": (list,), "a number": (int, float), "true or false": (bool,)}
# Seconds that a step of a trial takes.
_SECONDS = {"vectorised": 2e-6, "neurogym": 5e-5}


class EnvironmentEntry(WithUnseen):
    """Entry of a task that is a NeuroGym environment."""

    environment: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9]*-v[0-9]+$",
        description="Id of a NeuroGym environment, such as PerceptualDecisionMaking-v0.",
    )
    semantics: Literal["paper", "installed"] = Field(
        description="paper: the trials of NeuroGym 0.0.2, for the paper's three environments; installed: those of the "
        "installed NeuroGym."
    )
    sampler: Literal["vectorised", "neurogym"] = Field(
        description="neurogym: trials are drawn one by one from the environment; vectorised: from the same "
        "distribution, 100 times faster, for the paper's three environments with paper semantics."
    )
    timing_ms: Timing
    arguments: dict[str, Any] = optional(
        description="Further keyword arguments of the environment, such as cohs or sigma; those that are left out keep "
        "NeuroGym's values."
    )
    sequence_steps: Count = optional(
        description="Steps of a sequence. Only for tasks whose trials vary in length: trials are joined and cut into "
        "windows of this length, so that a window can start or end within a trial.",
    )

    @model_validator(mode="after")
    def _semantics_and_sampler_fit(self):
        if self.semantics == "paper" and self.environment not in PAPER_ENVIRONMENTS:
            raise ValueError(
                f".semantics is 'paper', which exists for {', '.join(PAPER_ENVIRONMENTS)} only; "
                "use semantics: installed"
            )
        random_periods = any(not isinstance(duration, (int, float)) for duration in self.timing_ms.values())
        if self.sampler == "vectorised" and (self.semantics != "paper" or random_periods):
            raise ValueError(
                ".sampler is 'vectorised', which needs semantics: paper and fixed durations; use sampler: neurogym"
            )
        if self.sampler == "vectorised" and "sequence_steps" in self.model_fields_set:
            raise ValueError(
                ".sequence_steps has no effect on sampler 'vectorised', whose trials are equally long; "
                "remove it or use sampler: neurogym"
            )
        return self

    @model_validator(mode="after")
    def _times_stand_once(self):
        for argument, key in (("dt", "dynamics.time_step_ms"), ("timing", "{place}.timing_ms")):
            if argument in (self.arguments or {}):
                raise ValueError(f".arguments.{argument} would overrule {key}; remove it and set {key}")
        if not any(self.timing_ms.values()):
            raise ValueError(".timing_ms has no period above 0 ms; give the decision a duration")
        if self.timing_ms.get("decision") == 0:
            raise ValueError(".timing_ms.decision is 0, so that no answer is ever due; give it a duration")
        return self

    @model_validator(mode="after")
    def _arguments_hold_something(self):
        for path, text in _unusable(self.arguments or {}):
            raise ValueError(f".{wording.where(('arguments', *path))} {text}")
        return self


class Environment(Task):
    """A NeuroGym environment: a row of observations and a class at each step."""

    key = "environment"
    place = 0
    settings = EnvironmentEntry
    trials = "tasks.neurogym_trials"
    pictured = True
    names = "tasks.neurogym_names"

    # NeuroGym's tasks here have three; a task with more grows into what it needs by its second attempt.
    outputs = 3

    def steps(self, time_step_ms: float | None) -> int:
        """Steps of a sequence, or of the longest trial."""
        if "sequence_steps" in self.entry:
            return self.entry["sequence_steps"]
        longest = sum(max(_numbers(duration), default=0.0) for duration in self.entry["timing_ms"].values())
        return math.ceil(longest / float(time_step_ms or math.nan))

    def loss_steps(self, training: Mapping[str, Any]) -> str:
        """As configured: classes are given at all steps."""
        return training["loss_steps"]

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """484 MB were measured for 320,000 trials of 8 steps, of up to 40 inputs and a class a step."""
        trials, steps = run["iterations"] * run["batch_size"], self.steps(run["time_step_ms"])
        seconds = trials * steps * _SECONDS[self.entry["sampler"]]
        return Need(job_needs.memory_mb(1.2e-4 * trials * steps), job_needs.minutes(seconds))

    def probe_need(self) -> Need:
        """What NeuroGym needs to start."""
        return Need(1500, 10)

    def problems_in_use(self, config: Mapping[str, Any]) -> Iterator[str]:
        """Whether NeuroGym has the environment, and the environment what the entry names, as NeuroGym's files say."""
        environment = self.entry["environment"]
        if environment not in PAPER_ENVIRONMENTS and environment not in neurogym_registration.native():
            from neurogym.envs.registration import all_envs  # takes seconds, so only to word a mistake

            if environment not in all_envs():
                yield ".environment" + wording.unknown("NeuroGym environment", environment, all_envs())
                return
        given = self.entry.get("arguments", {})
        facts = neurogym_files.facts(environment, given)
        if facts is None:
            return
        if not facts.has_classes:
            yield (
                f".environment is {environment}, which reacts to actions or asks for numbers, and gives no class for "
                "every step; choose an environment with one"
            )
        elif not facts.has_timing:
            yield f".environment is {environment}, which takes no durations of periods; choose another environment"
        else:
            yield from self._problems_of_arguments(facts, given)
            step = self.entry.get("defaults", {}).get("time_step_ms", config["dynamics"]["time_step_ms"])
            found = list(_problems_of_periods(environment, facts.periods, self.entry["timing_ms"], step))
            yield from found or _problems_of_showing(environment, facts, self.entry["timing_ms"])

    def _problems_of_arguments(self, facts: neurogym_files.Facts, given: Mapping[str, Any]) -> Iterator[str]:
        """Arguments that the environment does not have, or that it takes in another form."""
        environment = self.entry["environment"]
        settled = _SETTLED.get(environment, ()) if self.entry["semantics"] == "paper" else ()
        for name, value in given.items():
            if name in settled:
                yield f".arguments.{name} is settled by semantics: paper; remove it or use semantics: installed"
            elif name not in facts.arguments:
                known = [other for other in facts.arguments if other not in settled]
                yield ".arguments" + wording.unknown(f"argument of {environment}", name, known)
            elif (taken := facts.arguments[name]) and not _is_of(value, _TYPES[taken]):
                hint = f"write [{value}]" if taken == "a list" and not isinstance(value, dict) else f"give {taken}"
                yield f".arguments.{name} is {wording.shown(value)}, but {environment} takes {taken} there; {hint}"


def _is_of(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and isinstance(value, bool) == (bool in types)


def _unusable(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Places in the arguments of an environment, and what is wrong there whatever the environment."""
    if path and value is None:
        yield path, "is null; give it a value, or remove the key to keep that of NeuroGym"
    elif path and value in ([], {}):
        yield path, f"is {wording.shown(value)}, from which nothing can be drawn; give at least 1 entry or remove it"
    elif isinstance(value, (int, float)) and HUGE < abs(value) < (2**63 if isinstance(value, int) else math.inf):
        yield path, f"is {wording.shown(value)}; it must be at most {HUGE:.0f} in size"
    children = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _unusable(child, (*path, key))


def _problems_of_periods(
    environment: str, known: Mapping[str, str] | None, timing: Mapping[str, Any], step_ms: float
) -> Iterator[str]:
    """Periods that the environment does not have, and those that NeuroGym would fill in."""
    if known is None:
        return
    for period in timing:
        if period not in known:
            yield ".timing_ms" + wording.unknown(f"period of {environment}", period, known)
    missing = [period for period in known if period not in timing]
    if missing:
        last = "it lasts" if len(missing) == 1 else "they last"
        taken = wording.listed((f"{period}: {known[period]}" for period in missing), 90)
        yield (
            f".timing_ms lacks {wording.listed(missing, 90)}; write down how long {last}, since NeuroGym would take "
            f"durations of its own ({taken})" + _of_vanishing(known, missing, step_ms)
        )


def _of_vanishing(known: Mapping[str, str], missing: Iterable[str], step_ms: float) -> str:
    """Which of the missing periods would have no step."""
    short = [period for period in missing if known[period].isdecimal() and 0 < int(known[period]) < step_ms]
    verb = "vanishes" if len(short) == 1 else "vanish"
    return f", of which {wording.listed(short, 90)} {verb} at a time step of {step_ms:g} ms" if short else ""


def _problems_of_showing(environment: str, facts: neurogym_files.Facts, timing: Mapping[str, Any]) -> Iterator[str]:
    """A trial without any period in which the environment shows what tells trials apart."""
    shown = [period for period in timing if facts.shown_in and period.startswith(facts.shown_in)]
    if shown and not any(timing[period] for period in shown):
        last = "lasts" if len(shown) == 1 else "last"
        yield (
            f".timing_ms has no time for {wording.listed(shown, 90)}, which {last} 0 ms, but there alone {environment} "
            "shows what its targets depend on, so that inputs would be equal in all trials; give one of them a duration"
        )


def _numbers(duration: Any) -> Iterable[float]:
    """Every number in a duration of NeuroGym: itself, a list, or a distribution with its arguments."""
    if isinstance(duration, int | float):
        yield float(duration)
    elif isinstance(duration, list):
        for part in duration:
            yield from _numbers(part)
