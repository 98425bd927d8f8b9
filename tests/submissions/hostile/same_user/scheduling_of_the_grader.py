"""Slows the grader and the parent: priority, processors, scheduler and disk priority (all set to what they are).

double: failed
staff: `os.setpriority`
control: unlocked
"""

# %% double
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
mask = (ctypes.c_ulong * 16)()


def double(x):
    return x


def call(*args):
    ctypes.set_errno(0)
    if libc.syscall(*args) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def sched_setattr(process):
    attributes = ctypes.create_string_buffer(56)
    call(315, process, attributes, 56, 0)
    call(314, process, attributes, 0)


for process in (os.getppid(), @REFEREE@):
    ways = {
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, process, os.getpriority(os.PRIO_PROCESS, process)),
        "priority of its group": lambda: os.setpriority(os.PRIO_PGRP, os.getpgid(process), 0),
        "priority of a user": lambda: os.setpriority(os.PRIO_USER, os.getuid(), 0),
        "processors": lambda: os.sched_setaffinity(process, os.sched_getaffinity(process)),
        "scheduler": lambda: os.sched_setscheduler(process, os.SCHED_OTHER, os.sched_param(0)),
        "parameters": lambda: os.sched_setparam(process, os.sched_param(0)),
        "attributes": lambda: sched_setattr(process),
        "disk": lambda: call(251, 1, process, 0x4004),
        "core": lambda: call(157, 62, 2, process, 0, 0),  # prctl, PR_SCHED_CORE, share to
        "groups": lambda: open(f"/proc/{process}/autogroup", "r+").close(),
    }
    for name, way in ways.items():
        try:
            way()
            print("REACHED", name)
        except OSError as error:
            print(name, error)
