"""Programs about logistic regression: what gradient descent does on classes that can be separated."""

from __future__ import annotations

import numpy as np

from autograder.checks.trace import Program

_TEXT = """\
X = np.array({points})
y = np.array({labels})

def loss(w):
    z = X @ w
    return np.mean(np.logaddexp(0.0, z) - y * z)

def descend(X, y, steps, l2=0.0):
    w = np.zeros(2)
    for _ in range(steps):
        p = 1 / (1 + np.exp(-(X @ w)))
        w = w - 0.4 * (X.T @ (p - y) / len(y) + l2 * w)
    return w

once, short, long = descend(X, y, 1), descend(X, y, 300), descend(X, y, 3000)
ridge_short, ridge_long = descend(X, y, 300, l2=0.1), descend(X, y, 3000, l2=0.1)

X_more = np.vstack([X, {point}])  # one point more, labelled {label}
y_more = np.append(y, {label})
more_short, more_long = descend(X_more, y_more, 300), descend(X_more, y_more, 3000)
"""

_ASKED = (
    "loss(np.zeros(2))",
    "once.tolist()",
    "np.linalg.norm(long - short) < 1e-6",
    "loss(long) < loss(short) / 2",
    "loss(long) > 0",
    "(X @ long > 0).tolist()",
    "np.round(long / np.linalg.norm(long)).tolist()",
    "np.linalg.norm(ridge_long - ridge_short) < 1e-6",
    "loss(ridge_long) < loss(long)",
    "np.linalg.norm(more_long - more_short) < 1e-6",
)


def separation_program(seed: int) -> Program:
    """Gradient descent on four separable points without a bias, with a ridge, and with a fifth point in the way.

    Two of the points are nearest to the boundary with the widest margin, which is an axis; the other two are farther
    away, on one side, and pull the first step that way. The fifth makes separation impossible.
    """
    rng = np.random.default_rng(seed)
    near, apart = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    side = int(rng.choice([-1, 1]))
    far = [(int(rng.integers(2, 4)), side * int(rng.integers(3, 5))) for _ in range(2)]
    signed = np.array([(near, apart), (near, -apart), *far, (-1, 0)])  # each times the sign of its label
    signed[:, 0] *= int(rng.choice([-1, 1]))
    if rng.integers(2):
        signed = signed[:, ::-1]
    signed[:4] = rng.permutation(signed[:4])
    labels = np.append(rng.permutation([0, 0, 1, 1]), rng.integers(2))
    points = (signed * (2 * labels - 1)[:, None]).astype(float).tolist()
    text = _TEXT.format(points=points[:4], labels=labels[:4].tolist(), point=points[4], label=int(labels[4]))
    return Program(text, _ASKED)
