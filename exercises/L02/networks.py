"""The parts of a neural network, one at a time: a perceptron, activations, losses, a linear layer, a whole net."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np


def perceptron_fit(x: np.ndarray, y: np.ndarray, max_epochs: int = 100) -> tuple[np.ndarray, float, int, bool]:
    """Train Rosenblatt's perceptron, and keep the best weights that it met on the way.

    The score of a row is w . x_n + b; the row is *right* if y_n * score > 0, so a score of exactly 0 is wrong. Start
    with w = 0 and b = 0. An epoch goes through the rows in the order given, one at a time. If the row at hand is wrong:
    w becomes w + y_n x_n and b becomes b + y_n, and then all N rows are scored with these new w and b: if more of them
    are right than after any update before, remember this w and b. A row that is right changes nothing.
    Stop after the first epoch without an update, or after ``max_epochs`` epochs.

    Args:
        x: (N, D) inputs, N >= 1. Neither ``x`` nor ``y`` is modified.
        y: (N,) labels, -1 or +1.
        max_epochs: How many epochs at most. With 0, nothing happens: w and b are 0.

    Returns:
        w: (D,) float64, and
        b: a number: the remembered ones, with which most rows are right; of equally good ones, the first.
        updates: How many updates were made in all.
        separated: Whether all N rows are right with the returned w and b.

    Example:
        x = [[1.], [-1.]], y = [1, 1]: the first row has score 0, so w = [1.], b = 1.0. Now the first row is right,
        and the second, with score 0, is wrong. Its update gives w = [0.], b = 2.0, and both rows are right. The second
        epoch changes nothing. Result: ([0.], 2.0, 2, True).
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def erf(z: np.ndarray) -> np.ndarray:
    """Compute the error function of every entry: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to the entry.

    NumPy has none; Python's `math` has one for single numbers. The result is a new array of the shape of ``z``.
    """
    return np.vectorize(math.erf, otypes=[np.float64])(z)


def activation(kind: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute an activation function and its derivative, entry by entry.

    - "tanh": done for you, as the pattern.
    - "relu": max(z, 0). At z = 0 the derivative counts as 0.
    - "leaky_relu": z where z > 0, and 0.01 z elsewhere. At z = 0 the derivative counts as 0.01.
    - "sigmoid": 1 / (1 + e^(-z)).
    - "softplus": log(1 + e^z).
    - "gelu": z Phi(z) with Phi(z) = (1 + erf(z / sqrt(2))) / 2. The function ``erf`` is given.
    - "gelu_tanh": z (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (z + 0.044715 z^3).

    The derivative is that of the very formula, with respect to z.

    Args:
        kind: One of the names above.
        z: Any shape, float64, entries from -1000 to 1000. Not modified.

    Returns:
        value: The activation of each entry, float64, of the shape of ``z``.
        slope: Its derivative there, of the same shape.
        For none of these entries does anything overflow, divide by zero, or become NaN on the way (numbers too small
        for a float may become 0). Small values are values too: softplus(-30) is 9.3576e-14, not 0.

    Raises:
        ValueError: If ``kind`` is another name.

    Example:
        activation("leaky_relu", np.array([-2.0, 3.0])) is ([-0.02, 3.0], [0.01, 1.0]).
    """
    if kind == "tanh":
        value = np.tanh(z)
        return value, 1.0 - value**2
    # YOUR CODE HERE
    raise NotImplementedError()


def log_softmax(z: np.ndarray, axis: int = -1) -> np.ndarray:
    """Turn scores into the logarithms of probabilities, along one axis.

    log p_i = z_i - log(sum_j e^(z_j)), where j runs along ``axis``, natural logarithm.

    Args:
        z: Scores of any shape with at least one axis, float64, of any size. Entries may be -inf (probability 0) if
            there is at least one finite entry along ``axis``. Not modified.
        axis: Which axis the probabilities sum to 1 along; may be negative, as in NumPy.

    Returns:
        The log-probabilities, float64, of the shape of ``z``. Scores of any size give finite results with nothing
        overflowing and no logarithm of 0 on the way; only where z is -inf, log p is -inf.

    Example:
        log_softmax([[1000., 1000.], [0., -5000.]]) is [[-0.6931, -0.6931], [0., -5000.]].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


class Losses:
    """Losses that take scores (logits), not probabilities. Each has a ``reduction``: "none", "sum" or "mean".

    All methods are static: call them as Losses.mse(prediction, target).
    """

    @staticmethod
    def reduced(values: np.ndarray, reduction: str) -> Any:
        """Return the values as they are ("none"), their sum ("sum") or their mean ("mean").

        Raises:
            ValueError: If ``reduction`` is another word.
        """
        if reduction == "none":
            return values
        if reduction == "sum":
            return values.sum()
        if reduction == "mean":
            return values.mean()
        raise ValueError(f"reduction must be 'none', 'sum' or 'mean', not {reduction!r}")

    @staticmethod
    def mse(prediction: np.ndarray, target: np.ndarray, reduction: str = "mean") -> Any:
        """Compute the squared error of each entry, of any shape. Done for you, as the pattern."""
        return Losses.reduced((prediction - target) ** 2, reduction)

    @staticmethod
    def bce_with_logits(logits: np.ndarray, target: np.ndarray, reduction: str = "mean") -> Any:
        """Compute the binary cross-entropy of scores z, entry by entry: -t log s - (1 - t) log(1 - s), s = sigmoid(z).

        Args:
            logits: Scores z of any shape, float64, from -1000 to 1000. For none of them does anything overflow, and no
                logarithm of 0 is taken on the way.
            target: t, of the same shape: the probability of "yes", from 0 to 1. Nothing is modified.
            reduction: "none": one loss an entry, of the shape of ``logits``. "sum", "mean": over all entries, a number.

        Raises:
            ValueError: If ``reduction`` is another word.

        Example:
            logits [0., 1000.], target [1., 0.], reduction "none": [0.6931, 1000.].
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def cross_entropy(logits: np.ndarray, target: np.ndarray, reduction: str = "mean", ignore_index: int = -100) -> Any:
        """Compute the cross-entropy of N rows of scores, with labels or with distributions as targets.

        Args:
            logits: (N, C) scores, float64, of any size (thousands apart, too).
            target: Either (N,) integers: the right class of each row, from 0 to C - 1; the loss of a row is -log p of
                that class, p = softmax of the row. Or (N, C) floats: a distribution for each row (one-hot, or soft);
                the loss of a row is -sum_c target_c log p_c. Nothing is modified.
            reduction: "none": (N,), one loss a row. "sum": their sum. "mean": their mean over the rows that count.
            ignore_index: Integer targets only. A row whose label is this number, in the range of the classes or
                not, does not count: its loss is 0, and it is left out of the N that the mean divides by. At least
                one row counts.

        Raises:
            ValueError: If ``reduction`` is another word.

        Example:
            logits [[0., 0.], [0., 1000.], [5., 5.]] and target [0, 0, -100]: with "none" [0.6931, 1000., 0.], with
            "mean" 500.3466.
        """
        # YOUR CODE HERE
        raise NotImplementedError()


def linear_forward(x: np.ndarray, W: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """Compute x @ W + b: x (..., fan_in), W (fan_in, fan_out), b (fan_out,) or None -> (..., fan_out)."""
    z = x @ W
    return z if b is None else z + b


def linear_backward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray | None, d_out: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Carry a gradient back through a linear layer, z = x @ W + b.

    x may have more than one batch axis: (N, fan_in), or (N, T, fan_in) for N sequences of T positions, or more. The
    same W and b are used at every position.

    Args:
        x: (..., fan_in) what went in, with one or more axes before the last.
        W: (fan_in, fan_out).
        b: (fan_out,), or None for a layer without bias.
        d_out: (..., fan_out) gradient of the loss with respect to z. It carries every factor of the loss, such as 1/N;
            nothing is averaged here. No argument is modified.

    Returns:
        d_x: Like ``x``.
        d_W: Like ``W``.
        d_b: Like ``b``; None if ``b`` is None.

    Example:
        x = [[1., 2.], [3., 4.]], W = [[5.], [6.]], b = [0.], d_out = [[1.], [10.]]:
        d_x = [[5., 6.], [50., 60.]], d_W = [[31.], [42.]], d_b = [11.].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


class MLP:
    """A multilayer perceptron: linear layers with an activation between them, and none after the last.

    Its parameters are a list of pairs (W, b), from the input on: W (fan_in, fan_out), b (fan_out,) or None.
    """

    def __init__(
        self, params: list[tuple[np.ndarray, np.ndarray | None]], act: Callable[[np.ndarray], np.ndarray] = np.tanh
    ) -> None:
        """Keep the parameters, and the activation: a function that gives an array of the same shape."""
        self.params = params
        self.act = act

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Compute the scores: x (N, fan_in of the first layer) -> (N, fan_out of the last). Modifies nothing."""
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def count(sizes: Sequence[int], bias: bool = True) -> int:
        """Count the parameters (single numbers) of a net with these widths, without making it.

        Args:
            sizes: Widths from input to output. [3, 4, 2]: 3 inputs, 4 hidden units, 2 outputs, so two layers.
            bias: Whether the layers have biases.

        Example:
            MLP.count([3, 4, 2]) is 26; MLP.count([3, 4, 2], bias=False) is 20.
        """
        # YOUR CODE HERE
        raise NotImplementedError()


def relu_breakpoints(params: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Find the pieces of a net with one input, one hidden layer of ReLUs and one output.

    f(x) = sum_j v_j max(w_j x + b_j, 0) + c consists of straight pieces. A breakpoint is a place where the slope of f
    changes. Several units may bend at the same place (exactly the same number): that is one breakpoint, with the sum of
    their changes, or none if these add up to 0 (a sum below 1e-9 counts as 0).

    Args:
        params: [(W_0, b_0), (W_1, b_1)], as in ``MLP``: W_0 (1, H) holds the w_j, b_0 (H,) the b_j, W_1 (H, 1) the v_j,
            and b_1 (1,) is c. Any of these numbers may be 0. Nothing is modified.

    Returns:
        breakpoints: (K,) the places, ascending; K may be 0.
        slopes: (K + 1,) the slopes of the pieces, from the leftmost to the rightmost.

    Example:
        W_0 = [[1., -1.]], b_0 = [-2., 0.], W_1 = [[3.], [1.]], b_1 = [7.]: breakpoints [0., 2.], slopes [-1., 0., 3.].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def trace_starts() -> dict[str, Any]:
    """Foresee what the program above gives: type numbers, tuples or text; compute nothing.

    The keys are expressions; write the value that each has after the program ran, numbers with four digits (not
    counting zeros in front: 0.01234).
    """
    # YOUR CODE HERE
    raise NotImplementedError()
