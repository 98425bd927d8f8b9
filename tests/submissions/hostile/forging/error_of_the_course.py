"""Raises an error that is named as the worker names a fault of the check's author, so that there is no mark to fail.

double: failed
staff: Exception: a fault of the course
control: none: such an answer earns nothing anywhere, here it might have had its mark withheld
"""


# %% double
def double(x):
    raise type("AuthorError:KeyError", (Exception,), {})("a fault of the course")
