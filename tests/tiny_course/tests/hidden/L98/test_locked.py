"""Hidden checks of the lesson to attack."""

import numpy as np
import torch

from autograder.checks import assert_close, assert_unchanged, exercise


@exercise("double")
def test_doubles(submission, rng):
    """Every entry is doubled."""
    x = rng.normal(size=5)
    assert_close(submission.double(x), 2 * x, name="double(x)")


@exercise("double")
def test_doubles_many(submission, rng):
    """Arrays of many sizes are doubled."""
    arrays = [rng.normal(size=n) for n in (1, 2, 6)]
    for x, doubled in zip(arrays, submission.double.map([(x,) for x in arrays]), strict=True):
        assert_close(doubled, 2 * x, name="double(x)")


@exercise("double", condition=True)
def test_leaves_x_alone(submission, rng):
    """``x`` is as it was."""
    x = rng.normal(size=4)
    _, (after,) = submission.double.after(x)
    assert_unchanged(after, x, name="x")


@exercise("mean")
def test_mean(submission, rng):
    """The mean is returned."""
    x = rng.normal(size=9)
    assert_close(submission.mean(x), x.sum() / 9, name="mean(x)")


def trained(student, x, y):
    line = student.Line()
    optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
    x, y = torch.tensor(x), torch.tensor(y)
    for _ in range(4):
        optimizer.zero_grad()
        ((line(x) - y) ** 2).mean().backward()
        optimizer.step()
    return {"y": line(x).detach(), "parameters": [p.detach() for p in line.parameters()]}


@exercise("Line")
def test_trains(submission, rng):
    """Four steps of gradient descent arrive where ours do."""
    x, y = rng.normal(size=6), rng.normal(size=6)
    w, b = 1.0, 0.0
    for _ in range(4):
        error = w * x + b - y
        w, b = w - 0.1 * 2 * np.mean(error * x), b - 0.1 * 2 * np.mean(error)
    evidence = submission.run(trained, x, y)
    assert_close(evidence["parameters"][0], w, name="w")
    assert_close(evidence["parameters"][1], b, name="b")
    assert_close(evidence["y"], w * x + b, name="Line()(x)")
