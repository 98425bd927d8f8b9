"""Returns an array of 100 MB.

double: limit
staff: at most 60 MB can be handed over
control: none: only memory of its own
"""

# %% double
import numpy as np


def double(x):
    return np.zeros(100 * 2**20, np.uint8)
