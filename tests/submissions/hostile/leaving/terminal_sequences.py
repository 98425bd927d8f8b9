"""Puts escape sequences and changes of direction into messages, names and outputs, to rewrite what staff see.

double: failed
mean: failed
staff: Cleared
control: none: it is text
"""

# %% double
print("\x1b[2J\x1b[H\x1b]0;title\x07 \x9b31m \u202e out")


def double(x):
    raise type("Cleared\x1b[2J", (Exception,), {})("\x1b[1A\x1b[2K\reve 100 100 100 passed \u202e\u2066\x00\x9b1A")


# %% mean
def mean(x):
    raise ValueError("\r\x1b]8;;http://attack.example\x07 100 \x1b]8;;\x07\x08\x08\x7f\u2028end")
