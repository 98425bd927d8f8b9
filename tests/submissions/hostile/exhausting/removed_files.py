"""Fills the disk with files that have no name any more.

double: limit
staff: MB to disk
control: none: it would fill the disk
"""

# %% double
import os
import time


def double(x):
    kept = []
    for number in range(10):
        kept.append(open(f"{number}", "wb"))
        os.unlink(f"{number}")
        kept[-1].write(bytes(16 * 2**20))
        kept[-1].flush()
    time.sleep(100)
