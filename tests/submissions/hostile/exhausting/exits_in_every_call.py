"""Ends its process in every call, and by all ways it knows.

double: crashed
staff: exit code 7
control: none: only its own process
"""

# %% double
import os


def double(x):
    os._exit(7)
