"""Changes the mode, the owner, the times and the attributes of the gradebook, by every call that does.

double: failed
staff: `os.chmod`
control: unlocked
"""

# %% double
import ctypes
import os

BOOK = "@COURSE@/gradebook.db"
libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


def state():
    found = os.stat(BOOK)
    return found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, found.st_size


before, changed = state(), os.stat(BOOK).st_ctime_ns
opened = os.open(BOOK, os.O_PATH)
number = f"/proc/self/fd/{opened}"
ways = {
    "chmod": lambda: os.chmod(BOOK, 0o400),
    "chmod of its number": lambda: os.chmod(number, 0o400),
    "fchmodat2": lambda: libc.syscall(452, -100, BOOK.encode(), 0o400, 0),
    "fchmodat2 of a descriptor": lambda: libc.syscall(452, opened, b"", 0o400, 0x1000),
    "chown": lambda: os.chown(BOOK, 1, 1),
    "chown of its number": lambda: os.chown(number, 1, 1),
    "chown of a descriptor": lambda: libc.fchownat(opened, b"", 1, 1, 0x1000),
    "lchown": lambda: os.lchown(BOOK, 1, 1),
    "utime": lambda: os.utime(BOOK, (0, 0)),
    "utime of its number": lambda: os.utime(number, (0, 0)),
    "utimes": lambda: libc.utimes(BOOK.encode(), None),
    "old utime": lambda: libc.syscall(132, BOOK.encode(), None),
    "futimesat": lambda: libc.syscall(261, -100, BOOK.encode(), None),
    "attribute": lambda: os.setxattr(BOOK, "user.left-behind", b"1"),
    "attribute of its number": lambda: os.setxattr(number, "user.left-behind", b"1"),
    "setxattrat": lambda: libc.syscall(463, -100, BOOK.encode(), 0, b"user.left-behind", None, 0),
    "file_setattr": lambda: libc.syscall(469, -100, BOOK.encode(), None, 0, 0),
}
for name, way in ways.items():
    try:
        way()
    except OSError as error:
        print(name, error.strerror)
    now = os.stat(BOOK)
    if state() != before or now.st_ctime_ns != changed or os.listxattr(BOOK):
        print("REACHED by", name)
        os.chmod(BOOK, before[0] & 0o7777)
        os.chown(BOOK, *before[1:3])
        os.utime(BOOK, ns=(before[3], before[3]))
        for attribute in os.listxattr(BOOK):
            os.removexattr(BOOK, attribute)
        changed = os.stat(BOOK).st_ctime_ns
