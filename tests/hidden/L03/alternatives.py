"""A second correct answer to every exercise of L03, written in another style."""

import numpy as np


def backprop_top(cache):
    c = dict(cache)
    n, k = c["logits"].shape
    out = {"d_log_probs": -np.eye(k)[c["labels"]] / n}
    out["d_log_total"] = np.full((n, 1), 1 / n)
    out["d_total"] = 1 / (n * c["total"])
    out["d_exps"] = np.repeat(out["d_total"], k, axis=1)
    p = c["exps"] / c["total"]
    out["d_shifted"] = out["d_logits"] = (p - np.eye(k)[c["labels"]]) / n
    out["d_row_max"] = np.zeros((n, 1))
    out["d_W2"] = np.einsum("nh,nc->hc", c["h"], out["d_logits"])
    out["d_b2"] = np.ones(n) @ out["d_logits"]
    out["d_h"] = np.stack([c["W2"] @ row for row in out["d_logits"]])
    return {**out, "note": "more keys do no harm"}


def softmax_ce_backward(probs, labels, weights):
    n, classes = np.shape(probs)
    rows = []
    for row, label, weight in zip(probs, labels, weights, strict=True):
        rows.append([weight / n * (row[c] - (c == label)) for c in range(classes)])
    return np.array(rows)


def backprop_bottom(cache, d_h):
    locals_ = {}
    x_hat, s, gamma = cache["x_hat"], cache["inv_std"], cache["gamma"]
    n = d_h.shape[0]
    d_bn = d_h / np.cosh(cache["bn"]) ** 2
    d_x_hat = np.multiply(gamma, d_bn)
    d_gamma, d_beta = np.einsum("nh,nh->h", d_bn, x_hat), np.ones(n) @ d_bn
    d_inv_std = np.einsum("nh,nh->h", d_x_hat, cache["centered"])
    d_var = -d_inv_std / (2 / s**3)
    d_centered = s * (d_x_hat - x_hat * (d_x_hat * x_hat).mean(axis=0))
    d_z1 = d_centered - d_centered.mean(axis=0)
    d_flat = np.dot(cache["W1"], d_z1.T).T
    d_emb = np.stack(np.split(d_flat, cache["ids"].shape[1], axis=1), axis=1)
    one_hot = np.eye(len(cache["E"]))[cache["ids"].ravel()]
    locals_.update(d_bn=d_bn, d_gamma=d_gamma, d_beta=d_beta, d_x_hat=d_x_hat, d_inv_std=d_inv_std, d_var=d_var)
    locals_.update(d_centered=d_centered, d_mean=-d_centered.sum(axis=0), d_z1=d_z1)
    locals_.update(d_W1=(d_z1.T @ cache["flat"]).T, d_b1=np.zeros(d_z1.shape[1]), d_flat=d_flat, d_emb=d_emb)
    locals_["d_E"] = one_hot.T @ d_emb.reshape(-1, d_emb.shape[-1])
    return locals_


def batchnorm_backward(d_out, cache):
    normalised, scale, one_over_std = cache
    n = len(d_out)
    columns = []
    for j in range(d_out.shape[1]):
        z = normalised[:, j]
        jacobian = np.eye(n) - 1 / n - np.outer(z, z) / n
        columns.append(scale[j] * one_over_std[j] * (jacobian @ d_out[:, j]))
    return [np.column_stack(columns), np.diag(normalised.T @ d_out).copy(), np.add.reduce(d_out)]


class Dual:
    def __init__(self, value, tangent=None):
        self.value = np.array(value, dtype=float)
        self.tangent = self.value * 0 if tangent is None else np.array(tangent, dtype=float)

    def _apply(self, f, derivative):
        return Dual(f(self.value), derivative(self.value) * self.tangent)

    def __add__(self, other):
        return Dual(np.add(self.value, other.value), np.add(self.tangent, other.tangent))

    def __sub__(self, other):
        return self + Dual(-other.value, -other.tangent)

    def __mul__(self, other):
        halves = self.value * other.tangent, other.value * self.tangent
        return Dual(self.value * other.value, sum(halves))

    def __matmul__(self, other):
        wide = np.concatenate([self.value, self.tangent], axis=1)  # (N, 2 K)
        tall = np.concatenate([other.tangent, other.value], axis=0)  # (2 K, M)
        return Dual(np.einsum("nk,km->nm", self.value, other.value), wide @ tall)

    def tanh(self):
        return self._apply(np.tanh, lambda z: np.cosh(z) ** -2)

    def exp(self):
        return self._apply(np.exp, np.exp)

    def log(self):
        return self._apply(np.log, np.reciprocal)

    def sum(self, axis):
        add = np.add.reduce
        return Dual(add(self.value, axis, keepdims=True), np.expand_dims(add(self.tangent, axis), axis))


def check_backward(f):
    rng = np.random.default_rng(7)
    for sizes in ((3, 4, 7, 2, 5), (5, 2, 6, 4, 3)):
        n, t, v, d, k = sizes
        ids = np.concatenate([np.full((n, 2), 1), rng.integers(v - 2, size=(n, t))], axis=1)
        E, W, d_out = rng.normal(size=(v, d)), rng.normal(size=(d, k)), rng.normal(size=(n, k))
        a, b, c, e = d_out.copy(), ids.copy(), E.copy(), W.copy()
        try:
            d_E, d_W = f(a, b, c, e)
        except Exception as error:
            raise AssertionError("it raises") from error
        for now, before in ((a, d_out), (b, ids), (c, E), (e, W)):
            assert (now == before).all()
        m = E[ids].mean(axis=1)
        d_z = d_out * (1 - bag_forward(ids, E, W) ** 2)
        want_W = sum(np.outer(m[i], d_z[i]) for i in range(n))
        want_E = np.zeros((v, d))
        for i in range(n):
            for token in ids[i]:
                want_E[token] += W @ d_z[i] / len(ids[i])
        for got, want in ((d_E, want_E), (d_W, want_W)):
            assert got.shape == want.shape
            assert np.allclose(got, want, rtol=0, atol=1e-8 * np.abs(want).max())


def gradient_flow(weights, x, d_out, act):
    f, slope = activation(act)

    def down(i, h):
        """Norms from layer i on, and the gradient of its input."""
        if i == len(weights):
            return [], d_out
        z = np.einsum("ni,io->no", h, weights[i])
        norms, d = down(i + 1, f(z))
        d_z = slope(z) * d
        gradient = sum(np.outer(a, b) for a, b in zip(h, d_z, strict=True))
        return [float(np.sqrt(np.sum(gradient * gradient))), *norms], np.einsum("no,io->ni", d_z, weights[i])

    return down(0, x)[0]


class SuspectLayers:
    """Mended with other lines than the solution's; how many may change is limited, so the rest stays."""

    @staticmethod
    def linear_backward(d_out, x, W):
        d_x = d_out @ W.T
        d_W = x.T @ d_out
        d_b = d_out.sum(axis=0)
        return d_x, d_W, d_b

    @staticmethod
    def gate_backward(d_out, a, b):
        gate = 1 / (1 + np.exp(-b))
        d_a = d_out * gate
        d_b = d_out * a * gate * (1 - gate)
        return d_a, d_b

    @staticmethod
    def softmax_backward(d_out, p):
        along = np.einsum("nc,nc->n", d_out, p)[:, None]
        return p * (d_out - along)

    @staticmethod
    def normalize_backward(d_out, x):
        length = np.sqrt((x * x).sum(axis=1, keepdims=True))
        y = x / length
        along = (d_out * y).sum(axis=1, keepdims=True)
        return (d_out - y * along) / length

    @staticmethod
    def mean_backward(d_out, n):
        return np.ones((n, 1)) * d_out / n

    @staticmethod
    def embedding_backward(d_out, ids, n_rows):
        d_table = np.zeros((n_rows, d_out.shape[-1]))
        for place in np.ndindex(ids.shape):
            d_table[ids[place]] += d_out[place]
        return d_table
