"""A learner's answers, put into a newer version of the file they were written in: a module or a notebook.

Everything goes by definition. What the learner did not touch becomes the newer version's, docstrings of answers too;
what the learner wrote, answers and functions, imports and statements of their own, is kept to the letter. An answer
whose definition is gone has no place any more and is named, so that somebody can say where it is kept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from autograder.learner.pieces import Piece, cut, head, joined, with_newer_docstrings
from autograder.submission import Notebook, NotebookCell, find_definition, rebuild_from_release, same_code, text_of


@dataclass(frozen=True)
class PutBack:
    """A newer file with a learner's work in it."""

    text: str
    answers: tuple[str, ...] = ()  # the definitions that hold the learner's answers
    without_place: tuple[str, ...] = ()  # definitions that the learner changed, and the newer version does not have
    replaced: tuple[str, ...] = ()  # given code that both changed: the newer version's stands


def put_back_module(mine: str, *, old: str, new: str, answers: Collection[str]) -> PutBack:
    """Put what a learner wrote into the newer version of a module.

    Args:
        mine: The learner's file.
        old: The file it came from.
        new: The newer version of that one.
        answers: The definitions that learners write, in either version.

    Raises:
        SyntaxError: If Python cannot read one of them.
    """
    compile(mine, "mine", "exec", dont_inherit=True)  # some errors are none of grammar
    merge = _ModuleMerge(cut(mine), cut(old), cut(new), frozenset(answers))
    merge.run()
    text = joined(merge.result)
    compile(text, "merged", "exec", dont_inherit=True)  # or nothing is written
    changed = tuple(name for name in merge.put_back if name in answers)
    return PutBack(text, changed, tuple(merge.without_place), tuple(merge.replaced))


def put_back_notebook(mine: Notebook, *, old: Notebook, new: Notebook) -> PutBack:
    """Put what a learner wrote into the newer version of a lesson's released notebook.

    Args:
        mine: The learner's notebook, as plain data.
        old: The released notebook it came from.
        new: The newer version of that one.
    """
    own = [_brought_up_to_date(cell, _by_key(old), _by_key(new)) for cell in mine["cells"] if isinstance(cell, dict)]
    rebuilt = rebuild_from_release(new, {"cells": [cell for cell in own if cell is not None], "metadata": {}})
    answered = answered_in_notebook(mine, released=old)
    definitions = _definitions(new)
    notebook = {
        **new,
        "cells": _dressed(rebuilt.notebook["cells"], new, mine),
        "metadata": {**new["metadata"], **mine["metadata"], "autograder": new["metadata"]["autograder"]},
    }
    return PutBack(
        json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n",
        tuple(name for name in definitions if name in answered),
        tuple(sorted(answered - frozenset(definitions))),
    )


def answered_in_module(mine: str, stubs: Mapping[str, str]) -> frozenset[str]:
    """The definitions of a module that differ from their stubs; none, if Python cannot read it."""
    found = {name: find_definition(mine, name) for name in stubs}
    return frozenset(name for name, text in found.items() if text is not None and not same_code(text, stubs[name]))


def answered_in_notebook(mine: Notebook, *, released: Notebook) -> frozenset[str]:
    """The definitions of a notebook that differ from their stubs."""
    return rebuild_from_release(released, mine).answered


@dataclass
class _ModuleMerge:
    """The pieces of the newer module, while the learner's find their places in it."""

    mine: Sequence[Piece]
    old: Sequence[Piece]
    new: Sequence[Piece]
    answers: frozenset[str]
    result: list[Piece] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    without_place: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Go through the learner's file from top to bottom; what has no place of its own follows what it followed."""
        self.result = list(self.new)
        needed = self._needed()
        place = head(self.new)
        known = [number for number, piece in enumerate(self.mine) if self._position(piece) is not None]
        for number, (piece, is_own) in enumerate(self._told_apart):
            at = self._position(piece)
            if at is not None:
                if is_own:
                    self._settle(piece, at)
                place = at + 1
                continue
            is_gone = piece.name in self._names_before
            if is_own and is_gone:
                self.without_place.append(piece.name)
            if is_own and self._replaces_docstring(piece):
                continue
            if piece in needed or (is_own and not is_gone):
                at_end = number > max(known, default=-1)
                place = self._insert(piece, len(self.result) if at_end else place)

    @cached_property
    def _told_apart(self) -> list[tuple[Piece, bool]]:
        """The learner's pieces, each with whether the learner wrote it."""
        untouched = Counter(piece.text for piece in self.old)
        return [(piece, not _take(untouched, piece.text)) for piece in self.mine]

    @cached_property
    def _names_before(self) -> frozenset[str]:
        return frozenset(piece.name for piece in self.old if piece.name)

    def _needed(self) -> list[Piece]:
        """Pieces that are gone from the newer module, and that what the learner wrote still uses."""
        given = frozenset().union(*(piece.binds for piece in self.new))
        own = [piece for piece, is_own in self._told_apart if is_own]
        absent = [piece for piece, _ in self._told_apart if piece.binds - given and self._position(piece) is None]
        needed: list[Piece] = []
        for _ in absent:  # what is needed may need something itself
            users = [*own, *needed]
            needed += [
                piece
                for piece in absent
                if piece not in needed and any(user.mentions(piece.binds - given) for user in users if user != piece)
            ]
        return needed

    def _position(self, piece: Piece) -> int | None:
        """Where the newer module has this definition, or this very statement."""
        for number, other in enumerate(self.result):
            if other.name == piece.name and (piece.name or other.text == piece.text):
                return number
        return None

    def _settle(self, piece: Piece, at: int) -> None:
        """A piece of the learner's that the newer module has too."""
        if not piece.name:
            return
        before = next((one.text for one in self.old if one.name == piece.name), None)
        after = next((one.text for one in self.new if one.name == piece.name), None)
        if piece.name not in self.answers and after is not None and before != after:
            self.replaced.append(piece.name)
            return
        text = piece.text
        if before is not None and after is not None:
            text = with_newer_docstrings(text, old=before, new=after)
        if piece.name in self.put_back:  # the learner defined it twice
            text = f"{self.result[at].text}\n\n\n{text}"
        else:
            self.put_back.append(piece.name)
        self.result[at] = replace(piece, text=text, blank=self.result[at].blank)

    def _replaces_docstring(self, piece: Piece) -> bool:
        """Whether a text was the learner's docstring; then it is that of the newer module too."""
        begins = self.mine[: head(self.mine)]
        at = next((number for number, one in enumerate(self.result[: head(self.result)]) if one.is_text), None)
        if at is None or piece not in begins or any(one.is_text and not is_own for one, is_own in self._told_apart):
            return False
        self.result[at] = replace(piece, blank=self.result[at].blank)
        return True

    def _insert(self, piece: Piece, place: int) -> int:
        place = head(self.result) if piece.is_future else max(place, head(self.result))
        self.result.insert(place, replace(piece, blank=max(piece.blank, 2 if piece.name else 0)))
        if piece.name:
            self.put_back.append(piece.name)
        return place + 1


def _take(counter: Counter[str], text: str) -> bool:
    """Whether a text is left in the counter; it is one less then."""
    if counter[text] <= 0:
        return False
    counter[text] -= 1
    return True


def _by_key(notebook: Notebook) -> dict[str, NotebookCell]:
    return {_key(cell): cell for cell in notebook["cells"]}


def _key(cell: Mapping[str, Any]) -> str:
    """What a cell is recognised by: its grade_id, else its id."""
    metadata = cell.get("metadata")
    grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
    return grade_id if isinstance(grade_id, str) else str(cell.get("id"))


def _brought_up_to_date(
    cell: NotebookCell, old: Mapping[str, NotebookCell], new: Mapping[str, NotebookCell]
) -> NotebookCell | None:
    """A cell that the learner left as it was becomes the newer one; None if that is gone. Answers stay answers."""
    key = _key(cell)
    if key not in old:
        return cell
    if text_of(cell).strip() != text_of(old[key]).strip():
        if key not in new:
            return cell
        newer = with_newer_docstrings(text_of(cell), old=text_of(old[key]), new=text_of(new[key]))
        return {**cell, "source": newer}
    if key not in new:
        return None
    if text_of(new[key]) == text_of(cell):
        return cell
    return {**cell, "source": text_of(new[key]), "outputs": []}


def _definitions(notebook: Notebook) -> tuple[str, ...]:
    graded = [(cell["metadata"].get("nbgrader") or {}, cell["cell_type"]) for cell in notebook["cells"]]
    return tuple(grading["grade_id"] for grading, kind in graded if kind == "code" and grading.get("solution"))


def _dressed(cells: Sequence[NotebookCell], new: Notebook, mine: Notebook) -> list[NotebookCell]:
    """Cells with the metadata and attachments they had: the release's, or the learner's own."""
    released = {str(cell["id"]): cell for cell in new["cells"]}
    own = {str(cell.get("id")): cell for cell in mine["cells"] if isinstance(cell, dict)}
    dressed = []
    for cell in cells:
        source = released.get(cell["id"]) or own.get(cell["id"]) or {}
        metadata = source.get("metadata")
        with_more = {"attachments": source["attachments"]} if isinstance(source.get("attachments"), dict) else {}
        dressed.append({**cell, **with_more, "metadata": metadata if isinstance(metadata, dict) else {}})
    return dressed
