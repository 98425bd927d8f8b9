"""What the tiny lesson's BUGHUNT starts from."""

import numpy as np


def mend(x):
    """The sum of each row of x (N, D)."""
    y = np.asarray(x)
    return y.sum(axis=0)
