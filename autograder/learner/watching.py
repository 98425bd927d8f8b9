"""``autograder watch``: a lesson is judged again whenever one of its files is saved; the first thing to mend is shown.

One loop takes what happens from one queue: a file was saved, a key was pressed, a verdict came. Three threads put it
there. A save while code is still being judged ends that code: what was saved last is what is judged.
"""

from __future__ import annotations

import contextlib
import queue
import re
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from autograder.desk import DeskError, PublicLesson
from autograder.learner.asking import next_hint, solution
from autograder.learner.curriculum import lessons_there, public_lesson, unsolved
from autograder.learner.keys import listening
from autograder.learner.practice import Judged
from autograder.learner.practice_process import PracticeError, PracticeProcess, Practised
from autograder.learner.progress import Progress, record
from autograder.learner.standing_view import COLOURS, headline, lesson_lines
from autograder.verdict import Status
from autograder.wording import sign

PATIENCE = 0.5  # seconds without a verdict after which the learner is told that it is still coming
SETTLED_MS = 20  # a save that writes several files is over when nothing was written for so long


@dataclass(frozen=True)
class Saved:
    """Files of these lessons were saved."""

    keys: frozenset[str]


@dataclass(frozen=True)
class Pressed:
    """A key was pressed."""

    key: str


@dataclass(frozen=True)
class Found:
    """A verdict came, or why there is none; None if it was given up."""

    number: int  # of the request
    practised: Practised | PracticeError | None


class Watch:
    """One run of ``autograder watch``."""

    def __init__(self, root: Path, console: Console, process: PracticeProcess, *, key: str, follow: bool) -> None:
        """Begin with a lesson.

        Args:
            root: The clone.
            console: Where to print. If it is no terminal, there are no keys and nothing is cleared.
            process: Judges.
            key: The lesson to begin with.
            follow: Go to whatever lesson's file is saved.
        """
        self.events: queue.Queue[Saved | Pressed | Found] = queue.Queue()
        self._root, self._console, self._process = root, console, process
        self._key, self._follow = key, follow
        self._focus = ""  # the exercise that `n` went to; "" for the first that does not pass
        self._found: Practised | None = None
        self._number = 0
        self._judging: threading.Thread | None = None

    @property
    def _lesson(self) -> PublicLesson:
        return public_lesson(self._root, self._key)

    @property
    def _folder(self) -> Path:
        return self._root / "exercises" / self._key

    def run(self) -> None:
        """Go on until the learner quits."""
        self._print(Text(f"Watching exercises/{'' if self._follow else self._key}: save a file to have it judged."))
        self._judge()
        told = True
        while True:
            waiting = self._judging is not None and not told
            try:
                event = self.events.get(timeout=PATIENCE)
            except queue.Empty:
                if waiting:
                    self._print(Text("Still running ...", style="dim"))
                    told = True
                continue
            if event == Pressed("q"):
                return
            if isinstance(event, Found):
                self._take(event)
            elif isinstance(event, Saved):
                told = not self._take_saved(event)
            else:
                self._take_key(event.key)
                told = told and event.key != "r"

    def _judge(self) -> None:
        """Have the lesson judged as it is now."""
        if self._judging is not None:
            self._process.give_up()
            self._judging.join()
        self._number += 1
        self._judging = threading.Thread(target=self._find, args=(self._number, self._folder), daemon=True)
        self._judging.start()

    def _find(self, number: int, folder: Path) -> None:
        found: Practised | PracticeError | None
        try:
            found = self._process.judge(folder)
        except PracticeError as error:
            found = error
        self.events.put(Found(number, found))

    def _take(self, event: Found) -> None:
        if event.number != self._number:
            return
        self._judging = None
        if event.practised is None:  # it was given up just when it had ended
            self._judge()
        elif isinstance(event.practised, PracticeError):
            self._show([Text(str(event.practised))])
        else:
            before = Progress.read(self._root)
            problem = record(self._root, self._folder, self._lesson, event.practised.judged)
            self._found = event.practised
            news = list(self._news(before, event.practised))
            self._show_exercise([*news, *([Text(problem, style="yellow")] if problem else [])])

    def _take_saved(self, event: Saved) -> bool:
        keys = event.keys if self._follow else event.keys & {self._key}
        if not keys:
            return False
        if self._key not in keys:
            self._key, self._focus = min(keys), ""
        self._judge()
        return True

    def _take_key(self, key: str) -> None:
        if key == "r":
            self._judge()
        elif key == "n":
            self._go_on()
        elif key == "l":
            self._show(lesson_lines(self._root, self._key, Progress.read(self._root)))
        elif key in ("h", "d") and self._found is not None:
            shown = self._shown(self._found)
            if shown is not None and key == "h":
                self._print(Text("\n" + next_hint(self._root, self._lesson, shown.verdict.exercise, again="h")))
            elif shown is not None:
                self._show_solution(shown.verdict.exercise)

    def _show_solution(self, name: str) -> None:
        self._print(Text())
        self._print(*solution(self._root, self._lesson, name, again="d", width=self._console.width))

    def _go_on(self) -> None:
        """Go to the next exercise that does not pass: of this lesson, else of the course."""
        if self._found is None:
            return
        shown = self._shown(self._found)
        here = shown.verdict.exercise if shown is not None else ""
        names = list(self._lesson.exercises)
        waiting = list(unsolved(self._root, Progress.read(self._root)))
        mine = [name for key, name in waiting if key == self._key]
        later = [name for name in mine if here and names.index(name) > names.index(here)]
        if later:
            self._focus = later[0]
            self._show_exercise([])
            return
        there = lessons_there(self._root)
        order = sorted(waiting, key=lambda one: (there.index(one[0]) <= there.index(self._key), one[0]))
        other = next((key for key, _ in order if key != self._key), self._key)
        self._focus = ""
        if other == self._key:
            self._show_exercise([])
        else:
            self._key = other
            self._judge()

    def _shown(self, found: Practised) -> Judged | None:
        """The exercise to show: one whose code was stopped, the one gone to, or the first that does not pass."""
        by_name = {judged.verdict.exercise: judged for judged in found.judged}
        if found.stopped:
            return found.judged[-1]
        ordered = [by_name[name] for name in self._lesson.exercises if name in by_name]
        open_ones = [judged for judged in ordered if judged.verdict.status is not Status.PASSED]
        names = [judged.verdict.exercise for judged in ordered]
        if self._focus in names:
            start = names.index(self._focus)
            following = [one for one in open_ones if names.index(one.verdict.exercise) >= start]
            open_ones = following or open_ones
        ready = [judged for judged in open_ones if judged.verdict.status is not Status.SKIPPED]
        return next(iter(open_ones if self._focus or not ready else ready), None)

    def _news(self, before: Progress, found: Practised) -> Iterator[Text]:
        for judged in found.judged:
            old = before.standing(self._key, judged.verdict.exercise).status
            if judged.verdict.status is Status.PASSED and old is not Status.PASSED:
                name = judged.verdict.exercise
                compare = f" To compare: autograder solution {self._key} {name}"
                yield Text(f"{sign(Status.PASSED)} {name} passes now.", style="green").append(compare, style="dim")

    def _show_exercise(self, news: list[Text]) -> None:
        if self._found is None:
            return
        shown = self._shown(self._found)
        lines: list[RenderableType] = [headline(self._lesson, Progress.read(self._root)), Text(), *news]
        if news:
            lines.append(Text())
        if shown is None:
            lines.append(Text(f"{self._key} is solved.", style="green"))
            other = next(unsolved(self._root, Progress.read(self._root)), None)
            if other:
                lines.append(Text(f"Next: {other[0]} {other[1]}."))
        else:
            lines += exercise_lines(self._root, self._lesson, shown)
        self._show(lines)

    def _show(self, lines: Any) -> None:
        """Print a new screen, or new lines where there is no screen."""
        if self._console.is_terminal:
            self._console.clear()
        self._print(*lines)
        self._print(Text())
        if self._console.is_terminal:
            self._print(Text("h hint | d solution | n next | l list | r run again | q quit", style="reverse"))

    def _print(self, *lines: RenderableType) -> None:
        for line in lines:
            self._console.print(line, soft_wrap=isinstance(line, Text))


def exercise_lines(root: Path, lesson: PublicLesson, judged: Judged) -> Iterator[Text]:
    """An exercise that does not pass: where it stands, what is wrong, and what its code printed."""
    verdict, exercise = judged.verdict, lesson.exercises[judged.verdict.exercise]
    path = judged.file or root / "exercises" / lesson.key / f"{lesson.module}.py"
    at = f"{path.relative_to(root)}{_line_of(path, exercise.definition)}"
    points = f"{verdict.points or 0:g} of {verdict.max_points:g} points"
    colour = COLOURS.get(verdict.status, "red")
    if judged.of_the_file:
        yield Text(judged.words, style=colour)
        return
    yield Text(f"{sign(verdict.status)} {exercise.name}  {points}  {at}", style=f"bold {colour}".replace(" dim", ""))
    yield Text()
    if verdict.status is Status.MISSING:
        yield Text(f"  {exercise.name}: {judged.words}")
        yield from (Text(f"  {line}") for line in [_first_line(lesson.stubs.get(exercise.definition, ""))] if line)
    else:
        yield Text(judged.words)
    if judged.printed:
        yield Text("\nYour code printed:", style="bold")
        yield Text(judged.printed.rstrip("\n"))


def _first_line(stub: str) -> str:
    """What a stub's docstring begins with."""
    found = re.search(r'"""(.+?)(?:"""|$)', stub, re.MULTILINE)
    return found[1].strip() if found else ""


def _line_of(path: Path, definition: str) -> str:
    """Where a definition begins in a module, as in ":47"; "" where it is not found."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.suffix == ".py" else []
    except OSError:
        return ""
    pattern = re.compile(rf"(def|class)\s+{re.escape(definition)}\b")
    return next((f":{number}" for number, line in enumerate(lines, start=1) if pattern.match(line)), "")


def watch(root: Path, *, key: str | None) -> None:
    """Watch the desk until the learner quits.

    Args:
        root: The clone.
        key: The lesson to stay with; None follows whatever is saved, from the next unsolved exercise on.
    """
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    console = Console(highlight=False, force_terminal=None if interactive else False)
    there = lessons_there(root)
    if not there:
        raise DeskError(f"there are no lessons in {root / 'release'}. `autograder build` makes them.")
    first = key or next((lesson for lesson, _ in unsolved(root, Progress.read(root))), there[0])
    with PracticeProcess() as process, contextlib.ExitStack() as stack:
        watch = Watch(root, console, process, key=first, follow=key is None)
        stack.enter_context(_saves(root / "exercises", watch.events))
        if interactive:
            stack.enter_context(listening(lambda pressed: watch.events.put(Pressed(pressed))))
        _leave_in_order()
        with contextlib.suppress(KeyboardInterrupt):
            watch.run()


@contextlib.contextmanager
def _saves(folder: Path, events: queue.Queue[Saved | Pressed | Found]) -> Iterator[None]:
    """While inside, tell of every Python file and notebook that is saved in a lesson's folder."""
    from watchfiles import watch as changes_in

    over = threading.Event()
    suffixes = (".py", ".ipynb")

    def tell() -> None:
        for changes in changes_in(folder, debounce=10 * SETTLED_MS, step=SETTLED_MS, stop_event=over):
            paths = [Path(path).relative_to(folder) for _, path in changes if path.endswith(suffixes)]
            keys = frozenset(path.parts[0] for path in paths if len(path.parts) == 2)
            if keys:
                events.put(Saved(keys))

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _leave_in_order() -> None:
    """Let a signal that ends the command put the terminal back, as leaving does."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), leave)
