"""Programs that ask what PyTorch's autograd records, adds up, shares and refuses (L01)."""

from __future__ import annotations

import numpy as np

from autograder.checks import Program

KEEPS_ITS_RESULT = ("torch.exp(x)", "torch.tanh(x)", "torch.sigmoid(x)")  # exp' = exp, tanh' = 1 - tanh^2, ...
KEEPS_SOMETHING_ELSE = ("torch.sin(x)", "5 * x", "x - 4")  # the input, a constant, nothing


def autograd_program(seed: int) -> Program:
    """Two backward passes, an array that is shared, and operations that autograd may refuse.

    Args:
        seed: Which of the many programs: other numbers, and other operations before the last in-place changes.
    """
    rng = np.random.default_rng(seed)
    x0, x1, w, k0, k1 = rng.choice([-7, -6, -5, -4, -3, -2, 2, 3, 4, 5, 6, 7], size=5, replace=False).tolist()
    written = int(rng.integers(10, 100))
    s, t = rng.permutation([rng.choice(KEEPS_ITS_RESULT), rng.choice(KEEPS_SOMETHING_ELSE)]).tolist()
    return Program(
        text=f"""\
x = torch.tensor([{x0}.0, {x1}.0], requires_grad=True)
w = torch.tensor({w}.0, requires_grad=True)
k = torch.tensor([{k0}.0, {k1}.0])

y = w * x
z = (k * y).sum()
z.backward()
first = x.grad.clone()
(x * x).sum().backward()

d = y.detach()
d[0] = {written}.0
with torch.no_grad():
    n = w * w

s, t = {s}, {t}
s.add_(1.0)
t.add_(1.0)
""",
        asked=(
            "x.is_leaf",
            "y.is_leaf",
            "y.requires_grad",
            "k.requires_grad",
            "d.requires_grad",
            "n.requires_grad",
            "first",
            "w.grad",
            "x.grad",
            "k.grad is None",
            "y.grad is None",
            "y.tolist()",
            "n.item()",
            "x.add_(1.0)",
            "s.sum().backward()",
            "t.sum().backward()",
            "z.backward()",
        ),
    )
