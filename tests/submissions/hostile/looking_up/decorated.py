"""Lets a decorator put the forbidden function in the place of its answer.

double: forbidden
mean: forbidden
staff: is not allowed in mean. Use `sum` instead
control: naive
"""

# %% double
import numpy as np


@lambda answer: lambda x: np.add(x, x)
def double(x):
    return x


# %% mean
import numpy as np


@lambda answer: np.mean
def mean(x):
    return 0.0
