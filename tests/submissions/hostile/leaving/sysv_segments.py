"""Makes shared memory, semaphores and message queues of System V, which outlive their maker.

double: failed
staff: Operation not permitted
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
made = [
    libc.shmget(0x4C454654, 2**20, 0o1666),
    libc.semget(0x4C454654, 1, 0o1666),
    libc.msgget(0x4C454654, 0o1666),
]
if max(made) >= 0:
    print("REACHED")
    libc.shmctl(made[0], 0, None)
    libc.semctl(made[1], 0, 0)
    libc.msgctl(made[2], 0, None)
if max(made) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def double(x):
    return 2 * x
