"""Crashes so that the machine's handler of core dumps (apport, systemd-coredump) is given all its memory, to keep.

double: failed
staff: `resource`
control: unlocked
"""

# %% double
import ctypes
import resource

libc = ctypes.CDLL(None)
PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4


def double(x):
    return x


libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
try:
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
except (OSError, ValueError) as error:
    print(error)
# core(5): "the RLIMIT_CORE limit is not enforced for core dumps that are piped to a program"; only the limit 1 is
limit = resource.getrlimit(resource.RLIMIT_CORE)[0]
if libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 and limit != 1:
    print("REACHED: where core_pattern is a program, a crash starts it with this process")
