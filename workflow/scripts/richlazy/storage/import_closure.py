"""The library modules that a script imports, directly or not.

Snakemake does not follow imports. A rule therefore has a digest of this closure as a parameter (module
``library_code``), so that editing a module reruns exactly the jobs whose results may depend on it. The ``__init__`` of
the library itself is no part of it: it names the calls that people make, loads each when it is asked for, and no module
or script asks it for any.
"""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def import_closure(script: str | Path) -> list[Path]:
    """Files of this library that a script needs, sorted; the ``__init__`` of each package on the way included.

    Raises:
        ImportError: for an import of this library that leads to no module, which would otherwise be missed in silence.
    """
    return _closure(Path(script), set())


def module_closure(name: str) -> list[Path]:
    """Files of this library that importing one of its modules runs, itself included, likewise.

    Args:
        name: below the library, such as ``tasks.image_trials``, for a module that is imported by a computed name.

    Raises:
        ImportError: likewise, and where there is no such module.
    """
    parts = name.split(".")
    return _closure(_PACKAGE.joinpath(*parts).with_suffix(".py"), _files(_PACKAGE, parts))


def _closure(file: Path, found: set[Path]) -> list[Path]:
    waiting = [file, *found]
    while waiting:
        for module in _imported(waiting.pop()):
            if module not in found:
                found.add(module)
                waiting.append(module)
    return sorted(found)


@functools.cache  # the closures of different scripts share most modules
def _imported(file: Path) -> frozenset[Path]:
    if file.suffix != ".py":
        return frozenset()
    files = set()
    for module, names in _imports(file.read_text()):
        package, *parts = module.split(".")
        if package == _PACKAGE.name:
            files |= _files(file, parts)
            last = _PACKAGE.joinpath(*parts)
            for name in names if last.is_dir() else ():
                if name != "*" and not _binds(last / "__init__.py", name):
                    files |= _files(file, [*parts, name])
    return frozenset(files)


def _files(importer: Path, parts: list[str]) -> set[Path]:
    """Files that Python runs when it imports a module, by the parts of its name below the library; its own aside.

    The C sources beside a module are compiled for it.
    """
    files = {_PACKAGE.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1)}
    module = _PACKAGE.joinpath(*parts).with_suffix(".py")
    if parts and module.exists():
        files = files - {module.with_suffix("") / "__init__.py"} | {module, *module.parent.glob("*.[ch]")}
    missing = sorted(path for path in files if not path.exists())
    if missing:
        name = ".".join([_PACKAGE.name, *parts])
        raise ImportError(f"{importer} imports {name}, which is no module of the library; mend the import")
    return files


@functools.cache
def _binds(initialiser: Path, name: str) -> bool:
    """Whether the ``__init__`` of a package gives a name a value, so that importing the name imports no module."""
    if initialiser.with_name(f"{name}.py").exists() or (initialiser.parent / name).is_dir():
        return False
    return any(
        isinstance(node, ast.Name) and node.id == name
        for statement in ast.parse(initialiser.read_text() if initialiser.exists() else "").body
        for node in ast.walk(statement)
    )


def _imports(source: str) -> set[tuple[str, tuple[str, ...]]]:
    """Modules that a source imports, each with the names that it takes from them."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, ()) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add((node.module, tuple(alias.name for alias in node.names)))
    return found


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement in a tree that can run.

    Expressions, which are most of a tree, hold no imports and are passed over, and so is ``if TYPE_CHECKING:``, which
    only annotations need.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for other in child.orelse:
                yield other
                yield from _statements(other)
        elif not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)
