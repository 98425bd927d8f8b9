"""Mixes a notebook's command with lines that no tokenizer can read.

double: failed
staff: unindent does not match any outer indentation level
control: none: it would only end whoever reads it
"""

# %% double
%matplotlib inline
def double(x):
        y = 2 * x
    return y
