"""What people read in a graded notebook: verdicts in the check cells, what the code displayed elsewhere.

Student code decides parts of what is shown here (messages, outputs, file names), so everything is escaped and
bounded, and of displayed outputs only text and images survive. Messages stand in ``<pre>``, which MathJax skips.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from autograder.outputs import Output, checked_outputs, encodable
from autograder.submission import text_of
from autograder.verdict import CheckVerdict, ExerciseVerdict, Kind, Report, Status
from autograder.wording import sign

Notebook = dict[str, Any]
NotebookCell = dict[str, Any]

CHECK_PREFIX = "check-"  # the grade_id of an exercise's check cell is this and the exercise's name
NO_MARK = "no mark yet: a fault of the course"
MAX_TEXT = 2_000  # characters of one message
MAX_TITLE = 200
MAX_CHECKS = 60
MAX_ODDITIES = 30

GOOD, BAD, DIM = "#2b9348", "#d9480f", "#808080"  # readable on white and on black
_COLOURS = {Status.PASSED: GOOD, Status.SKIPPED: DIM, Status.MISSING: DIM}
MEANING = {
    Status.PASSED: "passed",
    Status.FAILED: "not right yet",
    Status.SKIPPED: "skipped",
    Status.MISSING: "not started yet",
    Status.FORBIDDEN: "uses a forbidden name",
    Status.TIMEOUT: "took too long",
    Status.MEMORY: "needed too much memory",
    Status.LIMIT: "did more than it may",
    Status.CRASHED: "ended the process",
    Status.BROKEN: NO_MARK,
}


class Ran(Protocol):
    """A cell that was executed: the part of :class:`autograder.worker.CellRun` that is shown."""

    @property
    def name(self) -> str:
        """The grade_id of the executed cell."""

    @property
    def outputs(self) -> Sequence[Output]:
        """What it displayed, as nbformat v4 outputs."""


class Judged(Protocol):
    """A judgement: the part of :class:`autograder.referee.Judgement` that is shown."""

    @property
    def report(self) -> Report:
        """The verdicts."""

    @property
    def runs(self) -> Sequence[Ran]:
        """The executed cells."""


def verdict_output(verdict: ExerciseVerdict) -> Output:
    """The one output of a check cell: nbgrader reads the mark in it, people the reasons.

    nbgrader's ``determine_grade`` takes the number in ``text/plain``. It cannot read "no mark" from a code cell, so a
    broken check becomes an error, which it counts as 0: never as full marks. The gradebook gets its marks from
    the verdict itself.
    """
    if verdict.points is None:
        lines = [NO_MARK, "A check of this exercise crashed. Staff have been told; it says nothing about your answer."]
        return {"output_type": "error", "ename": "NoMarkYet", "evalue": NO_MARK, "traceback": lines}
    return {
        "output_type": "execute_result",
        "execution_count": None,
        "data": {"text/plain": _number(verdict.points), "text/html": verdict_html(verdict)},
        "metadata": {},
    }


def verdict_html(verdict: ExerciseVerdict) -> str:
    """A verdict as HTML that carries no colour of its own background: it is read in light and in dark themes."""
    points = NO_MARK if verdict.points is None else f"{_number(verdict.points)} of {_number(verdict.max_points)} points"
    parts = [
        f"<p>{coloured_sign(verdict.status)} <strong>{escaped(verdict.exercise, MAX_TITLE)}</strong>: "
        f"{MEANING[verdict.status]}, <strong>{points}</strong></p>"
    ]
    if verdict.message and verdict.status is not Status.PASSED:
        parts.append(_pre(verdict.message))
    if verdict.judged_with == "solution":
        parts.append("<p>Judged with the course's solutions of the exercises it builds on.</p>")
    rows = "".join(_check_row(check) for check in verdict.checks[:MAX_CHECKS])
    if rows:
        parts.append(f"<table><tbody>{rows}</tbody></table>")
    return f'<div class="autograder-verdict tex2jax_ignore mathjax_ignore">{"".join(parts)}</div>'


def judged_notebook(rebuilt_notebook: Notebook, judged: Judged) -> Notebook:
    """The graded notebook: verdicts, what executed cells displayed, and the student's outputs in the others."""
    verdicts = {CHECK_PREFIX + verdict.exercise: verdict for verdict in judged.report.exercises}
    runs = {run.name: run for run in judged.runs}
    notebook = displayed_only(rebuilt_notebook)
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] != "code":
            continue
        if grade_id in verdicts:
            cell["outputs"] = [verdict_output(verdicts[grade_id])]
        elif cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["outputs"] = []
        elif grade_id in runs:
            cell["outputs"] = checked_outputs(list(runs[grade_id].outputs))
    if judged.report.oddities:
        note = oddities_cell(judged.report.oddities)
        taken = {cell["id"] for cell in notebook["cells"]}  # somebody may hand in a notebook that was graded before
        note["id"] = next(name for n in range(len(taken) + 1) if (name := f"{note['id']}-{n}") not in taken)
        notebook["cells"].insert(0, note)
    return notebook


def displayed_only(notebook: Notebook) -> Notebook:
    """A copy that any tool can write and show: outputs are text and images, raw cells appear on no page."""
    notebook = {**notebook, "cells": [dict(cell) for cell in notebook["cells"]]}
    for cell in notebook["cells"]:
        cell["source"] = encodable(text_of(cell))
        if cell["cell_type"] == "code":
            cell["outputs"] = checked_outputs([_with_whole_texts(output) for output in cell.get("outputs", [])])
            cell["execution_count"] = None
        elif cell["cell_type"] == "raw":
            cell["metadata"] = {**cell["metadata"], "raw_mimetype": "text/plain"}  # nbconvert shows "" unescaped
    return notebook


def oddities_cell(oddities: Iterable[str]) -> NotebookCell:
    """A note on top of the graded notebook: what was strange about it. nbgrader takes it for prose."""
    told = list(oddities)
    items = [f"<li>{_pre(' '.join(text.split()))}</li>" for text in told[:MAX_ODDITIES]]
    if len(told) > MAX_ODDITIES:
        items.append(f"<li>and {len(told) - MAX_ODDITIES} more</li>")
    source = f"<p><strong>What was odd about this notebook when it was graded</strong></p>\n<ul>{''.join(items)}</ul>"
    metadata = {"autograder": {"note": "oddities"}}
    return {"cell_type": "markdown", "id": "autograder-oddities", "metadata": metadata, "source": source}


def is_students_text(cell: Mapping[str, Any]) -> bool:
    """Whether a cell of a rebuilt notebook may hold text that the student wrote."""
    grading = cell["metadata"].get("nbgrader")
    if grading is None:
        return "autograder" not in cell["metadata"]
    return bool(grading.get("solution") or grading.get("task"))


def _with_whole_texts(output: Any) -> Any:
    """An output with its texts in one piece; in a file they may be lists of lines."""
    if not isinstance(output, dict):
        return output
    data = output.get("data")
    whole = {**output, "text": _whole(output.get("text"))}
    return {**whole, "data": {mime: _whole(text) for mime, text in data.items()}} if isinstance(data, dict) else whole


def _whole(text: Any) -> Any:
    is_lines = isinstance(text, list) and all(isinstance(line, str) for line in text)
    return "".join(text) if is_lines else text


def _check_row(check: CheckVerdict) -> str:
    condition = "" if check.kind is Kind.VALUE else " <em>(condition)</em>"
    texts = [text for text in (check.message, check.cause) if text and check.status is not Status.PASSED]
    title = f"{escaped(check.title, MAX_TITLE)}{condition}"
    status = "" if check.status in (Status.PASSED, Status.FAILED) else f" <em>{MEANING[check.status]}</em>"
    cell = 'style="text-align: left; vertical-align: top"'
    mark = coloured_sign(check.status)
    return f"<tr><td {cell}>{mark}</td><td {cell}>{title}{status}{''.join(map(_pre, texts))}</td></tr>"


def coloured_sign(status: Status) -> str:
    """One character for a status, in a colour that is readable on white and on black."""
    return f'<strong style="color: {_COLOURS.get(status, BAD)}">{sign(status)}</strong>'


def _pre(text: str) -> str:
    style = "white-space: pre-wrap; background-color: transparent; color: inherit; margin: 0"
    return f'<pre style="{style}">{escaped(text, MAX_TEXT)}</pre>'


def escaped(text: str, most: int) -> str:
    """Text as HTML that stays text: bounded, escaped, without control characters or changes of direction."""
    kept = text if len(text) <= most else text[:most] + " ..."
    shown = "".join(character if character.isprintable() or character in "\n\t" else "\ufffd" for character in kept)
    lines = [line for line in shown.splitlines() if line.strip()]  # an empty line would end HTML inside Markdown
    return html.escape("\n".join(lines))


def _number(points: float) -> str:
    return repr(int(points)) if float(points).is_integer() else repr(float(points))
