"""Collecting checks, running one, and saying how it ended: the same words in a notebook, in pytest, in the referee."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.checks.changes import changed_lines
from autograder.checks.failure import LIMIT_ERRORS, CheckFailure, Raised, StudentError
from autograder.checks.forbidden import forbidden_in_source
from autograder.checks.host import Host, Proxy
from autograder.checks.marking import MARK, CheckMark
from autograder.checks.shapes import NOT_STARTED
from autograder.checks.trace import computed_in
from autograder.lesson import Exercise, Form
from autograder.lost import WorkerLost
from autograder.verdict import CheckVerdict, Kind, Status

MOST_WORDS = 4000  # characters of a message in a report
TRAINING_SEED = 20_240_607  # training checks draw the same numbers for everyone: equal answers get equal marks
_LOST = {
    Status.TIMEOUT: "it ran for longer than the time limit and was stopped",
    Status.MEMORY: "it used more memory than the limit and was stopped",
    Status.LIMIT: "it did more than it may and was stopped",
    Status.CRASHED: "it ended the process it ran in",
}


@dataclass(frozen=True)
class Check:
    """One check function with what its author said about it."""

    name: str
    title: str  # the first line of its docstring
    mark: CheckMark
    function: Callable[..., None]


@dataclass(frozen=True)
class Ending:
    """How a check ended, in words for the student."""

    status: Status
    message: str = ""
    cause: str = ""
    error: BaseException | None = None


def collect_checks(path: Path) -> tuple[Check, ...]:
    """The checks of a file, in its order.

    Raises:
        Exception: Whatever importing the file raises: a fault of the course.
    """
    name = f"autograder_checks_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # inspect.getsource and dataclasses look here
    spec.loader.exec_module(module)
    return tuple(
        Check(function.__name__, title_of(function), getattr(function, MARK), function)
        for function in vars(module).values()
        if hasattr(function, MARK)
    )


def title_of(function: Callable[..., Any]) -> str:
    """The first line of a check's docstring."""
    return (function.__doc__ or function.__name__).strip().split("\n")[0]


def generator_for(mark: CheckMark, seed: int) -> np.random.Generator:
    """The fixture ``rng``: training checks always draw the same numbers."""
    return np.random.default_rng(TRAINING_SEED if mark.kind is Kind.TRAINING else seed)


def run_check(check: Check, host: Host, *, seed: int) -> Ending:
    """Call a check with the student's code behind ``host``."""
    try:
        check.function(Proxy(host), generator_for(check.mark, seed))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the boundary between checks and verdicts
        return ending_of(error)
    return Ending(Status.PASSED)


def ending_of(error: BaseException) -> Ending:
    """What an exception that left a check means. An unknown one is a fault of the course: BROKEN."""
    if isinstance(error, CheckFailure):
        return Ending(Status.FAILED, error.message, error.cause, error)
    if isinstance(error, StudentError):
        return _ending_of_raised(error)
    if isinstance(error, WorkerLost):
        where = f" ({error.where})" if error.where else ""
        return Ending(error.status, f"{_LOST[error.status]}{where}", error=error)
    if isinstance(error, AssertionError):
        return Ending(Status.FAILED, str(error) or "an assertion of the check failed", error=error)
    return Ending(Status.BROKEN, f"the check itself failed: {type(error).__name__}: {error}", error=error)


def _ending_of_raised(error: StudentError) -> Ending:
    kind = error.raised.type
    if kind.startswith("AuthorError"):
        return Ending(Status.BROKEN, f"the check itself failed: {error.raised.message}", error=error)
    status = {
        "NotImplementedError": Status.MISSING,
        "MissingAnswer": Status.MISSING,
        "ForbiddenName": Status.FORBIDDEN,
        "MemoryError": Status.MEMORY,
        **dict.fromkeys(LIMIT_ERRORS, Status.LIMIT),
    }.get(kind, Status.FAILED)
    message = NOT_STARTED if kind == "NotImplementedError" and not error.raised.hint else str(error)
    return Ending(status, message, error=error)


def source_endings(exercise: Exercise, answer: str, start: str) -> tuple[tuple[Kind, str, Ending], ...]:
    """What the text of an answer alone decides: forbidden names, changed lines of a BUGHUNT, literals of a TRACE.

    Returns:
        (kind, title, ending) for each rule the exercise has; empty for a text that Python cannot read. One that is
        nested too deeply to be looked through is forbidden.
    """
    if not (exercise.forbidden or exercise.max_changed_lines is not None or exercise.form is Form.TRACE):
        return ()
    endings = []
    try:
        found = forbidden_in_source(answer, exercise.forbidden)
        changed = 0 if exercise.max_changed_lines is None else changed_lines(start, answer)
        computed = computed_in(answer, exercise.definition) if exercise.form is Form.TRACE else ""
    except SyntaxError:
        return ()
    except (RecursionError, MemoryError):
        message = "the answer is nested too deeply to be looked through: write it in several lines"
        return ((Kind.CONDITION, "Can be looked through.", Ending(Status.FORBIDDEN, message)),)
    if exercise.forbidden:
        title = f"Uses none of {', '.join(exercise.forbidden)}."
        endings.append((Kind.CONDITION, title, _forbidden_ending(exercise, found)))
    if exercise.max_changed_lines is not None:
        limit = exercise.max_changed_lines
        title = f"Changes at most {limit} lines of the given code."
        message = f"{changed} lines of the given code were changed, at most {limit} are needed: mend, don't rewrite"
        ending = Ending(Status.PASSED) if changed <= limit else Ending(Status.FAILED, message)
        endings.append((Kind.CONDITION, title, ending))
    if exercise.form is Form.TRACE:
        message = f"`{computed}` computes the answer: predict it, and type plain numbers, text, lists and tuples"
        ending = Ending(Status.FAILED, message) if computed else Ending(Status.PASSED)
        endings.append((Kind.CONDITION, "Types literals and computes nothing.", ending))
    return tuple(endings)


def source_verdicts(exercise: Exercise, answer: str, start: str) -> list[CheckVerdict]:
    """What the text of an answer alone decides (see ``source_endings``), as data."""
    return [
        CheckVerdict(f"source_{number}", title, kind, 1.0, ending.status, ending.message)
        for number, (kind, title, ending) in enumerate(source_endings(exercise, answer, start), start=1)
    ]


def forbidden_message(exercise: Exercise, name: str, line: int = 0) -> str:
    """What a student reads about a forbidden name."""
    where = f" (line {line})" if line else ""
    return f"`{name}`{where} is not allowed in {exercise.name}. Use {exercise.instead} instead."


def _forbidden_ending(exercise: Exercise, found: Sequence[tuple[str, int]]) -> Ending:
    if not found:
        return Ending(Status.PASSED)
    return Ending(Status.FORBIDDEN, forbidden_message(exercise, *found[0]))


def verdict_of(check: Check, ending: Ending) -> CheckVerdict:
    """An ending as data."""
    mark, message = check.mark, shortened(ending.message)
    return CheckVerdict(check.name, check.title, mark.kind, mark.weight, ending.status, message, ending.cause)


def shortened(message: str) -> str:
    """A message of at most some thousand characters: it may quote what a student returned."""
    return message if len(message) <= MOST_WORDS else f"{message[:MOST_WORDS]} ..."


def raised_ending(raised: Raised) -> Ending:
    """How an exercise ends whose own cell raised when it was executed."""
    return ending_of(StudentError(raised))
