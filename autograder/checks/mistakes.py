"""Wrong answers that people really give: they test the checks, and explain a student's error to the student."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass


class MistakeError(Exception):
    """A mistake is written wrongly; the message is for its author."""


@dataclass(frozen=True)
class Mistake:
    """One wrong answer to an exercise, as edits of the solution or as a whole definition.

    Attributes:
        exercise: The exercise it fails.
        says: One sentence for the student who made it.
        edits: (old, new) replacements in the solution's definition, in order; each ``old`` occurs exactly once.
        answer: The whole wrong definition, instead of edits.
        name: Identifier for counting; the loader gives f"{exercise}-{n}" where it is empty.
    """

    exercise: str
    says: str
    edits: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    name: str = ""


def mistake_source(mistake: Mistake, definition_source: str) -> str:
    """The source of the wrong definition.

    Args:
        mistake: What is wrong.
        definition_source: The solution's definition (function or class) that the exercise lives in.

    Raises:
        MistakeError: If an ``old`` is not there exactly once, the result is not Python, does not differ from the
            solution, or defines something else.
    """
    label = mistake.name or mistake.exercise
    if bool(mistake.edits) == bool(mistake.answer):
        raise MistakeError(f'mistake {label!r} ("{mistake.says}"): give either edits or an answer')
    wrong = (
        textwrap.dedent(mistake.answer).strip("\n") + "\n" if mistake.answer else _edited(mistake, definition_source)
    )
    _require_another_definition(wrong, definition_source, label)
    return wrong


def _edited(mistake: Mistake, source: str) -> str:
    label = mistake.name or mistake.exercise
    for old, new in mistake.edits:
        count = source.count(old) if old else 0
        if count != 1:
            hint = "lengthen it until it is unique" if count else "copy it from the solution, spaces included"
            raise MistakeError(f"mistake {label!r}: {old!r} occurs {count} times in the definition, expected 1: {hint}")
        source = source.replace(old, new)
    return source


def _require_another_definition(wrong: str, solution: str, label: str) -> None:
    try:
        tree = ast.parse(wrong)
    except SyntaxError as error:
        raise MistakeError(f"mistake {label!r} is no valid Python in line {error.lineno}: {error.msg}") from error
    expected = ast.parse(solution)
    if ast.unparse(tree) == ast.unparse(expected):
        raise MistakeError(f"mistake {label!r} does not differ from the solution: it must change the code")
    missing = _defined(expected) - _defined(tree)
    if missing:
        raise MistakeError(f"mistake {label!r} does not define {', '.join(sorted(missing))}, as the solution does")


def _defined(tree: ast.Module) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in tree.body if isinstance(node, kinds)}
