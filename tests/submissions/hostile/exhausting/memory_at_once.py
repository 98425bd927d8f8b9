"""Asks for 50 GB at once.

double: memory
staff: more memory was asked for than is allowed
control: none: it could fill the machine's memory
"""

# %% double
import numpy as np


def double(x):
    return np.ones((50, 2**27)) * x[0]
