"""What `autograder check` and `autograder update` print, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.desk import PublicLesson
from autograder.learner.practice import Judged
from autograder.learner.update import Updated
from autograder.verdict import Status
from autograder.wording import sign

_MARGIN = " " * 6


def exercise_lines(judged: Judged, lesson: PublicLesson, before: Sequence[Judged]) -> Iterator[str]:
    """An exercise with its points and, if it does not pass, what came, the likely cause, and where to get a hint.

    Args:
        judged: The exercise.
        lesson: Its lesson.
        before: The exercises that were told before: a file that cannot be loaded is told of once.
    """
    verdict, width = judged.verdict, max(map(len, lesson.exercises))
    points = "  -  " if verdict.points is None else f"{verdict.points:5.1f}"
    where = f"  [{judged.file.name}]" if judged.file else ""
    untouched = verdict.status is Status.MISSING and judged.file is None
    told = judged.of_the_file and any(one.of_the_file and one.file == judged.file for one in before)
    note = f"  {verdict.message}" if untouched else "  as above" if told else ""
    yield f"  {sign(verdict.status)} {verdict.exercise:<{width}}  {points} / {verdict.max_points:g}{where}{note}"
    if verdict.status is Status.PASSED or untouched or told:
        return
    yield from (f"{_MARGIN}{line}".rstrip() for line in judged.words.splitlines())
    stuck = verdict.status not in (Status.SKIPPED, Status.BROKEN) and not judged.of_the_file
    if stuck and lesson.exercises[verdict.exercise].hints:
        yield f"{_MARGIN}Stuck? autograder hint {lesson.key} {verdict.exercise}"
    yield ""


def summary_lines(all_judged: Sequence[Judged], lesson: PublicLesson, *, root: Path, hidden: bool) -> Iterator[str]:
    """The points of all, and what is next."""
    points = sum(judged.verdict.points or 0.0 for judged in all_judged)
    most = sum(judged.verdict.max_points for judged in all_judged)
    yield f"  {points:g} of {most:g} points by the {'hidden' if hidden else 'public'} checks"
    following = next((judged for judged in all_judged if judged.verdict.status is not Status.PASSED), None)
    if following is not None:
        file = following.file or root / "exercises" / lesson.key / f"{lesson.module}.py"
        yield f"  Next: {following.verdict.exercise}, in {_shown(file, root)}"
    elif not hidden:
        yield f"  The hidden checks try other sizes and values: autograder check {lesson.key} --hidden"


def update_lines(updated: Updated, root: Path) -> Iterator[str]:
    """What an update did, for the learner."""
    if updated.repaired is not None:
        kept = _shown(updated.repaired, root)
        yield f"An earlier update was interrupted. First, its copies of your files were put back, from {kept}."
    if not updated.commits:
        yield "There is nothing new."
        return
    yield f"Updated: {updated.commits} new {'commit' if updated.commits == 1 else 'commits'}."
    if updated.put_back:
        yield "Your answers are in the new files:"
        yield from (f"  {path}: {', '.join(names)}" for path, names in updated.put_back.items())
    if updated.changed:
        yield "You answered these, and they are others now. Try them again:"
        for one in updated.changed:
            solved = " (solved)" if one.solved else ""
            yield f"  {one.lesson} {one.exercise}{solved}: its {' and its '.join(one.what)} changed"
        yield f"  for instance: autograder check {updated.changed[0].lesson} {updated.changed[0].exercise}"
    yield from _lost_lines(updated, root)
    if updated.backup is not None:
        yield f"Your files as they were are in {_shown(updated.backup, root)}."
    if updated.engine_changed:
        yield "The course's tools changed too. Install them: pip install -c constraints.txt ."


def _lost_lines(updated: Updated, root: Path) -> Iterator[str]:
    kept = updated.backup or root
    for path, definition in updated.without_place:
        yield f"{definition} is gone from the lesson, so your answer has no place. It is in {_shown(kept / path, root)}"
    for path, definition in updated.replaced:
        what = f"{definition} in {path}" if definition else path
        yield f"{what} was changed by the course too, and is the course's now. Yours is in {_shown(kept / path, root)}"
    for path in updated.unreadable:
        yield f"{path} is no readable notebook, so it was left as it is."


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
