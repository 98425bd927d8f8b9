"""What a learner may ask for: hints one after another, and the solution."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from autograder.authored import Module
from autograder.desk import PublicLesson, answers_on_desk
from autograder.learner.progress import Progress
from autograder.wording import hint_text

if TYPE_CHECKING:
    from rich.console import RenderableType

WIDE = 150  # columns of a terminal in which two pieces of code fit side by side
_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def next_hint(root: Path, lesson: PublicLesson, name: str, *, number: int | None = None, again: str = "") -> str:
    """A hint that was not shown yet, or the one asked for by number; the last one again when all were shown.

    ``again`` says how to get the next.
    """
    exercise, progress = lesson.exercise(name), Progress.read(root)
    standing = progress.standing(lesson.key, name)
    total = len(exercise.hints)
    wanted = min(standing.hints + 1, total) if number is None else number
    if standing.hints < wanted <= total:
        progress.having(lesson.key, name, replace(standing, hints=wanted)).write()
    command = f"autograder hint {lesson.key} {name}"
    words = hint_text(exercise, wanted, again=again or command)
    if number is None and standing.hints >= total > 0:
        words += f"\nThere are no more. An earlier one again: {command} 1"
    return words


def solution(root: Path, lesson: PublicLesson, name: str, *, again: str, width: int) -> Iterator[RenderableType]:
    """The solution of an exercise beside the learner's answer, or, the first time and before it is solved, a refusal.

    Args:
        root: The clone.
        lesson: The lesson.
        name: The exercise.
        again: How to ask once more.
        width: Columns of the terminal.
    """
    exercise, progress = lesson.exercise(name), Progress.read(root)
    standing = progress.standing(lesson.key, name)
    progress.having(lesson.key, name, replace(standing, asked=standing.asked + 1)).write()
    left = len(exercise.hints) - standing.hints
    if not (standing.was_solved or standing.asked):
        yield Text(f"{name} is not solved yet, and you learn most by solving it yourself.")
        if left:
            hints = "1 hint" if left == 1 else f"{left} hints"
            yield Text(f"There is more help: {hints} that you have not seen. autograder hint {lesson.key} {name}")
        yield Text(f"If you want to see the solution all the same, ask once more: {again}")
        return
    ours = solution_text(root, lesson, name)
    mine = answers_on_desk(root / "exercises" / lesson.key, lesson).get(exercise.definition)
    if mine is None:
        yield Text(f"The solution of {name}:\n", style="bold")
        yield _highlighted(ours)
    elif width >= WIDE:
        yield from _side_by_side(_without_docstrings(mine.source), ours)
    else:
        yield Text("From yours (-) to the solution (+):\n", style="bold")
        yield _difference(_without_docstrings(mine.source), ours)


def solution_text(root: Path, lesson: PublicLesson, name: str) -> str:
    """The reference implementation of an exercise's definition, without the marks of its authors.

    Its docstrings are left out, as they are in the learner's file already.
    """
    path = root / "solutions" / lesson.key / f"{lesson.module}.py"
    source = Module(path, path.read_text(encoding="utf-8")).definitions[lesson.exercise(name).definition].source
    return _without_docstrings("\n".join(line for line in source.split("\n") if line.strip() not in _MARKS))


def _without_docstrings(source: str) -> str:
    """A definition's text without its docstrings; as it is, if Python cannot read it."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    firsts = [
        node.body[0] for node in ast.walk(tree) if isinstance(node, kinds) and ast.get_docstring(node) is not None
    ]
    left_out = {line for first in firsts for line in range(first.lineno, (first.end_lineno or first.lineno) + 1)}
    return "\n".join(line for number, line in enumerate(source.split("\n"), start=1) if number not in left_out)


def _highlighted(source: str) -> Text:
    from rich.syntax import Syntax

    text = Syntax("", "python", theme="ansi_dark", background_color="default").highlight(source)
    text.rstrip()
    text.no_wrap, text.overflow = False, "fold"
    return text


def _side_by_side(mine: str, ours: str) -> Iterator[RenderableType]:
    from rich.table import Table

    table = Table.grid(padding=(0, 4), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(Text("yours\n", style="bold"), Text("the solution\n", style="bold"))
    table.add_row(_highlighted(mine), _highlighted(ours))
    yield table


def _difference(mine: str, ours: str) -> Text:
    lines = list(difflib.unified_diff(mine.splitlines(), ours.splitlines(), lineterm="", n=3))[2:]
    if not lines:
        return Text("They are the same, to the letter.")
    text = Text()
    for line in lines:
        text.append(f"{line}\n", style=_COLOURS.get(line[:1], ""))
    text.rstrip()
    return text
