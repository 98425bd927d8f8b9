"""A second correct answer to every exercise of L06, written in another style."""

from __future__ import annotations

import numpy as np
import torch


def init_params(sizes, rng):
    n_layers = len(sizes) - 1
    if n_layers <= 0:
        raise ValueError("too few sizes")
    return [
        {"W": rng.standard_normal((n_in, n_out)) * (n_in / 2) ** -0.5, "b": np.full(n_out, 0.0)}
        for n_in, n_out in np.lib.stride_tricks.sliding_window_view(sizes, 2).tolist()
    ]


def forward(params, x):
    inputs, outputs = [x], []
    for depth in range(len(params)):
        W, b = params[depth]["W"], params[depth]["b"]
        outputs.append(np.stack([np.dot(W.T, row) + b for row in inputs[-1]]))
        inputs.append(np.where(outputs[-1] < 0, 0, outputs[-1]))
    return outputs[-1], [(a, z) for a, z in zip(inputs, outputs, strict=False)]


def backward(params, cache, d_logits):
    if not params:
        return [], d_logits
    *below, (a, _) = cache
    here = {"W": np.einsum("ni,no->io", a, d_logits), "b": np.ones(len(a)) @ d_logits}
    d_a = np.dot(d_logits, np.transpose(params[-1]["W"]))
    if below:
        d_a = np.where(below[-1][1] > 0, d_a, 0.0)
    grads, d_x = backward(params[:-1], below, d_a)
    return [*grads, here], d_x


def gradcheck_report(loss, params, grads):
    def numerical(array):
        slopes = np.empty_like(array, order="C")
        walker = np.nditer(array, flags=["multi_index"])
        for _ in walker:
            where = walker.multi_index
            backup = float(array[where])
            width = 1e-5 * max(1.0, float(np.fabs(backup)))
            values = []
            for sign in (+1, -1):
                array[where] = backup + sign * width
                values.append(loss())
            array[where] = backup
            slopes[where] = (values[0] - values[1]) / (2 * width)
        return slopes

    report = {}
    for number in range(len(params)):
        for letter in "Wb":
            wanted, got = numerical(params[number][letter]), np.asarray(grads[number][letter])
            size = np.max([np.max(np.abs(got)), np.max(np.abs(wanted)), 1e-8])
            report[letter + str(number)] = np.max(np.abs(got - wanted)) / size
    ranking = sorted(report.items(), key=lambda item: item[1], reverse=True)
    return ranking[0][0], report


def train_step(params, x, y, lr):
    scores, cache = forward(params, x)
    loss, d_scores = softmax_cross_entropy(scores, y)
    gradients = backward(params, cache, d_scores)[0]
    for i in range(len(params)):
        for name in params[i]:
            params[i][name] = params[i][name] - lr * gradients[i][name]
    return np.float64(loss)


def fit(params, x, y, epochs, batch_size, lr, rng):
    history = []
    indices = np.arange(len(y))
    while len(history) < epochs:
        rng.shuffle(indices)
        losses = np.zeros(len(y))
        begin = 0
        while begin < len(y):
            chosen = indices[begin : begin + batch_size]
            losses[chosen] = train_step(params, x[chosen], y[chosen], lr)
            begin += batch_size
        history.append(float(np.mean(losses)))
    return history


class TorchMLP(torch.nn.Module):
    def __init__(self, sizes, generator=None):
        super().__init__()
        weights, biases = [], []
        for n_in, n_out in np.lib.stride_tricks.sliding_window_view(sizes, 2).tolist():
            w = torch.empty(n_out, n_in).normal_(0, (2 / n_in) ** 0.5, generator=generator)
            weights.append(torch.nn.Parameter(w))
            biases.append(torch.nn.Parameter(torch.zeros(n_out)))
        self.weights = torch.nn.ParameterList(weights)
        self.biases = torch.nn.ParameterList(biases)

    def forward(self, x):
        *hidden, last = list(zip(self.weights, self.biases, strict=True))
        for w, b in hidden:
            x = torch.addmm(b, x, w.t()).clamp(min=0)
        return torch.einsum("ni,oi->no", x, last[0]) + last[1]


class SuspectMLP:
    """Mended with other lines than the solution's; how many may change is limited, so the rest stays."""

    def __init__(self, sizes: list[int], rng: np.random.Generator) -> None:
        """Draw."""
        self.W, self.b = [], []
        shapes = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        draws = iter([rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape) for shape in shapes])
        for shape in shapes:
            self.W.append(next(draws))
            self.b.append(np.zeros(shape[1]))

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Give the softmax of each row."""
        self.inputs = []
        for i in range(len(self.W)):
            self.inputs.append(x)
            x = x @ self.W[i] + self.b[i]
            if i < len(self.W) - 1:
                x = np.maximum(x, 0.0)
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def step(self, x: np.ndarray, y: np.ndarray, lr: float) -> None:
        """Take one step."""
        d_out = self.probabilities(x)
        d_out[np.arange(len(y)), y] -= 1.0
        d_out = lr * d_out / len(y)
        for i in reversed(range(len(self.W))):
            d_W, d_b = self.inputs[i].T @ d_out, d_out.sum(axis=0)
            d_out = (d_out @ self.W[i].T) * (self.inputs[i] > 0)
            self.W[i] -= d_W
            self.b[i] -= d_b
