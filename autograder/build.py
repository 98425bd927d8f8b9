"""Building a lesson: authored text and code become the source notebook, the release and the learner's desk.

front matter + Markdown + ``solutions/`` -> cells -> source notebook -> nbgrader's generate_assignment -> release;
and ``solutions/`` with the release's answer cells -> the stub on the desk. Built files are the same to the byte
whenever they are built from the same text.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authored import AuthoredCell, AuthoredLesson, lesson_keys, read_authored
from autograder.desk import keep_yours
from autograder.lesson import Lesson, LessonError

STUB_RECORD = ".stub"  # beside the stub: the hash it was built with, so that a learner's edits are known


@dataclass(frozen=True)
class Built:
    """What building a lesson gives: every file's bytes, and the stub, which a learner may have edited."""

    lesson: Lesson
    files: Mapping[Path, bytes]
    stub: bytes


@dataclass(frozen=True)
class Comparison:
    """How the tree differs from what would be built."""

    differing: tuple[Path, ...]
    yours: tuple[Path, ...]  # stubs that a learner edited: no failure


def build_lesson(root: Path, key: str) -> Built:
    """Build one lesson in memory.

    Raises:
        LessonError: If the lesson is malformed.
    """
    authored = read_authored(root, key)
    lesson = authored.lesson
    notebook = _notebook_bytes(_source_notebook(authored))
    files = {lesson.source_notebook: notebook}
    files |= _release(root, lesson, notebook)
    released = json.loads(files[lesson.release_notebook])
    stub = _stub(authored, released).encode()
    files[lesson.desk / lesson.public_checks.name] = lesson.public_checks.read_bytes()
    files[lesson.desk / STUB_RECORD] = f"{hashlib.sha256(stub).hexdigest()}\n".encode()
    return Built(lesson, files, stub)


def write_built(built: Built, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write a built lesson, except over a learner's edits.

    Args:
        built: From :func:`build_lesson`.
        overwrite: Replace edited stubs too; each is kept beside it as ``mlp.py.yours``.
    Returns:
        The stubs that were left alone because a learner edited them.
    """
    stub = _stub_path(built.lesson)
    edited = _is_edited(stub)
    for path in _stray_files(built):
        path.unlink()
    for path, data in built.files.items():
        if edited and not overwrite and path.name == STUB_RECORD:
            continue  # the record belongs to the stub that stays
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    if edited and overwrite:
        keep_yours(stub)
    if edited and not overwrite:
        return (stub,)
    stub.write_bytes(built.stub)
    return ()


def compare_built(built: Built) -> Comparison:
    """Compare a built lesson with the files in the tree."""
    stub = _stub_path(built.lesson)
    edited = _is_edited(stub)
    differing = [path for path, data in built.files.items() if not path.exists() or path.read_bytes() != data]
    if not edited and (not stub.exists() or stub.read_bytes() != built.stub):
        differing.append(stub)
    differing += _stray_files(built)
    return Comparison(tuple(differing), (stub,) if edited else ())


def build_keys(root: Path, key: str | None) -> tuple[str, ...]:
    """The lessons to build: the one asked for, or all."""
    return (key,) if key else lesson_keys(root)


def _stub_path(lesson: Lesson) -> Path:
    return lesson.desk / f"{lesson.module}.py"


def _is_edited(stub: Path) -> bool:
    record = stub.parent / STUB_RECORD
    if not stub.exists():
        return False
    recorded = record.read_text(encoding="utf-8").strip() if record.exists() else ""
    return hashlib.sha256(stub.read_bytes()).hexdigest() != recorded


def _stray_files(built: Built) -> list[Path]:
    """Files in the lesson's release that the build does not make."""
    folder = built.lesson.release_notebook.parent
    found = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    hidden = {"__pycache__", ".ipynb_checkpoints"}
    return sorted(path for path in found if path not in built.files and hidden.isdisjoint(path.parts))


def _source_notebook(authored: AuthoredLesson) -> dict[str, Any]:
    lesson = authored.lesson
    cells = [_build_cell(authored, cell) for cell in authored.cells]
    seen: set[str] = set()
    for cell in cells:
        stem, number = cell["id"], 2
        while cell["id"] in seen:  # the same text twice
            cell["id"] = f"{stem}-{number}"
            number += 1
        seen.add(cell["id"])
    return {
        "cells": cells,
        "metadata": {
            "autograder": {
                **lesson.public_metadata(),
                "starts": {name: start.source for name, start in authored.starts.items()},
            },
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _build_cell(authored: AuthoredLesson, cell: AuthoredCell) -> dict[str, Any]:
    lesson = authored.lesson
    points = {exercise.name: exercise.points for exercise in lesson.exercises}
    if cell.kind != "code":
        question = cell.metadata.get("question")
        if question is None:
            return _plain_cell(cell)
        worth = next(item.points for item in lesson.questions if item.name == question)
        return _graded_cell("markdown", question, cell.source, grade=True, solution=True, locked=False, points=worth)
    if "exercise" in cell.metadata:
        name = cell.metadata["exercise"]
        built = _graded_cell("code", name, authored.solution.definitions[name].source, solution=True, locked=False)
        if name in authored.starts:
            built["metadata"]["autograder"] = {"start": authored.starts[name].source}
        return built
    if "check" in cell.metadata:
        name = cell.metadata["check"]
        return _graded_cell("code", f"check-{name}", f'check("{name}")', grade=True, points=points[name])
    if "given" in cell.metadata:
        name = cell.metadata["given"]
        return _graded_cell("code", f"given-{name}", authored.solution.definitions[name].source)
    if "demo" in cell.metadata.get("tags", ()):
        return _plain_cell(cell)
    return _graded_cell("code", f"given-{_hash(cell.source)}", cell.source)


def _graded_cell(
    kind: str,
    grade_id: str,
    source: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = True,
    points: float | None = None,
) -> dict[str, Any]:
    nbgrader: dict[str, Any] = {
        "cell_type": kind,
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points is not None:
        nbgrader["points"] = points
    return _cell(kind, grade_id, source, {"nbgrader": nbgrader})


def _plain_cell(cell: AuthoredCell) -> dict[str, Any]:
    metadata = {"tags": list(cell.metadata["tags"])} if cell.metadata.get("tags") else {}
    return _cell(cell.kind, _hash(cell.source), cell.source, metadata)


def _cell(kind: str, identity: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": identity[:64], "metadata": metadata, "source": source.splitlines(keepends=True)}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def _hash(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:12]


def _notebook_bytes(notebook: Mapping[str, Any]) -> bytes:
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _release(root: Path, lesson: Lesson, notebook: bytes) -> dict[Path, bytes]:
    """Run nbgrader's generate_assignment, with the course's own config, in a temporary folder."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source" / lesson.key
        source.mkdir(parents=True)
        (source / lesson.source_notebook.name).write_bytes(notebook)
        for path in lesson.source_notebook.parent.iterdir():  # what nbgrader copies into the release as it is
            if path.is_file() and path.suffix != ".ipynb":
                shutil.copyfile(path, source / path.name)
        config.CourseDirectory.root = folder
        config.SaveCells.enabled = False  # with no_database, what the command's --no-db sets
        course = CourseDirectory(config=config, assignment_id=lesson.key)
        converter = GenerateAssignment(coursedir=course, config=config, no_database=True, force=True)
        converter.log.setLevel(logging.ERROR)
        try:
            converter.start()
        except NbGraderException as error:
            raise LessonError(lesson.text, 1, f"nbgrader could not release it: {error}") from error
        release = Path(folder) / "release" / lesson.key
        return {
            lesson.release_notebook.parent / path.relative_to(release): path.read_bytes()
            for path in sorted(release.rglob("*"))
            if path.is_file()
        }


def _stub(authored: AuthoredLesson, released: Mapping[str, Any]) -> str:
    """The solution file with each answer as the release has it."""
    answers = {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in released["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("solution")
    }
    return authored.solution.with_definitions(answers)
