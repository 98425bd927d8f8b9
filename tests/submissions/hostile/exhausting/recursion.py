"""Calls itself without end and without a limit on it.

double: crashed
staff: (SIGSEGV)
control: none: only its own stack
"""

# %% double
import sys


def double(x):
    sys.setrecursionlimit(10**9)
    return deeper(x)


class Deeper:
    def __repr__(self):
        return repr([self])


def deeper(x):
    return repr(Deeper())
