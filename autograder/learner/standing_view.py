"""``autograder status``: where a learner stands, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from autograder.desk import PublicLesson, answers_on_desk, unreadable_files
from autograder.learner.curriculum import blocks, lessons_there, public_lesson, unsolved
from autograder.learner.progress import Progress, Standing
from autograder.learner.tasks import digest_of, task_digests
from autograder.verdict import Status
from autograder.wording import bar, sign

COLOURS = {Status.PASSED: "green", Status.SKIPPED: "dim", Status.MISSING: "dim"}
DONE = "green"


def overview(root: Path, progress: Progress) -> Iterator[Text]:
    """All lessons by block with a bar each, the points so far, and what to do next."""
    there = lessons_there(root)
    titles = {key: str(public_lesson(root, key).facts["title"]) for key in there}
    width = max(map(len, titles.values()), default=0)
    points = total = 0.0
    to_come = []
    for block in blocks(root):
        missing = [key for key in block.keys if key not in there]
        if missing:
            keys = missing[0] if len(missing) == 1 else f"{missing[0]} to {missing[-1]}"
            to_come.append(f"{keys}  {block.title.partition(': ')[2]}")
        if len(missing) == len(block.keys):
            continue
        yield Text(block.title, style="bold")
        for key in (key for key in block.keys if key in there):
            line, earned, most = _lesson_line(root, key, f"{titles[key]:<{width}}", progress)
            points, total = points + earned, total + most
            yield line
        yield Text()
    if to_come:
        yield Text("To come:", style="dim")
        yield from (Text(f"  {line}", style="dim") for line in to_come)
        yield Text()
    yield Text(f"{points:g} of {total:g} points so far.")
    yield from _what_next(root, progress)


def lesson_lines(root: Path, key: str, progress: Progress) -> Iterator[Text]:
    """A lesson's exercises with sign, points, hints, and what changed since they were judged."""
    lesson, folder = public_lesson(root, key), root / "exercises" / key
    yield headline(lesson, progress)
    answers, tasks = answers_on_desk(folder, lesson), task_digests(folder, lesson)
    unreadable = unreadable_files(folder, lesson)
    yield from (Text(problem, style="red") for problem in unreadable)
    width = max(map(len, lesson.exercises))
    for name, exercise in lesson.exercises.items():
        standing = progress.standing(key, name)
        status = standing.status or Status.MISSING
        answer = answers.get(exercise.definition)
        now = digest_of(answer.source if answer else "")
        notes = [
            f"{standing.hints} of {len(exercise.hints)} hints" if standing.hints else "",
            "solution seen" if standing.asked > 1 and not standing.was_solved else "",
            "" if unreadable else _since(standing, now, tasks[name]),
        ]
        shown = f"  {sign(status)} {name:<{width}}  {standing.points:5.1f} / {exercise.points:<4g}"
        yield Text(f"{shown} {', '.join(filter(None, notes))}".rstrip(), style=COLOURS.get(status, "red"))
    yield Text()
    here = next((name for other, name in unsolved(root, progress) if other == key), "")
    if here:
        at = answers.get(lesson.exercises[here].definition)
        path = at.path if at else folder / f"{lesson.module}.py"
        yield Text(f"Next: {here}, in {path.relative_to(root)}. A hint: autograder hint {key} {here}")
    else:
        yield from _what_next(root, progress)


def headline(lesson: PublicLesson, progress: Progress) -> Text:
    """A lesson's key, title and bar."""
    most = sum(exercise.points for exercise in lesson.exercises.values())
    earned = sum(progress.standing(lesson.key, name).points for name in lesson.exercises)
    line = Text(f"{lesson.key}  {lesson.facts['title']}  ", style="bold")
    line.append(bar(earned / most, width=20), style=DONE)
    return line.append(f"  {earned:g} of {most:g} points")


def _lesson_line(root: Path, key: str, title: str, progress: Progress) -> tuple[Text, float, float]:
    exercises = public_lesson(root, key).exercises
    standings = [progress.standing(key, name) for name in exercises]
    earned, most = sum(one.points for one in standings), sum(one.points for one in exercises.values())
    solved = sum(one.status is Status.PASSED for one in standings)
    line = Text(f"  {key}  {title}  ").append(bar(earned / most, width=20), style=DONE)
    return line.append(f"  {earned:5.1f} of {most:g}, {solved} of {len(standings)} solved"), earned, most


def _since(standing: Standing, now: str, task: str) -> str:
    """What changed since an exercise was judged; "" if nothing did."""
    if standing.status is Status.PASSED and standing.solved_task != task:
        return "its text or checks changed since you solved it: run it again"
    if now == standing.answer:
        return ""
    return "not judged yet" if standing.status is None else "edited since it was judged"


def _what_next(root: Path, progress: Progress) -> Iterator[Text]:
    key, name = next(unsolved(root, progress), ("", ""))
    if not key:
        yield Text("Everything that is there is solved. Well done!", style=DONE)
        return
    module = public_lesson(root, key).module
    yield Text(f"Next: {key} {name}, in exercises/{key}/{module}.py. To work on it: autograder watch {key}")
