"""The learner's desk: a lesson's public facts, and the learner's own code loaded into this process.

Needs nothing but the released notebook (read as JSON), so it works for somebody who installed only the engine.
"""

from __future__ import annotations

import importlib.util
import linecache
import shutil
import sys
from collections.abc import Iterator, Mapping
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
from autograder.wording import unknown_name


class DeskError(Exception):
    """The desk is not as it should be. The message says what was expected and what to do next."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows: the message and no stack."""
        return str(self).splitlines()


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

    def exercise(self, name: str) -> Exercise:
        """The exercise of that name.

        Raises:
            DeskError: If there is none, with the name that was probably meant.
        """
        if name not in self.exercises:
            raise DeskError(unknown_name(f"{self.key} has", "exercise", name, self.exercises))
        return self.exercises[name]

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
    names: dict[str, Any]  # the globals of the code itself
    sources: Mapping[str, str]

    def host(self, exercise: Exercise) -> InProcess:
        """A host for the checks of an exercise."""
        return InProcess(self.names, self.sources, refuse=exercise.forbidden)


@dataclass(frozen=True)
class Answer:
    """A learner's text for one definition, and the file it stands in."""

    path: Path
    source: str


def load_attempt(path: Path, lesson: PublicLesson) -> Attempt:
    """Load a learner's module or notebook into this process.

    Raises:
        UnreadableSubmission: If it cannot be read.
        Exception: Whatever the learner's code raises while it is loaded.
    """
    released = dict(lesson.released)
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # a learner may have modules of their own beside it, as Jupyter allows
    if path.suffix == ".ipynb":
        submission = submission_of(read_notebook(path, released=released))
        names, sources = _run_cells(submission, path)
    else:
        submission = _read(path, released)
        names, sources = vars(_import_module(path)), {str(path): path.read_text(encoding="utf-8")}
    answers = {name: text for name, text in submission.answers.items() if name in submission.answered}
    return Attempt(path, answers, names, sources)


def differing_answers(path: Path, lesson: PublicLesson) -> frozenset[str]:
    """The definitions of a learner's module that differ from their stubs, without running it."""
    text = path.read_text(encoding="utf-8", errors="replace")
    found = {name: find_definition(text, name) for name in lesson.stubs}
    return frozenset(
        name for name, source in found.items() if source is not None and not same_code(source, lesson.stubs[name])
    )


def answers_on_desk(folder: Path, lesson: PublicLesson) -> Mapping[str, Answer]:
    """What a learner wrote, by definition, where it differs from the stub, without running it: as it would be judged.

    A file that cannot be read holds no answers (see :func:`unreadable_files`).
    """
    found = dict[str, Answer]()
    for path, read in _readings(folder, lesson):
        if isinstance(read, Submission):
            found |= {name: Answer(path, text) for name, text in read.answers.items() if name in read.answered}
    return found


def unreadable_files(folder: Path, lesson: PublicLesson) -> tuple[str, ...]:
    """What is wrong with a learner's files that cannot be read."""
    return tuple(str(read) for _, read in _readings(folder, lesson) if not isinstance(read, Submission))


def _readings(folder: Path, lesson: PublicLesson) -> Iterator[tuple[Path, Submission | Exception]]:
    released = dict(lesson.released)
    for path in desk_files(folder, lesson):
        try:
            notebook = path.suffix == ".ipynb"
            yield path, submission_of(read_notebook(path, released=released)) if notebook else _read(path, released)
        except (UnreadableSubmission, OSError) as error:
            yield path, error


def desk_files(folder: Path, lesson: PublicLesson) -> tuple[Path, ...]:
    """A learner's files for a lesson; what a later one holds counts before an earlier one's."""
    module = folder / f"{lesson.module}.py"
    return (*sorted(folder.glob("*.ipynb")), *([module] if module.is_file() else []))


def keep_yours(path: Path) -> Path:
    """Copy a learner's file to a free name beside it, ``mlp.py.yours``, and say which."""
    names = [f"{path.name}.yours", *(f"{path.name}.yours{number}" for number in range(2, 1000))]
    free = next(kept for name in names if not (kept := path.with_name(name)).exists())
    shutil.copy(path, free)
    return free


def refused_source(exercise: Exercise, attempt: Attempt, lesson: PublicLesson) -> Ending | None:
    """What is wrong with the text of an answer: a forbidden name, too many changed lines. None if nothing is."""
    answer = attempt.answers.get(exercise.definition, "")
    endings = source_endings(exercise, answer, lesson.stubs.get(exercise.definition, ""))
    return next((ending for _, _, ending in endings if ending.status is not Status.PASSED), None)


def _read(path: Path, released: dict[str, Any]) -> Submission:
    try:
        return read_module(path, released=released)
    except UnicodeDecodeError as error:
        raise UnreadableSubmission(f"{path.name} is not UTF-8 ({error}). Save it with that encoding.") from error


def _import_module(path: Path) -> Any:
    name = path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise DeskError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes and dataclasses look their module up
    linecache.checkcache(str(path))
    # Not by its loader: Python's compiled copies are told from an edited file by whole seconds.
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    exec(code, vars(module))  # noqa: S102 - the learner's own code, in their own process
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
