"""PostgreSQL as the gradebook: a real server, when one is installed (CI installs Debian's package)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
IN_CI = os.environ.get("CI") == "true"
GRADE = [sys.executable, "-c", "from autograder.cli import main; main()", "grade", "L99", "--jobs", "1"]
RIGHT, WRONG = "def double(x):\n    return x + x\n", "def double(x):\n    return x\n"

pytestmark = pytest.mark.skipif(not SERVERS and not IN_CI, reason="no PostgreSQL server is installed")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an empty server with its own data, which ends with the tests."""
    programs = SERVERS[-1].parent
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    as_owner: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root; the package brings this user
        shutil.chown(folder, "postgres")
        as_owner = ["runuser", "-u", "postgres", "--"]
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    data = str(folder / "data")
    subprocess.run(
        [*as_owner, programs / "initdb", "-D", data, "-U", "grader", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
    )
    options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off"
    subprocess.run(
        [*as_owner, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"postgresql://grader@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*as_owner, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def marks(db_url: str) -> dict[str, Any]:
    found = {}
    with closing(Gradebook(db_url, "deep-learning")) as gradebook:
        for submission in gradebook.assignment_submissions("L99"):
            for grade in (grade for notebook in submission.notebooks for grade in notebook.grades):
                found[submission.student.id, grade.name] = (grade.auto_score, grade.needs_manual_grade)
    return found


def grade(course: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(GRADE, cwd=course, capture_output=True, text=True, check=False)


def test_the_marks_are_those_of_sqlite(
    server: str, tiny_course: Path, tmp_path: Path, hand_in: Callable[..., Path]
) -> None:
    hand_in("ann", double=RIGHT, why="Because.")
    hand_in("Łukasz Čapek-李", double=WRONG)
    other = shutil.copytree(tiny_course, tmp_path / "other")
    with (other / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(f"\nc.CourseDirectory.db_url = {server!r}\n")
    for course in (tiny_course, other):
        done = grade(course)
        assert done.returncode == 0, done.stderr
    assert not (other / "gradebook.db").exists()
    expected = marks(f"sqlite:///{tiny_course}/gradebook.db")
    assert expected["ann", "check-double"] == (60.0, False)
    assert expected["ann", "why"] == (None, True)
    assert marks(server) == expected
    again = grade(other)
    assert "2 of 2 did not change" in again.stdout


def test_a_server_that_is_not_there_is_a_clear_error(tiny_course: Path, hand_in: Callable[..., Path]) -> None:
    hand_in("ann", double=RIGHT)
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    with (tiny_course / "nbgrader_config.py").open("a", encoding="utf-8") as config:
        config.write(f"\nc.CourseDirectory.db_url = 'postgresql://grader:letmein@{address}/postgres'\n")
    done = grade(tiny_course)
    assert done.returncode == 1
    assert f"the gradebook {address}/postgres was not written" in done.stderr
    assert "letmein" not in done.stderr + done.stdout
    assert not list(tiny_course.glob("reports/**/*.json"))
