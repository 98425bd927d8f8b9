"""Reads the mistakes the checks know, and the solutions.

double: failed
staff: PermissionError
control: unlocked
"""

# %% double
from pathlib import Path


def double(x):
    return x


refusal = None
for place in ("tests/hidden/L98/mistakes.py", "tests/hidden/L98/alternatives.py", "solutions/L98/locked.py"):
    try:
        print("REACHED", Path("@COURSE@", place).read_text())
    except OSError as error:
        refusal = error
if refusal:
    raise refusal
