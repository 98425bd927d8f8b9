"""Puts the name together and lets the library that owns it make the call, which is not promised to be noticed.

staff: `getattr` on numpy with a computed name
control: none: it passes here as well: the promise covers the listed routes only
"""

# %% mean
import numpy as np


def mean(x):
    return float(np.apply_along_axis(getattr(np, "me" + "an"), 0, x))
