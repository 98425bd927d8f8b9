"""Takes the forbidden functions out of the dicts of their modules.

double: forbidden
mean: forbidden
staff: `torch.mean` is not allowed in mean
control: naive
"""

# %% double
import numpy as np


def double(x):
    return vars(np)["add"](x, x)


# %% mean
import sys


def mean(x):
    return float(sys.modules["torch"].__dict__["mean"](sys.modules["torch"].tensor(x)))
