"""Changes what a process hands on to its children: environment, limits, locale, mask, priority, folder, name.

staff: `os.nice`
control: none: they are its own process's
"""

# %% double
import ctypes
import gc
import linecache
import locale
import os
import random
import resource
import signal
import sys
import warnings

import numpy as np
import torch


def double(x):
    return 2 * x


def quietly(change, *arguments):
    try:
        change(*arguments)
    except (OSError, ValueError, RecursionError, locale.Error):
        pass


os.environ.update({"LEFT": "left-behind", "PYTHONPATH": "/tmp", "OMP_NUM_THREADS": "64"})
for change in (
    (os.nice, 19), (os.umask, 0o777), (locale.setlocale, locale.LC_ALL, "C"), (os.chdir, "/tmp"), (gc.disable,),
    (resource.setrlimit, resource.RLIMIT_NOFILE, (8, 8)), (resource.setrlimit, resource.RLIMIT_CORE, (0, 0)),
    (signal.signal, signal.SIGTERM, signal.SIG_IGN), (ctypes.CDLL(None).prctl, 15, b"left-behind"),
    (sys.setrecursionlimit, 200), (random.seed, 1), (np.random.seed, 1), (torch.manual_seed, 1),
    (torch.set_default_dtype, torch.float16), (np.seterr, "raise"), (warnings.simplefilter, "error"),
    (torch.set_grad_enabled, False), (linecache.clearcache,), (sys.path.insert, 0, "left-behind"),
):  # fmt: skip
    quietly(*change)
sys.setrecursionlimit(1000)
