"""Begins messages with what a spreadsheet computes, after every sign that may end a field.

double: failed
mean: failed
staff: has no attribute
control: none: it is text
"""

# %% double
import operator

double = operator.methodcaller("\r=HYPERLINK(A1)&")


# %% mean
def mean(x):
    raise ValueError('x;=cmd|x!A0\t=1+1,"=2+2"\r\n@SUM(A1)')
