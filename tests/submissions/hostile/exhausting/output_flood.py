"""Prints without end, to the streams, to the real ones and to the descriptors.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import os
import sys

while True:
    print("out " * 1000)
    print("err " * 1000, file=sys.stderr)
    os.write(1, b"x" * 2**16)
    sys.__stdout__.write("x" * 2**16)


def double(x):
    return 2 * x
