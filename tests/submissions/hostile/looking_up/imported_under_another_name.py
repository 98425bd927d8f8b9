"""Imports the forbidden function under another name, in a cell of its own.

mean: forbidden
staff: `numpy.mean` is not allowed in mean
control: naive
"""

# %%
from numpy import mean as average


# %% mean
def mean(x):
    return float(average(x))
