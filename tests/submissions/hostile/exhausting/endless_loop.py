"""Loops for ever when it is called.

double: timeout
staff: of double)
control: none: it would never end
"""


# %% double
def double(x):
    while True:
        pass
