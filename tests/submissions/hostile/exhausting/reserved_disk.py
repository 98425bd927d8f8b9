"""Reserves a gigabyte of disk in one call that writes nothing: past the limit of a file, and before anybody counts.

double: failed
staff: Operation not supported
control: unlocked
"""

# %% double
import ctypes
import os

KEEP_SIZE = 1
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]

with open("reserved", "wb") as file:
    if libc.fallocate(file.fileno(), KEEP_SIZE, 0, 2**30) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    print("REACHED" if os.stat("reserved").st_blocks > 2**20 else "")
    file.truncate(0)
os.unlink("reserved")


def double(x):
    return 2 * x
