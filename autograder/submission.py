"""A student's notebook or module, rebuilt from the released lesson: only the answers, cell by cell.

Whatever happened to the file (cells deleted, copied, split, reordered, retagged, points changed), what is
graded is the released lesson with the student's text in its answer cells. A cell is recognised by its
``grade_id``, else by its cell id, else by its text. Nothing a student wrote is thrown away: what has no
place of its own is kept behind the cell it followed.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.parsed import parsed

Notebook = dict[str, Any]
NotebookCell = dict[str, Any]
DEMO = "demo"  # the tag of code cells that belong to the prose and are not executed when grading
MOST_BYTES = 100 * 2**20  # of a notebook
MOST_COMMANDS = 50  # lines with magics or shell commands in a cell
_COMMAND = re.compile(r"^[ \t]*[%!?]|\?[ \t]*$|=[ \t]*[%!]", flags=re.MULTILINE)
_VALID_ID = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class UnreadableSubmission(Exception):  # noqa: N818 - the state of a file, in the words of DESIGN.md
    """A file that cannot be graded. The message says what it is, what was expected and what to do next."""


class Role(StrEnum):
    """Why a cell is executed when grading."""

    GIVEN = "given"
    ANSWER = "answer"
    EXTRA = "extra"  # the student's own cell


@dataclass(frozen=True)
class Cell:
    """Code to execute. ``name`` is the definition answered, the given cell's grade_id, or ``extra-1``, ..."""

    role: Role
    name: str
    source: str


@dataclass(frozen=True)
class Submission:
    """What is graded, in order of execution."""

    lesson: str
    cells: tuple[Cell, ...]
    answered: frozenset[str]  # definitions whose answer differs from the stub
    oddities: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the code that is graded: the same for the same answers, however the file is formatted."""
        cells = [[cell.role, cell.name, cell.source] for cell in self.cells]
        return hashlib.sha256(json.dumps(cells).encode()).hexdigest()

    @property
    def answers(self) -> Mapping[str, str]:
        """The source of each answer cell, by the definition it answers."""
        return {cell.name: cell.source for cell in self.cells if cell.role is Role.ANSWER}

    def with_answers(self, answers: Mapping[str, str]) -> Submission:
        """The same cells, with some definitions answered otherwise."""
        cells = tuple(
            replace(cell, source=answers[cell.name]) if cell.role is Role.ANSWER and cell.name in answers else cell
            for cell in self.cells
        )
        return replace(self, cells=cells)


@dataclass(frozen=True)
class Rebuilt:
    """The released notebook with the student's work put back into it."""

    notebook: Notebook
    oddities: tuple[str, ...]
    answered: frozenset[str]


def read_json_notebook(path: Path) -> Notebook:
    """Read a notebook as plain data, of any format version that has cells; each text is one string.

    Raises:
        UnreadableSubmission: If the file is empty, not JSON, or holds no cells.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableSubmission(
                f"{path.name} has {path.stat().st_size >> 20} MB, expected at most {MOST_BYTES >> 20}. "
                "Ask for it without its outputs."
            )
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableSubmission(f"{path.name} cannot be read ({error}). Ask for the file again.") from error
    if not text.strip():
        raise UnreadableSubmission(f"{path.name} is empty. Expected a notebook: ask for the file again.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableSubmission(
            f"{path.name} is no notebook: it is not JSON ({error}). Open it in JupyterLab, or ask for it again."
        ) from error
    cells = _cells_of(data)
    if cells is None:
        raise UnreadableSubmission(f"{path.name} is JSON but no notebook: it has no list of cells. Ask for it again.")
    metadata = data.get("metadata")
    cells = [{**cell, "source": text_of(cell)} if isinstance(cell, dict) else cell for cell in cells]
    return {**data, "cells": cells, "metadata": metadata if isinstance(metadata, dict) else {}}


def read_notebook(path: Path, *, released: Notebook) -> Rebuilt:
    """Read a submitted notebook of the lesson that ``released`` is.

    Raises:
        UnreadableSubmission: If the file is no notebook, or the notebook of another lesson.
    """
    submitted = read_json_notebook(path)
    _refuse_other_lesson(path, submitted, released)
    return rebuild_from_release(released, submitted)


def read_module(path: Path, *, released: Notebook) -> Submission:
    """Read a learner's ``.py`` file as a submission of the lesson that ``released`` is.

    Raises:
        UnreadableSubmission: If Python cannot parse the file.
    """
    text = path.read_text(encoding="utf-8")
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise UnreadableSubmission(f"{path.name}, line {error.lineno}: {error.msg}. Python cannot read on.") from error
    cell = {"cell_type": "code", "id": "module", "metadata": {}, "source": text, "outputs": []}
    rebuilt = rebuild_from_release(released, {"cells": [cell], "metadata": {}})
    return submission_of(Rebuilt(rebuilt.notebook, (), rebuilt.answered))


def rebuild_from_release(released: Notebook, submitted: Notebook) -> Rebuilt:
    """Put a student's work back into the released notebook. Doing it twice changes nothing.

    Args:
        released: The notebook that students were given, as plain data.
        submitted: What came back, as plain data with a list of cells.
    """
    places = _Places(released)
    places.sort_in(submitted["cells"])
    answers = {place: _join_answers(places, place) for place in places.answers}
    oddities = list(places.oddities)
    for definition in places.answers:
        own = answers[definition]
        if own is None or _lacks(own, definition):
            found = _find_elsewhere(places, definition, [text for text in answers.values() if text])
            if found is not None:
                answers[definition] = found if own is None else f"{own}\n\n{found}"
                oddities.append(f"the answer to `{definition}` was found in another cell")
            elif own is None and definition not in places.found:
                oddities.append(f"the answer cell of `{definition}` is missing")
    deleted = [key for key in places.order if _is_check(places.cells[key]) and key not in places.found]
    oddities += [f"the cell `{key}` was deleted; it was put back" for key in deleted]
    cells = [cell for key in ("", *places.order) for cell in _rebuilt_cells(places, key, answers)]
    answered = frozenset(name for name, text in answers.items() if text is not None)
    notebook = {
        "cells": _with_unique_ids(cells),
        "metadata": released["metadata"],
        "nbformat": released.get("nbformat", 4),
        "nbformat_minor": released.get("nbformat_minor", 5),
    }
    return Rebuilt(notebook, tuple(dict.fromkeys(oddities)), answered)


def submission_of(rebuilt: Rebuilt) -> Submission:
    """The code to execute: given cells, answers, and what the student's own cells define."""
    cells: list[Cell] = []
    protected = _protected_names(rebuilt.notebook)
    extras = 0
    for cell in rebuilt.notebook["cells"]:
        grading, source = cell["metadata"].get("nbgrader"), cell["source"]
        if cell["cell_type"] != "code":
            continue
        if grading is None:
            kept = "" if _is_released_demo(cell) else definitions_only(source, protected)
            if kept:
                extras += 1
                cells.append(Cell(Role.EXTRA, f"extra-{extras}", kept))
        elif grading.get("solution"):
            cells.append(Cell(Role.ANSWER, grading["grade_id"], source))
        elif not grading.get("grade"):
            cells.append(Cell(Role.GIVEN, grading["grade_id"], source))
    lesson = rebuilt.notebook["metadata"].get("autograder", {}).get("lesson", "")
    return Submission(lesson, tuple(cells), rebuilt.answered, rebuilt.oddities)


def solution_submission(source_notebook: Notebook) -> Submission:
    """The perfect submission: the answers of the notebook that the lesson is built into."""
    answers = frozenset(
        cell["metadata"]["nbgrader"]["grade_id"] for cell in source_notebook["cells"] if _is_answer(cell)
    )
    return submission_of(Rebuilt(source_notebook, (), answers))


def definitions_only(source: str, protected: Iterable[str]) -> str:
    """What of a student's own cell is executed: imports, functions, classes and literal constants.

    Names in ``protected`` (given code and answers) are left out: another cell never replaces an answer.
    A cell that is no Python at all gives nothing.
    """
    tree, text = parse_cell(source)
    if tree is None:
        return ""
    names = frozenset(protected)
    lines = Counter(line for node in tree.body for line in {node.lineno, node.end_lineno})
    kept = [node for node in tree.body if _defines_something(node, names)]
    return "\n\n".join(
        _segment(text, node) if lines[node.lineno] == 1 == lines[node.end_lineno] else ast.unparse(node)
        for node in kept
    )


def parse_cell(source: str) -> tuple[ast.Module | None, str]:
    """Parse a cell, magics and shell lines included; also returns the Python text that was parsed."""
    try:
        return parsed(source), source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    if not 0 < len(_COMMAND.findall(source)) <= MOST_COMMANDS:  # IPython's time grows with their square
        return None, source
    try:
        text = _without_commands(source)
        return parsed(text), text
    except (SyntaxError, ValueError, RuntimeError, MemoryError):
        return None, source


@lru_cache(maxsize=32)
def _without_commands(source: str) -> str:
    """The Python text that IPython makes of a cell with magics and shell lines."""
    from IPython.core.inputtransformer2 import TransformerManager

    text: str = TransformerManager().transform_cell(source)
    return text


def same_code(left: str, right: str) -> bool:
    """Whether two texts are the same program, whatever their comments, docstrings and layout."""
    if left.strip() == right.strip():
        return True
    dumps = [_code_dump(text) for text in (left, right)]
    return dumps[0] is not None and dumps[0] == dumps[1]


def find_definition(source: str, name: str) -> str | None:
    """The text of the last top-level function or class ``name`` in ``source``, decorators included."""
    tree, text = parse_cell(source)
    if tree is None:
        return None
    nodes = [node for node in tree.body if isinstance(node, _DEFINITION) and node.name == name]
    return _segment(text, nodes[-1]) if nodes else None


def text_of(cell: Mapping[str, Any]) -> str:
    """A cell's text, which the format keeps as a string or a list of lines; lone surrogates become question marks."""
    source = cell.get("source", cell.get("input", ""))
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass
class _Places:
    """Where each submitted cell belongs in the released notebook, while they are sorted in."""

    released: Notebook
    order: list[str] = field(default_factory=list)  # keys of the released cells
    cells: dict[str, NotebookCell] = field(default_factory=dict)
    found: dict[str, list[NotebookCell]] = field(default_factory=dict)
    extras: dict[str, list[NotebookCell]] = field(default_factory=dict)  # by the key they followed; "" first
    oddities: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for cell in self.released["cells"]:
            key = _key(cell)
            self.order.append(key)
            self.cells[key] = cell

    @property
    def answers(self) -> list[str]:
        """The definitions that students write, in order."""
        return [key for key in self.order if _is_answer(self.cells[key])]

    def sort_in(self, submitted: Iterable[Any]) -> None:
        by_text = {(cell["cell_type"], text_of(cell).strip()): key for key, cell in self.cells.items()}
        anchor, previous = "", -1
        for cell in submitted:
            if not isinstance(cell, dict):
                self.oddities.append("a cell that is no cell was ignored")
                continue
            key = self._place_of(cell, by_text)
            if key is None:
                self.extras.setdefault(anchor, []).append(cell)
                continue
            anchor, position = key, self.order.index(key)
            if position < previous and key not in self.found:
                self.oddities.append("cells are in another order than in the released notebook")
            previous = max(previous, position)
            self._take(key, cell)

    def _place_of(self, cell: NotebookCell, by_text: Mapping[tuple[str, str], str]) -> str | None:
        metadata = cell.get("metadata")
        grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
        if isinstance(grade_id, str) and grade_id in self.cells:
            return grade_id
        identity = cell.get("id")
        if isinstance(identity, str) and identity in self.cells and identity not in self.found:
            return identity
        same_text = by_text.get((str(cell.get("cell_type")), text_of(cell).strip()))
        return same_text if same_text is not None and same_text not in self.found else None

    def _take(self, key: str, cell: NotebookCell) -> None:
        released = self.cells[key]
        self.found.setdefault(key, []).append(cell)
        if len(self.found[key]) == 2:
            self.oddities.append(f"the cell `{key}` is there more than once")
        if _is_locked(released):
            changed = text_of(cell).strip() not in ("", text_of(released).strip())
            if changed:
                self.oddities.append(f"the locked cell `{key}` was changed; the released text was graded")
                self.extras.setdefault(key, []).append(cell)
        metadata = cell.get("metadata")
        grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        released_grading = released["metadata"].get("nbgrader")
        worth = (released_grading or {}).get("points")
        if worth is not None and isinstance(grading, dict) and grading.get("points") != worth:
            self.oddities.append(f"the points of the cell `{key}` were changed; the lesson's points count")


def _cells_of(data: Any) -> list[Any] | None:
    if not isinstance(data, dict):
        return None
    if isinstance(data.get("cells"), list):
        return list(data["cells"])
    worksheets = data.get("worksheets")  # format 3
    if isinstance(worksheets, list) and worksheets and isinstance(worksheets[0], dict):
        cells = worksheets[0].get("cells")
        return list(cells) if isinstance(cells, list) else None
    return None


def _refuse_other_lesson(path: Path, submitted: Notebook, released: Notebook) -> None:
    wanted = released["metadata"].get("autograder", {}).get("lesson", "")
    public = submitted["metadata"].get("autograder")
    lesson = public.get("lesson") if isinstance(public, dict) else None
    places = _Places(released)
    places.sort_in(submitted["cells"])
    graded = [key for key in places.order if places.cells[key]["metadata"].get("nbgrader")]
    known = sum(key in places.found for key in graded)
    if lesson not in (None, wanted) and 2 * known < len(graded):
        raise UnreadableSubmission(
            f"{path.name} is the notebook of {lesson}, expected {wanted}. Ask for the right one."
        )
    code = [text_of(cell) for cell in submitted["cells"] if isinstance(cell, dict)]
    if (
        not known
        and lesson != wanted
        and not any(find_definition(text, name) for text in code for name in places.answers)
    ):
        raise UnreadableSubmission(
            f"{path.name} holds nothing of {wanted}: no cell of it, no answer. Ask for the right one."
        )


def _key(cell: NotebookCell) -> str:
    grading = cell["metadata"].get("nbgrader")
    return str(grading["grade_id"] if grading else cell["id"])


def _is_answer(cell: NotebookCell) -> bool:
    grading = cell["metadata"].get("nbgrader") or {}
    return cell["cell_type"] == "code" and bool(grading.get("solution"))


def _is_check(cell: NotebookCell) -> bool:
    grading = cell["metadata"].get("nbgrader") or {}
    return bool(grading.get("grade")) and not grading.get("solution")


def _is_locked(cell: NotebookCell) -> bool:
    grading = cell["metadata"].get("nbgrader") or {}
    return bool(grading) and not grading.get("solution")


def _is_released_demo(cell: NotebookCell) -> bool:
    """A demo of the prose as it was released; one that the student edited counts as the student's own."""
    return bool(cell["metadata"].get("autograder", {}).get("released"))


def _join_answers(places: _Places, key: str) -> str | None:
    """All of a student's text for one answer, or None if nothing but the stub is there."""
    stub = text_of(places.cells[key])
    texts = [text_of(cell).rstrip() for cell in places.found.get(key, [])]
    written = [text for text in dict.fromkeys(texts) if text.strip() and not same_code(text, stub)]
    return "\n".join(written) if written else None


def _lacks(answer: str, definition: str) -> bool:
    """Whether an answer is Python without the definition it should hold: it may stand in another cell."""
    tree, _ = parse_cell(answer)
    return tree is not None and find_definition(answer, definition) is None


def _find_elsewhere(places: _Places, definition: str, answers: Iterable[str]) -> str | None:
    stub = text_of(places.cells[definition])
    texts = [text_of(cell) for cells in places.extras.values() for cell in cells]
    texts += [
        text_of(cell) for key, cells in places.found.items() if not _is_answer(places.cells[key]) for cell in cells
    ]
    found = [find_definition(text, definition) for text in [*answers, *texts]]
    written = [text for text in found if text is not None and not same_code(text, stub)]
    return written[-1] if written else None


def _rebuilt_cells(places: _Places, key: str, answers: Mapping[str, str | None]) -> list[NotebookCell]:
    cells = []
    if key:
        released = places.cells[key]
        submitted = places.found.get(key, [])
        outputs = submitted[-1].get("outputs") if submitted else None
        if _is_answer(released):
            text = answers[key] or text_of(released)
        elif _is_locked(released) or not submitted:
            text = text_of(released)
        elif released["metadata"].get("nbgrader"):  # a written answer
            text = "\n\n".join(dict.fromkeys(text_of(cell) for cell in submitted))
        else:
            text = text_of(submitted[-1])
        metadata = {name: value for name, value in released["metadata"].items() if name != "autograder"}
        if not released["metadata"].get("nbgrader") and text.strip() == text_of(released).strip():
            metadata["autograder"] = {"released": True}
        cells.append(_cell(released["cell_type"], released["id"], metadata, text, outputs))
    for extra in places.extras.get(key, []):
        kind = extra.get("cell_type")
        kind = kind if kind in ("code", "markdown", "raw") else "raw"
        cells.append(_cell(kind, extra.get("id"), {}, text_of(extra), extra.get("outputs")))
    return cells


def _cell(kind: str, identity: Any, metadata: dict[str, Any], source: str, outputs: Any) -> NotebookCell:
    cell = {"cell_type": kind, "id": identity, "metadata": metadata, "source": source}
    if kind == "code":
        cell["execution_count"] = None
        cell["outputs"] = list(outputs) if isinstance(outputs, list) else []
    return cell


def _with_unique_ids(cells: list[NotebookCell]) -> list[NotebookCell]:
    """Give cells without a valid id of their own one that depends on their text only."""
    reserved = {cell["metadata"]["nbgrader"]["grade_id"] for cell in cells if cell["metadata"].get("nbgrader")}
    seen: set[str] = set()
    for cell in cells:
        identity = cell["id"]
        own = bool(cell["metadata"].get("nbgrader"))
        valid = isinstance(identity, str) and _VALID_ID.match(identity)
        if not valid or identity in seen or (identity in reserved and not own):
            stem = hashlib.sha256(cell["source"].encode()).hexdigest()[:12]
            identity = next(name for n in range(len(cells) + 1) if (name := f"{stem}-{n}") not in seen)
        cell["id"] = identity
        seen.add(identity)
    return cells


def _protected_names(notebook: Notebook) -> frozenset[str]:
    """The names that given code and answers define: no other cell may set them."""
    names: set[str] = set()
    for cell in notebook["cells"]:
        grading = cell["metadata"].get("nbgrader")
        if cell["cell_type"] != "code" or not grading or grading.get("grade"):
            continue
        if grading.get("solution"):
            names.add(grading["grade_id"])
        else:
            tree = parsed(cell["source"])  # given code is ours
            names.update(node.name for node in tree.body if isinstance(node, _DEFINITION))
    return frozenset(names)


def _defines_something(node: ast.stmt, protected: frozenset[str]) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if isinstance(node, _DEFINITION):
        return node.name not in protected
    if isinstance(node, ast.Assign):
        targets = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return len(targets) == len(node.targets) and protected.isdisjoint(targets) and _is_literal(node.value)
    return False


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _segment(text: str, node: ast.stmt) -> str:
    """The source lines of a top-level statement, decorators included, trailing end-of-line comments too."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(_lines(text)[first - 1 : node.end_lineno])


@lru_cache(maxsize=8)  # asked for every statement of a cell
def _lines(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"\r\n|\r|\n", text))


@lru_cache(maxsize=128)  # every student's answer is compared with the same stub
def _code_dump(text: str) -> str | None:
    """What a text does, without comments, docstrings and layout; None if it is no Python."""
    shared, _ = parse_cell(text)
    if shared is None:
        return None
    try:
        tree = copy.deepcopy(shared)
        for node in ast.walk(tree):
            if isinstance(node, (*_DEFINITION, ast.Module)):
                node.body = [statement for statement in node.body if not _is_docstring(statement)]
        return ast.dump(tree)
    except RecursionError:
        return text  # nested so deeply that only its letters can be compared


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
