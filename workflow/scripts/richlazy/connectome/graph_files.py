"""Graphs in GraphML: their nodes and their edges, as tables of texts."""

from pathlib import Path
from xml.etree import ElementTree


def read(path: Path, part: str) -> tuple[list[str], list[list[str | None]]]:
    """Columns and rows of the nodes (``cells``) or of the edges (``connections``) of a graph.

    Columns of nodes are ``id`` and the names of their attributes, those of edges ``source``, ``target`` and likewise.

    Raises:
        ValueError: where the file is no GraphML.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} cannot be read as GraphML: {error}") from error
    element, own = ("node", ["id"]) if part == "cells" else ("edge", ["source", "target"])
    keys = {
        key.get("id"): key
        for key in root.iter(_tag(root, "key"))
        if key.get("for") in (element, "all", None)
    }  # fmt: skip
    names = {identifier: key.get("attr.name") or str(identifier) for identifier, key in keys.items()}
    defaults = {identifier: key.findtext(_tag(root, "default")) for identifier, key in keys.items()}
    rows: list[list[str | None]] = []
    for found in root.iter(_tag(root, element)):
        data = {each.get("key"): (each.text or "").strip() or None for each in found.iter(_tag(root, "data"))}
        rows.append([*map(found.get, own), *(data.get(key, defaults[key]) for key in keys)])
    return [*own, *names.values()], rows


def is_undirected(path: Path) -> bool:
    """Whether edges of a graph have no direction unless they say so."""
    for _, element in ElementTree.iterparse(path, events=("start",)):
        if element.tag.rpartition("}")[2] == "graph":
            return element.get("edgedefault") == "undirected"
    return False


def _tag(root: ElementTree.Element, name: str) -> str:
    space, bracket, _ = root.tag.rpartition("}")
    return f"{space}{bracket}{name}"
