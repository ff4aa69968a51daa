"""What the tests of an experiment can show, before it runs: how many there are, and the smallest p that seeds allow."""

from collections.abc import Callable, Mapping
from typing import Any

from richlazy import wording
from richlazy.experiments import grids, solution_pairs
from richlazy.statistics import smallest_p, strata

# More seeds than anyone trains.
_MOST = 1000


def tests(config: Mapping[str, Any], name: str) -> str:
    """A sentence on the tests of an experiment: their families, the smallest p, and parameters without a test.

    A family is one measure in the experiment, over which p is corrected after Holm. The smallest p is that of a sample
    in which all seeds agree, after the correction that the first test of a family has.

    Args:
        config: the configuration, with the variants of swept options.
        name: of an experiment of rate networks.
    """
    experiment = config["experiments"][name]
    compare, seeds = experiment["compare"], len(grids.seeds(experiment))
    swept = grids.swept_options(config, name)
    one = {**config, "experiments": {name: {**experiment, "seeds": 1}}}
    rows = [grids.row_of_table(run, swept) for run in grids.runs(one, name)]
    arms = grids.arms(config, name)
    levels = [{rows[place][compare] for place in places} for _, places in strata.of(rows, arms)]
    is_number = all(_is_number(row[compare]) for row in rows)
    counts = [len(of_arm) for of_arm in levels if len(of_arm) > 1]
    contrasts = len(counts) if is_number else sum(counts) - len(counts)
    trends = [count for count in counts if count > 2] if is_number else []
    level = config["statistics"]["significance_level"]
    parts = [_family(contrasts, "contrast", seeds, level, smallest_p.of_contrast)]
    if trends:
        fewest = min(trends)
        parts.append(_family(len(trends), "trend", seeds, level, lambda number: smallest_p.of_trend(number, fewest)))
    tested = interacting(config, name)
    untested = [arm for arm in arms if arm not in tested and len({str(row[arm]) for row in rows}) > 1]
    text = f"{name} has for each measure {' and '.join(parts)}"
    if experiment.get("solutions"):
        text += (
            f"; measures of two networks have {len(solution_pairs.seeds(experiment))} pairs in place of {seeds} seeds"
        )
    if tested:
        text += f"; whether the effect of {compare} changes over {' and '.join(tested)} is tested too"
        if not experiment.get("figure", {}).get("interactions"):
            text += " (figure: {interactions: true} draws it)"
    if untested:
        text += f"; whether it differs between values of {' and '.join(untested)} has no test"
    return text


def interacting(config: Mapping[str, Any], name: str) -> list[str]:
    """Parameters over which the effect of the compared number of an experiment can have a trend: three numbers each."""
    experiment = config["experiments"][name]

    def are_numbers(key: str) -> bool:
        return all(_is_number(value) for value in grids.values(experiment, key))

    taken = {key: set(map(str, grids.values(experiment, key))) for key in grids.arms(config, name)}
    swept = [key for key, found in taken.items() if len(found) > 2 and are_numbers(key)]
    return swept if are_numbers(experiment["compare"]) else []


def _family(count: int, noun: str, seeds: int, level: float, smallest: Callable[[int], float]) -> str:
    """Tests of one kind and the smallest p that they can reach; more seeds where that is above the level."""
    reached = min(1.0, count * smallest(seeds))
    text = f"{wording.counted(count, noun)} (smallest corrected p with {seeds} seeds {reached:.2g}"
    if reached >= level:
        enough = next((number for number in range(seeds, _MOST) if count * smallest(number) < level), _MOST)
        text += f": none can be significant at {level:g}, which takes {enough} seeds"
    return text + ")"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
