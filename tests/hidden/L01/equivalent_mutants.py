"""Mutants of the solutions of L01 that earn full points because they are as correct as the solution."""

from autograder.audit import Equivalent

EQUIVALENT = (
    Equivalent(
        "broadcast_shape",
        """
        @ broadcast_shape
        - for m, n in zip(a, b, strict=True):
        + for m, n in zip(b, a, strict=True):
        """,
        "the rule treats both shapes alike",
    ),
    Equivalent(
        "Tensor",
        """
        @ Tensor.__sub__
        - return self + Tensor(-1.0) * other
        + return self + -1.0 * other
        """,
        "for a Tensor the number is wrapped by __rmul__, and for a number or an array the sum wraps the product",
    ),
    Equivalent(
        "Tensor",
        """
        @ Tensor.__matmul__
        - a_t, b_t = (a.swapaxes(-1, -2), b.swapaxes(-1, -2))
        + a_t, b_t = (a.swapaxes(-2, -1), b.swapaxes(-1, -2))
        """,
        "swapping two axes has no direction",
    ),
    Equivalent(
        "Tensor",
        """
        @ Tensor.__matmul__
        - a_t, b_t = (a.swapaxes(-1, -2), b.swapaxes(-1, -2))
        + a_t, b_t = (a.swapaxes(-1, -2), b.swapaxes(-2, -1))
        """,
        "swapping two axes has no direction",
    ),
    Equivalent(
        "backward",
        """
        @ backward
        - d_root = np.ones_like(root.data) if grad is None else np.array(grad, dtype=np.float64)
        + d_root = np.ones_like(root.data) if grad is None else np.array(grad)
        """,
        "the gradient is an array of floats, as the text says",
    ),
    Equivalent(
        "backward",
        """
        @ backward
        - d_root = np.ones_like(root.data) if grad is None else np.array(grad, dtype=np.float64)
        + d_root = np.ones_like(root.data) if grad is None else grad
        """,
        "the gradient is an array, as the text says, and is never written into",
    ),
    Equivalent(
        "backward",
        """
        @ backward
        - node.grad = d[node].copy()
        + node.grad = d[node]
        """,
        "nothing writes into it; the text promises nothing about memory that gradients share",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - rng = np.random.default_rng(0)
        + rng = np.random.default_rng(1)
        """,
        "other random numbers, or another size with several rows and columns, do as well",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - x = rng.normal(size=(3, 4))
        + x = rng.normal(size=(4, 4))
        """,
        "other random numbers, or another size with several rows and columns, do as well",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - x = rng.normal(size=(3, 4))
        + x = rng.normal(size=(2, 4))
        """,
        "other random numbers, or another size with several rows and columns, do as well",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - x = rng.normal(size=(3, 4))
        + x = rng.normal(size=(3, 5))
        """,
        "other random numbers, or another size with several rows and columns, do as well",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - x = rng.normal(size=(3, 4))
        + x = rng.normal(size=(3, 3))
        """,
        "other random numbers, or another size with several rows and columns, do as well",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - given = np.asarray(back(d_out))
        + given = back(d_out)
        """,
        "the operations return arrays, as the text says",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - numerical = np.zeros(x.shape)
        + numerical = np.ones(x.shape)
        """,
        "every entry is overwritten",
    ),
    Equivalent(
        "check_vjp",
        """
        @ check_vjp
        - error = np.abs(given - numerical).max()
        + error = np.abs(numerical - given).max()
        """,
        "|a - b| = |b - a|",
    ),
)
