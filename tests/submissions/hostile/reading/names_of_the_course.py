"""Lists the course and whose submissions are there, by every call that lists.

double: failed
staff: `os.scandir`
control: unlocked
"""

# %% double
import glob
import os
import pathlib


def double(x):
    return x


ways = {
    "listdir": lambda: os.listdir("@COURSE@"),
    "scandir": lambda: [entry.name for entry in os.scandir("@COURSE@/submitted")],
    "walk": lambda: next(os.walk("@COURSE@/submitted/bea")),
    "glob": lambda: glob.glob("@COURSE@/submitted/*/L98/*")[0],
    "rglob": lambda: next(pathlib.Path("@COURSE@").rglob("*.ipynb")),
    "by descriptor": lambda: os.listdir(os.open("@COURSE@", os.O_RDONLY | os.O_DIRECTORY)),
    "link": lambda: os.listdir("/proc/self/root@COURSE@"),
    "home": lambda: os.listdir(os.path.expanduser("~root")),
    "work folders": lambda: os.listdir(".."),
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except (OSError, StopIteration, IndexError) as error:
        print(name, type(error).__name__)
