"""Hidden checks of the tiny lesson."""

import numpy as np

from autograder.checks import assert_close, assert_shape, exercise


@exercise("scale")
def test_scale_agrees_with_a_product(submission, rng):
    """Every column is multiplied by its own factor."""
    x, factor = rng.normal(size=(7, 5)), rng.normal(size=5)
    assert_close(submission.scale(x, factor), x * factor, name="result")


@exercise("scale", condition=True)
def test_scale_leaves_its_input(submission, rng):
    """The input is not modified."""
    x = rng.normal(size=(7, 5))
    _, (after, _) = submission.scale.after(x, np.ones(5))
    assert_close(after, x, name="x")


@exercise("center", condition=True)
def test_center_keeps_the_shape(submission, rng):
    """The result has the shape of x."""
    assert_shape(submission.center(rng.normal(size=(7, 5))), (7, 5), name="result")


@exercise("center")
def test_center_has_mean_zero(submission, rng):
    """Every column has mean zero."""
    x = rng.normal(size=(7, 5))
    assert_close(submission.center(x), x - x.mean(axis=0), name="result")


@exercise("mend")
def test_mend_sums_rows(submission, rng):
    """Every row is summed."""
    x = rng.normal(size=(7, 5))
    assert_close(submission.mend(x), x.sum(axis=1), name="result")
