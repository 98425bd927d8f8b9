"""How verdicts read as plain text, in a terminal and in a notebook."""

from __future__ import annotations

import re

from autograder.verdict import CheckVerdict, Status

_CELL_OF_ITS_OWN = re.compile(r"([;,|])(?=[=+\-@])")
SIGNS = {Status.PASSED: "✓", Status.SKIPPED: "·", Status.MISSING: "○"}


def sign(status: Status) -> str:
    """One character for a status."""
    return SIGNS.get(status, "✗")


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
