"""What NeuroGym's files say of an environment: its arguments, periods and targets, without the seconds of an import."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Facts:
    """An environment as its class is written.

    Attributes:
        arguments: of its constructor, with what each takes: ``a list``, ``a number`` or ``true or false``; an empty
            text where that is not plain.
        periods: those of a trial, with the duration that NeuroGym gives them as it is written there; None where they
            cannot be told from the text.
        shown_in: those in which it shows what tells trials apart, or beginnings of their names where a loop counts
            them; None where they cannot be told from the text.
        has_timing: whether durations can be given.
        has_classes: whether it gives a class for every step, whatever a network does.
    """

    arguments: Mapping[str, str]
    periods: Mapping[str, str] | None
    shown_in: tuple[str, ...] | None
    has_timing: bool
    has_classes: bool


def facts(environment: str, arguments: Mapping[str, Any] | None = None) -> Facts | None:
    """What is written of an environment.

    Args:
        environment: NeuroGym's id, such as ``GoNogo-v0``.
        arguments: of its constructor, on some of which its periods depend.

    Returns:
        None where the installed NeuroGym does not have it, or has it in another form than those it brings along.
    """
    # Periods hang on counts alone; the configuration asks for every run, and reading takes milliseconds.
    return _facts(environment, *((name, value) for name, value in (arguments or {}).items() if isinstance(value, int)))


@functools.cache
def _facts(environment: str, *counts: tuple[str, int]) -> Facts | None:
    found = _class(environment.removesuffix("-v0"))
    constructor = _method(found, "__init__") if found else None
    if found is None or constructor is None or constructor.args.kwarg or constructor.args.vararg:
        return None
    defaults = _defaults(constructor)
    names = [name for name in defaults if name not in ("self", "dt", "timing")]
    return Facts(
        arguments={name: _taken(constructor, name, defaults[name]) for name in names},
        periods=_periods(constructor, {**_constants(defaults), **dict(counts)}),
        shown_in=_shown_in(found),
        has_timing="timing" in defaults,
        has_classes=_has_classes(found),
    )


@functools.cache
def _class(name: str) -> ast.ClassDef | None:
    """Text of a class in NeuroGym's folder ``native`` that stands on ``TrialEnv`` alone."""
    package = find_spec("neurogym")
    folder = Path(package.origin).parent / "envs/native" if package and package.origin else Path("nowhere")
    for file in sorted(folder.glob("*.py")):
        text = file.read_text(encoding="utf-8")
        if re.search(rf"^class {re.escape(name)}\(", text, re.MULTILINE):
            classes = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
            found = next(node for node in classes if node.name == name)
            return found if [ast.unparse(base).split(".")[-1] for base in found.bases] == ["TrialEnv"] else None
    return None


def _method(found: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((node for node in found.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _defaults(constructor: ast.FunctionDef) -> dict[str, ast.expr | None]:
    """Arguments with their defaults."""
    names = [argument.arg for argument in [*constructor.args.posonlyargs, *constructor.args.args]]
    defaults = constructor.args.defaults
    with_names = dict(zip(names, [*[None] * (len(names) - len(defaults)), *defaults], strict=True))
    keywords = (argument.arg for argument in constructor.args.kwonlyargs)
    return with_names | dict(zip(keywords, constructor.args.kw_defaults, strict=True))


def _constants(defaults: Mapping[str, ast.expr | None]) -> dict[str, Any]:
    return {name: value.value for name, value in defaults.items() if isinstance(value, ast.Constant)}


def _taken(constructor: ast.FunctionDef, name: str, default: ast.expr | None) -> str:
    """What an argument takes, by its default or, where that is None, by what stands in for it."""
    declared = next((each.annotation for each in constructor.args.args if each.arg == name), None)
    if declared is not None and ast.unparse(declared) == "Any":
        return ""
    if isinstance(default, ast.Constant) and isinstance(default.value, bool):
        return "true or false"
    if isinstance(default, ast.Constant) and isinstance(default.value, (int, float)):
        return "a number"
    instead = [
        operand
        for target, value in _assigned(constructor)
        if ast.unparse(target) in (name, f"self.{name}")
        for operand in (value.values if isinstance(value, ast.BoolOp) else [value])
    ]
    return "a list" if any(isinstance(value, (ast.List, ast.Tuple)) for value in [default, *instead]) else ""


def _assigned(within: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Targets and values of all assignments."""
    for node in ast.walk(within):
        if isinstance(node, ast.Assign):
            yield from ((target, node.value) for target in node.targets)
        elif isinstance(node, ast.AnnAssign) and node.value:
            yield node.target, node.value


def _periods(constructor: ast.FunctionDef, arguments: Mapping[str, Any]) -> dict[str, str] | None:
    """Periods and NeuroGym's durations: a mapping, and names with numbers that a loop counts."""
    periods: dict[str, str] = {}
    loops = [node for node in ast.walk(constructor) if isinstance(node, ast.For)]
    for target, value in _assigned(constructor):
        if ast.unparse(target) == "self.timing":
            keys = value.keys if isinstance(value, ast.Dict) else [None]
            if not isinstance(value, ast.Dict) or not all(isinstance(key, ast.Constant) for key in keys):
                return None
            written = zip(keys, value.values, strict=True)
            periods |= {str(ast.literal_eval(key)): ast.unparse(each) for key, each in written if key}
        elif isinstance(target, ast.Subscript) and ast.unparse(target.value) == "self.timing":
            names = _counted_names(target, loops, arguments)
            if names is None:
                return None
            periods |= dict.fromkeys(names, ast.unparse(value))
    return periods


def _counted_names(target: ast.Subscript, loops: list[ast.For], arguments: Mapping[str, Any]) -> list[str] | None:
    """Names of the periods that ``for i in range(n): self.timing[f"bin{i}"] = ...`` makes."""
    loop = next((loop for loop in loops if any(node is target for node in ast.walk(loop))), None)
    counted = loop and re.fullmatch(r"range\((\w+)\)", ast.unparse(loop.iter))
    count = arguments.get(counted[1]) if counted else None
    if loop is None or not isinstance(target.slice, ast.JoinedStr) or not isinstance(count, int):
        return None
    number = f"{{{ast.unparse(loop.target)}}}"
    pattern = "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}"
        for part in target.slice.values
        if isinstance(part, (ast.Constant, ast.FormattedValue))
    )
    return [pattern.replace(number, str(index)) for index in range(count)]


def _shown_in(found: ast.ClassDef) -> tuple[str, ...] | None:
    """Periods of all that it shows beside constants and noise; see ``Facts``."""
    names: list[str] = []
    for call in (node for node in ast.walk(found) if isinstance(node, ast.Call)):
        if ast.unparse(call.func) not in ("self.add_ob", "self.set_ob"):
            continue
        given = dict(zip(("value", "period", "where"), call.args, strict=False))
        given |= {word.arg: word.value for word in call.keywords if word.arg}
        where = given.get("where")
        fixation = isinstance(where, ast.Constant) and where.value == "fixation"
        if fixation or all(part is None or _is_written(part) for part in (given.get("value"), where)):
            continue
        period = given.get("period")
        for part in period.elts if isinstance(period, ast.List) else [period]:
            first = part.values[0] if isinstance(part, ast.JoinedStr) and part.values else part
            if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                return None
            names.append(first.value)
    return tuple(dict.fromkeys(names))


def _is_written(part: ast.expr) -> bool:
    """Whether a value stands in the text as it is."""
    try:
        ast.literal_eval(part)
    except ValueError:
        return False
    return True


def _has_classes(found: ast.ClassDef) -> bool:
    """Whether it sets targets, among actions that can be counted, and its observations follow no action."""
    sets = any(isinstance(node, ast.Attribute) and node.attr == "set_groundtruth" for node in ast.walk(found))
    sets |= any(ast.unparse(target) == "self.gt" for target, _ in _assigned(found))
    spaces = [ast.unparse(value) for target, value in _assigned(found) if ast.unparse(target) == "self.action_space"]
    return sets and all("Discrete(" in space for space in spaces) and _method(found, "post_step") is None
