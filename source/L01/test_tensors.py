"""Checks for L01 that you may run and read. Small cases: the hidden ones take other sizes and values."""

import numpy as np

from autograder.checks import (
    Implementation,
    assert_accepts,
    assert_close,
    assert_raises,
    assert_refuses,
    assert_shape,
    assert_that,
    assert_trace,
    assert_type,
    assert_unchanged,
    exercise,
    numerical_vjp,
)
from autograder.programs.autograd import autograd_program

# --- sliding_windows


def windows_of(student, base, offset, shape, strides, width, step):
    """The windows of an array with these strides (in entries) over a larger one, and whether they are a view of it."""
    strides = tuple(base.itemsize * stride for stride in strides)
    x = np.lib.stride_tricks.as_strided(base[offset:], shape, strides)
    result = student.sliding_windows(x, width, step)
    return {"windows": result, "shares": np.may_share_memory(np.asarray(result), base)}


@exercise("sliding_windows")
def test_windows_of_one_row(submission, rng):
    """The example of the docstring: [1, 2, 3, 4, 5] in windows of 3, step 2."""
    base = np.arange(-50, 100)
    got = submission.run(windows_of, base, 51, (1, 5), (5, 1), 3, 2)
    assert_close(
        got["windows"], [[[1, 2, 3], [3, 4, 5]]], name="windows", case="x = [[1, 2, 3, 4, 5]], width 3, step 2"
    )


@exercise("sliding_windows")
def test_windows_of_every_second_column(submission, rng):
    """Two rows of four entries, which are every second entry of a larger array."""
    base = np.arange(-50, 100)
    got = submission.run(windows_of, base, 50, (2, 4), (8, 2), 2, 1)
    expected = [[[0, 2], [2, 4], [4, 6]], [[8, 10], [10, 12], [12, 14]]]
    assert_close(got["windows"], expected, name="windows", case="x = [[0, 2, 4, 6], [8, 10, 12, 14]], width 2, step 1")


@exercise("sliding_windows", condition=True)
def test_windows_are_a_view(submission, rng):
    """The result shares its memory with x."""
    got = submission.run(windows_of, np.arange(200), 50, (2, 5), (5, 1), 3, 1)
    assert_that(got["shares"], "windows: expected a view of x, got a copy.", cause="`as_strided` makes a view.")


@exercise("sliding_windows", condition=True)
def test_windows_refuse_a_width_that_does_not_fit(submission, rng):
    """A window longer than the row is a ValueError."""
    assert_raises(submission.sliding_windows, np.ones((2, 5)), 6, name="sliding_windows", case="width 6 in rows of 5")


# --- broadcast_shape


@exercise("broadcast_shape")
def test_shape_of_the_example(submission, rng):
    """(4, 1, 3) and (5, 1) give (4, 5, 3)."""
    shape = submission.broadcast_shape((4, 1, 3), (5, 1))
    assert_type(shape, tuple, name="broadcast_shape")
    assert_that(shape == (4, 5, 3), f"broadcast_shape((4, 1, 3), (5, 1)): expected (4, 5, 3), got {shape}.")


@exercise("broadcast_shape", condition=True)
def test_shapes_that_do_not_go_together(submission, rng):
    """(2, 3) and (2,) are a ValueError: 3 stands above 2."""
    assert_raises(submission.broadcast_shape, (2, 3), (2,), name="broadcast_shape", case="(2, 3) and (2,)")


# --- unbroadcast


@exercise("unbroadcast")
def test_unbroadcast_by_hand(submission, rng):
    """The examples of the docstring."""
    grad = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert_close(submission.unbroadcast(grad, (3,)), [5.0, 7.0, 9.0], name="gradient", case="from (2, 3) to (3,)")
    assert_close(submission.unbroadcast(grad, (2, 1)), [[6.0], [15.0]], name="gradient", case="from (2, 3) to (2, 1)")


@exercise("unbroadcast", condition=True)
def test_unbroadcast_shapes(submission, rng):
    """The result has exactly the shape asked for, and the gradient is not modified."""
    grad = rng.normal(size=(4, 3, 2))
    for shape in ((3, 1), (4, 1, 2), (1, 1, 2), (4, 3, 2), ()):
        result, (after, _) = submission.unbroadcast.after(grad, shape)
        assert_shape(result, shape, name="gradient", case=f"from (4, 3, 2) to {shape}")
        assert_unchanged(after, grad, name="grad")


# --- Tensor


def operation(student, name, a, other, d_out):
    """The result of one operation, and what its rules give for d_out."""
    x = student.Tensor(a)
    if name == "/":
        result = x / student.Tensor(other)
    elif name == "@":
        result = x @ student.Tensor(other)
    elif name == "max":
        result = x.max(axis=other)
    else:
        result = x[other]
    return {"data": result.data, "gradients": [rule(d_out) for rule in result.rules]}


def assert_operation(got, f, at, d_out, names):
    """Compare the result with f, and the gradients with its central differences."""
    assert_close(got["data"], f(*at), name="result")
    assert_that(len(got["gradients"]) == len(at), f"expected {len(at)} rules, got {len(got['gradients'])}.")
    for i, (name, gradient) in enumerate(zip(names, got["gradients"], strict=True)):

        def moved(value, i=i):
            return f(*[value if j == i else other for j, other in enumerate(at)])

        assert_close(gradient, numerical_vjp(moved, at[i], d_out), name=name)


@exercise("Tensor")
def test_division(submission, rng):
    """(3, 2) divided by (2,): the result, and both gradients."""
    a, b, d_out = rng.normal(size=(3, 2)), np.array([2.0, -0.5]), rng.normal(size=(3, 2))
    got = submission.run(operation, "/", a, b, d_out)
    assert_operation(
        got, lambda a, b: a / b, (a, b), d_out, ("gradient of the numerator", "gradient of the denominator")
    )


@exercise("Tensor")
def test_matrix_product(submission, rng):
    """(4, 3) @ (3, 2): the result, and both gradients."""
    a, b, d_out = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    got = submission.run(operation, "@", a, b, d_out)
    assert_operation(
        got, lambda a, b: a @ b, (a, b), d_out, ("gradient of the left side", "gradient of the right side")
    )


@exercise("Tensor")
def test_maximum(submission, rng):
    """The largest of each row; the last row has a tie."""
    a = np.array([[1.0, 5.0, 2.0], [-1.0, -7.0, -3.0], [4.0, 0.0, 4.0]])
    got = submission.run(operation, "max", a, 1, np.array([10.0, 20.0, 30.0]))
    assert_close(got["data"], [5.0, -1.0, 4.0], name="result")
    assert_close(
        got["gradients"][0], [[0, 10.0, 0], [20.0, 0, 0], [15.0, 0, 15.0]], name="gradient", case="a tie in row 2"
    )


@exercise("Tensor")
def test_selection(submission, rng):
    """Entries 2, 0 and 2 of five: entry 2 is used twice."""
    got = submission.run(
        operation, "[]", np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2, 0, 2]), np.array([10.0, 20.0, 30.0])
    )
    assert_close(got["data"], [3.0, 1.0, 3.0], name="result")
    assert_close(got["gradients"][0], [20.0, 0, 40.0, 0, 0], name="gradient", case="index [2, 0, 2]")


# --- toposort


def order_of(student, parents):
    """The order of a graph: node i has the parents parents[i], the last node is the root. As numbers of nodes."""
    nodes = []
    for numbers in parents:
        nodes.append(student.Node(0.5, tuple(nodes[i] for i in numbers), tuple(None for _ in numbers)))
    number = {id(node): i for i, node in enumerate(nodes)}
    return [number.get(id(node), -1) for node in student.toposort(nodes[-1])]


@exercise("toposort")
def test_order_of_the_example(submission, rng):
    """A node c from a and b, and b from a: the order is c, b, a."""
    for parents in ([(), (0,), (0, 1)], [(), (0,), (1, 0)]):
        order = ["abc"[i] for i in submission.run(order_of, parents)]
        assert_that(order == ["c", "b", "a"], f"toposort(c): expected [c, b, a], got [{', '.join(order)}].")


@exercise("toposort")
def test_order_of_two_diamonds(submission, rng):
    """Twice doubled, b = a + a, c = b + b: each node once."""
    order = ["abc"[i] for i in submission.run(order_of, [(), (0, 0), (1, 1)])]
    assert_that(order == ["c", "b", "a"], f"toposort(c): expected [c, b, a], got [{', '.join(order)}].")


# --- backward


def gradients_of(student, calls):
    """For y = 3 a and z = y + 2 y a, as linear rules: the gradients of a, y and z after some calls of backward(z)."""
    a = student.Node(2.0)
    y = student.Node(6.0, (a,), (lambda d_out: 3.0 * d_out,))
    z = student.Node(30.0, (y, y, a), (lambda d_out: d_out, lambda d_out: 4.0 * d_out, lambda d_out: 12.0 * d_out))
    for d_out in calls:
        student.backward(z, d_out)
    return [a.grad, y.grad, z.grad]


@exercise("backward")
def test_gradients_by_hand(submission, rng):
    """For a = 2, y = 3 a, z = y + 2 y a: dz/dy = 1 + 2 a = 5 and dz/da = 2 y + 3 * 5 = 27."""
    got = submission.run(gradients_of, [None])
    assert_close(got, [27.0, 5.0, 1.0], name="gradients of a, y and z", case="one call")


@exercise("backward")
def test_two_calls(submission, rng):
    """A second call adds to the leaf a, and replaces the gradients of y and z."""
    got = submission.run(gradients_of, [None, np.array(10.0)])
    assert_close(got, [27.0 + 270.0, 50.0, 10.0], name="gradients of a, y and z", case="calls with 1 and 10")


def refused(student, value, grad):
    """Whether backward raises a ValueError."""
    try:
        student.backward(student.Node(value), grad)
    except ValueError:
        return True
    return False


@exercise("backward", condition=True)
def test_backward_refuses_the_wrong_shape(submission, rng):
    """No gradient for a root of three entries, or one of another shape: a ValueError."""
    for grad in (None, np.ones(2)):
        raised = submission.run(refused, np.ones(3), grad)
        assert_that(raised, f"root of shape (3,), {'no gradient' if grad is None else 'gradient (2,)'}: no ValueError.")


# --- check_vjp

TANH = Implementation("""
def tanh(x):
    y = np.tanh(x)
    return y, lambda d_out: d_out * (1 - y**2)
""")
ROW_SUMS = Implementation("""
def row_sums(x):
    return x.sum(axis=1), lambda d_out: np.repeat(d_out[:, None], x.shape[1], axis=1)
""")
DOUBLED = Implementation("""
def doubled(x):
    y = np.tanh(x)
    return y, lambda d_out: 2 * d_out * (1 - y**2)
""")
UNSUMMED = Implementation("""
def unsummed(x):
    return np.cumsum(x, axis=1), lambda d_out: d_out
""")


@exercise("check_vjp", condition=True)
def test_accepts_what_is_right(submission, rng):
    """Accepts tanh and the sums of rows, both right."""
    assert_accepts(submission, "check_vjp", (TANH, ROW_SUMS), rng=rng)


@exercise("check_vjp")
def test_refuses_a_factor(submission, rng):
    """Refuses a tanh whose gradient is twice too large."""
    assert_refuses(submission, "check_vjp", DOUBLED, correct=(TANH, ROW_SUMS), rng=rng)


@exercise("check_vjp")
def test_refuses_missing_paths(submission, rng):
    """Refuses a cumulative sum whose gradient is that of the identity."""
    assert_refuses(
        submission,
        "check_vjp",
        UNSUMMED,
        correct=(TANH, ROW_SUMS),
        rng=rng,
        cause="an entry of x may act on many entries of y: multiply d_out by the change of all of y, and sum.",
    )


# --- autograd_trace


@exercise("autograd_trace")
def test_trace(submission, rng):
    """Every entry is what the program gives."""
    assert_trace(submission.autograd_trace(), autograd_program(3).run())
