"""A lesson's folder on the desk, judged with its public checks: the rules that pytest, ``watch`` and others share.

The learner's code runs in this very process. :class:`Desk` decides what is judged, in which file, and what it amounts
to; pytest runs the checks itself, and :func:`judge` runs them without pytest.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autograder.checking import (
    Check,
    Ending,
    collect_checks,
    source_verdicts,
    verdict_of,
)
from autograder.checks.failure import CheckFailure, StudentError
from autograder.checks.host import InProcess
from autograder.checks.names import misspelt_definition
from autograder.checks.shapes import NOT_STARTED
from autograder.desk import (
    Attempt,
    DeskError,
    PublicLesson,
    desk_files,
    differing_answers,
    load_attempt,
    refused_source,
)
from autograder.learner.endings import loading_ending, run_on_the_desk
from autograder.learner.tasks import digest_of
from autograder.lesson import Exercise
from autograder.submission import UnreadableSubmission, read_notebook
from autograder.verdict import CheckVerdict, ExerciseVerdict, Status, exercise_points, exercise_status

PUBLIC_SEED = 6  # the public checks draw the same numbers every time: an error can be looked at twice

_MOST_FRAMES = 6  # a recursion without end has a thousand
Begun = Callable[[str, float], None]  # a file or an exercise by its name, and the seconds it may take


@dataclass(frozen=True)
class Judged:
    """An exercise's verdict, and what goes with it on the desk."""

    verdict: ExerciseVerdict
    words: str = ""  # what a learner reads about the first check that did not pass
    file: Path | None = None  # it was judged in; None if the stub is untouched everywhere
    answer: str = ""  # digest of the answer
    of_the_file: bool = False  # the file could not be loaded: this says little about the exercise
    printed: str = ""  # by the learner's code


@dataclass
class Desk:
    """One lesson's folder on the desk, while its checks run."""

    folder: Path
    lesson: PublicLesson
    attempts: dict[Path, Attempt | Ending]
    judged_in: dict[str, Path]  # definition -> the file it is judged in
    ended: dict[str, list[tuple[Check, Ending]]] = field(default_factory=dict)
    refused: dict[str, Ending | None] = field(default_factory=dict)  # what the text of an answer alone decides

    def attempt(self, exercise: Exercise) -> Attempt | Ending | None:
        """The file an exercise is judged in, or None if it is untouched everywhere."""
        path = self.judged_in.get(exercise.definition)
        return self.attempts[path] if path else None

    def host(self, exercise: Exercise) -> InProcess:
        """The learner's code, for the checks of an exercise that :meth:`ending_before` has nothing against."""
        attempt = self.attempt(exercise)
        assert isinstance(attempt, Attempt), "ending_before tells of all others"  # noqa: S101 - its promise
        return attempt.host(exercise)

    def ending_before(self, exercise: Exercise) -> Ending | None:
        """How every check of an exercise ends without being run; None if they can be."""
        attempt = self.attempt(exercise)
        if attempt is None:
            return Ending(Status.MISSING, self._not_started(exercise))
        if isinstance(attempt, Ending):
            return attempt
        obstacle = self._obstacle(exercise)
        if obstacle:
            return Ending(Status.SKIPPED, obstacle)
        if exercise.name not in self.refused:
            self.refused[exercise.name] = refused_source(exercise, attempt, self.lesson)
        return self.refused[exercise.name]

    def answer(self, exercise: Exercise) -> str:
        """The text of an answer; "" if its file could not be loaded, or it is untouched."""
        attempt = self.attempt(exercise)
        return attempt.answers.get(exercise.definition, "") if isinstance(attempt, Attempt) else ""

    def _not_started(self, exercise: Exercise) -> str:
        for attempt in self.attempts.values():
            if isinstance(attempt, Attempt) and exercise.definition not in attempt.names:
                question = misspelt_definition(exercise.definition, attempt.names)
                if question:
                    return f"{NOT_STARTED}, or misspelt: {question}"
        return NOT_STARTED

    def add(self, check: Check, ending: Ending) -> None:
        """Remember how a check ended."""
        self.ended.setdefault(check.mark.exercise, []).append((check, ending))

    def judged(self, name: str) -> Judged | None:
        """What the checks of an exercise amount to; None if none was run."""
        if name not in self.ended:
            return None
        exercise, attempt = self.lesson.exercises[name], self.attempt(self.lesson.exercises[name])
        checks = [verdict_of(check, ending) for check, ending in self.ended[name]]
        points = exercise_points([*checks, *self._source_verdicts(exercise)], exercise.points)
        failed = [verdict for verdict in checks if verdict.status is not Status.PASSED]
        told = self._first_told(name)
        note = "" if not failed else (told[1].cause if told else failed[0].message).split("\n")[0]
        answer = self.answer(exercise)
        unmet = (words_of(*one, exercise) for one in self.ended[name] if one[1].status is not Status.PASSED)
        words = next(unmet, "")
        if told and not failed[0].cause and failed[0].status is Status.FAILED:
            words += f'\n\n  Likely cause, by another check ("{told[0].title}"): {told[1].cause}'
        return Judged(
            ExerciseVerdict(name, exercise_status(checks), points, exercise.points, note, checks=tuple(checks)),
            attempt.message if isinstance(attempt, Ending) else words,
            self.judged_in.get(exercise.definition),
            digest_of(answer),
            isinstance(attempt, Ending),
        )

    def _first_told(self, name: str) -> tuple[Check, Ending] | None:
        """The first failed check of an exercise with a cause; of later ones only what two arrays tell for certain."""
        failed = [one for one in self.ended[name] if one[1].status is not Status.PASSED]
        for position, (check, ending) in enumerate(failed):
            if not _compares_values(ending) and position == 0:
                return (check, ending) if ending.cause else None
            if ending.cause and (position == 0 or _compares_values(ending)):
                return check, ending
        return None

    def _obstacle(self, exercise: Exercise) -> str:
        """The need that stands in the way of judging an exercise now; "" if none does."""
        for need in exercise.needs:
            if self.attempt(self.lesson.exercises[need]) is None:
                return f"it needs {need}, which is {NOT_STARTED}"
            if any(ending.status is not Status.PASSED for _, ending in self.ended.get(need, ())):
                return f"it needs {need}, which does not pass yet"
        return ""

    def _source_verdicts(self, exercise: Exercise) -> list[CheckVerdict]:
        if not isinstance(self.attempt(exercise), Attempt):
            return []
        return source_verdicts(exercise, self.answer(exercise), self.lesson.stubs.get(exercise.definition, ""))


def set_up(folder: Path, *, chosen: Path | None = None, begun: Begun | None = None) -> Desk:
    """Load a learner's files of a lesson.

    Args:
        folder: The lesson's folder on the desk.
        chosen: Judge everything in this file instead.
        begun: Told before a file is loaded.
    Raises:
        DeskError: If the lesson, or every file for it, is missing.
        UnreadableSubmission: If the released notebook cannot be read.
    """
    lesson = PublicLesson.beside(folder.parent.parent / "release" / folder.name)
    if chosen is not None and not chosen.is_file():
        raise DeskError(f"--submission {chosen}: there is no such file.")
    paths = desk_files(folder, lesson) if chosen is None else (chosen,)
    if not paths:
        module = folder / f"{lesson.module}.py"
        raise DeskError(f"{module} is missing. `autograder reset {lesson.key}` makes a new one.")
    seconds = max(exercise.limits.seconds for exercise in lesson.exercises.values())
    judged: dict[str, Path] = {}
    attempts: dict[Path, Attempt | Ending] = {}
    for path in paths:
        if begun is not None:
            begun(path.name, seconds)
        attempts[path] = loaded = _load(path, lesson)
        judged |= dict.fromkeys(loaded.answers if isinstance(loaded, Attempt) else _differing(path, lesson), path)
    return Desk(folder, lesson, attempts, judged)


def judge(desk: Desk, *, begun: Begun | None = None) -> Iterator[Judged]:
    """Run the public checks on a desk that is set up, in their order; each exercise is given when it is judged.

    Args:
        desk: From :func:`set_up`.
        begun: Told before each check.
    """
    checks = collect_checks(desk.folder / f"test_{desk.lesson.module}.py")
    for position, check in enumerate(checks):
        exercise = desk.lesson.exercises[check.mark.exercise]
        if begun is not None:
            begun(exercise.name, exercise.limits.seconds)
        ending = desk.ending_before(exercise) or run_on_the_desk(
            check, desk.host(exercise), seed=PUBLIC_SEED, answer=desk.answer(exercise)
        )
        desk.add(check, ending)
        if all(other.mark.exercise != exercise.name for other in checks[position + 1 :]):
            judged = desk.judged(exercise.name)
            if judged is not None:
                yield judged


def _compares_values(ending: Ending) -> bool:
    """Whether a check failed at the entries of an array: what these tell is certain."""
    error = ending.error
    if not isinstance(error, CheckFailure) or error.actual is None or error.expected is None:
        return False
    return bool(np.shape(error.actual) == np.shape(error.expected))


def words_of(check: Check, ending: Ending, exercise: Exercise) -> str:
    """What a learner reads about a check that did not pass: its promise, what came instead, the likely cause, where."""
    if ending.status in (Status.MISSING, Status.SKIPPED):
        return ending.message
    lines = [f"{exercise.name}: {check.title}", "", *(f"  {line}" for line in ending.message.splitlines())]
    if ending.cause:
        lines += ["", f"  Likely cause: {ending.cause}"]
    if isinstance(ending.error, StudentError) and ending.error.raised.line and ending.error.raised.exception:
        frames = traceback.extract_tb(ending.error.raised.exception.__traceback__)
        own = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
        lines += ["", *(own if len(own) <= _MOST_FRAMES else [*own[:2], "  ...", *own[2 - _MOST_FRAMES :]])]
    return "\n".join(lines)


def _differing(path: Path, lesson: PublicLesson) -> frozenset[str]:
    """What the learner changed in a file that cannot be loaded; everything, if it cannot even be read."""
    if path.suffix == ".ipynb":
        try:
            return read_notebook(path, released=dict(lesson.released)).answered or frozenset(lesson.stubs)
        except UnreadableSubmission:
            return frozenset(lesson.stubs)
    return differing_answers(path, lesson) or frozenset(lesson.stubs)


def _load(path: Path, lesson: PublicLesson) -> Attempt | Ending:
    """Load a file, or say why it cannot be: that is the learner's error, told as all others are."""
    try:
        return load_attempt(path, lesson)
    except (UnreadableSubmission, SyntaxError) as error:
        return loading_ending(error, path)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it runs the learner's code, which may raise anything
        if path.suffix == ".py":
            return loading_ending(error, path)
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_in(frame.filename, path)]
        where = f", line {frames[-1].lineno}: `{frames[-1].line}`" if frames else ""
        return Ending(Status.FAILED, f"{path.name}{where} raises {type(error).__name__}: {error}", error=error)


def _is_in(filename: str, path: Path) -> bool:
    """Whether a frame's file is a learner's: a module, or a cell of a notebook ("06_Impl_MLP.ipynb:forward")."""
    return Path(filename).name == path.name or filename.startswith(f"{path.name}:")
