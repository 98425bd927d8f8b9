"""Returns a list of a million items.

double: limit
staff: more than 500,000 values
control: none: only memory of its own
"""

# %% double
def double(x):
    return [None] * 10**6
