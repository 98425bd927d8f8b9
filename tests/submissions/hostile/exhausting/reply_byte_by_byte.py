"""Writes a reply byte by byte, always in time for the next one.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import os
import time


def double(x):
    os.write(3, b"\0\x10\0\0")
    while True:
        os.write(3, b"x")
        time.sleep(0.01)
