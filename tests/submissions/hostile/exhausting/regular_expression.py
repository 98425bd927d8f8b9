"""Matches a regular expression that tries 2 to the power of 60 ways.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
import re


def double(x):
    return re.match(r"(a+)+$", "a" * 60 + "b") or x
