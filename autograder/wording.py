"""How verdicts read as plain text, in a terminal and in a notebook."""

from __future__ import annotations

from autograder.verdict import CheckVerdict, Status

SIGNS = {Status.PASSED: "✓", Status.SKIPPED: "·", Status.MISSING: "○"}


def sign(status: Status) -> str:
    """One character for a status."""
    return SIGNS.get(status, "✗")


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
