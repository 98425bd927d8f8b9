"""Reads the referee's next request itself, which never comes while it is waited for.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
import os


def double(x):
    return os.read(3, 100)
