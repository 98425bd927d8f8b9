"""The likely cause of a wrong array, from the two arrays alone. Silence is allowed; a wrong cause is not.

Every cause rests on an exact relation (to about 1e-6) between what came and what was expected, in arrays with enough
different values that the relation is no accident.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, permutations
from typing import TypeAlias

import numpy as np

from autograder.checks.closeness import all_close, differs, first_difference
from autograder.checks.plain import Array

__all__ = ["Context", "diagnose", "first_difference", "region", "shape_cause"]

ENOUGH = 4  # entries an array needs before a relation between arrays means something


@dataclass(frozen=True)
class Context:
    """What else is known about the case.

    Attributes:
        name: What was compared ("dW"); starts the sentence.
        dims: Sizes that a wrong factor may be explained by: {"batch": 5, "classes": 3}.
        rtol: The tolerance the arrays were compared with.
    """

    name: str = "it"
    dims: Mapping[str, int] = field(default_factory=dict)
    rtol: float = 1e-6


Look: TypeAlias = Callable[[Array, Array, Context], str]


def diagnose(actual: Array, expected: Array, *, context: Context | None = None) -> str:
    """One or two sentences on why ``actual`` is not ``expected``; "" when unsure."""
    context = context or Context()
    if actual.dtype.kind == "c" or expected.dtype.kind == "c" or not actual.size or not expected.size:
        return ""
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    if not np.isfinite(b).all():
        return ""
    if a.shape != b.shape:
        return _other_shape(a, b, context) or shape_cause(a.shape, b.shape, dims=context.dims)
    with np.errstate(all="ignore"):
        return _rounded(actual, expected) or next(filter(None, (look(a, b, context) for look in _LOOKS)), "")


def _same(a: Array, b: Array) -> bool:
    """Equal within rounding, in arrays that tell something."""
    return all_close(a, b, 1e-6)


def _telling(b: Array) -> bool:
    """Whether enough different values are there that an exact relation is no accident."""
    return b.size >= ENOUGH and _distinct(b) >= 3


def _distinct(b: Array) -> int:
    magnitudes = np.abs(b[b != 0])
    return len(np.unique(np.round(magnitudes / magnitudes.max(), 6))) if magnitudes.size else 0


def _few_but_odd(b: Array) -> bool:
    """Whether one to three values are crooked enough (no 0.5, 2 or 1.25) to recognise a factor by."""
    thousandths = b * 1000
    return b.size < ENOUGH and bool((np.abs(thousandths - np.round(thousandths)) > 1e-4).all())


# --- the same shape ------------------------------------------------------------------------------------------------


def _not_finite(a: Array, b: Array, context: Context) -> str:
    if np.isnan(a).any():
        return (
            f"{context.name} contains NaN: it comes from 0/0, inf - inf, 0 * inf, or the logarithm or root of a "
            "negative number. Often an `exp` overflowed before."
        )
    if np.isinf(a).any():
        return f"{context.name} contains inf: it comes from a division by 0, log(0), or an `exp` that overflows."
    return ""


def _rounded(actual: Array, expected: Array) -> str:
    for dtype, slack in ((np.float32, 2e-5), (np.float16, 5e-3)):
        coarser = np.finfo(dtype).eps > (np.finfo(expected.dtype).eps if expected.dtype.kind == "f" else 0)
        if not coarser or not np.isfinite(actual).all():
            continue
        with np.errstate(over="ignore"):
            a_fits = bool((actual == actual.astype(dtype)).all())
            b_fits = bool((expected == expected.astype(dtype)).all())
        if a_fits and not b_fits and all_close(actual, expected, slack):
            return f"the values are right up to rounding: it looks computed in {np.dtype(dtype).name}."
    return ""


def _zeros(a: Array, b: Array, context: Context) -> str:
    if a.any() or not _telling(b):
        return ""
    return f"every entry of {context.name} is 0: is the array of zeros it started as ever filled?"


def _sign(a: Array, b: Array, context: Context) -> str:
    if not (_telling(b) or _few_but_odd(b)) or not _same(a, -b):
        return ""
    return f"{context.name} has the opposite sign everywhere: is a minus missing, or one too many?"


def _factor(a: Array, b: Array, context: Context) -> str:
    few = _few_but_odd(b)
    if not (_telling(b) or few) or not b.any() or not a.any():
        return ""
    factor = float((a * b).sum() / (b * b).sum())
    close_enough = max(1e-6, min(context.rtol, 2e-5))  # float32 values share a factor only up to their rounding
    if factor == 0 or not all_close(a / factor, b, close_enough):
        return ""
    return _factor_explained(factor, context, close_enough) or ("" if few else _factor_named(factor, context))


def _factor_named(factor: float, context: Context) -> str:
    return f"every entry of {context.name} is {factor:.6g} times what was expected: a constant factor is wrong."


def _factor_explained(factor: float, context: Context, rtol: float) -> str:
    if factor < 0:
        return ""
    found = [sentence for value, sentence in _known_factors(context) if math.isclose(factor, value, rel_tol=rtol)]
    return found[0] if len(found) == 1 else ""


def _known_factors(context: Context) -> Iterator[tuple[float, str]]:
    """Factors with a meaning. A factor that has two meanings gets none."""
    name, sizes = context.name, {key: size for key, size in context.dims.items() if size > 1}
    for key, size in sizes.items():
        yield size, f"{name} is exactly {size} times too large. {_size(key, size)}: did you forget to divide by it?"
        yield (
            1 / size,
            f"{name} is exactly {size} times too small. {_size(key, size)}: is there one division by it too many?",
        )
        root = f"the square root of {size} ({_noun(key)})"
        yield math.sqrt(size), f"{name} is too large by exactly {math.sqrt(size):.6g}: {root}."
        yield 1 / math.sqrt(size), f"{name} is too small by exactly {math.sqrt(size):.6g}: {root}."
    yield from _factors_of_two_sizes(name, sizes)
    if 2 not in sizes.values():
        yield 2.0, f"{name} is exactly twice too large: is a factor 2 too many, or something added twice?"
        yield 0.5, f"{name} is exactly half of what was expected: is a factor 2 missing, or 1/2 too many?"
    yield 1 / math.log(2), f"{name} is 1/ln 2 = 1.4427 times too large: log2 was used, the natural logarithm expected."
    yield 1 / math.log(10), f"{name} is ln 10 = 2.3026 times too small: log10 was used, the natural logarithm expected."


def _factors_of_two_sizes(name: str, sizes: Mapping[str, int]) -> Iterator[tuple[float, str]]:
    for (key, size), (other, other_size) in combinations(sizes.items(), 2):
        product = f"{size} x {other_size} ({_noun(key)} x {_noun(other)})"
        yield size * other_size, f"{name} is exactly {product} times too large: did you forget to divide by both?"
        yield 1 / (size * other_size), f"{name} is exactly {product} times too small: are there divisions too many?"
        for right, right_size, wrong, wrong_size in ((key, size, other, other_size), (other, other_size, key, size)):
            yield (
                right_size / wrong_size,
                f"{name} is exactly {right_size}/{wrong_size} times what was expected: is it divided by {wrong_size} "
                f"({_noun(wrong)}) instead of {right_size} ({_noun(right)})?",
            )


def _noun(key: str) -> str:
    return "rows of the batch" if key == "batch" else key


def _size(key: str, size: int) -> str:
    return f"Your batch has {size} rows" if key == "batch" else f"{size} is the number of {key}"


def _arrangement(a: Array, b: Array, context: Context) -> str:
    """The right values in the wrong places."""
    if not _telling(b):
        return ""
    for axes in permutations(range(b.ndim)):
        if b.ndim <= 4 and _same(a, b.transpose(axes)):
            return f"{context.name} is transposed." if b.ndim == 2 else f"the axes of {context.name} are in the order {axes}."
    for axis in range(b.ndim):
        if _same(a, np.flip(b, axis)):
            return f"{context.name} is in reversed order{_along(axis, b.ndim)}."
    for axis in range(b.ndim):
        for shift in range(1, b.shape[axis]):
            if _same(a, np.roll(b, shift, axis)):
                return f"{context.name} is shifted by {min(shift, b.shape[axis] - shift)}{_along(axis, b.ndim)}."
    if b.ndim <= 2 and _distinct(b) >= 4 and _same(_rows_sorted(a), _rows_sorted(b)):
        return f"{context.name} has the right {'rows' if b.ndim == 2 else 'values'}, in another order."
    if _same(np.sort(a.ravel()), np.sort(b.ravel())):
        return f"{context.name} has the right values, in other places: is a reshape used where an axis should move?"
    return ""


def _along(axis: int, ndim: int) -> str:
    if ndim == 1:
        return ""
    return f" along axis {axis}" + (f" (its {('rows', 'columns')[axis]})" if ndim == 2 else "")


def _rows_sorted(values: Array) -> Array:
    return np.sort(values) if values.ndim < 2 else values[np.argsort(values[:, 0], kind="stable")]


def _simple_function(a: Array, b: Array, context: Context) -> str:
    """The right values put through one function too many, or too few."""
    if not _telling(b):
        return ""
    positive = bool((b > 0).all())
    candidates = (
        (np.abs(b), "the absolute value of what was expected: the signs are lost"),
        (1 - b, "1 minus what was expected"),
        (b * b, "the square of what was expected"),
        (np.sqrt(b) if positive else None, "the square root of what was expected"),
        (1 / b if b.all() else None, "1 divided by what was expected"),
        (np.log(b) if positive else None, "the logarithm of what was expected"),
        (np.exp(b), "exp of what was expected"),
    )
    for candidate, words in candidates:
        if candidate is not None and _same(a, candidate):
            return f"{context.name} is {words}."
    return ""


def _added(a: Array, b: Array, context: Context) -> str:
    """A term too many or missing that is the same everywhere, in each row, or in each column."""
    difference = a - b
    bound = 1e-6 * np.abs(b).max()
    if not _telling(b) or np.abs(difference).max() <= 10 * bound:
        return ""

    def constant_along(axis: int | None) -> bool:
        return bool(np.ptp(difference, axis=axis).max() <= bound)

    if constant_along(None):
        shift = float(difference.mean())
        return f"every entry is {abs(shift):.6g} too {'large' if shift > 0 else 'small'}: a constant was added or is missing."
    if b.ndim != 2 or min(b.shape) < 2:
        return ""
    if b.shape[0] > 2 and constant_along(0):
        return "every row is off by the same vector: is a bias (a term added to each row) missing, or added twice?"
    if b.shape[1] > 2 and constant_along(1):
        return (
            "each row is off by a constant of its own: is something taken over each row "
            "(a maximum, a mean, a log-sum) missing, or taken over the wrong axis?"
        )
    return ""


def _scaled_rows(a: Array, b: Array, context: Context) -> str:
    """A normalisation of each row, or each column, that is missing."""
    if b.ndim != 2 or min(b.shape) < 3 or not _telling(b) or not b.all():
        return ""
    ratio = a / b
    for axis, line in ((1, "row"), (0, "column")):
        factors = ratio.take([0], axis=axis)
        if np.ptp(factors) > 1e-3 and _same(a / factors, b):
            return f"each {line} is off by a factor of its own: is a normalisation of each {line} missing or wrong?"
    return ""


def _never_written(a: Array, b: Array, context: Context) -> str:
    wrong = differs(a, b, context.rtol)
    if wrong.all() or wrong.sum() < 2 or a[wrong].any() or not _telling(b):
        return ""
    where = region(wrong)
    if where == "only the last row":
        return f"the last row of {context.name} is 0: does a loop or slice stop one too early?"
    if (b[wrong] < 0).all() and not (b[~wrong] < 0).any():
        return f"every negative entry of {context.name} has become 0: is something cut off at 0 that should not be?"
    return f"the wrong entries of {context.name} are all 0: were they ever computed?"


_LOOKS: tuple[Look, ...] = (
    _not_finite,
    _zeros,
    _sign,
    _factor,
    _arrangement,
    _simple_function,
    _added,
    _scaled_rows,
    _never_written,
)


def region(wrong: Array) -> str:
    """Where the wrong entries lie, if that is a simple place: "only the last row"; "" when all over."""
    if wrong.all() or not wrong.any():
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


# --- another shape -------------------------------------------------------------------------------------------------


def _other_shape(a: Array, b: Array, context: Context) -> str:
    """The right values in an array of another shape."""
    name = context.name
    if _telling(b):
        looks = (_rearranged,) if a.size == b.size else (_not_reduced, _cut, _reduced)
        return next(filter(None, (look(a, b, name) for look in looks)), "")
    return _not_reduced(a, b, name) if _few_but_odd(b) else ""


def _rearranged(a: Array, b: Array, name: str) -> str:
    squeezed = tuple(size for size in a.shape if size != 1) == tuple(size for size in b.shape if size != 1)
    if _same(a.ravel(), b.ravel()):
        if squeezed:
            return f"the values are right: only an axis of length 1 is {'too many' if a.ndim > b.ndim else 'missing'}."
        return f"the values of {name} are right and in the right order: only the shape differs."
    if a.ndim != b.ndim:
        return ""
    for axes in permutations(range(b.ndim)):
        if b.ndim <= 4 and _same(a, b.transpose(axes)):
            return "it is transposed: the values are right." if b.ndim == 2 else f"its axes are in the order {axes}."
    return ""


def _not_reduced(a: Array, b: Array, name: str) -> str:
    for axis in range(a.ndim):
        for keep in (False, True):
            for words, reduced in (("sum", a.sum(axis, keepdims=keep)), ("mean", a.mean(axis, keepdims=keep))):
                if _same(reduced, b):
                    return f"the {words} over axis {axis} (its {a.shape[axis]} entries) is missing: with it {name} is right."
    return ""


def _reduced(a: Array, b: Array, name: str) -> str:
    for axis in range(b.ndim):
        for keep in (False, True):
            for words, reduced in (("summed", b.sum(axis, keepdims=keep)), ("averaged", b.mean(axis, keepdims=keep))):
                if _same(a, reduced):
                    return f"{name} is {words} over axis {axis}, which should have stayed."
    return ""


def _cut(a: Array, b: Array, name: str) -> str:
    if a.ndim != b.ndim:
        return ""
    for axis in range(b.ndim):
        line = f" {('row', 'column')[axis]}" if b.ndim == 2 else " entry" if b.ndim == 1 else f" index of axis {axis}"
        if _same(a, b.take(range(b.shape[axis] - 1), axis)):
            return f"the last{line} is missing; the others are right."
        if _same(a, b.take(range(1, b.shape[axis]), axis)):
            return f"the first{line} is missing; the others are right."
    return ""


def shape_cause(
    actual: tuple[int, ...], expected: tuple[int, ...], *, dims: Mapping[str, int] | None = None
) -> str:
    """What a wrong shape tells on its own; "" when it tells nothing."""
    if len(actual) == len(expected) and len(expected) > 1 and sorted(actual) == sorted(expected):
        return "it is transposed." if len(expected) == 2 else "the sizes are right, but the axes are in another order."
    without_ones = [tuple(size for size in shape if size != 1) for shape in (actual, expected)]
    if without_ones[0] == without_ones[1]:
        too_many = len(actual) > len(expected)
        return f"an axis of length 1 is {'too many' if too_many else 'missing'}: mind `keepdims` and x[:, None]."
    named = {size: key for key, size in (dims or {}).items()}
    if len(actual) == len(expected) == 1 and actual[0] in named and expected[0] in named:
        got, wanted = _noun(named[actual[0]]), _noun(named[expected[0]])
        return f"one entry for each of the {wanted} is expected, not of the {got}: is it reduced over the wrong axis?"
    missing = _axis_too_many(actual, expected)
    if missing is not None:
        return f"axis {missing} (of length {actual[missing]}) should be gone: is a sum or mean over it missing?"
    extra = _axis_too_many(expected, actual)
    if extra is not None:
        return f"axis {extra} (of length {expected[extra]}) is gone: is something summed that should not be?"
    return ""


def _axis_too_many(longer: tuple[int, ...], shorter: tuple[int, ...]) -> int | None:
    """The one axis without which the shapes agree; None when there is none, or more than one candidate."""
    if len(longer) != len(shorter) + 1:
        return None
    candidates = [i for i in range(len(longer)) if longer[:i] + longer[i + 1 :] == shorter]
    return candidates[0] if len(candidates) == 1 else None
