"""Becomes root again, takes capabilities and groups back, and switches the lock-down's foundations off.

double: failed
staff: `os.setuid`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
ALL = 0xFFFFFFFF


def double(x):
    return x


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def capabilities():
    fields = dict(line.split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)
    return int(fields["CapEff"], 16)


def take(caps):
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(caps, caps, caps, 0, 0, 0)
    checked(libc.capset(header, sets))


ways = {
    "setuid": lambda: os.setuid(0),
    "setreuid": lambda: os.setreuid(0, 0),
    "setresuid": lambda: os.setresuid(0, 0, 0),
    "setgid": lambda: os.setgid(0),
    "setgroups": lambda: os.setgroups([0]),
    "setfsuid": lambda: checked(libc.syscall(122, 0)),
    "setfsgid": lambda: checked(libc.syscall(123, 0)),
    "capset": lambda: take(capabilities() & ALL),
    "capset of all": lambda: take(1 << 21),
    "inherit": lambda: checked(libc.prctl(47, 2, 21, 0, 0)),  # PR_CAP_AMBIENT
    "secure bits": lambda: checked(libc.prctl(28, 0, 0, 0, 0)),
    "new privileges": lambda: checked(libc.prctl(38, 0, 0, 0, 0)),
    "no filter": lambda: checked(libc.prctl(22, 0, 0, 0, 0)),
}
for name, way in ways.items():
    try:
        way()
        print("REACHED by", name)
    except OSError as error:
        print(name, error.strerror)
if capabilities() & ~(1 << 2):
    print("REACHED capabilities", hex(capabilities()))
