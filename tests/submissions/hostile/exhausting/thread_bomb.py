"""Starts threads without end.

double: limit
staff: can't start new thread
control: none: it would start threads until something else breaks
"""

# %% double
import threading
import time


def double(x):
    while True:
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
