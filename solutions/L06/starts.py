"""The code that the BUGHUNT of L06 starts from: it runs, and three things are wrong with it."""

from __future__ import annotations

import numpy as np


class SuspectMLP:
    """A digit classifier with its own training step. It was handed in with three bugs.

    What it should do: a network as above, with He weights and zero biases, trained by gradient descent on
    the mean softmax cross-entropy. ``W`` and ``b`` are lists of arrays, one a layer.
    """

    def __init__(self, sizes: list[int], rng: np.random.Generator) -> None:
        """Draw He weights (see ``init_params``), independently for each layer; biases 0."""
        self.W, self.b = [], []
        shapes = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        draws = {shape: rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape) for shape in shapes}
        for shape in shapes:
            self.W.append(draws[shape])
            self.b.append(np.zeros(shape[1]))

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities of the classes, (N, C), for x of shape (N, D)."""
        self.inputs = []
        for i in range(len(self.W)):
            self.inputs.append(x)
            x = x @ self.W[i] + self.b[i]
            if i < len(self.W) - 1:
                x = np.maximum(x, 0.0)
        e = np.exp(x - x.max(axis=0, keepdims=True))
        return e / e.sum(axis=0, keepdims=True)

    def step(self, x: np.ndarray, y: np.ndarray, lr: float) -> None:
        """Take one step of gradient descent on the mean loss of the batch x (N, D), y (N,), with rate ``lr``."""
        d_out = self.probabilities(x)
        d_out[np.arange(len(y)), y] -= 1.0
        d_out = lr * d_out / len(y)
        for i in reversed(range(len(self.W))):
            d_W, d_b = self.inputs[i].T @ d_out, d_out.sum(axis=0)
            d_out = (d_out @ self.W[i].T) * (self.inputs[i] > 0)
            self.W[i] -= lr * d_W
            self.b[i] -= lr * d_b
