"""Raises an error that reads like torch's, without the numbers that are looked for in it.

double: failed
staff: RuntimeError: Expected size for first two
control: none: it would only end whoever explains it
"""


# %% double
def double(x):
    raise RuntimeError("Expected size for first " + "two dimensions of batch2 tensor to be: [ ] but got: [ ].")
