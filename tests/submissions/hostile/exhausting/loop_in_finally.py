"""Loops while the exception that should end it is passing, and when the process ends.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
import atexit


def forever():
    while True:
        pass


atexit.register(forever)


def double(x):
    try:
        exit()
    finally:
        forever()
