"""Saying which exercise a check judges, and what it counts for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from autograder.verdict import Kind

MARK = "__autograder_check__"
_Check = TypeVar("_Check", bound=Callable[..., Any])


@dataclass(frozen=True)
class CheckMark:
    """What the decorator :func:`exercise` writes on a check."""

    exercise: str
    kind: Kind
    weight: float


def exercise(
    name: str, *, weight: float = 1.0, condition: bool = False, training: bool = False
) -> Callable[[_Check], _Check]:
    """Mark a check as judging the exercise ``name``.

    Args:
        name: The exercise, as in the lesson's front matter.
        weight: Share of the exercise's points relative to its other value checks.
        condition: The check is something a stub or zeros of the right shape could pass: it can only take points.
        training: The same, for a training run; its ``rng`` has a fixed seed.

    Raises:
        ValueError: If the weight is not positive, or the check is both a condition and a training check.
        TypeError: If the decorator is used without an exercise name, or the check has no docstring.
    """
    if not isinstance(name, str):
        raise TypeError('write @exercise("name of the exercise"), with its name in brackets')
    if condition and training:
        raise ValueError(f"a check of {name!r} is either a condition or a training check: choose one")
    if not weight > 0:
        raise ValueError(f"a check of {name!r} has weight {weight}: weights are positive")
    kind = Kind.TRAINING if training else Kind.CONDITION if condition else Kind.VALUE

    def mark(check: _Check) -> _Check:
        if not (check.__doc__ or "").strip():
            raise TypeError(f"{check.__name__} has no docstring: its first line is what people read about the check")
        setattr(check, MARK, CheckMark(name, kind, float(weight)))
        return check

    return mark
