"""Returns views that claim more than there is: a broadcast number, a file of zeros, an array of objects, a generator.

double: limit
staff: at most 60 MB can be handed over
control: none: too large anywhere
"""

# %% double
import numpy as np

calls = []


def double(x):
    calls.append(x)
    if len(calls) == 1:
        return np.broadcast_to(1.0, (10**5, 10**5))
    if len(calls) == 2:
        return np.memmap("zeros", float, "w+", shape=x.shape)
    if len(calls) == 3:
        return np.array([Ellipsis] * len(x), object)
    return (2 * number for number in x)
