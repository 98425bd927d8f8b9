"""Gradients against central differences of a trusted forward pass, in float64, with a random upstream gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from autograder.checks.comparing import assert_close
from autograder.checks.plain import Array, as_array

Forward: TypeAlias = Callable[[NDArray[np.float64]], Array]
_Inputs = TypeVar("_Inputs")
REDRAWS = 1000


def numerical_vjp(f: Forward, x: Array, cotangent: Array, *, step: float = 1e-5) -> NDArray[np.float64]:
    """The gradient of ``sum(cotangent * f(x))`` with respect to ``x``, by central differences.

    Each entry moves by ``step * max(1, |entry|)``. ``f`` gets copies: neither it nor this changes ``x``.

    Args:
        f: The trusted forward pass, a function of one array.
        x: Where, any shape; used as float64.
        cotangent: The upstream gradient, of the shape of ``f(x)``.
        step: Relative step; 1e-5 balances rounding (1e-11) and curvature (1e-10).

    Returns:
        An array like ``x``.

    Raises:
        ValueError: If ``f(x)`` and the cotangent differ in shape, or a difference is not finite: a fault of the check.
    """
    at = np.array(x, dtype=np.float64)
    upstream = np.asarray(cotangent, dtype=np.float64)
    value = as_array(f(at.copy()))
    if value.shape != upstream.shape:
        raise ValueError(f"the cotangent has shape {upstream.shape}, but f(x) has shape {value.shape}: they must agree")
    gradient = np.zeros_like(at)
    for index in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        move = step * max(1.0, abs(float(at[index])))
        above[index] += move
        below[index] -= move
        difference = as_array(f(above.copy())) - as_array(f(below.copy()))
        gradient[index] = (upstream * difference).sum() / (above[index] - below[index])
    if not np.isfinite(gradient).all():
        raise ValueError("the central differences of f are not finite here: choose other inputs")
    return gradient


def assert_vjp(
    f: Forward,
    *,
    at: Array,
    cotangent: Array,
    actual: object,
    name: str,
    rtol: float = 1e-6,
    case: str = "",
    dims: Mapping[str, int] | None = None,
) -> None:
    """Refuse a gradient that central differences of ``f`` do not confirm.

    Args:
        f: The trusted forward pass, a function of the one array that is differentiated.
        at: Its argument.
        cotangent: The upstream gradient, random, of the shape of ``f(at)``.
        actual: The student's gradient, of the shape of ``at``.
        name: Its name, "dW".
        rtol: 1e-6 suits well-scaled inputs; say in the check why, where it is another.
        case: The case in words, for the message.
        dims: Sizes a wrong factor may be explained by; by default the first axis of a two-dimensional cotangent is
            the batch.

    Raises:
        CheckFailure: With the entry, both values and the likely cause.
        ValueError: As :func:`numerical_vjp`, or where ``at`` has no entries or the cotangent is 0.
    """
    __tracebackhide__ = True
    upstream = np.asarray(cotangent, dtype=np.float64)
    if not np.size(at) or not upstream.any():
        raise ValueError(
            "assert_vjp needs entries to differentiate and a cotangent that is not 0: it would prove nothing"
        )
    expected = numerical_vjp(f, at, upstream)
    sizes = dims if dims is not None else {"batch": len(upstream)} if upstream.ndim >= 2 else {}

    def foreseen(got: Array, wanted: Array) -> str:
        return _upstream_ignored(f, at, upstream, got, wanted, name)

    assert_close(actual, expected, name=name, rtol=rtol, case=case, dims=sizes, explain=foreseen)


def _upstream_ignored(f: Forward, at: Array, upstream: Array, got: Array, wanted: Array, name: str) -> str:
    if got.shape != wanted.shape or got.size < 2 or not np.isfinite(got).all():
        return ""
    ones = numerical_vjp(f, at, np.ones_like(upstream))
    size = np.abs(ones).max()
    if size > 1e-6 and np.abs(got - ones).max() <= 1e-6 * size:
        return f"{name} ignores the upstream gradient: it is what an upstream gradient of all ones would give."
    return ""


def away_from_kinks(
    draw: Callable[[np.random.Generator], _Inputs],
    kinks: Callable[[_Inputs], Array],
    *,
    margin: float = 1e-4,
    rng: np.random.Generator,
) -> _Inputs:
    """Draw inputs until no kink (of a ReLU, a maximum, an absolute value) is near, at any layer.

    Args:
        draw: Makes inputs from the generator.
        kinks: The values that must not be near 0: all pre-activations, in one array.
        margin: How near is too near; ten steps of the differences.
        rng: The check's generator.

    Raises:
        ValueError: If a thousand draws were all too near: fewer entries or a smaller margin are needed.
    """
    for _ in range(REDRAWS):
        inputs = draw(rng)
        if (np.abs(np.asarray(kinks(inputs))) > margin).all():
            return inputs
    raise ValueError(f"{REDRAWS} draws all came within {margin} of a kink: use smaller arrays, or draw farther apart")
