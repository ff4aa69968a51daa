"""Records of networks, held to their place: a record that was swapped or copied is whole, and of another network."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from richlazy.storage import array_io


def load_measures(paths: Sequence[str]) -> list[dict[str, Any]]:
    """What was measured of each network, from the measures.json beside it.

    Raises:
        ValueError: when a record is damaged or that of another network, or a network is there twice.
    """
    twice = [path for path, count in Counter(paths).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]} is named more than once; a table has each network once")
    return [_load_measures(path) for path in paths]


def _load_measures(path: str) -> dict[str, Any]:
    record = array_io.load_json(path)
    if Path(record["network"]).parent != Path(path).parent:
        raise ValueError(f"{path} holds measures of {record['network']}; delete it and run the same command again")
    return record
