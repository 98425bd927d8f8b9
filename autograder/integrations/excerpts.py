"""Which part of two arrays is drawn when they differ: the matrix, image or vector that holds the first difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.checks.closeness import all_close, differs
from autograder.checks.failure import CheckFailure
from autograder.checks.plain import Array

MOST_ENTRIES = 4_000_000  # of an array that is drawn
LEAST_ENTRIES = 6  # of a matrix: fewer are read faster in words
LEAST_STRIP = 8  # entries of a vector
LEAST_IMAGE = 8  # rows and columns of an array (H, W, 3) that is taken for a colour image
PANEL, STRIP = 148, 480  # the width of a matrix and of a vector in pixels of the page; no more entries are drawn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Excerpt:
    """The matrices that are drawn, and which part of the compared arrays they are.

    Attributes:
        expected: (rows, columns), or (rows, columns, 3) for a colour image.
        yours: The same; for a transposed array (columns, rows).
        wrong: (rows, columns), where they differ; None for a transposed array.
        first: Row and column of the first entry that differs.
        notes: What to say about the choice.
    """

    expected: Array
    yours: Array
    wrong: NDArray[np.bool_] | None
    first: tuple[int, int] | None
    notes: tuple[str, ...]

    @property
    def is_strip(self) -> bool:
        """Whether it is a vector."""
        return len(self.expected) == 1

    @property
    def has_numbers(self) -> bool:
        """Whether there is room to write into the cells."""
        return self.is_strip or all(len(part) <= 8 and part.shape[1] <= 5 for part in (self.expected, self.yours))

    @property
    def is_image(self) -> bool:
        """Whether it has colours of its own."""
        return self.expected.ndim == 3


def excerpt_of(failure: CheckFailure) -> Excerpt | None:
    """The part of the arrays to look at: the matrix, image or vector that holds the first difference."""
    actual, expected = failure.actual, failure.expected
    for array in (actual, expected):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or array.size > MOST_ENTRIES:
            return None
    if actual.shape != expected.shape:
        return _transposed(actual, expected, failure.rtol)
    wrong = differs(actual, expected, failure.rtol)
    if not wrong.any():
        return None
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    colours = 1 if _is_colour_image(expected) else 0
    lead = first[: max(0, wrong.ndim - 2 - colours)]
    part = _as_matrices(expected[lead], actual[lead], wrong[lead], first[len(lead) :])
    if part is None or not lead:
        return part
    count = sum(bool(wrong[index].any()) for index in np.ndindex(wrong.shape[: len(lead)]))
    which = f"{failure.name or 'index '}[{', '.join(map(str, lead))}]"
    note = f"{which}, the first of {count} that differ" if count > 1 else f"{which}, the only one that differs"
    return Excerpt(part.expected, part.yours, part.wrong, part.first, (note, *part.notes))


def _as_matrices(expected: Array, actual: Array, wrong: NDArray[np.bool_], first: tuple[int, ...]) -> Excerpt | None:
    if wrong.ndim == 3:  # a colour image
        return Excerpt(expected, actual, np.asarray(wrong.any(axis=2)), (first[0], first[1]), ())
    if wrong.ndim == 1 or 1 in wrong.shape:
        if wrong.size < LEAST_STRIP:
            return None
        in_one_row = (1, wrong.size)
        flat = wrong.reshape(in_one_row)
        return Excerpt(expected.reshape(in_one_row), actual.reshape(in_one_row), flat, (0, max(first)), ())
    if wrong.ndim != 2 or wrong.size < LEAST_ENTRIES:
        return None
    return Excerpt(expected, actual, wrong, (first[0], first[1]), ())


def _transposed(actual: Array, expected: Array, rtol: float) -> Excerpt | None:
    if expected.ndim != 2 or min(expected.shape) < 2 or not all_close(actual.T, expected, rtol):
        return None
    return Excerpt(expected, actual, None, None, ()) if expected.size >= LEAST_ENTRIES else None


def _is_colour_image(expected: Array) -> bool:
    """Whether the last axes are height, width and red, green, blue, in 0 to 1 or in 0 to 255."""
    if expected.ndim < 3 or expected.shape[-1] != 3 or min(expected.shape[-3:-1]) < LEAST_IMAGE:
        return False
    low, high = float(expected.min()), float(expected.max())
    return low >= 0 and high <= (255 if expected.dtype.kind in "iu" else 1)


def thinned(excerpt: Excerpt) -> Excerpt:
    """At most as many entries as there are pixels: of each block that with the largest difference."""
    rows, columns = excerpt.expected.shape[:2]
    factor = -(-columns // STRIP) if excerpt.is_strip else -(-max(rows, columns) // PANEL)
    if factor == 1:
        return excerpt
    if excerpt.wrong is None:
        note = f"every {factor}th row and column"
        return Excerpt(excerpt.expected[::factor, ::factor], excerpt.yours[::factor, ::factor], None, None, (note,))
    down, across = (min(factor, max(1, size // 16)) for size in (rows, columns))  # a narrow matrix keeps its columns
    amount = np.abs(np.nan_to_num(difference_of(excerpt), nan=np.inf))
    chosen = _largest_in_blocks(amount, down, across)
    first = excerpt.first and (excerpt.first[0] // down, excerpt.first[1] // across)
    block = f"{across}" if excerpt.is_strip else f"{down} × {across}"
    note = f"a pixel is the entry with the largest difference of {block} entries"
    wrong = excerpt.wrong[chosen]
    return Excerpt(excerpt.expected[chosen], excerpt.yours[chosen], wrong, first, (*excerpt.notes, note))


def _largest_in_blocks(amount: Floats, down: int, across: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of the largest amount in each block of ``down`` x ``across``."""
    rows, columns = -(-amount.shape[0] // down), -(-amount.shape[1] // across)
    padded = np.full((rows * down, columns * across), -1.0)
    padded[: amount.shape[0], : amount.shape[1]] = amount
    blocks = padded.reshape(rows, down, columns, across).swapaxes(1, 2).reshape(rows, columns, -1)
    place = blocks.argmax(axis=2)
    return np.arange(rows)[:, None] * down + place // across, np.arange(columns) * across + place % across


def difference_of(excerpt: Excerpt) -> Floats:
    """Yours - expected where they differ, 0 elsewhere (rounding is no difference); in an image of the farthest colour.

    Returns:
        (rows, columns); NaN or infinite where one of them is.
    """
    with np.errstate(all="ignore"):
        difference = excerpt.yours.astype(np.float64) - excerpt.expected.astype(np.float64)
    if excerpt.is_image:
        farthest = np.abs(np.nan_to_num(difference, nan=np.inf)).argmax(axis=2)
        difference = np.take_along_axis(difference, farthest[..., None], axis=2)[..., 0]
    return np.asarray(difference if excerpt.wrong is None else np.where(excerpt.wrong, difference, 0.0))
