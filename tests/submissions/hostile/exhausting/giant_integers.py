"""Raises, prints and reads integers of millions of digits.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import sys


def double(x):
    sys.set_int_max_str_digits(0)
    return int(str(7 ** (10**7))) * x
