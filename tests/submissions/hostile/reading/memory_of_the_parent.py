"""Opens what /proc shows of the parent and of the grader: memory, maps, files, folders, threads.

double: failed
staff: the place `/proc/
control: unlocked
"""

# %% double
import os


def double(x):
    return x


for process in (os.getppid(), @REFEREE@):
    place = "/proc/" + str(process)
    ways = {
        "mem": lambda: os.open(f"{place}/mem", os.O_RDONLY),
        "mem to write": lambda: os.open(f"{place}/mem", os.O_RDWR),
        "maps": lambda: open(f"{place}/maps").readline(),
        "pagemap": lambda: os.open(f"{place}/pagemap", os.O_RDONLY),
        "files": lambda: os.listdir(f"{place}/fd"),
        "a file": lambda: os.open(f"{place}/fd/2", os.O_RDONLY),
        "name of a file": lambda: os.readlink(f"{place}/fd/2"),
        "folder": lambda: os.readlink(f"{place}/cwd"),
        "through its root": lambda: open(f"{place}/root@COURSE@/gradebook.db").read(),
        "threads": lambda: os.listdir(f"{place}/task"),
        "memory of a thread": lambda: os.open(f"{place}/task/{process}/mem", os.O_RDONLY),
        "stack": lambda: open(f"{place}/stack").readline(),
        "children": lambda: open(f"{place}/task/{process}/children").read(),
        "namespaces": lambda: os.open(f"{place}/ns/mnt", os.O_RDONLY),
    }
    for name, way in ways.items():
        try:
            print("REACHED", name, way())
        except OSError as error:
            print(process, name, error.strerror)
