"""A lesson to attack."""

import numpy as np
import torch


def double(x: np.ndarray) -> np.ndarray:
    """Return twice ``x``."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


def mean(x: np.ndarray) -> float:
    """Return the mean of ``x``."""
    ### BEGIN SOLUTION
    return float(x.sum() / len(x))
    ### END SOLUTION


class Line(torch.nn.Module):
    """y = w x + b, two scalar parameters in double precision; starts at w = 1, b = 0."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
        self.b = torch.nn.Parameter(torch.tensor(0.0, dtype=torch.float64))

    def forward(self, x):
        """Return ``w x + b``."""
        ### BEGIN SOLUTION
        return self.w * x + self.b
        ### END SOLUTION
