"""nbgrader's converters, with the referee as the judge: the classes that ``nbgrader_config.py`` names.

What nbgrader does badly is replaced, the rest stays its own. A submission that cannot be graded costs only itself: it
fails with a reason, gets no mark, and nbgrader goes on with the next.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader import utils
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy.exc import OperationalError
from traitlets import Enum

from autograder.authored import read_lesson
from autograder.integrations.feedback import NO_MARK, Notebook, displayed_only, is_students_text, judged_notebook
from autograder.integrations.gradebook import Entry, record_marks, submission_oddities, withdraw_marks
from autograder.integrations.graded_files import remove_followed_links
from autograder.lesson import Lesson
from autograder.referee import Referee
from autograder.sandbox import Mode, SandboxUnavailable
from autograder.secret import course_secret
from autograder.submission import Rebuilt, read_json_notebook, read_notebook, rebuild_from_release, submission_of
from autograder.worker import WarmParent

ODDITIES = "autograder_oddities"  # carries them in the notebook's metadata from the first pass to the second
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\](?=[(:])(?!\(https?://|:\s*https?://)")
_MATH_WITH_EFFECTS = re.compile(r"\\(?=(?:href|require|class|cssId|style|html\w*|data|unicode|includegraphics)\b)")
_INVISIBLE = "\u200b"  # a space of no width: what it stands in is text to Markdown, HTML and MathJax


class SubmissionNotGraded(Exception):  # noqa: N818 - what nbgrader's log says of it
    """A submission that has no mark now. The message says why, and what staff can do."""


class FeedbackWithheld(Exception):  # noqa: N818 - what nbgrader's log says of it
    """Feedback that is not given because an exercise has no mark yet."""


class SafeNotebookExporter(NotebookExporter):  # type: ignore[misc]  # nbconvert is untyped
    """Reads submitted files without trusting that they are notebooks; what goes wrong costs one submission only.

    nbgrader's converter stops a whole batch for some errors, "old schema" among them, and leaves an earlier grading's
    marks in place. Every error becomes a :class:`SubmissionNotGraded`, and earlier marks are withdrawn.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Convert a submitted or graded file."""
        try:
            if Path(filename).is_symlink():
                raise SubmissionNotGraded(f"{filename} is a link. Expected a file: ask for the notebook itself.")
            return super().from_filename(filename, resources=resources, **kw)
        except OperationalError:  # the database itself: every other submission would fail as well
            raise
        except Exception as error:  # a submission can make nbformat and nbgrader raise anything
            if resources is not None and "nbgrader" in resources:
                _withdraw(resources["nbgrader"])
            raise SubmissionNotGraded(f"no mark for {filename}: {error}") from error

    def from_file(self, file_stream: Any, resources: Any = None, **kw: Any) -> Any:
        """Convert an open file; the submitted one is read by :class:`RebuildFromRelease`, as plain data."""
        if any(isinstance(step, RebuildFromRelease) for step in self._preprocessors):
            return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kw)
        return super().from_file(file_stream, resources=resources, **kw)


class RebuildFromRelease(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Puts the student's work back into the released notebook: structure, points and tags are the lesson's."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Read the submitted file anew; what nbformat would make of it is ignored."""
        course, facts = self.parent.parent.coursedir, resources["nbgrader"]
        path = Path(resources["metadata"]["path"]) / f"{resources['metadata']['name']}.ipynb"
        rebuilt = read_notebook(path, released=_released(course, facts))
        graded = Path(course.format_path(course.autograded_directory, facts["student"], facts["assignment"]))
        masters = Path(course.format_path(course.source_directory, ".", facts["assignment"]))
        remove_followed_links(path.parent, graded, masters=masters)
        notebook = nbformat.from_dict(displayed_only(rebuilt.notebook))
        notebook.metadata[ODDITIES] = [*rebuilt.oddities, *submission_oddities(path.parent)]
        return notebook, resources


class RefereeGrades(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Judges the rebuilt notebook, writes what people read into it, and the marks into the gradebook."""

    sandbox = Enum(
        ("full", "none"), "full", help="The lock-down of student code; 'none' is for submissions you trust."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Judge one notebook."""
        course, facts = self.parent.parent.coursedir, resources["nbgrader"]
        sanitized = json.loads(nbformat.writes(nb, version=nbformat.NO_CONVERT))
        oddities = tuple(sanitized["metadata"].pop(ODDITIES, ()))
        again = rebuild_from_release(_released(course, facts), sanitized)
        rebuilt = Rebuilt(again.notebook, oddities, again.answered)
        judgement = _judge(Path(course.root), facts, rebuilt, mode=self.sandbox)
        notebook = judged_notebook(rebuilt.notebook, judgement)
        with Gradebook(facts["db_url"]) as gradebook:
            record_marks(gradebook, _entry(facts), notebook, judgement.report)
            gradebook.db.commit()
        if judgement.report.is_broken:
            broken = [verdict.exercise for verdict in judgement.report.exercises if verdict.points is None]
            self.log.error("%s %s: %s (%s)", facts["student"], ", ".join(broken), NO_MARK, "its check crashed")
        return nbformat.from_dict(notebook), resources


class GiveStarts(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Puts the code that a BUGHUNT starts from into its answer cell, in place of what ClearSolutions left."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Take the start from the cell's metadata ``{"autograder": {"start": code}}``."""
        start = cell.metadata.get("autograder", {}).get("start")
        if start is not None:
            cell.source = start
            del cell.metadata["autograder"]
        return cell, resources


class WithholdBrokenFeedback(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Gives no feedback page while a check of the course is broken: it fails for this submission, with the reason.

    A mark that staff give by hand in its place lets the feedback go.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Look for check cells without any mark."""
        facts = resources["nbgrader"]
        where = (facts["notebook"], facts["assignment"], facts["student"])
        with Gradebook(facts["db_url"]) as gradebook:
            checks = [cell.metadata.nbgrader.grade_id for cell in nb.cells
                      if utils.is_grade(cell) and not utils.is_solution(cell)]  # fmt: skip
            grades = [gradebook.find_grade(name, *where) for name in checks]
            missing = [grade.name for grade in grades if grade.auto_score is None and grade.manual_score is None]
        if missing:
            raise FeedbackWithheld(
                f"feedback withheld from {facts['student']}: {', '.join(missing)} has {NO_MARK}. "
                "Repair the check and grade again, or give a mark by hand."
            )
        return nb, resources


class ShowTextAsText(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Keeps HTML, script links and MathJax commands that a student wrote from working on staff's pages.

    nbgrader's pages render Markdown with its HTML. Markdown and formulas still work; graded files are not changed.
    """

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Change the student's Markdown on its way to a page."""
        if cell.cell_type == "markdown" and is_students_text(cell):
            cell.source = show_as_text(cell.source)
        return cell, resources


def show_as_text(markdown: str) -> str:
    """Markdown that looks the same, in which tags, links other than to the web, and risky formulas are text."""
    markdown = _TAG.sub("<" + _INVISIBLE, markdown)
    markdown = _LINK.sub("]" + _INVISIBLE, markdown)
    return _MATH_WITH_EFFECTS.sub(lambda match: match[0] + _INVISIBLE, markdown)


def _judge(root: Path, facts: Any, rebuilt: Rebuilt, *, mode: Mode) -> Any:
    lesson = read_lesson(root, facts["assignment"])
    try:
        referee = _referee(lesson, _fingerprint(lesson), mode)
        return referee.judge(submission_of(rebuilt), facts["student"])
    except SandboxUnavailable:  # the next submission starts a new parent, in case this one ended
        _referee.cache_clear()
        _warm_parent.cache_clear()
        raise


@cache  # the handle of the warm parent lives as long as the process: nbgrader makes new preprocessors for each notebook
def _warm_parent(mode: Mode) -> WarmParent:
    parent = WarmParent.start(mode=mode)
    atexit.register(parent.close)
    return parent


@lru_cache(maxsize=4)
def _referee(lesson: Lesson, fingerprint: str, mode: Mode) -> Referee:
    return Referee(lesson, parent=_warm_parent(mode), secret=course_secret(lesson.root))


def _fingerprint(lesson: Lesson) -> str:
    """Changes when the lesson's files do: the formgrader keeps this process for days."""
    folders = [lesson.text.parent, lesson.release_notebook.parent, lesson.solution.parent, lesson.hidden_checks.parent]
    files = sorted(path for folder in folders for path in folder.glob("*") if path.is_file())
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()


def _released(course: Any, facts: Any) -> Notebook:
    folder = Path(course.format_path(course.release_directory, ".", facts["assignment"]))
    return read_json_notebook(folder / f"{facts['notebook']}.ipynb")


def _entry(facts: Any) -> Entry:
    return Entry(facts["student"], facts["assignment"], facts["notebook"])


def _withdraw(facts: Any) -> None:
    with Gradebook(facts["db_url"]) as gradebook:
        try:
            withdraw_marks(gradebook, _entry(facts))
            gradebook.db.commit()
        except MissingEntry:  # there was no earlier grading
            gradebook.db.rollback()
