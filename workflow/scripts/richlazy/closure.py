"""The library modules that a script imports, directly or not.

Snakemake does not follow imports. A rule therefore lists this closure as an input, so that editing a module
reruns exactly the jobs whose results may depend on it.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parent


def import_closure(script: str | Path) -> list[Path]:
    """Files of this package that a script needs, sorted; the package's own ``__init__`` included."""
    found: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        for module in _imported(waiting.pop()):
            if module not in found:
                found.add(module)
                waiting.append(module)
    return sorted(found)


def _imported(file: Path) -> set[Path]:
    files = set()
    for name in _imported_names(file.read_text()):
        package, _, module = name.partition(".")
        if package == _PACKAGE.name:
            files.add(_PACKAGE / "__init__.py")
            if (_PACKAGE / f"{module}.py").exists():
                files.add(_PACKAGE / f"{module}.py")
    return files


@functools.cache  # the closures of different scripts share most modules
def _imported_names(source: str) -> frozenset[str]:
    names: set[str] = set()
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement in a tree; expressions, which are most of a tree, hold no imports and are passed over."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)
