"""What changed in a lesson between two commits, exercise by exercise: stub, statement, public checks, rules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property

from autograder.desk import PublicLesson
from autograder.learner.clone import Clone
from autograder.learner.pieces import Piece, cut
from autograder.lesson import Exercise
from autograder.submission import Notebook, text_of

_JUDGES = re.compile(r"^@exercise\(\s*[\"'](\w+)[\"']", re.MULTILINE)


@dataclass(frozen=True)
class LessonThen:
    """A lesson as a commit has it: what learners were given."""

    public: PublicLesson
    stub: str  # the text of the module on the desk
    checks: str  # the text of the public checks

    @classmethod
    def read(cls, clone: Clone, commit: str, key: str) -> LessonThen | None:
        """The lesson with this key; None if the commit does not have it."""
        folder = f"release/{key}"
        for name in clone.names(commit, folder):
            data = clone.read(commit, f"{folder}/{name}") if name.endswith(".ipynb") else None
            notebook = None if data is None else _notebook(data)
            if notebook is not None:
                public = PublicLesson(notebook)
                stub, checks = (
                    (clone.read(commit, f"exercises/{key}/{name}") or b"").decode("utf-8", "replace")
                    for name in (f"{public.module}.py", f"test_{public.module}.py")
                )
                return cls(public, stub, checks)
        return None

    @property
    def module(self) -> str:
        """Where the learner's module lies, from the clone's root."""
        return f"exercises/{self.public.key}/{self.public.module}.py"

    @property
    def notebook(self) -> Notebook:
        """The released notebook."""
        return dict(self.public.released)

    @cached_property
    def statements(self) -> dict[str, str]:
        """What the lesson says before each definition that learners write, since the one before."""
        found: dict[str, str] = {}
        said: list[str] = []
        for cell in self.public.released["cells"]:
            grading = cell["metadata"].get("nbgrader") or {}
            if cell["cell_type"] == "code" and grading.get("solution"):
                found[grading["grade_id"]] = "\n\n".join(said)
                said = []
            elif not grading.get("grade"):
                said.append(text_of(cell))
        return found

    def checks_of(self, exercise: str) -> list[str]:
        """The texts of an exercise's public checks, and of what they use of their file."""
        pieces = self._pieces_of_checks
        found = [piece for piece in pieces if exercise in _JUDGES.findall(piece.text)]
        for _ in pieces:  # what is used may use something itself
            found += [
                piece
                for piece in pieces
                if piece not in found
                and not _JUDGES.search(piece.text)
                and any(one.mentions(piece.binds) for one in found)
            ]
        return sorted(piece.text for piece in found)

    @cached_property
    def _pieces_of_checks(self) -> list[Piece]:
        return cut(self.checks)


def what_changed(exercise: str, before: LessonThen, after: LessonThen) -> tuple[str, ...]:
    """What of an exercise that both have is another in the later lesson; empty if nothing is."""
    old, new = before.public.exercises[exercise], after.public.exercises[exercise]
    differs = {
        "stub": before.public.stubs.get(old.definition) != after.public.stubs.get(new.definition),
        "statement": before.statements.get(old.definition) != after.statements.get(new.definition),
        "public checks": before.checks_of(exercise) != after.checks_of(exercise),
        "rules": _rules(old) != _rules(new),
    }
    return tuple(name for name, is_other in differs.items() if is_other)


def _rules(exercise: Exercise) -> Exercise:
    """What an exercise demands: hints demand nothing."""
    return replace(exercise, hints=())


def _notebook(data: bytes) -> Notebook | None:
    """A released notebook as plain data, each text one string; None if it is no lesson's."""
    try:
        notebook: Notebook = json.loads(data)
        cells = [{**cell, "source": text_of(cell)} for cell in notebook["cells"]]
        return {**notebook, "cells": cells} if isinstance(notebook["metadata"].get("autograder"), dict) else None
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
