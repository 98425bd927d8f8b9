"""Has libraries read the course's secret: NumPy, torch, matplotlib, importlib, linecache, the C library.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import importlib.machinery
import linecache
import mmap

import matplotlib.pyplot as plt
import numpy as np
import torch

SECRET = "@COURSE@/.autograder/secret"
libc = ctypes.CDLL(None, use_errno=True)
libc.fopen.restype = ctypes.c_void_p


def double(x):
    return x


def of_c():
    into, file = ctypes.create_string_buffer(100), libc.fopen(SECRET.encode(), b"r")
    if not file:
        raise OSError(ctypes.get_errno(), "fopen")
    libc.fread(into, 1, 99, ctypes.c_void_p(file))
    return into.value


def mapped():
    with open(SECRET) as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)[:]


def of_matplotlib():
    try:
        return plt.imread(SECRET)
    except (OSError, SyntaxError) as error:
        if isinstance(error, PermissionError):
            raise
        return "it was opened, and is no picture"


ways = {
    "fromfile": lambda: np.fromfile(SECRET, dtype="S1").tobytes(),
    "memmap": lambda: np.memmap(SECRET, dtype="S1", mode="r").tobytes(),
    "loadtxt": lambda: np.loadtxt(SECRET, dtype=str),
    "genfromtxt": lambda: np.genfromtxt(SECRET, dtype=str),
    "torch": lambda: bytes(torch.from_file(SECRET, size=20, dtype=torch.uint8).tolist()),
    "storage": lambda: bytes(torch.UntypedStorage.from_file(SECRET, False, 20)),
    "imread": of_matplotlib,
    "loader": lambda: importlib.machinery.SourceFileLoader("x", SECRET).get_data(SECRET),
    "linecache": lambda: linecache.getline(SECRET, 1) or 1 / 0,
    "C": of_c,
    "mmap": mapped,
}
for name, way in ways.items():
    try:
        print("REACHED through", name, way())
    except Exception as error:
        print(name, type(error).__name__, error)
