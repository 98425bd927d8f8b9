"""`autograder check`: a learner's own work, judged by the public or the hidden checks in the learner's own process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SOLVED = '''"""Mine."""

import numpy as np

ONE = np.float64(1.0)


def double(x):
    return 2 * x


def scale(x, factor):
    return x * factor * ONE


def center(x):
    return scale(x - np.sum(x, axis=0) / len(x), np.ones(x.shape[1]))


def mend(x):
    """The sum of each row of x (N, D)."""
    y = np.asarray(x)
    return y.sum(axis=1)
'''
PLAIN_INSTALL = """
import sys
class OnlyThePlainInstall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, OnlyThePlainInstall())
"""
GRADING = {"msgspec", "yaml", "IPython", "nbformat", "jupytext", "nbgrader", "pyseccomp", "traitlets"}
RUN = "from autograder.cli import main; main()"


@pytest.fixture
def check(tiny_course: Path) -> Callable[..., str]:
    """Writes the learner's file (unless it is None), runs `autograder check L01`, and gives what it says."""

    def run(text: str | None, *arguments: str, program: str = RUN) -> str:
        if text is not None:
            (tiny_course / "exercises/L01/tiny.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", program, "check", "L01", *arguments]
        done = subprocess.run(command, cwd=tiny_course, capture_output=True, encoding="utf-8", check=False)
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"

    return run


@pytest.mark.parametrize("arguments", [(), ("--hidden",)])
def test_a_solved_lesson_has_all_points(check: Callable[..., str], arguments: tuple[str, ...]) -> None:
    said = check(SOLVED, *arguments)
    assert said.startswith("exit 0")
    assert "✓ scale    40.0 / 40  [tiny.py]" in said
    assert f"100 of 100 points by the {'hidden' if arguments else 'public'} checks" in said


@pytest.mark.parametrize("arguments", [(), ("--hidden",)])
def test_an_untouched_desk_is_not_started_yet(check: Callable[..., str], arguments: tuple[str, ...]) -> None:
    said = check(None, *arguments)
    assert said.startswith("exit 1")
    assert "○ scale     0.0 / 40  not started yet" in said
    assert "Next: scale, in exercises/L01/tiny.py" in said.replace("\\", "/")
    assert "Error" not in said


def test_a_stub_with_a_print_in_it_is_not_started_yet(check: Callable[..., str]) -> None:
    text = SOLVED.replace("return x * factor * ONE", "print(x.shape)\n    raise NotImplementedError()")
    said = check(text, "--hidden")
    assert "○ scale     0.0 / 40  [tiny.py]\n" in said
    assert "Traceback" not in said
    assert "✓ center   40.0 / 40" in said  # judged beside the solution's scale


def test_hidden_checks_name_the_mistake(check: Callable[..., str]) -> None:
    said = check(SOLVED.replace("return x * factor * ONE", "return x / factor * ONE"), "--hidden")
    assert said.startswith("exit 1")
    assert "✗ scale" in said
    assert "scale: Every column is multiplied by its own factor." in said
    assert "expected" in said
    assert "Likely cause: You divide by the factor; multiply by it." in said
    assert "Stuck? autograder hint L01 scale" in said


def test_an_answer_that_only_the_public_checks_accept_is_refused_by_the_hidden_ones(check: Callable[..., str]) -> None:
    text = SOLVED.replace("return x * factor * ONE", "return np.broadcast_to(factor, x.shape) * 1.0")
    assert "✓ scale" in check(text, "scale")
    assert "✗ scale" in check(text, "scale", "--hidden")


def test_an_exercise_is_judged_alone(check: Callable[..., str]) -> None:
    said = check(SOLVED, "--hidden", "center")
    assert "40 of 40 points" in said
    assert "scale" not in said
    assert "no exercise 'centre'" in check(None, "centre")


def test_a_forbidden_name_and_an_error_are_told_with_their_line(check: Callable[..., str]) -> None:
    text = SOLVED.replace("np.sum(x, axis=0) / len(x)", "np.mean(x, axis=0)").replace("axis=1", "axis=7")
    said = check(text, "--hidden")
    assert "`numpy.mean` (line 2) is not allowed in center. Use np.sum instead." in said
    assert "line 23 of tiny.py" in said
    assert "autograder/checks" not in said


@pytest.mark.parametrize("arguments", [(), ("--hidden",)])
@pytest.mark.parametrize(
    ("broken", "words"),
    [("1 / 0\n", "`1 / 0`"), ("def f(:\n", "`def f(:`")],
)
def test_a_file_that_cannot_be_loaded_says_where(
    check: Callable[..., str], arguments: tuple[str, ...], broken: str, words: str
) -> None:
    said = check(f"{SOLVED}\n\n{broken}", *arguments)
    assert said.startswith("exit 1")
    assert said.count(f"line 26 of tiny.py, {words}") == 1
    assert "✗ mend      0.0 / 20  [tiny.py]  as above" in said
    assert "Traceback" not in said


def test_an_exercise_is_judged_in_the_file_where_it_differs(tiny_course: Path, check: Callable[..., str]) -> None:
    notebook = json.loads((tiny_course / "release/L01/01_Tiny.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "scale":
            cell["source"] = "def scale(x, factor):\n    return x / factor"
    (tiny_course / "exercises/L01/01_Tiny.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    only_mend = (tiny_course / "exercises/L01/tiny.py").read_text(encoding="utf-8").replace("axis=0", "axis=1")
    said = check(only_mend, "--hidden")
    assert "✗ scale     0.0 / 40  [01_Tiny.ipynb]" in said
    assert "You divide by the factor" in said
    assert "✓ mend     20.0 / 20  [tiny.py]" in said


def test_the_plain_install_is_enough(check: Callable[..., str]) -> None:
    program = PLAIN_INSTALL.format(absent=GRADING) + RUN
    wrong = SOLVED.replace("return x * factor * ONE", "return x / factor * ONE")
    assert "You divide by the factor" in check(wrong, "--hidden", program=program)
    assert "100 of 100 points" in check(SOLVED, program=program)


def test_without_the_hidden_checks_it_says_where_they_are(tiny_course: Path, check: Callable[..., str]) -> None:
    shutil.rmtree(tiny_course / "tests/hidden")
    said = check(SOLVED, "--hidden")
    assert said.startswith("exit 1")
    assert "They come with the whole repository" in said


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no signal for Ctrl-C that one process can send another"
)
@pytest.mark.parametrize("arguments", [(), ("--hidden",)])
def test_an_endless_loop_ends_with_ctrl_c_and_says_where_it_was(tiny_course: Path, arguments: tuple[str, ...]) -> None:
    text = SOLVED.replace(
        "    return x * factor", "    while True:\n        print('begun', flush=True)\n    return x * factor"
    )
    (tiny_course / "exercises/L01/tiny.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-c", RUN, "check", "L01", *arguments]
    with subprocess.Popen(
        command, cwd=tiny_course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=os.environ
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "begun" in line:
                process.send_signal(signal.SIGINT)
                break
        _, said = process.communicate()
    assert process.returncode == 1
    assert "you stopped it at tiny.py, line 1" in said
    assert "in scale: `" in said
    assert "Traceback" not in said
