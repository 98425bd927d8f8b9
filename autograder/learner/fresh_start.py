"""``autograder reset``: a stub again where an answer was, and what was there kept beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.authored import Module
from autograder.desk import DeskError, PublicLesson, answers_on_desk, keep_yours
from autograder.lesson import LessonError
from autograder.submission import same_code, text_of


def stub_text(root: Path, lesson: PublicLesson) -> str:
    """A lesson's module as it is before anybody wrote in it."""
    path = root / "solutions" / lesson.key / f"{lesson.module}.py"
    return Module(path, path.read_text(encoding="utf-8")).with_definitions(lesson.stubs)


def reset_lesson(root: Path, lesson: PublicLesson) -> Iterator[str]:
    """Start a lesson's files on the desk anew; says what was done, and where the learner's work is kept."""
    folder = root / "exercises" / lesson.key
    fresh = {folder / f"{lesson.module}.py": stub_text(root, lesson).encode()}
    for released in sorted((root / "release" / lesson.key).glob("*.ipynb")):
        if (folder / released.name).exists():
            fresh[folder / released.name] = released.read_bytes()
    for path, data in fresh.items():
        shown = path.relative_to(root)
        if path.exists() and path.read_bytes() == data:
            yield f"{shown} is as it was given already."
            continue
        kept = f" Yours is kept as {keep_yours(path).name}." if path.exists() else ""
        path.write_bytes(data)
        yield f"{shown} starts anew.{kept}{_reload(path)}"


def reset_exercise(root: Path, lesson: PublicLesson, name: str) -> Iterator[str]:
    """Put the stub of one exercise back, in each file where it was changed; as :func:`reset_lesson`.

    Raises:
        DeskError: If the place of the answer cannot be found.
    """
    exercise = lesson.exercise(name)
    definition, stub = exercise.definition, lesson.stubs[exercise.definition]
    together = [other for other, one in lesson.exercises.items() if one.definition == definition and other != name]
    folder, done = root / "exercises" / lesson.key, False
    for path in (folder / f"{lesson.module}.py", *sorted(folder.glob("*.ipynb"))):
        if not path.is_file():
            continue
        notebook = path.suffix == ".ipynb"
        text = _notebook_without(path, definition, stub) if notebook else _module_without(path, definition, stub)
        if text is None:
            continue
        kept = keep_yours(path)
        path.write_text(text, encoding="utf-8", newline="\n")
        done = True
        yield f"{name} starts anew in {path.relative_to(root)}. Yours is kept as {kept.name}.{_reload(path)}"
    if not done:
        yield f"{name} is as it was given already."
    elif together:
        yield f"{definition} also holds {', '.join(together)}: they start anew too."
    elsewhere = answers_on_desk(folder, lesson).get(definition)
    if elsewhere is not None:
        yield f"{elsewhere.path.name} has an answer to {name} outside of its place, which was left alone."


def _module_without(path: Path, definition: str, stub: str) -> str | None:
    """A module's text with the stub of one definition, at its end if it was not there; None if it is there already."""
    module = Module(path, path.read_text(encoding="utf-8"))
    try:
        found = module.definitions.get(definition)
    except LessonError as error:
        again = f"`autograder reset {path.parent.name}` starts the whole file anew, and keeps yours."
        raise DeskError(f"{error}, so {definition} cannot be found in it. Mend that line first, or: {again}") from error
    if found is None:
        return f"{module.text.rstrip()}\n\n\n{stub}\n"
    return None if same_code(found.source, stub) else module.with_definitions({definition: stub})


def _notebook_without(path: Path, definition: str, stub: str) -> str | None:
    """A notebook's text with the stub in the cell of one definition; None if it is there already."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        cells = [cell for cell in notebook["cells"] if _is_answer_to(cell, definition)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        again = f"Remove it, and get it anew with: autograder open {path.parent.name}"
        raise DeskError(f"{path.name} cannot be read ({type(error).__name__}: {error}). {again}") from error
    changed = [cell for cell in cells if not same_code(text_of(cell), stub)]
    if not changed:
        return None
    for cell in changed:
        cell |= {"source": stub.splitlines(keepends=True), "outputs": [], "execution_count": None}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _is_answer_to(cell: Mapping[str, Any], definition: str) -> bool:
    grading = cell.get("metadata", {}).get("nbgrader") or {}
    return bool(grading.get("solution")) and grading.get("grade_id") == definition


def _reload(path: Path) -> str:
    return " Is it open in JupyterLab? File > Reload Notebook from Disk." if path.suffix == ".ipynb" else ""
