"""Checks for L02 that you may run and read. Small cases: the hidden ones take other sizes and values."""

import numpy as np
import torch

from autograder.checks import (
    assert_close,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_trace,
    assert_unchanged,
    assert_vjp,
    exercise,
)
from autograder.data import xor
from autograder.programs.networks import STARTS_SEED, starts_program


def floating_point_errors(student, name, args):
    """What a function gives, and which floating-point errors NumPy noticed on the way (underflow is no error)."""
    kinds = []
    function = student
    for part in name.split("."):
        function = getattr(function, part)
    watch = {"over": "call", "divide": "call", "invalid": "call", "under": "ignore"}
    with np.errstate(**watch, call=lambda kind, _: kinds.append(kind)):
        value = function(*args)
    return {"value": value, "errors": sorted(set(kinds))}


def method(student, name, calls):
    """What a method of a class gives for several arguments."""
    function = student
    for part in name.split("."):
        function = getattr(function, part)
    return [function(*args) for args in calls]


# --- perceptron_fit


@exercise("perceptron_fit", condition=True)
def test_perceptron_has_the_promised_form(submission, rng):
    """(w, b, updates, separated), and x and y are not modified."""
    x, y = rng.normal(size=(6, 3)), np.array([1, -1, 1, 1, -1, -1])
    result, after = submission.perceptron_fit.after(x, y, 5)
    assert_length(result, 4, name="perceptron_fit")
    assert_shape(result[0], (3,), name="w")
    assert_unchanged(after[0], x, name="x")
    assert_unchanged(after[1], y, name="y")


@exercise("perceptron_fit")
def test_perceptron_by_hand(submission, rng):
    """The example of the docstring: two updates, w = [0], b = 2."""
    w, b, updates, separated = submission.perceptron_fit(np.array([[1.0], [-1.0]]), np.array([1, 1]))
    assert_close(w, [0.0], name="w")
    assert_close(b, 2.0, name="b")
    assert_that(updates == 2, f"updates: expected 2, got {updates}.")
    assert_that(bool(separated), "separated: expected True, got False.")


@exercise("perceptron_fit")
def test_perceptron_on_exclusive_or(submission, rng):
    """Three of the four corners are right, and it does not claim more."""
    x, labels = xor(4, rng, noise=0.0)
    y = 2 * labels - 1
    w, b, _, separated = submission.perceptron_fit(x, y, 20)
    right = int((y * (x @ np.asarray(w) + b) > 0).sum())
    assert_that(right == 3, f"exclusive or: {right} of 4 corners are right, expected 3.")
    assert_that(not separated, "separated: expected False, got True.")


# --- activation


@exercise("activation", condition=True)
def test_activation_has_the_promised_form(submission, rng):
    """(value, slope) of the shape of z, and z is not modified."""
    for kind in ("relu", "leaky_relu", "sigmoid", "softplus", "gelu", "gelu_tanh"):
        z = rng.normal(size=(3, 2))
        result, (_, after) = submission.activation.after(kind, z)
        assert_length(result, 2, name=f"activation({kind!r}, z)")
        assert_shape(result[0], (3, 2), name=f"value of {kind}")
        assert_shape(result[1], (3, 2), name=f"slope of {kind}")
        assert_unchanged(after, z, name="z")


@exercise("activation")
def test_activation_values(submission, rng):
    """Values at 0 and 1, known to six digits."""
    known = {
        "relu": (0.0, 1.0),
        "leaky_relu": (0.0, 1.0),
        "sigmoid": (0.5, 0.731059),
        "softplus": (0.693147, 1.313262),
        "gelu": (0.0, 0.841345),
        "gelu_tanh": (0.0, 0.841192),
    }
    for kind, values in known.items():
        value, _ = submission.activation(kind, np.array([0.0, 1.0]))
        assert_close(value, values, name=f"value of {kind}", rtol=1e-5, case="z = 0 and z = 1")


@exercise("activation")
def test_activation_slopes(submission, rng):
    """The slopes agree with central differences of your own values."""
    for kind in ("relu", "leaky_relu", "sigmoid", "softplus", "gelu", "gelu_tanh"):
        z = np.array([-1.7, -0.4, 0.6, 2.3])
        _, slope = submission.activation(kind, z)
        above, below = submission.activation(kind, z + 1e-5)[0], submission.activation(kind, z - 1e-5)[0]
        difference = (np.asarray(above) - np.asarray(below)) / 2e-5
        assert_close(slope, difference, name=f"slope of {kind}", case=f"z = {z.tolist()}")


@exercise("activation")
def test_activation_of_large_entries(submission, rng):
    """At -1000 and 1000 nothing overflows on the way."""
    for kind, values in (("sigmoid", (0.0, 1.0)), ("softplus", (0.0, 1000.0))):
        evidence = submission.run(floating_point_errors, "activation", (kind, np.array([-1000.0, 1000.0])))
        errors = evidence["errors"]
        assert_that(not errors, f"{kind} at -1000 and 1000: got floating-point errors: {', '.join(errors)}.")
        assert_close(evidence["value"][0], values, name=f"value of {kind}", case="z = -1000 and z = 1000")


@exercise("activation", condition=True)
def test_activation_refuses_other_names(submission, rng):
    """Another name is a ValueError."""
    assert_raises(submission.activation, "swish", np.ones(2), error=ValueError, name="activation", case="kind='swish'")


# --- log_softmax


@exercise("log_softmax")
def test_log_softmax_by_hand(submission, rng):
    """The example of the docstring, with scores of 1000 and -5000."""
    result = submission.log_softmax(np.array([[1000.0, 1000.0], [0.0, -5000.0]]))
    assert_close(result, [[-np.log(2), -np.log(2)], [0.0, -5000.0]], name="log_softmax")


@exercise("log_softmax")
def test_log_softmax_sums_to_one(submission, rng):
    """The exponentials sum to 1 along the axis that was asked for."""
    z = rng.normal(size=(2, 3, 4))
    for axis in (0, 1, 2, -1):
        result = submission.log_softmax(z, axis)
        assert_shape(result, z.shape, name="log_softmax")
        sums = np.exp(np.asarray(result)).sum(axis=axis)
        assert_close(sums, np.ones(sums.shape), name=f"sums of the probabilities along axis {axis}")


# --- Losses


@exercise("Losses")
def test_bce_by_hand(submission, rng):
    """The example of the docstring: losses 0.6931 and 1000."""
    z, t = np.array([0.0, 1000.0]), np.array([1.0, 0.0])
    each, total, mean = submission.run(method, "Losses.bce_with_logits", [(z, t, "none"), (z, t, "sum"), (z, t)])
    assert_close(each, [np.log(2), 1000.0], name="losses")
    assert_close(total, np.log(2) + 1000.0, name="loss (sum)")
    assert_close(mean, (np.log(2) + 1000.0) / 2, name="loss (mean)")


@exercise("Losses")
def test_cross_entropy_by_hand(submission, rng):
    """The example of the docstring: losses 0.6931, 1000 and 0, and their mean over two rows."""
    z, labels = np.array([[0.0, 0.0], [0.0, 1000.0], [5.0, 5.0]]), np.array([0, 0, -100])
    each, mean = submission.run(method, "Losses.cross_entropy", [(z, labels, "none"), (z, labels)])
    assert_close(each, [np.log(2), 1000.0, 0.0], name="losses")
    assert_close(mean, (np.log(2) + 1000.0) / 2, name="loss (mean)", case="one of three rows is ignored")


@exercise("Losses")
def test_cross_entropy_agrees_on_labels_and_one_hot_targets(submission, rng):
    """A label and the one-hot distribution for it have the same loss."""
    z, labels = rng.normal(size=(4, 3)), np.array([2, 0, 1, 2])
    by_label, by_hot = submission.run(
        method, "Losses.cross_entropy", [(z, labels, "none"), (z, np.eye(3)[labels], "none")]
    )
    expected = torch.nn.functional.cross_entropy(torch.tensor(z), torch.tensor(labels), reduction="none")
    assert_close(by_label, expected, name="losses with labels")
    assert_close(by_hot, expected, name="losses with one-hot targets")


# --- linear_backward


@exercise("linear_backward", condition=True)
def test_linear_backward_has_the_promised_form(submission, rng):
    """(d_x, d_W, d_b) of the shapes of x, W and b; None where b is None."""
    x, W = rng.normal(size=(5, 4)), rng.normal(size=(4, 3))
    result = submission.linear_backward(x, W, None, rng.normal(size=(5, 3)))
    assert_length(result, 3, name="linear_backward")
    assert_shape(result[0], (5, 4), name="d_x")
    assert_shape(result[1], (4, 3), name="d_W")
    assert_that(result[2] is None, "d_b: expected None, since b is None.")


@exercise("linear_backward")
def test_linear_backward_by_hand(submission, rng):
    """The example of the docstring."""
    x, W = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0], [6.0]])
    d_x, d_W, d_b = submission.linear_backward(x, W, np.array([0.0]), np.array([[1.0], [10.0]]))
    assert_close(d_x, [[5.0, 6.0], [50.0, 60.0]], name="d_x")
    assert_close(d_W, [[31.0], [42.0]], name="d_W")
    assert_close(d_b, [11.0], name="d_b")


@exercise("linear_backward", weight=2)
def test_linear_backward_agrees_with_central_differences(submission, rng):
    """Rows, and sequences of positions: for a random upstream gradient."""
    W, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    for lead in ((5,), (2, 6)):
        x, d_out = rng.normal(size=(*lead, 4)), rng.normal(size=(*lead, 3))
        d_x, d_W, d_b = submission.linear_backward(x, W, b, d_out)
        case = f"x of shape {x.shape}"
        assert_vjp(lambda W, x=x: x @ W + b, at=W, cotangent=d_out, actual=d_W, name="d_W", case=case)
        assert_vjp(lambda b, x=x: x @ W + b, at=b, cotangent=d_out, actual=d_b, name="d_b", case=case)
        assert_vjp(lambda x: x @ W + b, at=x, cotangent=d_out, actual=d_x, name="d_x", case=case)


# --- MLP


def scores_of(student, params, x):
    """Scores of a net with the default activation, tanh."""
    return student.MLP(params)(x)


def counts_of(student, sizes):
    """Numbers of parameters, with biases and without."""
    return [student.MLP.count(sizes), student.MLP.count(sizes, bias=False)]


@exercise("MLP")
def test_network_scores(submission, rng):
    """Two layers with tanh between them."""
    W_0, b_0, W_1 = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=(4, 2))
    x = rng.normal(size=(5, 3))
    scores = submission.run(scores_of, [(W_0, b_0), (W_1, None)], x)
    assert_close(scores, np.tanh(x @ W_0 + b_0) @ W_1, name="scores")


@exercise("MLP")
def test_network_counts_parameters(submission, rng):
    """The example of the docstring: 26 with biases, 20 without."""
    counts = submission.run(counts_of, [3, 4, 2])
    assert_close(counts, [26, 20], name="numbers of parameters")


# --- relu_breakpoints: pieces


@exercise("relu_breakpoints")
def test_breakpoints_by_hand(submission, rng):
    """The example of the docstring: it bends at 0 and 2, with slopes -1, 0 and 3."""
    params = [(np.array([[1.0, -1.0]]), np.array([-2.0, 0.0])), (np.array([[3.0], [1.0]]), np.array([7.0]))]
    breakpoints, slopes = submission.relu_breakpoints(params)
    assert_close(breakpoints, [0.0, 2.0], name="breakpoints")
    assert_close(slopes, [-1.0, 0.0, 3.0], name="slopes")


@exercise("relu_breakpoints")
def test_breakpoints_at_one_place(submission, rng):
    """Two units that bend at 1: one breakpoint, with the sum of their changes."""
    params = [(np.array([[1.0, 2.0]]), np.array([-1.0, -2.0])), (np.array([[1.0], [0.5]]), np.array([0.0]))]
    breakpoints, slopes = submission.relu_breakpoints(params)
    assert_close(breakpoints, [1.0], name="breakpoints")
    assert_close(slopes, [0.0, 2.0], name="slopes")


# --- trace_starts


@exercise("trace_starts")
def test_trace_agrees_with_the_program(submission, rng):
    """Every entry is what the program gives. What that is is not said."""
    assert_trace(submission.trace_starts(), starts_program(STARTS_SEED).run())
