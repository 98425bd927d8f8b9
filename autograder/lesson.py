"""A lesson as data, and where its parts lie in the tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

LARGEST_REPLY_MB = 64  # what the referee's reader takes


class LessonError(Exception):
    """A lesson is written wrongly. The message is for its author: ``file:line: what, expected, what next``."""

    def __init__(self, path: Path | str, line: int, message: str) -> None:
        """Say what is wrong, and where."""
        here = Path.cwd()
        shown = Path(path).relative_to(here) if Path(path).is_relative_to(here) else path
        super().__init__(f"{shown}:{line}: {message}")


class Form(StrEnum):
    """A form of exercise that the engine knows, beside writing a function."""

    TRACE = "trace"  # predict what a program gives: a dictionary of literals
    BUGHUNT = "bughunt"  # mend given code, changing few lines
    TESTWRITE = "testwrite"  # write a test that tells wrong implementations from right ones


@dataclass(frozen=True)
class Limits:
    """What an exercise may use: here are all defaults, and a lesson's front matter may say otherwise.

    One worker serves all exercises of a lesson. It has the largest of each of their limits; time and the size of
    replies are limited exercise by exercise. New processes are never allowed.

    Attributes:
        seconds: Of processor time for one call from a check (a batch of calls counts as one), and for one cell.
        wall_seconds: The same by the clock on the wall, for who sleeps or waits; 4 times ``seconds`` and 1 if it is 0.
        memory_mb: Beyond what a worker has when torch is imported.
        reply_mb: Of what one call, or one batch of calls, returns.
        output_characters: Of what one cell displays as text; the rest is cut.
        file_mb: Of one file in the work folder.
        disk_mb: Of all of them.
        files: How many files and folders.
        threads: How many threads.
    """

    seconds: float = 10.0
    wall_seconds: float = 0.0
    memory_mb: int = 1024
    reply_mb: int = 64
    output_characters: int = 20_000
    file_mb: int = 32
    disk_mb: int = 128
    files: int = 2000
    threads: int = 64

    def __post_init__(self) -> None:
        """Refuse what no exercise can mean.

        Raises:
            ValueError: If a limit is not positive, or the referee could not take so large a reply.
        """
        for name, value in asdict(self).items():
            if type(value) not in (int, float) or value < 0 or (value == 0 and name != "wall_seconds"):
                raise ValueError(f"the limit {name} is {value!r}. Expected a positive number.")
        if self.reply_mb > LARGEST_REPLY_MB:
            raise ValueError(f"the limit reply_mb is {self.reply_mb}. Expected at most {LARGEST_REPLY_MB}.")

    @property
    def wall(self) -> float:
        """Seconds on the wall."""
        return self.wall_seconds or 4 * self.seconds + 1

    @classmethod
    def largest(cls, limits: Iterable[Limits]) -> Limits:
        """The largest of each, for a worker that serves several exercises."""
        found = list(limits)
        most = {name: max(getattr(one, name) for one in found) for name in asdict(found[0])}
        return cls(**{**most, "wall_seconds": max(one.wall for one in found)})

    def said(self) -> dict[str, Any]:
        """What a lesson's public metadata says: time and memory, and what is not the default."""
        usual = asdict(Limits())
        always = {"seconds", "memory_mb"}
        return {name: value for name, value in asdict(self).items() if name in always or value != usual[name]}


@dataclass(frozen=True)
class Exercise:
    """One graded exercise. ``definition`` is the top-level function or class it lives in (its answer cell)."""

    name: str
    points: float
    definition: str
    needs: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()  # dotted names, "torch.nn.Linear"
    instead: str = ""  # what is allowed in their place
    hints: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    form: Form | None = None
    max_changed_lines: int | None = None  # BUGHUNT: how many lines of the given code may change


@dataclass(frozen=True)
class Question:
    """A question graded by hand; its points are not part of the learner's 100."""

    name: str
    points: float


@dataclass(frozen=True)
class Lesson:
    """The facts of a lesson's front matter, and its files."""

    key: str  # "L06"
    title: str
    block: int
    level: tuple[str, ...]
    difficulty: int
    minutes: int
    prerequisites: tuple[str, ...]
    exercises: tuple[Exercise, ...]
    questions: tuple[Question, ...]
    root: Path
    notebook: str  # "06_Impl_MLP", without suffix
    module: str  # "mlp", without suffix

    @cached_property
    def by_name(self) -> dict[str, Exercise]:
        """The exercises by their names."""
        return {exercise.name: exercise for exercise in self.exercises}

    @property
    def text(self) -> Path:
        """The authored lesson."""
        return self.root / "source" / self.key / f"{self.notebook}.md"

    @property
    def source_notebook(self) -> Path:
        """The built notebook with solutions, which nbgrader reads."""
        return self.root / "source" / self.key / f"{self.notebook}.ipynb"

    @property
    def release_notebook(self) -> Path:
        """The built notebook that students get."""
        return self.root / "release" / self.key / f"{self.notebook}.ipynb"

    @property
    def solution(self) -> Path:
        """The reference implementation."""
        return self.root / "solutions" / self.key / f"{self.module}.py"

    @property
    def starts(self) -> Path:
        """The code that BUGHUNT exercises start from; may not exist."""
        return self.root / "solutions" / self.key / "starts.py"

    @property
    def desk(self) -> Path:
        """The learner's folder."""
        return self.root / "exercises" / self.key

    @property
    def public_checks(self) -> Path:
        """Checks that everyone may read and run."""
        return self.root / "source" / self.key / f"test_{self.module}.py"

    @property
    def hidden_checks(self) -> Path:
        """Checks that only the referee runs."""
        return self.root / "tests" / "hidden" / self.key / f"test_{self.module}.py"

    @property
    def mistakes(self) -> Path:
        """The known wrong answers."""
        return self.root / "tests" / "hidden" / self.key / "mistakes.py"

    @property
    def alternatives(self) -> Path:
        """Correct answers written in another way."""
        return self.root / "tests" / "hidden" / self.key / "alternatives.py"

    def transitive_needs(self, name: str) -> tuple[str, ...]:
        """Every exercise that ``name`` depends on, in the lesson's order, never itself."""
        found: set[str] = set()
        pending = list(self.by_name[name].needs)
        while pending:
            need = pending.pop()
            if need not in found:
                found.add(need)
                pending.extend(self.by_name[need].needs)
        return tuple(exercise.name for exercise in self.exercises if exercise.name in found - {name})

    def public_metadata(self) -> dict[str, Any]:
        """What the released notebook says about the lesson: the one key ``autograder`` of its metadata."""
        return {
            "lesson": self.key,
            "title": self.title,
            "module": self.module,
            "exercises": [_exercise_metadata(exercise) for exercise in self.exercises],
            "questions": [{"name": question.name, "points": question.points} for question in self.questions],
        }


def _exercise_metadata(exercise: Exercise) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "points": exercise.points,
        "definition": exercise.definition,
        "needs": list(exercise.needs),
        "forbidden": list(exercise.forbidden),
        "instead": exercise.instead,
        "hints": list(exercise.hints),
        "limits": exercise.limits.said(),
        "form": exercise.form,
        "max_changed_lines": exercise.max_changed_lines,
    }


def exercise_from_metadata(data: dict[str, Any]) -> Exercise:
    """Read one exercise from a released notebook's metadata or from the front matter."""
    limits = data.get("limits") or {}
    return Exercise(
        name=data["name"],
        points=float(data["points"]),
        definition=data.get("definition") or data["name"],
        needs=tuple(data.get("needs") or ()),
        forbidden=tuple(data.get("forbidden") or ()),
        instead=data.get("instead") or "",
        hints=tuple(data.get("hints") or ()),
        limits=Limits(**limits),
        form=Form(data["form"]) if data.get("form") else None,
        max_changed_lines=data.get("max_changed_lines"),
    )
