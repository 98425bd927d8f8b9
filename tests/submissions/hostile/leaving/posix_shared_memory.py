"""Makes shared memory by name, by memfd and by torch, and a message queue.

staff: refused something
control: unlocked
"""

# %% double
import ctypes
import os
from multiprocessing import shared_memory

import torch


def double(x):
    return 2 * x


def torch_shares():
    torch.ones(4).share_memory_()


def queue():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mq_open(b"/left-behind", 0o102, 0o600, None) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    libc.mq_unlink(b"/left-behind")


def by_name():
    shared_memory.SharedMemory("left-behind", create=True, size=4096).unlink()


refused = None
for make in (by_name, queue, torch_shares, lambda: os.memfd_create("left-behind")):
    try:
        make()
        print("REACHED")
    except (OSError, RuntimeError) as error:
        refused = error
if refused:
    raise refused
