"""Staff are told what reaches for the interpreter, the system or the grader, and nothing of honest code."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authored import find_root, read_lesson
from autograder.checks.failure import Raised
from autograder.referee import Referee
from autograder.submission import Cell, Role
from autograder.unusual import MOST, refused, unusual
from autograder.worker import CellRun

ROOT = find_root(Path(__file__).parent)
LESSONS = sorted(path.name for path in (ROOT / "solutions").glob("L*"))


def told(source: str) -> str:
    return "; ".join(unusual([Cell(Role.ANSWER, "double", source)]))


@pytest.mark.parametrize("key", LESSONS)
def test_no_right_answer_and_no_known_mistake_of_a_lesson_is_unusual(key: str) -> None:
    referee = Referee(read_lesson(ROOT, key), parent=None, secret=b"")
    assert unusual(referee.solution.cells) == ()
    assert [mistake.name for mistake in referee.mistakes if unusual(mistake.submission.cells)] == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.makedirs('out', exist_ok=True)\nprint(os.path.join('a', 'b'), os.environ['HOME'])",
        "import sys\nprint(sys.version, file=sys.stderr)",
        "class Net:\n    def __init__(self):\n        self.w = np.zeros(3)\n        self.w[0] = self.a.x = 1",
        "plt.rcParams['figure.figsize'] = 3, 3\ntorch.backends.cudnn.deterministic = True",
        "import os\nos.environ['OMP_NUM_THREADS'] = '1'",
        "x = np.einsum('...ij,...jk->...ik', a, b)",
        "getattr(self, name)",
        "from autograder import check, hint\nimport torch.nn.functional as F",
        "%matplotlib inline\nimport time\nstart = time.perf_counter()",
    ],
)
def test_what_notebooks_usually_do_is_not_told(source: str) -> None:
    assert told(source) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import ctypes", "line 1: `ctypes`"),
        ("def double(x):\n    import os\n    os.kill(1, 9)", "line 3: `os.kill`"),
        ("import gc as g", "`gc`"),
        ("from os import fork", "`os.fork`"),
        ("import autograder.codec", "`autograder.codec`"),
        ("from autograder.checks import assert_close", "`autograder.checks.assert_close`"),
        ("f = x.__globals__", "`__globals__`"),
        ("eval('1')", "`eval`"),
        ("np.asarray = None", "replaces a part of numpy"),
        ("import torch.nn as nn\nnn.Linear.forward = print", "replaces a part of torch"),
        ("import sys\nsys.modules['numpy'] = None", "replaces a part of sys"),
        ("setattr(torch, 'add', print)", "`setattr` on torch"),
        ("getattr(np, 'me' + 'an')(x)", "`getattr` on numpy with a computed name"),
        ("class A:\n    def __eq__(self, other):\n        return True", "its own `__eq__`"),
        ("class A:\n    __class__ = float", "its own `__class__`"),
        ("class A(np.ndarray):\n    def __array_function__(self): ...", "its own `__array_function__`"),
        ("open('/proc/self/mem')", "the place `/proc/self/mem`"),
        ("x = " + "(" * 90 + "__import__" + ")" * 90, "`__import__`"),
        ("x = " + "-" * 2500 + "1\n# ctypes", "nested so deeply"),
    ],
)
def test_what_reaches_further_is_told_with_its_line(source: str, words: str) -> None:
    assert words in told(source), told(source)


def test_given_code_is_not_looked_at_and_many_findings_are_counted() -> None:
    assert unusual([Cell(Role.GIVEN, "setup", "import ctypes")]) == ()
    many = unusual([Cell(Role.EXTRA, "extra-1", "\n".join("import ctypes" for _ in range(20)))])
    assert len(many) == MOST + 1
    assert many[-1] == "12 more lines of this kind"


def test_a_cell_that_was_refused_something_is_told() -> None:
    raised = Raised("PermissionError", "[Errno 1] Operation not permitted", "double", 3)
    assert refused([CellRun("double", (), raised), CellRun("mean", (), None)]) == (
        "`double`, line 3: the lock-down refused something ([Errno 1] Operation not permitted)",
    )
