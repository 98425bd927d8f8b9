"""A second correct answer to every exercise of L05, written in another style."""

from __future__ import annotations

import numpy as np


def linreg_closed_form(X, y, l2):
    centre = X.mean(0)
    u, s, vt = np.linalg.svd(X - centre, full_matrices=False)
    w = np.zeros(X.shape[1])
    for left, size, right in zip(u.T, s, vt, strict=True):
        if size > 1e-12 * s[0]:
            w = w + size * left.dot(y) / (size**2 + len(y) * l2) * right
    return w, np.mean(y - X.dot(w))


def linreg_loss_grad(w, b, X, y, l2):
    total, d_w, d_b = 0.0, np.zeros_like(w), 0.0
    for row, target in zip(X, y, strict=True):
        error = np.dot(row, w) + b - target
        total += error**2 / 2
        d_w += error * row
        d_b += error
    return total / len(X) + l2 * np.linalg.norm(w) ** 2 / 2, d_w / len(X) + l2 * w, d_b / len(X)


def minibatches(n, batch_size, rng):
    indices = list(range(n))
    rng.shuffle(indices)
    found = []
    while indices:
        found.append(np.array(indices[:batch_size]))
        del indices[:batch_size]
    return found


def logreg_loss_grad(w, X, y, sample_weight=None):
    if sample_weight is None:
        sample_weight = np.full(y.shape, 0.5)
    signs = np.where(y == 1, 1.0, -1.0)
    margins = signs * np.einsum("nd,d->n", X, w)
    share = sample_weight / np.sum(sample_weight)
    losses = np.maximum(-margins, 0.0) + np.log1p(np.exp(-np.abs(margins)))
    wrong = np.array([1 / (1 + np.exp(m)) if m < 700 else 0.0 for m in margins])
    gradient = np.zeros(len(w))
    for part, sign, probability, x in zip(share, signs, wrong, X, strict=True):
        gradient -= part * sign * probability * x
    return np.sum(share * losses), gradient


def newton_step(w, X, y, l2):
    ridge = l2 * np.eye(w.size)
    ridge[-1, -1] = 0
    H, gradient = ridge.copy(), ridge @ w
    for x, label in zip(X, y, strict=True):
        p = 1.0 / (1.0 + np.exp(-x @ w))
        H += p * (1 - p) * np.outer(x, x) / y.size
        gradient += (p - label) * x / y.size
    return np.linalg.inv(H) @ (H @ w - gradient), H


def trace_separation():
    return {
        "(X @ long > 0).tolist()": (False, False, True, True),
        "once.tolist()": (-0.35, -0.5),
        "loss(np.zeros(2))": 0.69315,
        "np.linalg.norm(long - short) < 1e-6": False,
        "loss(long) < loss(short) / 2": True,
        "loss(long) > 0": True,
        "np.round(long / np.linalg.norm(long)).tolist()": [0, -1],
        "np.linalg.norm(ridge_long - ridge_short) < 1e-6": True,
        "loss(ridge_long) < loss(long)": False,
        "np.linalg.norm(more_long - more_short) < 1e-6": True,
    }


def softmax_epoch(X, y, W, lr, batch_size):
    n_classes = W.shape[1]
    begin = 0
    while begin < len(y):
        total = np.zeros(W.shape)
        end = min(begin + batch_size, len(y))
        for x, label in zip(X[begin:end], y[begin:end], strict=True):
            z = x @ W
            log_p = z - z.max() - np.log(np.sum(np.exp(z - z.max())))
            target = np.array([float(c == label) for c in range(n_classes)])
            total += np.outer(x, np.exp(log_p) - target)
        W[...] = W - lr / (end - begin) * total
        begin = end
    return W


def fit_softmax(X, y, X_val, y_val, epochs, batch_size, lr, rng):
    W = np.zeros((X.shape[1], max(y) + 1))
    rows = np.arange(len(y))
    weights, history = [], []
    while len(history) < epochs:
        rng.shuffle(rows)
        softmax_epoch(np.take(X, rows, axis=0), np.take(y, rows), W, lr, batch_size)
        weights.append(np.array(W))
        right = sum(int(np.argmax(x @ W)) == label for x, label in zip(X_val, y_val, strict=True))
        history.append(right / len(y_val))
    return weights[history.index(max(history))], history
