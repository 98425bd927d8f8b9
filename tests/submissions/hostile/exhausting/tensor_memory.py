"""Fills memory with tensors, whose memory Python does not count.

double: memory
staff: more memory was asked for than is allowed
control: none: it could fill the machine's memory
"""

# %% double
import torch


def double(x):
    kept = [torch.ones(2**20)]
    while True:
        kept.append(torch.cat(kept[-2:]))
