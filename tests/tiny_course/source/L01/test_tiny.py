"""Public checks of the tiny lesson."""

import numpy as np

from autograder.checks import assert_close, assert_shape, exercise


@exercise("scale")
def test_scale_of_ones(submission, rng):
    """Ones become the factors."""
    assert_close(submission.scale(np.ones((2, 3)), np.arange(3.0)), np.tile(np.arange(3.0), (2, 1)), name="result")


@exercise("center", condition=True)
def test_center_keeps_the_shape(submission, rng):
    """The result has the shape of x."""
    assert_shape(submission.center(rng.normal(size=(4, 3))), (4, 3), name="result")


@exercise("center")
def test_center_has_mean_zero(submission, rng):
    """Every column has mean zero."""
    x = rng.normal(size=(4, 3))
    assert_close(submission.center(x), x - x.mean(axis=0), name="result")


@exercise("mend")
def test_mend_sums_rows(submission, rng):
    """Every row is summed."""
    x = rng.normal(size=(4, 3))
    assert_close(submission.mend(x), x.sum(axis=1), name="result")
