"""``check("name")`` and ``hint("name")`` in a lesson's notebook."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.checking import Check, collect_checks, run_check, source_verdicts, verdict_of
from autograder.checks.host import InProcess
from autograder.desk import DeskError, PublicLesson
from autograder.lesson import Exercise
from autograder.submission import find_definition
from autograder.verdict import CheckVerdict, Status
from autograder.wording import describe_check, describe_exercise

PUBLIC_SEED = 6  # the public checks draw the same numbers every time: an error can be looked at twice


class NotYet(Exception):  # noqa: N818 - what a learner reads above the words of the check
    """The exercise does not pass yet. IPython shows the words only, no stack."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


def check(exercise: str) -> None:
    """Run the public checks of an exercise on what this notebook defines.

    Raises:
        NotYet: If it does not pass, with what was expected, what came and the likely cause.
    """
    lesson = PublicLesson.beside(Path.cwd())
    names = _notebook_names()
    found = _exercise(lesson, exercise)
    checks = collect_checks(Path.cwd() / f"test_{lesson.module}.py")
    for need in found.needs:
        if not _passes(lesson.exercises[need], checks, names):
            raise NotYet(f"{exercise} is skipped: it needs {need}, which does not pass yet. Run that check first.")
    start = lesson.facts.get("starts", {}).get(found.definition, "")
    source = _source_of(names, found)
    verdicts = [] if source is None else source_verdicts(found, source, start)
    verdicts += _verdicts(found, checks, names)
    failed = [verdict for verdict in verdicts if verdict.status is not Status.PASSED]
    if failed:
        hints = f'\nStuck? hint("{exercise}") shows a hint.' if found.hints else ""
        raise NotYet("\n\n".join(describe_check(verdict) for verdict in failed) + "\n" + hints)
    print(describe_exercise(exercise, len(verdicts), found.points))  # noqa: T201 - this is the notebook's answer


def hint(exercise: str, number: int = 1) -> None:
    """Show a hint for an exercise: 1 says where to look, the last names the idea."""
    lesson = PublicLesson.beside(Path.cwd())
    print(hint_text(_exercise(lesson, exercise), number, again=f'hint("{exercise}", {{}})'))  # noqa: T201 - this is the notebook's answer


def hint_text(exercise: Exercise, number: int, *, again: str) -> str:
    """One hint, and how to get the next: ``again`` with its number in place of {}."""
    total = len(exercise.hints)
    if not 1 <= number <= total:
        return f"{exercise.name} has hints 1 to {total}: there is no hint {number}."
    more = f"\nNext: {again.format(number + 1)}" if number < total else ""
    return f"Hint {number} of {total}: {exercise.hints[number - 1]}{more}"


def _exercise(lesson: PublicLesson, name: str) -> Exercise:
    if name not in lesson.exercises:
        raise DeskError(f"{lesson.key} has no exercise {name!r}. It has: {', '.join(lesson.exercises)}.")
    return lesson.exercises[name]


def _passes(exercise: Exercise, checks: tuple[Check, ...], names: Mapping[str, Any]) -> bool:
    return all(verdict.status is Status.PASSED for verdict in _verdicts(exercise, checks, names))


def _verdicts(exercise: Exercise, checks: tuple[Check, ...], names: Mapping[str, Any]) -> list[CheckVerdict]:
    host = InProcess(names, _cell_sources(), refuse=exercise.forbidden)
    verdicts: list[CheckVerdict] = []
    mine = [check for check in checks if check.mark.exercise == exercise.name]
    for one in mine:
        verdicts.append(verdict_of(one, run_check(one, host, seed=PUBLIC_SEED)))
        if verdicts[-1].status is Status.MISSING:
            break  # the others would say the same
    return verdicts


def _notebook_names() -> Mapping[str, Any]:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    names: Mapping[str, Any] = shell.user_ns if shell else vars(sys.modules["__main__"])
    return names


def _cell_sources() -> dict[str, str]:
    """The texts of the cells that were run, by the file names their code objects carry."""
    cells = [name for name in linecache.cache if "ipykernel" in name or name.startswith("<ipython-input")]
    return {name: "".join(linecache.getlines(name)) for name in cells}


def _source_of(names: Mapping[str, Any], exercise: Exercise) -> str | None:
    """The text of an answer as its cell has it; None if it is not known."""
    answer = names.get(exercise.definition)
    functions = [answer, *vars(answer).values()] if isinstance(answer, type) else [answer]
    codes = [getattr(function, "__code__", None) for function in functions]
    files = [code.co_filename for code in codes if code is not None]
    text = _cell_sources().get(files[0]) if files else None
    return None if text is None else find_definition(text, exercise.definition)


__all__ = ["NotYet", "check", "hint", "hint_text"]
