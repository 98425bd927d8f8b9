"""Writes files and links wherever others might look or start programs.

staff: the lock-down refused something
control: unlocked
"""

# %% double
import os
import pathlib
import site
import sys


def double(x):
    return 2 * x


folders = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/etc", "@COURSE@", "@COURSE@/reports", "/root", "/dev/mqueue", ".."]
folders += [*site.getsitepackages(), pathlib.Path(sys.prefix), pathlib.Path(os.__file__).parent, "/proc/self/fd"]
refused = None
for folder in folders:
    name = f"{folder}/left-behind-{os.getpid()}.pth"
    for make in (lambda: open(name, "w"), lambda: os.mkdir(name), lambda: os.symlink("/", name), lambda: os.mkfifo(name)):
        try:
            made = make()
            print("REACHED")
            os.rmdir(name) if os.path.isdir(name) and not os.path.islink(name) else os.unlink(name)
        except PermissionError as error:
            refused = error
        except OSError:
            pass
if refused:
    raise refused
