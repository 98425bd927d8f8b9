"""Running the hidden checks against a submission, and reaching verdicts.

Theory of operation
===================

The referee is its own process. It holds what students must not see: hidden checks, expected values, solutions,
mistakes. It never executes student code; that runs in a worker (``worker.py``), which it asks for values. All that
comes back is plain data, and every comparison happens here. Marks fail closed: only a check that ended without any
exception passes.

An exercise is judged in a worker that holds the student's own answers. If it does not pass and needs others, it is
judged again in a fresh worker whose earlier exercises are the solution's, so that one error costs once; the better
result counts, and feedback comes from the second. A worker that is lost (time, memory, crash) is replaced by one
that runs the same cells without the culprit.

A failed exercise is explained by the first failing check: it is repeated here with every known mistake in place of
the answer, solutions elsewhere. If a mistake gives exactly what the student's answer gave, it is the cause.
"""

from __future__ import annotations

import hashlib
import hmac
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self

from autograder import __version__
from autograder.authored import Module, read_alternatives, read_mistakes
from autograder.checking import (
    Check,
    Ending,
    collect_checks,
    forbidden_message,
    raised_ending,
    run_check,
    source_verdicts,
    verdict_of,
)
from autograder.checks.failure import CheckFailure, StudentError
from autograder.checks.host import Host
from autograder.checks.shapes import NOT_STARTED
from autograder.lesson import Exercise, Lesson, Limits
from autograder.lost import WorkerLost
from autograder.outputs import CellRun
from autograder.records import RecordingHost, same_failing_value, same_record
from autograder.submission import (
    Cell,
    Role,
    Submission,
    read_json_notebook,
    solution_submission,
    text_of,
)
from autograder.trusted import TrustedDesk
from autograder.unusual import refused, unusual
from autograder.verdict import CheckVerdict, ExerciseVerdict, Kind, Report, Status, exercise_points, exercise_status

if TYPE_CHECKING:  # a learner's own referee has no workers, and neither msgspec nor Linux
    from autograder.sandbox import Mode
    from autograder.worker import WarmParent

MORE_REPLACEMENTS = 3  # a lost worker is replaced once for each answer, and so often for the student's own cells


class Desk(Protocol):
    """Where a submission's cells have been executed and its functions can be called."""

    def execute(self, cells: Sequence[Cell], *, protected: frozenset[str], limits: Limits) -> list[CellRun]:
        """Run cells in order, each within the limits."""
        ...

    def host(self, *, refuse: Sequence[str] = (), limits: Limits | None = None) -> Host:
        """A host for the fixture ``submission``."""
        ...

    def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True)
class Judgement:
    """A report, and what the executed cells displayed."""

    report: Report
    runs: tuple[CellRun, ...] = ()


@dataclass(frozen=True)
class Trial:
    """How an exercise did on one desk: its verdict, and what identifies its first failing check."""

    verdict: ExerciseVerdict
    failing: Check | None = None
    ending: Ending | None = None
    record: tuple[Any, ...] = ()


class Referee:
    """Judges submissions of one lesson. What is the same for all of them is done once."""

    def __init__(self, lesson: Lesson, *, parent: WarmParent | None, secret: bytes) -> None:
        """Prepare to judge.

        Args:
            lesson: The lesson.
            parent: Forks the workers. None executes submissions in this process: only for code of the course's own, or
                of the learner who runs the checks.
            secret: The course secret that seeds the hidden checks.
        """
        self.lesson = lesson
        self._parent = parent
        self._secret = secret

    @classmethod
    def start(cls, lesson: Lesson, *, mode: Mode, secret: bytes) -> Self:
        """A referee with a warm parent of its own, prepared while that one warms up. :meth:`close` it.

        Raises:
            SandboxUnavailable: If workers cannot be locked down on this machine.
        """
        from autograder.worker import WarmParent

        parent = WarmParent.begin(mode=mode)
        referee = cls(lesson, parent=parent, secret=secret)
        try:
            referee.prepare()
        except BaseException:
            parent.close()
            raise
        parent.wait_until_warm()
        return referee

    def prepare(self) -> None:
        """Do once what is the same for all submissions: import what the lesson imports, read checks and mistakes."""
        TrustedDesk().execute(self.solution.cells)
        _ = self.checks, self.mistakes, self.stubs, self.digest

    def close(self) -> None:
        """End the warm parent."""
        if self._parent is not None:
            self._parent.close()

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """The hidden checks."""
        return collect_checks(self.lesson.hidden_checks)

    @cached_property
    def solution(self) -> Submission:
        """The perfect submission."""
        return solution_submission(read_json_notebook(self.lesson.source_notebook))

    @cached_property
    def released(self) -> dict[str, Any]:
        """The notebook that students were given."""
        return read_json_notebook(self.lesson.release_notebook)

    @cached_property
    def stubs(self) -> Mapping[str, str]:
        """What students start from, by definition."""
        cells = self.released["cells"]
        found = [(cell["metadata"].get("nbgrader", {}), cell) for cell in cells if cell["cell_type"] == "code"]
        return {grading["grade_id"]: text_of(cell) for grading, cell in found if grading.get("solution")}

    @cached_property
    def mistakes(self) -> tuple[KnownMistake, ...]:
        """The known wrong answers."""
        solution = Module(self.lesson.solution, self.lesson.solution.read_text(encoding="utf-8"))
        counts: dict[str, int] = {}
        found = []
        for mistake, source in read_mistakes(self.lesson, solution):
            counts[mistake.exercise] = counts.get(mistake.exercise, 0) + 1
            name = mistake.name or f"{mistake.exercise}-{counts[mistake.exercise]}"
            submission = self.solution_with({self.lesson.by_name[mistake.exercise].definition: source})
            found.append(KnownMistake(name, mistake.exercise, mistake.says, submission))
        return tuple(found)

    @cached_property
    def alternative(self) -> Submission:
        """The second correct submission."""
        return self.solution_with(read_alternatives(self.lesson))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything of the lesson that can change a mark."""
        lesson = self.lesson
        files = [lesson.source_notebook, lesson.release_notebook, lesson.hidden_checks, lesson.mistakes]
        return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()

    def solution_with(self, answers: Mapping[str, str]) -> Submission:
        """The solution with some definitions answered otherwise."""
        return self.solution.with_answers(answers)

    def judge(self, submission: Submission, student: str) -> Judgement:
        """Reach a verdict on every exercise."""
        session = _Session(self, submission, student)
        try:
            verdicts = tuple(session.judge(exercise) for exercise in self.lesson.exercises)
        finally:
            session.close()
        report = Report(
            lesson=self.lesson.key,
            student=student,
            submission=submission.digest,
            exercises=verdicts,
            oddities=(*submission.oddities, *unusual(submission.cells), *refused(session.runs)),
            engine=__version__,
            lesson_digest=self.digest,
        )
        return Judgement(report, tuple(session.runs))

    def without_submission(self, student: str, problem: str) -> Judgement:
        """The report on a student who handed in nothing that can be graded."""
        verdicts = tuple(
            ExerciseVerdict(exercise.name, Status.MISSING, 0.0, exercise.points, problem)
            for exercise in self.lesson.exercises
        )
        report = Report(
            self.lesson.key, student, "", verdicts, problem=problem, engine=__version__, lesson_digest=self.digest
        )
        return Judgement(report)

    def seed(self, check: str, submission: Submission, student: str) -> int:
        """The seed of a hidden check: HMAC(course secret; student, check, submission)."""
        message = "\0".join((student, check, submission.digest)).encode()
        return int.from_bytes(hmac.new(self._secret, message, hashlib.sha256).digest()[:8], "big")

    def open_desk(self) -> Desk:
        """A new worker, or this process when there is no warm parent."""
        return TrustedDesk() if self._parent is None else self._parent.worker(limits=self.largest_limits)

    def execute(self, desk: Desk, cells: Sequence[Cell]) -> list[CellRun]:
        """Run a submission's cells on a desk."""
        protected = frozenset(exercise.definition for exercise in self.lesson.exercises)
        return desk.execute(cells, protected=protected, limits=self.largest_limits)

    @property
    def largest_limits(self) -> Limits:
        """The limits of a worker that every exercise is judged in."""
        return Limits.largest(exercise.limits for exercise in self.lesson.exercises)


@dataclass(frozen=True)
class KnownMistake:
    """A mistake with the submission of somebody who made it, and only it."""

    name: str
    exercise: str
    says: str
    submission: Submission

    def record_of(self, check: Check, refuse: Sequence[str], seed: int) -> tuple[tuple[Any, ...], Ending]:
        """Run a check against the mistake in this process: it is the course's own code."""
        desk = TrustedDesk()
        desk.execute(self.submission.cells)
        host = RecordingHost(desk.host(refuse=refuse))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a mistake may divide by zero
            ending = run_check(check, host, seed=seed)
        return tuple(host.record), ending


@dataclass
class _Session:
    """One submission while it is judged."""

    referee: Referee
    submission: Submission
    student: str
    runs: list[CellRun] = field(default_factory=list)
    culprits: dict[str, Ending] = field(default_factory=dict)  # by definition: what lost a worker
    _desk: Desk | None = None
    _replaced: int = 0

    def judge(self, exercise: Exercise) -> ExerciseVerdict:
        """Judge an exercise with the student's own earlier ones, and if need be with the solution's."""
        if exercise.definition not in self.submission.answered:
            return _without_checks(exercise, Ending(Status.MISSING, NOT_STARTED))
        own = self._trial_with_own(exercise)
        if own.verdict.status is Status.PASSED or not exercise.needs:
            return self._explained(exercise, own)
        helped = self._trial_with_solutions(exercise)
        if (own.verdict.points or 0.0) > (helped.verdict.points or 0.0):
            return self._explained(exercise, own)
        return replace(self._explained(exercise, helped), judged_with="solution")

    def close(self) -> None:
        """End the worker."""
        if self._desk is not None:
            self._desk.close()
            self._desk = None

    def _trial_with_own(self, exercise: Exercise) -> Trial:
        needed = {
            self.referee.lesson.by_name[name].definition for name in self.referee.lesson.transitive_needs(exercise.name)
        }
        if exercise.needs and needed & self.culprits.keys():  # it would only wait for the same limit again
            return Trial(_without_checks(exercise, Ending(Status.FAILED, "an exercise it needs was stopped")))
        desk = self._own_desk()
        if desk is None or exercise.definition in self.culprits:
            ending = self.culprits.get(exercise.definition, Ending(Status.CRASHED, "the notebook could not be run"))
            return Trial(_without_checks(exercise, ending))
        trial, lost = self._trial(exercise, desk, self.runs)
        if lost is not None:
            self.culprits[exercise.definition] = lost
            self.close()
        return trial

    def _own_desk(self) -> Desk | None:
        """The worker with the student's own cells; a new one, without the culprits, if it was lost."""
        most = len(self.submission.answers) + MORE_REPLACEMENTS
        while self._desk is None and self._replaced <= most:
            desk = self.referee.open_desk()
            try:
                runs = self.referee.execute(desk, self._cells())
            except WorkerLost as lost:
                self._replaced += 1
                self.culprits[lost.cell] = run_ending(lost)
                self.runs = self.runs or list(lost.runs)
                desk.close()
            except BaseException:
                desk.close()
                raise
            else:
                self._desk = desk
                self._replaced += 1
                self.runs = runs if len(runs) > len(self.runs) else self.runs
        return self._desk

    def _cells(self, solved: frozenset[str] = frozenset()) -> list[Cell]:
        """The cells to execute: without culprits, and with the solution's answers to ``solved`` definitions."""
        answers = self.referee.solution.answers
        cells = []
        for cell in self.submission.cells:
            if cell.role is Role.ANSWER and cell.name in solved:
                cells.append(replace(cell, source=answers[cell.name]))
            elif cell.name not in self.culprits:
                cells.append(cell)
            elif cell.role is Role.ANSWER:
                cells.append(replace(cell, source=self.referee.stubs[cell.name]))
        return cells

    def _trial_with_solutions(self, exercise: Exercise) -> Trial:
        lesson = self.referee.lesson
        solved = frozenset(lesson.by_name[name].definition for name in lesson.transitive_needs(exercise.name))
        culprit = self.culprits.pop(exercise.definition, None)
        desk = self.referee.open_desk()
        try:
            runs = self.referee.execute(desk, self._cells(solved - {exercise.definition}))
            trial, lost = self._trial(exercise, desk, runs)
        except WorkerLost as error:
            lost = run_ending(error)
            trial = Trial(_without_checks(exercise, lost))
        finally:
            desk.close()
            if culprit is not None:
                self.culprits[exercise.definition] = culprit
        if lost is not None:
            self.culprits.setdefault(exercise.definition, lost)
        return trial

    def _trial(self, exercise: Exercise, desk: Desk, runs: Sequence[CellRun]) -> tuple[Trial, Ending | None]:
        """Run all checks of an exercise on a desk; also returns what lost the worker, if it was lost."""
        answer = self.submission.answers.get(exercise.definition, "")
        verdicts = source_verdicts(exercise, answer, self.referee.stubs.get(exercise.definition, ""))
        failed_cell = next((run.raised for run in runs if run.name == exercise.definition and run.raised), None)
        if failed_cell is not None and failed_cell.type in ("SyntaxError", "IndentationError", "TabError"):
            return Trial(_without_checks(exercise, raised_ending(failed_cell))), None
        failing: Check | None = None
        failing_ending, record, lost = None, (), None
        for check in self.referee.checks:
            if check.mark.exercise != exercise.name:
                continue
            if lost is not None:
                verdicts.append(verdict_of(check, Ending(Status.SKIPPED, "not run: the exercise was stopped before")))
                continue
            host = RecordingHost(desk.host(refuse=exercise.forbidden, limits=exercise.limits))
            ending = self._settled(exercise, check, run_check(check, host, seed=self._seed(check)), failed_cell)
            lost = ending if isinstance(ending.error, WorkerLost) else None
            verdicts.append(verdict_of(check, ending))
            if failing is None and ending.status is not Status.PASSED and check.mark.kind is not Kind.TRAINING:
                failing, failing_ending, record = check, ending, tuple(host.record)
        return Trial(_verdict(exercise, verdicts), failing, failing_ending, record), lost

    def _settled(self, exercise: Exercise, check: Check, ending: Ending, failed_cell: Any) -> Ending:
        """Say it better where more is known than the check knew, and blame the right party."""
        absent = isinstance(ending.error, StudentError) and ending.error.raised.type == "MissingAnswer"
        if absent and failed_cell is not None:
            return raised_ending(failed_cell)
        if ending.status is Status.FORBIDDEN and isinstance(ending.error, StudentError):
            return replace(ending, message=forbidden_message(exercise, ending.error.raised.message))
        if ending.status is Status.BROKEN and self._solution_passes(exercise, check):
            problem = ending.message.removeprefix("the check itself failed: ")
            said = f"what {exercise.name} returned cannot be used: {problem}"
            return replace(ending, status=Status.FAILED, message=said)
        return ending

    def _solution_passes(self, exercise: Exercise, check: Check) -> bool:
        desk = TrustedDesk()
        desk.execute(self.referee.solution.cells)
        host = desk.host(refuse=exercise.forbidden)
        return run_check(check, host, seed=self._seed(check)).status is Status.PASSED

    def _seed(self, check: Check) -> int:
        return self.referee.seed(check.name, self.submission, self.student)

    def _explained(self, exercise: Exercise, trial: Trial) -> ExerciseVerdict:
        """The verdict with the sentence of the mistake that was recognised, if one was."""
        if trial.failing is None or trial.ending is None or trial.ending.status is not Status.FAILED:
            return trial.verdict
        try:
            mistake = self._recognised(exercise, trial.failing, trial.ending, trial.record)
        except Exception:  # noqa: BLE001 - it compares what a student returned: an explanation must not cost a verdict
            return trial.verdict
        if mistake is None:
            return trial.verdict
        checks = tuple(
            replace(check, cause=mistake.says) if check.check == trial.failing.name else check
            for check in trial.verdict.checks
        )
        return replace(trial.verdict, message=mistake.says, mistake=mistake.name, checks=checks)

    def _recognised(
        self, exercise: Exercise, check: Check, ending: Ending, record: tuple[Any, ...]
    ) -> KnownMistake | None:
        candidates = [mistake for mistake in self.referee.mistakes if mistake.exercise == exercise.name]
        outcomes = [
            (mistake, *mistake.record_of(check, exercise.forbidden, self._seed(check))) for mistake in candidates
        ]
        equal = [mistake for mistake, other, _ in outcomes if same_record(record, other)]
        if not equal and isinstance(ending.error, CheckFailure):
            equal = [mistake for mistake, _, other in outcomes if same_failing_value(ending.error, other.error)]
        return equal[0] if equal and len({mistake.says for mistake in equal}) == 1 else None


def run_ending(lost: WorkerLost) -> Ending:
    """How an exercise ends whose cell lost the worker when it was executed."""
    from autograder.checking import ending_of

    return replace(ending_of(lost), error=None)


def _verdict(exercise: Exercise, checks: Sequence[CheckVerdict]) -> ExerciseVerdict:
    status, points = exercise_status(checks), exercise_points(checks, exercise.points)
    message = "" if status is Status.PASSED else _headline(checks, status)
    return ExerciseVerdict(exercise.name, status, points, exercise.points, message, checks=tuple(checks))


def _headline(checks: Sequence[CheckVerdict], status: Status) -> str:
    """One line: the cause the first failing check found, else its message."""
    if status is Status.BROKEN:
        return "no mark yet: a fault of the course"
    found = [check for check in checks if check.status is status]
    first = next((check for check in found if check.kind is Kind.VALUE), found[0])
    return first.cause or first.message.split("\n")[0]


def _without_checks(exercise: Exercise, ending: Ending) -> ExerciseVerdict:
    """The verdict on an exercise whose checks could not be run."""
    points = None if ending.status is Status.BROKEN else 0.0
    return ExerciseVerdict(exercise.name, ending.status, points, exercise.points, ending.message)
