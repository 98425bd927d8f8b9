"""Makes a program that runs as its owner, and gives it to root.

double: failed
staff: `os.chmod`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


open("program", "w").close()
before = os.stat("program")
os.chmod("program", 0o6755)
os.fchmod(os.open("program", os.O_RDONLY), 0o6755)
libc.syscall(452, -100, b"program", 0o6755, 0)  # fchmodat2
os.chown("program", 0, 0) if before.st_uid else None
after = os.stat("program")
if (after.st_mode, after.st_uid) != (before.st_mode, before.st_uid):
    print("REACHED", oct(after.st_mode), after.st_uid)
try:
    libc.setxattr(b"program", b"security.capability", bytes(20), 20, 0) == 0 and print("REACHED capabilities")
finally:
    os.unlink("program")
print(oct(after.st_mode), os.strerror(ctypes.get_errno()))
