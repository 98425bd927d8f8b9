"""What learners use, on consoles and systems that lack something: a Windows console's letters, fork, resource, termios.

The commands run as processes with the encodings of a Windows console (cp1252) and of a bare C locale, neither of
which has the signs of the summary, on a desk whose text has letters beyond both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CONSOLES = {
    "cp1252": {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    "C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}
AUTOGRADER = ("-c", "from autograder.cli import main; main()")
WRONG = '''"""Größe: ∇ und ✓."""

import numpy as np


def double(x):
    return 2 * x


def scale(x, factor):
    """Mißt λ → ∞."""
    raise ValueError("größer als ∞: ✗ λ")


def mend(x):
    """The sum of each row of x (N, D)."""
    y = np.asarray(x)
    return -y.sum(axis=1)
'''
NOT_ON_WINDOWS = ("resource", "fcntl", "termios", "pwd", "grp", "pty", "tty", "pyseccomp")
LIKE_WINDOWS = f"""
import importlib, os, sys
{{before}}
class Windows:
    def find_spec(self, name, path=None, target=None):
        if name in {NOT_ON_WINDOWS}:
            raise ModuleNotFoundError(f"No module named {{{{name!r}}}}", name=name)
for name in {NOT_ON_WINDOWS}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Windows())
for name in ("fork", "forkpty", "WIFSIGNALED", "WTERMSIG", "O_NOFOLLOW", "O_DIRECTORY"):
    if hasattr(os, name):
        delattr(os, name)
"""
LEARNERS_MODULES = (
    "autograder",
    "autograder.cli",
    "autograder.learner.commands",
    "autograder.checking",
    "autograder.checks",
    "autograder.desk",
    "autograder.learner.practice",
    "autograder.learner.practice_process",
    "autograder.learner.watching",
    "autograder.learner.keys",
    "autograder.learner.asking",
    "autograder.learner.fresh_start",
    "autograder.learner.own_work",
    "autograder.learner.check_view",
    "autograder.learner.update",
    "autograder.data",
    "autograder.integrations.notebook",
    "autograder.integrations.pytest_plugin",
)


@pytest.fixture(params=sorted(CONSOLES))
def say(request: pytest.FixtureRequest, tiny_course: Path) -> Callable[..., str]:
    """Runs Python in the course's folder, on a console that lacks letters, and gives its exit status and output."""
    encoding = "cp1252" if request.param == "cp1252" else "utf-8"  # click writes UTF-8 where the locale is C

    def run(*command: str) -> str:
        environment = {**os.environ, **CONSOLES[request.param]}
        done = subprocess.run(
            [sys.executable, *command], cwd=tiny_course, env=environment, capture_output=True, check=False
        )
        said = (done.stdout + done.stderr).decode(encoding, errors="strict").replace("\r\n", "\n")
        assert "UnicodeEncodeError" not in said
        assert "UnicodeDecodeError" not in said
        assert "Traceback" not in said
        return f"exit {done.returncode}\n{said}"

    return run


def test_pytest_on_a_stub_and_on_a_wrong_answer(tiny_course: Path, say: Callable[..., str]) -> None:
    pytest_command = ("-m", "pytest", "exercises/L01", "-p", "no:cacheprovider")
    said = say(*pytest_command)
    assert said.startswith("exit 1")
    assert "o scale" in said
    (tiny_course / "exercises/L01/tiny.py").write_text(WRONG, encoding="utf-8")
    said = say(*pytest_command)
    assert said.startswith("exit 1")
    assert "x scale" in said
    assert "x mend" in said
    assert "Likely cause" in said
    assert "ValueError" in said


def test_the_commands(tiny_course: Path, say: Callable[..., str]) -> None:
    (tiny_course / "exercises/L01/tiny.py").write_text(WRONG, encoding="utf-8")
    assert "yours: exercises" in say(*AUTOGRADER, "build", "--check", "L01").replace("\\", "/")
    assert "Hint 1 of 2" in say(*AUTOGRADER, "hint", "L01", "scale")
    assert "jupyter lab" in say(*AUTOGRADER, "open", "L01")
    assert say(*AUTOGRADER, "status", "L01").startswith("exit 0")
    assert "mend" in say(*AUTOGRADER, "check", "L01")
    assert "ValueError" in say(*AUTOGRADER, "check", "L01", "--hidden")
    assert "is no git clone" in say(*AUTOGRADER, "update")
    assert "yours" in say(*AUTOGRADER, "reset", "L01")


def test_nothing_of_a_learner_needs_what_windows_lacks(tmp_path: Path) -> None:
    """What others wrote is imported before: it was tried on Windows. Our modules then find themselves there."""
    before = (
        "import asyncio, click, multiprocessing, numpy, pytest, rich.console, shutil, subprocess, tempfile, types\n"
        "import watchfiles"
    )
    program = LIKE_WINDOWS.format(before=before) + (
        "sys.platform, sys.modules['msvcrt'] = 'win32', types.ModuleType('msvcrt')\n"
        f"for name in {LEARNERS_MODULES}: importlib.import_module(name)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_learner_without_fork_runs_pytest_and_checks(tiny_course: Path) -> None:
    shutil.rmtree(tiny_course / "tests/hidden/L99")
    program = LIKE_WINDOWS.format(before="import subprocess, pytest, numpy")
    run = "from autograder.cli import main; main(['check', 'L01', '--hidden'])"
    command = [sys.executable, "-c", program + run]
    done = subprocess.run(command, cwd=tiny_course, capture_output=True, encoding="utf-8", check=False)
    assert "not started yet" in done.stdout
    assert done.stderr == ""
    run = "raise SystemExit(pytest.main(['exercises/L01', '-p', 'no:cacheprovider']))"
    done = subprocess.run(
        [sys.executable, "-c", program + run], cwd=tiny_course, capture_output=True, encoding="utf-8", check=False
    )
    assert "Next: scale" in done.stdout
