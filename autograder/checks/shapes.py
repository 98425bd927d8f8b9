"""NumPy's, torch's and Python's errors in the student's words: operands, shapes, axes, and what to look at."""

from __future__ import annotations

import re
from dataclasses import replace

from autograder.checks.array_errors import ARRAY_RULES
from autograder.checks.failure import Raised
from autograder.checks.operands import Operands, operands_on_line, place, raised_from
from autograder.checks.python_errors import PYTHON_RULES

NOT_STARTED = "not started yet"

__all__ = ["Operands", "explain_error", "operands_on_line", "raised_from"]


def explain_error(raised: Raised) -> str:
    """What happened, for the student: the line, the shapes on it, what must hold, and the original message."""
    if raised.type == "NotImplementedError":
        if raised.hint:
            return f"{place(replace(raised, code=''))}: {raised.hint}"
        return NOT_STARTED + (f": {raised.said}" if raised.said else "")
    if raised.type in {"MissingAnswer", "UnsupportedValue"}:
        return raised.said
    where = place(raised)
    before = f"{where}: " if where else ""
    if raised.type == "ForbiddenName":
        return f"{before}uses `{raised.message}`, which this exercise forbids."
    original = f"{raised.type}: {raised.said}" if raised.said else raised.type
    explanation = _explanation(raised)
    return f"{before}{explanation}\n({original})" if explanation else f"{before}{original}"


def _explanation(raised: Raised) -> str:
    for pattern, explain in ARRAY_RULES:
        match = re.search(pattern, raised.said)
        if match:
            return explain if isinstance(explain, str) else explain(match, raised)
    for kind, pattern, words in PYTHON_RULES:
        match = re.search(pattern, raised.said, re.DOTALL)
        if match and raised.type in kind.split():
            return words.format(**match.groupdict()) if isinstance(words, str) else words(match, raised)
    return ""
