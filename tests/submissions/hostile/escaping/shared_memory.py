"""Makes memory that outlives it or lies beside its limit: System V, POSIX, message queues, memfd, keyrings.

double: failed
staff: `multiprocessing`
control: unlocked
"""

# %% double
import ctypes
import os
from multiprocessing import shared_memory

libc = ctypes.CDLL(None, use_errno=True)
KEY, MAKE, REMOVE = 0x4C454654, 0o1600, 0
PROCESS_KEYRING, USER = -2, b"user"


def double(x):
    return x


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def segment():
    libc.shmctl(checked(libc.shmget(KEY, 4096, MAKE)), REMOVE, None)


def semaphores():
    libc.semctl(checked(libc.semget(KEY, 1, MAKE)), 0, REMOVE)


def messages():
    libc.msgctl(checked(libc.msgget(KEY, MAKE)), REMOVE, None)


def posix():
    memory = shared_memory.SharedMemory("left-behind-memory", create=True, size=4096)
    memory.close()
    memory.unlink()


def queue():
    libc.mq_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
    checked(libc.mq_open(b"/left-behind-queue", os.O_CREAT | os.O_RDWR, 0o600, None))
    libc.mq_unlink(b"/left-behind-queue")


ways = {
    "segment": segment,
    "semaphores": semaphores,
    "messages": messages,
    "posix": posix,
    "queue": queue,
    "memfd": lambda: os.memfd_create("left-behind"),
    "secret memory": lambda: checked(libc.syscall(447, 0)),
    "key": lambda: checked(libc.syscall(248, USER, b"left-behind", b"x", 1, PROCESS_KEYRING)),
    "keyring": lambda: checked(libc.syscall(250, 0, PROCESS_KEYRING, 1)),
    "request": lambda: checked(libc.syscall(249, USER, b"left-behind", None, PROCESS_KEYRING)),
}
for name, way in ways.items():
    try:
        print("REACHED", name, way())
    except (OSError, ImportError) as error:
        print(name, error)
