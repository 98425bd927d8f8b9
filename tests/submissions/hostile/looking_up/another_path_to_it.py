"""Names the forbidden functions by other paths: the inner module they come from, a starred import, an alias.

double: forbidden
mean: forbidden
staff: is not allowed in double. Use `*` instead
control: naive
"""

# %% double
import numpy as np


def double(x):
    inner = np._core.umath
    return inner.add(x, x)


# %% mean
from numpy import *
from numpy import mean as middle

centre = middle


def mean(x):
    return float(centre(x))
