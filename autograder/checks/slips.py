"""Slips that the text of an answer shows for certain: what it does is not what anybody would mean.

They explain a check that failed without a cause of its own. None is a matter of style.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from autograder.checks.names import near

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_QUOTED = 60  # characters of a line that is quoted


def slip_in(answer: str, *, despite: str = "") -> str:
    """One sentence on the first slip in the text of an answer; "" if it shows none, or is no Python.

    Args:
        answer: The text of a function or class.
        despite: A cause that is known already: then only a slip is told that explains more than it.
    """
    try:
        tree = ast.parse(answer)
        looks = _LOOKS if not despite else _STRONG
        found = next((sentence for look in looks for sentence in look(tree)), "")
        if not found and (not despite or " contains inf" in despite or " contains NaN" in despite):
            found = next(_axis_lost(tree), "")
        return found or ("" if despite else _turned_round(answer))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))


def _own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop(0)
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef)):
            stack = [*ast.iter_child_nodes(node), *stack]


def _quoted(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n")[0]
    return f"`{text if len(text) <= _QUOTED else text[: _QUOTED - 3] + '...'}`"


def _loops_that_end_at_once(tree: ast.AST) -> Iterator[str]:
    for loop in ast.walk(tree):
        if isinstance(loop, ast.For | ast.While) and isinstance(loop.body[-1], ast.Return):
            skips = any(isinstance(node, ast.Continue) for part in loop.body for node in ast.walk(part))
            if not skips:
                head = _quoted(loop).strip("`").rstrip(":")
                yield (
                    f"the loop `{head}` ends in its first round, because {_quoted(loop.body[-1])} stands inside it: is "
                    "it indented too far?"
                )


def _not_called(tree: ast.AST) -> Iterator[str]:
    for function in _functions(tree):
        for node in _own(function):
            if not isinstance(node, ast.Expr):
                continue
            if isinstance(node.value, ast.Attribute | ast.Name):
                text = _quoted(node.value)
                yield f"the line {text} does nothing: are the brackets of a call missing, {text[:-1]}()`?"
            elif isinstance(node.value, ast.BinOp | ast.UnaryOp | ast.Subscript | ast.Compare):
                advice = "`=` stores it" if isinstance(node.value, ast.Compare) else "store or return it"
                yield f"the line {_quoted(node.value)} computes a value that nothing keeps: {advice}."


def _only_renamed(tree: ast.AST) -> Iterator[str]:
    """A parameter, or what a loop goes over, that gets a new array where nothing is returned."""
    for function in _functions(tree):
        nodes = list(_own(function))
        if function.name == "__init__" or any(isinstance(node, ast.Return) and node.value for node in nodes):
            continue
        if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes):
            continue
        for name in _given(function, nodes):
            stored = [node for node in nodes if isinstance(node, ast.Assign) and _stores(node, name)]
            if len(stored) == 1 and _is_update(stored[0], name) and not _read_after(stored[0], name, nodes):
                yield (
                    f"{_quoted(stored[0])} gives the name {name} a new value, and the caller's array stays as it was: "
                    f"change it in place, as in `{name}[...] = ...` or `{name} -= ...`."
                )


def _given(function: Function, nodes: Sequence[ast.AST]) -> list[str]:
    """The names of what comes from outside: parameters, and what loops go over."""
    parameters = [one.arg for one in (*function.args.args, *function.args.kwonlyargs) if one.arg != "self"]
    targets = [node.target for node in nodes if isinstance(node, ast.For)]
    return [*parameters, *(name.id for one in targets for name in ast.walk(one) if isinstance(name, ast.Name))]


def _stores(node: ast.Assign, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in node.targets)


def _is_update(stored: ast.Assign, name: str) -> bool:
    """`p = p - ...`, or `p = self.best`: not the next value of a computation, as in `x = layer(x)`."""
    match stored.value:
        case ast.BinOp(left=ast.Name(id=left)):
            return left == name
        case ast.Attribute():
            return True
    return False


def _read_after(stored: ast.Assign, name: str, nodes: Sequence[ast.AST]) -> bool:
    """Whether the name is read in a later line than the one that stores it."""
    last = stored.end_lineno or 0
    reads = [
        node for node in nodes if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    return any(node.lineno > last for node in reads)


def _local_for_attribute(tree: ast.AST) -> Iterator[str]:
    """In a method, a variable that nothing reads, named like an attribute of the object."""
    for definition in ast.walk(tree):
        if not isinstance(definition, ast.ClassDef):
            continue
        attributes = {
            node.attr
            for node in ast.walk(definition)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        }
        for method in (node for node in definition.body if isinstance(node, _FUNCTIONS)):
            for name, stored in _never_read(method):
                if name in attributes:
                    yield (
                        f"{_quoted(stored)} gives a value to a variable of `{method.name}` that nothing reads: the "
                        f"object's attribute is `self.{name}`."
                    )


def _never_read(function: Function) -> Iterator[tuple[str, ast.Assign]]:
    every = list(ast.walk(function))
    read = {node.id for node in every if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}
    shared = {name for node in every if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}
    for node in every:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id not in read | shared and not target.id.startswith("_"):
                    yield target.id, node


def _misspelt_variable(tree: ast.AST) -> Iterator[str]:
    """A variable that nothing reads, and another whose name is nearly the same."""
    for function in _functions(tree):
        stored = [node.id for node in ast.walk(function) if isinstance(node, ast.Name)]
        for name, assignment in _never_read(function):
            found = [other for other in dict.fromkeys(stored) if _is_a_letter_apart(name, other)]
            if len(found) == 1:
                yield f"{_quoted(assignment)} stores what nothing reads: is `{found[0]}` meant in place of `{name}`?"


def _is_a_letter_apart(name: str, other: str) -> bool:
    """One letter doubled, missing, too many, or exchanged with its neighbour; x_mean is no slip for y_mean."""
    short, long = sorted((name, other), key=len)
    if len(short) < 3 or not near(name, [other]):
        return False
    if len(short) == len(long):
        return sorted(short) == sorted(long)
    gone = [long[i] for i in range(len(long)) if long[:i] + long[i + 1 :] == short]
    return bool(gone) and gone[0].isalpha()


def _one_object_many_times(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(op=ast.Mult(), left=ast.List(elts=[ast.Dict() | ast.List() | ast.Set() | ast.Call()])):
                yield (
                    f"{_quoted(node)} is a list of one and the same object several times over: a change of one entry "
                    "changes all. Make a new one in each round of a loop."
                )


def _default_that_lives_on(tree: ast.AST) -> Iterator[str]:
    for function in _functions(tree):
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args]
        pairs: list[tuple[ast.arg, ast.expr | None]] = [
            *zip(named[len(named) - len(arguments.defaults) :], arguments.defaults, strict=True)
        ]
        pairs += [pair for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if pair[1] is not None]
        for argument, default in pairs:
            if isinstance(default, ast.List | ast.Dict | ast.Set) and _is_changed(argument.arg, function):
                yield (
                    f"the default `{argument.arg}={ast.unparse(default)}` is made once, and every call goes on "
                    "with what the last one left in it: use None, and make a new one inside."
                )


def _is_changed(name: str, function: Function) -> bool:
    changing = {"append", "extend", "insert", "update", "setdefault", "add", "pop", "clear"}
    for node in ast.walk(function):
        match node:
            case ast.Subscript(value=ast.Name(id=owner), ctx=ast.Store()) if owner == name:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)) if (
                owner == name and method in changing
            ):
                return True
    return False


def _unfinished(tree: ast.AST) -> Iterator[str]:
    for function in _functions(tree):
        body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
        match body:
            case [] | [ast.Pass()] | [ast.Expr(value=ast.Constant(value=builtins.Ellipsis))]:
                yield f"the body of `{function.name}` is not written yet."


def _self_in_function(tree: ast.AST) -> Iterator[str]:
    for function in getattr(tree, "body", []):
        if isinstance(function, _FUNCTIONS) and function.args.args and function.args.args[0].arg == "self":
            yield (
                f"`{function.name}` is a function of no class, but its first parameter is `self`: all arguments arrive "
                "one place too early. Its signature must stay as it was given."
            )


_REDUCTIONS = frozenset({"sum", "mean", "max", "min", "std", "var", "amax", "amin"})


def _axis_lost(tree: ast.AST) -> Iterator[str]:
    """`x - x.max(axis=1)`: the reduction lost its axis, and lines up with the columns instead of the rows."""
    for function in _functions(tree):
        kept: dict[str, str] = {}  # variable -> what it is a reduction of
        for node in _own(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    kept.pop(name, None)
                    if _reduced(value):
                        kept[name] = _reduced(value)
                case ast.BinOp(left=left, right=right):
                    of = kept.get(right.id, "") if isinstance(right, ast.Name) else _reduced(right)
                    if of and of == ast.unparse(left):
                        yield (
                            f"in {_quoted(node)} the axis that was reduced is gone, so the numbers line up with the "
                            "wrong axis: with keepdims=True it stays."
                        )


def _reduced(node: ast.AST) -> str:
    """The text of what a call reduces over an axis other than the first, without keepdims; "" for all else."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "torch"), attr=attr), args=[owner, *rest]):
            pass
        case ast.Call(func=ast.Attribute(value=owner, attr=attr), args=rest):
            pass
        case _:
            return ""
    given = {one.arg: one.value for one in node.keywords}
    axis = given.get("axis", given.get("dim", rest[0] if rest else None))
    first = axis is None or (isinstance(axis, ast.Constant) and axis.value in {0, None})
    return "" if attr not in _REDUCTIONS or first or given.keys() & {"keepdims", "keepdim"} else ast.unparse(owner)


_STRONG: tuple[Callable[[ast.AST], Iterator[str]], ...] = (
    _unfinished,
    _self_in_function,
    _local_for_attribute,
    _loops_that_end_at_once,
)
_LOOKS = (
    *_STRONG,
    _only_renamed,
    _one_object_many_times,
    _default_that_lives_on,
    _misspelt_variable,
    _not_called,
)


def _turned_round(answer: str) -> str:
    """`x =- y`, which stores -y."""
    match = re.search(r"^\s*([\w.\[\]\"']+) =([-+]) \S", answer, re.MULTILINE)
    if match is None:
        return ""
    name, sign = match.groups()
    return f"`{name} ={sign} ...` stores `{sign}...`; what changes {name} by something is `{name} {sign}= ...`."


def prints_something(answer: str) -> bool:
    """Whether an answer shows a value with print."""
    try:
        nodes = list(ast.walk(ast.parse(answer)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = [node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return "print" in calls
