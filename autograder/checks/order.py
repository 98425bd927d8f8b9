"""Whether what was expected in one place of a returned tuple or list came in another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograder.checks.closeness import all_close
from autograder.checks.failure import CheckFailure
from autograder.checks.plain import Array, UnsupportedValue, as_array, is_a, is_tensor
from autograder.checks.relations import few_but_odd, telling

Path: TypeAlias = tuple[int | str, ...]
_MOST = 200  # leaves of a value that are looked at


def other_order(failure: CheckFailure, value: Any) -> str:
    """A sentence, if another part of ``value`` is, or has the shape of, what ``failure`` missed; "" otherwise.

    Args:
        failure: Of a comparison of arrays or shapes.
        value: What the function returned, a part of which was refused.
    """
    if failure.actual is None or failure.shape is None:
        return ""
    leaves = dict(_leaves(value, ()))
    refused = [path for path, leaf in leaves.items() if _equal(leaf, failure.actual)]
    if len(refused) != 1:
        return ""
    others = {path: leaf for path, leaf in leaves.items() if _in_another_place(path, refused[0])}
    wanted = failure.expected
    if isinstance(wanted, np.ndarray) and (telling(wanted) or few_but_odd(wanted)):
        for path, leaf in others.items():
            if leaf.shape == wanted.shape and all_close(leaf, wanted, 1e-6):
                return f"exactly the values expected here are what is returned {_place(path, refused[0])}: {_ORDER}"
    alike = len(failure.actual.shape) == len(failure.shape) < 2  # a vector of another length is just too short or long
    if failure.actual.shape != failure.shape and not alike:
        for path, leaf in others.items():
            if leaf.shape == failure.shape:
                return f"the shape expected here is that of what is returned {_place(path, refused[0])}: {_ORDER}"
    return ""


_ORDER = "are the values in another order than asked for, or made from the wrong parts?"


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Array]]:
    """The arrays and numbers in nested tuples, lists and dicts, each with the indices and keys that lead to it."""
    stack: list[tuple[Path, Any]] = [(path, value)]
    seen = 0
    while stack and seen < _MOST:
        path, value = stack.pop()
        seen += 1
        if len(path) < 4 and (is_a(value, tuple) or is_a(value, list)):
            stack += [((*path, i), part) for i, part in enumerate(value[:_MOST])]
        elif len(path) < 4 and is_a(value, dict):
            stack += [((*path, key), part) for key, part in list(value.items())[:_MOST]]
        elif is_a(value, np.ndarray) or is_tensor(value) or type(value) in {int, float}:
            try:
                yield path, as_array(value)
            except (CheckFailure, UnsupportedValue):
                continue


def _equal(left: Array, right: Array) -> bool:
    return left.shape == right.shape and bool(np.array_equal(left, right, equal_nan=left.dtype.kind == "f"))


def _in_another_place(path: Path, other: Path) -> bool:
    """Whether two paths differ in one index only."""
    if len(path) != len(other):
        return False
    apart = [(a, b) for a, b in zip(path, other, strict=True) if a != b]
    return len(apart) == 1 and all(type(part) is int for part in apart[0])


def _place(path: Sequence[int | str], other: Sequence[int | str]) -> str:
    got, wanted = next((a, b) for a, b in zip(path, other, strict=True) if a != b)
    return f"in place {got} instead of {wanted} (counted from 0)"
