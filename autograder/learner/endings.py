"""How a check, or a file, ends on a learner's desk: ``checking.ending_of``, with more causes looked for.

Where staff have a course's fault, a learner has nobody to ask; and the text of the answer is at hand.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checking import Check, Ending, ending_of, generator_for
from autograder.checks.diagnosis import shape_cause
from autograder.checks.failure import AUTHOR_ERROR, CheckFailure, StudentError
from autograder.checks.host import Host, Proxy, given_by
from autograder.checks.order import other_order
from autograder.checks.plain import described, type_cause
from autograder.checks.shapes import explain_error, raised_from
from autograder.checks.slips import prints_something, slip_in
from autograder.checks.syntax_errors import syntax_in_words
from autograder.lost import WorkerLost
from autograder.verdict import Status

_ENGINE = Path(__file__).parents[1]


def run_on_the_desk(check: Check, host: Host, *, seed: int, answer: str) -> Ending:
    """Call a check with the learner's code behind ``host``; ``answer`` is its text, "" if that is not known."""
    submission = Proxy(host)
    try:
        check.function(submission, generator_for(check.mark, seed))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary between checks and verdicts
        return ending_on_the_desk(error, submission, answer)
    return Ending(Status.PASSED)


def ending_on_the_desk(error: BaseException, submission: Proxy, answer: str) -> Ending:
    """What an exception that left a check means to a learner: :func:`ending_of`, with more causes looked for.

    The course's solution passes its public checks, so what a check cannot work with is what the learner's code gave.

    Args:
        error: What left the check.
        submission: What the check called.
        answer: The text of the answer; "" if it is not known.
    """
    ending, gave = ending_of(error), given_by(submission)
    if ending.status is Status.BROKEN:
        ending = _unusable(error, ending, gave)
    if ending.status is not Status.FAILED or isinstance(error, WorkerLost):
        return ending
    if isinstance(error, StudentError) and error.raised.line and "\n(" in ending.message:
        return ending  # the error is explained
    cause = ending.cause
    if isinstance(error, StudentError) and error.raised.said.startswith("returned a function"):
        cause = "a function stands where its value is meant: are the brackets of the call missing?"
    if isinstance(error, CheckFailure):
        cause = _of_returned_values(error, gave)
    if cause == type_cause(None) and prints_something(answer):
        cause += " print only shows a value; return hands it to the caller."
    return replace(ending, cause=slip_in(answer, despite=cause) or cause)


def _of_returned_values(failure: CheckFailure, gave: Sequence[tuple[str, Any]]) -> str:
    """The cause, with what the whole of the returned values tells of a part that was refused."""
    if failure.cause == type_cause(None) and gave and gave[-1][1] is not None:
        if not gave[-1][0]:
            return "it is None: is a `return` missing, is it not finished, or was it never given a value?"
        return (
            "a part of what is returned is None: was it never computed? Or was it made by a method that works in "
            "place, such as list.reverse, list.sort or rng.shuffle? They give None."
        )
    found = next(filter(None, (other_order(failure, value) for name, value in reversed(gave) if name)), "")
    if not failure.cause or found.startswith("exactly"):
        return found or failure.cause
    guessed = failure.shape is not None and failure.cause == shape_cause(np.shape(failure.actual), failure.shape)
    return f"{failure.cause} Or: {found}" if found and guessed and "is gone" in failure.cause else failure.cause


_OF_A_VALUE = ("TypeError", "AttributeError", "ValueError", "IndexError", "KeyError", "RuntimeError")


def _unusable(error: BaseException, ending: Ending, gave: Sequence[tuple[str, Any]]) -> Ending:
    """Say what a check could not work with; an error that has nothing to do with values stays the course's fault."""
    raised = error.raised if isinstance(error, StudentError) else raised_from(error, {})
    kind = raised.type.removeprefix(f"{AUTHOR_ERROR}:")
    if kind not in _OF_A_VALUE:
        return ending
    unpacking = re.search(r"unpack non-iterable|values to unpack \(expected (\d+)", raised.said)
    if unpacking and gave and gave[-1][0] and not isinstance(error, StudentError):
        name, value = gave[-1]
        wanted = f"{unpacking[1]} values" if unpacking[1] else "several values"
        message = f"{name}: expected {wanted}, got {described(value)}."
        return Ending(Status.FAILED, message, type_cause(value), error)
    origin = error if raised.exception is None else raised.exception
    frames = [frame for frame in traceback.extract_tb(origin.__traceback__) if not _is_of_a_library(frame.filename)]
    line = (frames[-1].line or "") if frames else ""
    told = explain_error(replace(raised, type=kind, code=line, line=0, cell=""))
    lacks = re.search(r"'(?!NoneType)([\w.]+)' object has no attribute '(\w+)'", raised.said)
    if lacks:
        advice = raised.hint or "is that what should be returned there?"
        told = f"a value of type {lacks[1]} came, which has no `{lacks[2]}`: {advice}"
    if "'NoneType'" in raised.said:
        told = re.sub(r" is None: .*", " is None: was it never given a value?", told.partition("\n")[0])
    if re.match(r"(list|tuple) index out of range", raised.said):
        told = "fewer values came than it asks for."
    where = f", in its line `{line}`" if line else ""
    message = f"the check could not go on with what your code gave it{where}:\n{told}"
    return Ending(Status.FAILED, message, error=error)


def _is_of_a_library(filename: str) -> bool:
    """Whether a frame is neither a check's nor a learner's: of torch, NumPy, Python or this engine."""
    path = Path(filename)
    return path.is_relative_to(_ENGINE) or "site-packages" in path.parts or not path.is_file()


def loading_ending(error: BaseException, path: Path) -> Ending:
    """How every exercise of a learner's file ends that could not be loaded, in words about the line at fault."""
    syntax = error if isinstance(error, SyntaxError) else error.__cause__
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    if isinstance(syntax, SyntaxError) and path.suffix == ".py":
        lines, number = text.splitlines(), syntax.lineno or 0
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        words = syntax_in_words(syntax.msg, line)
        message = f"line {number} of {path.name}, `{line.strip()}`: {words}\n(SyntaxError: {syntax.msg})"
        return Ending(Status.FAILED, message, error=error)
    if isinstance(error, Exception) and error.__cause__ is None:
        raised = raised_from(error, {str(path): text})
        if raised.line:
            return Ending(Status.FAILED, explain_error(raised), error=error)
    return Ending(Status.FAILED, str(error), error=error)
