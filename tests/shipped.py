"""The configuration and the claims that are shipped, put together as the workflow does."""

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PAPERS = sorted((ROOT / "data/papers").glob("*/experiments.yaml"))


def merged(base: dict, changes: dict) -> dict:
    """Mappings merged key by key, everything else replaced."""
    result = dict(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if nested else value
    return result


def _configuration() -> dict[str, Any]:
    config: dict[str, Any] = {}
    for file in (*PAPERS, ROOT / "config.yaml"):
        config = merged(config, yaml.safe_load(file.read_text()))
    return json.loads(json.dumps(config))  # anchors of YAML share a mapping, and a test changes one place


CONFIG = _configuration()
# At a key of ``changed``: remove it.
REMOVED = object()
# What no paper claims comes last.
CLAIMS = [
    claim
    for folder in ("liu_2024", "schuessler_2020", "extensions")
    for claim in yaml.safe_load((ROOT / "data/papers" / folder / "claims.yaml").read_text())
]


def changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of config.yaml with values set, added or removed at dotted keys."""
    config = copy.deepcopy(CONFIG)
    for key, value in changes.items():
        *groups, last = key.split(".")
        group = config
        for name in groups:
            group = group[name]
        if value is REMOVED:
            del group[last]
        else:
            group[last] = value
    return config
