"""Ends the main thread and leaves another one running, so that the process is neither dead nor alive.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import ctypes
import threading
import time


def double(x):
    threading.Thread(target=time.sleep, args=(1000,)).start()
    ctypes.CDLL(None).pthread_exit(None)
