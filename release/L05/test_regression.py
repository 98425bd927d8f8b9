"""Checks for L05 that you may run and read. Small cases: the hidden ones take other sizes and values."""

import numpy as np

from autograder.checks import (
    as_array,
    assert_close,
    assert_length,
    assert_shape,
    assert_that,
    assert_trace,
    assert_type,
    assert_unchanged,
    exercise,
    numerical_vjp,
)
from autograder.data import digits
from autograder.programs.regression import separation_program

LINE = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])  # y = 2 x + 1


# --- linreg_closed_form


@exercise("linreg_closed_form", condition=True)
def test_closed_form_has_the_promised_form(submission, rng):
    """(w, b), and X and y are not modified."""
    X, y = rng.normal(size=(5, 2)), rng.normal(size=5)
    result, (X_after, y_after, _) = submission.linreg_closed_form.after(X, y, 0.5)
    assert_length(result, 2, name="linreg_closed_form")
    assert_shape(result[0], (2,), name="w")
    assert_shape(result[1], (), name="b")
    assert_unchanged(X_after, X, name="X")
    assert_unchanged(y_after, y, name="y")


@exercise("linreg_closed_form")
def test_closed_form_of_a_line(submission, rng):
    """The example of the docstring: w = [2], b = 1 without a penalty; w = [1], b = 2 with l2 = 2/3."""
    for l2, expected_w, expected_b in ((0.0, [2.0], 1.0), (2 / 3, [1.0], 2.0)):
        w, b = submission.linreg_closed_form(*LINE, l2)
        assert_close(w, expected_w, name="w", case=f"X = [[0], [1], [2]], y = [1, 3, 5], l2 = {l2:.4g}")
        assert_close(b, expected_b, name="b", case=f"X = [[0], [1], [2]], y = [1, 3, 5], l2 = {l2:.4g}")


@exercise("linreg_closed_form")
def test_closed_form_of_a_column_that_comes_twice(submission, rng):
    """Two equal columns share the weight: the shortest of the best."""
    w, b = submission.linreg_closed_form(np.hstack([LINE[0], LINE[0]]), LINE[1], 0.0)
    assert_close(w, [1.0, 1.0], name="w", case="both columns are [0, 1, 2], y = [1, 3, 5], l2 = 0")
    assert_close(b, 1.0, name="b", case="both columns are [0, 1, 2], y = [1, 3, 5], l2 = 0")


# --- linreg_loss_grad


@exercise("linreg_loss_grad", condition=True)
def test_linear_gradient_has_the_promised_form(submission, rng):
    """(loss, d_w, d_b), and no argument is modified."""
    case = rng.normal(size=2), 0.5, rng.normal(size=(5, 2)), rng.normal(size=5), 0.3
    result, after = submission.linreg_loss_grad.after(*case)
    assert_length(result, 3, name="linreg_loss_grad")
    assert_shape(result[1], (2,), name="d_w")
    for now, before, name in zip(after, case, ("w", "b", "X", "y", "l2"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("linreg_loss_grad")
def test_linear_gradient_by_hand(submission, rng):
    """The example of the docstring: loss 12, d_w = [12], d_b = 4."""
    result = submission.linreg_loss_grad(np.array([2.0]), 0.0, np.array([[1.0], [3.0]]), np.zeros(2), 1.0)
    assert_length(result, 3, name="linreg_loss_grad")
    for got, expected, name in zip(result, (12.0, [12.0], 4.0), ("loss", "d_w", "d_b"), strict=True):
        assert_close(got, expected, name=name, case="X = [[1], [3]], y = [0, 0], w = [2], b = 0, l2 = 1")


@exercise("linreg_loss_grad")
def test_linear_gradient_agrees_with_central_differences(submission, rng):
    """d_w for five random examples."""
    w, b, X, y, l2 = rng.normal(size=3), 0.7, rng.normal(size=(5, 3)), rng.normal(size=5), 0.3

    def loss(w):
        return np.array(np.mean((X @ w + b - y) ** 2) / 2 + l2 / 2 * np.sum(w**2))

    _, d_w, _ = submission.linreg_loss_grad(w, b, X, y, l2)
    assert_close(d_w, numerical_vjp(loss, w, np.array(1.0)), name="d_w", dims={"examples": 5})


# --- minibatches


def batches_of(student, n, batch_size, seed):
    """One epoch's batches, as a list."""
    return list(student.minibatches(n, batch_size, np.random.default_rng(seed)))


@exercise("minibatches")
def test_batches_cover_every_index_once(submission, rng):
    """Seven indices in batches of three: sizes 3, 3 and 1, every index once."""
    batches = submission.run(batches_of, 7, 3, 1)
    listed = any(isinstance(batch, list | tuple) for batch in batches)
    assert_that(not listed, "a batch: expected an array of integers, got a list.")
    batches = [as_array(batch, name="a batch") for batch in batches]
    sizes = [len(np.atleast_1d(batch)) for batch in batches]
    assert_that(sizes == [3, 3, 1], f"n = 7, batch_size = 3: expected batches of 3, 3 and 1, got {sizes}.")
    found = sorted(np.concatenate(batches).tolist())
    assert_that(found == list(range(7)), f"expected every index from 0 to 6 once, got {found}.")


@exercise("minibatches")
def test_batches_come_from_the_generator(submission, rng):
    """Equal generators give equal orders, another one gives another."""
    first, again, other = (np.concatenate(submission.run(batches_of, 20, 6, seed)) for seed in (1, 1, 2))
    assert_that(np.array_equal(first, again), "equal generators gave different orders.")
    assert_that(not np.array_equal(first, other), "another generator gave the same order: draw it from `rng`.")


# --- logreg_loss_grad


@exercise("logreg_loss_grad", condition=True)
def test_logistic_has_the_promised_form(submission, rng):
    """(loss, d_w), and no argument is modified."""
    case = rng.normal(size=2), rng.normal(size=(4, 2)), np.array([0, 1, 1, 0]), np.array([1.0, 2.0, 0.5, 1.0])
    result, after = submission.logreg_loss_grad.after(*case)
    assert_length(result, 2, name="logreg_loss_grad")
    assert_shape(result[1], (2,), name="d_w")
    for now, before, name in zip(after, case, ("w", "X", "y", "sample_weight"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("logreg_loss_grad")
def test_logistic_by_hand(submission, rng):
    """The example of the docstring: loss log 2, d_w = [0.25], and [-0.125] with the weights 3 and 1."""
    case = np.array([0.0]), np.array([[1.0], [2.0]]), np.array([1, 0])
    for weights, expected in ((None, [0.25]), (np.array([3.0, 1.0]), [-0.125])):
        loss, d_w = submission.logreg_loss_grad(*case, weights)
        assert_close(loss, np.log(2), name="loss", case="all scores are 0")
        assert_close(d_w, expected, name="d_w", case=f"X = [[1], [2]], y = [1, 0], w = [0], sample_weight = {weights}")


@exercise("logreg_loss_grad")
def test_logistic_of_an_extreme_score(submission, rng):
    """A score of 1000 with label 0 has loss 1000."""
    loss, _ = submission.logreg_loss_grad(np.array([1000.0]), np.array([[1.0]]), np.array([0]))
    assert_close(loss, 1000.0, name="loss", case="z = 1000, y = 0")


# --- newton_step


@exercise("newton_step", condition=True)
def test_newton_has_the_promised_form(submission, rng):
    """(w_new, H), and no argument is modified."""
    case = rng.normal(size=2), np.array([[0.5, 1.0], [-1.0, 1.0], [2.0, 1.0]]), np.array([1, 0, 0]), 0.2
    result, after = submission.newton_step.after(*case)
    assert_length(result, 2, name="newton_step")
    assert_shape(result[0], (2,), name="w_new")
    assert_shape(result[1], (2, 2), name="H")
    for now, before, name in zip(after, case, ("w", "X", "y", "l2"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("newton_step")
def test_newton_by_hand(submission, rng):
    """The example of the docstring: H = [[0.5, 0], [0, 0.25]], w_new = [1, 0]."""
    w_new, H = submission.newton_step(np.zeros(2), np.array([[-1.0, 1.0], [1.0, 1.0]]), np.array([0, 1]), 0.25)
    case = "X = [[-1, 1], [1, 1]], y = [0, 1], w = [0, 0], l2 = 0.25"
    assert_close(H, [[0.5, 0.0], [0.0, 0.25]], name="H", case=case)
    assert_close(w_new, [1.0, 0.0], name="w_new", case=case)


def after_steps(student, X, y, l2, steps):
    """The weights after some steps from 0."""
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        w = np.asarray(student.newton_step(w, X, y, l2)[0])
    return w


@exercise("newton_step")
def test_newton_finds_the_minimum(submission, rng):
    """After eight steps the gradient of J is 0 to ten digits."""
    X = np.hstack([rng.normal(size=(30, 2)), np.ones((30, 1))])
    y = (X[:, 0] + rng.normal(size=30) > 0).astype(np.int64)
    w = as_array(submission.run(after_steps, X, y, 0.1, 8), name="w")
    gradient = X.T @ (1 / (1 + np.exp(-(X @ w))) - y) / 30 + 0.1 * np.append(w[:-1], 0.0)
    got = float(np.abs(gradient).max())
    assert_that(got < 1e-10, f"gradient of J after eight steps: expected less than 1e-10, got {got:.2g}.")


# --- trace_separation


@exercise("trace_separation")
def test_trace_is_what_the_program_gives(submission, rng):
    """One entry for each expression that is asked, with the value that the program gives."""
    assert_trace(submission.trace_separation(), separation_program(5).run())


# --- softmax_epoch


def after_epoch(submission, X, y, W, lr, batch_size):
    """The caller's W after the call."""
    _, (X_after, y_after, W_after, _, _) = submission.softmax_epoch.after(X, y, W, lr, batch_size)
    assert_unchanged(X_after, X, name="X")
    assert_unchanged(y_after, y, name="y")
    return W_after


@exercise("softmax_epoch")
def test_epoch_by_hand(submission, rng):
    """The example of the docstring: W becomes [[0.5, -0.5]]."""
    W = after_epoch(submission, np.array([[2.0]]), np.array([0]), np.zeros((1, 2)), 0.5, 1)
    assert_close(W, [[0.5, -0.5]], name="W", case="X = [[2]], y = [0], W = 0, lr = 0.5, batch_size = 1")


@exercise("softmax_epoch")
def test_epoch_of_three_equal_rows(submission, rng):
    """Three equal rows in batches of two: the second step starts where the first ended."""
    X, y = np.full((3, 1), 2.0), np.zeros(3, dtype=np.int64)
    W = after_epoch(submission, X, y, np.zeros((1, 2)), 0.5, 2)
    p = 1 / (1 + np.exp(-2.0))  # of class 0 after the first step: the logits are 1 and -1
    expected = 0.5 + 0.5 * 2 * (1 - p)
    assert_close(W, [[expected, -expected]], name="W", case="three rows [2] with label 0, W = 0, batch_size = 2")


# --- fit_softmax


@exercise("fit_softmax", condition=True)
def test_fit_has_the_promised_form(submission, rng):
    """(W, history), and no array is modified."""
    data = rng.normal(size=(7, 3)), np.array([0, 1, 2, 0, 1, 2, 0]), rng.normal(size=(4, 3)), np.array([0, 1, 2, 1])
    result, after = submission.fit_softmax.after(*data, 3, 2, 0.1, rng)
    assert_length(result, 2, name="fit_softmax")
    assert_shape(result[0], (3, 3), name="W")
    assert_type(result[1], list, name="history")
    assert_length(result[1], 3, name="history")
    for now, before, name in zip(after, data, ("X", "y", "X_val", "y_val"), strict=False):
        assert_unchanged(now, before, name=name)


@exercise("fit_softmax")
def test_fit_returns_the_first_of_the_best(submission, rng):
    """Every epoch is equally good here, so W is what it was after the first."""
    X, y = np.array([[1.0], [2.0]]), np.array([0, 1])
    W, history = submission.fit_softmax(X, y, np.array([[1.0], [-1.0]]), np.array([1, 1]), 3, 2, 0.1, rng)
    assert_close(history, [0.5, 0.5, 0.5], name="history", case="one of two validation examples is right")
    assert_close(W, [[-0.025, 0.025]], name="W", case="one step from W = 0, lr = 0.1")


@exercise("fit_softmax", training=True)
def test_fit_reads_the_digits(submission, rng):
    """Ten epochs on 800 digits: 400 others are read with at least 85 % accuracy."""
    x, y = digits()
    X = np.hstack([x, np.ones((len(x), 1))])
    W, _ = submission.fit_softmax(X[:800], y[:800], X[1200:], y[1200:], 10, 32, 0.5, rng)
    got = float(((X[800:1200] @ as_array(W)).argmax(axis=1) == y[800:1200]).mean())
    assert_that(got >= 0.85, f"accuracy: expected at least 0.85, got {got:.2f}.")
