"""Uses the method, another library and an inner operator, which are not promised to be noticed.

staff: "points": 100.0
control: none: it passes here as well: the promise covers the listed routes only
"""

# %% double
import operator


def double(x):
    return operator.add(x, x)


# %% mean
import statistics

import numpy as np
import torch


def mean(x):
    numbers = torch.tensor(x)
    found = [statistics.fmean(x), x.mean(), np.ndarray.mean(x), float(torch.ops.aten.mean(numbers))]
    return float(sum(found) / 4)
