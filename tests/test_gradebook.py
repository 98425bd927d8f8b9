"""The gradebook that ``autograder grade`` writes: the one that nbgrader's converter would have written."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from autograder.authored import read_lesson
from autograder.integrations.feedback import judged_notebook
from autograder.integrations.gradebook import GradebookError, GradebookWriter, submission_oddities, submission_time
from autograder.lesson import Lesson
from autograder.referee import Referee
from autograder.secret import course_secret
from autograder.submission import Rebuilt, read_notebook, submission_of
from autograder.verdict import ExerciseVerdict, Report, Status
from autograder.worker import WarmParent

DOUBLE = "def double(x):\n    return 2 * x"
SQUARE = "def double(x):\n    return x * x"
SHIFT = "def shift(x, by):\n    return x + by"
GRADES = (
    "select cell.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade,"
    " submitted.late_submission_penalty from grade join base_cell cell on cell.id = grade.cell_id"
    " join submitted_notebook submitted on submitted.id = grade.notebook_id"
    " join submitted_assignment assignment on assignment.id = submitted.assignment_id"
    " where assignment.student_id = ? order by cell.name"
)
COMMENTS = (
    "select cell.name, comment.auto_comment from comment join base_cell cell on cell.id = comment.cell_id"
    " join submitted_notebook submitted on submitted.id = comment.notebook_id"
    " join submitted_assignment assignment on assignment.id = submitted.assignment_id"
    " where assignment.student_id = ? order by cell.name"
)
TIMES = "select timestamp from submitted_assignment where student_id = ?"

HandIn = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_config_of_the_user(tiny_course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tiny_course / "jupyter"))


@pytest.fixture
def lesson(tiny_course: Path) -> Lesson:
    return read_lesson(tiny_course, "L99")


@pytest.fixture
def writer(tiny_course: Path, lesson: Lesson, registered_gradebook: Path) -> Iterator[GradebookWriter]:
    shutil.copy(registered_gradebook, tiny_course)
    with GradebookWriter.open(tiny_course) as writer:
        writer.register(lesson)
        yield writer


def rows(course: Path, query: str, *values: str) -> list[Any]:
    with sqlite3.connect(course / "gradebook.db") as connection:
        return connection.execute(query, values).fetchall()


def marks(course: Path, student: str) -> dict[str, float | None]:
    return {name: score for name, score, *_ in rows(course, GRADES, student)}


def waiting(course: Path, student: str) -> set[str]:
    return {name for name, _, _, needs, _ in rows(course, GRADES, student) if needs}


def released(lesson: Lesson) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(lesson.release_notebook.read_text())
    return notebook


def report(double: float | None = 60.0, shift: float | None = 40.0, **facts: Any) -> Report:
    verdicts = tuple(
        ExerciseVerdict(name, Status.BROKEN if points is None else Status.PASSED, points, most)
        for name, points, most in (("double", double, 60.0), ("shift", shift, 40.0))
    )
    return Report("L99", "ann", "digest", verdicts, **facts)


def record(writer: GradebookWriter, lesson: Lesson, path: Path, judged: Report) -> None:
    rebuilt = read_notebook(path, released=released(lesson))
    notebook = judged_notebook(rebuilt.notebook, type("Judged", (), {"report": judged, "runs": ()})())
    writer.record(path.parent.parent.name, lesson, submitted=path.parent, report=judged, notebook=notebook)


def test_the_lesson_is_registered_as_it_was_released(writer: GradebookWriter, tiny_course: Path) -> None:
    with Gradebook(f"sqlite:///{tiny_course / 'gradebook.db'}", "deep-learning") as gradebook:
        notebook = gradebook.find_notebook("99_Tiny", "L99")
        points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        assert points == {"check-double": 60.0, "check-shift": 40.0, "why": 10.0}
        assert {cell.name for cell in notebook.solution_cells} == {"double", "shift", "why"}
        assert json.loads(notebook.kernelspec)["name"] == "python3"


def test_registering_leaves_the_release_alone(tiny_course: Path, lesson: Lesson) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tiny_course / "release").rglob("*.*")}
    with GradebookWriter.open(tiny_course) as writer:
        writer.register(lesson)
        writer.register(lesson)
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in before}


def test_changed_points_are_registered_anew(writer: GradebookWriter, tiny_course: Path, lesson: Lesson) -> None:
    for folder in ("source", "release"):
        path = tiny_course / folder / "L99/99_Tiny.ipynb"
        path.write_text(path.read_text().replace('"points": 60.0', '"points": 55.0'))
    writer.register(lesson)
    with Gradebook(f"sqlite:///{tiny_course / 'gradebook.db'}", "deep-learning") as gradebook:
        assert gradebook.find_grade_cell("check-double", "99_Tiny", "L99").max_score == 55.0


def test_a_release_that_is_not_the_source_is_refused(tiny_course: Path, lesson: Lesson) -> None:
    path = tiny_course / "source/L99/99_Tiny.ipynb"
    path.write_text(path.read_text().replace('"points": 60.0', '"points": 55.0'))
    with (
        GradebookWriter.open(tiny_course) as writer,
        pytest.raises(GradebookError, match=r"other exercises or points for L99.*autograder build"),
    ):
        writer.register(lesson)


def test_verdicts_become_marks(writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn) -> None:
    record(writer, lesson, hand_in("ann", double=DOUBLE, why="Because."), report(60.0, None))
    assert marks(tiny_course, "ann") == {"check-double": 60.0, "check-shift": None, "why": None}
    assert waiting(tiny_course, "ann") == {"check-shift", "why"}
    assert dict(rows(tiny_course, COMMENTS, "ann")) == {"double": None, "shift": "No response.", "why": None}


def test_a_regrade_replaces_marks_and_files(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    path = hand_in("ann")
    (path.parent / "old.txt").write_text("old")
    record(writer, lesson, path, report(0.0, 0.0))
    (path.parent / "old.txt").unlink()
    record(writer, lesson, path, report(60.0, 40.0))
    assert marks(tiny_course, "ann") == {"check-double": 60.0, "check-shift": 40.0, "why": 0.0}
    assert sorted(file.name for file in (tiny_course / "autograded/ann/L99").iterdir()) == [
        "99_Tiny.ipynb", "test_tiny.py"]  # fmt: skip
    assert [file.name for file in (tiny_course / "autograded/ann").iterdir()] == ["L99"]


def test_a_mark_given_by_hand_stays_and_is_reviewed(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    path = hand_in("ann", why="Because.")
    record(writer, lesson, path, report(0.0, 0.0))
    with Gradebook(f"sqlite:///{tiny_course / 'gradebook.db'}", "deep-learning") as gradebook:
        gradebook.find_grade("check-double", "99_Tiny", "L99", "ann").manual_score = 33.0
        gradebook.db.commit()
    record(writer, lesson, path, report(60.0, 40.0))
    assert rows(tiny_course, GRADES, "ann")[0][:4] == ("check-double", 60.0, 33.0, 1)


def test_files_are_copied_read_only_and_links_are_not_followed(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    folder = hand_in("ann").parent
    (folder / "figures").mkdir()
    (folder / "figures/one.txt").write_text("one")
    (folder / "test_tiny.py").write_text("assert True")
    (folder / "notes.md").write_text("ignored")
    (folder / "other.ipynb").write_text("{}")
    (folder / "stolen.txt").symlink_to(tiny_course / "solutions/L99/tiny.py")
    (folder / "stolen").symlink_to(tiny_course / "solutions")
    record(writer, lesson, folder / "99_Tiny.ipynb", report())
    place = tiny_course / "autograded/ann/L99"
    found = sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())
    assert found == ["99_Tiny.ipynb", "figures/one.txt", "test_tiny.py"]
    assert (place / "test_tiny.py").read_text() == lesson.public_checks.read_text()
    assert {stat.S_IMODE((place / name).stat().st_mode) for name in found} == {0o444}
    assert [text.split(" ")[0] for text in submission_oddities(folder)] == ["stolen", "stolen.txt"]


def test_a_submission_without_a_notebook_has_no_mark(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    path = hand_in("ann")
    record(writer, lesson, path, report())
    writer.record("ann", lesson, submitted=path.parent, report=report(0.0, 0.0, problem="missing: empty"))
    assert set(marks(tiny_course, "ann").values()) == {None}
    assert waiting(tiny_course, "ann") == {"check-double", "check-shift", "why"}
    assert not (tiny_course / "autograded/ann/L99").exists()


@pytest.mark.parametrize("student", ["..", "a/b", "", ".", "a\\b", "a\nb"])
def test_a_student_is_one_folder(writer: GradebookWriter, tiny_course: Path, lesson: Lesson, student: str) -> None:
    with pytest.raises(GradebookError, match="no student identifier"):
        writer.record(student, lesson, submitted=tiny_course, report=report())


def test_names_of_any_script_are_welcome(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    record(writer, lesson, hand_in("Łukasz Čapek-李"), report())
    assert marks(tiny_course, "Łukasz Čapek-李")["check-double"] == 60.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31 23:59:00 UTC", datetime(2026, 1, 31, 23, 59)),
        ("2026-01-31T23:59:00-05:00", datetime(2026, 2, 1, 4, 59)),
        ("", None),
        ("last night", None),
    ],
)
def test_timestamps(tmp_path: Path, text: str, expected: datetime | None) -> None:
    (tmp_path / "timestamp.txt").write_text(text + "\n")
    assert submission_time(tmp_path) == expected
    assert bool(submission_oddities(tmp_path)) == (text == "last night")


def test_a_locked_gradebook_is_reported_and_changes_nothing(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    path = hand_in("ann")
    record(writer, lesson, path, report(0.0, 0.0))
    before = (tiny_course / "autograded/ann/L99/99_Tiny.ipynb").read_text()
    blocker = sqlite3.connect(tiny_course / "gradebook.db")
    blocker.execute("begin immediate")
    with pytest.raises(GradebookError, match=r"database is locked.*only writer.*grade again"):
        record(writer, lesson, path, report(60.0, 40.0))
    blocker.rollback()
    blocker.close()
    assert marks(tiny_course, "ann")["check-double"] == 0.0
    assert (tiny_course / "autograded/ann/L99/99_Tiny.ipynb").read_text() == before
    record(writer, lesson, path, report(60.0, 40.0))
    assert marks(tiny_course, "ann")["check-double"] == 60.0


def test_an_error_half_way_leaves_the_old_mark(
    writer: GradebookWriter, tiny_course: Path, lesson: Lesson, hand_in: HandIn
) -> None:
    path = hand_in("ann")
    record(writer, lesson, path, report(0.0, 0.0))
    with sqlite3.connect(tiny_course / "gradebook.db") as connection:  # the database refuses the second mark
        connection.execute(
            "create trigger full before update on grade when new.auto_score = 40.0"
            " begin select raise(abort, 'database or disk is full'); end"
        )
    with pytest.raises(GradebookError, match="disk is full"):
        record(writer, lesson, path, report(60.0, 40.0))
    assert marks(tiny_course, "ann") == {"check-double": 0.0, "check-shift": 0.0, "why": 0.0}
    assert (tiny_course / "autograded/ann/L99/99_Tiny.ipynb").exists()


def test_the_users_config_counts(tiny_course: Path, lesson: Lesson, hand_in: HandIn) -> None:
    with (tiny_course / "nbgrader_config.py").open("a") as config:
        config.write(
            "\nc.CourseDirectory.db_url = 'sqlite:///' + c.CourseDirectory.root + '/other.db'\n"
            "c.Autograde.create_student = False\n"
            "c.CourseDirectory.student_id_exclude = 'tom,tim'\n"
        )
    with GradebookWriter.open(tiny_course) as writer:
        writer.register(lesson)
        assert writer.excluded == {"tom", "tim"}
        with pytest.raises(GradebookError, match=r"create_student"):
            record(writer, lesson, hand_in("ann"), report())
    assert (tiny_course / "other.db").exists()
    assert not (tiny_course / "gradebook.db").exists()


@pytest.mark.parametrize("penalty", ["none", "zero"])
def test_the_gradebook_equals_the_converters(
    tiny_course: Path, tmp_path: Path, hand_in: HandIn, warm_parent: WarmParent, registered_gradebook: Path,
    monkeypatch: pytest.MonkeyPatch, penalty: str,
) -> None:  # fmt: skip
    """Everything that nbgrader's own Autograde writes for real submissions, late ones with penalties included."""
    secret = course_secret(tiny_course)
    shutil.copy(registered_gradebook, tiny_course)
    with (tiny_course / "nbgrader_config.py").open("a") as config:
        config.write(f"\nc.LateSubmissionPlugin.penalty_method = {penalty!r}\n")
    paths = [
        hand_in("ann", double=DOUBLE, shift=SHIFT, why="Because."),
        hand_in("bob", double=SQUARE),
        hand_in("cem", double=DOUBLE),
    ]
    (paths[0].parent / "timestamp.txt").write_text("2026-02-01 12:00:00 UTC")
    (paths[1].parent / "timestamp.txt").write_text("2026-01-01 12:00:00 UTC")
    (paths[2].parent / "mine.py").write_text("1")
    other = shutil.copytree(tiny_course, tmp_path / "other")

    _set_due_date(tiny_course)
    lesson = read_lesson(tiny_course, "L99")
    referee = Referee(lesson, parent=warm_parent, secret=secret)
    with GradebookWriter.open(tiny_course) as writer:
        for path in paths:
            rebuilt = read_notebook(path, released=released(lesson))
            oddities = rebuilt.oddities + submission_oddities(path.parent)
            rebuilt = Rebuilt(rebuilt.notebook, oddities, rebuilt.answered)
            student = path.parent.parent.name
            judgement = referee.judge(submission_of(rebuilt), student)
            notebook = judged_notebook(rebuilt.notebook, judgement)
            writer.record(student, lesson, submitted=path.parent, report=judgement.report, notebook=notebook)

    _set_due_date(other)
    monkeypatch.chdir(other)
    loaded = PyFileConfigLoader("nbgrader_config.py", path=str(other)).load_config()
    result = NbGraderAPI(config=loaded, log_level=logging.ERROR).autograde("L99", "*")
    assert result["success"], result

    for student in ("ann", "bob", "cem"):
        for query in (GRADES, COMMENTS, TIMES):
            assert rows(tiny_course, query, student) == rows(other, query, student)
        places = [course / "autograded" / student / "L99" for course in (tiny_course, other)]
        files = [{path.name: (path.read_text(), path.stat().st_mode) for path in place.iterdir()} for place in places]
        assert files[0] == files[1]
    assert rows(tiny_course, GRADES, "ann")[0][-1] == (None if penalty == "none" else 100.0)


def _set_due_date(course: Path) -> None:
    with GradebookWriter.open(course) as writer:
        writer.register(read_lesson(course, "L99"))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "deep-learning") as gradebook:
        gradebook.update_or_create_assignment("L99", duedate="2026-01-15 00:00:00 UTC")
