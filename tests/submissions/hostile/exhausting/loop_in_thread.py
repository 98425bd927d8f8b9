"""Waits for a thread that loops, with daemons that loop beside it.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import threading


def forever():
    while True:
        pass


def double(x):
    threads = [threading.Thread(target=forever, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
