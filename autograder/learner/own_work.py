"""The hidden checks run by a learner on the own work: in this process, without a sandbox, told in a grader's words.

Whoever has the repository has the hidden checks too, so there is nobody to hide them from. They are run by the
referee, as for a class, with two differences: the learner's file is loaded as pytest loads it (everything in it runs,
and an error shows its line of the file), and the numbers that a check draws are the same every time, so that an
error can be looked at twice.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.checking import Ending
from autograder.checks.host import InProcess
from autograder.checks.shapes import NOT_STARTED
from autograder.desk import Attempt, DeskError, PublicLesson, load_attempt
from autograder.learner.practice import Desk, Judged, judge
from autograder.learner.progress import record
from autograder.lesson import Exercise, Lesson, Limits
from autograder.outputs import CellRun
from autograder.referee import Referee
from autograder.submission import Cell, Role, Submission, read_module, read_notebook, submission_of
from autograder.trusted import run_cell
from autograder.verdict import ExerciseVerdict, Status


class OwnDesk:
    """A desk of the referee's with the learner's file on it, and over that the solution's answers it asks for."""

    def __init__(self, path: Path, lesson: PublicLesson, submission: Submission) -> None:
        """Prepare to load the file."""
        self._path, self._lesson = path, lesson
        self._answers = submission.answers
        self._names: dict[str, Any] = {}
        self._sources: dict[str, str] = {}

    def execute(self, cells: Sequence[Cell], *, protected: frozenset[str], limits: Limits) -> list[CellRun]:
        """Load the file; then run those answers that are not the learner's."""
        del protected, limits
        attempt = load_attempt(self._path, self._lesson)
        self._names, self._sources = attempt.names, dict(attempt.sources)  # the file's own globals: its calls see them
        runs = []
        for cell in cells:
            is_own = cell.role is not Role.ANSWER or cell.source == self._answers.get(cell.name)
            runs.append(CellRun(cell.name, (), None) if is_own else run_cell(cell, self._names, self._sources))
        return runs

    def host(self, *, refuse: Sequence[str] = (), limits: Limits | None = None) -> InProcess:
        """A host for the fixture ``submission``; ``limits`` have no meaning here."""
        del limits
        return InProcess(self._names, self._sources, refuse=refuse)

    def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True)
class _File:
    """A learner's file, and what of it is graded."""

    path: Path
    submission: Submission


class OwnReferee(Referee):
    """A referee of the learner's own work."""

    def __init__(self, root: Path, lesson: PublicLesson) -> None:
        """Find the lesson's hidden checks, solution and mistakes.

        Raises:
            DeskError: If they are not there.
        """
        super().__init__(_lesson(root, lesson), parent=None, secret=b"")
        self._public = lesson
        self._file: _File | None = None

    def open_desk(self) -> OwnDesk:
        """The learner's file, loaded anew."""
        assert self._file is not None, "judge_own says which file before it asks"  # noqa: S101 - its promise
        return OwnDesk(self._file.path, self._public, self._file.submission)

    def seed(self, check: str, submission: Submission, student: str) -> int:
        """The same numbers for a check every time, whatever is edited in between."""
        del submission, student
        return int.from_bytes(hashlib.sha256(check.encode()).digest()[:8], "big")

    def judge_own(self, desk: Desk, exercises: Sequence[Exercise]) -> Iterator[Judged]:
        """Reach verdicts on exercises one by one, each in the file where it differs from its stub."""
        for exercise in exercises:
            attempt = desk.attempt(exercise)
            if attempt is None:
                untouched = desk.ending_before(exercise) or Ending(Status.MISSING, NOT_STARTED)
                yield Judged(_unjudged(exercise, untouched), untouched.message)
            elif isinstance(attempt, Ending):
                file = desk.judged_in[exercise.definition]
                yield Judged(_unjudged(exercise, attempt), attempt.message, file, of_the_file=True)
            else:
                verdict = self._verdict(exercise, attempt)
                yield Judged(verdict, _words(verdict), attempt.path)

    def _verdict(self, exercise: Exercise, attempt: Attempt) -> ExerciseVerdict:
        if self._file is None or self._file.path != attempt.path:
            self._file = _File(attempt.path, _submission(attempt, self._public))
        submission = self._file.submission
        only = replace(submission, answered=submission.answered & {exercise.definition})
        report = self.judge(only, student="").report
        return next(verdict for verdict in report.exercises if verdict.exercise == exercise.name)


def check_public(root: Path, desk: Desk, exercises: Sequence[Exercise]) -> Iterator[Judged]:
    """Run the public checks of some exercises, as pytest does, and remember in the clone how they ended."""
    wanted, done = {exercise.name for exercise in exercises}, []
    try:
        for judged in judge(desk):
            done.append(judged)
            if judged.verdict.exercise in wanted:
                yield judged
            if wanted <= {one.verdict.exercise for one in done}:
                break
    finally:
        record(root, desk.folder, desk.lesson, done)


def where_it_was(traceback_of: TracebackType | None, desk_folder: Path) -> str:
    """The innermost line of the learner's code in a traceback, as "mlp.py, line 7, in forward: `while True:`"."""
    for frame in reversed(traceback.extract_tb(traceback_of)):
        path = Path(frame.filename)
        if path.parent == desk_folder or ".ipynb:" in path.name:
            return f"{path.name}, line {frame.lineno}, in {frame.name}: `{frame.line}`"
    return ""


def _lesson(root: Path, lesson: PublicLesson) -> Lesson:
    """The lesson as the referee knows it, from its public facts: the front matter needs a reader of YAML."""
    sources = sorted((root / "source" / lesson.key).glob("*.ipynb"))
    found = Lesson(
        key=lesson.key,
        title=str(lesson.facts["title"]),
        block=0,  # this, and the rest of what no check depends on
        level=(),
        difficulty=0,
        minutes=0,
        prerequisites=(),
        exercises=tuple(lesson.exercises.values()),
        questions=(),
        root=root,
        notebook=sources[0].stem if sources else "",
        module=lesson.module,
    )
    for path in (found.source_notebook, found.solution, found.hidden_checks, found.mistakes):
        if not path.is_file():
            raise DeskError(
                f"{path} is missing, so the hidden checks of {lesson.key} cannot be run. They come with the whole "
                f"repository, not with a released lesson. `autograder check {lesson.key}` runs the public ones."
            )
    return found


def _submission(attempt: Attempt, lesson: PublicLesson) -> Submission:
    released = dict(lesson.released)
    if attempt.path.suffix == ".ipynb":
        return submission_of(read_notebook(attempt.path, released=released))
    return read_module(attempt.path, released=released)


def _words(verdict: ExerciseVerdict) -> str:
    """What a learner reads about the first check that did not pass."""
    failed = next((check for check in verdict.checks if check.status is not Status.PASSED), None)
    if failed is None or failed.status is Status.MISSING:
        return verdict.message
    lines = [f"{verdict.exercise}: {failed.title}", "", *(f"  {line}" for line in failed.message.splitlines())]
    if failed.cause:
        lines += ["", f"  Likely cause: {failed.cause}"]
    if verdict.judged_with == "solution":
        lines += ["", "  (judged beside the solution of the exercises it needs)"]
    return "\n".join(lines)


def _unjudged(exercise: Exercise, ending: Ending) -> ExerciseVerdict:
    return ExerciseVerdict(exercise.name, ending.status, 0.0, exercise.points, ending.message)
