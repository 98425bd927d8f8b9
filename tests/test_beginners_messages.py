"""What beginners read about wrong answers to L01 to L06: the table in ``tests/beginners``, one file a lesson.

An entry of a table::

    exercise  the exercise it answers
    slip      what is wrong with it, the true cause
    edits     [old, new] replacements in the solution's definition, or
    answer    a whole definition in its place, or
    file      [old, new] replacements elsewhere in the learner's file
    says      words that the learner must read
    silent    true where no cause is named yet: then none may be named, for a wrong one is worse than none
"""

from __future__ import annotations

import shutil
import sys
import textwrap
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from autograder.checking import Check, collect_checks
from autograder.learner.endings import run_on_the_desk
from autograder.learner.practice import PUBLIC_SEED, set_up
from autograder.submission import find_definition
from autograder.verdict import Kind

ROOT = Path(__file__).parents[1]
ENOUGH = 118  # entries of which the message names the true cause; issue 6 asks for 50 of 60


@dataclass(frozen=True)
class Wrong:
    """One entry of a table."""

    lesson: str
    exercise: str
    slip: str
    edits: tuple[tuple[str, str], ...] = ()
    answer: str = ""
    file: tuple[tuple[str, str], ...] = ()
    says: tuple[str, ...] = ()
    silent: bool = False

    def text(self, solution: str, definition: str) -> str:
        """The learner's file: the solution, but for this."""
        right = find_definition(solution, definition)
        assert right is not None
        wrong = textwrap.dedent(self.answer).strip("\n") if self.answer else _replaced(right, self.edits)
        return _replaced(solution.replace(right, wrong), self.file)


def _replaced(text: str, edits: tuple[tuple[str, str], ...]) -> str:
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return text


def table() -> list[Wrong]:
    entries = []
    for path in sorted((ROOT / "tests/beginners").glob("L*.toml")):
        for data in tomllib.loads(path.read_text(encoding="utf-8"))["wrong"]:
            pairs = {key: tuple(map(tuple, data.pop(key, ()))) for key in ("edits", "file")}
            entries.append(Wrong(path.stem, **{**data, **pairs, "says": tuple(data.get("says", ()))}))
    return entries


@cache
def public_checks(lesson: str) -> tuple[Check, ...]:
    (path,) = (ROOT / "source" / lesson).glob("test_*.py")
    return collect_checks(path)


def what_is_read(wrong: Wrong, folder: Path) -> str:
    """What the learner who wrote this reads, in the terminal, about the first check that fails."""
    lesson = folder / "exercises" / wrong.lesson
    lesson.mkdir(parents=True)
    shutil.copytree(ROOT / "release" / wrong.lesson, folder / "release" / wrong.lesson)
    (solution,) = (path for path in (ROOT / "solutions" / wrong.lesson).glob("*.py") if path.name != "starts.py")
    learners = lesson / solution.name
    learners.write_text("", encoding="utf-8")
    exercise = set_up(lesson).lesson.exercises[wrong.exercise]
    learners.write_text(wrong.text(solution.read_text(encoding="utf-8"), exercise.definition), encoding="utf-8")
    try:
        desk = set_up(lesson)
        for check in public_checks(wrong.lesson):
            if check.mark.exercise == wrong.exercise and check.mark.kind is not Kind.TRAINING:
                ending = desk.ending_before(exercise) or run_on_the_desk(
                    check, desk.host(exercise), seed=PUBLIC_SEED, answer=desk.answer(exercise)
                )
                desk.add(check, ending)
        judged = desk.judged(wrong.exercise)
        assert judged is not None
        return judged.words
    finally:
        sys.modules.pop(solution.stem, None)
        sys.path.remove(str(lesson))


@pytest.mark.parametrize("wrong", table(), ids=lambda wrong: f"{wrong.lesson}-{wrong.exercise}-{wrong.slip}")
def test_the_message_names_the_true_cause(wrong: Wrong, tmp_path: Path) -> None:
    read = what_is_read(wrong, tmp_path)
    assert read, "the public checks pass: nothing is said"
    missing = [words for words in wrong.says if words not in " ".join(read.split())]
    assert not missing, f"{missing} not in:\n{read}"
    if wrong.silent:
        assert "Likely cause" not in read, f"named now: is it true? Then it is no longer silent:\n{read}"
    read.encode("cp1252")  # a Windows console can print it


def test_the_table_is_large_enough() -> None:
    entries = table()
    assert sum(not wrong.silent for wrong in entries) >= ENOUGH
    assert len({wrong.slip for wrong in entries}) > len(entries) * 0.9
    assert set(Counter(wrong.lesson for wrong in entries)) == {f"L0{n}" for n in range(1, 7)}
