"""The library modules that a script imports, directly or not.

Snakemake does not follow imports. A rule therefore lists this closure as an input, so that editing a module
reruns exactly the jobs whose results may depend on it.
"""

import ast
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
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    files = set()
    for name in names:
        package, _, module = name.partition(".")
        if package == _PACKAGE.name:
            files.add(_PACKAGE / "__init__.py")
            if (_PACKAGE / f"{module}.py").exists():
                files.add(_PACKAGE / f"{module}.py")
    return files
