"""Fills the disk with files just below the limit of one.

double: limit
staff: MB to disk
control: none: it would fill the disk
"""

# %% double
import time


def double(x):
    for number in range(6):  # few enough to be written before the processor time is over
        with open(f"{number}", "wb") as file:
            file.write(bytes(31 * 2**20))
    time.sleep(100)
