"""Raises an exception whose class is called by a name of 40 MB.

double: crashed
staff: an exception of the wrong form
control: none: only memory of its own
"""

# %% double
def double(x):
    raise type("N" * 40 * 2**20, (Exception,), {})("found")
