"""When two arrays of one shape count as equal, and where they first are not."""

from __future__ import annotations

import numpy as np

from autograder.checks.plain import Array

_RTOL = {"float64": 1e-6, "complex128": 1e-6, "float32": 1e-4, "complex64": 1e-4, "float16": 1e-2}
_EXACT = 1e-6  # absolute: for an expected count or label that comes as a float


def tolerance(expected: Array) -> float:
    """The relative tolerance that goes with the precision of ``expected``."""
    return _RTOL.get(expected.dtype.name, 1e-6)


def differs(actual: Array, expected: Array, rtol: float) -> Array:
    """Where two arrays of one shape differ, as booleans of that shape.

    Equal means ``|a - b| <= rtol * max|b|`` over the finite ``b`` (``rtol`` itself where all are 0). Infinities equal
    themselves, NaN equals nothing, integers and booleans must be exact.
    """
    if expected.dtype.kind in "biu" and actual.dtype.kind in "biu":
        return np.asarray(actual != expected)
    a, b = _wide(actual), _wide(expected)
    bound = rtol * largest(b)
    if expected.dtype.kind in "biu":
        bound = min(bound, _EXACT)
    with np.errstate(invalid="ignore", over="ignore"):
        close = (np.abs(a - b) <= bound) & np.isfinite(b)
    return np.asarray(~(close | (a == b)))


def all_close(actual: Array, expected: Array, rtol: float) -> bool:
    """Whether two arrays have one shape and no entry differs."""
    return actual.shape == expected.shape and not differs(actual, expected, rtol).any()


def largest(values: Array) -> float:
    """The largest finite magnitude, or 1 where there is none but 0."""
    sizes = np.abs(values)
    sizes = sizes[np.isfinite(sizes)]
    return (float(sizes.max()) if sizes.size else 0.0) or 1.0


def first_difference(actual: Array, expected: Array, rtol: float) -> tuple[int, ...]:
    """The index of the first entry that differs, in reading order.

    Raises:
        ValueError: If none does.
    """
    places = np.argwhere(differs(actual, expected, rtol))
    if not len(places):
        raise ValueError("the arrays do not differ")
    return tuple(int(i) for i in places[0])


def _wide(values: Array) -> Array:
    return values.astype(np.complex128 if values.dtype.kind == "c" else np.float64)
