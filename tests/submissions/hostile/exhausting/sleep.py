"""Sleeps for ever, and uses no processor time at all.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
import time


def double(x):
    time.sleep(10**6)
