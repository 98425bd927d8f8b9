"""Grading on a Dask cluster: a real scheduler and real workers, one of which is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

pytest.importorskip("distributed")

GRADE = [sys.executable, "-c", "from autograder.cli import main; main()", "grade", "L99"]
RIGHT, WRONG = "def double(x):\n    return x + x\n", "def double(x):\n    return x\n"
SLOW = "import time\ndef double(x):\n    time.sleep(0.3)\n    return x + x\n"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler's address, and its two workers."""
    logs = [(tmp_path / f"{name}.log").open("wb") for name in ("scheduler", "one", "two")]
    where = tmp_path / "scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard"]

    def start(log, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=log, stderr=log, cwd=tmp_path)

    scheduler = start(logs[0], "scheduler", *local, "--port", "0", "--scheduler-file", str(where))
    workers = [
        start(log, "worker", "--scheduler-file", str(where), *local, "--nthreads", "1", "--no-nanny")
        for log in logs[1:]
    ]
    try:
        yield address_of(where), workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
        for log in logs:
            log.close()


def address_of(where: Path) -> str:
    import json

    from distributed import Client

    deadline = time.monotonic() + 60
    while not where.exists() or not where.read_text().strip():
        assert time.monotonic() < deadline, "the scheduler did not start"
        time.sleep(0.05)
    address: str = json.loads(where.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return address


@pytest.fixture
def course(tiny_course: Path, registered_gradebook: Path) -> Path:
    (tiny_course / "gradebook.db").write_bytes(registered_gradebook.read_bytes())
    return tiny_course


def marks(course: Path) -> dict[str, float]:
    with closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions("L99")}


def test_a_worker_that_dies_costs_no_mark(course: Path, hand_in: Callable[..., Path], cluster):
    address, workers = cluster
    answers = {f"student{number}": (RIGHT, WRONG, SLOW)[number % 3] for number in range(9)}
    for student, answer in answers.items():
        hand_in(student, double=answer)
    empty = course / "submitted" / "nobody" / "L99"
    empty.mkdir(parents=True)
    run = subprocess.Popen([*GRADE, "--dask", address], cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not list((course / "reports/L99").glob("student*.json")) and run.poll() is None:
        time.sleep(0.01)
    os.kill(workers[0].pid, signal.SIGKILL)
    said, problems = (stream.decode() for stream in run.communicate(timeout=120))
    assert run.returncode == 0, problems
    expected = {student: 0.0 if answer == WRONG else 60.0 for student, answer in answers.items()}
    assert marks(course) == expected | {"nobody": 0.0}
    assert "no 99_Tiny.ipynb was handed in" in said
    here = subprocess.run([*GRADE, "--regrade", "--jobs", "1"], cwd=course, capture_output=True, text=True, check=False)
    assert here.returncode == 0, here.stderr
    for student in answers:
        there, here_too = sorted((course / "reports/L99/attempts" / student).glob("*.json"))
        assert there.read_text() == here_too.read_text(), "the same report, wherever it was made"


def test_without_a_scheduler_it_says_what_to_start(course: Path, hand_in: Callable[..., Path]):
    hand_in("ann", double=RIGHT)
    with closing(__import__("socket").socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
    code = "import autograder.cluster as c; c.CONNECT_SECONDS = 1; from autograder.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "grade", "L99", "--dask", address],
        cwd=course,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no Dask scheduler answers" in done.stderr
    assert "dask scheduler" in done.stderr
    assert not (course / "reports/L99/ann.json").exists()
