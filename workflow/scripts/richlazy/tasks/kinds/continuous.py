"""Tasks that ask for numbers over time (Schuessler et al. 2020; Liu et al. 2024, Figure 18)."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from richlazy import job_needs, wording
from richlazy.field_types import HUGE, TINY, Count, NotNegative, PositiveNumber, optional
from richlazy.job_needs import Need
from richlazy.tasks import time_series
from richlazy.tasks.base import Task
from richlazy.tasks.entries import Timing, WithUnseen

# Periods that must fit into the trial, for tasks whose trials have a length of their own.
_ROOM = {"step_response": ("fixation", "decision"), "flip_flop": ("fixation", "decision_delay"), "cosine": ("loss",)}


class ContinuousEntry(WithUnseen):
    """Entry of a task that asks for numbers over time."""

    continuous: Literal["pattern_generation", "flip_flop", "mante", "romo", "step_response", "cosine"] = Field(
        description="Trials whose targets are numbers over time, learned with half the mean squared error of the "
        "outputs that are asked for. pattern_generation: a sum of sines from frozen noise; flip_flop: the signs of the "
        "last pulses; mante: whether that of two noisy signals to which a context points is positive; romo: which of "
        "two pulses was larger; step_response: a constant for a constant; cosine: a cosine without input. The last two "
        "and pattern_generation are one trial, which is the only batch and the probe as well."
    )
    timing_ms: Timing
    channels: Count = optional(description="Inputs of pattern_generation; inputs and as many outputs of flip_flop.")
    rate_hz: PositiveNumber = optional(description="Rate of the Poisson spikes of each input of pattern_generation.")
    target: Literal["code", "text"] = optional(
        description="What flip_flop asks of the channels without the last pulse. code: 0, as the published code does; "
        "text: the sign of their own last pulse.",
    )
    noise: NotNegative = optional(
        description="Standard deviation of the noise on the signals of mante in a step of 100 ms; that of other steps "
        "falls with their square root.",
    )
    minimum_difference: float = optional(
        ge=0,
        lt=1,
        description="Least difference of the two amplitudes of romo, which lie between 0.5 and 1.5.",
    )
    target_value: float = optional(ge=-HUGE, le=HUGE, description="Output that step_response asks for, other than 0.")
    input_amplitude: PositiveNumber = optional(
        description="Input at the first step of cosine, which sets the state from which it goes on. 1 / (1 - rho) "
        "makes the state equal to the input weights, rho being the share of a state that stays.",
    )

    @model_validator(mode="after")
    def _options_are_those_of_its_trials(self):
        name, kind, given = self.continuous, time_series.KINDS[self.continuous], self.model_fields_set
        for key in kind.options:
            if key not in given:
                raise ValueError(f" lacks {key}, which continuous: {name} needs; add it as in config.yaml")
        idle = [key for key in time_series.OPTIONS if key in given and key not in kind.options]
        idle += [key for key in ("probe", "unseen") if kind.one_trial and key in given]
        if idle:
            raise ValueError(f".{idle[0]} has no effect on continuous: {name}; remove it")
        for problem in _problems_of_periods(name, kind, self.timing_ms):
            raise ValueError(f".timing_ms{problem}")
        timing: dict[str, Any] = self.timing_ms
        needed = sum(timing[period] for period in _ROOM.get(name, ()))
        if name == "pattern_generation":
            needed = max(time_series.SINE_PERIODS_MS)
        if needed > timing.get("trial", needed):
            raise ValueError(
                f".timing_ms.trial is {timing['trial']:g} ms, shorter than the {needed:g} ms that "
                f"continuous: {name} needs; lengthen it"
            )
        if self.target_value is not None and abs(self.target_value) < TINY:
            raise ValueError(
                f".target_value is {self.target_value:g}, which a silent network answers before it learns; "
                "give another number"
            )
        if name == "flip_flop":
            apart = timing["decision_delay"] + time_series.shortest(timing["interval"])
            if timing["pulse"] > apart:
                raise ValueError(
                    f".timing_ms.pulse is {timing['pulse']:g} ms, but the next pulse may come after {apart:g} ms; "
                    "shorten it or lengthen interval"
                )
        return self


def _problems_of_periods(name: str, kind: time_series.Kind, timing: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with durations: those that the trials do not have, or not like this."""
    missing = [period for period in kind.periods if period not in timing]
    if missing:
        yield f" lacks {wording.listed(missing)}; continuous: {name} needs it, add it"
    for period, duration in timing.items():
        if period not in kind.periods:
            yield (
                f" has a period {wording.shown(period)}, which continuous: {name} does not know; "
                f"its periods are {wording.listed(kind.periods)}"
            )
        if isinstance(duration, list) and not _is_range(duration):
            yield f".{period} is {wording.shown(duration)}; give a number of ms, or a range [low, high]"
        if isinstance(duration, list) and period not in kind.ranges:
            yield (
                f".{period} is a range, which continuous: {name} takes for "
                f"{wording.listed(kind.ranges) or 'no period'} only; give a number of ms"
            )
        if not time_series.longest(duration) and not kind.may_be_zero(period):
            yield f".{period} is 0, without which continuous: {name} is no task; lengthen it"


def _is_range(duration: list[Any]) -> bool:
    numbers = len(duration) == 2 and all(isinstance(number, (int, float)) for number in duration)
    return numbers and duration[0] <= duration[1]


class Continuous(Task):
    """Numbers over time, asked for at some steps; networks learn them in fewer iterations than classes."""

    key = "continuous"
    place = 4
    settings = ContinuousEntry
    trials = "tasks.time_series_trials"
    loss = "masked_squared_error"
    pictured = True
    curve_points = 200

    @property
    def one_trial(self) -> bool:
        """Whether nothing is drawn anew for each trial."""
        return time_series.kind(self.entry).one_trial

    @property
    def input_units(self) -> int:
        """Channels of the input."""
        return time_series.input_units(self.entry)

    @property
    def outputs(self) -> int:
        """Numbers that are asked for at a step."""
        return time_series.outputs(self.entry)

    @property
    def comparable(self) -> str:
        """Tasks with the same generator differ in their options alone."""
        return self.entry["continuous"]

    @property
    def constant_target(self) -> float | None:
        """Of a step response."""
        return self.entry["target_value"] if self.entry["continuous"] == "step_response" else None

    def steps(self, time_step_ms: float | None) -> int:
        """Steps of the longest trial, to which the others are padded."""
        return time_series.steps(self.entry, float(time_step_ms or math.nan))

    def loss_steps(self, training: Mapping[str, Any]) -> str:
        """Wherever an output is asked for."""
        return "all"

    def training_need(self, run: Mapping[str, Any]) -> Need:
        """Three copies of all inputs and outputs in float32."""
        steps = self.steps(run["time_step_ms"]) * (1 if self.one_trial else run["iterations"] * run["batch_size"])
        channels = self.input_units + self.outputs
        return Need(job_needs.memory_mb(1.2e-5 * steps * channels), job_needs.minutes(steps * 2e-6))

    def probe_need(self) -> Need:
        """Little."""
        return Need(500, 5)
