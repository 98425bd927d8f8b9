"""Tells, in the message of an error, the solution's answer to the exercise that it is judged beside.

double: failed
Line: failed
staff: judged beside
control: none: a naive grader holds no solutions in the student's process
"""


# %% double
def double(x):
    return x


# %% Line
import inspect


class Line:
    def __init__(self):
        source = inspect.getsource(double)
        raise ValueError("judged " + f"beside {source}")
