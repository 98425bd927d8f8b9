"""Writes outside its folder: into the course, the home folder, the libraries, the system, the temporary folders.

double: failed
staff: the place `/usr/lib/python3/dist-packages`
control: unlocked
"""

# %% double
import os
import site

import numpy


def double(x):
    return x


folders = [
    "@COURSE@",
    "@COURSE@/tests/hidden/L98",
    "@COURSE@/submitted/bea/L98",
    os.path.expanduser("~root"),
    "/root",
    site.getsitepackages()[0],
    os.path.dirname(numpy.__file__),
    "/usr/lib/python3/dist-packages",
    "/etc",
    "/var/spool/cron",
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/run",
    "..",
    "/proc/self/cwd/..",
]
open("mine", "w").close()
for folder in folders:
    for name in ("left-behind.pth", "left-behind-folder", "left-behind-moved", "left-behind-link"):
        path = f"{folder}/{name}"
        try:
            if name.endswith("pth"):
                open(path, "x").close()
            elif name.endswith("folder"):
                os.mkdir(path)
            elif name.endswith("moved"):
                os.rename("mine", path)
            else:
                os.link("mine", path)
        except OSError as error:
            last = error
            continue
        print("REACHED", path)
        if name.endswith("folder"):
            os.rmdir(path)
        elif name.endswith("moved"):
            os.rename(path, "mine")
        else:
            os.unlink(path)
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))
        print("REACHED: a file without a name in", folder)
    except OSError as error:
        last = error
print(last)
