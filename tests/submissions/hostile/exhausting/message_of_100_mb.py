"""Raises exceptions with a message, a name and a chain of 40 MB each.

double: failed
staff: aaaaaaaa
control: none: only memory of its own
"""

# %% double
def double(x):
    try:
        raise ValueError("b" * 40 * 2**20)
    except ValueError as error:
        raise type("Name", (Exception,), {})(chr(97) * 40 * 2**20) from error
