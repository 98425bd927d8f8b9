"""Raises NumPy's error about shapes on a line whose operands are 120 brackets and signs deep.

double: failed
staff: operands could not be broadcast
control: none: an error like others where nobody explains it
"""

# %% double
import numpy as np


def double(x):
    y = np.ones((2, 3))
    z = np.ones((4, 5))
    return y + ----------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------z
