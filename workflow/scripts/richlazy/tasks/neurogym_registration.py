"""Environments of the installed NeuroGym, known by reading its files: importing them takes seconds."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path


def native() -> set[str]:
    """Names of the environments that NeuroGym registers from its folder ``native``, such as ``GoNogo-v0``.

    They are the classes in its files without those it excludes, as ``neurogym.envs.registration`` finds them.
    Empty where NeuroGym is laid out differently.
    """
    package = find_spec("neurogym")
    if package is None or package.origin is None:
        return set()
    folder = Path(package.origin).parent / "envs"
    files = (folder / "native").glob("*.py")
    classes = {name for file in files for name in re.findall(r"^class (\w+)\(", file.read_text(), re.MULTILINE)}
    return {f"{name}-v0" for name in classes - _excluded(folder / "registration.py")}


def _excluded(registration: Path) -> set[str]:
    for node in ast.parse(registration.read_text()).body if registration.exists() else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_EXCLUDE_ENVS":
            return set(ast.literal_eval(node.value))
    return set()
