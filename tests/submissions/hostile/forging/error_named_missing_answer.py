"""Raises errors that are named as what the grader itself raises: a refused answer, a missing one.

double: missing
mean: failed
staff: "status": "missing"
control: none: a name earns nothing anywhere
"""


# %% double
def double(x):
    raise type("MissingAnswer", (Exception,), {})("passed")


# %% mean
def mean(x):
    raise type("CheckFailure", (AssertionError,), {"message": "", "cause": "", "status": "passed"})("passed")
