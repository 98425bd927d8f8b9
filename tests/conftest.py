"""Fixtures that many tests share."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.worker import WarmParent, Worker

collect_ignore = ["tiny_course"]  # the parts of a course, not tests of ours


@pytest.fixture(scope="session")
def built_tiny_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course in ``tests/tiny_course`` (L01 for the engine, L99 for nbgrader), built; not to be changed."""
    from autograder.build import build_lesson, write_built

    here = Path(__file__).parent
    root = shutil.copytree(here / "tiny_course", tmp_path_factory.mktemp("built") / "course")
    shutil.copy(here.parent / "nbgrader_config.py", root)
    for key in ("L01", "L99"):
        write_built(build_lesson(root, key))
    shutil.copy(here.parent / "exercises" / "pytest.ini", root / "exercises")
    return root


@pytest.fixture
def tiny_course(built_tiny_course: Path, tmp_path: Path) -> Path:
    """A copy of the tiny course for one test to work in."""
    return shutil.copytree(built_tiny_course, tmp_path / "course")


@pytest.fixture(scope="session")
def registered_gradebook(built_tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook that knows L99 and nobody; making one takes seconds, so tests copy it."""
    from autograder.authored import read_lesson
    from autograder.integrations.gradebook import GradebookWriter

    root = shutil.copytree(built_tiny_course, tmp_path_factory.mktemp("registered") / "course")
    with GradebookWriter.open(root) as writer:
        writer.register(read_lesson(root, "L99"))
    return root / "gradebook.db"


@pytest.fixture
def hand_in(tiny_course: Path) -> Callable[..., Path]:
    """Hands in the released L99 with some cells changed: ``hand_in("ann", double="def double(x): ...")``."""

    def hand_in(student: str, *, extra: tuple[dict[str, object], ...] = (), **answers: str) -> Path:
        notebook = json.loads((tiny_course / "release/L99/99_Tiny.ipynb").read_text())
        for cell in notebook["cells"]:
            grading = cell["metadata"].get("nbgrader", {})
            cell["source"] = answers.get(grading.get("grade_id"), cell["source"])
        notebook["cells"] += extra
        folder = tiny_course / "submitted" / student / "L99"
        folder.mkdir(parents=True)
        (folder / "99_Tiny.ipynb").write_text(json.dumps(notebook))
        return folder / "99_Tiny.ipynb"

    return hand_in


@pytest.fixture(scope="session")
def warm_parent() -> Iterator[WarmParent]:
    """The one process that forks the workers of all tests; starting it takes seconds."""
    with WarmParent.start() as parent:
        yield parent


@pytest.fixture
def worker(warm_parent: WarmParent) -> Iterator[Worker]:
    """A fresh locked worker."""
    with warm_parent.worker() as worker:
        yield worker


@pytest.fixture
def run_autograder() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command ``autograder`` as a process: ``run_autograder("build", "L01", cwd=folder)``."""

    def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from autograder.cli import main; main()", *arguments]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)

    return run
