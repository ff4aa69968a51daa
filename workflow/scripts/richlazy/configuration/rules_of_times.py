"""Rules of time: steps that networks can follow, and that divide the periods of their tasks."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

Config = Mapping[str, Any]
Grid = Mapping[str, Any]


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


def _of_whole_steps(where: str, task: str, timing: Mapping[str, Any], steps: list[float]) -> Iterator[str]:
    """Fixed periods that are not a whole number of steps, which NeuroGym would cut short in silence."""
    longest = max(steps)
    fixed = {period: duration for period, duration in timing.items() if isinstance(duration, (int, float))}
    short = {period for period, duration in fixed.items() if 0 < duration < longest}
    for period in short:
        yield (
            f"tasks.{task}.timing_ms.{period} is {fixed[period]} ms, shorter than the time step of {longest} ms "
            f"in {where}; lengthen the period or set it to 0"
        )
    if short or len(fixed) < len(timing):
        return
    for step in steps:
        end = 0.0
        for period, duration in timing.items():
            end += duration
            if _is_cut(end, step):
                yield (
                    f"tasks.{task}.timing_ms.{period} of {duration} ms ends at {end:g} ms, which is no whole number of "
                    f"time steps of {step} ms in {where}, so that it would be cut short; change one of the two"
                )
                break


def _of_choices(where: str, task: str, timing: Mapping[str, Any], steps: list[float]) -> Iterator[str]:
    """Durations to choose from that are no whole number of steps, which NeuroGym cuts short as well."""
    for period, choices in timing.items():
        if not isinstance(choices, list) or not all(isinstance(choice, (int, float)) for choice in choices):
            continue
        for choice, step in itertools.product(choices, steps):
            if _is_cut(choice, step):
                yield (
                    f"tasks.{task}.timing_ms.{period} may be {choice:g} ms, which is no whole number of time steps of "
                    f"{step} ms in {where}, so that it would be cut short; change one of the two"
                )
                break


def _is_cut(duration_ms: float, step_ms: float) -> bool:
    """Whether NeuroGym cuts a duration short; it divides and leaves out what follows the point, so 0.3 / 0.1 is 2."""
    steps = duration_ms / step_ms
    return int(steps) != round(steps) or abs(steps - round(steps)) > 1e-9
