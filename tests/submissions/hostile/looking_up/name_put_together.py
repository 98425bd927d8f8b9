"""Puts the forbidden names together from parts, so that they stand nowhere.

double: forbidden
mean: forbidden
staff: `getattr` on numpy with a computed name
control: naive
"""

# %% double
import numpy as np


def double(x):
    return getattr(np, "a" + "dd")(x, x)


# %% mean
import torch


def mean(x):
    return float(getattr(torch, "naem"[::-1])(torch.tensor(x)))
