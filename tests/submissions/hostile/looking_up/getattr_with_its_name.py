"""Looks the forbidden functions up with getattr and importlib.

double: forbidden
mean: forbidden
staff: is not allowed in double. Use `*` instead
control: naive
"""

# %% double
from importlib import import_module

import numpy as np


def double(x):
    return getattr(np, "add")(x, x)


# %% mean
def mean(x):
    return float(import_module("numpy").mean(x))
