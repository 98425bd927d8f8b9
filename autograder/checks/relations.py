"""Which relations between two arrays are exact, and in which arrays they are no accident; where wrong entries lie."""

from __future__ import annotations

import numpy as np

from autograder.checks.closeness import all_close
from autograder.checks.plain import Array

ENOUGH = 4  # entries an array needs before a relation between arrays means something


def same(a: Array, b: Array) -> bool:
    """Equal within rounding, in arrays that tell something."""
    return all_close(a, b, 1e-6)


def telling(b: Array) -> bool:
    """Whether enough different values are there that an exact relation is no accident."""
    return b.size >= ENOUGH and distinct(b) >= 3


def distinct(b: Array) -> int:
    """How many different magnitudes there are, 0 aside."""
    magnitudes = np.abs(b[b != 0])
    return len(np.unique(np.round(magnitudes / magnitudes.max(), 6))) if magnitudes.size else 0


def few_but_odd(b: Array) -> bool:
    """Whether one to three values are crooked enough (no 0.5, 2 or 1.25) to recognise a factor by."""
    thousandths = b * 1000
    return b.size < ENOUGH and bool((np.abs(thousandths - np.round(thousandths)) > 1e-4).all())


def region(wrong: Array) -> str:
    """Where the wrong entries lie, if that is a simple place: "only the last row"; "" when all over."""
    if wrong.all() or not wrong.any() or (wrong.ndim > 1 and wrong.sum() == 1):  # one entry: its index says it all
        return ""
    for axis in range(wrong.ndim):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        lines = [int(i) for i in np.flatnonzero(wrong.any(axis=others))]
        if len(lines) == 1 and wrong.shape[axis] > 2:
            return _one_line(lines[0], axis, wrong)
    if wrong.ndim == 2 and wrong.shape[0] == wrong.shape[1]:
        diagonal = np.eye(len(wrong), dtype=bool)
        if bool((wrong == diagonal).all()):
            return "only the diagonal"
        if bool((wrong == ~diagonal).all()):
            return "all but the diagonal"
    return ""


def _one_line(index: int, axis: int, wrong: Array) -> str:
    last = index == wrong.shape[axis] - 1
    if wrong.ndim == 1:
        return "only the last" if last else "only the first" if index == 0 else ""
    if wrong.ndim == 2:
        line = ("row", "column")[axis]
        return f"only the last {line}" if last else f"only the first {line}" if index == 0 else f"only {line} {index}"
    return f"only index {index} of axis {axis}{', the last' if last else ''}"
