"""Brings another student's notebook into its own folder: by a symbolic link, hard links, and links of an open file.

double: failed
staff: `os.symlink`
control: unlocked
"""

# %% double
import ctypes
import os

THEIRS = "@COURSE@/submitted/bea/L98/98_Locked.ipynb"
AT_FDCWD, AT_EMPTY_PATH, AT_SYMLINK_FOLLOW = -100, 0x1000, 0x400
libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


def linkat(descriptor, path, flag):
    if libc.linkat(descriptor, path, AT_FDCWD, b"mine", flag) != 0:
        raise OSError(ctypes.get_errno(), "linkat")


opened = os.open(THEIRS, os.O_PATH)
ways = {
    "symlink": lambda: os.symlink(THEIRS, "mine"),
    "symlink to its folder": lambda: os.symlink(os.path.dirname(THEIRS), "folder"),
    "link": lambda: os.link(THEIRS, "mine"),
    "linkat of a descriptor": lambda: linkat(opened, b"", AT_EMPTY_PATH),
    "linkat of its number": lambda: linkat(AT_FDCWD, f"/proc/self/fd/{opened}".encode(), AT_SYMLINK_FOLLOW),
}
for name, way in ways.items():
    try:
        way()
        print("REACHED by", name, open("mine" if os.path.exists("mine") else "folder/98_Locked.ipynb").read())
    except OSError as error:
        print(name, error.strerror)
    for made in ("mine", "folder"):
        if os.path.lexists(made):
            os.unlink(made)
