"""Uses open files it may have inherited, and takes those of its parent by pidfd_getfd.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


for number in range(5, 4096):
    try:
        os.fstat(number)
        print("REACHED", number, os.readlink(f"/proc/self/fd/{number}"))
    except OSError:
        pass
for process in (os.getppid(), @REFEREE@):
    handle = libc.syscall(434, process, 0)  # pidfd_open
    for number in range(8):
        if libc.syscall(438, handle, number, 0) >= 0:  # pidfd_getfd
            print("REACHED descriptor", number, "of", process)
print(os.strerror(ctypes.get_errno()))
