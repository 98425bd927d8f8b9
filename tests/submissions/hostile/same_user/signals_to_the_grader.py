"""Signals the process that grades (with signal 0, which kills nobody), and waits for it.

double: failed
staff: `os.kill`
control: unlocked
"""

# %% double
import ctypes
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
GRADER = @REFEREE@


def double(x):
    return x


def call(*args):
    if libc.syscall(*args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "done"


information = (ctypes.c_int * 32)(0, 0, -1)
for name, way in {
    "kill": lambda: os.kill(GRADER, 0),
    "group": lambda: os.killpg(os.getpgid(GRADER), 0),
    "tgkill": lambda: call(234, GRADER, GRADER, 0),
    "tkill": lambda: call(200, GRADER, 0),
    "queue": lambda: call(129, GRADER, 0, information),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(GRADER), 0),
    "C": lambda: 1 / 0 if libc.kill(GRADER, 0) else "done",
    "group as a negative number": lambda: os.kill(-os.getpgid(GRADER), 0),
}.items():
    try:
        print("REACHED", name, way())
    except (OSError, ZeroDivisionError) as error:
        print(name, error)
