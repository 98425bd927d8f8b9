"""Raises an error that is named as a fault of the course while its cell is executed, before it defines anything.

double: failed
staff: AuthorError:KeyError: the check is broken
control: none: such an answer earns nothing anywhere, here it might have its mark withheld
"""

# %% double
raise type("AuthorError:KeyError", (Exception,), {})("the check is broken")


def double(x):
    return x
