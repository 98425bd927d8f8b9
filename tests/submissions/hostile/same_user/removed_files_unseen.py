"""Fills the disk with removed files, after making its open files invisible for a parent of the same user (not dumpable).

double: limit
staff: wrote more than 40 MB to disk
control: none: the parent watches the disk without a lock-down as well
"""

# %% double
import ctypes
import os
import time

PR_SET_DUMPABLE = 4


def double(x):
    return x


ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
files = []
for number in range(6):
    files.append(open(f"left-behind-{number}", "wb"))
    os.unlink(f"left-behind-{number}")
    files[-1].write(bytes(30 * 2**20))
    files[-1].flush()
time.sleep(0.5)
print("REACHED: 180 MB, and nobody noticed")
