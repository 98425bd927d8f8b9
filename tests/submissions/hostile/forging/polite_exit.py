"""Says its marks and leaves with sys.exit(0) while its cell is executed, as if all had been graded.

double: failed
staff: SystemExit
control: naive
"""

# %% double
import os
import sys


def double(x):
    return x


os.write(1, b"\n100.0\n")
sys.exit(0)
