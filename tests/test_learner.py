"""The learner's pytest: points, skips, words, notebooks on the desk. Each test runs pytest as a learner would."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SOLVED = '''"""Mine."""

import numpy as np


def double(x):
    return 2 * x


def scale(x, factor):
    return x * factor


def center(x):
    return scale(x - np.sum(x, axis=0) / len(x), np.ones(x.shape[1]))


def mend(x):
    y = np.asarray(x)
    return y.sum(axis=1)
'''


@pytest.fixture
def learn(tiny_course: Path) -> Callable[..., str]:
    """Writes the learner's file (unless it is None) and gives what pytest prints, with its exit status first."""

    def run(text: str | None = SOLVED, *arguments: str) -> str:
        if text is not None:
            (tiny_course / "exercises/L01/tiny.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "exercises/L01", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=tiny_course, capture_output=True, text=True, check=False)
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"

    return run


def test_a_solved_lesson_has_all_points(learn: Callable[..., str]) -> None:
    said = learn()
    assert said.startswith("exit 0")
    assert "100 of 100 points" in said


def test_an_untouched_desk_is_no_success_and_says_what_is_next(learn: Callable[..., str]) -> None:
    said = learn(None)
    assert said.startswith("exit 1")
    assert "4 skipped" in said
    assert "○ scale     0.0 / 40  not started yet" in said
    assert "Next: scale" in said
    assert "autograder hint L01 scale" in said


def test_what_depends_on_an_unsolved_exercise_is_skipped_with_that_reason(learn: Callable[..., str]) -> None:
    unsolved = SOLVED.replace("return x * factor", "raise NotImplementedError()")
    assert "it needs scale, which is not started yet" in learn(unsolved, "-rs")
    wrong = SOLVED.replace("return x * factor", "return x + factor")
    said = learn(wrong, "-rs")
    assert "it needs scale, which does not pass yet" in said
    assert "2 skipped" in said
    assert "✓ mend     20.0 / 20" in said


def test_a_failing_check_reads_like_a_teacher_without_a_stack_of_ours(learn: Callable[..., str]) -> None:
    said = learn(SOLVED.replace("y.sum(axis=1)", "-y.sum(axis=1)"))
    assert "mend: Every row is summed." in said
    assert "expected" in said
    assert "got" in said
    assert "at [0]" in said
    assert "Likely cause: " in said
    assert "sign" in said
    assert "autograder/checks" not in said


def test_shape_errors_are_translated_and_show_the_learners_line(learn: Callable[..., str]) -> None:
    said = learn(SOLVED.replace("y.sum(axis=1)", "y @ np.ones(5)"))
    assert "`y @ np.ones(5)`: y is (4, 3)" in said
    assert "in mend: return y @ np.ones(5)" in said
    assert "autograder/checks" not in said


def test_a_forbidden_name_costs_the_exercise_and_says_what_to_use(learn: Callable[..., str]) -> None:
    said = learn(SOLVED.replace("np.sum(x, axis=0) / len(x)", "np.mean(x, axis=0)"))
    assert "`numpy.mean` (line 2) is not allowed in center. Use np.sum instead." in said
    assert "✗ center    0.0 / 40" in said


def test_a_bughunt_counts_the_changed_lines(learn: Callable[..., str]) -> None:
    rewritten = SOLVED.replace("    y = np.asarray(x)\n    return y.sum(axis=1)", "    return sum(np.asarray(x).T)")
    said = learn(rewritten)
    assert "2 lines of the given code were changed, at most 1" in said


@pytest.mark.parametrize(
    ("broken", "words"), [("def mend(x:\n    pass\n", "bracket `(` is opened here"), ("1 / 0\n", "a division by zero")]
)
def test_a_file_that_cannot_be_loaded_says_where(learn: Callable[..., str], broken: str, words: str) -> None:
    said = learn(f"{SOLVED}\n\n{broken}")
    assert said.startswith("exit 1")
    assert re.search(r"line \d+ of tiny.py|tiny.py, line \d+", said)
    assert words in said or "Python cannot read on" in said


def test_a_notebook_on_the_desk_is_judged_where_it_differs(tiny_course: Path, learn: Callable[..., str]) -> None:
    desk = tiny_course / "exercises/L01"
    notebook = json.loads((tiny_course / "release/L01/01_Tiny.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "scale":
            cell["source"] = "def scale(x, factor):\n    return x * factor"
    (desk / "01_Tiny.ipynb").write_text(json.dumps(notebook))
    said = learn(None)
    assert "✓ scale    40.0 / 40  [01_Tiny.ipynb]" in said
    said = learn(None, "--submission", str(desk / "01_Tiny.ipynb"))
    assert "✓ scale    40.0 / 40  [01_Tiny.ipynb]" in said
    both = learn(SOLVED.replace("x * factor", "x / factor"))
    assert "✗ scale     0.0 / 40  [tiny.py]" in both


def test_a_missing_file_is_a_clear_error(tiny_course: Path, learn: Callable[..., str]) -> None:
    assert "there is no such file" in learn(SOLVED, "--submission", "nowhere.ipynb")
    (tiny_course / "exercises/L01/tiny.py").unlink()
    assert "autograder reset L01" in learn(None)


def test_a_solved_desk_imports_nothing_heavy(learn: Callable[..., str], tiny_course: Path) -> None:
    probe = (
        "import sys\n\ndef pytest_unconfigure():\n    print('LOADED', sorted({n.split('.')[0] for n in sys.modules}))\n"
    )
    (tiny_course / "exercises/L01/conftest.py").write_text(probe)
    loaded = learn(SOLVED, "-s").split("LOADED")[1]
    for heavy in ("nbformat", "nbgrader", "jupytext", "IPython", "msgspec", "sklearn", "yaml", "matplotlib", "torch"):
        assert f"'{heavy}'" not in loaded


def test_hints_and_notebook_from_the_command_line(
    tiny_course: Path, run_autograder: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    first = run_autograder("hint", "L01", "scale", cwd=tiny_course).stdout
    assert "Hint 1 of 2: Look at the shapes." in first
    assert "Next: autograder hint L01 scale" in first
    assert "no exercise 'shrink'" in run_autograder("hint", "L01", "shrink", cwd=tiny_course).stderr
    assert "jupyter lab exercises/L01/01_Tiny.ipynb" in run_autograder("open", "L01", cwd=tiny_course).stdout
    assert (tiny_course / "exercises/L01/01_Tiny.ipynb").exists()
    assert "there already" in run_autograder("open", "L01", cwd=tiny_course).stdout
    assert "there is no lesson L42" in run_autograder("open", "L42", cwd=tiny_course).stderr


NOTEBOOK_CELLS = """
import numpy as np
from autograder import check, hint
def scale(x, factor):
    return {answer}
hint("scale")
check("scale")
"""


@pytest.mark.parametrize(("answer", "words"), [("x * factor", "✓ scale: all 1 public checks pass (40 points"),
                                               ("x + factor", "expected 0 at [0, 0], got 1"),
                                               ("missing", "missing"),
                                               ("x[0] @ factor.reshape(1, 3)", "factor.reshape(1, 3)")])  # fmt: skip
def test_check_in_a_notebook_says_the_same(tiny_course: Path, answer: str, words: str) -> None:
    """In a real IPython session in the folder of the released notebook."""
    script = tiny_course / "release/L01/session.py"
    code = NOTEBOOK_CELLS.format(answer=answer)
    script.write_text(
        f"from IPython.testing.globalipapp import start_ipython\nshell = start_ipython()\nshell.run_cell({code!r})\n"
    )
    done = subprocess.run([sys.executable, script.name], cwd=script.parent, capture_output=True, text=True, check=False)
    assert "Hint 1 of 2: Look at the shapes." in done.stdout
    assert words in done.stdout + done.stderr
    assert "autograder/integrations" not in done.stdout
