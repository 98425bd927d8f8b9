"""Marks without any protection: what the benchmark compares grading with.

Cells and checks run in one process, nothing is isolated, explained or written. ``points`` keeps the rules of the
referee that decide marks (docs/grading.md): conditions, partial credit, one error costs once.
Stock nbgrader's check cells call :func:`mark` in the student's kernel; the floor calls :func:`points_of_all`.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from autograder.authored import read_lesson
from autograder.checking import run_check, source_verdicts, verdict_of
from autograder.checks.host import Host, InProcess
from autograder.lesson import Exercise
from autograder.referee import Referee
from autograder.submission import Cell, Role, Submission, find_definition, same_code
from autograder.trusted import TrustedDesk
from autograder.verdict import Status, exercise_points, exercise_status

MakeHost = Callable[..., Host]  # takes ``refuse``: the names that an exercise forbids


@cache
def referee_of(root: Path, key: str) -> Referee:
    """A lesson's checks, solution and stubs, read once a process."""
    return Referee(read_lesson(root, key), parent=None, secret=b"")


def points_of_all(referee: Referee, submission: Submission) -> dict[str, float | None]:
    """The floor: execute the cells, call the checks."""
    make_host = executed(submission)
    return {exercise.name: points(referee, exercise, submission, make_host) for exercise in referee.lesson.exercises}


def mark(name: str, names: dict[str, Any], typed: Sequence[str]) -> float | None:
    """The points of an exercise, as the value of a check cell in a kernel whose input history is ``typed``."""
    referee = referee_of(Path(os.environ["BENCHMARK_COURSE"]), os.environ["BENCHMARK_LESSON"])
    texts = [text for text in typed if text and not text.startswith("from marking import")]
    submission = submission_typed(referee, texts)
    return points(referee, referee.lesson.by_name[name], submission, partial(InProcess, names))


def submission_typed(referee: Referee, texts: Sequence[str]) -> Submission:
    """The texts of executed cells as what is graded."""
    cells, stubs = [], referee.stubs
    for text in texts:
        answered = next((name for name in stubs if find_definition(text, name) is not None), None)
        cells.append(Cell(Role.GIVEN, "", text) if answered is None else Cell(Role.ANSWER, answered, text))
    answers = {cell.name: cell.source for cell in cells if cell.role is Role.ANSWER}
    differing = frozenset(name for name, source in answers.items() if not same_code(source, stubs[name]))
    return Submission(referee.lesson.key, tuple(cells), differing)


def executed(submission: Submission) -> MakeHost:
    """Run a submission's cells here; what makes hosts for their names."""
    desk = TrustedDesk()
    desk.execute(submission.cells)
    return desk.host


def points(referee: Referee, exercise: Exercise, submission: Submission, make_host: MakeHost) -> float | None:
    """The better of: with the student's own earlier exercises, with the solution's."""
    if exercise.definition not in submission.answered:
        return 0.0
    status, own = _judged(referee, exercise, submission, make_host)
    if status is Status.PASSED or not exercise.needs:
        return own
    lesson = referee.lesson
    needed = {lesson.by_name[name].definition for name in lesson.transitive_needs(exercise.name)}
    solved = {name: referee.solution.answers[name] for name in needed - {exercise.definition}}
    _, helped = _judged(referee, exercise, submission, executed(submission.with_answers(solved)))
    return None if own is None or helped is None else max(own, helped)


def _judged(
    referee: Referee, exercise: Exercise, submission: Submission, make_host: MakeHost
) -> tuple[Status, float | None]:
    verdicts = source_verdicts(exercise, submission.answers[exercise.definition], referee.stubs[exercise.definition])
    for check in referee.checks:
        if check.mark.exercise == exercise.name:
            ending = run_check(check, make_host(refuse=exercise.forbidden), seed=zlib.crc32(check.name.encode()))
            verdicts.append(verdict_of(check, ending))
    return exercise_status(verdicts), exercise_points(verdicts, exercise.points)
