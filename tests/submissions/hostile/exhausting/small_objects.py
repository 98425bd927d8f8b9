"""Makes small objects until memory is full, and then more of them while that exception passes.

double: memory
staff: more memory was asked for than is allowed
control: none: it could fill the machine's memory
"""

# %% double
from itertools import repeat


def double(x):
    kept = []
    try:
        while True:
            kept.extend(map(bytes, repeat(2000, 1000)))
    finally:
        kept = [kept, kept * 2]
