"""Forges the outputs of its cell: an error whose name is an integer too long to print.

double: crashed
staff: it sent what is no message
control: none: nothing is locked around the referee, which shows it
"""

# %% double
from autograder import codec
from autograder.outputs import Outputs

codec.MAX_INT_BYTES = 10**6
giant = 1 << 30000


def double(x):
    return 2 * x


Outputs.finished = lambda self: [{"output_type": "error", "ename": giant, "evalue": giant, "traceback": [giant]}]
