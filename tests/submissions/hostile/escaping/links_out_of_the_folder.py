"""Writes outside through its own folder: by links, an exchange of names, and special files; leaves a whiteout there.

double: failed
staff: `os.symlink`
control: unlocked
"""

# %% double
import ctypes
import os
import stat

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, EXCHANGE, WHITEOUT = -100, 2, 4


def double(x):
    return x


def through_a_folder():
    os.symlink("@COURSE@", "course")
    open("course/left-behind-file", "x").close()
    os.unlink("course/left-behind-file")


def through_a_name():
    os.symlink("@COURSE@/gradebook.db", "book")
    return open("book", "r+")


def by_hard_link():
    os.link("@COURSE@/gradebook.db", "same")
    return open("same", "r+")


def renamed(source, target, flag):
    if libc.renameat2(AT_FDCWD, source, AT_FDCWD, target, flag) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def exchanged():
    open("mine", "w").close()
    renamed(b"mine", b"@COURSE@/.autograder/secret", EXCHANGE)
    renamed(b"mine", b"@COURSE@/.autograder/secret", EXCHANGE)


def device():
    os.mknod("disk", stat.S_IFCHR | 0o600, os.makedev(1, 1))
    return os.open("disk", os.O_RDONLY)


ways = {
    "folder": through_a_folder,
    "name": through_a_name,
    "hard link": by_hard_link,
    "exchange": exchanged,
    "device": device,
    "pipe": lambda: os.mkfifo("pipe"),
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except OSError as error:
        print(name, error.strerror)
open("gone", "w").close()
renamed(b"gone", b"elsewhere", WHITEOUT)  # a device 0, 0 of its own, which nobody can open: it must be removed
