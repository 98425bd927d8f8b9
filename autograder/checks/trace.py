"""TRACE exercises: the learner predicts what a small program gives, and types a dictionary of literals.

A :class:`Program` is text that everyone may run; the right answers are what running it gives, so they are written
nowhere. ``autograder.programs`` has the seeded generators that lessons and checks share.
"""

from __future__ import annotations

import ast
import difflib
import math
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.failure import CheckFailure
from autograder.checks.plain import as_array, described, is_a, is_tensor, type_cause
from autograder.parsed import parsed

TOLERANCE = 1e-3  # relative: four digits are enough
_MOST_NAMED = 4
_LITERAL = (
    ast.Assign, ast.BinOp, ast.Constant, ast.Dict, ast.List, ast.Name, ast.Return, ast.Tuple, ast.UnaryOp,
    ast.expr_context, ast.operator, ast.unaryop,
)  # fmt: skip


@dataclass(frozen=True)
class Program:
    """A small program to predict.

    Attributes:
        text: Python statements; they find ``np`` and ``torch``.
        asked: Expressions whose values, after the statements ran, are the answers. They are evaluated in order, and
            may have effects. Where one raises, the answer is the name of the exception's class.
    """

    text: str
    asked: tuple[str, ...]

    def run(self) -> dict[str, Any]:
        """Execute the program, and evaluate what is asked into numbers, text, lists and tuples.

        Raises:
            Exception: Whatever a statement of the program raises.
        """
        import torch

        names: dict[str, Any] = {"np": np, "torch": torch}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns of what such programs are about
            exec(compile(self.text, "<program>", "exec"), names)  # noqa: S102 - the course's own code
            return {expression: _value_of(expression, names) for expression in self.asked}


def _value_of(expression: str, names: dict[str, Any]) -> Any:
    try:
        return _literal(eval(expression, names))  # noqa: S307 - the course's own code
    except Exception as error:  # noqa: BLE001 - that it raises may be the answer
        return type(error).__name__


def _literal(value: Any) -> Any:
    """A value as somebody would type it."""
    if is_tensor(value) or isinstance(value, np.ndarray | np.generic):
        return as_array(value).tolist()
    if isinstance(value, tuple):  # torch.Size is one
        return tuple(_literal(item) for item in value)
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def computed_in(answer: str, function: str) -> str:
    """The first thing in a TRACE's answer that is computed, not typed, as text; "" if all is literals.

    Raises:
        SyntaxError: If the answer is not Python.
    """
    for node in parsed(answer).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return _computed(node)
    return ""


def _computed(function: ast.FunctionDef) -> str:
    own = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for statement in function.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue  # the docstring
        for node in ast.walk(statement):
            if not isinstance(node, _LITERAL) or (isinstance(node, ast.Name) and node.id not in own):
                return ast.unparse(node).split("\n")[0]
    return ""


def assert_trace(
    actual: Any,
    expected: Mapping[str, Any],
    *,
    keys: Collection[str] | None = None,
    known: Sequence[tuple[str, Any, str]] = (),
    cause: str = "",
    name: str = "your prediction",
) -> None:
    """Compare a predicted dictionary with what the program gives; a failure never tells the right value.

    Numbers agree within a relative 1e-3 (four digits are enough); a list and a tuple of the same entries are equal;
    True is not 1.

    Args:
        actual: What the learner typed.
        expected: From :meth:`Program.run`.
        keys: The entries to compare; all by default.
        known: (entry, wrong value, sentence): what people often type, and why it is wrong.
        cause: What to say where none of these is it.
        name: What to call the dictionary in messages.
    Raises:
        CheckFailure: Naming the entries that are missing, unknown or wrong.
    """
    __tracebackhide__ = True
    if not is_a(actual, dict):
        raise CheckFailure(f"{name}: expected a dictionary, got {described(actual)}.", cause=type_cause(actual))
    wanted = [key for key in expected if keys is None or key in keys]
    for key in wanted:
        if key not in actual:
            raise CheckFailure(f"{name}: there is no entry {key!r}.", cause=_misspelt(key, actual, expected), name=name)
        kind, got = _kind(expected[key]), _kind(actual[key])
        if kind != got and not {kind, got} & {"text", "None"}:  # that something raises, or is None, is an answer
            raise CheckFailure(f"{name}: entry {key!r} is {kind}; you typed {got}.", name=name)
    wrong = [key for key in wanted if not _agree(actual[key], expected[key])]
    if wrong:
        listed = ", ".join(map(repr, wrong[:_MOST_NAMED])) + (", ..." if len(wrong) > _MOST_NAMED else "")
        verb = "is" if len(wrong) == 1 else "are"
        raise CheckFailure(
            f"{name}: {len(wrong)} of {len(wanted)} {verb} not what the program gives: {listed}.",
            cause=_known_cause(wrong, actual, known) or cause,
            name=name,
        )


def _known_cause(wrong: Sequence[str], actual: Mapping[str, Any], known: Sequence[tuple[str, Any, str]]) -> str:
    found = {says: key for key, value, says in known if key in wrong and _agree(actual[key], value)}
    return next(iter(found)) if len(found) == 1 else ""


def _misspelt(key: str, actual: Mapping[Any, Any], expected: Mapping[str, Any]) -> str:
    unknown = [str(name) for name in actual if name not in expected]
    close = difflib.get_close_matches(key, unknown, n=1)
    return f"you have {close[0]!r}, which nobody asks for: copy the keys as they are." if close else ""


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "True or False"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list or tuple" if isinstance(value, list | tuple) else described(value)


def _agree(actual: Any, expected: Any) -> bool:
    if _kind(actual) != _kind(expected):
        return False
    if isinstance(expected, list | tuple):
        return len(actual) == len(expected) and all(map(_agree, actual, expected))
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return math.isclose(actual, expected, rel_tol=TOLERANCE, abs_tol=1e-9)
    return bool(actual == expected)
