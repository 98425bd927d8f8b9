"""Executes texts that hold the forbidden names.

double: forbidden
mean: forbidden
staff: `exec`; no exercise needs that
control: naive
"""


# %% double
def double(x):
    return eval("__import__('numpy').add(x, x)")


# %% mean
def mean(x):
    names = {"x": x}
    exec("import numpy\nresult = float(numpy.mean(x))", names)
    return names["result"]
