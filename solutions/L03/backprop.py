"""Backpropagation by hand: every named gradient of a small network, and how to find out whether one is right."""

from collections.abc import Callable

import numpy as np


def forward(
    params: dict[str, np.ndarray],
    ids: np.ndarray,
    labels: np.ndarray,
    nudge: dict[str, np.ndarray] | None = None,
    eps: float = 1e-5,
) -> tuple[float, dict[str, np.ndarray]]:
    """Run embedding -> linear -> batch norm -> tanh -> linear -> mean cross-entropy, and keep everything.

    Args:
        params: E (V, D), W1 (T D, H), b1 (H,), gamma (H,), beta (H,), W2 (H, C), b2 (C,).
        ids: (N, T) integers from 0 to V - 1: T tokens for each of N examples.
        labels: (N,) integers from 0 to C - 1.
        nudge: Something to add to what has that name, as soon as it is computed; it changes all that comes later.
        eps: Added to the variances.

    Returns:
        loss: The mean cross-entropy over the N examples.
        cache: All of it by name: ids, labels, the parameters, and the intermediates, whose shapes stand below.
    """
    cache = {"ids": ids, "labels": labels}

    def keep(name: str, value: np.ndarray) -> np.ndarray:
        cache[name] = value + nudge[name] if nudge and name in nudge else value
        return cache[name]

    E, W1, b1, gamma, beta, W2, b2 = (
        keep(name, params[name]) for name in ("E", "W1", "b1", "gamma", "beta", "W2", "b2")
    )
    emb = keep("emb", E[ids])  # (N, T, D) one row of E for each token
    flat = keep("flat", emb.reshape(len(ids), -1))  # (N, T D)
    z1 = keep("z1", flat @ W1 + b1)  # (N, H)
    mean = keep("mean", z1.mean(axis=0))  # (H,) over the batch
    centered = keep("centered", z1 - mean)  # (N, H)
    var = keep("var", (centered**2).mean(axis=0))  # (H,) divided by N, not by N - 1
    inv_std = keep("inv_std", 1 / np.sqrt(var + eps))  # (H,)
    x_hat = keep("x_hat", centered * inv_std)  # (N, H)
    bn = keep("bn", gamma * x_hat + beta)  # (N, H)
    h = keep("h", np.tanh(bn))  # (N, H)
    logits = keep("logits", h @ W2 + b2)  # (N, C)
    row_max = keep("row_max", logits.max(axis=1, keepdims=True))  # (N, 1)
    shifted = keep("shifted", logits - row_max)  # (N, C) at most 0, so that exp cannot overflow
    exps = keep("exps", np.exp(shifted))  # (N, C)
    total = keep("total", exps.sum(axis=1, keepdims=True))  # (N, 1)
    log_total = keep("log_total", np.log(total))  # (N, 1)
    log_probs = keep("log_probs", shifted - log_total)  # (N, C)
    loss = -log_probs[np.arange(len(labels)), labels].mean()
    return float(loss), cache


def backprop_top(cache: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Carry the gradient of the loss from the log-probabilities back to the hidden layer, name by name.

    Args:
        cache: What ``forward`` keeps. It is not modified. No row of logits has its maximum twice.

    Returns:
        The gradients of the mean loss, each of the shape of the thing itself: a dict with the keys
        d_log_probs, d_log_total, d_total, d_exps, d_shifted, d_row_max, d_logits, d_W2, d_b2 and d_h.
        Other keys do no harm. The gradient of something that is used in two places is the whole gradient, of both.

    Example:
        Two examples, three classes, labels [2, 0]: d_log_probs is [[0, 0, -0.5], [-0.5, 0, 0]].
    """
    ### BEGIN SOLUTION
    labels, exps, logits, h = (cache[name] for name in ("labels", "exps", "logits", "h"))
    rows = np.arange(len(labels))  # (N,)
    d_log_probs = np.zeros(logits.shape)  # (N, C)
    d_log_probs[rows, labels] = -1.0 / len(labels)  # the 1/N of the mean comes in here, once
    d_log_total = -d_log_probs.sum(axis=1, keepdims=True)  # (N, 1) it was subtracted from all C columns: sum over them
    d_total = d_log_total / cache["total"]  # (N, 1)
    d_exps = d_total * np.ones(exps.shape)  # (N, C) each term of a sum gets the gradient of the sum
    d_shifted = d_log_probs + d_exps * exps  # (N, C) used twice: in log_probs and in exps
    d_row_max = -d_shifted.sum(axis=1, keepdims=True)  # (N, 1) zero, up to rounding
    d_logits = d_shifted.copy()  # (N, C) used twice as well: in shifted, and its largest entry as row_max
    d_logits[rows, logits.argmax(axis=1)] += d_row_max[:, 0]
    d_W2 = h.T @ d_logits  # (H, N) @ (N, C) -> (H, C)
    d_b2 = d_logits.sum(axis=0)  # (C,) added to every row: sum over the rows
    d_h = d_logits @ cache["W2"].T  # (N, C) @ (C, H) -> (N, H)
    return {
        "d_log_probs": d_log_probs,
        "d_log_total": d_log_total,
        "d_total": d_total,
        "d_exps": d_exps,
        "d_shifted": d_shifted,
        "d_row_max": d_row_max,
        "d_logits": d_logits,
        "d_W2": d_W2,
        "d_b2": d_b2,
        "d_h": d_h,
    }
    ### END SOLUTION


def softmax_ce_backward(probs: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give the gradient of a weighted mean cross-entropy with respect to the logits, in one go.

    The loss is (1/N) sum_n weights[n] * (-log probs[n, labels[n]]), with probs = softmax(logits) row by row. It is
    divided by the number N of examples, whatever the weights add up to.

    Args:
        probs: (N, C) the probabilities, kept by the forward pass. Neither it nor another argument is modified.
        labels: (N,) integers from 0 to C - 1.
        weights: (N,) how much each example counts; 0 for one that does not.

    Returns:
        d_logits: (N, C).

    Example:
        probs = [[0.5, 0.5], [0.2, 0.8]], labels = [0, 1], weights = [1, 3]: [[-0.25, 0.25], [0.3, -0.3]].
    """
    ### BEGIN SOLUTION
    d_logits = probs.copy()  # (N, C) a copy: whoever kept probs may need it again
    d_logits[np.arange(len(labels)), labels] -= 1.0  # p - y, y one-hot
    return d_logits * weights[:, None] / len(labels)  # (N, C) * (N, 1)
    ### END SOLUTION


def backprop_bottom(cache: dict[str, np.ndarray], d_h: np.ndarray) -> dict[str, np.ndarray]:
    """Carry a gradient from the hidden layer back to the embedding table, name by name.

    Args:
        cache: What ``forward`` keeps, for whatever eps it was given. Neither it nor ``d_h`` is modified.
        d_h: (N, H) gradient of some loss with respect to h, with every factor that belongs to that loss.

    Returns:
        The gradients of that loss, each of the shape of the thing itself: a dict with the keys
        d_bn, d_gamma, d_beta, d_x_hat, d_inv_std, d_var, d_centered, d_mean, d_z1, d_W1, d_b1, d_flat, d_emb and d_E.
        Other keys do no harm. The gradient of something that is used in two places is the whole gradient, of both.
        A token that occurs several times collects all its gradients in its row of d_E; the rows of tokens that do
        not occur are exactly 0.

    Example:
        With E of shape (3, 1), ids [[0, 2], [2, 2]] and d_emb [[[1.], [2.]], [[3.], [4.]]], d_E is [[1.], [0.], [9.]].
    """
    ### BEGIN SOLUTION
    x_hat, centered, inv_std, ids = (cache[name] for name in ("x_hat", "centered", "inv_std", "ids"))
    n = len(ids)
    d_bn = d_h * (1 - cache["h"] ** 2)  # (N, H) tanh' = 1 - tanh^2, and h is tanh(bn) already
    d_gamma = (d_bn * x_hat).sum(axis=0)  # (H,)
    d_beta = d_bn.sum(axis=0)  # (H,)
    d_x_hat = d_bn * cache["gamma"]  # (N, H)
    d_inv_std = (d_x_hat * centered).sum(axis=0)  # (H,) one number for the whole batch: sum over it
    d_var = d_inv_std * -0.5 * inv_std**3  # (H,) the derivative of (var + eps)^(-1/2)
    d_centered = d_x_hat * inv_std + d_var * 2 * centered / n  # (N, H) used twice: in x_hat and in var
    d_mean = -d_centered.sum(axis=0)  # (H,)
    d_z1 = d_centered + d_mean / n  # (N, H) used twice: in centered and in mean
    d_W1 = cache["flat"].T @ d_z1  # (T D, N) @ (N, H) -> (T D, H)
    d_b1 = d_z1.sum(axis=0)  # (H,) zero, up to rounding: the mean takes b1 out again
    d_flat = d_z1 @ cache["W1"].T  # (N, H) @ (H, T D) -> (N, T D)
    d_emb = d_flat.reshape(cache["emb"].shape)  # (N, T, D)
    d_E = np.zeros(cache["E"].shape)  # (V, D)
    np.add.at(d_E, ids, d_emb)  # d_E[ids] += d_emb would keep only one gradient of a repeated token
    return {
        "d_bn": d_bn,
        "d_gamma": d_gamma,
        "d_beta": d_beta,
        "d_x_hat": d_x_hat,
        "d_inv_std": d_inv_std,
        "d_var": d_var,
        "d_centered": d_centered,
        "d_mean": d_mean,
        "d_z1": d_z1,
        "d_W1": d_W1,
        "d_b1": d_b1,
        "d_flat": d_flat,
        "d_emb": d_emb,
        "d_E": d_E,
    }
    ### END SOLUTION


def batchnorm_backward(
    d_out: np.ndarray, cache: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Go back through batch normalisation in one step.

    Forward, for x (N, H): out = gamma * x_hat + beta with x_hat = (x - mean) * inv_std, where mean and variance are
    taken over the N rows (the variance divided by N) and inv_std = 1 / sqrt(variance + eps).

    Args:
        d_out: (N, H) upstream gradient.
        cache: (x_hat (N, H), gamma (H,), inv_std (H,)). No argument is modified.

    Returns:
        d_x (N, H), d_gamma (H,), d_beta (H,), in this order.

    Example:
        x_hat = [[-1.], [1.]], gamma = [2.], inv_std = [0.5], d_out = [[1.], [2.]]: d_gamma is [1.] and d_beta is [3.].
        d_x is [[0.], [0.]]: two rows have no other choice than to become -1 and 1.
    """
    ### BEGIN SOLUTION
    x_hat, gamma, inv_std = cache
    d_beta = d_out.sum(axis=0)  # (H,)
    d_gamma = (d_out * x_hat).sum(axis=0)  # (H,)
    # d_out without its part along (1, ..., 1) and its part along x_hat: moving x that way changes nothing
    d_x = gamma * inv_std * (d_out - d_beta / len(d_out) - x_hat * d_gamma / len(d_out))  # (N, H)
    return d_x, d_gamma, d_beta
    ### END SOLUTION


class Dual:
    """A value, and how fast it changes: its tangent, of the same shape.

    Where every input moves at the speed of its tangent, a result moves at the speed of its own. Both operands of
    +, -, * and @ are Duals; the results are new Duals, and the operands are not modified.
    """

    def __init__(self, value: np.ndarray, tangent: np.ndarray | None = None) -> None:
        """Keep ``value`` and ``tangent``; without a tangent the value is a constant, and its tangent 0."""
        self.value = np.asarray(value, dtype=float)
        self.tangent = np.zeros(self.value.shape) if tangent is None else np.asarray(tangent, dtype=float)

    def __add__(self, other: "Dual") -> "Dual":
        """Add, entry by entry; shapes broadcast, as in (N, H) + (H,)."""
        ### BEGIN SOLUTION
        return Dual(self.value + other.value, self.tangent + other.tangent)
        ### END SOLUTION

    def __sub__(self, other: "Dual") -> "Dual":
        """Subtract, entry by entry; shapes broadcast."""
        ### BEGIN SOLUTION
        return Dual(self.value - other.value, self.tangent - other.tangent)
        ### END SOLUTION

    def __mul__(self, other: "Dual") -> "Dual":
        """Multiply, entry by entry; shapes broadcast."""
        ### BEGIN SOLUTION
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)
        ### END SOLUTION

    def __matmul__(self, other: "Dual") -> "Dual":
        """Multiply as matrices: (N, K) @ (K, M) -> (N, M)."""
        ### BEGIN SOLUTION
        tangent = self.tangent @ other.value + self.value @ other.tangent  # product rule; matrices keep their order
        return Dual(self.value @ other.value, tangent)
        ### END SOLUTION

    def tanh(self) -> "Dual":
        """Take the hyperbolic tangent of each entry."""
        ### BEGIN SOLUTION
        y = np.tanh(self.value)
        return Dual(y, (1 - y**2) * self.tangent)
        ### END SOLUTION

    def exp(self) -> "Dual":
        """Take the exponential of each entry."""
        ### BEGIN SOLUTION
        y = np.exp(self.value)
        return Dual(y, y * self.tangent)
        ### END SOLUTION

    def log(self) -> "Dual":
        """Take the natural logarithm of each entry; all are positive."""
        ### BEGIN SOLUTION
        return Dual(np.log(self.value), self.tangent / self.value)
        ### END SOLUTION

    def sum(self, axis: int) -> "Dual":
        """Add up along an axis, which stays with size 1: (N, C) summed over axis 1 is (N, 1)."""
        ### BEGIN SOLUTION
        return Dual(self.value.sum(axis=axis, keepdims=True), self.tangent.sum(axis=axis, keepdims=True))
        ### END SOLUTION


def activation(name: str) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """Return an activation function and its derivative, both functions of the pre-activation z.

    Args:
        name: "linear", "sigmoid", "tanh" or "relu" (whose derivative at 0 is taken as 0).
    """
    if name == "linear":
        return lambda z: z, lambda z: np.ones(z.shape)
    if name == "tanh":
        return np.tanh, lambda z: 1 - np.tanh(z) ** 2
    if name == "relu":
        return lambda z: np.maximum(z, 0.0), lambda z: (z > 0).astype(float)
    if name == "sigmoid":
        # the logistic function is a tanh in disguise, and this form cannot overflow
        return lambda z: 0.5 * (1 + np.tanh(z / 2)), lambda z: 0.25 * (1 - np.tanh(z / 2) ** 2)
    raise ValueError(f"no activation is called {name!r}")


def gradient_flow(weights: list[np.ndarray], x: np.ndarray, d_out: np.ndarray, act: str) -> np.ndarray:
    """Measure how large the gradient is in each layer of a deep net.

    The net has no biases: h_0 = x, z_i = h_i @ weights[i], h_{i+1} = act(z_i), after the last layer too.

    Args:
        weights: One (fan_in, fan_out) a layer, from the input on. One layer or more.
        x: (N, fan_in of the first layer).
        d_out: (N, fan_out of the last layer) gradient of the loss with respect to the output h_L, with every factor
            that belongs to the loss. No argument is modified.
        act: Name of the activation, as in ``activation``.

    Returns:
        (L,) for each layer, from the input on: the norm of the gradient of the loss with respect to weights[i], that is
        the square root of the sum of the squares of all its entries.

    Example:
        One linear layer, x = [[3., 4.]], weights [[[2.], [0.]]], d_out = [[10.]]: the gradient is [[30.], [40.]], so
        the result is [50.].
    """
    ### BEGIN SOLUTION
    f, slope = activation(act)
    inputs, zs = [], []
    h = x  # (N, fan_in of layer 0)
    for W in weights:
        inputs.append(h)
        zs.append(h @ W)  # (N, fan_out)
        h = f(zs[-1])
    norms = np.zeros(len(weights))  # (L,)
    d_h = d_out  # always the gradient of what the layer at hand gave away
    for i in reversed(range(len(weights))):
        d_z = d_h * slope(zs[i])  # (N, fan_out)
        norms[i] = np.linalg.norm(inputs[i].T @ d_z)  # of (fan_in, fan_out): the gradient, not an activation
        d_h = d_z @ weights[i].T  # (N, fan_out) @ (fan_out, fan_in) -> (N, fan_in)
    return norms
    ### END SOLUTION


def clip_global_norm(grads: dict[str, np.ndarray], max_norm: float) -> tuple[dict[str, np.ndarray], float]:
    """Shorten a gradient that is too long, without turning it.

    All arrays together count as one long vector. If its norm exceeds ``max_norm``, every entry is multiplied by the
    same factor, so that the norm becomes ``max_norm``. Otherwise nothing changes.

    Returns:
        The gradients, in new arrays, and the norm they had before.
    """
    norm = float(np.sqrt(sum((grad**2).sum() for grad in grads.values())))
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    return {name: factor * grad for name, grad in grads.items()}, norm


class SuspectLayers:
    """Six backward functions that somebody handed in. Two of them are wrong.

    Each gets the upstream gradient first. No function modifies its arguments.
    """

    @staticmethod
    def linear_backward(d_out, x, W):
        """Forward: x (N, I) @ W (I, O) + b (O,). Return d_x (N, I), d_W (I, O), d_b (O,)."""
        d_x = d_out @ W.T
        d_W = x.T @ d_out
        d_b = d_out.sum(axis=0)
        return d_x, d_W, d_b

    @staticmethod
    def gate_backward(d_out, a, b):
        """Forward: a * sigmoid(b), both (N, H). Return d_a, d_b."""
        gate = 1 / (1 + np.exp(-b))
        d_a = d_out * gate
        d_b = d_out * a * gate * (1 - gate)
        return d_a, d_b

    @staticmethod
    def softmax_backward(d_out, p):
        """Forward: p (N, C) = softmax of each row of z (N, C). Return d_z."""
        along = (d_out * p).sum(axis=1, keepdims=True)
        return p * (d_out - along)

    @staticmethod
    def normalize_backward(d_out, x):
        """Forward: each row of x (N, D), divided by its Euclidean length. Return d_x."""
        length = np.sqrt((x * x).sum(axis=1, keepdims=True))
        y = x / length
        along = (d_out * y).sum(axis=1, keepdims=True)
        return (d_out - y * along) / length

    @staticmethod
    def mean_backward(d_out, n):
        """Forward: the mean over the n rows of x (n, D), of shape (D,). Return d_x."""
        return np.ones((n, 1)) * d_out / n

    @staticmethod
    def embedding_backward(d_out, ids, n_rows):
        """Forward: table[ids], with ids (N, T) and a table (n_rows, D). Return the gradient of the table."""
        d_table = np.zeros((n_rows, d_out.shape[-1]))
        np.add.at(d_table, ids, d_out)
        return d_table


def bag_forward(ids: np.ndarray, E: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Compute tanh(mean of the embeddings of each bag @ W): ids (N, T), E (V, D), W (D, K) -> (N, K)."""
    return np.tanh(E[ids].mean(axis=1) @ W)  # (N, T, D) -> (N, D) -> (N, K)


def check_backward(f: Callable) -> None:
    """Test a backward pass of ``bag_forward``, written by somebody you don't know.

    A right f(d_out, ids, E, W) returns (d_E, d_W): the gradients of sum(d_out * bag_forward(ids, E, W)) with respect
    to E and to W, of their shapes, for *all* float64 d_out (N, K), E (V, D), W (D, K) and all ids (N, T). It modifies
    none of its arguments. How it sums and rounds is its own affair: expect errors up to 1e-9 of the largest entry.

    A wrong f may be right for many inputs. Where it is wrong, it is off by at least 1e-5 of the largest entry of
    that gradient, or has another shape, or has modified an argument. It raises no exception.

    Args:
        f: The implementation. You choose what it is called with.

    Raises:
        AssertionError: If f is wrong. No other exception may leave this function, and nothing is returned.
    """
    ### BEGIN SOLUTION
    rng = np.random.default_rng(0)
    n, t, v, d, k = 4, 5, 6, 3, 2  # all different, so that no size can pass for another
    ids = rng.integers(v - 1, size=(n, t))  # the last token never occurs
    ids[0, 1] = ids[0, 0]  # twice in one bag
    ids[1, 0] = ids[0, 0]  # and in another bag
    E, W, d_out = rng.normal(size=(v, d)), rng.normal(size=(d, k)), rng.normal(size=(n, k))
    given = [d_out.copy(), ids.copy(), E.copy(), W.copy()]  # copies: f may write into what it gets
    grads = f(*given)
    if not all(map(np.array_equal, given, (d_out, ids, E, W))):
        raise AssertionError("an argument was modified")
    for which, (grad, p) in enumerate(zip(grads, (E, W), strict=True)):
        numerical = np.zeros(p.shape)
        for index in np.ndindex(p.shape):
            ends = []
            for h in (1e-5, -1e-5):
                moved = [E.copy(), W.copy()]
                moved[which][index] += h
                ends.append((d_out * bag_forward(ids, *moved)).sum())
            numerical[index] = (ends[0] - ends[1]) / 2e-5  # central: the error is about 1e-10
        if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-7 * np.abs(numerical).max():
            raise AssertionError(f"another gradient of {'EW'[which]}")  # `not <=` also says no to NaN
    ### END SOLUTION
