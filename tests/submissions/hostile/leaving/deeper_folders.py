"""Nests 3,000 folders into each other, so that no path reaches the innermost, and stays in there.

double: limit
staff: nested more than 32 deep
control: none: its own folder, which is removed
"""

# %% double
import os
import time


def double(x):
    for _ in range(3000):
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    time.sleep(100)
