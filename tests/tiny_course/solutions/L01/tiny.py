"""The tiny lesson's code."""

import numpy as np


def double(x):
    """Given: twice x."""
    return 2 * x


def scale(x, factor):
    """Multiply every row of x (N, D) by its factor (D,)."""
    ### BEGIN SOLUTION
    return x * factor
    ### END SOLUTION


def center(x):
    """Subtract the mean over the rows of x (N, D); the result is scaled by ones."""
    ### BEGIN SOLUTION
    total = np.sum(x, axis=0)
    return scale(x - total / len(x), np.ones(x.shape[1]))
    ### END SOLUTION


def mend(x):
    """The sum of each row of x (N, D)."""
    y = np.asarray(x)
    return y.sum(axis=1)
