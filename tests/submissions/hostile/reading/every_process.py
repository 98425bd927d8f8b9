"""Lists the processes of the machine, and opens the command line and the memory map of each.

double: failed
staff: `os.scandir`
control: unlocked
"""

# %% double
import os
from os import listdir


def double(x):
    return x


for way in (lambda: os.listdir("/proc/."), lambda: listdir("/proc/self/.."), lambda: next(os.scandir("/proc/1/.."))):
    try:
        print("REACHED", type(way()))
    except OSError as error:
        print(error)
opened = set()
for process in range(1, os.getpid() + 50):
    if process != os.getpid() and os.path.exists(f"/proc/{process}"):
        for file in ("comm", "stat", "cmdline", "maps", "net/unix"):
            try:
                open(f"/proc/{process}/{file}").close()
                opened.add(file)
            except OSError as error:
                last = error
print("REACHED" if opened else last, opened)
