"""Recording what an answer returned during a check, and telling whether a known mistake returned the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.checks.failure import CheckFailure, Raised
from autograder.checks.host import Arguments, Host, Outcome, Returned
from autograder.checks.plain import as_array, is_tensor

SAME = 1e-9  # relative; two programs that make the same mistake differ only by rounding
MIN_ENTRIES = 4  # a shorter value could be equal by chance


class RecordingHost:
    """A host that remembers every value the student's code gave back."""

    def __init__(self, host: Host) -> None:
        """Listen to ``host``."""
        self._host = host
        self.record: list[Any] = []

    def call(self, name: str, calls: Sequence[Arguments], *, after: bool = False) -> list[Outcome]:
        """As the host's, remembered."""
        outcomes = self._host.call(name, calls, after=after)
        self.record += [_evidence(outcome) for outcome in outcomes]
        return outcomes

    def run(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """As the host's, remembered."""
        outcome = self._host.run(function, args)
        self.record.append(_evidence(outcome))
        return outcome

    def apart(self, function: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """As the host's, remembered."""
        outcomes = self._host.apart(function, calls)
        self.record += [_evidence(outcome) for outcome in outcomes]
        return outcomes


def same_record(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """Whether two answers gave the same values, at least one of which could not be equal by chance."""
    return len(left) == len(right) and any(map(_tells_something, left)) and all(map(_same, left, right))


def same_failing_value(left: CheckFailure, right: BaseException | None) -> bool:
    """Whether two answers were refused for the same value of the same thing: an array, or a loss."""
    if not isinstance(right, CheckFailure) or left.name != right.name:
        return False
    values = left.actual, right.actual
    if any(isinstance(value, Raised) or not _is_numeric(value) for value in values):
        return False
    arrays = [as_array(value) for value in values]
    long_enough = arrays[0].size >= MIN_ENTRIES or "loss" in left.name.lower()
    return long_enough and bool(np.isfinite(arrays[0]).all()) and _same_array(*arrays)


def _evidence(outcome: Any) -> Any:
    return outcome if isinstance(outcome, Raised) else outcome.value if isinstance(outcome, Returned) else outcome


def _tells_something(value: Any) -> bool:
    if isinstance(value, Raised):
        return bool(value.operands)
    if isinstance(value, dict):
        return any(map(_tells_something, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_tells_something, value))
    if isinstance(value, (float, np.floating)):
        return bool(np.isfinite(value)) and float(value) not in (0.0, 1.0)
    if not _is_numeric(value):
        return False
    array = as_array(value)
    return array.size >= MIN_ENTRIES and bool(np.isfinite(array).all()) and bool(np.any(array != array.flat[0]))


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, Raised) or isinstance(right, Raised):
        return _same_error(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(_same, left, right))
    if _is_numeric(left) and _is_numeric(right):
        return _same_array(as_array(left), as_array(right))
    return type(left) is type(right) and bool(left == right)


def _same_error(left: Any, right: Any) -> bool:
    """Exceptions are the same by type and by the shapes involved, not by wording."""
    if not (isinstance(left, Raised) and isinstance(right, Raised)):
        return False
    shapes = [sorted(shape for _, shape in raised.operands) for raised in (left, right)]
    return left.type == right.type and shapes[0] == shapes[1]


def _is_numeric(value: Any) -> bool:
    """Whether it can be an array: a number, but no int beyond 64 bits, an array, a tensor."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return isinstance(value, (float, complex, np.ndarray, np.generic)) or is_tensor(value)


def _same_array(left: Any, right: Any) -> bool:
    if left.shape != right.shape or left.dtype.kind != right.dtype.kind:
        return False
    if left.dtype.kind not in "fc":
        return bool(np.array_equal(left, right))
    scale = float(np.max(np.abs(right), initial=0.0, where=np.isfinite(right)))
    with np.errstate(invalid="ignore"):
        return bool(np.all((left == right) | (np.abs(left - right) <= SAME * scale)))  # an infinity is only itself
