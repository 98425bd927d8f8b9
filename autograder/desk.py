"""The learner's desk: a lesson's public facts, and the learner's own code loaded into this process.

Needs nothing but the released notebook (read as JSON), so it works for somebody who installed only the engine.
"""

from __future__ import annotations

import importlib.util
import linecache
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.checking import Ending, source_endings
from autograder.checks.host import InProcess
from autograder.lesson import Exercise, exercise_from_metadata
from autograder.submission import (
    Role,
    Submission,
    UnreadableSubmission,
    find_definition,
    read_json_notebook,
    read_module,
    read_notebook,
    same_code,
    submission_of,
    text_of,
)
from autograder.verdict import Status


class DeskError(Exception):
    """The desk is not as it should be. The message says what was expected and what to do next."""


@dataclass(frozen=True)
class PublicLesson:
    """What a released notebook says about its lesson."""

    released: Mapping[str, Any]

    @classmethod
    def beside(cls, folder: Path) -> PublicLesson:
        """The lesson whose notebook lies in a folder.

        Raises:
            DeskError: If there is none.
        """
        for path in sorted(folder.glob("*.ipynb")):
            try:
                notebook = read_json_notebook(path)
            except UnreadableSubmission:
                continue
            if isinstance(notebook["metadata"].get("autograder"), dict):
                return cls(notebook)
        raise DeskError(f"{folder} holds no lesson's notebook. Go to the folder of the released notebook.")

    @property
    def facts(self) -> Mapping[str, Any]:
        """The notebook's public metadata."""
        facts: Mapping[str, Any] = self.released["metadata"]["autograder"]
        return facts

    @property
    def key(self) -> str:
        """The lesson's key, as in ``L06``."""
        return str(self.facts["lesson"])

    @property
    def module(self) -> str:
        """The name of the learner's file, without suffix."""
        return str(self.facts["module"])

    @cached_property
    def exercises(self) -> Mapping[str, Exercise]:
        """The exercises by name, in order."""
        return {data["name"]: exercise_from_metadata(data) for data in self.facts["exercises"]}

    @cached_property
    def stubs(self) -> Mapping[str, str]:
        """What every definition starts from."""
        cells = [cell for cell in self.released["cells"] if cell["cell_type"] == "code"]
        graded = [(cell["metadata"].get("nbgrader") or {}, cell) for cell in cells]
        return {grading["grade_id"]: text_of(cell) for grading, cell in graded if grading.get("solution")}


@dataclass(frozen=True)
class Attempt:
    """A learner's file with the code in it, loaded."""

    path: Path
    answers: Mapping[str, str]  # definition -> source, only those that differ from their stub
    names: Mapping[str, Any]
    sources: Mapping[str, str]

    def host(self, exercise: Exercise) -> InProcess:
        """A host for the checks of an exercise."""
        return InProcess(self.names, self.sources, refuse=exercise.forbidden)


def load_attempt(path: Path, lesson: PublicLesson) -> Attempt:
    """Load a learner's module or notebook into this process.

    Raises:
        UnreadableSubmission: If it cannot be read.
        Exception: Whatever the learner's code raises while it is loaded.
    """
    released = dict(lesson.released)
    if path.suffix == ".ipynb":
        submission = submission_of(read_notebook(path, released=released))
        names, sources = _run_cells(submission, path)
    else:
        submission = read_module(path, released=released)
        names, sources = vars(_import_module(path)), {str(path): path.read_text(encoding="utf-8")}
    answers = {name: text for name, text in submission.answers.items() if name in submission.answered}
    return Attempt(path, answers, names, sources)


def differing_answers(path: Path, lesson: PublicLesson) -> frozenset[str]:
    """The definitions of a learner's module that differ from their stubs, without running it."""
    text = path.read_text(encoding="utf-8")
    found = {name: find_definition(text, name) for name in lesson.stubs}
    return frozenset(
        name for name, source in found.items() if source is not None and not same_code(source, lesson.stubs[name])
    )


def refused_source(exercise: Exercise, attempt: Attempt, lesson: PublicLesson) -> Ending | None:
    """What is wrong with the text of an answer: a forbidden name, too many changed lines. None if nothing is."""
    answer = attempt.answers.get(exercise.definition, "")
    endings = source_endings(exercise, answer, lesson.stubs.get(exercise.definition, ""))
    return next((ending for _, _, ending in endings if ending.status is not Status.PASSED), None)


def _import_module(path: Path) -> Any:
    name = path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DeskError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes and dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _run_cells(submission: Submission, path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Run a notebook's cells in one namespace; tracebacks show their lines."""
    names: dict[str, Any] = {"__name__": "__main__"}
    sources: dict[str, str] = {}
    for cell in submission.cells:
        if cell.role is Role.ANSWER and cell.name not in submission.answered:
            continue
        key = f"{path.name}:{cell.name}"
        sources[key] = cell.source
        linecache.cache[key] = (len(cell.source), None, cell.source.splitlines(keepends=True), key)
        exec(compile(cell.source, key, "exec"), names)  # noqa: S102 - the learner's own code, in their own process
    return names, sources
