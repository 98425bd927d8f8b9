"""How long grading takes, against stock nbgrader and against the floor: ``make bench``.

Five ways grade the same class, one after another, in several rounds:

    a  nbgrader autograde, stock: a kernel for each notebook, the hidden checks called in it
    b  nbgrader autograde with this course's config
    c  autograder grade --jobs 1
    d  autograder grade --jobs (all cores)
    e  the floor: one warm process that executes the cells and calls the checks, without isolation, reports or files

Seconds a submission are the mean distance between finished submissions after the first fifth, so starting does not
count; the table says what starting costs. Marks of all ways are compared. Everything is written to
``docs/benchmark.md`` and ``docs/benchmark.png``.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import matplotlib
import numpy as np
import psutil

from autograder.authored import copy_lesson, find_root, read_lesson
from autograder.integrations.feedback import CHECK_PREFIX
from autograder.lesson import Lesson
from autograder.referee import Referee

HERE = Path(__file__).resolve().parent
ROOT = find_root(HERE)
TINY = ROOT / "tests" / "tiny_course"
STOCK, OURS = "stock", "ours"
CORES = os.cpu_count() or 1
WAYS = {
    "a": "nbgrader autograde, stock",
    "b": "nbgrader autograde, our config",
    "c": "autograder grade --jobs 1",
    "d": f"autograder grade --jobs {CORES}",
    "e": "the floor",
}
STOCK_CONFIG = """
import os, sys
from pathlib import Path
c = get_config()
os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ.get("PATH", "")
c.CourseDirectory.course_id = "benchmark"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ExecutePreprocessor.timeout = 120
"""
CHECK_IN_KERNEL = 'from marking import mark\nmark("{name}", globals(), In)'
Marks = dict[str, dict[str, float | None]]


# --- the class -------------------------------------------------------------------------------------------------------


def answers_of(referee: Referee, number: int) -> dict[str, str]:
    """What student ``number`` answered: of ten, six are right, one is right otherwise, two wrong, one half done."""
    answers, kind = dict(referee.solution.answers), number % 10
    if kind == 5:
        answers = dict(referee.alternative.answers)
    elif kind in (6, 7):
        answers = dict(referee.mistakes[(7 * number) % len(referee.mistakes)].submission.answers)
    elif kind == 8:
        answers = dict(list(answers.items())[: len(answers) // 2])
    first = next(iter(answers))
    answers[first] += f"\n# handed in by {number}"
    return answers


def hand_in(course: Path, lesson: Lesson, referee: Referee, numbers: Sequence[int]) -> None:
    """Put a class's notebooks into a course's ``submitted`` folder."""
    released = json.loads((course / "release" / lesson.key / f"{lesson.notebook}.ipynb").read_text(encoding="utf-8"))
    for number in numbers:
        notebook, answers = copy.deepcopy(released), answers_of(referee, number)
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            cell["source"] = answers.get(name, cell["source"])
        folder = course / "submitted" / f"student{number:05}" / lesson.key
        folder.mkdir(parents=True)
        (folder / f"{lesson.notebook}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def our_course(key: str, folder: Path) -> Path:
    """A course of our own with one lesson, released."""
    from autograder.build import build_lesson, write_built

    course = folder / OURS
    if key == "L99":
        shutil.copytree(TINY, course)
        text = course / "source/L99/99_Tiny.md"
        text.write_text(text.read_text().replace("import numpy as np\n", "import numpy as np\nimport torch\n"))
        shutil.copy(ROOT / "nbgrader_config.py", course)
        write_built(build_lesson(course, key))
    else:
        copy_lesson(ROOT, key, course)
    run_command(course, course, key, "nbgrader", "generate_assignment", key, "--force")
    return course


def stock_course(key: str, folder: Path, ours: Path) -> Path:
    """The same lesson for nbgrader alone: without demos, and with checks that a kernel runs."""
    course, lesson = folder / STOCK, read_lesson(ours, key)
    notebook = json.loads(lesson.source_notebook.read_text(encoding="utf-8"))
    notebook["cells"] = [cell for cell in notebook["cells"] if "demo" not in cell["metadata"].get("tags", [])]
    for cell in notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.startswith(CHECK_PREFIX):
            cell["source"] = CHECK_IN_KERNEL.format(name=name.removeprefix(CHECK_PREFIX))
    target = course / "source" / key / f"{lesson.notebook}.ipynb"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(notebook), encoding="utf-8")
    (course / "nbgrader_config.py").write_text(STOCK_CONFIG, encoding="utf-8")
    run_command(course, ours, key, "nbgrader", "generate_assignment", key, "--force")
    return course


def run_command(course: Path, ours: Path, key: str, *command: str) -> None:
    """Run one of the two programs in a course, one thread for each process of it.

    Raises:
        click.ClickException: If it fails.
    """
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(HERE),
        "BENCHMARK_COURSE": str(ours),
        "BENCHMARK_LESSON": key,
        "AUTOGRADER_SECRET": "benchmark",
    }
    words = [sys.executable, "-c", f"from {_MAIN[command[0]]} import main; main()", *command[1:]]
    done = subprocess.run(  # noqa: S603 - our own interpreter, and words of ours
        words, cwd=course, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise click.ClickException(f"{' '.join(command)} failed:\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}")


_MAIN = {"nbgrader": "nbgrader.apps.nbgraderapp", "autograder": "autograder.cli"}


# --- the ways --------------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """One way through one class."""

    seconds: float  # a submission
    start: float  # what the command took besides
    marks: Marks


def graded_by_command(way: str, courses: Mapping[str, Path], lesson: Lesson, referee: Referee, count: int) -> Run:
    """Grade a fresh copy of the course with one of the commands."""
    template = courses[STOCK if way == "a" else OURS]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        course = shutil.copytree(template, Path(folder) / "course")
        hand_in(course, lesson, referee, range(count))
        started = time.time()
        if way in "ab":
            run_command(course, courses[OURS], lesson.key, "nbgrader", "autograde", lesson.key)
            ended = sorted(path.stat().st_mtime for path in course.glob(f"autograded/*/{lesson.key}/*.ipynb"))
        else:
            jobs = "1" if way == "c" else str(CORES)
            run_command(course, courses[OURS], lesson.key, "autograder", "grade", lesson.key, "--jobs", jobs)
            reports = course / "reports" / lesson.key  # judged one by one, recorded in groups
            judged = sorted(path.stat().st_mtime for path in reports.glob("attempts/*/*.json"))
            ended = [*judged[:-1], max(path.stat().st_mtime for path in reports.glob("*.json"))]
        total = time.time() - started
        steady = ended[len(ended) // 5 :]  # before, not all referees may be warm
        seconds = (steady[-1] - steady[0]) / (len(steady) - 1)
        return Run(seconds, total - seconds * len(ended), marks_in(course, lesson.key))


def marks_in(course: Path, key: str) -> Marks:
    """The marks of all exercises in a course's gradebook."""
    from nbgrader.api import Gradebook

    found: Marks = {}
    with Gradebook(f"sqlite:///{course}/gradebook.db") as database:
        for submission in database.assignment_submissions(key):
            found[submission.student.id] = {
                grade.name.removeprefix(CHECK_PREFIX): grade.auto_score
                for book in submission.notebooks
                for grade in book.grades
                if grade.name.startswith(CHECK_PREFIX)
            }
    return found


def floor(ours: Path, lesson: Lesson, referee: Referee, count: int) -> Run:
    """Grade in one warm process: a child that is asked to, so that it starts as clean as the others' workers."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        course = shutil.copytree(ours, Path(folder) / "course")
        hand_in(course, lesson, referee, range(count))
        started = time.time()
        words = [sys.executable, str(Path(__file__).resolve()), "--floor", str(course), "--lesson", lesson.key]
        done = subprocess.run(  # noqa: S603 - this program
            words, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=True
        )
        total = time.time() - started
        said = json.loads(done.stdout.splitlines()[-1])
        return Run(said["seconds"], total - said["seconds"] * count, said["marks"])


def be_the_floor(course: Path, key: str) -> None:
    """Print marks and mean seconds as JSON; the first submission is graded once before, to be warm."""
    from marking import points_of_all

    from autograder.submission import read_notebook, submission_of

    lesson = read_lesson(course, key)
    referee = Referee(lesson, parent=None, secret=b"")
    read = {
        path.parent.parent.name: submission_of(read_notebook(path, released=referee.released))
        for path in sorted(course.glob(f"submitted/*/{key}/{lesson.notebook}.ipynb"))
    }
    points_of_all(referee, next(iter(read.values())))
    started = time.perf_counter()
    marks = {student: points_of_all(referee, submission) for student, submission in read.items()}
    seconds = (time.perf_counter() - started) / len(read)
    click.echo(json.dumps({"seconds": seconds, "marks": marks}))


# --- where the time goes ----------------------------------------------------------------------------------------------


@dataclass
class Timers:
    """Seconds spent in parts of the work; a part inside another one does not count twice."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    inside: list[float] = field(default_factory=list)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        started = time.perf_counter()
        self.inside.append(0.0)
        try:
            yield
        finally:
            took = time.perf_counter() - started
            self.spent[name].append(took - self.inside.pop())
            if self.inside:
                self.inside[-1] += took

    def of(self, owner: Any, attribute: str, name: str) -> None:
        """Time every call of a method or function."""
        function = getattr(owner, attribute)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.part(name):
                return function(*args, **kwargs)

        setattr(owner, attribute, timed)


def parts_of_a_submission(ours: Path, key: str, count: int) -> dict[str, float]:
    """Median milliseconds of each step for right submissions, in this process, with the lock-down on."""
    from sqlalchemy.engine.default import DefaultDialect

    from autograder import cli, grading
    from autograder.archive import Archive
    from autograder.integrations.gradebook import GradebookWriter
    from autograder.worker import WarmParent, Worker

    timers = Timers()
    timers.of(grading, "attempt_key", "read")
    timers.of(grading, "read_notebook", "read")
    timers.of(grading, "submission_of", "read")
    timers.of(WarmParent, "worker", "fork and lock")
    timers.of(Worker, "execute", "cells")
    timers.of(Referee, "judge", "checks")
    timers.of(Worker, "close", "end and reap")
    timers.of(GradebookWriter, "record", "write: gradebook")
    timers.of(DefaultDialect, "do_commit", "write: commit")
    timers.of(Archive, "keep", "write: report")
    timers.of(Archive, "make_current", "write: report")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        course = shutil.copytree(ours, Path(folder) / "course")
        lesson = read_lesson(course, key)
        hand_in(course, lesson, Referee(lesson, parent=None, secret=b""), [10 * number for number in range(count)])
        os.environ["AUTOGRADER_SECRET"] = "benchmark"  # noqa: S105 - it guards nothing here
        with Path(os.devnull).open("w") as null, redirect_stdout(null):
            cli._grade(course, key, student="*", jobs=1, sandbox="full")
    return {
        name: 1000 * statistics.median(_by_submission(values, count)) for name, values in timers.spent.items() if values
    }


def _by_submission(values: Sequence[float], count: int) -> list[float]:
    """The sums a submission of a step that happens equally often in each, or once for several: then the mean."""
    if len(values) < count:
        return [sum(values) / count]
    each = max(1, len(values) // count)
    return [sum(values[start : start + each]) for start in range(0, each * count, each)]


def call_microseconds(calls: int = 2000) -> dict[str, float]:
    """Median cost of one call to a worker, alone and in a batch of 40."""
    from autograder.submission import Cell, Role
    from autograder.worker import WarmParent

    x, single, batched = np.arange(5.0), [], []
    with WarmParent.start() as parent, parent.worker() as worker:
        cell = Cell(Role.ANSWER, "double", "def double(x):\n    return 2 * x")
        worker.execute([cell], protected=frozenset({"double"}))
        for _ in range(calls):
            started = time.perf_counter()
            worker.call("double", [((x,), {})])
            single.append(time.perf_counter() - started)
        for _ in range(calls // 40):
            started = time.perf_counter()
            worker.call("double", [((x,), {})] * 40)
            batched.append((time.perf_counter() - started) / 40)
    return {"alone": 1e6 * statistics.median(single), "in a batch of 40": 1e6 * statistics.median(batched)}


# --- how cost grows --------------------------------------------------------------------------------------------------


def grown(ours: Path, key: str, count: int) -> tuple[float, float]:
    """Seconds a submission with all cores, and the peak of all processes' memory (PSS, GB), for a class of a size."""
    lesson = read_lesson(ours, key)
    referee = Referee(lesson, parent=None, secret=b"")
    peak, done = [0.0], threading.Event()
    sampler = threading.Thread(target=_sample_memory, args=(peak, done))
    sampler.start()
    try:
        run = graded_by_command("d", {OURS: ours}, lesson, referee, count)
    finally:
        done.set()
        sampler.join()
    return run.seconds, peak[0]


def _sample_memory(peak: list[float], done: threading.Event) -> None:
    this = psutil.Process()
    while not done.wait(2.0):  # a look costs some 10 ms a process
        total = 0
        for process in this.children(recursive=True):
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total / 2**30)


# --- the account -----------------------------------------------------------------------------------------------------


@dataclass
class Result:
    """What was measured of one lesson."""

    key: str
    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[str, float] = field(default_factory=dict)

    def seconds(self, way: str) -> float:
        """The median over the rounds."""
        return statistics.median(run.seconds for run in self.runs[way])

    def disagreements(self) -> list[str]:
        """Marks in which two ways differ."""
        expected = self.runs["c"][0].marks
        return [
            f"{self.key} {way} {student} {name}: {mark:g} instead of {expected[student][name]}"
            for way, runs in self.runs.items()
            for student, marks in runs[0].marks.items()
            for name, mark in marks.items()
            if student in expected and mark != expected[student][name] and mark is not None
        ]


def measured(key: str, *, students: int, slow: int, rounds: int, say: Callable[[str], None]) -> Result:
    """All ways through one lesson, alternating."""
    result = Result(key)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        ours = our_course(key, Path(folder))
        courses = {OURS: ours, STOCK: stock_course(key, Path(folder), ours)}
        lesson = read_lesson(ours, key)
        referee = Referee(lesson, parent=None, secret=b"")
        for number in range(rounds):
            for way in WAYS:
                if way == "e":
                    run = floor(ours, lesson, referee, students)
                else:
                    run = graded_by_command(way, courses, lesson, referee, slow if way in "ab" else students)
                result.runs[way].append(run)
                say(f"{key} round {number + 1} {way}: {run.seconds:.3f} s a submission, {run.start:.1f} s besides")
        result.parts = parts_of_a_submission(ours, key, max(8, students // 2))
    return result


def account(results: Sequence[Result], calls: Mapping[str, float], growth: Sequence[tuple[int, float, float]]) -> str:
    """The text of ``docs/benchmark.md``."""
    machine = f"{CORES} cores, Python {platform.python_version()}, {platform.system()}"
    lines = [
        "# Benchmark",
        "",
        "Written by `make bench` (benchmarks/grading.py says what is measured, and how). Numbers of different machines",
        f"cannot be compared; ratios can. This run: {machine}.",
        "",
        "![Seconds a submission, and where they go](benchmark.png)",
        "",
    ]
    for result in results:
        stock, base = result.seconds("a"), result.seconds("e")
        lines += [f"## {result.key}{' (the tiny lesson of the tests)' if result.key == 'L99' else ''}", ""]
        lines += ["| | way | s a submission | spread | times as fast as (a) | times the floor | starting, s |"]
        lines += ["|---|---|---|---|---|---|---|"]
        for way, runs in result.runs.items():
            times = [run.seconds for run in runs]
            start = statistics.median(run.start for run in runs)
            lines.append(
                f"| {way} | {WAYS[way]} | {result.seconds(way):.3f} | {min(times):.3f} to {max(times):.3f} | "
                f"{stock / result.seconds(way):.1f} | {result.seconds(way) / base:.2f} | {start:.1f} |"
            )
        wrong = result.disagreements()
        lines += ["", "Marks: identical in all ways." if not wrong else "Marks differ: " + "; ".join(wrong), ""]
        shown = ", ".join(f"{name} {value:.1f}" for name, value in result.parts.items())
        lines += [f"Where the time of a right submission goes (c; medians, ms): {shown}.", ""]
    lines += ["## A call to a worker", "", ", ".join(f"{name}: {value:.0f} µs" for name, value in calls.items()), ""]
    if growth:
        lines += [
            "## How cost grows (L99, all cores)",
            "",
            "| submissions | s each | peak memory of all processes, GB |",
        ]
        lines += ["|---|---|---|"]
        lines += [f"| {count:,} | {seconds:.4f} | {memory:.2f} |" for count, seconds, memory in growth]
        lines += [""]
    return "\n".join(lines)


def draw(results: Sequence[Result], path: Path) -> None:
    """The figure of ``docs/benchmark.md``."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6))
    height = 0.8 / len(results)
    for number, result in enumerate(results):
        places = np.arange(len(WAYS)) + number * height
        values = [result.seconds(way) for way in WAYS]
        bars = left.barh(places, values, height=height, label=result.key)
        left.bar_label(bars, fmt="%.3f", padding=2, fontsize=7)
    left.set_yticks(np.arange(len(WAYS)) + 0.4 - height / 2, list(WAYS.values()))
    left.invert_yaxis()
    left.set(xscale="log", xlabel="seconds a submission (logarithmic)")
    left.set_xlim(right=4 * max(result.seconds("a") for result in results))
    left.legend(fontsize=8)
    names = list(dict.fromkeys(name for result in results for name in result.parts))
    start = np.zeros(len(results))
    for name in names:
        values = np.array([result.parts.get(name, 0.0) for result in results])
        right.barh([result.key for result in results], values, left=start, label=name)
        start += values
    right.set(xlabel="milliseconds of a right submission, --jobs 1")
    right.invert_yaxis()
    right.legend(fontsize=7)
    fig.tight_layout()
    fig.savefig(path, dpi=110)


@click.command(help=__doc__)
@click.option("--lesson", "keys", multiple=True, default=("L99", "L06"), show_default=True)
@click.option("--students", default=40, show_default=True, help="Class for the fast ways.")
@click.option("--slow", default=8, show_default=True, help="Class for nbgrader's own command, which takes long.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--grow", default="", help="Sizes of classes, as in 100,1000,10000: how cost grows.")
@click.option("--floor", "floor_of", type=click.Path(path_type=Path), hidden=True)
@click.option("--output", default=ROOT / "docs", type=click.Path(path_type=Path), help="Folder of table and figure.")
def main(
    keys: tuple[str, ...], students: int, slow: int, rounds: int, grow: str, floor_of: Path | None, output: Path
) -> None:
    """Measure."""
    if floor_of is not None:
        be_the_floor(floor_of, keys[0])
        return
    results = [measured(key, students=students, slow=slow, rounds=rounds, say=click.echo) for key in keys]
    calls = call_microseconds()
    growth = []
    if grow:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            ours = our_course("L99", Path(folder))
            for size in map(int, grow.split(",")):
                growth.append((size, *grown(ours, "L99", size)))
                click.echo(f"{size} submissions: {growth[-1][1]:.4f} s each, {growth[-1][2]:.2f} GB")
    output.mkdir(exist_ok=True)
    (output / "benchmark.md").write_text(account(results, calls, growth), encoding="utf-8")
    draw(results, output / "benchmark.png")
    click.echo(f"\n{(output / 'benchmark.md').read_text(encoding='utf-8')}")


if __name__ == "__main__":
    main()
