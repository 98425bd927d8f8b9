"""Building a lesson, and the complaints about a malformed one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authored import read_authored
from autograder.build import build_lesson, compare_built, write_built
from autograder.lesson import LessonError


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{old!r} is not in {path}"
    path.write_text(text.replace(old, new, 1))


TEXT, SOLUTION, STARTS = "source/L01/01_Tiny.md", "solutions/L01/tiny.py", "solutions/L01/starts.py"
PUBLIC, HIDDEN, MISTAKES = "source/L01/test_tiny.py", "tests/hidden/L01/test_tiny.py", "tests/hidden/L01/mistakes.py"
MALFORMED = {
    "unknown exercise": (TEXT, ":exercise: scale", ":exercise: shrink", TEXT, "unknown exercise"),
    "points": (TEXT, "points: 20", "points: 21", TEXT, "sum to 101, expected 100"),
    "no hint": (TEXT, '    hints: ["Which axis?"]\n', "", TEXT, "no hints"),
    "no place": (TEXT, ":check: mend", ":check: scale", TEXT, "placed twice"),
    "unknown need": (TEXT, "needs: [scale]", "needs: [mend]", TEXT, "no earlier exercise"),
    "forbidden without instead": (TEXT, "    instead: np.sum\n", "", TEXT, "instead"),
    "wrong lesson": (TEXT, "lesson: L01", "lesson: L02", TEXT, "L02"),
    "no YAML": (TEXT, "block: 1", "block: [1", TEXT, "no YAML"),
    "filled exercise cell": (TEXT, ":exercise: scale\n", ":exercise: scale\n\nprint(1)\n", TEXT, "must be empty"),
    "region outside": (SOLUTION, "def double", "### BEGIN SOLUTION\n### END SOLUTION\ndef double", SOLUTION, "outside"),
    "open region": (SOLUTION, "    ### END SOLUTION\n", "", SOLUTION, "no partner"),
    "no region": (
        SOLUTION,
        "    ### BEGIN SOLUTION\n    return x * factor\n    ### END SOLUTION\n",
        "    return x * factor\n",
        SOLUTION,
        "no ### BEGIN SOLUTION",
    ),
    "bughunt without start": (STARTS, "def mend", "def mended", STARTS, "bughunt 'mend' has no start"),
    "lines of no bughunt": (TEXT, "    form: bughunt\n", "", TEXT, "go together"),
    "bughunt without lines": (TEXT, "    max_changed_lines: 1\n", "", TEXT, "go together"),
    "trace with many points": (
        TEXT,
        "    form: bughunt\n    max_changed_lines: 1\n",
        "    form: trace\n",
        TEXT,
        "at most 5",
    ),
    "unknown form": (TEXT, "form: bughunt", "form: riddle", TEXT, "'riddle' is not a valid Form"),
    "given calls exercise": (SOLUTION, "return 2 * x", "return scale(x, 2)", SOLUTION, "calls exercise 'scale'"),
    "stray given": (SOLUTION, "def double", "def triple(x):\n    return 3 * x\n\n\ndef double", TEXT, "has no place"),
    "hidden check of nothing": (HIDDEN, '@exercise("mend")', '@exercise("mended")', HIDDEN, "no exercise"),
    "no docstring": (HIDDEN, '    """Every row is summed."""\n', "", HIDDEN, "no docstring"),
    "unchecked exercise": (PUBLIC, '@exercise("mend")', '@exercise("scale")', PUBLIC, "has no check"),
    "stale mistake": (MISTAKES, "x * factor", "x * factors", MISTAKES, "occurs 0 times"),
    "no alternative": ("tests/hidden/L01/alternatives.py", "def mend", "def mended", "tests/hidden", "no alternative"),
    "syntax": (SOLUTION, "return 2 * x", "return 2 *", SOLUTION, "Python cannot read it"),
}


@pytest.mark.parametrize("case", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_lesson_stops_the_build_with_file_and_line(tiny_course: Path, case: tuple[str, ...]) -> None:
    path, old, new, blamed, words = case
    edit(tiny_course / path, old, new)
    with pytest.raises(LessonError) as caught:
        read_authored(tiny_course, "L01")
    message = str(caught.value)
    assert re.match(r".+:\d+: .+", message)
    assert blamed in message.split(":")[0]
    assert words in message


def test_the_line_of_a_complaint_is_where_the_fault_is(tiny_course: Path) -> None:
    edit(tiny_course / HIDDEN, '    """Every row is summed."""\n', "")
    lines = (tiny_course / HIDDEN).read_text().split("\n")
    with pytest.raises(
        LessonError, match=rf"test_tiny.py:{lines.index('def test_mend_sums_rows(submission, rng):') + 1}:"
    ):
        read_authored(tiny_course, "L01")


def test_building_twice_gives_the_same_bytes(tiny_course: Path) -> None:
    first, second = build_lesson(tiny_course, "L01"), build_lesson(tiny_course, "L01")
    assert first.files == second.files
    assert first.stub == second.stub
    assert compare_built(first).differing == ()


def test_plain_nbgrader_releases_the_same_bytes(tiny_course: Path) -> None:
    built = build_lesson(tiny_course, "L01")
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", "L01", "--force"]
    done = subprocess.run(command, cwd=tiny_course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for path, data in built.files.items():
        assert path.read_bytes() == data, path


def test_the_release_holds_no_solution_and_no_hidden_check(tiny_course: Path) -> None:
    release = tiny_course / "release" / "L01"
    assert sorted(path.name for path in release.iterdir()) == ["01_Tiny.ipynb", "test_tiny.py"]
    text = (release / "01_Tiny.ipynb").read_text()
    for secret in (
        "x * factor",
        "total / len(x)",
        "axis=1",
        "Because.",
        "BEGIN SOLUTION",
        "every column",
        "autograder_start",
    ):
        assert secret not in text
    assert "axis=0" in text  # what the BUGHUNT starts from


def test_cells_have_nbgraders_metadata_and_stable_ids(tiny_course: Path) -> None:
    cells = json.loads((tiny_course / "source/L01/01_Tiny.ipynb").read_text())["cells"]
    graded = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in cells if "nbgrader" in cell["metadata"]}
    assert all(cell["metadata"]["nbgrader"]["schema_version"] == 3 for cell in graded.values())
    assert graded["check-scale"]["source"] == ['check("scale")']
    assert graded["check-scale"]["metadata"]["nbgrader"]["points"] == 40
    assert graded["scale"]["id"] == "scale"
    assert (
        graded["why"]["metadata"]["nbgrader"] | {"grade": True, "solution": True, "points": 5.0}
        == graded["why"]["metadata"]["nbgrader"]
    )
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_a_changed_built_file_is_named(
    tiny_course: Path, run_autograder: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    (tiny_course / "release/L01/01_Tiny.ipynb").write_text("{}")
    (tiny_course / "release/L01/stray.txt").write_text("left over")
    done = run_autograder("build", "L01", "--check", cwd=tiny_course)
    assert done.returncode == 1
    assert "differs: release/L01/01_Tiny.ipynb" in done.stdout
    assert "differs: release/L01/stray.txt" in done.stdout
    assert run_autograder("build", "L01", cwd=tiny_course).returncode == 0
    assert run_autograder("build", "L01", "--check", cwd=tiny_course).returncode == 0


def test_a_build_keeps_what_a_learner_wrote(tiny_course: Path) -> None:
    stub = tiny_course / "exercises/L01/tiny.py"
    stub.write_text("# mine\n")
    built = build_lesson(tiny_course, "L01")
    assert write_built(built) == (stub,)
    assert stub.read_text() == "# mine\n"
    assert compare_built(built).yours == (stub,)
    assert compare_built(built).differing == ()
    assert write_built(built, overwrite=True) == ()
    assert stub.read_bytes() == built.stub
    assert stub.with_name("tiny.py.yours").read_text() == "# mine\n"


def test_an_untouched_stub_follows_the_solution(tiny_course: Path) -> None:
    edit(tiny_course / SOLUTION, "Given: twice x.", "Given: two times x.")
    built = build_lesson(tiny_course, "L01")
    assert compare_built(built).differing
    assert write_built(built) == ()
    assert "two times x" in (tiny_course / "exercises/L01/tiny.py").read_text()
