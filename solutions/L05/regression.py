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
    ### BEGIN SOLUTION
    N, D = X.shape
    x_mean, y_mean = X.mean(axis=0), y.mean()  # (D,), ()
    A = X - x_mean  # (N, D) centred: the best bias is known for every w, so it drops out of the problem
    t = y - y_mean  # (N,)
    # the penalty as D more equations: sqrt(N l2) w_j = 0. Their squares add up to N l2 ||w||^2
    A = np.concatenate([A, np.sqrt(N * l2) * np.eye(D)])  # (N + D, D)
    t = np.concatenate([t, np.zeros(D)])  # (N + D,)
    w = np.linalg.lstsq(A, t, rcond=None)[0]  # (D,) least norm; X.T @ X would square the condition number
    return w, float(y_mean - x_mean @ w)
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    N = len(y)
    r = X @ w + b - y  # (N,) residuals
    loss = r @ r / (2 * N) + l2 / 2 * (w @ w)
    d_w = X.T @ r / N + l2 * w  # (D, N) @ (N,) -> (D,); the square's 2 has cancelled the 1/2
    d_b = r.mean()  # every row adds b once; no penalty on b
    return float(loss), d_w, float(d_b)
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    order = rng.permutation(n)  # (n,) each index once
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]  # (B,); a slice that runs over the end is just shorter
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    s = np.ones(len(y)) if sample_weight is None else sample_weight  # (N,)
    z = X @ w  # (N,)
    # -log p = log(1 + e^-z) and -log(1 - p) = log(1 + e^z); the first is the second minus z. p itself is never logged
    losses = np.logaddexp(0.0, z) - y * z  # (N,)
    d_z = s * (sigmoid(z) - y) / s.sum()  # (N,)
    return float(s @ losses / s.sum()), X.T @ d_z  # (), (D,)
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    penalty = np.full(len(w), l2)  # (D,)
    penalty[-1] = 0.0  # the bias only says where the boundary is
    gradient = logreg_loss_grad(w, X, y)[1] + penalty * w  # (D,)
    p = sigmoid(X @ w)  # (N,)
    H = X.T @ ((p * (1 - p))[:, None] * X) / len(y) + np.diag(penalty)  # (D, N) @ (N, D) -> (D, D)
    return w - np.linalg.solve(H, gradient), H  # solves H step = gradient; no inverse
    ### END SOLUTION


def trace_separation() -> dict[str, object]:
    """Predict what ``separation_program(5)`` gives: type the values, without running it.

    Returns:
        A dictionary with one entry for each expression that is asked, written as in the program's ``asked``. Numbers,
        True, False, and lists of them; what is not rounded by the expression needs four digits.
    """
    ### BEGIN SOLUTION
    return {
        "loss(np.zeros(2))": 0.6931,  # log 2: every p is 1/2
        "once.tolist()": [-0.35, -0.5],  # 0.4 / 4 times the sum of x (y - 1/2)
        "np.linalg.norm(long - short) < 1e-6": False,  # no finite w is best: twice w always has a smaller loss
        "loss(long) < loss(short) / 2": True,  # it falls like 1 / steps
        "loss(long) > 0": True,
        "(X @ long > 0).tolist()": [False, False, True, True],  # the labels
        "np.round(long / np.linalg.norm(long)).tolist()": [0.0, -1.0],  # the widest margin, not the first step
        "np.linalg.norm(ridge_long - ridge_short) < 1e-6": True,
        "loss(ridge_long) < loss(long)": False,  # the penalty stops it early
        "np.linalg.norm(more_long - more_short) < 1e-6": True,  # not separable: there is a best w
    }
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    for start in range(0, len(X), batch_size):
        x, labels = X[start : start + batch_size], y[start : start + batch_size]  # (B, D), (B,)
        logits = x @ W  # (B, C)
        e = np.exp(logits - logits.max(axis=1, keepdims=True))  # (B, C) at most 1
        d_logits = e / e.sum(axis=1, keepdims=True)  # (B, C) probabilities
        d_logits[np.arange(len(labels)), labels] -= 1.0  # p - one_hot(y)
        W -= lr * (x.T @ d_logits) / len(labels)  # (D, C) B, not batch_size: the last batch may be smaller
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    W = np.zeros((X.shape[1], y.max() + 1))  # (D, C)
    history = []
    for _ in range(epochs):
        order = rng.permutation(len(X))  # (N,) one order for X and y: pairs stay pairs
        softmax_epoch(X[order], y[order], W, lr, batch_size)
        accuracy = float(((X_val @ W).argmax(axis=1) == y_val).mean())
        if accuracy > max(history, default=-1.0):  # strictly: the first of equals stays
            best = W.copy()  # softmax_epoch goes on writing into W
        history.append(accuracy)
    return best, history
    ### END SOLUTION
