"""Mutants: a solution with one small thing changed in its syntax tree, to find out what the checks do not notice.

A mutant is made where a person could have slipped: an operator, a constant, an axis, a bound, a dropped statement,
argument or term, arguments in the wrong order. The operands of commutative operators are never swapped, and nothing
is changed in docstrings, annotations, or what a ``raise`` says.
"""

from __future__ import annotations

import ast
import copy
import difflib
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

_OPERATORS: Mapping[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_COUSINS = {
    "all": "any",
    "any": "all",
    "argmax": "argmin",
    "argmin": "argmax",
    "max": "min",
    "maximum": "minimum",
    "mean": "sum",
    "min": "max",
    "minimum": "maximum",
    "ones": "zeros",
    "ones_like": "zeros_like",
    "rand": "randn",
    "randn": "rand",
    "std": "var",
    "sum": "mean",
    "var": "std",
    "zeros": "ones",
    "zeros_like": "ones_like",
}
_COMMUTATIVE = {"add", "allclose", "array_equal", "gcd", "isclose", "max", "maximum", "min", "minimum", "multiply"}
_LIBRARIES = {"F", "math", "nn", "np", "torch"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Changes: TypeAlias = Iterator[tuple[str, Sequence[ast.AST]]]  # (what changed, the nodes in the place of one)


@dataclass(frozen=True)
class Mutant:
    """A definition with one thing changed.

    Attributes:
        definition: The definition's name.
        what: The kind of change, in words.
        source: The whole changed definition.
        diff: The changed lines alone, headed by the function they are in: the mutant's identity, whatever
            the comments and the layout of the solution are.
    """

    definition: str
    what: str
    source: str
    diff: str


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no check should notice, listed in a lesson's ``equivalent_mutants.py``.

    Attributes:
        exercise: The exercise whose checks it passes; where a definition holds several, the definition.
        diff: As the audit prints it.
        reason: Why it is as correct as the solution.
    """

    exercise: str
    diff: str
    reason: str

    @property
    def key(self) -> tuple[str, str]:
        """What a mutant is recognised by."""
        return self.exercise, normalised(self.diff)


def normalised(diff: str) -> str:
    """A diff without the indentation and the empty lines that writing it into a file may have added."""
    lines = textwrap.dedent(diff).strip("\n").splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def mutants_of(source: str) -> tuple[Mutant, ...]:
    """All mutants of a definition (a top-level function or class), each once."""
    tree = _without_docstrings(ast.parse(source))
    name = next(node.name for node in tree.body if isinstance(node, (*_FUNCTIONS, ast.ClassDef)))
    original = ast.unparse(tree)
    seen_sources, diffs, mutants = {original}, dict[str, int](), []
    for what, mutated in _mutations(tree):
        if mutated in seen_sources:
            continue
        seen_sources.add(mutated)
        diff = _changed_lines(original, mutated)
        diffs[diff] = diffs.get(diff, 0) + 1
        if diffs[diff] > 1:  # the same line stands in the function twice
            diff += f"\n# {diffs[diff]}"
        mutants.append(Mutant(name, what, mutated + "\n", diff))
    return tuple(mutants)


def _mutations(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(what, whole mutated text), by changing one place of the tree at a time and putting it back."""
    for place in list(_places(tree)):
        node = place.node
        for what, replacement in _replacements(node, place):
            place.put(replacement)
            yield what, ast.unparse(ast.fix_missing_locations(tree))
            place.put([node])


@dataclass
class _Place:
    """Where a node hangs in the tree."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST
    width: int = 1  # how many nodes stand there now

    @property
    def is_statement(self) -> bool:
        return self.index is not None and isinstance(self.node, ast.stmt)

    def put(self, nodes: Sequence[ast.AST]) -> None:
        """Replace what stands here now."""
        if self.index is None:
            setattr(self.parent, self.field, nodes[0] if nodes else None)
            return
        siblings = getattr(self.parent, self.field)
        siblings[self.index : self.index + self.width] = nodes
        self.width = len(nodes)


def _places(parent: ast.AST) -> Iterator[_Place]:
    for field, value in ast.iter_fields(parent):
        if field in ("annotation", "returns", "type_params", "op", "ops", "ctx"):
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(child, ast.AST):
                yield _Place(parent, field, index, child)
                if not _is_left_alone(child):
                    yield from _places(child)


def _is_left_alone(node: ast.AST) -> bool:
    """What is only said, or only asserted by the solution's author (``zip(..., strict=True)``)."""
    return isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr)) or (
        isinstance(node, ast.keyword) and node.arg == "strict"
    )


def _replacements(node: ast.AST, place: _Place) -> Changes:
    """What could stand where ``node`` stands."""
    kinds = _STATEMENTS if place.is_statement else _EXPRESSIONS
    for kind, changes in kinds.items():
        if isinstance(node, kind):
            yield from changes(node)
    if place.is_statement and not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Pass)):
        yield "dropped statement", [ast.Pass()]


def _constant(node: ast.Constant) -> Changes:
    others: Sequence[float] = ()
    match node.value:
        case bool():
            others = [not node.value]
        case int():
            others = {0: [1], 1: [0, 2]}.get(node.value, [node.value + 1, node.value - 1])
        case float():
            others = [2.0 * node.value, 0.0] if node.value else [1.0]
    for other in others:
        yield "constant", [ast.Constant(other)]


def _and_or(node: ast.BoolOp) -> Changes:
    yield "and/or", [ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)]
    for value in node.values:
        yield "dropped condition", [value]


def _comparison(node: ast.Compare) -> Changes:
    for number, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            ops = [*node.ops[:number], other(), *node.ops[number + 1 :]]
            yield "comparison", [ast.Compare(node.left, ops, node.comparators)]


def _sign_or_not(node: ast.UnaryOp) -> Changes:
    yield "dropped sign or not", [node.operand]


def _branches(node: ast.IfExp) -> Changes:
    yield "swapped branches", [ast.IfExp(node.test, node.orelse, node.body)]


def _filter(node: ast.comprehension) -> Changes:
    if node.ifs:
        yield "dropped filter", [ast.comprehension(node.target, node.iter, [], node.is_async)]


def _definition(node: ast.FunctionDef | ast.ClassDef) -> Changes:
    for number in range(len(node.decorator_list)):
        other = copy.copy(node)
        other.decorator_list = node.decorator_list[:number] + node.decorator_list[number + 1 :]
        yield "dropped decorator", [other]
    if isinstance(node, ast.FunctionDef):
        empty = copy.copy(node)
        empty.body = [ast.Raise(exc=ast.Name("NotImplementedError", ast.Load()))]
        yield "not implemented", [empty]


def _accumulation(node: ast.AugAssign) -> Changes:
    for operator in _OPERATORS.get(type(node.op), ()):
        yield "operator", [ast.AugAssign(node.target, operator(), node.value)]
    yield "assigned, not accumulated", [ast.Assign([node.target], node.value)]


def _condition(node: ast.If) -> Changes:
    yield "negated condition", [ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)]
    yield "dropped condition", list(node.body)


def _loop(node: ast.For | ast.While) -> Changes:
    once = copy.copy(node)
    once.body = [*node.body, ast.Break()]
    yield "only one round", [once]


def _with(node: ast.With) -> Changes:
    yield "dropped with", list(node.body)


def _jump(node: ast.Break | ast.Continue) -> Changes:
    yield "break/continue", [ast.Continue() if isinstance(node, ast.Break) else ast.Break()]


def _returned(node: ast.Return) -> Changes:
    elements = node.value.elts if isinstance(node.value, ast.Tuple) else []
    for number in range(len(elements) - 1):
        yield "order of returned values", [ast.Return(ast.Tuple(_swapped(elements, number), ast.Load()))]


def _swapped(items: Sequence[ast.expr], number: int) -> list[ast.expr]:
    """The items with two neighbours swapped."""
    return [*items[:number], items[number + 1], items[number], *items[number + 2 :]]


def _binary(node: ast.BinOp) -> Changes:
    for operator in _OPERATORS.get(type(node.op), ()):
        yield "operator", [ast.BinOp(node.left, operator(), node.right)]
    if isinstance(node.op, _ORDERED):
        yield "swapped operands", [ast.BinOp(node.right, node.op, node.left)]
    yield "dropped term", [node.left]
    yield "dropped term", [node.right]


def _calls(node: ast.Call) -> Changes:
    name = _last_name(node.func)
    for number, keyword in enumerate(node.keywords):
        if _is_left_alone(keyword):
            continue
        others = node.keywords[:number] + node.keywords[number + 1 :]
        yield f"dropped {keyword.arg or '**'}=", [ast.Call(node.func, node.args, others)]
    if name not in _COMMUTATIVE:
        for number in range(len(node.args) - 1):
            yield "swapped arguments", [ast.Call(node.func, _swapped(node.args, number), node.keywords)]
    if name == "range":
        yield from _ranges(node)
    if len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield f"dropped {name}()", [node.args[0]]
    elif len(node.args) == 2 and name in _COMMUTATIVE:
        for arg in node.args:
            yield f"dropped {name}()", [arg]
    if isinstance(node.func, ast.Attribute) and not _is_library(node.func.value):
        yield f"dropped .{name}()", [node.func.value]


def _ranges(node: ast.Call) -> Changes:
    one = ast.Constant(1)
    if len(node.args) == 1:
        yield "range off by one", [ast.Call(node.func, [one, node.args[0]], [])]
    for number, bound in enumerate(node.args[:2]):
        for operator in (ast.Add(), ast.Sub()):
            args = [*node.args[:number], ast.BinOp(bound, operator, one), *node.args[number + 1 :]]
            yield "range off by one", [ast.Call(node.func, args, [])]


def _attributes(node: ast.Attribute) -> Changes:
    if node.attr in ("T", "mT", "data"):
        yield f"dropped .{node.attr}", [node.value]
    if node.attr in _COUSINS:
        yield _COUSINS[node.attr], [ast.Attribute(node.value, _COUSINS[node.attr], node.ctx)]


def _slices(node: ast.Slice) -> Changes:
    if node.lower is not None:
        yield "slice bound", [ast.Slice(None, node.upper, node.step)]
    if node.upper is not None:
        yield "slice bound", [ast.Slice(node.lower, None, node.step)]
    if node.step is not None:
        yield "slice step", [ast.Slice(node.lower, node.upper, None)]
    for operator in (ast.Add(), ast.Sub()):
        if node.upper is not None and not isinstance(node.upper, ast.Constant):
            yield "slice bound", [ast.Slice(node.lower, ast.BinOp(node.upper, operator, ast.Constant(1)), node.step)]


_STATEMENTS: Mapping[Any, Callable[[Any], Changes]] = {
    (ast.FunctionDef, ast.ClassDef): _definition,
    ast.AugAssign: _accumulation,
    ast.If: _condition,
    (ast.For, ast.While): _loop,
    ast.With: _with,
    (ast.Break, ast.Continue): _jump,
    ast.Return: _returned,
}
_EXPRESSIONS: Mapping[Any, Callable[[Any], Changes]] = {
    ast.Constant: _constant,
    ast.BinOp: _binary,
    ast.BoolOp: _and_or,
    ast.UnaryOp: _sign_or_not,
    ast.Compare: _comparison,
    ast.Call: _calls,
    ast.Attribute: _attributes,
    ast.Slice: _slices,
    ast.IfExp: _branches,
    ast.comprehension: _filter,
}


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_library(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return (isinstance(node, ast.Name) and node.id in _LIBRARIES) or (
        isinstance(node, ast.Call) and _last_name(node.func) == "super"
    )


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _changed_lines(original: str, mutated: str) -> str:
    """The lines that differ, under the function they stand in."""
    before = original.splitlines()
    lines = list(difflib.unified_diff(before, mutated.splitlines(), lineterm="", n=0))[2:]
    first = int(lines[0].split()[1].lstrip("-").split(",")[0])  # "@@ -12,2 +12 @@"
    changed = [line for line in lines if not line.startswith("@@")]
    if all(line.startswith("+") for line in changed):
        changed.insert(0, f" {before[first - 1]}")  # say where it was added
    removes_definition = changed[0][1:].lstrip().startswith(("def ", "class ", "@"))
    where = _enclosing(before, first - 1 if removes_definition else first)
    indent = min(len(line[1:]) - len(line[1:].lstrip()) for line in changed)
    return normalised("\n".join([f"@ {where}", *(line[0] + " " + line[1 + indent :] for line in changed)]))


def _enclosing(lines: Sequence[str], number: int) -> str:
    """The qualified name of what line ``number`` (from 1) stands in."""
    found: list[str] = []
    level = len(lines[number - 1]) - len(lines[number - 1].lstrip()) + 1 if number else 0
    for line in reversed(lines[:number]):
        indent = len(line) - len(line.lstrip())
        words = line.split("(")[0].split(":")[0].split()
        if indent < level and words and words[0] in ("def", "class"):
            found.append(words[1])
            level = indent
    return ".".join(reversed(found)) or "the definition"
