"""Writes other bytecode for a library and a start-up file, for whoever imports it next.

staff: the lock-down refused something
control: none: it would change the libraries of the machine that tests it
"""

# %% double
import importlib.util
import json.tool
import pathlib
import site


def double(x):
    return 2 * x


cached = pathlib.Path(importlib.util.cache_from_source(json.tool.__file__))
for path in (cached, pathlib.Path(json.tool.__file__), pathlib.Path(site.getsitepackages()[0], "left-behind.pth")):
    try:
        path.open("ab").close()
        print("REACHED")
    except PermissionError as error:
        refused = error
raise refused
