"""Spoils its argument, and lets the worker hand back another one as the argument after the call.

double: failed
staff: `sys.modules`; no exercise needs that
control: naive
"""

# %% double
import sys

import numpy as np


def double(x):
    kept = x.copy()
    x[:] = 0
    if "autograder.student_process" in sys.modules:
        sys.modules["autograder.student_process"].codec = Restoring(kept)
    frame = sys._getframe()
    while frame:
        if frame.f_code.co_name.startswith("test_"):
            frame.f_globals["assert_unchanged"] = lambda *args, **kwargs: None
            frame.f_locals.get("x", x)[:] = 0
        frame = frame.f_back
    return np.zeros(len(x))


class Restoring:
    def __init__(self, kept):
        self.kept = kept

    def __getattr__(self, name):
        return getattr(sys.modules["autograder.codec"], name)

    def encode(self, value):
        if isinstance(value, list) and value[0] == "returned" and value[2]:
            value = ["returned", value[1], [(self.kept,), {}]]
        return sys.modules["autograder.codec"].encode(value)
