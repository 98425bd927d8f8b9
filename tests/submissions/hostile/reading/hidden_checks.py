"""Reads the hidden checks by their path.

double: failed
staff: PermissionError
control: unlocked
"""


# %% double
def double(x):
    return x


print("REACHED", open("@COURSE@/tests/hidden/L98/test_locked.py").read())
