"""Tensors, and a small engine for reverse-mode automatic differentiation, in NumPy."""

from collections.abc import Callable

import numpy as np


def sliding_windows(x: np.ndarray, width: int, step: int = 1) -> np.ndarray:
    """Show the windows of each row of an array, without copying a single entry.

    Window j of row n begins at entry j * step and has ``width`` entries: windows[n, j, i] = x[n, j * step + i]. There
    are as many windows as fit: 1 + (T - width) // step.

    Args:
        x: (N, T) of any dtype. It may be a view with any strides: transposed, every second column, reversed.
        width: Entries of a window, from 1 to T.
        step: How far one window begins after the one before, at least 1.

    Returns:
        (N, windows, width), a view: it shares its memory with ``x``. Nothing is copied, and ``x`` is not modified.

    Raises:
        ValueError: If ``width`` is not between 1 and T, or ``step`` is less than 1.

    Example:
        x = [[1, 2, 3, 4, 5]], width 3, step 2: [[[1, 2, 3], [3, 4, 5]]].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Give the shape of the result when arrays of two shapes are added.

    The shapes are written below each other, aligned at their *last* axis. Where one of them has no axis left, it
    counts as 1. Two sizes go together if they are equal or if one of them is 1; the result then has the other one.

    Args:
        a: A shape, a tuple of sizes; () is that of a single number. A size may be 0.
        b: Another one.

    Returns:
        A tuple, as long as the longer of the two.

    Raises:
        ValueError: If two sizes do not go together.

    Example:
        broadcast_shape((4, 1, 3), (5, 1)) is (4, 5, 3).
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def unbroadcast(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Bring a gradient back to the shape that an operand had before it was broadcast.

    Broadcasting uses an entry in several places; the gradient of that entry is the *sum* of the gradients there.

    Args:
        grad: The gradient of the result, of a shape that ``shape`` can be broadcast to. It is not modified.
        shape: The operand's own shape; it may have fewer axes than ``grad``, and sizes of 1 where ``grad`` has any
            other size (0, too).

    Returns:
        The gradient of the operand, an array of exactly this shape (for the shape (), a number will do).

    Example:
        grad = [[1., 2., 3.], [4., 5., 6.]]: for the shape (3,) it is [5., 7., 9.], for (2, 1) it is [[6.], [15.]].
    """
    # YOUR CODE HERE
    raise NotImplementedError()


class Node:
    """One value of a computation, and how a gradient travels from it to what it was computed from.

    Attributes:
        data: The value, a float64 array (for a single number, of shape ()).
        parents: The nodes it was computed from, in order; the same node twice if it was used twice. Empty for a
            *leaf*: a parameter, an input, a constant.
        rules: One function for each parent. Given d_out, the gradient of the loss with respect to this node (of the
            shape of ``data``), it returns this node's contribution to the gradient of that parent, of that parent's
            shape.
        grad: The gradient of the loss with respect to this node, of the shape of ``data``; None before it is known.
    """

    __array_ufunc__ = None  # so that `array * node` asks the node instead of multiplying entry by entry

    def __init__(
        self,
        data: np.ndarray | float,
        parents: tuple["Node", ...] = (),
        rules: tuple[Callable[[np.ndarray], np.ndarray], ...] = (),
    ) -> None:
        """Make a leaf, or the result of an operation."""
        self.data = np.asarray(data, dtype=np.float64)
        self.parents = tuple(parents)
        self.rules = tuple(rules)
        self.grad: np.ndarray | None = None


class Tensor(Node):
    """A node with operators: each computes a result, and records parents and rules in it.

    Four operations are yours: `/`, `@`, `max` and `[...]`; the others show how it goes. Every operation returns a new
    Tensor whose ``parents`` and ``rules`` are in the order of its operands, self first. Every rule uses the d_out it
    is given, and returns an array of the parent's shape. No ``data``, and no d_out, is modified.
    """

    def _as_node(self, other: Node | np.ndarray | float) -> Node:
        """Wrap a number or an array into a leaf; a node stays what it is."""
        return other if isinstance(other, Node) else Tensor(other)

    def __add__(self, other: Node | np.ndarray | float) -> "Tensor":
        """Add, entry by entry, with broadcasting."""
        other = self._as_node(other)
        a, b = self.data, other.data
        return Tensor(
            a + b,
            (self, other),
            (lambda d_out: unbroadcast(d_out, a.shape), lambda d_out: unbroadcast(d_out, b.shape)),
        )

    def __mul__(self, other: Node | np.ndarray | float) -> "Tensor":
        """Multiply, entry by entry, with broadcasting."""
        other = self._as_node(other)
        a, b = self.data, other.data
        return Tensor(
            a * b,
            (self, other),
            (lambda d_out: unbroadcast(d_out * b, a.shape), lambda d_out: unbroadcast(d_out * a, b.shape)),
        )

    __radd__, __rmul__ = __add__, __mul__  # 2.0 + t, array * t

    def __sub__(self, other: Node | np.ndarray | float) -> "Tensor":
        """Subtract: a + (-1) * b."""
        return self + Tensor(-1.0) * other

    def exp(self) -> "Tensor":
        """Compute e^a; the derivative is the result itself."""
        out = np.exp(self.data)
        return Tensor(out, (self,), (lambda d_out: d_out * out,))

    def log(self) -> "Tensor":
        """Compute the natural logarithm, whose derivative is 1/a."""
        return Tensor(np.log(self.data), (self,), (lambda d_out: d_out / self.data,))

    def tanh(self) -> "Tensor":
        """Compute tanh, whose derivative is 1 - tanh^2."""
        out = np.tanh(self.data)
        return Tensor(out, (self,), (lambda d_out: d_out * (1.0 - out**2),))

    def sum(self, axis: int | None = None, keepdims: bool = False) -> "Tensor":
        """Sum over one axis, or over all entries: each entry receives the gradient of the sum it is in."""

        def rule(d_out: np.ndarray) -> np.ndarray:
            if axis is not None and not keepdims:
                d_out = np.expand_dims(d_out, axis)  # put the axis back, with size 1
            return np.broadcast_to(d_out, self.data.shape)

        return Tensor(self.data.sum(axis=axis, keepdims=keepdims), (self,), (rule,))

    def __truediv__(self, other: Node | np.ndarray | float) -> "Tensor":
        """Divide, entry by entry, with broadcasting: self / other."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def __matmul__(self, other: Node | np.ndarray) -> "Tensor":
        """Multiply matrices: self (..., n, k) @ other (..., k, m) -> (..., n, m).

        Both have at least two axes. Those before the last two are batch axes; they are broadcast against each other.
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def max(self, axis: int, keepdims: bool = False) -> "Tensor":
        """Take the largest entry along one axis.

        The gradient of a maximum goes to the entry that attains it. Where several are equally large, they share it
        in equal parts. With ``keepdims`` the axis stays in the result, with size 1.
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def __getitem__(self, index: object) -> "Tensor":
        """Select entries, with any index that NumPy takes: a number, a slice, integer arrays, a mask, a tuple of these.

        Integer arrays may name an entry several times: then it receives the gradients of all these places.
        """

        # YOUR CODE HERE
        raise NotImplementedError()


def toposort(root: Node) -> list[Node]:
    """Put the nodes that ``root`` was computed from in an order in which gradients can be passed on.

    The list begins with ``root``. It has each node exactly once, and after *all* nodes that have it among their
    parents; where that leaves a choice, any order will do. A node may be a parent of many others, and several times
    of one. Chains may have thousands of nodes, and the number of paths may be astronomical: look at each node a few
    times only, not once for every path. The nodes are not changed.

    Args:
        root: A node; only ``parents`` counts.

    Returns:
        The list.

    Raises:
        ValueError: If a node is its own ancestor, so that no such order exists.

    Example:
        b computed from a, and c from a and b: toposort(c) is [c, b, a]; [c, a, b] would be wrong.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def backward(root: Node, grad: np.ndarray | None = None) -> None:
    """Compute the gradient of ``root`` with respect to every node that it was computed from.

    Every rule is called once, with the complete gradient of its node: the sum of all contributions. And ``grad`` is
    set:

    - of a leaf (a node without parents), to what was there plus the new gradient: several calls add up;
    - of any other node, to the gradient of this call alone, whatever was there.

    Rules may return the very array that they were given. Neither it nor the argument ``grad`` is modified.

    Args:
        root: Where to start, usually a loss.
        grad: The gradient with respect to ``root``, of the shape of its data. It may be left out if the root is a
            single number (an array with one entry); then it is 1.

    Raises:
        ValueError: If ``grad`` has another shape than the root's data, or is left out although the root has more
            than one entry, or none.

    Example:
        x = Tensor(3.0); backward(x * x) makes x.grad 6.0; backward(x * x) once more makes it 12.0.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def check_vjp(op: Callable[[np.ndarray], tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]]) -> None:
    """Raise AssertionError if the backward pass of an operation is wrong.

    ``y, back = op(x)``: x is a float64 array (N, D) with any N, D >= 1 and any finite entries; y is the result, an
    array of whatever shape (or a number), every entry of which may depend on every entry of x; y may be a view of x.
    ``back(d_out)`` takes a gradient with respect to y, of its shape, and should return the gradient with respect to x:
    an array of the shape of x.

    The results y can be trusted; the question is whether ``back`` fits them. A right one agrees with the true gradient
    up to rounding. A wrong one is off in some entry by at least one percent of the gradient's largest entry, or has
    another shape, or NaN in it: for most inputs of ordinary size (numbers between -2 and 2, say, of both signs, in
    three rows and four columns), perhaps not for special ones. Gradients may be large or small as a whole: 1e6, or
    1e-6. An operation may have kinks, as max(x, 0) has at 0, but not at most inputs.

    Args:
        op: The operation. It modifies nothing, and equal inputs give equal results.
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def autograd_trace() -> dict[str, object]:
    """Say what the program printed above gives, without running it: return a dictionary of literals.

    The keys are expressions, to be copied as they are; the values are what they give after the program, evaluated in
    this order. A tensor is typed as a number or a list of numbers. Where an expression raises an error, the value is
    its name as text ("ValueError", say); where it returns nothing, None.
    """
    # YOUR CODE HERE
    raise NotImplementedError()
