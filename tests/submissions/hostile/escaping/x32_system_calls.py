"""Calls the kernel by the numbers of the x32 interface, which are the denied ones plus one bit.

double: crashed
staff: Bad system call (SIGSYS)
control: none: few kernels still have that interface
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


X32, GETPID, KILL = 0x40000000, 39, 62
if libc.syscall(X32 | GETPID) == os.getpid() or libc.syscall(X32 | KILL, os.getppid(), 0) == 0:
    print("REACHED")
