"""The likely cause of a wrong array, from the two arrays alone. Silence is allowed; a wrong cause is not.

Every cause rests on an exact relation (to about 1e-6) between what came and what was expected, in arrays with enough
different values that the relation is no accident.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from typing import TypeAlias

import numpy as np

from autograder.checks.closeness import all_close, differs, first_difference
from autograder.checks.factors import known_factors
from autograder.checks.other_shapes import other_shape, shape_cause
from autograder.checks.plain import Array
from autograder.checks.relations import distinct, few_but_odd, region, same, telling

__all__ = ["Context", "diagnose", "first_difference", "region", "shape_cause"]


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


MOST_ENTRIES = 2_000_000

Look: TypeAlias = Callable[[Array, Array, Context], str]


def diagnose(actual: Array, expected: Array, *, context: Context | None = None) -> str:
    """One or two sentences on why ``actual`` is not ``expected``; "" when unsure."""
    context = context or Context()
    if actual.dtype.kind == "c" or expected.dtype.kind == "c" or not actual.size or not expected.size:
        return ""
    if actual.size > MOST_ENTRIES:  # no answer is so large by a slip that a look would name
        return shape_cause(actual.shape, expected.shape, dims=context.dims) if actual.shape != expected.shape else ""
    a, b = actual.astype(np.float64), expected.astype(np.float64)
    if not np.isfinite(b).all():
        return ""
    if a.shape != b.shape:
        return other_shape(a, b, context.name) or shape_cause(a.shape, b.shape, dims=context.dims)
    with np.errstate(all="ignore"):
        certain = _cut_to_integers(actual, expected, context) or _rounded(actual, expected)
        looks = [look for look in _LOOKS if look is not _factor or expected.dtype.kind == "f"]
        return certain or next(filter(None, (look(a, b, context) for look in looks)), "")


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
        if a_fits and not b_fits and _near_everywhere(actual.astype(np.float64), expected.astype(np.float64), slack):
            return f"the values are right up to rounding: it looks computed in {np.dtype(dtype).name}."
    return ""


def _near_everywhere(a: Array, b: Array, slack: float) -> bool:
    """Whether every entry is right to within ``slack`` of itself; all but the smallest keep their digits."""
    return bool((np.abs(a - b) <= slack * np.maximum(np.abs(b), 1e-6 * np.abs(b).max())).all())


def _zeros(a: Array, b: Array, context: Context) -> str:
    if a.any() or not telling(b):
        return ""
    return f"every entry of {context.name} is 0: is the array of zeros it started as ever filled?"


def _sign(a: Array, b: Array, context: Context) -> str:
    if not (distinct(b) >= 2 or few_but_odd(b)) or not same(a, -b):
        return ""
    return f"{context.name} has the opposite sign everywhere: is a minus missing, or one too many?"


def _cut_to_integers(actual: Array, expected: Array, context: Context) -> str:
    """Integers where the expected values without their fractions stand."""
    if actual.dtype.kind not in "iu" or expected.dtype.kind != "f" or (expected == np.trunc(expected)).all():
        return ""
    if not any((actual == whole(expected)).all() for whole in (np.trunc, np.rint, np.floor)):
        return ""
    return (
        f"{context.name} holds whole numbers only ({actual.dtype.name}): what is stored in an array made of integers "
        "loses its fraction. Make it an array of floats."
    )


def _factor(a: Array, b: Array, context: Context) -> str:
    few = few_but_odd(b)
    if not (telling(b) or few or distinct(b) >= 3) or not b.any() or not a.any():
        return ""
    factor = float((a * b).sum() / (b * b).sum())
    close_enough = max(1e-6, min(context.rtol, 2e-5))  # float32 values share a factor only up to their rounding
    if factor == 0 or not all_close(a / factor, b, close_enough):
        return ""
    return _factor_explained(factor, context, close_enough) or ("" if few else _factor_named(factor, context))


def _factor_named(factor: float, context: Context) -> str:
    inverse = round(1 / factor) if factor else 0
    if factor > 0 and inverse >= 3 and math.isclose(factor * inverse, 1, rel_tol=1e-6):
        why = f"is a factor {inverse} missing, or a division by {inverse} too many?"
    elif round(factor) >= 3 and math.isclose(factor, round(factor), rel_tol=1e-6):
        why = f"is a division by {round(factor)} missing (a mean), or something counted {round(factor)} times?"
    else:
        why = "a constant factor is wrong."
    return f"every entry of {context.name} is {factor:.6g} times what was expected: {why}"


def _factor_explained(factor: float, context: Context, rtol: float) -> str:
    if factor < 0:
        return ""
    found = [
        sentence
        for value, sentence in known_factors(context.name, context.dims)
        if math.isclose(factor, value, rel_tol=rtol)
    ]
    return found[0] if len(found) == 1 else ""


def _arrangement(a: Array, b: Array, context: Context) -> str:
    """The right values in the wrong places."""
    if not telling(b):
        return ""
    for axes in permutations(range(b.ndim)):
        if b.ndim <= 4 and same(a, b.transpose(axes)):
            return (
                f"{context.name} is transposed."
                if b.ndim == 2
                else f"the axes of {context.name} are in the order {axes}."
            )
    moved = _moved_along_an_axis(a, b)
    if moved:
        return f"{context.name} is {moved}."
    if b.ndim <= 2 and distinct(b) >= 4 and same(_rows_sorted(a), _rows_sorted(b)):
        return f"{context.name} has the right {'rows' if b.ndim == 2 else 'values'}, in another order."
    if same(np.sort(a.ravel()), np.sort(b.ravel())):
        return f"{context.name} has the right values, in other places: is a reshape used where an axis should move?"
    return ""


def _moved_along_an_axis(a: Array, b: Array) -> str:
    for axis in range(b.ndim):
        if same(a, np.flip(b, axis)):
            return f"in reversed order{_along(axis, b.ndim)}"
    for axis in range(b.ndim):
        for shift in range(1, b.shape[axis]):
            if same(a, np.roll(b, shift, axis)):
                return f"shifted by {min(shift, b.shape[axis] - shift)}{_along(axis, b.ndim)}"
    return ""


def _along(axis: int, ndim: int) -> str:
    if ndim == 1:
        return ""
    return f" along axis {axis}" + (f" (its {('rows', 'columns')[axis]})" if ndim == 2 else "")


def _rows_sorted(values: Array) -> Array:
    return np.sort(values) if values.ndim < 2 else values[np.argsort(values[:, 0], kind="stable")]


def _simple_function(a: Array, b: Array, context: Context) -> str:
    """The right values put through one function too many, or too few."""
    if not telling(b):
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
        if candidate is not None and same(a, candidate):
            return f"{context.name} is {words}."
    return ""


def _added(a: Array, b: Array, context: Context) -> str:
    """A term too many or missing that is the same everywhere, in each row, or in each column."""
    difference = a - b
    bound = 1e-6 * np.abs(b).max()
    if not telling(b) or np.abs(difference).max() <= 10 * bound:
        return ""

    def constant_along(axis: int | None) -> bool:
        return bool(np.ptp(difference, axis=axis).max() <= bound)

    if constant_along(None):
        shift = float(difference.mean())
        direction = "large" if shift > 0 else "small"
        return f"every entry is {abs(shift):.6g} too {direction}: a constant was added or is missing."
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
    if b.ndim != 2 or min(b.shape) < 3 or not telling(b) or not b.all():
        return ""
    ratio = a / b
    for axis, line in ((1, "row"), (0, "column")):
        factors = ratio.take([0], axis=axis)
        if np.ptp(factors) > 1e-3 and same(a / factors, b):
            return f"each {line} is off by a factor of its own: is a normalisation of each {line} missing or wrong?"
    return ""


def _never_written(a: Array, b: Array, context: Context) -> str:
    wrong = differs(a, b, context.rtol)
    if wrong.all() or wrong.sum() < 2 or a[wrong].any() or not telling(b):
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
