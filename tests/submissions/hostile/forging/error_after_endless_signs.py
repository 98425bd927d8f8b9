"""Adds arrays that do not fit, after four hundred minus signs: an expression too deep to be written again.

double: failed
staff: operands could not be broadcast together with shapes (5,) (4,)
control: none: it would only end whoever explains it
"""


# %% double
def double(x):
    return (
        ----------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------x
        + [1, 2, 3, 4]
    )
