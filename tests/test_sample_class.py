"""Every sample submission gets the report it must get, and both ways of grading give the same marks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.authored import copy_lesson, find_root, read_lesson

ROOT = find_root(Path(__file__).parent)
SAMPLES = ROOT / "tests" / "submissions"
CASES = sorted((path.parent.name, path.name) for path in SAMPLES.glob("L*/*") if path.is_dir())
SECRET = {**os.environ, "AUTOGRADER_SECRET": "the sample class"}
Gradebook = dict[str, dict[str, float | None]]


def course_with(key: str, folder: Path) -> Path:
    """A course folder of its own, in which the sample class has handed in."""
    copy_lesson(ROOT, key, folder)
    for case in (SAMPLES / key).iterdir():
        if case.is_dir():
            ignore = shutil.ignore_patterns("report.json")
            shutil.copytree(case, folder / "submitted" / case.name / key, ignore=ignore)
    return folder


def run(course: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=course, env=SECRET, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course after ``autograder grade L06``."""
    course = course_with("L06", tmp_path_factory.mktemp("ours") / "course")
    done = run(course, "-c", "from autograder.cli import main; main()", "grade", "L06", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return course


@pytest.fixture(scope="module")
def graded_by_nbgrader(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Another course after plain ``nbgrader generate_assignment`` and ``nbgrader autograde``, and what it said."""
    course = course_with("L06", tmp_path_factory.mktemp("nbgrader") / "course")
    released = run(course, "-m", "nbgrader", "generate_assignment", "L06", "--force")
    assert released.returncode == 0, released.stderr
    done = run(course, "-m", "nbgrader", "autograde", "L06")
    return course, done.stderr


def marks(course: Path) -> Gradebook:
    """Every mark in a gradebook: student -> grade cell -> auto score."""
    from nbgrader.api import Gradebook as Database

    found: Gradebook = {}
    with Database(f"sqlite:///{course}/gradebook.db") as database:
        for submission in database.assignment_submissions("L06"):
            scores = {grade.name: grade.auto_score for book in submission.notebooks for grade in book.grades}
            found[submission.student.id] = scores
    return found


def report_of(course: Path, key: str, case: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((course / "reports" / key / f"{case}.json").read_text(encoding="utf-8"))
    return report


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 24


@pytest.mark.parametrize(("key", "case"), CASES, ids=[case.encode("ascii", "replace").decode() for _, case in CASES])
def test_each_case_gets_the_report_it_must_get(graded: Path, key: str, case: str) -> None:
    """``report.json``: points, and per exercise its status, points and words of its message; oddities; problem."""
    expected = json.loads((SAMPLES / key / case / "report.json").read_text(encoding="utf-8"))
    report = report_of(graded, key, case)
    assert report["problem"].startswith(expected["problem"])
    assert bool(report["problem"]) == bool(expected["problem"])
    found = {item["exercise"]: [str(item["status"]), item["points"]] for item in report["exercises"]}
    assert found == {name: item[:2] for name, item in expected["exercises"].items()}
    for item in report["exercises"]:
        assert expected["exercises"][item["exercise"]][2] in item["message"]
    assert report["points"] == expected["points"]
    assert report["oddities"] == expected["oddities"]


def test_both_ways_of_grading_give_the_same_marks(graded: Path, graded_by_nbgrader: tuple[Path, str]) -> None:
    lesson = read_lesson(ROOT, "L06")
    ours, theirs = marks(graded), marks(graded_by_nbgrader[0])
    readable = {case for _, case in CASES if not report_of(graded, "L06", case)["problem"]}
    assert len(readable) >= 24
    for case in readable:
        assert ours[case] == theirs[case], case
        expected = {f"check-{item['exercise']}": item["points"] for item in report_of(graded, "L06", case)["exercises"]}
        assert {name: ours[case][name] for name in expected} == expected
    for case in {case for _, case in CASES} - readable:
        assert set(theirs.get(case, {"": None}).values()) <= {None}, f"{case}: plain nbgrader sets no mark"
        assert report_of(graded, "L06", case)["problem"].startswith("missing")
    assert (graded / "submitted" / "perfect" / "L06" / f"{lesson.notebook}.ipynb").is_file()


def test_plain_nbgrader_reports_what_is_no_notebook_and_goes_on(graded_by_nbgrader: tuple[Path, str]) -> None:
    said = graded_by_nbgrader[1]
    for case in ("not_json", "empty_file", "another_lesson"):
        assert f"for student '{case}'" in said


def test_a_written_question_waits_for_its_grader(graded: Path) -> None:
    from nbgrader.api import Gradebook as Database

    lesson = read_lesson(ROOT, "L06")
    with Database(f"sqlite:///{graded}/gradebook.db") as database:
        grade = database.find_grade(lesson.questions[0].name, lesson.notebook, "L06", "half_done")
        assert (grade.auto_score, grade.needs_manual_grade) == (None, True)
        unanswered = database.find_grade(lesson.questions[0].name, lesson.notebook, "L06", "untouched")
        assert unanswered.needs_manual_grade is False


def test_graded_notebooks_hold_the_students_outputs_and_no_secret(graded: Path) -> None:
    lesson = read_lesson(ROOT, "L06")
    notebooks = sorted((graded / "autograded").glob(f"*/L06/{lesson.notebook}.ipynb"))
    assert len(notebooks) >= 24
    for path in notebooks:
        text = path.read_text(encoding="utf-8")
        assert "tests/hidden" not in text
        assert "BEGIN SOLUTION" not in text
        assert len(text) < 2_000_000
    lines = json.loads(
        (graded / "autograded/million_lines/L06" / f"{lesson.notebook}.ipynb").read_text(encoding="utf-8")
    )
    fit = next(c for c in lines["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "fit")
    shown = "".join("".join(output.get("text", "")) for output in fit["outputs"])
    assert shown.startswith("loss 0\nloss 1\n")
    assert len(shown) < 50_000


def test_feedback_pages_show_verdicts_and_no_hidden_check(graded: Path) -> None:
    done = run(graded, "-m", "nbgrader", "generate_feedback", "L06", "--student", "mistake_backward")
    assert done.returncode == 0, done.stderr
    page = next((graded / "feedback/mistake_backward/L06").glob("*.html")).read_text(encoding="utf-8")
    expected = json.loads((SAMPLES / "L06/mistake_backward/report.json").read_text(encoding="utf-8"))
    assert expected["exercises"]["backward"][2].split("`")[0][:30] in page
    hidden = read_lesson(ROOT, "L06").hidden_checks.read_text(encoding="utf-8")
    bodies = [line.strip() for line in hidden.splitlines() if "submission." in line]
    assert bodies
    assert not any(line in page for line in bodies)


def test_export_works(graded: Path) -> None:
    done = run(graded, "-m", "nbgrader", "export", "--to", "grades.csv")
    assert done.returncode == 0, done.stderr
    assert "perfect" in (graded / "grades.csv").read_text(encoding="utf-8")
