"""Public checks of the lesson to attack."""

from autograder.checks import assert_close, exercise


@exercise("double")
def test_double(submission, rng):
    """Every entry is doubled."""
    x = rng.normal(size=5)
    assert_close(submission.double(x), 2 * x, name="double(x)")


@exercise("mean")
def test_mean(submission, rng):
    """The mean is returned."""
    x = rng.normal(size=5)
    assert_close(submission.mean(x), x.sum() / 5, name="mean(x)")


def line_at(student, x):
    line = student.Line()
    return {"y": line(torch.tensor(x)), "parameters": [p.detach() for p in line.parameters()]}  # noqa: F821


@exercise("Line")
def test_line(submission, rng):
    """Its output follows from its parameters."""
    x = rng.normal(size=5)
    evidence = submission.run(line_at, x)
    w, b = evidence["parameters"]
    assert_close(evidence["y"], w * x + b, name="Line()(x)")
