"""Looks for the submission graded beside it: work folders, neighbouring processes, and what the parent remembered of them.

double: failed
staff: `gc`
control: unlocked
"""

# %% double
import gc
import os
from pathlib import Path


def double(x):
    return x


known = [thing for thing in gc.get_objects() if type(thing).__name__ in ("ForkingParent", "_Child")]
for thing in known:
    print("remembered", [name for name in vars(thing)])
base = Path.cwd().parent
ways = {
    "list": lambda: os.listdir(base),
    "walk": lambda: [entry.path for entry in os.scandir(f"/proc/self/cwd/../")],
    "write": lambda: (base / "left-behind-file").touch() or (base / "left-behind-file").unlink(),
    "folder": lambda: (base / "work-left-behind").mkdir() or (base / "work-left-behind").rmdir(),
    "libraries": lambda: (base / "torch" / "left-behind").mkdir(parents=True) or (base / "torch" / "left-behind").rmdir(),
    "replace": lambda: os.rename(Path.cwd(), base / "left-behind-work") or os.rename(base / "left-behind-work", Path.cwd()),
}
for name, way in ways.items():
    try:
        print("REACHED", name, type(way()).__name__)
    except OSError as error:
        print(name, error)
opened = []
for process in range(os.getpid() - 30, os.getpid() + 30):
    if process != os.getpid():
        for file in ("status", "cmdline", "maps", "mem", "environ", "fd/3"):
            try:
                open(f"/proc/{process}/{file}", "rb").close()
                opened.append(process)
            except OSError:
                pass
if opened:
    print("REACHED", set(opened))
