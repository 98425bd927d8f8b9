"""Ends the process in every cell but its first, so that whoever repeats the cells leaves more and more of them out.

double: failed
mean: crashed
Line: crashed
staff: the process ended itself with exit code
control: naive
"""


# %% double
def double(x):
    return x


# %% mean
import os

os.write(1, b"\n100.0\n")
os._exit(3)


# %% Line
import os

os._exit(4)
