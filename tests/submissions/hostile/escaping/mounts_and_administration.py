"""Asks for what only an administrator may: mounts, another root, the clock, the name, swap, restart.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
CALLS = {  # without arguments that mean something: nothing happens where nothing is denied
    "mount": (165, None, None, None, 0, None),
    "umount2": (166, None, 0),
    "pivot_root": (155, None, None),
    "chroot": (161, None),
    "open_tree": (428, -1, None, 0),
    "move_mount": (429, -1, None, -1, None, 0),
    "fsopen": (430, None, 0),
    "fsconfig": (431, -1, 0, None, None, 0),
    "fsmount": (432, -1, 0, 0),
    "fspick": (433, -1, None, 0),
    "mount_setattr": (442, -1, None, 0, None, 0),
    "unshare": (272, 0),
    "setns": (308, -1, 0),
    "reboot": (169, 0, 0, 0, None),
    "swapon": (167, None, 0),
    "swapoff": (168, None),
    "settimeofday": (164, None, None),
    "clock_settime": (227, 0, None),
    "adjtimex": (159, None),
    "clock_adjtime": (305, 0, None),
    "sethostname": (170, None, -1),
    "setdomainname": (171, None, -1),
    "setsid": (112,),
    "setpgid": (109, 0, -1),
}


def double(x):
    return x


for name, (number, *args) in CALLS.items():
    ctypes.set_errno(0)
    result = libc.syscall(number, *args)
    if result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        print("REACHED", name, result, os.strerror(ctypes.get_errno()))
print(os.strerror(ctypes.get_errno()))
