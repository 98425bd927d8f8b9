"""A multilayer perceptron: by hand in NumPy, then once more with PyTorch's tensors and autograd."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch


def relu(z: np.ndarray) -> np.ndarray:
    """Keep what is positive: max(z, 0), entry by entry, in a new array of the shape of ``z``."""
    return np.maximum(z, 0.0)


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Measure how surprised the scores are by the right classes, with the gradient.

    loss = -(1/N) sum_n log softmax(logits_n)[labels_n], natural logarithm. The maximum of each row is
    subtracted first, which changes nothing and keeps `exp` from overflowing.

    Args:
        logits: (N, C) scores, one row an example.
        labels: (N,) integers from 0 to C - 1.

    Returns:
        The mean loss, and d_logits (N, C): the gradient of that *mean*. The 1/N is already in it.
    """
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)  # (N, C)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, C)
    d_logits = np.exp(log_p)  # (N, C) probabilities p
    d_logits[rows, labels] -= 1.0  # p - y, y one-hot
    return float(-log_p[rows, labels].mean()), d_logits / len(labels)


def init_params(sizes: list[int], rng: np.random.Generator) -> list[dict[str, np.ndarray]]:
    """Draw the parameters of a network.

    Every weight is drawn independently from a normal distribution with mean 0 and variance 2 / fan_in, where
    fan_in is the number of inputs of its layer (He et al., 2015, section 2.2). Every bias is 0.

    Args:
        sizes: Widths from input to output. [64, 32, 10]: 64 inputs, 32 hidden units, 10 classes, so two layers.
        rng: The only source of randomness: its normal numbers, fresh ones for each layer.

    Returns:
        A list with one dict a layer, in order from the input: {"W": (fan_in, fan_out), "b": (fan_out,)}, float64.
        No two arrays share memory.

    Raises:
        ValueError: If ``sizes`` has fewer than two entries: there is no layer to make.

    Example:
        init_params([2, 3, 1], rng) has two dicts; W is (2, 3) in the first, (3, 1) in the second.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def forward(
    params: list[dict[str, np.ndarray]], x: np.ndarray
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Compute the scores of a batch, and keep what the backward pass will need.

    A layer computes z = a @ W + b from its input a. Between two layers stands a ReLU: the next input is relu(z).
    After the last layer there is none: its z are the logits.

    Args:
        params: One {"W": (fan_in, fan_out), "b": (fan_out,)} a layer, from the input on. One layer or more.
        x: (N, fan_in of the first layer). Neither ``x`` nor ``params`` is modified.

    Returns:
        logits: (N, fan_out of the last layer).
        cache: A list with one tuple (input, pre_activation) a layer, in the same order: the a that went into the
            layer, (N, fan_in), and the z that came out *before* the ReLU, (N, fan_out).

    Example:
        With one layer, W = [[2.], [-1.]], b = [0.5] and x = [[1., 3.]]: logits are [[-0.5]] and the cache is
        [(x, [[-0.5]])].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def backward(
    params: list[dict[str, np.ndarray]], cache: list[tuple[np.ndarray, np.ndarray]], d_logits: np.ndarray
) -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
    """Carry a gradient from the logits back to every parameter and to the input.

    The derivative of relu(z) is 1 where z > 0 and 0 elsewhere, at z = 0 too (so does PyTorch).

    Args:
        params: As in ``forward``.
        cache: What ``forward`` returned for these parameters: (input, pre_activation) a layer.
        d_logits: (N, C) gradient of the loss with respect to the logits. It carries every factor of the loss,
            such as 1/N; nothing is averaged here. No argument is modified.

    Returns:
        grads: A list like ``params``: {"W": gradient of W, "b": gradient of b} a layer, of their shapes, in the
            same order (from the input on).
        d_x: Gradient with respect to the input of the network, of the shape of x.

    Example:
        One layer, x = [[1., 3.]], W = [[2.], [-1.]], d_logits = [[10.]]: grads are
        [{"W": [[10.], [30.]], "b": [10.]}] and d_x is [[20., -10.]].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def gradcheck_report(
    loss: Callable[[], float], params: list[dict[str, np.ndarray]], grads: list[dict[str, np.ndarray]]
) -> tuple[str, dict[str, float]]:
    """Compare gradients with central differences, parameter by parameter, and name the worst.

    The numerical derivative for one entry p is (loss at p + h - loss at p - h) / (2h) with h = 1e-5 * max(1, |p|).
    The error of one array is the largest difference in it, relative to the largest entry:

        max |given - numerical|  /  max(max |given|, max |numerical|, 1e-8)

    Args:
        loss: A function without arguments. It computes the loss from the very arrays in ``params``, so it
            sees a change you write into them.
        params: {"W", "b"} a layer, as everywhere. They may be views with any memory layout. When the function
            returns, they are as they were, to the last bit.
        grads: The gradients in question, of the same structure and shapes.

    Returns:
        worst: The name of the parameter with the largest error, "W0" or "b2": the letter and the layer's index.
        errors: {"W0": error, "b0": error, "W1": ...}, a number for each parameter.

    Example:
        One layer, loss = sum(W), given gradient [[1.], [1.5]], true gradient [[1.], [1.]]: the error of W0 is
        0.5 / 1.5 = 1/3.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def train_step(params: list[dict[str, np.ndarray]], x: np.ndarray, y: np.ndarray, lr: float) -> float:
    """Take one step of gradient descent on the mean softmax cross-entropy of a batch.

    Every parameter p becomes p - lr * (gradient of the loss with respect to p), with all gradients taken at the
    parameters as they were when the step began.

    Args:
        params: As in ``forward``. After the call the caller's ``params`` hold the new values.
        x: (N, D) inputs.
        y: (N,) integer labels.
        lr: The learning rate.

    Returns:
        The loss of the batch *before* the step, a float.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def fit(
    params: list[dict[str, np.ndarray]],
    x: np.ndarray,
    y: np.ndarray,
    epochs: int,
    batch_size: int,
    lr: float,
    rng: np.random.Generator,
) -> list[float]:
    """Train by minibatch gradient descent.

    An epoch takes the examples in a new random order, cuts that order into batches of ``batch_size`` (the last
    one may be smaller and counts too), and makes one step for each.

    Args:
        params: As in ``train_step``; trained where they are.
        x: (N, D) inputs. Neither ``x`` nor ``y`` is modified.
        y: (N,) integer labels, the label of x[n] at y[n].
        epochs: How many times every example is used. With 0 nothing happens, and the history is empty.
        batch_size: At least 1.
        lr: The learning rate.
        rng: Draws the order, anew in each epoch.

    Returns:
        The history: one number an epoch, the mean over all N examples of the loss each had when its batch was
        used, before the step. An example in a small batch counts as much as any other.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def params_to_state_dict(params: list[dict[str, np.ndarray]]) -> dict[str, torch.Tensor]:
    """Turn NumPy parameters into a state_dict for ``TorchMLP``: "weights.0", "biases.0", "weights.1", ...

    PyTorch keeps the weight of a layer as (fan_out, fan_in), so W is transposed. Values are copied, float64 stays.
    """
    state = {}
    for i, layer in enumerate(params):
        state[f"weights.{i}"] = torch.tensor(layer["W"].T.copy())  # (fan_in, fan_out) -> (fan_out, fan_in)
        state[f"biases.{i}"] = torch.tensor(layer["b"])  # (fan_out,)
    return state


class TorchMLP(torch.nn.Module):
    """The same network with PyTorch's tensors; autograd does the backward pass.

    ``weights`` and ``biases`` hold one `torch.nn.Parameter` a layer, in order, and all of them are found by
    `parameters()`. As everywhere in PyTorch, a weight is (fan_out, fan_in): the transpose of W above.
    """

    def __init__(self, sizes: list[int], generator: torch.Generator | None = None) -> None:
        """Make the parameters: weights normal with variance 2 / fan_in, drawn with ``generator``; biases 0.

        The names in `state_dict()` are "weights.0", "weights.1", ... and "biases.0", "biases.1", ...

        Args:
            sizes: Widths from input to output, as in ``init_params``.
            generator: Passed on to `torch.randn`.
        """
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the logits: x (N, fan_in of the first layer) -> (N, fan_out of the last), differentiable."""
        # YOUR CODE HERE
        raise NotImplementedError()


class SuspectMLP:
    """A digit classifier with its own training step. It was handed in with three bugs.

    What it should do: a network as above, with He weights and zero biases, trained by gradient descent on
    the mean softmax cross-entropy. ``W`` and ``b`` are lists of arrays, one a layer.
    """

    def __init__(self, sizes: list[int], rng: np.random.Generator) -> None:
        """Draw He weights (see ``init_params``), independently for each layer; biases 0."""
        self.W, self.b = [], []
        shapes = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        draws = {shape: rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape) for shape in shapes}
        for shape in shapes:
            self.W.append(draws[shape])
            self.b.append(np.zeros(shape[1]))

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities of the classes, (N, C), for x of shape (N, D)."""
        self.inputs = []
        for i in range(len(self.W)):
            self.inputs.append(x)
            x = x @ self.W[i] + self.b[i]
            if i < len(self.W) - 1:
                x = np.maximum(x, 0.0)
        e = np.exp(x - x.max(axis=0, keepdims=True))
        return e / e.sum(axis=0, keepdims=True)

    def step(self, x: np.ndarray, y: np.ndarray, lr: float) -> None:
        """Take one step of gradient descent on the mean loss of the batch x (N, D), y (N,), with rate ``lr``."""
        d_out = self.probabilities(x)
        d_out[np.arange(len(y)), y] -= 1.0
        d_out = lr * d_out / len(y)
        for i in reversed(range(len(self.W))):
            d_W, d_b = self.inputs[i].T @ d_out, d_out.sum(axis=0)
            d_out = (d_out @ self.W[i].T) * (self.inputs[i] > 0)
            self.W[i] -= lr * d_W
            self.b[i] -= lr * d_b
