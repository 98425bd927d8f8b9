"""Loops in the destructor of what it returned, after the answer was given.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
class Endless:
    def __del__(self):
        while True:
            pass


def double(x):
    Endless()
    return 2 * x
