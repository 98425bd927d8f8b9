"""Waits for a lock that it holds itself.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import threading

lock = threading.Lock()


def double(x):
    with lock, lock:
        return 2 * x
