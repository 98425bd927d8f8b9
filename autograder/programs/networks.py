"""Programs about starting a network (L02): shapes, what equal weights do, and what the scale of the weights does."""

from __future__ import annotations

import numpy as np

from autograder.checks import Program

STARTS_SEED = 9  # the program that the exercise of L02 asks about


def starts_program(seed: int) -> Program:
    """A small ReLU network without biases, started in several ways: all values can be foreseen without running it."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(3, 5))  # layers of weights
    sizes = [int(n) for n in rng.permutation([2, 4, 5, 6, 7])[:depth]]
    classes = int(rng.integers(3, 9))
    rows = int(rng.integers(8, 12))
    factor = int(rng.integers(2, 4))
    wide = int(rng.choice([64, 256, 1024]))
    level = float(rng.choice([0.1, 0.5, 2.0]))
    chain = int(rng.integers(3, 6))
    text = f"""\
rng = np.random.default_rng({seed})
x = rng.normal(size=({rows}, {sizes[0]}))
sizes = {[*sizes, classes]}
Ws = [rng.normal(size=(m, n)) for m, n in zip(sizes, sizes[1:])]

def net(x, Ws):
    for W in Ws[:-1]:
        x = np.maximum(x @ W, 0)
    return x @ Ws[-1]

y = net(x, Ws)
larger = net(x, [{factor} * W for W in Ws])

zeros = net(x, [np.zeros(W.shape) for W in Ws])
p = np.exp(zeros) / np.exp(zeros).sum(axis=1, keepdims=True)

equal = np.maximum(x @ np.full(({sizes[0]}, {sizes[1]}), {level}), 0)

inputs = rng.normal(size=(500, {wide}))
z = inputs @ rng.normal(size=({wide}, 32))

s = 1 / (1 + np.exp(-np.zeros({chain})))
"""
    asked = (
        "y.shape",
        "sum(W.size for W in Ws)",
        "np.abs(larger).sum() / np.abs(y).sum()",
        "p[0, 0]",
        "-np.log(p[:, 1]).mean()",
        "np.unique(equal.round(6), axis=1).shape",
        "round(np.log2(z.std()))",
        "np.prod(s * (1 - s))",
    )
    return Program(text=text, asked=asked)
