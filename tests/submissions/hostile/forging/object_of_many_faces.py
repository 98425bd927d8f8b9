"""Returns an object that claims to be an array, to unpickle as one, and to have every attribute.

double: failed
staff: expected plain data (numbers, arrays, lists, ...)
control: none: nothing that is compared ever touches it, a naive grader copies plain data as well
"""

# %% double
import numpy as np


class Right:
    __class__ = np.ndarray
    __array_priority__ = 1e9
    dtype, shape, size, ndim = np.dtype(float), (5,), 5, 1

    def __reduce__(self):
        return np.ones, (5,)

    def __getattr__(self, name):
        return lambda *args, **kwargs: True

    def __eq__(self, other):
        return True

    def __array_function__(self, *args, **kwargs):
        return True


def double(x):
    return Right()
