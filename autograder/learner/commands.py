"""The commands of somebody who learns: ``autograder status``, ``watch``, ``hint``, ``reset``, and others."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from autograder.authored import find_root

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from autograder.desk import PublicLesson
    from autograder.learner.practice import Judged

PLAIN_WIDTH = 120  # columns where the output is no terminal


def register(group: click.Group) -> None:
    """Give a group the learner's commands."""
    for command in (status, watch, check, hint, solution, reset, open_lesson, update):
        group.add_command(command)


@click.command()
@click.argument("lesson", required=False)
def status(lesson: str | None) -> None:
    """Show how far you are, and what is next: in all lessons, or in one."""
    from autograder.learner.curriculum import find_lesson
    from autograder.learner.progress import Progress
    from autograder.learner.standing_view import lesson_lines, overview

    root, console = find_root(), _console()
    progress = Progress.read(root)
    for line in overview(root, progress) if lesson is None else lesson_lines(root, find_lesson(root, lesson), progress):
        console.print(line, soft_wrap=True)
    if progress.problem:
        console.print(progress.problem, markup=False, soft_wrap=True)


@click.command()
@click.argument("lesson", required=False)
def watch(lesson: str | None) -> None:
    """Judge what you save as soon as you save it, and show what to mend.

    With LESSON it stays there; without, it begins where you are and follows what you save.
    """
    from autograder.learner.curriculum import find_lesson
    from autograder.learner.watching import watch as watch_desk

    root = find_root()
    watch_desk(root, key=None if lesson is None else find_lesson(root, lesson))


@click.command()
@click.argument("lesson")
@click.argument("exercise")
@click.argument("number", type=int, required=False)
def hint(lesson: str, exercise: str, number: int | None) -> None:
    """Show the next hint for an exercise: the first says where to look, the last names the idea.

    With NUMBER, that one.
    """
    from autograder.learner.asking import next_hint

    root, public = _lesson(lesson)
    click.echo(next_hint(root, public, public.exercise(exercise).name, number=number))


@click.command()
@click.argument("lesson")
@click.argument("exercise")
def solution(lesson: str, exercise: str) -> None:
    """Show the solution of an exercise beside yours, once you solved it or when you ask twice."""
    from rich.text import Text

    from autograder.learner.asking import solution as shown

    root, public = _lesson(lesson)
    name, console = public.exercise(exercise).name, _console()
    again = f"autograder solution {public.key} {name}"
    for part in shown(root, public, name, again=again, width=console.width):
        console.print(part, soft_wrap=isinstance(part, Text))


@click.command()
@click.argument("lesson")
@click.argument("exercise", required=False)
def reset(lesson: str, exercise: str | None) -> None:
    """Start a lesson's files anew, or one exercise in them; what you had is kept as FILE.yours."""
    from autograder.learner.fresh_start import reset_exercise, reset_lesson

    root, public = _lesson(lesson)
    for line in reset_lesson(root, public) if exercise is None else reset_exercise(root, public, exercise):
        click.echo(line)


@click.command("open")
@click.argument("lesson")
def open_lesson(lesson: str) -> None:
    """Put a lesson's student notebook on your desk, and say how to open it."""
    root, public = _lesson(lesson)
    for path in sorted((root / "release" / public.key).glob("*.ipynb")):
        target = root / "exercises" / public.key / path.name
        if target.exists():
            click.echo(f"{target.relative_to(root)} is there already, with your work in it.")
        else:
            shutil.copyfile(path, target)
        click.echo(f"Open it with: jupyter lab {target.relative_to(root)}")


@click.command()
@click.argument("lesson")
@click.argument("exercise", required=False)
@click.option("--hidden", is_flag=True, help="Run the hidden checks: other sizes and values, and known mistakes.")
def check(lesson: str, exercise: str | None, *, hidden: bool) -> None:
    """Judge your work: points, what came instead, the likely cause. Ctrl-C ends code that runs for ever."""
    from autograder.learner.check_view import exercise_lines, summary_lines
    from autograder.learner.own_work import OwnReferee, check_public, where_it_was
    from autograder.learner.practice import set_up
    from autograder.verdict import Status

    root, public = _lesson(lesson)
    folder = root / "exercises" / public.key
    asked = list(public.exercises.values()) if exercise is None else [public.exercise(exercise)]
    click.echo(f"{public.key} {public.facts['title']}: {'hidden' if hidden else 'public'} checks")
    done: list[Judged] = []
    try:
        desk = set_up(folder)
        found = OwnReferee(root, public).judge_own(desk, asked) if hidden else check_public(root, desk, asked)
        for judged in found:
            click.echo("\n".join(exercise_lines(judged, public, done)))
            done.append(judged)
    except KeyboardInterrupt as stop:
        where = where_it_was(stop.__traceback__, folder)
        said = f"you stopped it at {where}. Does that loop ever end?" if where else "you stopped it."
        raise click.ClickException(said) from stop
    for line in summary_lines(done, public, root=root, hidden=hidden):
        click.echo(line)
    if any(judged.verdict.status is not Status.PASSED for judged in done):
        click.get_current_context().exit(1)


@click.command()
def update() -> None:
    """Get what is new in the course, and put your answers into the new files. Nothing of yours is lost."""
    from autograder.learner.check_view import update_lines
    from autograder.learner.update import update as update_clone
    from autograder.learner.update_plan import UpdateError

    root = find_root()
    try:
        updated = update_clone(root)
    except UpdateError as error:
        raise click.ClickException(str(error)) from error
    for line in update_lines(updated, root):
        click.echo(line)


def _lesson(said: str) -> tuple[Path, PublicLesson]:
    """The clone, and the lesson that is meant."""
    from autograder.learner.curriculum import find_lesson, public_lesson

    root = find_root()
    return root, public_lesson(root, find_lesson(root, said))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
