"""Makes processes: fork, clone, clone3, a terminal's, multiprocessing's and a pool's.

double: failed
staff: `os.fork`
control: unlocked
"""

# %% double
import ctypes
import multiprocessing
import os
import pty
from concurrent.futures import ProcessPoolExecutor

libc = ctypes.CDLL(None, use_errno=True)
SIGCHLD, CLONE, ALSO_CLONES = 17, 56, 0x40000000


def double(x):
    return x


def end_child(pid):
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, ALSO_CLONES)
    return pid


def clone(flags):
    pid = libc.syscall(CLONE, flags, 0, 0, 0, 0)
    if pid < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return end_child(pid)


def clone3():
    arguments = (ctypes.c_uint64 * 8)(0, 0, 0, 0, SIGCHLD, 0, 0, 0)
    pid = libc.syscall(435, arguments, 64)
    if pid < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return end_child(pid)


def started(method):
    process = multiprocessing.get_context(method).Process(target=len, args=("",))
    process.start()
    process.join(10)
    return process


def pool():
    with ProcessPoolExecutor(1) as workers:
        return workers.submit(len, "").result(10)


ways = {
    "fork": lambda: end_child(os.fork()),
    "forkpty": lambda: end_child(pty.fork()[0]),
    "clone": lambda: clone(SIGCHLD),
    "clone without a signal": lambda: clone(0),
    "clone3": clone3,
    "multiprocessing": lambda: started("fork"),
    "forkserver": lambda: started("forkserver"),
    "pool": pool,
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except OSError as error:
        print(name, error)
