"""Raises an exception whose message never comes.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
class Endless(Exception):
    def __str__(self):
        while True:
            pass

    __repr__ = __str__


def double(x):
    raise Endless
