"""A Python file cut into its top-level pieces, and put together again: what a learner wrote moves piece by piece."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from autograder.parsed import parsed
from autograder.submission import same_code

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Piece:
    """A top-level statement, a definition with its decorators and the comments that touch it; or other comments."""

    text: str
    name: str = ""  # of a function or class
    binds: frozenset[str] = frozenset()  # the names that it gives a value
    is_text: bool = False  # a bare string, as a docstring is
    is_future: bool = False  # an import from __future__
    blank: int = 0  # empty lines before it

    def mentions(self, names: Iterable[str]) -> bool:
        """Whether one of these names is a word of it."""
        return any(re.search(rf"\b{re.escape(name)}\b", self.text) for name in names)


def cut(text: str) -> list[Piece]:
    """The pieces of a file, in order.

    Raises:
        SyntaxError: If Python cannot read it.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    pieces: list[Piece] = []
    end = 0  # the number of lines that belong to a piece already
    for nodes, first, last in _spans(parsed(text), lines):
        pieces += _comments(lines, end, first - 1)
        pieces.append(_piece(nodes, lines, first=first, last=last, blank=_blank_above(lines, first)))
        end = last
    return pieces + _comments(lines, end, len(lines))


def joined(pieces: Sequence[Piece]) -> str:
    """The text of a file with these pieces."""
    text = "".join("\n" * piece.blank + piece.text + "\n" for piece in pieces)
    return text.lstrip("\n")


def with_newer_docstrings(mine: str, *, old: str, new: str) -> str:
    """A definition with the newer version's docstrings where it has those of the old one, methods included.

    What it computes does not change. A text that Python cannot read stays as it is.
    """
    try:
        own, before, after = map(_docstrings, (mine, old, new))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return mine
    lines = re.split(r"\r\n|\r|\n", mine)
    for name, (first, last, text) in sorted(own.items(), key=lambda item: item[1], reverse=True):
        if name in after and name in before and before[name][2] == text:
            lines[first - 1 : last] = after[name][2].split("\n")
    newer = "\n".join(lines)
    return newer if same_code(newer, mine) else mine


def _docstrings(text: str) -> dict[str, tuple[int, int, str]]:
    """The docstrings of a text's functions and classes by dotted name: first and last line, from 1, and those lines."""
    lines = re.split(r"\r\n|\r|\n", text)
    found: dict[str, tuple[int, int, str]] = {}
    pending: list[tuple[str, ast.stmt]] = [("", node) for node in parsed(text).body]
    while pending:
        prefix, node = pending.pop()
        if not isinstance(node, _DEFINITION):
            continue
        name = f"{prefix}{node.name}"
        pending += [(f"{name}.", one) for one in node.body]
        first, last = node.body[0].lineno, node.body[0].end_lineno or node.body[0].lineno
        if _is_text(node.body[0]) and lines[first - 1][: node.body[0].col_offset].isspace():
            found[name] = (first, last, "\n".join(lines[first - 1 : last]))
    return found


def head(pieces: Sequence[Piece]) -> int:
    """How many pieces must come first in a file: its docstring and imports from __future__, and comments among them."""
    end = 0
    for number, piece in enumerate(pieces, start=1):
        if piece.is_future or (piece.is_text and not any(one.is_text for one in pieces[: number - 1])):
            end = number
        elif not piece.text.startswith("#") or piece.binds:
            break
    return end


def _spans(tree: ast.Module, lines: Sequence[str]) -> list[tuple[list[ast.stmt], int, int]]:
    """Statements with their first and last line, from 1; those that share a line are one."""
    spans: list[tuple[list[ast.stmt], int, int]] = []
    for node in tree.body:
        first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
        last = node.end_lineno or node.lineno
        previous = spans[-1][2] if spans else 0
        if first <= previous:
            spans[-1] = ([*spans[-1][0], node], spans[-1][1], last)
            continue
        while isinstance(node, _DEFINITION) and first - 1 > previous and lines[first - 2].startswith("#"):
            first -= 1
        spans.append(([node], first, last))
    starts = [first for _, first, _ in spans[1:]] + [len(lines) + 1]
    return [
        (nodes, first, _with_indented(lines, last, start))
        for (nodes, first, last), start in zip(spans, starts, strict=True)
    ]


def _with_indented(lines: Sequence[str], last: int, following: int) -> int:
    """The last line of a statement with the indented comments below it, which belong to its body."""
    below = [number for number in range(last + 1, following) if lines[number - 1].strip()]
    for number in below:
        if not lines[number - 1][0].isspace():
            break
        last = number
    return last


def _piece(nodes: Sequence[ast.stmt], lines: Sequence[str], *, first: int, last: int, blank: int) -> Piece:
    node = nodes[0]
    name = node.name if len(nodes) == 1 and isinstance(node, _DEFINITION) else ""
    return Piece(
        text="\n".join(lines[first - 1 : last]),
        name=name,
        binds=frozenset().union(*map(_bound, nodes)),
        is_text=_is_text(node),
        is_future=isinstance(node, ast.ImportFrom) and node.module == "__future__",
        blank=blank,
    )


def _comments(lines: Sequence[str], start: int, end: int) -> list[Piece]:
    """The blocks of comments in lines[start:end], which belong to no definition."""
    pieces: list[Piece] = []
    for number in range(start, end):
        if not lines[number].strip():
            continue
        if pieces and lines[number - 1].strip() and number > start:
            pieces[-1] = replace(pieces[-1], text=f"{pieces[-1].text}\n{lines[number]}")
        else:
            pieces.append(Piece(lines[number], blank=_blank_above(lines, number + 1)))
    return pieces


def _blank_above(lines: Sequence[str], first: int) -> int:
    number = first - 1
    while number > 0 and not lines[number - 1].strip():
        number -= 1
    return first - 1 - number


def _bound(node: ast.stmt) -> frozenset[str]:
    """The names that a top-level statement gives a value."""
    if isinstance(node, _DEFINITION):
        return frozenset({node.name})
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return frozenset(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    stored = (one for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))
    return frozenset(one.id for one in stored)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
