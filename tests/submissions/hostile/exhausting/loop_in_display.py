"""Displays an object whose picture never comes, in the answer's own cell.

double: timeout
staff: of double)
control: none: it would never end
"""

# %% double
def double(x):
    return 2 * x


class Endless:
    def __repr__(self):
        while True:
            pass

    _repr_png_ = _repr_html_ = __repr__


Endless()
