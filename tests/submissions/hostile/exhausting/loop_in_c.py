"""Sums numbers inside C, where no signal handler of Python runs.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
def double(x):
    return x * sum(range(10**12))
