"""The command ``autograder``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder import __version__
from autograder.authored import copy_lesson, find_root
from autograder.desk import DeskError
from autograder.learner.commands import register
from autograder.lesson import LessonError
from autograder.wording import print_anything

if TYPE_CHECKING:
    from autograder.grading import Graded, Handed
    from autograder.lesson import Lesson
    from autograder.verdict import Report

CLUSTER_EXTRA = "Install it on all machines: pip install -c constraints.txt '.[grading,cluster]'"
GRADING_EXTRA = "Install what grading needs: pip install -c constraints.txt '.[grading]'"
MOST_ROWS = 500  # of the table in the terminal


class _Friendly(click.Group):
    """Errors meant for a person end the command with their message, not with a stack."""

    def invoke(self, context: click.Context) -> Any:
        print_anything(sys.stdout)
        try:
            return super().invoke(context)
        except (LessonError, DeskError) as error:
            raise click.ClickException(str(error)) from error
        except ModuleNotFoundError as error:
            raise click.ClickException(f"{error.name} is not installed. {GRADING_EXTRA}") from error


@click.group(cls=_Friendly, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Learn deep learning by writing it, and grade those who do."""


register(main)


@main.command()
@click.argument("lesson", required=False)
@click.option(
    "--check", is_flag=True, help="Write nothing; fail, naming the file, when one differs from what is built."
)
@click.option("--overwrite", is_flag=True, help="Replace exercises you edited too; yours are kept as FILE.yours.")
def build(lesson: str | None, *, check: bool, overwrite: bool) -> None:
    """Make notebooks, releases and desks from what authors wrote."""
    from autograder.build import build_keys, build_lesson, compare_built, write_built

    root = find_root()
    failed = False
    for key in build_keys(root, lesson):
        built = build_lesson(root, key)
        if check:
            comparison = compare_built(built)
            for path in comparison.differing:
                click.echo(f"differs: {path.relative_to(root)}")
            failed = failed or bool(comparison.differing)
            yours = comparison.yours
        else:
            yours = write_built(built, overwrite=overwrite)
            click.echo(f"built {key}: {built.lesson.title}")
        for path in yours:
            click.echo(f"yours: {path.relative_to(root)} (edited; --overwrite starts it anew)")
    if failed:
        raise click.ClickException("built files differ from their sources. Run `autograder build`.")


@main.command()
@click.argument("lesson")
@click.option("--student", default="*", show_default=True, help="Grade only students whose name matches.")
@click.option("--jobs", default=os.cpu_count() or 1, show_default="all cores", type=click.IntRange(1), help="Referees.")
@click.option("--sandbox", type=click.Choice(["full", "none"]), default="full", show_default=True)
@click.option("--regrade", is_flag=True, help="Grade again what was graded before and did not change.")
@click.option("--dask", metavar="ADDRESS", help="Grade on the workers of this Dask scheduler, tcp://HOST:8786.")
def grade(lesson: str, *, student: str, jobs: int, sandbox: str, regrade: bool, dask: str | None) -> None:
    """Grade submitted/*/LESSON with the hidden checks, into the gradebook.

    What was graded before is left alone, unless the submission, the lesson or the engine changed.
    """
    _require_linux()
    reports = _grade(find_root(), lesson, student=student, jobs=jobs, sandbox=sandbox, regrade=regrade, dask=dask)
    if any(report.is_broken for report in reports):
        raise click.ClickException("some exercises have no mark yet: a check of the course failed (see above).")


@main.command()
@click.argument("lesson", required=False)
@click.option("--seeds", default=200, show_default=True, type=click.IntRange(1))
def audit(lesson: str | None, *, seeds: int) -> None:
    """Test a lesson's checks: stubs, solutions, alternatives, mistakes, mutants."""
    from autograder.audit import audit as run_audit
    from autograder.build import build_keys

    root = find_root()
    passed = [run_audit(root, key, seeds=seeds, echo=click.echo) for key in build_keys(root, lesson)]
    if not all(passed):
        raise click.ClickException("the audit found something (see above).")


@main.command()
def doctor() -> None:
    """Say how well this machine can lock up student code, and try it."""
    _require_linux()
    from autograder.doctor import examined
    from autograder.sandbox import SandboxUnavailable

    try:
        for sentence in examined():
            click.echo(sentence)
    except SandboxUnavailable as problem:
        raise click.ClickException(f"`autograder grade` refuses here: {problem}") from problem


@main.command()
@click.argument("lesson", default="L06")
def demo(lesson: str) -> None:
    """Release a lesson, grade its sample class, write feedback: all in the folder demo/."""
    root = find_root()
    course = root / "demo"
    _copy_course(root, course, lesson)
    _nbgrader(course, "generate_assignment", lesson, "--force")
    click.echo(f"Released {lesson} with nbgrader; grading its sample class.")
    reports = _grade(course, lesson, student="*", jobs=os.cpu_count() or 1, sandbox="full")
    shown = next((report.student for report in reports if 50 < report.points < 100), reports[0].student)
    click.echo("Writing nbgrader's feedback pages ...")
    _nbgrader(course, "generate_feedback", lesson, "--force")
    click.echo(
        "\nWhere to look next:\n"
        f"  demo/reports/{lesson}/results.csv   the table above\n"
        f"  demo/reports/{lesson}/*.json        one report a submission (docs/report.md)\n"
        "  demo/gradebook.db              nbgrader's gradebook; see it in the formgrader:\n"
        "                                 cd demo && ../.venv/bin/jupyter lab   (menu Nbgrader > Formgrader)\n"
        f"  demo/feedback/{shown}/{lesson}/     what a student reads\n"
        f"  exercises/{lesson}/             solve it yourself: .venv/bin/pytest exercises/{lesson}"
    )


def _require_linux() -> None:
    if sys.platform != "linux":
        raise click.ClickException(
            f"grading needs Linux, and this is {sys.platform}: student code is locked up by Landlock and seccomp, "
            "parts of that kernel. Grade on a Linux machine, or in a Linux container. Learning works here."
        )


def _grade(
    root: Path, key: str, *, student: str, jobs: int, sandbox: str, regrade: bool = False, dask: str | None = None
) -> list[Report]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from autograder.archive import Archive
    from autograder.authored import read_lesson
    from autograder.grading import plan, submitted_folders, write_results
    from autograder.integrations.gradebook import GradebookError, GradebookWriter
    from autograder.integrations.recording import record_class
    from autograder.sandbox import SandboxUnavailable

    lesson = read_lesson(root, key)
    handed = submitted_folders(root, key, student=student)
    if not handed:
        raise click.ClickException(f"nothing to grade: no folder matches submitted/{student}/{key} in {root}.")
    archive = Archive.of(root, key)
    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), rate, TimeRemainingColumn())
    mode: Any = sandbox
    try:
        with GradebookWriter.open(root) as writer, Progress(*columns, transient=True) as progress:
            writer.register(lesson)
            planned = plan(lesson, handed, mode=mode, recorded=writer.recorded(lesson), regrade=regrade)
            reports = list(planned.unchanged)
            task = progress.add_task(f"grading {key}", total=len(planned.pending), rate="")
            started = time.monotonic()
            judged = _judged(lesson, planned.pending, jobs=jobs, mode=mode, dask=dask)
            for report in record_class(lesson, judged, keys=planned.keys, writer=writer, archive=archive):
                reports.append(report)
                minutes = (time.monotonic() - started) / 60
                progress.update(
                    task, advance=1, rate=f"{(len(reports) - len(planned.unchanged)) / minutes:.0f} a minute"
                )
    except (SandboxUnavailable, GradebookError) as error:
        raise click.ClickException(str(error)) from error
    if planned.unchanged:
        click.echo(f"{len(planned.unchanged)} of {len(handed)} did not change since they were graded (--regrade).")
    reports.sort(key=lambda report: report.student)
    write_results(root, key)
    _print_table(reports)
    return reports


def _judged(lesson: Lesson, pending: Sequence[Handed], *, jobs: int, mode: Any, dask: str | None) -> Iterator[Graded]:
    """The submissions, judged here or on a cluster."""
    if dask is None:
        from autograder.grading import grade

        yield from grade(lesson, pending, jobs=jobs, mode=mode)
        return
    try:
        from autograder.cluster import ClusterError, grade_on_cluster
    except ModuleNotFoundError as error:
        raise click.ClickException(f"{error.name} is not installed. {CLUSTER_EXTRA}") from error
    try:
        yield from grade_on_cluster(lesson, pending, address=dask, mode=mode)
    except ClusterError as error:
        raise click.ClickException(str(error)) from error


def _print_table(reports: Sequence[Report]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from autograder.grading import diagnosis, mistakes_made
    from autograder.wording import one_line, sign

    lesson = reports[0].lesson
    table = Table(title=f"{lesson}: {len(reports)} submissions", row_styles=["", "dim"])
    table.add_column("student", overflow="fold")
    table.add_column("points", justify="right")
    for verdict in reports[0].exercises:
        table.add_column(verdict.exercise, justify="right", no_wrap=True)
    table.add_column("status")
    table.add_column("diagnosis", ratio=1)
    for report in reports[:MOST_ROWS]:
        marks = [f"{'–' if v.points is None else format(v.points, 'g')} {sign(v.status)}" for v in report.exercises]
        table.add_row(
            escape(one_line(report.student)), f"{report.points:g}", *marks, _status(report), escape(diagnosis(report))
        )
    width = None if sys.stdout.isatty() else 200
    console = Console(width=width)
    console.print(table)
    if len(reports) > MOST_ROWS:
        console.print(f"... and {len(reports) - MOST_ROWS} more: all are in reports/{lesson}/results.csv")
    for (exercise, sentence), count in mistakes_made(reports).items():
        console.print(f"{count} × {exercise}: {escape(one_line(sentence))}", highlight=False)


def _status(report: Report) -> str:
    from autograder.verdict import Status

    if report.problem:
        return str(Status.MISSING)
    statuses = [verdict.status for verdict in report.exercises]
    order = (
        Status.BROKEN,
        Status.CRASHED,
        Status.MEMORY,
        Status.TIMEOUT,
        Status.LIMIT,
        Status.FORBIDDEN,
        Status.FAILED,
        Status.MISSING,
    )
    return str(next((status for status in order if status in statuses), Status.PASSED))


def _copy_course(root: Path, course: Path, key: str) -> None:
    """A course folder of its own for the demonstration, with the sample class handed in."""
    _remove(course)
    copy_lesson(root, key, course)
    samples = root / "tests" / "submissions" / key
    for case in sorted(path for path in samples.iterdir() if path.is_dir()):
        ignore = shutil.ignore_patterns("report.json")
        shutil.copytree(case, course / "submitted" / case.name / key, ignore=ignore)


def _remove(folder: Path) -> None:
    """Remove a folder with read-only files in it."""
    if folder.exists():
        shutil.rmtree(folder)


def _nbgrader(course: Path, *command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own interpreter, and words of ours
        [sys.executable, "-m", "nbgrader", *command], cwd=course, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise click.ClickException(f"nbgrader {' '.join(command)} failed:\n{done.stderr[-2000:]}")
