"""Leaves its process group and session, so that nobody's signal to the group finds it.

staff: `double`, line 8: `os.setpgid`
control: none: it leads a session and a group of its own already
"""

# %% double
import os


def double(x):
    return 2 * x


for leave in (os.setsid, lambda: os.setpgid(0, 0), lambda: os.setpgid(0, os.getppid())):
    try:
        leave()
        print("REACHED")
    except PermissionError:
        pass
