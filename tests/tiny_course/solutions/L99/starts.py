"""What BUGHUNT exercises start from."""

import numpy as np


def shift(x: np.ndarray, by: float) -> np.ndarray:
    """Return ``x`` plus ``by``."""
    return x - by
