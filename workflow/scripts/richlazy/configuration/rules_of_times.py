"""Rules of time: steps that networks can follow, and that divide the periods of their tasks."""

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

from richlazy import wording

Config = Mapping[str, Any]
Grid = Mapping[str, Any]

# Times of NeuroGym that are no durations: when in a period something happens.
_ONSETS = ("toneTiming", "toneDur")
# Periods that an environment adds to those of its timing, with their shortest and longest duration.
_OWN_PERIODS_MS = {"MotorTiming-v0": {"production": (1600.0, 3000.0)}}


def problems(config: Config, where: str, place: str, grid: Grid, preset: str) -> Iterator[str]:
    """Time steps of a grid that make networks unstable, or that cut the periods of its tasks short.

    Args:
        config: the configuration.
        where: place of the experiment.
        place: of its grid.
        grid: with tasks that their models accept.
        preset: of the experiment.
    """
    for name in grid["task"]:
        entry = config["tasks"][name]
        usual = {**config["presets"][preset], **config["dynamics"], **entry.get("defaults", {})}
        leaks, steps, constants = (grid.get(key, [usual[key]]) for key in ("leak", "time_step_ms", "time_constant_ms"))
        if "euler" in leaks and max(steps) > min(constants):
            yield (
                f"{place.removesuffix('.grid')} has a time step of {max(steps)} ms, "
                f"longer than its time constant of {min(constants)} ms, where leak: euler is unstable; "
                "shorten the step or use leak: exponential"
            )
        else:
            yield from _of_whole_steps(where, name, entry.get("timing_ms", {}), steps)
            if "environment" in entry:
                yield from _of_choices(where, name, entry["timing_ms"], steps)
                yield from _of_varying_trials(name, entry, steps)


def _of_whole_steps(where: str, task: str, timing: Mapping[str, Any], steps: list[float]) -> Iterator[str]:
    """Fixed periods that are not a whole number of steps, which NeuroGym would cut short in silence."""
    longest = max(steps)
    fixed = {period: duration for period, duration in timing.items() if isinstance(duration, (int, float))}
    short = [period for period, duration in fixed.items() if 0 < duration < longest]
    if short:
        others = f", and so are {wording.listed(short[1:], 90)}" if short[1:] else ""
        yield (
            f"tasks.{task}.timing_ms.{short[0]} is {fixed[short[0]]} ms, shorter than the time step of {longest} ms "
            f"in {where}{others}, so that it would vanish; lengthen it or set it to 0"
        )
    if short or not all(period in fixed or _is_choice(duration) for period, duration in timing.items()):
        return
    for step in steps:
        end, told = 0.0, "ends at {:g} ms, which"
        for period, duration in timing.items():
            if period not in fixed:  # of whole steps, or ``_of_choices`` says so
                told = "and the fixed periods before it are {:g} ms, which"
                continue
            end += duration
            if _is_cut(end, step):
                yield (
                    f"tasks.{task}.timing_ms.{period} of {duration} ms {told.format(end)} is no whole number of "
                    f"time steps of {step} ms in {where}, so that it would be cut short; change one of the two"
                )
                break


def _of_choices(where: str, task: str, timing: Mapping[str, Any], steps: list[float]) -> Iterator[str]:
    """Durations to choose from that are no whole number of steps, which NeuroGym cuts short as well."""
    for period, choices in timing.items():
        if not _is_choice(choices):
            continue
        for choice, step in itertools.product(choices, steps):
            if _is_cut(choice, step):
                yield (
                    f"tasks.{task}.timing_ms.{period} may be {choice:g} ms, which is no whole number of time steps of "
                    f"{step} ms in {where}, so that it would be cut short; change one of the two"
                )
                break


def _of_varying_trials(task: str, entry: Mapping[str, Any], steps: list[float]) -> Iterator[str]:
    """Trials of varying length without the length of the windows into which they are cut."""
    ranges = {period: _range(duration) for period, duration in entry["timing_ms"].items() if period not in _ONSETS}
    if entry["environment"] in _OWN_PERIODS_MS:
        ranges |= _OWN_PERIODS_MS[entry["environment"]]
    varying = [period for period, (low, high) in ranges.items() if low < high]
    if not varying or "sequence_steps" in entry:
        return
    low, high = (sum(ends[place] for ends in ranges.values()) for place in (0, 1))
    value = math.ceil(high / min(steps) - 1e-9)
    yield (
        f"tasks.{task} lacks sequence_steps, which trials of varying length need ({wording.listed(varying, 90)} "
        f"{'varies' if len(varying) == 1 else 'vary'}, a trial lasts {low:g} to {high:g} ms): they follow each other, "
        f"cut into windows of so many steps; set it to {value}, the longest trial at a step of {min(steps):g} ms"
    )


def _range(duration: Any) -> tuple[float, float]:
    """Shortest and longest of a duration of NeuroGym, in ms; an exponential one without an end counts as its mean."""
    if isinstance(duration, (int, float)):
        return duration, duration
    name, values = duration if isinstance(duration[0], str) else ("choice", duration)
    values = values if isinstance(values, list) else [values]
    if name == "truncated_exponential":  # mean, minimum, maximum
        return (values[1] if len(values) > 1 else 0.0), max(values)
    return min(values), max(values)


def _is_choice(duration: Any) -> bool:
    """Whether a duration of NeuroGym is one of a list."""
    return isinstance(duration, list) and all(isinstance(choice, (int, float)) for choice in duration)


def _is_cut(duration_ms: float, step_ms: float) -> bool:
    """Whether NeuroGym cuts a duration short; it divides and leaves out what follows the point, so 0.3 / 0.1 is 2."""
    steps = duration_ms / step_ms
    return int(steps) != round(steps) or abs(steps - round(steps)) > 1e-9
