"""Linear and logistic regression from scratch: closed forms, gradients, Newton's method, softmax."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np


def with_ones(X: np.ndarray) -> np.ndarray:
    """Append a column of ones: (N, D) -> (N, D + 1). The last weight is then the bias."""
    return np.concatenate([X, np.ones((len(X), 1))], axis=1)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Turn scores into probabilities, entry by entry: 1 / (1 + e^-z).

    Computed from e^-|z|, which is at most 1: nothing overflows, whatever the sign of z.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def linreg_closed_form(X: np.ndarray, y: np.ndarray, l2: float) -> tuple[np.ndarray, float]:
    """Find the weights and the bias that minimise the mean squared error with a ridge penalty.

    They minimise  J(w, b) = 1/(2N) sum_n (x_n . w + b - y_n)^2  +  l2/2 ||w||^2.  The bias is not penalised.

    Where several w are equally good (l2 = 0, and the columns of X are dependent or more than the rows allow), the
    answer is the one with the smallest ||w||; b does not count in that norm. Nearly dependent columns must not cost
    accuracy: at l2 = 0 and a condition number of 10^6, w is right to six digits.

    Args:
        X: (N, D) inputs, without a column of ones. Neither ``X`` nor ``y`` is modified.
        y: (N,) targets.
        l2: Strength of the penalty, at least 0.

    Returns:
        w: (D,) weights.
        b: The bias, a number.

    Example:
        X = [[0.], [1.], [2.]], y = [1., 3., 5.]: w = [2.], b = 1 at l2 = 0. At l2 = 2/3 the penalty is as strong as
        the data, which halves the weight: w = [1.], b = 2.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def linreg_loss_grad(
    w: np.ndarray, b: float, X: np.ndarray, y: np.ndarray, l2: float
) -> tuple[float, np.ndarray, float]:
    """Compute the penalised mean squared error of a linear model, and its gradient.

    J(w, b) = 1/(2N) sum_n (x_n . w + b - y_n)^2  +  l2/2 ||w||^2,  as in ``linreg_closed_form``. Mind the 1/2 and the
    1/N: they decide what a learning rate means.

    Args:
        w: (D,) weights. No argument is modified.
        b: The bias.
        X: (N, D) inputs.
        y: (N,) targets.
        l2: Strength of the penalty.

    Returns:
        loss: J, a number.
        d_w: (D,) gradient of J with respect to w.
        d_b: Derivative of J with respect to b, a number.

    Example:
        X = [[1.], [3.]], y = [0., 0.], w = [2.], b = 0, l2 = 1: the residuals are 2 and 6, so the loss is
        40/4 + 4/2 = 12, d_w = [20/2 + 2] = [12.] and d_b = 4.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def minibatches(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Cut the indices of n examples into the batches of one epoch.

    Every index from 0 to n - 1 comes in exactly one batch. The order is uniformly random and drawn from ``rng``, anew
    at every call. All batches have ``batch_size`` indices, except that the last has what is left over: it may be
    smaller, but is neither dropped nor empty.

    Args:
        n: How many examples there are, at least 1.
        batch_size: At least 1; it may be larger than n.
        rng: The only source of randomness.

    Returns:
        The batches in order, as a list or a generator, as you like. Each is a one-dimensional array of integers.

    Example:
        minibatches(5, 2, rng) may give [3, 0], [4, 1], [2].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def logreg_loss_grad(
    w: np.ndarray, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """Compute the logistic loss (binary cross-entropy) and its gradient.

    With z_n = x_n . w and p_n = sigmoid(z_n), the loss of one example is -log p_n if y_n = 1, and -log(1 - p_n) if
    y_n = 0. The whole loss is the weighted mean  sum_n s_n loss_n / sum_n s_n.

    The values are right for every finite z, also for scores of +1000 and -1000, where p rounds to 1 or 0 and its
    logarithm is useless: an example with z = 1000 and y = 0 has loss 1000.

    Args:
        w: (D,) weights. No argument is modified.
        X: (N, D) inputs; with a column of ones if a bias is wanted. None is added here.
        y: (N,) labels, integers 0 or 1.
        sample_weight: (N,) the s_n, at least 0 and not all 0; None stands for ones.

    Returns:
        loss: A number.
        d_w: (D,) gradient of the loss with respect to w.

    Example:
        X = [[1.], [2.]], y = [1, 0], w = [0.]: both p are 1/2, the loss is log 2 = 0.6931, and d_w = [0.25]. With
        sample_weight = [3., 1.] the loss is the same and d_w = [-0.125].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def newton_step(w: np.ndarray, X: np.ndarray, y: np.ndarray, l2: float) -> tuple[np.ndarray, np.ndarray]:
    """Take one full step of Newton's method for logistic regression with a ridge.

    The function to minimise is  J(w) = (mean logistic loss)  +  l2/2 sum_j w_j^2, where j runs over all weights
    but the last. The last column of X is ones, so the last weight is the bias; it is not penalised.

    Args:
        w: (D,) the weights before the step. No argument is modified.
        X: (N, D) inputs, whose last column is ones.
        y: (N,) labels, integers 0 or 1.
        l2: Strength of the penalty, at least 0. The Hessian is invertible.

    Returns:
        w_new: (D,) the weights after the step, w - H^-1 (gradient of J at w).
        H: (D, D) the Hessian of J at the old w.

    Example:
        X = [[-1., 1.], [1., 1.]], y = [0, 1], w = [0., 0.], l2 = 0.25: the gradient is [-0.5, 0], H is
        [[0.5, 0], [0, 0.25]] and w_new = [1., 0.].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def trace_separation() -> dict[str, object]:
    """Predict what ``separation_program(5)`` gives: type the values, without running it.

    Returns:
        A dictionary with one entry for each expression that is asked, written as in the program's ``asked``. Numbers,
        True, False, and lists of them; what is not rounded by the expression needs four digits.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def softmax_epoch(X: np.ndarray, y: np.ndarray, W: np.ndarray, lr: float, batch_size: int) -> None:
    """Train softmax regression for one epoch, by gradient descent on one batch after another.

    The logits of a batch are X W, the loss is the mean over the *batch* of -log softmax(logits)[label]. The rows are
    taken in the order in which they come: the first ``batch_size`` rows are the first batch, and so on; the last batch
    may be smaller. Each batch's gradient is taken at the W that the batch before has left. There is no penalty.

    Scores in the thousands must not overflow.

    Args:
        X: (N, D) inputs; with a column of ones if biases are wanted. Neither ``X`` nor ``y`` is modified.
        y: (N,) labels, integers from 0 to C - 1.
        W: (D, C) weights, trained in place: after the call the caller's array holds the new values. It may be a view.
        lr: The learning rate.
        batch_size: At least 1; it may be larger than N.

    Returns:
        Nothing.

    Example:
        X = [[2.]], y = [0], W = [[0., 0.]], lr = 0.5, batch_size = 1: both probabilities are 1/2, the gradient is
        [[-1., 1.]], and W becomes [[0.5, -0.5]].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def fit_softmax(
    X: np.ndarray,
    y: np.ndarray,
    X_val: np.ndarray,
    y_val: np.ndarray,
    epochs: int,
    batch_size: int,
    lr: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[float]]:
    """Train softmax regression, and return the weights that did best on validation data.

    W starts as zeros. Each epoch takes the training rows in a new random order drawn from ``rng``, with their labels,
    and trains on them in batches (``softmax_epoch``). After each epoch the accuracy on the validation data is
    measured: the share of rows whose largest logit is that of their label.

    Args:
        X: (N, D) training inputs. No array passed in is modified.
        y: (N,) training labels, integers. The number of classes C is the largest of them plus 1.
        X_val: (M, D) validation inputs: to choose by, never to train on.
        y_val: (M,) validation labels.
        epochs: At least 1.
        batch_size: As in ``softmax_epoch``.
        lr: The learning rate.
        rng: Draws the orders.

    Returns:
        W: (D, C) the weights as they were after the epoch with the highest validation accuracy; after the first of
            them, if several are equally good.
        history: The validation accuracy after each epoch, a list of numbers.

    Example:
        If the accuracies after four epochs are 0.5, 0.75, 0.75, 0.25, then W is what it was after the second.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
