"""Random changes of a configuration that can be run in seconds."""

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from shipped import CONFIG, ROOT, merged

Place = tuple[Any, ...]

BASE = merged(CONFIG, yaml.safe_load((ROOT / "tests/configs/every_figure.yaml").read_text()))
# Groups of named entries, of which an experiment uses a few.
_NAMED = ("experiments", "tasks", "structures", "presets", "connectomes", "image_sets", "sentence_sets", "word_vectors")
# What people write by mistake, and what breaks programs.
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e-300, 1e308, -1e308, float("inf"), float("nan"), 10**18, 2**63,
    "", " ", "auto", "none", "all", "0.003", "1e-3", "3 ms", "2AF", "figure_1", "rank", "../../etc/passwd", "{run}",
    "{}", "$x^2$", "a\nb", "\\textbf{x}", "<script>alert(1)</script>", "é漢\U0001f600", "\u202e", "x" * 300, "*",
    "a/b", "a b", "a~b+c", [], {}, [[]], [None], [0], [1, 1], [1, "a"], [-1], [10**6], [float("nan")], {"": 1},
    {"a": {"b": 1}}, {1: 2},
)  # fmt: skip


def mutant(rng: random.Random) -> tuple[dict[str, Any], list[str]]:
    """A configuration with one to three random changes, and what they are."""
    config = copy.deepcopy(BASE)
    config["experiments_to_build"] = rng.sample(BASE["experiments_to_build"], rng.choice([1, 1, 2]))
    read = _read(config)
    told = [rng.choice(_CHANGES)(config, read, rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    return config, [change for change in told if change]


def _read(config: Mapping[str, Any]) -> set[str]:
    """Names of entries that the selected experiments read, as far as these name them."""
    names, text = (
        config["experiments_to_build"],
        str([config["experiments"][name] for name in config["experiments_to_build"]]),
    )
    return {*names, *(name for group in _NAMED for name in config[group] if repr(name) in text)}


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    inner: Any = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*place, key)
        yield from _places(one, (*place, key))


def _place(config: dict[str, Any], read: set[str], rng: random.Random) -> Place:
    """A random place; most often one that the selected experiments read."""
    places = list(_places(config))
    if rng.random() < 0.8:
        places = [place for place in places if place[0] not in _NAMED or not {*map(str, place[1:2])} - read]
    # Groups of many keys would hide those of few.
    group = rng.choice(sorted({str(place[0]) for place in places}))
    return rng.choice([place for place in places if str(place[0]) == group])


def _parent(config: dict[str, Any], place: Place) -> Any:
    for key in place[:-1]:
        config = config[key]
    return config


def _at(place: Place) -> str:
    return ".".join(map(str, place))


def _another_value(config: dict[str, Any], read: set[str], rng: random.Random) -> str:
    place, value = _place(config, read, rng), copy.deepcopy(rng.choice(_VALUES))
    _parent(config, place)[place[-1]] = value
    return f"{_at(place)} = {value!r}"


def _another_number(config: dict[str, Any], read: set[str], rng: random.Random) -> str:
    places = [_place(config, read, rng) for _ in range(30)]
    numbers = [place for place in places if _is_number(_parent(config, place)[place[-1]])]
    if not numbers:
        return ""
    place, factor = numbers[0], rng.choice([-1, 0, 0.1, 0.5, 0.999, 1.5, 2, 3])
    number = _parent(config, place)[place[-1]]
    value = rng.choice([number * factor, int(number * factor), number + rng.choice([-1, 1]), [number, number * factor]])
    _parent(config, place)[place[-1]] = value
    return f"{_at(place)} = {value!r}"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e100


def _value_of_another_place(config: dict[str, Any], read: set[str], rng: random.Random) -> str:
    place, other = _place(config, read, rng), _place(config, read, rng)
    value = copy.deepcopy(_parent(config, other)[other[-1]])
    _parent(config, place)[place[-1]] = value
    return f"{_at(place)} = that of {_at(other)}"


def _another_key(config: dict[str, Any], read: set[str], rng: random.Random) -> str:
    place = _place(config, read, rng)
    parent, old = _parent(config, place), place[-1]
    if not isinstance(parent, dict):
        return ""
    new = rng.choice([f"{old}s", str(old)[:-1], str(old).upper(), f" {old}", *map(str, _VALUES[16:40])])
    parent[new] = parent.pop(old)
    return f"{_at(place)} is called {new!r}"


def _no_value(config: dict[str, Any], read: set[str], rng: random.Random) -> str:
    place = _place(config, read, rng)
    del _parent(config, place)[place[-1]]
    return f"{_at(place)} is gone"


def _more_values(config: dict[str, Any], read: set[str], rng: random.Random) -> str:
    place = _place(config, read, rng)
    value = _parent(config, place)[place[-1]]
    if isinstance(value, dict):
        key, more = rng.choice(["x", "seed", "rank", "task", "kind"]), copy.deepcopy(rng.choice(_VALUES))
        value[key] = more
        return f"{_at(place)} has {key} = {more!r} more"
    value = [*(value if isinstance(value, list) else [value]), copy.deepcopy(rng.choice([*_VALUES, value]))]
    _parent(config, place)[place[-1]] = value
    return f"{_at(place)} = {value!r}"


_CHANGES: Sequence[Callable[[dict[str, Any], set[str], random.Random], str]] = (
    _another_value, _another_value, *[_another_number] * 4, _value_of_another_place, _another_key, _no_value,
    _more_values,
)  # fmt: skip
