"""Sets the resource limits of its parent and of the grader (to what they are).

double: failed
staff: `resource`
control: unlocked
"""

# %% double
import ctypes
import os
import resource

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.argtypes = [ctypes.c_long] * 5


def double(x):
    return x


def raw(process):
    """The same, with more bits than a process id has."""
    old = (ctypes.c_ulong * 2)()
    if libc.syscall(302, process | 1 << 32, resource.RLIMIT_NOFILE, 0, ctypes.addressof(old)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return list(old)


for process in (os.getppid(), @REFEREE@):
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE):
        try:
            before = resource.prlimit(process, limit)
            print("REACHED", before)
            resource.prlimit(process, limit, before)
        except OSError as error:
            print(process, error)
    try:
        print("REACHED", raw(process))
    except OSError as error:
        print(process, error)
