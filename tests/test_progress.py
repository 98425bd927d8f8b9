"""A learner's progress: what is remembered, what is not, and that losing the file costs little."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Autograder = Callable[..., subprocess.CompletedProcess[str]]


class Learner:
    """Somebody with the tiny course, whose answers are the solutions but for what is replaced in them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.module = root / "exercises/L01/tiny.py"

    def write(self, *edits: tuple[str, str]) -> None:
        text = (self.root / "solutions/L01/tiny.py").read_text(encoding="utf-8")
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        self.module.write_text(text, encoding="utf-8")

    def pytest(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "pytest", "exercises/L01", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    @property
    def standings(self) -> dict[str, dict[str, Any]]:
        path = self.root / ".autograder/progress.json"
        return json.loads(path.read_text(encoding="utf-8"))["lessons"]["L01"] if path.exists() else {}


@pytest.fixture
def learner(tiny_course: Path) -> Learner:
    return Learner(tiny_course)


def test_pytest_remembers_what_was_judged_completely(learner: Learner, run_autograder: Autograder) -> None:
    learner.write(("x * factor", "x + factor"))
    learner.pytest("-k", "keeps_the_shape")  # one of the two checks of center
    assert set(learner.standings) == set()
    learner.pytest()
    assert {name: one["status"] for name, one in learner.standings.items()} == {
        "scale": "failed",
        "center": "skipped",
        "mend": "passed",
    }
    said = run_autograder("status", "L01", cwd=learner.root).stdout
    assert "20 of 100 points" in said
    assert "✓ mend     20.0 / 20" in said
    assert "Next: scale, in exercises/L01/tiny.py" in said


def test_another_file_than_the_desks_does_not_count(learner: Learner, tmp_path: Path) -> None:
    learner.write()
    other = learner.module.rename(tmp_path / "elsewhere.py")
    learner.pytest("--submission", str(other))
    assert learner.standings == {}


def test_a_file_that_cannot_be_loaded_loses_no_points(learner: Learner, run_autograder: Autograder) -> None:
    learner.write()
    learner.pytest()
    learner.write(("return 2 * x", "return 2 * x)"))
    learner.pytest()
    assert learner.standings["scale"]["status"] == "passed"
    said = run_autograder("status", "L01", cwd=learner.root).stdout
    assert "tiny.py, line 8: unmatched ')'" in said
    assert "100 of 100 points" in said


def test_an_edit_and_a_changed_check_are_told(learner: Learner, run_autograder: Autograder) -> None:
    learner.write()
    learner.pytest()
    said = run_autograder("status", "L01", cwd=learner.root).stdout
    assert "since" not in said
    assert "Everything that is there is solved" not in said  # L99 is not
    learner.write(("return x * factor", "return factor * x"))
    checks = learner.root / "exercises/L01/test_tiny.py"
    checks.write_text(checks.read_text(encoding="utf-8").replace("Every row is", "Each row is"), encoding="utf-8")
    said = run_autograder("status", "L01", cwd=learner.root).stdout
    assert "✓ scale    40.0 / 40   edited since it was judged" in said
    assert "✓ mend     20.0 / 20   its text or checks changed since you solved it: run it again" in said
    assert "center   40.0 / 40\n" in said


@pytest.mark.parametrize("damage", ["{", '{"version": 1, "lessons": {"L01": 3}}'])
def test_a_damaged_file_is_kept_and_told_of(learner: Learner, run_autograder: Autograder, damage: str) -> None:
    folder = learner.root / ".autograder"
    folder.mkdir()
    (folder / "progress.json").write_text(damage, encoding="utf-8")
    said = run_autograder("status", cwd=learner.root).stdout
    assert "progress.json was damaged" in said
    kept = list(folder.glob("progress-damaged-*.json"))
    assert [path.read_text(encoding="utf-8") for path in kept] == [damage]
    assert "damaged" not in run_autograder("status", cwd=learner.root).stdout


def test_pytest_goes_on_where_progress_cannot_be_written(learner: Learner) -> None:
    learner.write()
    (learner.root / ".autograder").write_text("a file where the folder should be", encoding="utf-8")
    said = learner.pytest()
    assert "100 of 100 points" in said
    assert "your progress could not be written" in said


def test_check_in_a_notebook_on_the_desk_counts(learner: Learner, run_autograder: Autograder) -> None:
    """In a real IPython session in the lesson's folder on the desk."""
    run_autograder("open", "L01", cwd=learner.root)
    code = (
        "import numpy as np\nfrom autograder import check\ndef scale(x, factor):\n    return x * factor\ncheck('scale')"
    )
    session = f"from IPython.testing.globalipapp import start_ipython\nstart_ipython().run_cell({code!r})\n"
    subprocess.run([sys.executable, "-c", session], cwd=learner.module.parent, capture_output=True, check=False)
    assert learner.standings["scale"]["status"] == "passed"
    assert learner.standings["scale"]["points"] == 40.0
