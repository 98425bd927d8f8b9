"""Keeps the forbidden function as a default argument in the cell of another exercise, which is not promised to be noticed.

staff: "points": 100.0
control: none: it passes here as well: the promise covers the listed routes only
"""

# %% double
import numpy as np


def double(x):
    return 2 * x


def average(x, function=np.mean):
    return float(function(x))


# %% mean
def mean(x):
    return average(x)
