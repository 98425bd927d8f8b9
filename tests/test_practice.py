"""Judging a desk without pytest: the same verdicts as pytest's, in a process that survives what learners write."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.learner.practice_process import PracticeError, PracticeProcess, Practised
from autograder.verdict import Status

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
UNLOADABLE = SOLVED + "\n\n1 / 0\n"


@pytest.fixture(scope="module")
def process() -> Iterator[PracticeProcess]:
    """One process for all tests, as it serves one evening; starting it takes seconds."""
    with PracticeProcess() as process:
        yield process


@pytest.fixture
def practise(tiny_course: Path, process: PracticeProcess) -> Callable[..., Practised]:
    """Writes the learner's file (unless it is None) and judges the folder."""

    def practise(text: str | None = SOLVED) -> Practised:
        if text is not None:
            (tiny_course / "exercises/L01/tiny.py").write_text(text, encoding="utf-8")
        found = process.judge(tiny_course / "exercises/L01")
        assert found is not None
        return found

    return practise


def marks(practised: Practised) -> dict[str, tuple[str, float]]:
    return {
        judged.verdict.exercise: (str(judged.verdict.status), judged.verdict.points or 0.0)
        for judged in practised.judged
    }


MEND = "    y = np.asarray(x)\n    return y.sum(axis=1)"
ANSWERS = {
    "stub": None,
    "solution": SOLVED,
    "half done, and a known mistake": SOLVED.replace("return x * factor", "raise NotImplementedError()").replace(
        "axis=1", "axis=0"
    ),
    "one of two checks, and changed too much": SOLVED.replace("x - np.sum(x, axis=0) / len(x)", "x").replace(
        MEND, "    return sum(x.T)"
    ),
    "a need fails": SOLVED.replace("x * factor", "x / factor"),
    "forbidden": SOLVED.replace("np.sum(x, axis=0) / len(x)", "np.mean(x, axis=0)"),
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_it_gives_the_marks_that_pytest_gives(
    tiny_course: Path, practise: Callable[..., Practised], answers: str | None
) -> None:
    found = marks(practise(answers))
    command = [sys.executable, "-m", "pytest", "exercises/L01", "-q", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tiny_course, capture_output=True, check=False)
    progress = json.loads((tiny_course / ".autograder/progress.json").read_text(encoding="utf-8"))
    standings = progress["lessons"]["L01"]
    assert found == {name: (one["status"], one.get("points", 0.0)) for name, one in standings.items()}


def test_a_notebook_is_judged_where_it_differs(tiny_course: Path, practise: Callable[..., Practised]) -> None:
    notebook = json.loads((tiny_course / "release/L01/01_Tiny.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "scale":
            cell["source"] = "def scale(x, factor):\n    return x * factor"
    (tiny_course / "exercises/L01/01_Tiny.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    judged = practise(None).judged[0]
    assert judged.verdict.status is Status.PASSED
    assert judged.file == tiny_course / "exercises/L01/01_Tiny.ipynb"


def test_a_loop_without_end_is_stopped_and_its_line_told(practise: Callable[..., Practised]) -> None:
    found = practise(SOLVED.replace("return x * factor", "while True:\n        x = x + 0"))
    assert found.stopped == "scale"
    verdict = found.judged[-1].verdict
    assert (verdict.exercise, verdict.status) == ("scale", Status.TIMEOUT)
    assert "after 2 seconds and was stopped at tiny.py:1" in verdict.message
    assert "in scale" in verdict.message
    assert marks(practise())["scale"] == ("passed", 40.0)


def test_code_that_ends_its_process_is_told_and_the_next_verdict_comes(practise: Callable[..., Practised]) -> None:
    found = practise(SOLVED + "\n\nimport os\nos._exit(3)\n")
    assert found.stopped == "tiny.py"
    assert "ended the Python process" in found.judged[-1].words
    assert marks(practise())["scale"] == ("passed", 40.0)


def test_what_cannot_be_loaded_says_where(practise: Callable[..., Practised]) -> None:
    found = practise(UNLOADABLE)
    assert all(judged.of_the_file for judged in found.judged)
    for words in ("tiny.py", "line 23", "`1 / 0`", "ZeroDivisionError"):
        assert words in found.judged[0].words


def test_every_file_of_the_learner_is_loaded_anew(tiny_course: Path, practise: Callable[..., Practised]) -> None:
    """The module and a module of their own that it imports, edited in the same second and to the same length."""
    own = tiny_course / "exercises/L01/own.py"
    using = SOLVED.replace("import numpy as np", "import numpy as np\n\nfrom own import times").replace(
        "return x * factor", "return times(x, factor)"
    )
    for operator, status in (("*", "passed"), ("+", "failed"), ("*", "passed")):
        own.write_text(f"def times(x, factor):\n    return x {operator} factor\n", encoding="utf-8")
        assert marks(practise(using))["scale"][0] == status
    for operator, status in (("+", "failed"), ("*", "passed")):
        assert marks(practise(SOLVED.replace("x * factor", f"x {operator} factor")))["scale"][0] == status


def test_printing_and_asking_for_input_do_no_harm(practise: Callable[..., Practised]) -> None:
    found = practise(SOLVED.replace("return x * factor", "print('seen', x.shape)\n    return x * factor"))
    assert found.judged[0].printed == "seen (2, 3)\n"
    assert marks(found)["scale"] == ("passed", 40.0)
    asking = practise(SOLVED.replace("return x * factor", "return x * float(input())"))
    assert "EOFError" in asking.judged[0].words


def test_what_an_answer_changed_in_torch_does_not_reach_the_next(practise: Callable[..., Practised]) -> None:
    spoiling = "import torch\n\ntorch.set_default_dtype(torch.float64)\n"
    practise(SOLVED + spoiling)
    asking = "import torch\n\nassert torch.get_default_dtype() == torch.float32\n"
    assert marks(practise(SOLVED + asking))["scale"] == ("passed", 40.0)


def test_words_are_those_of_pytest(practise: Callable[..., Practised]) -> None:
    words = practise(SOLVED.replace("y.sum(axis=1)", "-y.sum(axis=1)")).judged[-1].words
    assert words.startswith("mend: Every row is summed.")
    assert "Likely cause: " in words
    crashed = practise(SOLVED.replace("y.sum(axis=1)", "y @ np.ones(5)")).judged[-1].words
    assert "in mend: return y @ np.ones(5)" in crashed


def test_a_desk_without_the_learners_file_says_how_to_get_one(
    tiny_course: Path, practise: Callable[..., Practised]
) -> None:
    (tiny_course / "exercises/L01/tiny.py").unlink()
    with pytest.raises(PracticeError, match="autograder reset L01"):
        practise(None)
