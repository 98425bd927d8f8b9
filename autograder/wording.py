"""How verdicts read as plain text, in a terminal and in a notebook."""

from __future__ import annotations

import codecs
import difflib
import re
import unicodedata
from collections.abc import Collection
from typing import TextIO

from autograder.lesson import Exercise
from autograder.verdict import CheckVerdict, Status

_SIGNS_IN_ASCII = {"✓": "+", "✗": "x", "○": "o", "·": ".", "█": "#", "░": "."}
_IN_ASCII = _SIGNS_IN_ASCII | {"×": "x", "–": "-", "−": "-", "…": "...", "→": "->", "≠": "!=", "≤": "<=", "≥": ">="}
_CELL_OF_ITS_OWN = re.compile(r"([;,|])(?=[=+\-@])")
SIGNS = {Status.PASSED: "✓", Status.SKIPPED: "·", Status.MISSING: "○"}


def sign(status: Status) -> str:
    """One character for a status."""
    return SIGNS.get(status, "✗")


def print_anything(stream: TextIO) -> None:
    """Let a stream show our signs in ASCII where its encoding lacks them (cp1252, the Windows one, has no ✓).

    This is the one place for that: what is printed, by us, rich or pytest, need not know about encodings.
    """
    codecs.register_error("autograder", _signs_in_ascii)
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None and stream.errors in (None, "strict", "surrogateescape"):  # the last one where LANG=C
        reconfigure(errors="autograder")


def _signs_in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(letter) or _without_marks(letter) or "?" for letter in lacking), error.end


def _without_marks(letter: str) -> str:
    """A letter of ASCII that another one is a variant of: the o of ö, the 2 of a raised 2."""
    return unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()


def bar(share: float, *, width: int = 10) -> str:
    """A progress bar; it is full only when everything is done, and empty only when nothing is."""
    full = int(share * width)
    if share > 0:
        full = max(full, 1)
    return "█" * full + "░" * (width - full)


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that a misspelt one was probably meant to be."""
    lowered = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def unknown_name(where: str, kind: str, name: str, known: Collection[str]) -> str:
    """Say that there is no such name, and which one was meant or which there are."""
    meant = nearest(name, known)
    said = f"{where} no {kind} {name!r}"
    return f"{said}: is `{name}` meant to be `{meant}`?" if meant else f"{said}. It has: {', '.join(known) or 'none'}."


def hint_text(exercise: Exercise, number: int, *, again: str) -> str:
    """One hint, and how to get the next: ``again`` with its number in place of {}."""
    total = len(exercise.hints)
    if not total:
        return f"{exercise.name} has no hints: its text says all there is to say."
    if not 1 <= number <= total:
        return f"{exercise.name} has hints 1 to {total}: there is no hint {number}."
    more = f"\nNext: {again.format(number + 1)}" if number < total else ""
    return f"Hint {number} of {total}: {exercise.hints[number - 1]}{more}"


def one_line(text: str) -> str:
    """A student's words on one line of a terminal or a table: nothing moves a cursor, turns text around, or computes.

    A spreadsheet runs what begins with =, +, - or @, and some take ";" and tabs for the end of a cell.
    """
    line = "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)
    return _CELL_OF_ITS_OWN.sub(r"\1 ", line)


def describe_check(verdict: CheckVerdict) -> str:
    """A check with what was expected, what came, and the likely cause."""
    lines = [f"{sign(verdict.status)} {verdict.title}"]
    lines += [f"    {line}" for line in verdict.message.splitlines()]
    if verdict.cause:
        lines.append(f"  Likely cause: {verdict.cause}")
    return "\n".join(lines)


def describe_exercise(name: str, count: int, points: float) -> str:
    """A passed exercise."""
    return f"✓ {name}: all {count} public checks pass ({points:g} points, if the hidden checks agree)."
