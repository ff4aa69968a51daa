"""Mutants of a module: its source with one small fault each."""

import ast
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_PAIRS = ("min max", "minimum maximum", "any all", "sum mean", "add_ sub_", "mul_ div_", "triu tril", "argmin argmax")
_NAMES = {one: other for pair in map(str.split, _PAIRS) for one, other in (pair, pair[::-1])}
# Words, types and what registers a measure are no numerics; the text of an error neither.
_SKIPPED_FIELDS = {"annotation", "returns", "decorator_list"}
_SKIPPED_NODES = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)
# Arguments that change no result where arrays have the lengths and the place that they should.
_GUARDS = {"strict", "device"}

# Of a line with more characters the name of a mutant has a part.
_LONG = 120


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        name: where it is, and the line before and after; the same however the lines around it move.
        source: of the whole module.
    """

    name: str
    source: str


def mutants(source: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    tree = ast.parse(source)
    plain = ast.unparse(tree).splitlines()
    found = {}
    for where, node, field, value in _changes(tree, ""):
        before = getattr(node, field)
        setattr(node, field, value)
        mutated = ast.unparse(tree)
        setattr(node, field, before)
        name = _name(where, plain, mutated.splitlines())
        if name:
            found.setdefault(name, Mutant(name, mutated))
    return list(found.values())


def chosen(every: Sequence[Mutant], number: int, seed: str) -> list[Mutant]:
    """A random sample of the mutants of a module, the same for a seed."""
    places = random.Random(seed).sample(range(len(every)), min(number, len(every)))
    return [every[place] for place in sorted(places)]


def _name(where: str, before: list[str], after: list[str]) -> str:
    """Of a mutant: the lines in which two texts differ, of long ones the part; empty where they do not differ."""
    if before == after:
        return ""
    start = _equal(before, after)
    end = _equal(before[start:][::-1], after[start:][::-1])
    one, other = (" ".join(map(str.strip, lines[start : len(lines) - end])) for lines in (before, after))
    if len(one) > _LONG:
        equal = _equal(one, other)
        left, right = (
            max(0, number - _LONG // 2) for number in (equal, _equal(one[equal:][::-1], other[equal:][::-1]))
        )
        one, other = (f"...{text[left : len(text) - right]}..." for text in (one, other))
    return f"{where or 'module'}: {one} -> {other}"


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    """How many characters, or lines, two texts have in common at their start."""
    return len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))


def _changes(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST, str, Any]]:
    """Every change as a field of a node with its other value, and the function that it is in."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        where = f"{where}.{node.name}".lstrip(".")
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED_FIELDS:
            continue
        for other in _others(node, field, value):
            yield where, node, field, other
        for at, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or isinstance(child, _SKIPPED_NODES):
                continue
            if isinstance(child, ast.keyword) and child.arg in _GUARDS:
                continue
            for new in _replacements(child):
                yield where, node, field, [*value[:at], new, *value[at + 1 :]] if isinstance(value, list) else new
            yield from _changes(child, where)


def _others(node: ast.AST, field: str, value: Any) -> Iterator[Any]:
    """Other values of a field as a whole."""
    match node, field:
        case ((ast.If() | ast.While() | ast.IfExp()), "test"):
            if not _is_negated_by_its_operator(value):
                yield ast.UnaryOp(ast.Not(), value)
        case ast.comprehension(), "ifs":
            for at, condition in enumerate(value):
                if not _is_negated_by_its_operator(condition):
                    yield [*value[:at], ast.UnaryOp(ast.Not(), condition), *value[at + 1 :]]
        case ast.Call(), "keywords":
            for at, keyword in enumerate(value):
                if keyword.arg not in _GUARDS | {None}:
                    yield value[:at] + value[at + 1 :]
        case ast.Slice(), ("lower" | "upper"):
            if value is not None:
                yield None
        case ast.Return(), "value":
            if value is not None:
                yield ast.Constant(None)
        case ast.Call(), "func":
            if isinstance(value, ast.Attribute) and value.attr in _NAMES:
                yield ast.Attribute(value.value, _NAMES[value.attr], ast.Load())
            if isinstance(value, ast.Name) and value.id in _NAMES:
                yield ast.Name(_NAMES[value.id], ast.Load())


def _is_negated_by_its_operator(condition: ast.AST) -> bool:
    """Whether a change of the operator, or of `not`, already turns a condition round."""
    match condition:
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]):
            return True
        case ast.UnaryOp(op=ast.Not()):
            return True
    return False


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that may stand in the place of another."""
    match node:
        case ast.operator() | ast.cmpop() | ast.boolop():
            if type(node) in _OPERATORS:
                yield _OPERATORS[type(node)]()
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield ast.Constant(not node.value)
        case ast.Constant(value=int()):
            yield ast.Constant(node.value + 1)
        case ast.Constant(value=float()):
            yield ast.Constant(2 * node.value or 1.0)
        case ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
