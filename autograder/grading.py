"""A whole class: what was handed in, judged by one or several referees, one report a submission.

Each referee is a process with its own warm parent. The caller is the only writer of gradebook and reports.
"""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from autograder.archive import LARGEST_FILE, Archive, attempt_key, write_whole
from autograder.authored import read_lesson
from autograder.lesson import Lesson
from autograder.referee import Judgement, Referee
from autograder.sandbox import Mode, SandboxUnavailable
from autograder.secret import course_secret
from autograder.submission import Notebook, UnreadableSubmission, read_notebook, submission_of
from autograder.verdict import Report, Status, without_checks
from autograder.wording import one_line

AHEAD = 8  # submissions on their way for each referee: so many results wait for the writer at most
GROUP, GROUP_SECONDS = 32, 0.5  # submissions written together
_Item = TypeVar("_Item")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


@dataclass(frozen=True)
class Handed:
    """What one student handed in."""

    student: str
    folder: Path


@dataclass(frozen=True)
class Graded:
    """One submission after judging: the rebuilt notebook is None when there was none to judge."""

    handed: Handed
    judgement: Judgement
    notebook: Notebook | None


def submitted_folders(root: Path, key: str, *, student: str = "*") -> tuple[Handed, ...]:
    """The folders ``submitted/STUDENT/LNN``, in the order of the students' names."""
    found = (root / "submitted").glob(f"{student}/{key}")
    return tuple(Handed(folder.parent.name, folder) for folder in sorted(found) if folder.is_dir())


@dataclass(frozen=True)
class Plan:
    """What is to be graded, and what need not be.

    Attributes:
        keys: The key that each student's report gets.
        pending: What is to be graded.
        unchanged: The reports of those who were graded before, with the same key.
    """

    keys: Mapping[str, str]
    pending: tuple[Handed, ...]
    unchanged: tuple[Report, ...]


def plan(
    lesson: Lesson, handed: Sequence[Handed], *, mode: Mode, recorded: frozenset[str], regrade: bool = False
) -> Plan:
    """Find out who needs grading.

    Args:
        lesson: The lesson.
        handed: What was handed in.
        mode: The sandbox.
        recorded: The students whose submission the gradebook knows.
        regrade: Whether all do.
    """
    archive = Archive.of(lesson.root, lesson.key)
    digest = Referee(lesson, parent=None, secret=b"").digest
    keys = {one.student: attempt_key(one.folder, lesson_digest=digest, sandbox=mode) for one in handed}
    pending, unchanged = [], []
    for one in handed:
        report = None if regrade or one.student not in recorded else archive.current(one.student)
        if report is None or report.key != keys[one.student] or report.is_broken:
            pending.append(one)
        else:
            unchanged.append(without_checks(report))
    return Plan(keys, tuple(pending), tuple(unchanged))


def grade(lesson: Lesson, handed: Sequence[Handed], *, jobs: int = 1, mode: Mode = "full") -> Iterator[Graded]:
    """Judge submissions, each result as soon as it is there.

    Raises:
        SandboxUnavailable: If workers cannot be locked down on this machine.
    """
    if jobs == 1 or len(handed) < 2:
        with closing(Referee.start(lesson, mode=mode, secret=course_secret(lesson.root))) as referee:
            for one in handed:
                yield grade_one(referee, one)
        return
    jobs = min(jobs, len(handed))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        sent = (pool.submit(_grade_in_pool, lesson.root, lesson.key, one, mode) for one in handed)
        running: set[Future[Graded]] = set(islice(sent, AHEAD * jobs))
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running.update(islice(sent, len(done)))
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def in_groups(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """What comes within half a second, together, so that the writer waits for the disk once for all of it."""
    group: list[_Item] = []
    started = 0.0
    for item in items:
        started = started if group else time.monotonic()
        group.append(item)
        if len(group) == GROUP or time.monotonic() > started + GROUP_SECONDS:
            yield group
            group = []
    if group:
        yield group


def grade_one(referee: Referee, handed: Handed) -> Graded:
    """Judge one submission. Whatever is wrong with it, there is a report."""
    path = handed.folder / f"{referee.lesson.notebook}.ipynb"
    if not is_plain_file(path):
        there = ", ".join(sorted(found.name for found in handed.folder.iterdir())[:5]) or "nothing"
        problem = f"missing: no {path.name} was handed in (there is {there}). Ask for it."
        return Graded(handed, referee.without_submission(handed.student, problem), None)
    notebook = None
    try:
        rebuilt = read_notebook(path, released=referee.released)
        notebook = rebuilt.notebook
        judgement = referee.judge(submission_of(rebuilt), handed.student)
    except UnreadableSubmission as error:
        judgement = referee.without_submission(handed.student, f"missing: {error}")
    except SandboxUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours must not cost a student anything, nor stop the class
        judgement = _broken(referee, handed.student, error)
    return Graded(handed, judgement, notebook)


def write_results(root: Path, key: str) -> Path:
    """Write the results of all who have a report to ``reports/LNN/results.csv``: a line a student."""
    archive = Archive.of(root, key)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, report in enumerate(archive.all_current()):
        if number == 0:
            names = [verdict.exercise for verdict in report.exercises]
            writer.writerow(["student", "points", *names, *(f"{name}: status" for name in names), "diagnosis"])
        points = ["" if verdict.points is None else f"{verdict.points:g}" for verdict in report.exercises]
        statuses = [str(verdict.status) for verdict in report.exercises]
        row = [report.student, f"{report.points:g}", *points, *statuses, diagnosis(report)]
        writer.writerow(["'" + cell if cell.startswith(_FORMULA) else cell for cell in row])
    return write_whole(archive.folder / "results.csv", text.getvalue())


def diagnosis(report: Report) -> str:
    """One line on a submission: what went wrong first."""
    if report.problem:
        return one_line(report.problem)
    first = next((verdict for verdict in report.exercises if verdict.status is not Status.PASSED), None)
    return "" if first is None else one_line(f"{first.exercise}: {first.message}")


def is_plain_file(path: Path) -> bool:
    """Whether this is a file of its own: no link, no device, no pipe, and not larger than a submission can be."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_FILE


def mistakes_made(reports: Sequence[Report]) -> Mapping[tuple[str, str], int]:
    """How many students made which known mistake: (exercise, sentence) -> count, most frequent first."""
    counts = Counter(
        (verdict.exercise, verdict.message) for report in reports for verdict in report.exercises if verdict.mistake
    )
    return dict(counts.most_common())


@cache  # one referee and warm parent for the life of a pool's process
def _pool_referee(root: Path, key: str, mode: Mode) -> Referee:
    return Referee.start(read_lesson(root, key), mode=mode, secret=course_secret(root))


def _grade_in_pool(root: Path, key: str, handed: Handed, mode: Mode) -> Graded:
    return grade_one(_pool_referee(root, key, mode), handed)


def _broken(referee: Referee, student: str, error: Exception) -> Judgement:
    blank = referee.without_submission(student, "")
    message = f"no mark yet: a fault of the course ({type(error).__name__}: {error})"
    verdicts = tuple(
        replace(verdict, status=Status.BROKEN, points=None, message=message) for verdict in blank.report.exercises
    )
    return Judgement(replace(blank.report, exercises=verdicts))
