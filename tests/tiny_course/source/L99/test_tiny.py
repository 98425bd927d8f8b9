"""Checks of the tiny lesson."""

import numpy as np

from autograder.checks import assert_close, exercise


@exercise("double")
def test_doubles(submission, rng):
    """Every entry is doubled."""
    x = rng.normal(size=3)
    assert_close(submission.double(x), 2 * x, name="double(x)")


@exercise("double", weight=3.0)
def test_doubles_negative_numbers(submission, rng):
    """Negative numbers are doubled, too."""
    x = -np.abs(rng.normal(size=3))
    assert_close(submission.double(x), 2 * x, name="double(x)")


@exercise("shift")
def test_shifts(submission, rng):
    """Every entry is shifted."""
    x = rng.normal(size=3)
    assert_close(submission.shift(x, 1.5), x + 1.5, name="shift(x, 1.5)")
