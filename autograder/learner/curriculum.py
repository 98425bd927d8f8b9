"""The course's lessons by block: those that are there, and those to come (``docs/lessons.md`` lists both)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.desk import DeskError, PublicLesson
from autograder.learner.progress import Progress
from autograder.verdict import Status
from autograder.wording import nearest

_BLOCK = re.compile(r"^## Block (\d+): (.+)$")
_LESSON = re.compile(r"^\| (L\d\d) \|")


@dataclass(frozen=True)
class Block:
    """A block of the course."""

    title: str  # "Block 1: Foundations"
    keys: tuple[str, ...]  # of all its lessons, also of those to come


def lessons_there(root: Path) -> tuple[str, ...]:
    """The keys of the lessons that can be learnt now."""
    return tuple(sorted(path.name for path in (root / "release").glob("L*") if path.is_dir()))


def blocks(root: Path) -> tuple[Block, ...]:
    """The blocks in order. Lessons that no block names come last, in one without a title."""
    listed = root / "docs" / "lessons.md"
    found: dict[str, list[str]] = {}
    title = ""
    for line in listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else ():
        if heading := _BLOCK.match(line):
            title = f"Block {heading[1]}: {heading[2]}"
        elif lesson := _LESSON.match(line):
            found.setdefault(title, []).append(lesson[1])
    named = {key for keys in found.values() for key in keys}
    others = tuple(key for key in lessons_there(root) if key not in named)
    return (*(Block(title, tuple(keys)) for title, keys in found.items()), *([Block("", others)] if others else []))


def public_lesson(root: Path, key: str) -> PublicLesson:
    """A lesson that is there."""
    return PublicLesson.beside(root / "release" / key)


def find_lesson(root: Path, said: str) -> str:
    """The key of the lesson that a learner names: "L06", "l6" and "6" are the same.

    Raises:
        DeskError: If there is none, with the key that was probably meant.
    """
    there = lessons_there(root)
    digits = said.strip().strip("/").upper().removeprefix("L")
    key = f"L{int(digits):02}" if digits.isdecimal() else said
    if key in there:
        return key
    if any(key in block.keys for block in blocks(root)):
        raise DeskError(f"{key} is not written yet. Lessons that are there: {', '.join(there)}.")
    meant = None if digits.isdecimal() else nearest(said, there)
    guess = f": is `{said}` meant to be `{meant}`?" if meant else f". Lessons: {', '.join(there) or 'none'}."
    raise DeskError(f"there is no lesson {key}{guess}")


def unsolved(root: Path, progress: Progress) -> Iterator[tuple[str, str]]:
    """All (lesson, exercise) that do not pass yet, in the course's order."""
    for key in lessons_there(root):
        for name in public_lesson(root, key).exercises:
            if progress.standing(key, name).status is not Status.PASSED:
                yield key, name
