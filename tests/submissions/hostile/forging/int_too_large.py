"""Returns whole numbers that are too large for any array.

double: failed
mean: failed
staff: expected an array, got an int too large for one
control: none: it would only end whoever compares it
"""


# %% double
def double(x):
    return 2**100


# %% mean
def mean(x):
    return [2**100, 2**8000]
