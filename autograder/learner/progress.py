"""A learner's progress: one small file in the clone, ``.autograder/progress.json``. Git ignores that folder.

For each exercise it keeps how it ended when it was last judged, with which answer it was solved (as a digest, so that
a later edit, or a stub or check that changed, can be told), how many hints were shown, and how often the solution was
asked for. Losing it costs nobody more than that: the answers are in ``exercises/``.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.learner.tasks import task_digests
from autograder.verdict import Status

if TYPE_CHECKING:
    from autograder.desk import PublicLesson
    from autograder.learner.practice import Judged

VERSION = 1


@dataclass(frozen=True)
class Standing:
    """Where a learner stands with one exercise."""

    status: Status | None = None  # when it was last judged; None if it never was
    points: float = 0.0
    answer: str = ""  # digest of the answer that was last judged
    solved_answer: str = ""  # digest of the last answer that passed; "" if none did yet
    solved_task: str = ""  # digest of the stub and checks that it passed
    hints: int = 0  # how many were shown
    asked: int = 0  # how often the solution was asked for

    @property
    def was_solved(self) -> bool:
        """Whether some answer passed once."""
        return bool(self.solved_task)


@dataclass(frozen=True)
class Progress:
    """All standings, by lesson and exercise."""

    path: Path
    lessons: Mapping[str, Mapping[str, Standing]] = field(default_factory=dict)
    problem: str = ""  # that the file was damaged, for the learner

    @classmethod
    def read(cls, root: Path) -> Progress:
        """The progress of a clone. A damaged file is set aside, and all starts anew."""
        path = root / ".autograder" / "progress.json"
        try:
            return cls(path, _lessons_of(json.loads(path.read_text(encoding="utf-8"))))
        except FileNotFoundError:
            return cls(path)
        except OSError as error:
            return cls(path, problem=f"{path} cannot be read ({error}): your progress counts from now.")
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            return cls(path, problem=_set_aside(path, error))

    def standing(self, lesson: str, exercise: str) -> Standing:
        """Where the learner stands with an exercise."""
        return self.lessons.get(lesson, {}).get(exercise, Standing())

    def having(self, lesson: str, exercise: str, standing: Standing) -> Progress:
        """The same, with one standing replaced."""
        return replace(self, lessons={**self.lessons, lesson: {**self.lessons.get(lesson, {}), exercise: standing}})

    def write(self) -> str:
        """Write the file in one step.

        Returns:
            Why it could not be written, for the learner; "" if it was. Nothing else depends on it.
        """
        lessons = {
            key: {name: _said(standing) for name, standing in standings.items()}
            for key, standings in self.lessons.items()
        }
        text = json.dumps({"version": VERSION, "lessons": lessons}, indent=1, ensure_ascii=False) + "\n"
        draft = self.path.with_name(f"progress-{os.getpid()}-{secrets.token_hex(4)}.json")
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            draft.write_text(text, encoding="utf-8", newline="\n")
            draft.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            return f"your progress could not be written ({error}). Make {self.path.parent} writable to keep it."
        return ""


def record(root: Path, folder: Path, lesson: PublicLesson, judged: Iterable[Judged]) -> str:
    """Remember how exercises of a lesson's folder ended, except where their file could not even be loaded.

    Returns:
        What the learner should know about the file: that it was damaged, or cannot be written; "" if all is well.
    """
    progress = before = Progress.read(root)
    tasks = task_digests(folder, lesson)
    for one in judged:
        if one.of_the_file:
            continue
        name, verdict = one.verdict.exercise, one.verdict
        standing = replace(
            progress.standing(lesson.key, name), status=verdict.status, points=verdict.points or 0.0, answer=one.answer
        )
        if verdict.status is Status.PASSED:
            standing = replace(standing, solved_answer=one.answer, solved_task=tasks[name])
        progress = progress.having(lesson.key, name, standing)
    unwritten = progress.write() if progress.lessons != before.lessons else ""
    return " ".join(filter(None, (progress.problem, unwritten)))


def _said(standing: Standing) -> dict[str, Any]:
    usual = asdict(Standing())
    return {name: value for name, value in asdict(standing).items() if value != usual[name]}


def _lessons_of(data: Any) -> dict[str, dict[str, Standing]]:
    if data["version"] != VERSION:
        raise ValueError(f"it has version {data['version']!r}, and this course writes {VERSION}")
    return {
        key: {name: _standing_of(fields) for name, fields in standings.items()}
        for key, standings in data["lessons"].items()
    }


def _standing_of(fields: Mapping[str, Any]) -> Standing:
    usual = Standing()
    status = fields.get("status")
    kept = {
        name: type(getattr(usual, name))(fields[name]) for name in asdict(usual) if name != "status" and name in fields
    }
    return Standing(status=None if status is None else Status(status), **kept)


def _set_aside(path: Path, error: Exception) -> str:
    """Keep a damaged file under another name."""
    kept = path.with_name(f"progress-damaged-{secrets.token_hex(3)}.json")
    path.replace(kept)
    return (
        f"{path.name} was damaged ({type(error).__name__}: {error}), so your progress counts from now; what it held is "
        f"kept in {kept}. Your answers are all there: `pytest exercises` counts them again."
    )
