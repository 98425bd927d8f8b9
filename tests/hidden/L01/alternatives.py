"""A second correct answer to every exercise of L01, written in another style."""

from __future__ import annotations

import numpy as np


def sliding_windows(x, width, step=1):
    length = np.shape(x)[1]
    if width < 1 or width > length:
        raise ValueError("width")
    if step <= 0:
        raise ValueError("step")
    starts = x[:, : length - width + 1 : step]
    return np.lib.stride_tricks.as_strided(starts, (*starts.shape, width), (*starts.strides, x.strides[-1]))


def broadcast_shape(a, b):
    a, b, result = list(a), list(b), []
    while a or b:
        m = a.pop() if a else 1
        n = b.pop() if b else 1
        if 1 in (m, n):
            result.insert(0, m * n)
        elif m == n:
            result.insert(0, n)
        else:
            raise ValueError((m, n))
    return tuple(result)


def unbroadcast(grad, shape):
    result = np.zeros(shape)
    padded = (1,) * (np.ndim(grad) - len(shape)) + tuple(shape)
    flat = result.reshape(padded)
    for index in np.ndindex(np.shape(grad)):
        flat[tuple(0 if size == 1 else i for i, size in zip(index, padded, strict=True))] += grad[index]
    return result


class Tensor(Node):
    def _as_node(self, other):
        return other if isinstance(other, Node) else Tensor(other)

    def __add__(self, other):
        other = self._as_node(other)
        left, right = self.data.shape, other.data.shape
        return Tensor(
            self.data + other.data, (self, other), (lambda d: unbroadcast(d, left), lambda d: unbroadcast(d, right))
        )

    def __mul__(self, other):
        other = self._as_node(other)
        return Tensor(
            self.data * other.data,
            (self, other),
            (
                lambda d: unbroadcast(d * other.data, self.data.shape),
                lambda d: unbroadcast(d * self.data, other.data.shape),
            ),
        )

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def __sub__(self, other):
        return self + self._as_node(other) * -1.0

    def exp(self):
        return Tensor(np.exp(self.data), [self], [lambda d: d * np.exp(self.data)])

    def log(self):
        return Tensor(np.log(self.data), [self], [lambda d: d / self.data])

    def tanh(self):
        return Tensor(np.tanh(self.data), [self], [lambda d: d / np.cosh(self.data) ** 2])

    def sum(self, axis=None, keepdims=False):
        def back(d):
            shape = list(self.data.shape)
            for i in range(len(shape)) if axis is None else [axis]:
                shape[i] = 1
            return np.reshape(d, shape) * np.ones(self.data.shape)

        return Tensor(np.sum(self.data, axis=axis, keepdims=keepdims), [self], [back])

    def __truediv__(self, other):
        other = self._as_node(other)
        reciprocal = Tensor(1.0 / other.data, (other,), (lambda d: -d / other.data**2,))
        product = self * reciprocal
        first, second = product.rules
        return Tensor(product.data, [self, other], [first, lambda d: reciprocal.rules[0](second(d))])

    def __matmul__(self, other):
        other = self._as_node(other)
        a, b = self.data, other.data
        return Tensor(
            np.einsum("...ij,...jk->...ik", a, b),
            [self, other],
            [
                lambda d: unbroadcast(np.einsum("...ik,...jk->...ij", d, b), a.shape),
                lambda d: unbroadcast(np.einsum("...ij,...ik->...jk", a, d), b.shape),
            ],
        )

    def max(self, axis, keepdims=False):
        rows = np.moveaxis(self.data, axis, -1)

        def back(d):
            d = np.moveaxis(d, axis, -1)[..., 0] if keepdims else d
            result = np.zeros(rows.shape)
            for place in np.ndindex(rows.shape[:-1]):
                best = np.flatnonzero(rows[place] == rows[place].max())
                for i in best:
                    result[(*place, i)] = d[place] / len(best)
            return np.moveaxis(result, -1, axis)

        return Tensor(np.amax(self.data, axis=axis, keepdims=keepdims), [self], [back])

    def __getitem__(self, index):
        places = np.arange(self.data.size).reshape(self.data.shape)[index]

        def back(d):
            sums = np.bincount(np.ravel(places), weights=np.ravel(d), minlength=self.data.size)
            return sums.reshape(self.data.shape)

        return Tensor(self.data[index], [self], [back])


def toposort(root):
    waiting, found = {root: 0}, [root]
    for node in found:
        for parent in node.parents:
            if parent not in waiting:
                waiting[parent] = 0
                found.append(parent)
            waiting[parent] += 1
    if waiting[root]:
        raise ValueError("the root is its own ancestor")
    order = [root]
    for node in order:
        for parent in node.parents:
            waiting[parent] -= 1
            if not waiting[parent]:
                order.append(parent)
    if len(order) < len(found):
        raise ValueError("a cycle")
    return order


def backward(root, grad=None):
    if grad is None:
        if root.data.size != 1:
            raise ValueError("a gradient is needed")
        grad = np.ones(root.data.shape)
    if np.shape(grad) != root.data.shape:
        raise ValueError("shapes differ")
    nodes = toposort(root)
    before = {id(node): node.grad for node in nodes}
    for node in nodes:
        node.grad = np.zeros(node.data.shape)
    root.grad = root.grad + grad
    for node in nodes:
        for i in range(len(node.parents)):
            node.parents[i].grad = node.parents[i].grad + node.rules[i](node.grad)
    for node in nodes:
        if len(node.parents) == 0 and before[id(node)] is not None:
            node.grad = node.grad + before[id(node)]


def check_vjp(op):
    rng = np.random.default_rng(17)
    for trial in range(2):
        x = rng.uniform(-2, 2, size=(3 + trial, 4 - 2 * trial))
        direction = rng.standard_normal(x.shape)
        y, back = op(x)
        columns = []
        for k in range(x.size):
            step = np.zeros(x.size)
            step[k] = 1e-6
            step = step.reshape(x.shape)
            columns.append(np.ravel((op(x + step)[0] - op(x - step)[0]) / 2e-6))
        upstream = rng.standard_normal(np.size(y))
        wanted = (np.array(columns) @ upstream).reshape(x.shape)
        got = back(upstream.reshape(np.shape(y)))
        if np.shape(got) != x.shape:
            raise AssertionError("shape")
        if not np.allclose(got, wanted, rtol=1e-3, atol=1e-4 * np.max(np.abs(wanted))):
            raise AssertionError("values")
        assert np.isclose(
            (got * direction).sum(), (wanted * direction).sum(), rtol=1e-2, atol=np.abs(wanted).max() * 1e-3
        )


def autograd_trace():
    nothing, error = None, "RuntimeError"
    return {
        "z.backward()": error,
        "t.sum().backward()": error,
        "s.sum().backward()": nothing,
        "x.add_(1.0)": error,
        "first": (35, -49),
        "w.grad": 44,
        "x.grad": (23, -45),
        "y.tolist()": (18, -14),
        "n.item()": 49,
        "x.is_leaf": True,
        "y.is_leaf": False,
        "y.requires_grad": True,
        "k.requires_grad": False,
        "d.requires_grad": False,
        "n.requires_grad": False,
        "k.grad is None": True,
        "y.grad is None": True,
    }
