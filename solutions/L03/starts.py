"""The code that the BUGHUNT of L03 starts from: it runs, and two of the six functions are wrong."""

from __future__ import annotations

import numpy as np


class SuspectLayers:
    """Six backward functions that somebody handed in. Two of them are wrong.

    Each gets the upstream gradient first. No function modifies its arguments.
    """

    @staticmethod
    def linear_backward(d_out, x, W):
        """Forward: x (N, I) @ W (I, O) + b (O,). Return d_x (N, I), d_W (I, O), d_b (O,)."""
        d_x = d_out @ W.T
        d_W = x.T @ d_out
        d_b = d_out.sum(axis=0)
        return d_x, d_W, d_b

    @staticmethod
    def gate_backward(d_out, a, b):
        """Forward: a * sigmoid(b), both (N, H). Return d_a, d_b."""
        gate = 1 / (1 + np.exp(-b))
        d_a = d_out * gate
        d_b = d_out * a * gate * (1 - gate)
        return d_a, d_b

    @staticmethod
    def softmax_backward(d_out, p):
        """Forward: p (N, C) = softmax of each row of z (N, C). Return d_z."""
        along = (d_out * p).sum()
        return p * (d_out - along)

    @staticmethod
    def normalize_backward(d_out, x):
        """Forward: each row of x (N, D), divided by its Euclidean length. Return d_x."""
        length = np.sqrt((x * x).sum(axis=1, keepdims=True))
        y = x / length
        along = (d_out * y).sum(axis=1, keepdims=True)
        return (d_out - y * along) / length

    @staticmethod
    def mean_backward(d_out, n):
        """Forward: the mean over the n rows of x (n, D), of shape (D,). Return d_x."""
        return np.ones((n, 1)) * d_out / n

    @staticmethod
    def embedding_backward(d_out, ids, n_rows):
        """Forward: table[ids], with ids (N, T) and a table (n_rows, D). Return the gradient of the table."""
        d_table = np.zeros((n_rows, d_out.shape[-1]))
        d_table[ids] += d_out
        return d_table
