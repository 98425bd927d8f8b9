"""Why an array has another shape than expected: from its values where they tell, otherwise from the shapes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations

from autograder.checks.factors import noun
from autograder.checks.plain import Array
from autograder.checks.relations import few_but_odd, same, telling


def other_shape(a: Array, b: Array, name: str) -> str:
    """The right values in an array of another shape."""
    if telling(b):
        looks = (_rearranged,) if a.size == b.size else (_not_reduced, _cut, _reduced)
        return next(filter(None, (look(a, b, name) for look in looks)), "")
    return _not_reduced(a, b, name) if few_but_odd(b) else ""


def _rearranged(a: Array, b: Array, name: str) -> str:
    squeezed = tuple(size for size in a.shape if size != 1) == tuple(size for size in b.shape if size != 1)
    if same(a.ravel(), b.ravel()):
        if squeezed and a.ndim != b.ndim:
            return f"the values are right: only an axis of length 1 is {_length_one(a.ndim > b.ndim)}"
        return f"the values of {name} are right and in the right order: only the shape differs."
    if a.ndim != b.ndim:
        return ""
    for axes in permutations(range(b.ndim)):
        if b.ndim <= 4 and same(a, b.transpose(axes)):
            return "it is transposed: the values are right." if b.ndim == 2 else f"its axes are in the order {axes}."
    return ""


def _length_one(too_many: bool) -> str:
    if too_many:
        return "too many: with `keepdims=True`, x[:, None] or a shape (n, 1) it stays, without them it goes."
    return "missing: `keepdims=True` keeps it, x[:, None] adds it."


def _not_reduced(a: Array, b: Array, name: str) -> str:
    for axis in range(a.ndim):
        for keep in (False, True):
            for words, reduced in (("sum", a.sum(axis, keepdims=keep)), ("mean", a.mean(axis, keepdims=keep))):
                if same(reduced, b):
                    return (
                        f"the {words} over axis {axis} ({a.shape[axis]} entries) is missing: with it {name} is right."
                    )
    return ""


def _reduced(a: Array, b: Array, name: str) -> str:
    for axis in range(b.ndim):
        for keep in (False, True):
            for words, reduced in (("summed", b.sum(axis, keepdims=keep)), ("averaged", b.mean(axis, keepdims=keep))):
                if same(a, reduced):
                    return f"{name} is {words} over axis {axis}, which should have stayed."
    return ""


def _cut(a: Array, b: Array, name: str) -> str:
    if a.ndim != b.ndim:
        return ""
    for axis in range(b.ndim):
        line = f" {('row', 'column')[axis]}" if b.ndim == 2 else " entry" if b.ndim == 1 else f" index of axis {axis}"
        if same(a, b.take(range(b.shape[axis] - 1), axis)):
            return f"the last{line} is missing; the others are right."
        if same(a, b.take(range(1, b.shape[axis]), axis)):
            return f"the first{line} is missing; the others are right."
    return ""


def shape_cause(actual: tuple[int, ...], expected: tuple[int, ...], *, dims: Mapping[str, int] | None = None) -> str:
    """What a wrong shape tells on its own; "" when it tells nothing."""
    if len(actual) == len(expected) and len(expected) > 1 and sorted(actual) == sorted(expected):
        return "it is transposed." if len(expected) == 2 else "the sizes are right, but the axes are in another order."
    without_ones = [tuple(size for size in shape if size != 1) for shape in (actual, expected)]
    if without_ones[0] == without_ones[1]:
        return f"an axis of length 1 is {_length_one(len(actual) > len(expected))}"
    named = {size: key for key, size in (dims or {}).items()}
    if len(actual) == len(expected) == 1 and actual[0] in named and expected[0] in named:
        got, wanted = noun(named[actual[0]]), noun(named[expected[0]])
        return f"one entry for each of the {wanted} is expected, not of the {got}: is it reduced over the wrong axis?"
    if len(actual) == len(expected) == 2 and 1 in actual and 1 in expected and actual.index(1) != expected.index(1):
        summed, to_sum = actual.index(1), expected.index(1)
        return f"axis {summed} is summed (or averaged), but axis {to_sum} should be: is it reduced over the wrong axis?"
    if len(actual) == 2 and actual[0] == actual[1] > 1 and expected in {actual[:1], (actual[0], 1), (1, actual[0])}:
        n = actual[0]
        return (
            f"a square ({n}, {n}) comes from a vector ({n},) that meets a column ({n}, 1), from `*` between a matrix "
            f"and a vector, where `@` is the matrix product, or from x[:, i] where x[np.arange({n}), i] is meant."
        )
    missing = _axis_too_many(actual, expected)
    if missing is not None:
        return f"axis {missing} (of length {actual[missing]}) should be gone: is a sum or mean over it missing?"
    extra = _axis_too_many(expected, actual)
    if extra is not None:
        return (
            f"axis {extra} (of length {expected[extra]}) is gone: is something summed or averaged that should not be?"
        )
    return ""


def _axis_too_many(longer: tuple[int, ...], shorter: tuple[int, ...]) -> int | None:
    """The one axis without which the shapes agree; None when there is none, or more than one candidate."""
    if len(longer) != len(shorter) + 1:
        return None
    candidates = [i for i in range(len(longer)) if longer[:i] + longer[i + 1 :] == shorter]
    return candidates[0] if len(candidates) == 1 else None
