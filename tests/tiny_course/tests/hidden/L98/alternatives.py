"""Second correct answers."""

import torch


def double(x):
    return x + x


def mean(x):
    return float(sum(x)) / x.size


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.p = torch.nn.ParameterList([torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)])

    def forward(self, x):
        return x * self.p[0] + self.p[1]
