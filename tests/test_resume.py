"""Grading a class twice: what did not change is left alone, and a run that was killed loses nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.archive import attempt_key

GRADE = [sys.executable, "-c", "from autograder.cli import main; main()", "grade", "L99", "--jobs", "1"]
RIGHT, WRONG = "def double(x):\n    return x + x\n", "def double(x):\n    return x\n"
HALF = 60.0  # the points of `double`; nobody answers `shift`


@pytest.fixture
def course(tiny_course: Path, registered_gradebook: Path) -> Path:
    (tiny_course / "gradebook.db").write_bytes(registered_gradebook.read_bytes())
    return tiny_course


@pytest.fixture
def graded(course: Path, hand_in: Callable[..., Path]) -> Path:
    """Ann is right and bob is wrong."""
    hand_in("ann", double=RIGHT)
    hand_in("bob", double=WRONG)
    grade(course)
    return course


def grade(course: Path, *options: str) -> str:
    done = subprocess.run([*GRADE, *options], cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def attempts(course: Path) -> dict[str, int]:
    folder = course / "reports/L99/attempts"
    return {student.name: len(list(student.glob("*.json"))) for student in sorted(folder.iterdir())}


def marks(course: Path) -> dict[str, float]:
    with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions("L99")}


def test_a_second_run_grades_nobody(graded: Path):
    before = marks(graded)
    assert before == {"ann": HALF, "bob": 0.0}
    said = grade(graded)
    assert "2 of 2 did not change" in said
    assert "ann" in said
    assert attempts(graded) == {"ann": 1, "bob": 1}
    assert marks(graded) == before


def test_a_changed_submission_is_graded_again_and_both_attempts_are_kept(graded: Path):
    notebook = graded / "submitted/bob/L99/99_Tiny.ipynb"
    notebook.write_text(notebook.read_text().replace(json.dumps(WRONG), json.dumps(RIGHT)))
    assert "1 of 2 did not change" in grade(graded)
    assert attempts(graded) == {"ann": 1, "bob": 2}
    assert marks(graded) == {"ann": HALF, "bob": HALF}
    first, second = (json.loads(path.read_text()) for path in sorted((graded / "reports/L99/attempts/bob").iterdir()))
    assert (first["points"], second["points"]) == (0.0, HALF)
    assert json.loads((graded / "reports/L99/bob.json").read_text()) == second


def test_a_changed_check_grades_everybody_again(graded: Path):
    checks = graded / "tests/hidden/L99/test_tiny.py"
    checks.write_text(checks.read_text() + "\n# mended\n")
    grade(graded)
    assert attempts(graded) == {"ann": 2, "bob": 2}


def test_regrade_grades_everybody_again_with_the_same_marks(graded: Path):
    before = marks(graded)
    assert "did not change" not in grade(graded, "--regrade")
    assert attempts(graded) == {"ann": 2, "bob": 2}
    assert marks(graded) == before


def test_a_new_gradebook_gets_all_marks(graded: Path, registered_gradebook: Path):
    (graded / "gradebook.db").write_bytes(registered_gradebook.read_bytes())
    grade(graded)
    assert marks(graded) == {"ann": HALF, "bob": 0.0}


def test_touching_a_file_changes_nothing(graded: Path):
    (graded / "submitted/ann/L99/99_Tiny.ipynb").touch()
    assert "2 of 2 did not change" in grade(graded)


def test_a_run_that_is_killed_goes_on_where_it_was(course: Path, hand_in: Callable[..., Path]):
    students = [f"student{number}" for number in range(6)]
    for number, student in enumerate(students):
        hand_in(student, double=RIGHT if number % 2 else WRONG)
    expected = {student: HALF * (number % 2) for number, student in enumerate(students)}
    for wanted in (1, 3):
        run = subprocess.Popen(GRADE, cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(list((course / "reports/L99").glob("student*.json"))) < wanted and run.poll() is None:
            time.sleep(0.005)
        run.send_signal(signal.SIGKILL)
        run.wait()
        found = marks(course)
        assert found.items() <= expected.items()
        assert {path.stem for path in (course / "reports/L99").glob("student*.json")} <= found.keys()
    said = grade(course)
    assert "did not change" in said
    assert marks(course) == expected
    assert set(attempts(course)) == set(students)
    assert set(attempts(course).values()) == {1}  # graded again after a kill, not counted twice


def test_the_key_is_that_of_bytes_names_lesson_and_sandbox(tmp_path: Path):
    def key(*, text: str = "a", name: str = "n.ipynb", lesson: str = "1", sandbox: str = "full") -> str:
        for path in tmp_path.iterdir():
            path.unlink()
        (tmp_path / name).write_text(text)
        return attempt_key(tmp_path, lesson_digest=lesson, sandbox=sandbox)

    assert key() == key()
    assert len({key(), key(text="b"), key(name="m.ipynb"), key(lesson="2"), key(sandbox="none")}) == 5


def test_a_link_in_a_submission_is_not_followed(tmp_path: Path):
    (tmp_path / "outside").write_text("1")
    folder = tmp_path / "submission"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "outside")
    before = attempt_key(folder, lesson_digest="", sandbox="full")
    (tmp_path / "outside").write_text("2")
    assert attempt_key(folder, lesson_digest="", sandbox="full") == before


def test_one_strange_submission_does_not_stop_the_class(course: Path, hand_in: Callable[..., Path]):
    """Names that are no UTF-8, control characters, formulas, outputs nested without end, a hole of a terabyte."""
    strange = hand_in("ann", double="def double(x):\n    raise ValueError('\\x1b[2J\\r=HYPERLINK(A1); =1')\n")
    notebook = json.loads(strange.read_text())
    deep: object = []
    for _ in range(900):
        deep = [deep]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "display_data", "data": {"text/plain": deep}, "metadata": deep}]
    strange.write_text(json.dumps(notebook))
    (strange.parent / os.fsdecode(b"\xff\xfe")).symlink_to("nowhere")
    with (strange.parent / "hole").open("wb") as file:
        file.truncate(2**40)
    hand_in("bob", double=RIGHT)
    nothing = course / "submitted" / "zoe" / "L99"
    nothing.mkdir(parents=True)
    (nothing / os.fsdecode(b"\xff\xfe")).write_text("no notebook")
    said = grade(course)
    assert marks(course)["bob"] == HALF
    assert "ValueError" in said
    table = (course / "reports/L99/results.csv").read_text()
    assert not any(letter in said + table for letter in ("\x1b", "\r"))
    assert ";=" not in table
    report = json.loads((course / "reports/L99/ann.json").read_text())
    assert any("hole" in oddity for oddity in report["oddities"])
    assert not (course / "autograded/ann/L99/hole").exists()
