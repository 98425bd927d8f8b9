"""TESTWRITE exercises: the learner writes a test, and the course tries it on right and wrong implementations.

The test is a function of one argument, an implementation. It raises AssertionError if the implementation is wrong,
and returns otherwise; any other exception counts as neither. Each implementation meets a fresh copy of the learner's
code, without a label and in random order, so a test can only tell them apart by calling them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograder.checks.failure import AUTHOR_ERROR, CheckFailure, Raised, StudentError
from autograder.checks.host import Outcome, Proxy
from autograder.checks.shapes import explain_error

ACCEPTED, REFUSED, RETURNED = "accepted", "refused", "accepted, and returned something"


@dataclass(frozen=True)
class Implementation:
    """The text of one top-level function for a learner's test to judge; it may use np, torch and math."""

    source: str

    @cached_property
    def name(self) -> str:
        """The function's name: that of the last definition in the text."""
        return [node.name for node in ast.parse(self.source).body if isinstance(node, ast.FunctionDef)][-1]


def assert_accepts(
    submission: Proxy, test: str, correct: Sequence[Implementation], *, rng: np.random.Generator
) -> None:
    """The learner's ``test`` accepts every correct implementation.

    Raises:
        CheckFailure: If it refuses one, or fails by itself.
        StudentError: If it is not written yet.
    """
    __tracebackhide__ = True
    for outcome in _verdicts(submission, test, correct, rng):
        _expect(outcome, ACCEPTED, test, "")


def assert_refuses(
    submission: Proxy,
    test: str,
    wrong: Implementation | Sequence[Implementation],
    *,
    correct: Sequence[Implementation],
    rng: np.random.Generator,
    cause: str = "",
) -> None:
    """The learner's ``test`` refuses every wrong implementation, and accepts all correct ones.

    A test that refuses a correct one earns nothing for refusing others: anybody can refuse everything.

    Args:
        submission: The fixture.
        test: The name of the learner's test.
        wrong: What it must refuse; for partial credit, one in each check.
        correct: What it must accept, one with other rounding among them.
        rng: Shuffles them.
        cause: What to try, where a wrong one is accepted.
    Raises:
        CheckFailure: If it does not, or fails by itself.
        StudentError: If it is not written yet.
    """
    __tracebackhide__ = True
    refused = (wrong,) if isinstance(wrong, Implementation) else tuple(wrong)
    outcomes = _verdicts(submission, test, (*correct, *refused), rng)
    for outcome in outcomes[: len(correct)]:
        _expect(outcome, ACCEPTED, test, "")
    for outcome in outcomes[len(correct) :]:
        _expect(outcome, REFUSED, test, cause)


def _verdicts(
    submission: Proxy, test: str, implementations: Sequence[Implementation], rng: np.random.Generator
) -> list[Outcome]:
    """What the test says to each, in the given order."""
    order = rng.permutation(len(implementations))
    calls = [(test, implementations[i].source, implementations[i].name) for i in order]
    outcomes = submission.apart(said_to_implementation, calls)
    return [outcome for _, outcome in sorted(zip(order.tolist(), outcomes, strict=True), key=lambda pair: pair[0])]


def said_to_implementation(student: Any, test: str, source: str, name: str) -> str:
    """Let the learner's test judge one implementation, beside the learner's code (its source travels)."""
    import torch

    namespace = {"np": np, "numpy": np, "torch": torch, "math": math}
    exec(compile(source, "<implementation>", "exec"), namespace)  # noqa: S102 - the course's own code
    judge = getattr(student, test)
    try:
        returned = judge(namespace[name])
    except AssertionError:
        return "refused"
    return "accepted" if returned is None else "accepted, and returned something"


def _expect(outcome: Outcome, wanted: str, test: str, cause: str) -> None:
    __tracebackhide__ = True
    if isinstance(outcome, Raised):
        _refuse_raised(outcome, test)
    elif outcome.value == RETURNED and wanted == REFUSED:
        raise CheckFailure(f"{test} accepts a wrong implementation.", cause=_RETURNED, name=test)
    elif not outcome.value.startswith(wanted):
        kind, verb = ("a correct", "refuses") if wanted == ACCEPTED else ("a wrong", "accepts")
        why = cause or (_TOO_STRICT if wanted == ACCEPTED else "")
        raise CheckFailure(f"{test} {verb} {kind} implementation.", cause=why, name=test)


_RETURNED = (
    "it returns a value, at which nobody looks: a test says no by raising AssertionError (`assert ..., message`)."
)
_TOO_STRICT = (
    "it asks for more than is promised: equality to the last bit, one order of summation, or a case that the text "
    "leaves open. Compare with a tolerance relative to the largest entry."
)


def _refuse_raised(raised: Raised, test: str) -> None:
    __tracebackhide__ = True
    if raised.type in ("NotImplementedError", "MissingAnswer", "ForbiddenName", "MemoryError"):
        raise StudentError(raised)
    if raised.type.startswith(AUTHOR_ERROR):
        raise StudentError(raised)
    raise CheckFailure(
        f"{test} ended with an error instead of a verdict: {explain_error(raised)}",
        cause="a test says no with AssertionError (`assert ..., message`), and nothing else: catch what the "
        "implementation raises, or pass it inputs that its text allows.",
        name=test,
    )
