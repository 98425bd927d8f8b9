"""Listens at an abstract address, which lies in no folder.

staff: Operation not permitted
control: unlocked
"""

# %% double
import socket


def double(x):
    return 2 * x


with socket.socket(socket.AF_UNIX) as listening:
    listening.bind("\0left-behind")
    listening.listen()
    print("REACHED")
