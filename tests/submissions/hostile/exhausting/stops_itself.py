"""Stops its process, so that it neither runs nor ends.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import ctypes
import os
import signal


def double(x):
    try:
        os.kill(os.getpid(), signal.SIGSTOP)
    except PermissionError:
        ctypes.CDLL(None).pause()
