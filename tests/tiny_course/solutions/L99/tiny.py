"""A tiny lesson."""

import numpy as np


def double(x: np.ndarray) -> np.ndarray:
    """Return twice ``x``."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def shift(x: np.ndarray, by: float) -> np.ndarray:
    """Return ``x`` plus ``by``."""
    return x + by
