"""Records of networks, held to their place: a record that was swapped or copied is whole, and of another network."""

from pathlib import Path
from typing import Any

from richlazy.storage import array_io


def load_measures(path: str | Path) -> dict[str, Any]:
    """What was measured of a network, from the measures.json beside it.

    Raises:
        ValueError: when the record is damaged, or that of another network.
    """
    record = array_io.load_json(path)
    if Path(record["network"]).parent != Path(path).parent:
        raise ValueError(f"{path} holds measures of {record['network']}; delete it and run the same command again")
    return record
