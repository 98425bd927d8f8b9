"""Wrong answers that people give to the exercises of L01, each with one sentence for the person who gave it."""

from autograder.checks import Mistake

MISTAKES = (
    # --- sliding_windows ----------------------------------------------------------------------------------------------
    Mistake(
        "sliding_windows",
        "strides count bytes, not entries: use those in `x.strides`, or multiply by `x.itemsize`.",
        edits=(("row, entry = x.strides", "row, entry = (stride // x.itemsize for stride in x.strides)"),),
    ),
    Mistake(
        "sliding_windows",
        "these are the windows of another array: x may be a view, so its strides are those in `x.strides`.",
        edits=(("row, entry = x.strides", "row, entry = T * x.itemsize, x.itemsize"),),
    ),
    Mistake(
        "sliding_windows",
        "the windows begin one entry apart: the stride from window to window is step times that of an entry.",
        edits=(("(row, step * entry, entry)", "(row, entry, entry)"),),
    ),
    Mistake(
        "sliding_windows",
        "the step is applied inside the windows: it is the distance between windows, whose entries are neighbours.",
        edits=(("(row, step * entry, entry)", "(row, entry, step * entry)"),),
    ),
    Mistake(
        "sliding_windows",
        "the windows stand side by side: they begin `step` entries apart, whatever their width, and overlap.",
        edits=(("(row, step * entry, entry)", "(row, width * entry, entry)"),),
    ),
    Mistake(
        "sliding_windows",
        "windows and entries are swapped: the axes are (N, windows, width).",
        edits=(
            ("shape=(N, windows, width)", "shape=(N, width, windows)"),
            ("(row, step * entry, entry)", "(row, entry, step * entry)"),
        ),
    ),
    Mistake(
        "sliding_windows",
        "the last window is missing: 1 + (T - width) // step of them fit.",
        edits=(("windows = 1 + (T - width) // step", "windows = max(1, (T - width) // step)"),),
    ),
    Mistake(
        "sliding_windows",
        "there are too many windows, beyond the end of the row: 1 + (T - width) // step of them fit.",
        edits=(("windows = 1 + (T - width) // step", "windows = 1 + T - width"),),
    ),
    Mistake(
        "sliding_windows",
        "the values were copied: `as_strided` with the right strides shows those of x.",
        answer="""
def sliding_windows(x, width, step=1):
    if not 1 <= width <= x.shape[1] or step < 1:
        raise ValueError("no windows")
    return np.stack([x[:, start : start + width] for start in range(0, x.shape[1] - width + 1, step)], axis=1)
""",
    ),
    Mistake(
        "sliding_windows",
        "the values were copied: `as_strided` with the right strides shows those of x.",
        edits=(("    row, entry = x.strides", "    x = np.ascontiguousarray(x)\n    row, entry = x.strides"),),
    ),
    Mistake(
        "sliding_windows",
        "a window has at least one entry and fits into a row: another width is a ValueError, so compare it with both.",
        edits=(("1 <= width <= T", "width <= T"),),
    ),
    Mistake(
        "sliding_windows",
        "windows that do not move on, or move backwards, are a ValueError: compare `step` with 1.",
        edits=(
            (" or step < 1", ""),
            ("windows = 1 + (T - width) // step", "windows = 1 + (T - width) // (step or 1)"),
        ),
    ),
    Mistake(
        "sliding_windows",
        "the strides of rows and entries are swapped: `x.strides` is (from row to row, from entry to entry).",
        edits=(("row, entry = x.strides", "entry, row = x.strides"),),
    ),
    Mistake(
        "sliding_windows",
        "the result has three axes, (N, windows, width): the windows of one row stay apart from those of the next.",
        answer="""
def sliding_windows(x, width, step=1):
    if not 1 <= width <= x.shape[1] or step < 1:
        raise ValueError("no windows")
    count = 1 + (x.shape[1] - width) // step
    return np.lib.stride_tricks.as_strided(x, (x.shape[0] * count, width), (step * x.strides[1], x.strides[1]))
""",
    ),
    Mistake(
        "sliding_windows",
        "a ValueError although it fits: every width from 1 up to T is allowed, 1 and T themselves too.",
        edits=(("1 <= width <= T", "1 <= width < T"),),
    ),
    Mistake(
        "sliding_windows",
        "the step was applied to the entries of each window: it belongs to the second axis, that of the windows.",
        answer="""
def sliding_windows(x, width, step=1):
    if not 1 <= width <= x.shape[1] or step < 1:
        raise ValueError("no windows")
    N, T = x.shape
    row, entry = x.strides
    every = np.lib.stride_tricks.as_strided(x, (N, T - width + 1, width), (row, entry, entry))
    return every[..., ::step]
""",
    ),
    # --- broadcast_shape ----------------------------------------------------------------------------------------------
    Mistake(
        "broadcast_shape",
        "the shapes are aligned at their first axis: new axes come in front, so they are aligned at the last.",
        edits=(
            ("(1,) * (ndim - len(a)) + a", "a + (1,) * (ndim - len(a))"),
            ("(1,) * (ndim - len(b)) + b", "b + (1,) * (ndim - len(b))"),
        ),
    ),
    Mistake(
        "broadcast_shape",
        "a 1 above a 0 gives 0: the result has the size that is not 1, which is not always the larger.",
        edits=(("shape.append(n if m == 1 else m)", "shape.append(max(m, n))"),),
    ),
    Mistake(
        "broadcast_shape",
        "sizes that differ, neither of them 1, do not go together: that is a ValueError.",
        edits=(
            (
                (
                    "        if m != n and m != 1 and n != 1:\n"
                    '            raise ValueError(f"sizes {m} and {n} do not go together")\n'
                ),
                "",
            ),
        ),
    ),
    Mistake(
        "broadcast_shape",
        "the axes that only the longer shape has are missing: the result is as long as the longer of the two.",
        answer="""
def broadcast_shape(a, b):
    shape = []
    for m, n in zip(a[::-1], b[::-1]):
        if m != n and m != 1 and n != 1:
            raise ValueError("sizes")
        shape.append(n if m == 1 else m)
    return tuple(shape[::-1])
""",
    ),
    Mistake(
        "broadcast_shape",
        "the result is back to front: the axes were collected from the last one on.",
        edits=(("return tuple(shape)", "return tuple(shape[::-1])"),),
    ),
    Mistake(
        "broadcast_shape",
        "a ValueError for shapes that go together: equal sizes do, and a 1 does with anything.",
        edits=(("if m != n and m != 1 and n != 1", "if m != n and m != 1"),),
    ),
    Mistake(
        "broadcast_shape",
        "a ValueError for a size of 0: 0 goes together with 0 and with 1, like any other size.",
        edits=(("if m != n and m != 1 and n != 1", "if m == 0 or n == 0 or (m != n and m != 1 and n != 1)"),),
    ),
    Mistake(
        "broadcast_shape",
        "`zip` pairs the shapes from the front and stops at the shorter: pad that one with ones, in front.",
        answer="""
def broadcast_shape(a, b):
    shape = []
    for m, n in zip(a, b):
        if m != n and m != 1 and n != 1:
            raise ValueError("sizes")
        shape.append(n if m == 1 else m)
    return tuple(shape)
""",
    ),
    Mistake(
        "broadcast_shape",
        "a shape is a tuple.",
        edits=(("return tuple(shape)", "return shape"),),
    ),
    Mistake(
        "broadcast_shape",
        "the smaller size is taken: a 1 is stretched to the other size, so the result has the one that is not 1.",
        edits=(("shape.append(n if m == 1 else m)", "shape.append(min(m, n))"),),
    ),
    Mistake(
        "broadcast_shape",
        "the sizes are always those of one of the two shapes: either may have the 1, and the result has the"
        " other size.",
        edits=(("shape.append(n if m == 1 else m)", "shape.append(m)"),),
    ),
    Mistake(
        "broadcast_shape",
        "the sizes are multiplied: equal ones stay what they are.",
        edits=(("shape.append(n if m == 1 else m)", "shape.append(m * n)"),),
    ),
    Mistake(
        "broadcast_shape",
        "a ValueError wherever the second shape is the longer one: either of them may be.",
        edits=(("ndim = max(len(a), len(b))", "ndim = len(a)"),),
    ),
    Mistake(
        "broadcast_shape",
        "the error is returned, or nothing is: sizes that do not go together are an error that is *raised*,"
        " `raise ValueError(...)`.",
        edits=(("raise ValueError(f", "return (f"),),
    ),
    Mistake(
        "broadcast_shape",
        "axes are missing wherever the second shape is the longer one: pad the shorter one, whichever it is.",
        answer="""
def broadcast_shape(a, b):
    b = (1,) * (len(a) - len(b)) + b
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b)):
        raise ValueError("sizes")
    return tuple(n if m == 1 else m for m, n in zip(a, b))
""",
    ),
    Mistake(
        "broadcast_shape",
        "a 0 is treated like a 1 and stretched: only a 1 is, and a 1 above a 0 gives 0.",
        edits=(("shape.append(n if m == 1 else m)", "shape.append(n if m <= 1 else m)"),),
    ),
    # --- unbroadcast --------------------------------------------------------------------------------------------------
    Mistake(
        "unbroadcast",
        "axes of size 1 that were stretched are not summed: they stay, with size 1 (keepdims).",
        edits=(("    return grad.sum(axis=stretched, keepdims=True)", "    return grad"),),
    ),
    Mistake(
        "unbroadcast",
        "the new axes in front are not summed: they have to go.",
        edits=(("    grad = grad.sum(axis=tuple(range(new_axes)))", "    shape = (2,) * new_axes + tuple(shape)"),),
    ),
    Mistake(
        "unbroadcast",
        "the axes summed over are numbered by their size: sum over the places at which `shape` has a 1.",
        edits=(
            (
                "tuple(i for i, size in enumerate(shape) if size == 1)",
                "tuple({size for size in shape if size == 1 and size < len(shape)})",
            ),
        ),
    ),
    Mistake(
        "unbroadcast",
        "the gradients are averaged: an entry that was used in several places receives their sum.",
        edits=(
            ("grad = grad.sum(axis=tuple(range(new_axes)))", "grad = grad.mean(axis=tuple(range(new_axes)))"),
            ("return grad.sum(axis=stretched", "return grad.mean(axis=stretched"),
        ),
    ),
    Mistake(
        "unbroadcast",
        "only one of the places counts: an entry that was used in several receives the sum of their gradients.",
        answer="""
def unbroadcast(grad, shape):
    grad = grad[(0,) * (grad.ndim - len(shape))]
    return grad[tuple(slice(0, 1) if size == 1 else slice(None) for size in shape)]
""",
    ),
    Mistake(
        "unbroadcast",
        "axes of size 1 are gone from the result: `keepdims` leaves them there, or reshape at the end.",
        edits=(("keepdims=True)  #", "keepdims=False)  #"),),
    ),
    Mistake(
        "unbroadcast",
        "the sum runs over axes that stay: only those count that are new, or have size 1 in `shape`.",
        answer="""
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=-1)
    for i, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=i, keepdims=True)
    return grad
""",
    ),
    Mistake(
        "unbroadcast",
        "only the first of the new axes is summed: there may be several of them.",
        edits=(("range(new_axes)", "range(min(new_axes, 1))"),),
    ),
    Mistake(
        "unbroadcast",
        "only one of the stretched axes is summed: there may be several of them.",
        edits=(("return grad.sum(axis=stretched", "return grad.sum(axis=stretched[:1]"),),
    ),
    Mistake(
        "unbroadcast",
        "only one of the places counts: an entry that was used in several receives the sum of their gradients.",
        answer="""
def unbroadcast(grad, shape):
    return np.resize(grad, shape) if grad.shape != tuple(shape) else grad
""",
    ),
    Mistake(
        "unbroadcast",
        "`grad` was modified: `+=` and `out=` write into the caller's array.",
        answer="""
def unbroadcast(grad, shape):
    if grad.shape == tuple(shape):
        grad *= 1.5
        grad /= 1.5000000001
        return grad
    new_axes = grad.ndim - len(shape)
    grad = grad.sum(axis=tuple(range(new_axes)))
    return grad.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)
""",
    ),
    Mistake(
        "unbroadcast",
        "all axes are summed: only those that are new, or have size 1 in `shape`, are.",
        edits=(("return grad.sum(axis=stretched, keepdims=True)", "return grad.sum(keepdims=True)"),),
    ),
    Mistake(
        "unbroadcast",
        "the new axes are still there, with size 1: they have to go, so no `keepdims` for them.",
        edits=(("grad = grad.sum(axis=tuple(range(new_axes)))", "shape = (1,) * new_axes + tuple(shape)"),),
    ),
    Mistake(
        "unbroadcast",
        "the 1s of `shape` are looked for from the first axis of `grad` on: the shapes are aligned at the last axis.",
        answer="""
def unbroadcast(grad, shape):
    for i, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=i, keepdims=True)
    return grad.sum(axis=tuple(range(grad.ndim - len(shape))))
""",
    ),
    Mistake(
        "unbroadcast",
        "that is a list: a gradient is an array, so return the array itself.",
        edits=(
            (
                "return grad.sum(axis=stretched, keepdims=True)",
                "return grad.sum(axis=stretched, keepdims=True).tolist()",
            ),
        ),
    ),
    Mistake(
        "unbroadcast",
        "`grad` was modified: `+=` and `out=` write into the caller's array.",
        answer="""
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        for row in grad[1:]:
            grad[0] += row
        grad = grad[0]
    return grad.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)
""",
    ),
    Mistake(
        "unbroadcast",
        "when an axis is summed away, those behind it move up: the next new axis is number 0 again, or sum over all of "
        "them at once, with a tuple.",
        answer="""
def unbroadcast(grad, shape):
    for i in range(grad.ndim - len(shape)):
        grad = grad.sum(axis=i)
    for i, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=i, keepdims=True)
    return grad
""",
    ),
    Mistake(
        "unbroadcast",
        "the axes of size 1 are at other places than in `shape`: `keepdims=True` leaves each where it was.",
        answer="""
def unbroadcast(grad, shape):
    new_axes = grad.ndim - len(shape)
    axes = tuple(i for i in range(grad.ndim) if i < new_axes or shape[i - new_axes] == 1)
    grad = grad.sum(axis=axes)
    while grad.ndim < len(shape):
        grad = grad[..., None]
    return grad
""",
    ),
    Mistake(
        "unbroadcast",
        "`reshape` never changes how many entries there are: before it, sum over all new axes and all where `shape` "
        "has a 1, and over no others (an axis that is summed away moves those behind it up).",
        answer="""
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    return grad.reshape(shape)
""",
    ),
    # --- Tensor -------------------------------------------------------------------------------------------------------
    Mistake(
        "Tensor",
        "the rule ignores d_out: a gradient is the local derivative times what arrives from above.",
        edits=(
            (
                "lambda d_out: unbroadcast(d_out / b, a.shape)",
                "lambda d_out: unbroadcast(np.ones_like(d_out) / b, a.shape)",
            ),
        ),
    ),
    Mistake(
        "Tensor",
        "the gradient of the divisor lacks its minus: d(a / b) / db = -a / b**2.",
        edits=(("-d_out * a / b**2", "d_out * a / b**2"),),
    ),
    Mistake(
        "Tensor",
        "the gradient of the divisor lacks the numerator: d(a / b) / db = -a / b**2.",
        edits=(("-d_out * a / b**2", "-d_out / b**2"),),
    ),
    Mistake(
        "Tensor",
        "the gradient of the divisor has another power of b than b**2 below: d(a / b) / db = -a / b**2.",
        edits=(("-d_out * a / b**2", "-d_out * a / b"),),
    ),
    Mistake(
        "Tensor",
        "the rule ignores d_out: a gradient is the local derivative times what arrives from above.",
        edits=(("-d_out * a / b**2", "-a / b**2"),),
    ),
    Mistake(
        "Tensor",
        "an operand that was broadcast gets a gradient of the result's shape: `unbroadcast` sums it back.",
        edits=(
            ("lambda d_out: unbroadcast(d_out / b, a.shape)", "lambda d_out: d_out / b"),
            ("lambda d_out: unbroadcast(-d_out * a / b**2, b.shape)", "lambda d_out: -d_out * a / b**2"),
        ),
    ),
    Mistake(
        "Tensor",
        "this is the gradient of the other operand: parents and rules are in the order of the operands, self first.",
        edits=(
            (
                (
                    "(lambda d_out: unbroadcast(d_out / b, a.shape), lambda d_out: unbroadcast(-d_out"
                    " * a / b**2, b.shape))"
                ),
                (
                    "(lambda d_out: unbroadcast(-d_out * a / b**2, b.shape), lambda d_out: "
                    "unbroadcast(d_out / b, a.shape))"
                ),
            ),
        ),
    ),
    Mistake(
        "Tensor",
        "`.T` turns round all axes, the batch axes too: only the last two are swapped, `swapaxes(-1, -2)`.",
        edits=(("a_t, b_t = a.swapaxes(-1, -2), b.swapaxes(-1, -2)", "a_t, b_t = a.T, b.T"),),
    ),
    Mistake(
        "Tensor",
        "one operand has to be transposed: for a @ b the gradients are d_out @ b^T and a^T @ d_out.",
        edits=(("unbroadcast(d_out @ b_t, a.shape)", "unbroadcast(d_out @ b, a.shape)"),),
    ),
    Mistake(
        "Tensor",
        "the gradient of the right operand is d_out^T a, which is transposed: a^T d_out has its shape.",
        edits=(("unbroadcast(a_t @ d_out, b.shape)", "unbroadcast(d_out.swapaxes(-1, -2) @ a, b.shape)"),),
    ),
    Mistake(
        "Tensor",
        "an operand that was broadcast gets a gradient of the result's shape: `unbroadcast` sums it back.",
        edits=(
            ("unbroadcast(d_out @ b_t, a.shape)", "d_out @ b_t"),
            ("unbroadcast(a_t @ d_out, b.shape)", "a_t @ d_out"),
        ),
    ),
    Mistake(
        "Tensor",
        "where several entries are largest, each gets the full gradient: they share it, in equal parts.",
        edits=(("share = winners / winners.sum(axis=axis, keepdims=True)", "share = winners * 1.0"),),
    ),
    Mistake(
        "Tensor",
        "where several entries are largest, only one of them gets the gradient: they share it, in equal parts.",
        edits=(
            (
                "winners = self.data == top",
                (
                    "winners = np.zeros(self.data.shape)\n"
                    "        np.put_along_axis(winners, np.expand_dims(self.data."
                    "argmax(axis=axis), axis), 1.0, axis)"
                ),
            ),
        ),
    ),
    Mistake(
        "Tensor",
        "the gradient is divided by the number of largest entries in the whole array: count along the axis.",
        edits=(("winners.sum(axis=axis, keepdims=True)", "winners.sum()"),),
    ),
    Mistake(
        "Tensor",
        "only the largest entry of the whole array gets a gradient: each line along the axis has its own.",
        edits=(
            ("winners = self.data == top", "winners = self.data == self.data.max()"),
            ("winners.sum(axis=axis, keepdims=True)", "winners.sum()"),
        ),
    ),
    Mistake(
        "Tensor",
        "the rule ignores d_out: a gradient is the local derivative times what arrives from above.",
        edits=(("return share * (d_out if keepdims else np.expand_dims(d_out, axis))", "return share"),),
    ),
    Mistake(
        "Tensor",
        "the axis that `max` removed has to come back before d_out meets the operand: `np.expand_dims(d_out, axis)`.",
        edits=(("return share * (d_out if keepdims else np.expand_dims(d_out, axis))", "return share * d_out"),),
    ),
    Mistake(
        "Tensor",
        "`keepdims` is already in d_out where it was asked for: another axis makes its shape too long.",
        edits=(("(d_out if keepdims else np.expand_dims(d_out, axis))", "np.expand_dims(d_out, axis)"),),
    ),
    Mistake(
        "Tensor",
        "an entry that is named several times gets only one of its gradients: they add up (`np.add.at`).",
        edits=(("np.add.at(d_a, index, d_out)", "d_a[index] = d_out"),),
    ),
    Mistake(
        "Tensor",
        "an entry that is named several times gets only one of its gradients: they add up (`np.add.at`).",
        edits=(("np.add.at(d_a, index, d_out)", "d_a[index] += d_out"),),
    ),
    Mistake(
        "Tensor",
        "the gradient of what was selected has to be put back at its places, in zeros of the operand's shape.",
        edits=(("            return d_a\n", "            return d_out\n"),),
    ),
    Mistake(
        "Tensor",
        "the gradient is added to the operand's values: it starts from zeros.",
        edits=(("d_a = np.zeros_like(self.data)", "d_a = self.data.copy()"),),
    ),
    Mistake(
        "Tensor",
        "the gradient is added to the operand's values: it starts from zeros.",
        edits=(("d_a = np.zeros_like(self.data)", "d_a = self.data"),),
    ),
    Mistake(
        "Tensor",
        "the result does not know all its operands: without a rule for each, as after `detach`, no gradient"
        " gets there.",
        edits=(("return Tensor(self.data[index], (self,), (rule,))", "return Tensor(self.data[index])"),),
    ),
    Mistake(
        "Tensor",
        "a rule makes a new array each time: one that is kept has the gradients of earlier calls in it.",
        edits=(
            (
                ("        def rule(d_out: np.ndarray) -> np.ndarray:\n            d_a = np.zeros_like(self.data)"),
                ("        d_a = np.zeros_like(self.data)\n\n        def rule(d_out: np.ndarray) -> np.ndarray:"),
            ),
        ),
    ),
    # --- toposort -----------------------------------------------------------------------------------------------------
    Mistake(
        "toposort",
        "a node is listed when it is first met: it must wait until all nodes that use it are in the list.",
        answer="""
def toposort(root):
    order, seen, active = [], set(), set()
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            active.discard(node)
        elif node not in seen:
            seen.add(node)
            active.add(node)
            order.append(node)
            stack.append((node, True))
            for parent in node.parents:
                if parent in active:
                    raise ValueError("cycle")
                stack.append((parent, False))
    return order
""",
    ),
    Mistake(
        "toposort",
        "the nodes are in order of their shortest distance from the root: a node also has to wait for a longer path.",
        answer="""
def toposort(root):
    order = [root]
    for node in order:
        for parent in node.parents:
            if parent is root:
                raise ValueError("cycle")
            if parent not in order:
                order.append(parent)
    return order
""",
    ),
    Mistake(
        "toposort",
        "a node is listed when it is first met: it must wait until all nodes that use it are in the list.",
        answer="""
def toposort(root):
    order, seen, stack = [], {root}, [root]
    while stack:
        node = stack.pop()
        order.append(node)
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return order
""",
    ),
    Mistake(
        "toposort",
        "the order is right, but back to front: the root comes first, and parents after the nodes computed from them.",
        edits=(("return order[::-1]", "return order"),),
    ),
    Mistake(
        "toposort",
        "a node that is used several times is listed several times: remember which ones have been dealt with.",
        answer="""
def toposort(root):
    order = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(node.parents)
    return order
""",
    ),
    Mistake(
        "toposort",
        "a node is looked at once for every path that leads to it, and their number doubles with every "
        "step: remember which ones were visited.",
        answer="""
def toposort(root):
    order, stack = [], [(root, False)]
    while stack:
        node, done = stack.pop()
        if not done:
            stack.append((node, True))
            stack.extend((parent, False) for parent in node.parents)
        elif node not in order:
            order.append(node)
    return order[::-1]
""",
    ),
    Mistake(
        "toposort",
        "recursion goes only about 1,000 calls deep: keep the nodes that wait in a list of your own.",
        answer="""
def toposort(root):
    order, state = [], {}

    def visit(node):
        if state.get(node) == 1:
            raise ValueError("cycle")
        if node not in state:
            state[node] = 1
            for parent in node.parents:
                visit(parent)
            state[node] = 2
            order.append(node)

    visit(root)
    return order[::-1]
""",
    ),
    Mistake(
        "toposort",
        "a cycle is not noticed: a node that is met again while its own ancestors are being visited is its "
        "own ancestor.",
        edits=(
            (
                (
                    "                if in_progress.get(parent):\n"
                    '                    raise ValueError("a node is its own ancestor")\n'
                ),
                "",
            ),
        ),
    ),
    Mistake(
        "toposort",
        "a ValueError for a graph without a cycle: meeting a node again is no cycle, unless it is still being visited.",
        edits=(("if in_progress.get(parent):", "if parent in in_progress:"),),
    ),
    Mistake(
        "toposort",
        "the root is missing: it is the first in the list.",
        edits=(("return order[::-1]", "return order[-2::-1]"),),
    ),
    Mistake(
        "toposort",
        "the leaves are missing: they are nodes like the others, and it is their gradients that are wanted.",
        edits=(("            order.append(node)", "            if node.parents:\n                order.append(node)"),),
    ),
    Mistake(
        "toposort",
        "a second call gives something else: marks that were left in the nodes, or a default argument that "
        "is a list, remember the first.",
        answer="""
def toposort(root):
    order, active = [], set()
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            active.discard(node)
            order.append(node)
        elif not getattr(node, "visited", False):
            node.visited = True
            active.add(node)
            stack.append((node, True))
            for parent in node.parents:
                if parent in active:
                    raise ValueError("cycle")
                stack.append((parent, False))
    return order[::-1]
""",
    ),
    Mistake(
        "toposort",
        "a second call gives something else: marks that were left in the nodes, or a default argument that "
        "is a list, remember the first.",
        answer="""
def toposort(root, order=[], state={}):
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            state[node] = 2
            order.append(node)
        elif node not in state:
            state[node] = 1
            stack.append((node, True))
            for parent in node.parents:
                if state.get(parent) == 1:
                    raise ValueError("cycle")
                stack.append((parent, False))
    return order[::-1]
""",
    ),
    Mistake(
        "toposort",
        "only the root and its parents are listed: the parents' parents, and so on, are needed too.",
        answer="""
def toposort(root):
    return [root, *dict.fromkeys(root.parents)]
""",
    ),
    Mistake(
        "toposort",
        "a set has no order: collect the nodes in a list, and ask a set only whether one is there already.",
        answer="""
def toposort(root):
    seen, stack = set(), [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.parents)
    return seen
""",
    ),
    Mistake(
        "toposort",
        "a node that is used twice by the same one is counted once and crossed off twice, so it is listed too early: "
        "count every use.",
        answer="""
def toposort(root):
    nodes, users = [root], {root: 0}
    for node in nodes:
        for parent in set(node.parents):
            if parent not in users:
                users[parent] = 0
                nodes.append(parent)
            users[parent] += 1
    if users[root]:
        raise ValueError("cycle")
    order, ready = [], [root]
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in node.parents:
            users[parent] -= 1
            if users[parent] == 0:
                ready.append(parent)
    if len(order) < len(nodes):
        raise ValueError("cycle")
    return order
""",
    ),
    Mistake(
        "toposort",
        "a node is marked as seen when it is put on the stack, so a longer path that reaches it before its turn is "
        "ignored: mark it when it is taken from the stack.",
        answer="""
def toposort(root):
    order, seen, active, stack = [], {root}, set(), [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            active.discard(node)
            order.append(node)
            continue
        active.add(node)
        stack.append((node, True))
        for parent in node.parents:
            if parent in active:
                raise ValueError("cycle")
            if parent not in seen:
                seen.add(parent)
                stack.append((parent, False))
    return order[::-1]
""",
    ),
    Mistake(
        "toposort",
        "a ValueError for a long chain, which has no cycle: recursion goes only about 1,000 calls deep, so keep the "
        "nodes that wait in a list of your own.",
        answer="""
def toposort(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            for parent in node.parents:
                visit(parent)
            seen.add(node)
            order.append(node)

    try:
        visit(root)
    except RecursionError:
        raise ValueError("cycle") from None
    return order[::-1]
""",
    ),
    # --- backward -----------------------------------------------------------------------------------------------------
    Mistake(
        "backward",
        "a node used several times gets the gradient of one use only: the contributions add up.",
        edits=(("d[parent] + contribution if parent in d else contribution", "contribution"),),
    ),
    Mistake(
        "backward",
        "only what reaches a node first counts: its rules are called before all contributions are there, or"
        " later ones dropped.",
        edits=(
            (
                "d[parent] = d[parent] + contribution if parent in d else contribution",
                "d.setdefault(parent, contribution)",
            ),
        ),
    ),
    Mistake(
        "backward",
        "the rules are given the nodes' data: they take the gradient with respect to the node.",
        edits=(("contribution = rule(d[node])", "contribution = rule(node.data)"),),
    ),
    Mistake(
        "backward",
        "two parents of a node get the same rule: each place in `parents` has its own, at the same place in `rules`.",
        edits=(("contribution = rule(d[node])", "contribution = node.rules[0](d[node])"),),
    ),
    Mistake(
        "backward",
        "a node that is a parent twice gets only one of the two contributions: both count.",
        edits=(("in zip(node.parents, node.rules, strict=True):", "in dict(zip(node.parents, node.rules)).items():"),),
    ),
    Mistake(
        "backward",
        "a root of shape (1,) or (1, 1) has one entry too: without a gradient it starts from a 1 of its own shape.",
        edits=(("root.data.size != 1", "root.data.ndim"),),
    ),
    Mistake(
        "backward",
        "only what reaches a node first counts: its rules are called before all contributions are there, or"
        " later ones dropped.",
        edits=(
            (
                ("for node in toposort(root):  # all consumers of a node come before it, so d[node] is complete"),
                (
                    "order = [root]\n"
                    "    for node in order:\n"
                    "        order.extend(dict.fromkeys(parent for parent in node"
                    ".parents if parent not in order))\n"
                    "    for node in order:"
                ),
            ),
        ),
    ),
    Mistake(
        "backward",
        "the second call replaces the gradients of the leaves: they add up over calls.",
        edits=(("if node.parents or node.grad is None:", "if True:"),),
    ),
    Mistake(
        "backward",
        "the gradients of nodes that are no leaves add up over calls: they are replaced by those of the last call.",
        edits=(("if node.parents or node.grad is None:", "if node.grad is None:"),),
    ),
    Mistake(
        "backward",
        "the gradients of the first call flow a second time: start from those of this call alone, and add "
        "up only at leaves.",
        answer="""
def backward(root, grad=None):
    if grad is None and root.data.size != 1:
        raise ValueError("say with which gradient to start")
    grad = np.ones_like(root.data) if grad is None else np.asarray(grad, dtype=np.float64)
    if grad.shape != root.data.shape:
        raise ValueError("another shape")
    if root.parents or root.grad is None:
        root.grad = grad.copy()
    else:
        root.grad = root.grad + grad
    for node in toposort(root):
        for parent, rule in zip(node.parents, node.rules):
            contribution = rule(node.grad)
            parent.grad = contribution.copy() if parent.grad is None else parent.grad + contribution
""",
    ),
    Mistake(
        "backward",
        "`grad` is ignored: the root starts from it, and from 1 only if it is left out.",
        edits=(("np.array(grad, dtype=np.float64)", "np.ones(np.shape(grad))"),),
    ),
    Mistake(
        "backward",
        "two nodes share an array, and `+=` changes it for both: a rule may return the very array it was "
        "given. Write d = d + ...",
        edits=(
            (
                (
                    "            d[parent] = d[parent] + contribution if parent in d else "
                    "contribution  # no +=: it may be d[node] itself"
                ),
                (
                    "            if parent in d:\n"
                    "                d[parent] += contribution\n"
                    "            else:\n"
                    "                d[parent] = contribution"
                ),
            ),
        ),
    ),
    Mistake(
        "backward",
        "two nodes share an array, and `+=` changes it for both: a rule may return the very array it was "
        "given. Write d = d + ...",
        answer="""
def backward(root, grad=None):
    if grad is None and root.data.size != 1:
        raise ValueError("say with which gradient to start")
    grad = np.ones_like(root.data) if grad is None else np.asarray(grad, dtype=np.float64)
    if grad.shape != root.data.shape:
        raise ValueError("another shape")
    nodes = toposort(root)
    before = {node: node.grad for node in nodes}
    for node in nodes:
        node.grad = None
    root.grad = grad
    for node in nodes:
        for parent, rule in zip(node.parents, node.rules):
            if parent.grad is None:
                parent.grad = rule(node.grad)
            else:
                parent.grad += rule(node.grad)
    for node in nodes:
        if not node.parents and before[node] is not None:
            node.grad = node.grad + before[node]
""",
    ),
    Mistake(
        "backward",
        "a rule is called several times, once for each path: add up a node's gradient first, then call its rules once.",
        answer="""
def backward(root, grad=None):
    if grad is None and root.data.size != 1:
        raise ValueError("say with which gradient to start")
    grad = np.ones_like(root.data) if grad is None else np.asarray(grad, dtype=np.float64)
    if grad.shape != root.data.shape:
        raise ValueError("another shape")
    for node in toposort(root):
        if node.parents:
            node.grad = None
    stack = [(root, grad)]
    while stack:
        node, d = stack.pop()
        node.grad = d.copy() if node.grad is None else node.grad + d
        stack.extend((parent, rule(d)) for parent, rule in zip(node.parents, node.rules))
""",
    ),
    Mistake(
        "backward",
        "a node has no gradient: every node that the root was computed from gets one, leaves and root included.",
        edits=(
            (
                "        if node.parents or node.grad is None:\n            node.grad",
                ("        if node.parents:\n            pass\n        elif node.grad is None:\n            node.grad"),
            ),
        ),
    ),
    Mistake(
        "backward",
        "a node has no gradient: every node that the root was computed from gets one, leaves and root included.",
        edits=(("for node in toposort(root):", "for node in [n for n in toposort(root) if n.parents]:"),),
    ),
    Mistake(
        "backward",
        "the shape of `grad` is not compared with that of the root: broadcasting would hide a wrong one.",
        edits=(
            (
                (
                    "    if d_root.shape != root.data.shape:\n"
                    '        raise ValueError(f"the gradient has shape {d_root.sh'
                    'ape}, the root has {root.data.shape}")\n'
                ),
                "    d_root = d_root + np.zeros_like(root.data)\n",
            ),
        ),
    ),
    Mistake(
        "backward",
        "only a root with exactly one entry may be left without a gradient: for any other it is a "
        "ValueError, not ones.",
        edits=(
            (
                (
                    "    if grad is None and root.data.size != 1:\n"
                    '        raise ValueError(f"the root has shape {root.data.sha'
                    'pe}: say with which gradient to start")\n'
                ),
                "",
            ),
        ),
    ),
    Mistake(
        "backward",
        "a root of shape (1,) or (1, 1) has one entry too: without a gradient it starts from a 1 of its own shape.",
        edits=(("np.ones_like(root.data) if grad is None", "np.array(1.0) if grad is None"),),
    ),
    Mistake(
        "backward",
        "the nodes are visited from the leaves up: gradients travel from the root down, in the order that "
        "toposort gives.",
        edits=(
            ("for node in toposort(root):", "for node in toposort(root)[::-1]:"),
            (
                "    d = {root: d_root}",
                ("    d = {node: np.zeros_like(node.data) for node in toposort(root)}\n    d[root] = d_root"),
            ),
        ),
    ),
    Mistake(
        "backward",
        "a root that is a leaf itself keeps what it had, too: the gradient is added to it.",
        edits=(("if node.parents or node.grad is None:", "if node is root or node.parents or node.grad is None:"),),
    ),
    Mistake(
        "backward",
        "what a rule returns is multiplied by the node's gradient: the rule has done that already.",
        edits=(("contribution = rule(d[node])", "contribution = rule(d[node]) * d[node]"),),
    ),
    # --- check_vjp ----------------------------------------------------------------------------------------------------
    Mistake(
        "check_vjp",
        "it accepts a `back` that uses d_out in part only, or not at all: with a d_out of ones, or one that"
        " is 0 nearly everywhere, that cannot be seen; draw random numbers.",
        edits=(("d_out = rng.normal(size=np.shape(y))", "d_out = np.ones(np.shape(y))"),),
    ),
    Mistake(
        "check_vjp",
        "an entry of x may act on many entries of y: multiply d_out by the change of all of y, and sum.",
        answer="""
def check_vjp(op):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4))
    y, back = op(x)
    if np.shape(y) != x.shape:
        return
    d_out = rng.normal(size=x.shape)
    given = back(d_out)
    assert np.shape(given) == x.shape
    for index in np.ndindex(x.shape):
        h = np.zeros(x.shape)
        h[index] = 1e-5
        slope = (op(x + h)[0][index] - op(x - h)[0][index]) / 2e-5
        assert abs(given[index] - slope * d_out[index]) <= 1e-4 * np.abs(given).max()
""",
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient of 1e-6 that is twice too large: compare relative to the largest entry of the gradient.",
        edits=(("error <= 1e-4 * np.abs(numerical).max()", "error <= 1e-5 * max(1.0, np.abs(numerical).max())"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts an entry that is too small: differences of either sign count, so take their absolute value.",
        edits=(("error = np.abs(given - numerical).max()", "error = (given - numerical).max()"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts a single entry that is a few percent off: take the largest difference, not a mean, and "
        "a small tolerance.",
        edits=(("error <= 1e-4 *", "error <= 0.1 *"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts a single entry that is a few percent off: take the largest difference, not a mean, and "
        "a small tolerance.",
        edits=(
            ("np.abs(given - numerical).max()", "np.abs(given - numerical).mean()"),
            ("error <= 1e-4 *", "error <= 1e-2 *"),
        ),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient of another shape: differences and `np.allclose` broadcast, so compare the shapes too.",
        edits=(
            (('    assert given.shape == x.shape, f"the gradient has shape {given.shape}, x has {x.shape}"\n'), ""),
        ),
    ),
    Mistake(
        "check_vjp",
        "it accepts NaN: every comparison with NaN is False, so ask that the error is small, not whether it is large.",
        edits=(
            (
                '    assert error <= 1e-4 * np.abs(numerical).max(), f"off by {error}"',
                ('    if error > 1e-4 * np.abs(numerical).max():\n        raise AssertionError(f"off by {error}")'),
            ),
        ),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient that is wrong for negative entries only: try entries of both signs.",
        edits=(("x = rng.normal(size=(3, 4))", "x = rng.uniform(0.2, 2.0, size=(3, 4))"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient that is wrong only where there are several different rows: try an x of "
        "several rows, all different.",
        edits=(("x = rng.normal(size=(3, 4))", "x = rng.normal(size=(1, 6))"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient that is right near 0 only: try entries of ordinary size.",
        edits=(
            ("x = rng.normal(size=(3, 4))", "x = 1e-2 * rng.normal(size=(3, 4))"),
            ("h[index] = 1e-5", "h[index] = 1e-6"),
            ("/ 2e-5", "/ 2e-6"),
        ),
    ),
    Mistake(
        "check_vjp",
        "it refuses a right gradient of tanh, sin or cubes: is (f(x + h) - f(x - h)) / 2h right, in float64, "
        "with h near 1e-5, and the tolerance well above rounding, near 1e-4 of the largest entry?",
        edits=(("/ 2e-5", "/ 1e-5"),),
    ),
    Mistake(
        "check_vjp",
        "it refuses what is right where y has another shape than x: d_out has the shape of y, and all of y counts.",
        edits=(("d_out = rng.normal(size=np.shape(y))", "d_out = rng.normal(size=x.shape)"),),
    ),
    Mistake(
        "check_vjp",
        "it refuses what is right for max(x, 0): choose random x, away from the kink at 0, and compare "
        "relative to the largest entry of all, as single ones may be 0.",
        edits=(
            (
                "error = np.abs(given - numerical).max()",
                ("error = (np.abs(given - numerical) / np.abs(numerical)).max() * np.abs(numerical).max()"),
            ),
        ),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient that is wrong only where there are several different columns: try an x of "
        "several, all different.",
        edits=(("x = rng.normal(size=(3, 4))", "x = rng.normal(size=(6, 1))"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts right entries at wrong places: compare entry by entry, not sums or sorted values.",
        edits=(("error = np.abs(given - numerical).max()", "error = np.abs((given - numerical).sum())"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient that is twice too large: does it compare with central differences, and say "
        "no by AssertionError?",
        edits=(("    assert error <= 1e-4 * np.abs(numerical).max()", "    assert np.isfinite(error)"),),
    ),
    Mistake(
        "check_vjp",
        "it accepts a gradient of 1e-6 that is twice too large: compare relative to the largest entry of the gradient.",
        edits=(("error <= 1e-4 * np.abs(numerical).max()", "error <= 1e-4"),),
    ),
    Mistake(
        "check_vjp",
        "it refuses a right gradient that is large or small as a whole: compare relative to its largest entry.",
        edits=(("error <= 1e-4 * np.abs(numerical).max()", "error <= 1e-8"),),
    ),
    Mistake(
        "check_vjp",
        "it refuses a right gradient of tanh, sin or cubes: is (f(x + h) - f(x - h)) / 2h right, in float64, "
        "with h near 1e-5, and the tolerance well above rounding, near 1e-4 of the largest entry?",
        edits=(("error <= 1e-4 *", "error <= 1e-13 *"),),
    ),
    Mistake(
        "check_vjp",
        "it refuses a right transposition: y may be a view of x, and changes with it when x is moved in place. Give op "
        "a new array each time.",
        answer="""
def check_vjp(op):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4))
    y, back = op(x)
    d_out = rng.normal(size=np.shape(y))
    given = np.asarray(back(d_out))
    assert given.shape == x.shape
    numerical = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + 1e-5
        above = op(x)[0]
        x[index] = kept - 1e-5
        below = op(x)[0]
        x[index] = kept
        numerical[index] = (d_out * (above - below)).sum() / 2e-5
    assert np.abs(given - numerical).max() <= 1e-4 * np.abs(numerical).max()
""",
    ),
    Mistake(
        "check_vjp",
        "it refuses a right gradient where the entries of a row act together: while one entry is moved, are all others "
        "as they were in op(x)? Move each in a fresh copy of x.",
        answer="""
def check_vjp(op):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4))
    y, back = op(x.copy())
    d_out = rng.normal(size=np.shape(y))
    given = np.asarray(back(d_out))
    assert given.shape == x.shape
    numerical = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += 1e-3
        above = op(x.copy())[0]
        x[index] -= 2e-3
        below = op(x.copy())[0]
        numerical[index] = (d_out * (above - below)).sum() / 2e-3
    assert np.abs(given - numerical).max() <= 1e-4 * np.abs(numerical).max()
""",
    ),
    # --- autograd_trace -----------------------------------------------------------------------------------------------
    Mistake(
        "autograd_trace",
        "a leaf was made by hand; what an operation on a tensor with requires_grad gives is none.",
        edits=(('"y.is_leaf": False', '"y.is_leaf": True'),),
    ),
    Mistake(
        "autograd_trace",
        "a leaf was made by hand; what an operation on a tensor with requires_grad gives is none.",
        edits=(('"x.is_leaf": True', '"x.is_leaf": False'),),
    ),
    Mistake(
        "autograd_trace",
        "a result requires grad if one of its operands does, unless it was detached or computed under "
        "no_grad; k never asked for it.",
        edits=(('"d.requires_grad": False', '"d.requires_grad": True'),),
    ),
    Mistake(
        "autograd_trace",
        "a result requires grad if one of its operands does, unless it was detached or computed under "
        "no_grad; k never asked for it.",
        edits=(('"n.requires_grad": False', '"n.requires_grad": True'),),
    ),
    Mistake(
        "autograd_trace",
        "the factor k is missing: y is multiplied by k before the sum.",
        edits=(('"first": [35.0, -49.0]', '"first": [-7.0, -7.0]'),),
    ),
    Mistake(
        "autograd_trace",
        "`first` is a copy made before the second backward: what comes later does not change it.",
        edits=(('"first": [35.0, -49.0]', '"first": [23.0, -45.0]'),),
    ),
    Mistake(
        "autograd_trace",
        "gradients are kept for leaves that require grad alone: not for k, which does not, nor for y, which"
        " is no leaf.",
        edits=(('"y.grad is None": True', '"y.grad is None": False'),),
    ),
    Mistake(
        "autograd_trace",
        "gradients are kept for leaves that require grad alone: not for k, which does not, nor for y, which"
        " is no leaf.",
        edits=(('"k.grad is None": True', '"k.grad is None": False'),),
    ),
    Mistake(
        "autograd_trace",
        "None is a value of its own, not text: type it without quotes.",
        edits=(('"s.sum().backward()": None', '"s.sum().backward()": "None"'),),
    ),
    Mistake(
        "autograd_trace",
        "`backward` adds to what is in `.grad` already: after the second one, x.grad is the sum of both.",
        edits=(('"x.grad": [23.0, -45.0]', '"x.grad": [-12.0, 4.0]'),),
    ),
    Mistake(
        "autograd_trace",
        "the derivative of x * x is 2 x: x is used twice.",
        edits=(('"x.grad": [23.0, -45.0]', '"x.grad": [29.0, -47.0]'),),
    ),
    Mistake(
        "autograd_trace",
        "`detach` makes a tensor over the same memory: what is written into d is seen through y.",
        edits=(('"y.tolist()": [18.0, -14.0]', '"y.tolist()": [42.0, -14.0]'),),
    ),
    Mistake(
        "autograd_trace",
        "a leaf that requires grad cannot be changed in place while gradients are recorded: that is a RuntimeError.",
        edits=(('"x.add_(1.0)": "RuntimeError"', '"x.add_(1.0)": None'),),
    ),
    Mistake(
        "autograd_trace",
        "the first backward frees what the graph has kept: the second one from the same z is a RuntimeError.",
        edits=(('"z.backward()": "RuntimeError"', '"z.backward()": None'),),
    ),
    Mistake(
        "autograd_trace",
        "an in-place change is noticed if backward needs the old value: exp, tanh and sigmoid keep their "
        "results, the others do not.",
        edits=(('"t.sum().backward()": "RuntimeError"', '"t.sum().backward()": None'),),
    ),
    Mistake(
        "autograd_trace",
        "an in-place change is noticed if backward needs the old value: exp, tanh and sigmoid keep their "
        "results, the others do not.",
        edits=(('"s.sum().backward()": None', '"s.sum().backward()": "RuntimeError"'),),
    ),
)
