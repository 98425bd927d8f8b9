"""Signals its parent, its group, everybody: by kill, killpg, sigqueue, tkill and a pidfd (with signal 0, which kills nobody).

double: failed
staff: `os.kill`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


def call(*args):
    if libc.syscall(*args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "done"


PARENT = os.getppid()
information = (ctypes.c_int * 32)(0, 0, -1)
for name, way in {
    "parent": lambda: os.kill(PARENT, 0),
    "everybody": lambda: os.kill(-1, 0),
    "group": lambda: os.killpg(0, 0),
    "group of the parent": lambda: os.killpg(os.getpgid(PARENT), 0),
    "thread": lambda: call(200, PARENT, 0),
    "thread of a group": lambda: call(234, PARENT, PARENT, 0),
    "queue": lambda: call(129, PARENT, 0, information),
    "queue for a thread": lambda: call(297, PARENT, PARENT, 0, information),
    "pidfd": lambda: call(434, PARENT, 0),
    "pidfd of /proc": lambda: call(424, os.open(f"/proc/{PARENT}", os.O_RDONLY | os.O_DIRECTORY), 0, None, 0),
}.items():
    try:
        print("REACHED", name, way())
    except OSError as error:
        print(name, error.strerror)
