"""Opens the gradebook by every way a path can take: O_PATH and /proc/self/fd, the root link, openat2, a copy in the kernel.

double: failed
staff: the place `/proc/self/fd/`
control: unlocked
"""

# %% double
import ctypes
import os
import shutil

BOOK = "@COURSE@/gradebook.db"
libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


def by_handle():
    handle = os.open(BOOK, os.O_PATH)
    return open(f"/proc/self/fd/{handle}").read()


def by_folder():
    folder = os.open("@COURSE@", os.O_PATH)
    return os.read(os.open("gradebook.db", os.O_RDONLY, dir_fd=folder), 100)


def by_changing_folder():
    here = os.getcwd()
    os.chdir("@COURSE@")
    try:
        return open("gradebook.db").read()
    finally:
        os.chdir(here)


def by_openat2():
    how = (ctypes.c_uint64 * 3)(os.O_RDONLY, 0, 0)
    number = libc.syscall(437, -100, BOOK.encode(), how, 24)
    if number < 0:
        raise OSError(ctypes.get_errno(), "openat2")
    return os.read(number, 100)


ways = {
    "root": lambda: open(f"/proc/self/root{BOOK}").read(),
    "root of the thread": lambda: open(f"/proc/thread-self/root{BOOK}").read(),
    "dots": lambda: open(os.path.relpath(BOOK)).read(),
    "cwd": lambda: open("/proc/self/cwd/" + os.path.relpath(BOOK)).read(),
    "no access time": lambda: os.read(os.open(BOOK, os.O_RDONLY | os.O_NOATIME), 100),
    "O_PATH": by_handle,
    "a folder": by_folder,
    "chdir": by_changing_folder,
    "openat2": by_openat2,
    "copy": lambda: open(shutil.copy(BOOK, "copied")).read(),
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except OSError as error:
        print(name, error.strerror)
