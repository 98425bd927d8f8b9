"""Replaces the optimizer by one that looks the right weights up in the frame of the check.

Line: failed
staff: replaces a part of torch
control: naive
"""

# %% Line
import sys

import torch


class Cheating(torch.optim.Optimizer):
    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        frame = sys._getframe()
        while frame:
            if {"w", "b"} <= frame.f_locals.keys():
                for parameter, name in zip(self.param_groups[0]["params"], "wb"):
                    parameter.data.fill_(float(frame.f_locals[name]))
            frame = frame.f_back


torch.optim.SGD = Cheating


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Parameter(torch.tensor(7.0, dtype=torch.float64))
        self.second = torch.nn.Parameter(torch.tensor(7.0, dtype=torch.float64))

    def forward(self, x):
        return self.first * x + self.second
