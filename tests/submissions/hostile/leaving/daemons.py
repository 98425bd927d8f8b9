"""Starts a daemon in a session of its own, by forking twice, and leaves threads behind.

double: failed
staff: Operation not permitted
control: unlocked
"""

# %% double
import os
import threading
import time

threading.Thread(target=time.sleep, args=(30,)).start()
threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(30)
    os._exit(0)
print("REACHED")


def double(x):
    return 2 * x
