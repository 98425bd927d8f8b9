"""Makes namespaces, in which it would be root: unshare, raw clone and clone3 with each flag, and setns.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
SIGCHLD, THREAD = 17, 0x00010D00  # CLONE_THREAD and what goes with it
FLAGS = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "process": 0x20000000,
    "network": 0x40000000,
    "IPC": 0x08000000,
    "name": 0x04000000,
    "cgroup": 0x02000000,
}
LOCKED = "NoNewPrivs:\t1" in open("/proc/self/status").read()


def double(x):
    return x


def tried(result):
    """End the child if this is one; whether it was made."""
    if result == 0:
        os._exit(0)
    if result > 0:
        os.waitpid(result, 0)
    return result > 0


for name, flag in FLAGS.items():
    if tried(libc.syscall(56, flag | SIGCHLD, 0, 0, 0, 0)):
        print("REACHED by clone:", name)
    if tried(libc.syscall(56, flag | SIGCHLD | 1 << 40, 0, 0, 0, 0)):
        print("REACHED by clone with a higher bit:", name)
    if tried(libc.syscall(435, (ctypes.c_uint64 * 8)(flag, 0, 0, 0, SIGCHLD, 0, 0, 0), 64)):
        print("REACHED by clone3:", name)
    if LOCKED and libc.syscall(56, flag | THREAD, 0, 0, 0, 0) >= 0:  # one that is made crashes here
        print("REACHED by a thread:", name)
for way in (lambda: libc.unshare(0x04000000), lambda: libc.setns(os.open("/proc/self/ns/uts", os.O_RDONLY), 0)):
    if way() == 0:
        print("REACHED by unshare or setns")
print(os.strerror(ctypes.get_errno()))
