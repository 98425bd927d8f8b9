"""Marks without any protection: what the benchmark compares grading with.

Cells and checks run in one process, nothing is isolated, explained or written. ``points`` keeps the rules of the
referee that decide marks (docs/grading.md): conditions, partial credit, one error costs once.
Stock nbgrader's check cells call :func:`mark` in the student's kernel; the floor calls :func:`points_of_all`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from autograder.authored import read_lesson
from autograder.checking import run_check, source_endings, verdict_of
from autograder.checks.host import InProcess
from autograder.lesson import Exercise
from autograder.referee import Referee
from autograder.submission import Submission, find_definition, same_code
from autograder.verdict import CheckVerdict, Status, exercise_points, exercise_status

Names = dict[str, Any]
Cells = Sequence[tuple[str, str]]  # (the definition that the cell answers or "", its source)


@cache
def referee_of(root: Path, key: str) -> Referee:
    """A lesson's checks, solution and stubs, read once a process."""
    return Referee(read_lesson(root, key), parent=None, secret=b"")


def points_of_all(referee: Referee, submission: Submission) -> dict[str, float | None]:
    """The floor: execute the cells, call the checks."""
    cells = [(cell.name if cell.name in submission.answers else "", cell.source) for cell in submission.cells]
    names = executed(cells)
    return {exercise.name: points(referee, exercise, names, cells) for exercise in referee.lesson.exercises}


def mark(name: str, names: Names, typed: Sequence[str]) -> float | None:
    """The points of an exercise, as the value of a check cell in a kernel whose input history is ``typed``."""
    root, key = Path(os.environ["BENCHMARK_COURSE"]), os.environ["BENCHMARK_LESSON"]
    referee = referee_of(root, key)
    texts = [text for text in typed if text and not text.startswith("from marking import")]
    cells = [(next((d for d in referee.stubs if find_definition(text, d) is not None), ""), text) for text in texts]
    return points(referee, referee.lesson.by_name[name], names, cells)


def executed(cells: Cells, *, instead: Mapping[str, str] | None = None) -> Names:
    """The names after running cells; some definitions may be given by other source."""
    names: Names = {"__name__": "__main__"}
    for definition, source in cells:
        try:
            exec(compile((instead or {}).get(definition, source), f"cell:{definition}", "exec"), names)  # noqa: S102
        except Exception:  # noqa: BLE001, S112 - as in a notebook, the next cell runs all the same
            continue
    return names


def points(referee: Referee, exercise: Exercise, names: Names, cells: Cells) -> float | None:
    """The better of: with the student's own earlier exercises, with the solution's."""
    answer = next((source for definition, source in cells if definition == exercise.definition), "")
    if not answer or same_code(answer, referee.stubs[exercise.definition]):
        return 0.0
    status, own = _judged(referee, exercise, names, answer)
    if status is Status.PASSED or not exercise.needs:
        return own
    lesson = referee.lesson
    needed = {lesson.by_name[name].definition for name in lesson.transitive_needs(exercise.name)}
    instead = {name: referee.solution.answers[name] for name in needed - {exercise.definition}}
    _, helped = _judged(referee, exercise, executed(cells, instead=instead), answer)
    return None if own is None or helped is None else max(own, helped)


def _judged(referee: Referee, exercise: Exercise, names: Names, answer: str) -> tuple[Status, float | None]:
    start = referee.stubs[exercise.definition]
    verdicts = [
        CheckVerdict("source", title, kind, 1.0, ending.status, ending.message)
        for kind, title, ending in source_endings(exercise, answer, start)
    ]
    for check in referee.checks:
        if check.mark.exercise == exercise.name:
            host = InProcess(names, {}, refuse=exercise.forbidden)
            ending = run_check(check, host, seed=zlib.crc32(check.name.encode()))
            verdicts.append(verdict_of(check, ending))
    return exercise_status(verdicts), exercise_points(verdicts, exercise.points)
