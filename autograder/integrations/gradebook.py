"""nbgrader's gradebook, written from verdicts: by one process, whole submissions in one transaction.

``autograder grade`` uses :class:`GradebookWriter`, which does what nbgrader's Autograde converter does around running a
notebook, without starting the converter for each. Plain ``nbgrader autograde`` uses :func:`record_marks` alone.
A submission that cannot be graded has no marks and waits for staff, whatever an earlier grading gave it.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import nbformat
from jupyter_core.application import JupyterApp
from nbgrader import utils
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, InvalidEntry, MissingEntry
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from sqlalchemy.orm import scoped_session, sessionmaker

from autograder.grading import is_plain_file
from autograder.integrations.feedback import CHECK_PREFIX, Notebook
from autograder.integrations.graded_files import copy_files, odd_files
from autograder.lesson import Lesson
from autograder.verdict import ExerciseVerdict, Report

NO_RESPONSE = "No response."
MAX_TIMESTAMP = 1000  # bytes of a timestamp.txt that is read


class GradebookError(Exception):
    """The gradebook could not be written. The message is for staff: what happened, what was expected, what next."""


@dataclass(frozen=True)
class Entry:
    """Which notebook of whom."""

    student: str
    assignment: str
    notebook: str


def record_marks(gradebook: Any, entry: Entry, notebook: Mapping[str, Any], report: Report) -> None:
    """Put the marks and comments of a graded notebook into the gradebook, without committing.

    As nbgrader's SaveAutoGrades, but the mark of a check cell is its verdict's, not read from outputs. An exercise
    without a mark (a fault of the course) and an answered question wait for staff; so does any cell that
    staff had marked by hand before.
    """
    verdicts = {CHECK_PREFIX + verdict.exercise: verdict for verdict in report.exercises}
    found = gradebook.find_submission_notebook(entry.notebook, entry.assignment, entry.student)
    grades, comments = _by_cell(gradebook, Grade, found), _by_cell(gradebook, Comment, found)
    for cell in (nbformat.from_dict(cell) for cell in notebook["cells"] if "nbgrader" in cell["metadata"]):
        if utils.is_grade(cell):
            grade = _row(grades, cell)
            grade.auto_score = _auto_score(cell, verdicts)
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        if utils.is_solution(cell) or utils.is_task(cell):
            comment = _row(comments, cell)
            unchanged = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
            comment.auto_comment = NO_RESPONSE if unchanged and not utils.is_task(cell) else None


def _by_cell(gradebook: Any, kind: Any, notebook: Any) -> Mapping[str, Any]:
    """A submitted notebook's grades or comments by grade_id: one query, where nbgrader's own way takes one for each."""
    rows = gradebook.db.query(BaseCell.name, kind).join(BaseCell, BaseCell.id == kind.cell_id)
    return dict(rows.filter(kind.notebook_id == notebook.id).all())


def _row(rows: Mapping[str, Any], cell: Any) -> Any:
    name = cell.metadata.nbgrader["grade_id"]
    if name not in rows:
        raise MissingEntry(f"the gradebook has no cell {name!r}")
    return rows[name]


def withdraw_marks(gradebook: Any, entry: Entry) -> None:
    """Take back what an earlier grading gave, without committing: this submission has no mark and waits for staff."""
    try:
        notebook = gradebook.find_submission_notebook(entry.notebook, entry.assignment, entry.student)
    except MissingEntry:
        return
    notebook.late_submission_penalty = None
    for grade in notebook.grades:
        grade.auto_score = None
        grade.needs_manual_grade = True


def _auto_score(cell: Any, verdicts: Mapping[str, ExerciseVerdict]) -> float | None:
    if utils.is_solution(cell):  # a question: 0 if nothing was written, else it waits for its grader
        score, _ = utils.determine_grade(cell)
        return None if score is None else float(score)
    verdict = verdicts.get(cell.metadata.nbgrader["grade_id"])
    return None if verdict is None else verdict.points


class _Course(NbGrader):  # type: ignore[misc]  # nbgrader is untyped
    """The part of nbgrader's application that reads the course's config, wherever the command was started."""

    name = "autograder-gradebook"
    load_cwd_config = False

    def load_config_file(self, **kwargs: Any) -> None:
        """Read the user's config, without complaining that it does not exist."""
        JupyterApp.load_config_file(self, **kwargs)

    def init_syspath(self) -> None:
        """Leave ``sys.path`` alone."""


class _OneTransaction(Gradebook):  # type: ignore[misc]  # nbgrader is untyped
    """A gradebook whose own commits wait until :meth:`transaction` ends."""

    db: Any  # nbgrader's session

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write everything or nothing."""
        with self.engine.connect() as connection, connection.begin():
            usual = self.db
            self.db = scoped_session(
                sessionmaker(
                    bind=connection,
                    autoflush=True,
                    expire_on_commit=False,  # nbgrader commits after each step, and nobody else writes in between
                    join_transaction_mode="rollback_only",
                )
            )
            try:
                yield
                self.db.flush()
            finally:
                self.db.remove()
                self.db = usual

    def forget(self) -> None:
        """Send what was changed to the database, and keep no row in memory."""
        self.db.flush()
        self.db.expunge_all()


class GradebookWriter:
    """The single writer of a course's gradebook and of its graded folders."""

    def __init__(self, app: Any) -> None:
        """Write where the config of ``app`` says; use :meth:`open`."""
        self._app = app
        self._course = app.coursedir
        self._autograde = Autograde(coursedir=app.coursedir, parent=app)
        self._penalties = AssignLatePenalties(parent=self._autograde)
        if self._penalties.enabled:
            self._penalties.init_plugin()
        with self._errors():
            self._gradebook = _OneTransaction(self._course.db_url, self._course.course_id)
        self._batch: ExitStack | None = None  # what undoes the files of the open batch

    @classmethod
    def open(cls, root: Path) -> Self:
        """Open the gradebook that ``nbgrader_config.py`` of the course names.

        Raises:
            GradebookError: If it cannot be opened.
        """
        app = _Course(log_level="ERROR")
        app.initialize(argv=[], root=str(root.resolve()))
        return cls(app)

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        """Close the gradebook."""
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._gradebook.close()

    @property
    def excluded(self) -> frozenset[str]:
        """The students whom nbgrader is told to leave out."""
        return frozenset(filter(None, self._course.student_id_exclude.split(",")))

    def register(self, lesson: Lesson) -> None:
        """Make the gradebook know the lesson as it is released; nbgrader's own generate_assignment does it.

        Raises:
            GradebookError: If it cannot, for instance because graded submissions have other cells.
        """
        with self._errors():
            if self._is_registered(lesson):
                return
            with tempfile.TemporaryDirectory() as folder:  # the release itself stays as it is
                course = CourseDirectory(parent=self._app, assignment_id=lesson.key, release_directory=folder)
                try:
                    GenerateAssignment(coursedir=course, parent=self._app, force=True).start()
                except NbGraderException as error:
                    raise GradebookError(
                        f"{lesson.key} cannot be registered in the gradebook ({error}). Expected the exercises that "
                        "its submissions were graded with. Undo the change, or start a new gradebook."
                    ) from error
            if not self._is_registered(lesson):
                raise GradebookError(
                    f"the gradebook has other exercises or points for {lesson.key} than its release. "
                    "Run `autograder build` and try again."
                )

    def recorded(self, lesson: Lesson) -> frozenset[str]:
        """The students of whom the gradebook has a submission of the lesson.

        Raises:
            GradebookError: If it cannot be read.
        """
        with self._errors():
            submissions = self._gradebook.assignment_submissions(lesson.key)
            students = frozenset(submission.student.id for submission in submissions)
            self._gradebook.db.remove()
        return students

    def record(
        self,
        student: str,
        lesson: Lesson,
        *,
        submitted: Path,
        report: Report,
        notebook: Notebook | None = None,
    ) -> None:
        """Write one submission: its marks, its graded notebook and its other files; or nothing, on an error.

        Args:
            student: Their identifier, the name of their folder.
            lesson: A registered lesson.
            submitted: The folder that was handed in.
            report: The verdicts. One with a ``problem`` gives no marks.
            notebook: The judged notebook; None if there was none to grade: then there are no marks either.
        Raises:
            GradebookError: If the database or the disk could not be written.
        """
        if self._batch is None:
            with self.batch():
                self.record(student, lesson, submitted=submitted, report=report, notebook=notebook)
            return
        _check_student(student)
        entry = Entry(student, lesson.key, lesson.notebook)
        place = Path(self._course.format_path(self._course.autograded_directory, student, lesson.key))
        scratch = self._batch.enter_context(_scratch(place))
        if notebook is not None:
            self._prepare_folder(scratch / "new", entry, submitted, notebook)
        self._batch.enter_context(_placed(scratch, place))
        late = self._record_submission(entry, submitted)
        if notebook is None or report.problem:
            withdraw_marks(self._gradebook, entry)
        else:
            record_marks(self._gradebook, entry, notebook, report)
            self._assign_late_penalty(entry, late)
        if place.exists():
            self._autograde.set_permissions(lesson.key, student)
        self._gradebook.forget()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write all submissions recorded inside, or none of them: the disk is waited for once.

        Raises:
            GradebookError: As :meth:`record`.
        """
        with self._errors(), _quiet(), ExitStack() as places:
            self._batch = places
            try:
                with self._gradebook.transaction():
                    yield
            finally:
                self._batch = None

    def _is_registered(self, lesson: Lesson) -> bool:
        released = nbformat.from_dict(json.loads(lesson.release_notebook.read_text(encoding="utf-8")))
        graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points for cell in released.cells
                  if utils.is_grade(cell)}  # fmt: skip
        answers = {cell.metadata.nbgrader.grade_id for cell in released.cells if utils.is_solution(cell)}
        try:
            notebook = self._gradebook.find_notebook(lesson.notebook, lesson.key)
        except MissingEntry:
            return False
        known = {cell.name: cell.max_score for cell in notebook.grade_cells}
        same = known == graded and {cell.name for cell in notebook.solution_cells} == answers
        self._gradebook.db.remove()
        return same

    def _prepare_folder(self, folder: Path, entry: Entry, submitted: Path, notebook: Notebook) -> None:
        """The graded folder: the student's files, the course's over them, the notebook."""
        ignore = self._course.ignore
        own = frozenset(self._autograde.exclude_overwriting.get(entry.assignment, []))
        masters = Path(self._course.format_path(self._course.source_directory, ".", entry.assignment))
        folder.mkdir()
        copy_files(submitted, folder, ignore=ignore)
        copy_files(masters, folder, ignore=ignore, leave=own)
        (folder / f"{entry.notebook}.ipynb").write_text(_notebook_text(notebook), encoding="utf-8")

    def _record_submission(self, entry: Entry, submitted: Path) -> float:
        """Make the gradebook know the submission; returns how many seconds late it was."""
        gradebook = self._gradebook
        if self._autograde.create_student:
            gradebook.update_or_create_student(entry.student)
        timestamp = submission_time(submitted)
        facts = {} if timestamp is None else {"timestamp": timestamp}
        submission = gradebook.update_or_create_submission(entry.assignment, entry.student, **facts)
        return float(submission.total_seconds_late)

    def _assign_late_penalty(self, entry: Entry, late: float) -> None:
        """As nbgrader's AssignLatePenalties, with the plugin that the config names, inside our transaction."""
        penalties = self._penalties
        if not penalties.enabled:
            return
        if late > 0:
            self._gradebook.forget()  # the sums are asked for anew, with the new marks
        notebook = self._gradebook.find_submission_notebook(entry.notebook, entry.assignment, entry.student)
        notebook.late_submission_penalty = None
        if late > 0:
            penalty = penalties.plugin_inst.late_submission_penalty(entry.student, notebook.score, late)
            if penalty is not None:
                notebook.late_submission_penalty = penalties._check_late_penalty(notebook, penalty)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say of an error what it means for staff."""
        try:
            yield
        except (SQLAlchemyError, InvalidEntry) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise GradebookError(
                f"the gradebook {_without_password(self._course.db_url)} was not written ({reason}). Expected to be "
                "its only writer, with room on the disk. Stop other nbgrader commands and grade again: "
                "no half-written mark was left, and the reports are kept."
            ) from error
        except MissingEntry as error:
            raise GradebookError(
                f"the gradebook was not written: {error}. Expected a registered lesson and a student it knows "
                "(or Autograde.create_student = True in nbgrader_config.py)."
            ) from error
        except OSError as error:
            raise GradebookError(
                f"graded files were not written ({error}). Expected a writable course folder with room. "
                "Make room and grade again: the gradebook still has the old mark."
            ) from error


def submission_time(submitted: Path) -> datetime | None:
    """When a submission was handed in, from its ``timestamp.txt``, in UTC without a time zone, as nbgrader keeps it."""
    text = _timestamp_text(submitted)
    try:
        found: datetime | None = utils.parse_utc(text) if text else None
    except (ValueError, OverflowError):  # dateutil's errors are kinds of these
        return None
    return found


def submission_oddities(submitted: Path) -> tuple[str, ...]:
    """What is odd about a submission's folder, for its report."""
    text = _timestamp_text(submitted)
    if text and submission_time(submitted) is None:
        return (*odd_files(submitted), f"timestamp.txt says {text[:40]!r}, which is no time: it was left out")
    return odd_files(submitted)


def _timestamp_text(submitted: Path) -> str:
    path = submitted / "timestamp.txt"
    if not is_plain_file(path) or path.stat().st_size > MAX_TIMESTAMP:
        return ""
    return path.read_text(encoding="utf-8", errors="replace").strip()


def _check_student(student: str) -> None:
    """Refuse identifiers that are no plain folder name."""
    if student in ("", ".", "..") or "/" in student or "\\" in student or not student.isprintable():
        raise GradebookError(
            f"{student!r} is no student identifier. Expected the name of one folder in submitted/. Rename the folder."
        )


def _notebook_text(notebook: Notebook) -> str:
    """The notebook as ``nbformat.writes`` gives it, in a quarter of the time: msgspec lays JSON out in C."""
    book = nbformat.v4.rwbase.split_lines(nbformat.from_dict(notebook))
    return msgspec.json.format(msgspec.json.encode(book, order="sorted"), indent=1).decode() + "\n"


@contextmanager
def _quiet() -> Iterator[None]:
    """Without SQLAlchemy's warnings about nbgrader, which reads rows that it has not added to the session yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)
        yield


@contextmanager
def _scratch(place: Path) -> Iterator[Path]:
    """A folder on the same disk as ``place``, so that moving is one step."""
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".grading-", dir=place.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _placed(scratch: Path, place: Path) -> Iterator[None]:
    """Put the folder ``scratch / "new"``, or nothing, in its place; put the former one back if what follows fails."""
    new, old = scratch / "new", scratch / "old"
    had_old, has_new = place.exists(), new.exists()
    if had_old:
        place.rename(old)
    try:
        if has_new:
            new.rename(place)
        yield
    except BaseException:
        if has_new and place.exists():
            place.rename(new)
        if had_old:
            old.rename(place)
        raise


def _without_password(db_url: str) -> str:
    return db_url.split("@")[-1]
