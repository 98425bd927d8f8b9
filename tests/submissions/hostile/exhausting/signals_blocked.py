"""Blocks and ignores all signals, then loops.

double: timeout
staff: time limit
control: none: it would never end
"""

# %% double
import signal


def double(x):
    for number in set(range(1, 65)) - {9, 19, 32, 33}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
    while True:
        pass
