"""Imports the hidden checks as modules, runs them as scripts, and asks the engine to read the lesson.

double: failed
staff: `runpy`
control: unlocked
"""

# %% double
import importlib.util
import pathlib
import runpy
import sys

HIDDEN = "@COURSE@/tests/hidden/L98"


def double(x):
    return x


def imported():
    sys.path.insert(0, HIDDEN)
    try:
        return importlib.import_module("test_locked").CANARY
    finally:
        sys.path.remove(HIDDEN)


def by_location():
    found = importlib.util.spec_from_file_location("mistakes_of_l98", f"{HIDDEN}/mistakes.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.CANARY


def by_the_engine():
    from autograder.authored import read_lesson

    return read_lesson(pathlib.Path("@COURSE@"), "L98")


ways = {
    "import": imported,
    "location": by_location,
    "runpy": lambda: runpy.run_path(f"{HIDDEN}/test_locked.py")["CANARY"],
    "run": lambda: get_ipython().safe_execfile(f"{HIDDEN}/test_locked.py", globals()) or CANARY,
    "engine": by_the_engine,
}
for name, way in ways.items():
    try:
        print("REACHED by", name, str(way())[:300])
    except Exception as error:
        print(name, type(error).__name__, error)
