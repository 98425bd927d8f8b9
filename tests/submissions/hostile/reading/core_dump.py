"""Wants a core dump that shows more: raises the limit, and changes what a dump holds.

double: failed
staff: `resource`
control: unlocked
"""

# %% double
import os
import resource


def double(x):
    return x


def raise_limit():
    resource.setrlimit(resource.RLIMIT_CORE, (2**20, 2**20))


def raise_by_prlimit():
    resource.prlimit(0, resource.RLIMIT_CORE, (2**20, 2**20))


def dump_everything():
    with open("/proc/self/coredump_filter", "w") as file:
        file.write("0x7f")


def see_handler():
    print(open("/proc/sys/kernel/core_pattern").read())


for way in (raise_limit, raise_by_prlimit, dump_everything, see_handler):
    try:
        way()
        print("REACHED", way.__name__)
    except (OSError, ValueError) as error:
        print(way.__name__, error)
