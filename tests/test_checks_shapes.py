"""Errors of NumPy, torch and Python, really raised, in the student's words."""

import numpy as np
import pytest
import torch

from autograder.checks import Raised, explain_error, operands_on_line, raised_from


def explained(*lines: str, **names) -> str:
    source = "def f(d_out, W, x, y, a, b, i, w):\n" + "".join(f"    {line}\n" for line in lines)
    namespace = {"np": np, "torch": torch, "F": torch.nn.functional, **names}
    exec(compile(source, "cell", "exec"), namespace)
    d_out, W, x, y = np.ones((5, 3)), np.ones((4, 3)), np.ones((5, 4)), np.ones(5)
    w = torch.ones(3, 2, requires_grad=True)
    try:
        namespace["f"](d_out, W, x, y, torch.ones(5, 3), torch.ones(4, 3), torch.ones(5, 3, dtype=torch.long), w)
    except BaseException as error:  # noqa: BLE001 - SystemExit is among what students raise
        return explain_error(raised_from(error, {"cell": source}))
    raise RuntimeError("nothing was raised")


def test_a_matrix_product_names_its_operands_and_the_transpose():
    assert explained("pass", "return d_out @ W") == (
        "line 3 of cell, `d_out @ W`: d_out is (5, 3), W is (4, 3). A matrix product needs the last axis of the left "
        "(3) to equal the first of the right (4). Did you mean W.T?\n"
        "(ValueError: matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc signature "
        "(n?,k),(k,m?)->(n?,m?) (size 4 is different from 3))"
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("np.dot(d_out, W)", "Did you mean W.T?"),
        ("W.T @ d_out", "W.T is (3, 4), d_out is (5, 3)"),
        ("d_out.T @ W.T", "Did you mean d_out, without .T?"),
        ("d_out.T @ W.T", "A matrix product needs the last axis of the left (5) to equal the first of the right (3)"),
        ("d_out @ (2 * W)", "d_out is (5, 3); W is (4, 3); a matrix product needs the last axis of the left (3)"),
        ("d_out @ 3", "but one is a number or None"),
        ("np.ones((2, 3, 4)) @ np.ones((5, 4, 2))", "the axes before the last two (the batch) must be equal or 1"),
        ("d_out + W", "d_out is (5, 3), W is (4, 3). Shapes are compared from the last axis"),
        ("d_out + W", "Here axis 0 has 5 and 4."),
        ("d_out * y", "Here axis -1 has 3 and 5. To give each row of d_out one number of y, write y[:, None]."),
        ("np.where(d_out > 0, W, d_out)", "the shapes (5, 3) and (4, 3) and (5, 3) do not fit together"),
        ("np.einsum('ij,jk->ik', d_out, W)", "a letter of the subscripts stands for two different sizes"),
        ("np.einsum('ijk->ik', d_out)", "more letters than the operand has axes"),
        ("d_out.reshape(4, 4)", "d_out is (5, 3): it has 15 entries, shape (4, 4) needs 16"),
        ("d_out.reshape(-1, 4)", "15 entries cannot be divided into groups of 4"),
        ("np.concatenate([d_out, W], axis=1)", "in axis 0 the first has 5 entries, number 1 (counted from 0) has 4"),
        ("np.concatenate([d_out, y])", "need equally many axes: one has 2, another 1"),
        ("np.stack([d_out, W])", "stacked arrays must all have the same shape (d_out is (5, 3), W is (4, 3))"),
        ("d_out.sum(axis=2)", "d_out has 2 axes, numbered 0 and 1; there is no axis 2."),
        ("np.mean(d_out, axis=-3)", "there is no axis -3"),
        ("np.transpose(d_out, (0, 1, 2))", "must name each axis of the array once"),
        ("np.squeeze(d_out, axis=0)", "only an axis of length 1"),
        ("d_out[7]", "axis 0 has 5 entries, numbered 0 to 4; there is no entry 7."),
        ("d_out[0, 0, 0]", "the array has 2 axes, but 3 were indexed"),
        ("d_out[4 / 2]", "`//` divides to a whole number"),
        ("d_out[np.array([True, False])]", "the boolean mask has 2 entries along axis 0, the array 5"),
        ("d_out[[0, 1], [0, 1, 2]]", "the index arrays have shapes (2,) and (3,)"),
        ("np.array([[1, 2], [3]])", "rows of the list have different lengths"),
        ("np.broadcast_to(d_out, (2, 5))", "an array of shape (5, 3) cannot fill the shape (2, 5)"),
        ("d_out[:2] = W", "an array of shape (4, 3) cannot fill the shape (2, 3)"),
        ("d_out += np.ones((2, 5, 3))", "must store it in an array of shape (5, 3)"),
        ("z = np.arange(3); z /= 2", "the array holds integers"),
        ("if d_out > 0: pass", "no single truth value"),
        ("float(d_out)", "a whole array stands where a single number is needed"),
        ("np.zeros(3, 4)", "a shape is one argument, a tuple"),
        ("np.linalg.inv(d_out)", "only a square matrix"),
        ("np.linalg.inv(np.zeros((2, 2)))", "the matrix is singular"),
    ],
)
def test_numpy(code, words):
    assert words in explained(code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("a @ b", "a is (5, 3), b is (4, 3). A matrix product needs the last axis"),
        ("a @ b", "Did you mean b.T?"),
        ("a @ torch.ones(4)", "a is (5, 3), the right side is (4,)"),
        ("torch.ones(4) @ torch.ones(3)", "the last axis of the left (4) to equal the first of the right (3)"),
        ("torch.nn.Linear(4, 2)(a)", "takes rows of in_features = 4 numbers"),
        ("torch.bmm(torch.ones(2, 3, 4), torch.ones(3, 4, 5))", "as many matrices left (2) as right (3)"),
        ("torch.matmul(torch.ones(2, 3, 4), torch.ones(2, 3, 4))", "the second to last of the right (3)"),
        ("a + b", "a is (5, 3), b is (4, 3). Shapes are compared from the last axis"),
        ("a.where(a > 0, b)", "axis 0 has 5 and 4"),
        ("torch.ones(3, 4).expand(3, 5)", "an array of shape (3, 4) cannot fill the shape (3, 5)"),
        ("a.add_(torch.ones(2, 5, 3))", "must store it in an array of shape (5, 3)"),
        ("a.view(4, 4)", "a is (5, 3): it has 15 entries, shape (4, 4) needs 16"),
        ("a.T.view(15)", "Use .reshape(...)"),
        ("torch.cat([a, b], dim=1)", "number 1 (counted from 0) has 4"),
        ("torch.cat([a, torch.ones(3)])", "need equally many axes"),
        ("torch.stack([a, b])", "a is (5, 3), b is (4, 3)"),
        ("a.sum(dim=2)", "a has 2 axes, numbered 0 and 1; there is no axis 2"),
        ("a[0, 9]", "axis 1 has 3 entries"),
        ("a[0, 0, 0]", "the array has 2 axes"),
        ("a[torch.tensor([True, False])]", "the boolean mask has 2 entries"),
        ("a[torch.tensor([0, 1]), torch.tensor([0, 1, 2])]", "the index arrays have shapes (2,) and (3,)"),
        ("torch.einsum('ij,jk->ik', a, b)", "the letter j stands for 3 in one operand and for 4 in operand 1"),
        ("torch.nn.Linear(3, 2)(a.double())", "one tensor is float64, the other float32"),
        ("a.double() @ a.T", "one tensor is float64, the other float32"),
        ("i.float().long().mean()", "the tensor holds int64"),
        ("i.softmax(0)", "the tensor holds int64"),
        ("i.add_(0.5)", "the tensor holds integers"),
        ("F.cross_entropy(a, torch.ones(5))", "class labels must be integers"),
        ("F.cross_entropy(a, torch.ones(4, dtype=torch.long))", "5 rows of scores but 4 labels"),
        ("F.cross_entropy(a, torch.full((5,), 7))", "a label is 7"),
        ("F.embedding(torch.tensor([9]), a)", "not smaller than the number of rows"),
        ("F.embedding(torch.tensor([1.0]), a)", "indices must be integers"),
        ("F.conv2d(torch.ones(1, 3, 8, 8), torch.ones(2, 4, 3, 3))", "the input needs 4 channels in axis 1"),
        ("F.layer_norm(a, (4,))", "of shape (4,), but the input is (5, 3)"),
        ("a.sum().backward()", "no gradient can flow here"),
        ("torch.autograd.grad(w.sum(), a)", "requires_grad=False"),
        ("torch.autograd.grad((w * 1).sum(), torch.ones(2, requires_grad=True))", "does not depend on this tensor"),
        ("(w * 2).backward()", "starts at a single number"),
        ("w += 1", "inside `with torch.no_grad():`"),
        ("w[0] = 1", "inside `with torch.no_grad():`"),
        ("s = (w**2).sum(); s.backward(); s.backward()", "compute the loss again"),
        ("z = w.exp(); z += 1; z.sum().backward()", "was changed in place"),
        ("w.numpy()", ".detach().numpy()"),
        ("np.ones((2, 5)) @ a", "a NumPy array meets a torch tensor"),
        ("torch.exp(d_out)", "torch.from_numpy"),
        ("torch.matmul(a, None)", "None was given where a tensor is needed"),
        ("torch.relu(3.0)", "wrap it in torch.tensor"),
        ("if a > 0: pass", "no single truth value"),
        ("a.item()", "a single number is needed"),
    ],
)
def test_torch(code, words):
    assert words in explained(code)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("helper(x)", "`helper` is not defined here. Is it spelled as where it is defined?"),
        ("z = z + 1", "`z` is used before it is given a value here"),
        ("np.linalg.norm()", "without its argument 'x'"),
        ("(lambda q: q)(1, 2)", "takes 1 arguments but was called with 2"),
        ("np.sum(x, dim=1)", "has no argument called `dim`"),
        ("x + None", "one side of `+` is None: a function without `return` gives None"),
        ("p = None; p[0]", "the value used here is None"),
        ("p, q = None", "the value unpacked here is None"),
        ("None.shape", "the value before `.shape` is None"),
        ("x(0)", "a value of type numpy.ndarray is called like a function"),
        ("len[0]", "are the round brackets of the call missing?"),
        ("p, q = 1, 2, 3", "more values came than the 2 names"),
        ("p, q, r = 1, 2", "2 values came for the 3 names"),
        ("range(2.5)", "a float stands where a whole number is needed"),
        ("{'W1': 1}['w1']", "the dictionary has no key 'w1'"),
        ("[1][2]", "the list has fewer entries"),
        ("np.relu(x)", "numpy has nothing called `relu`"),
        ("x.foo", "a value of type numpy.ndarray has no attribute `foo`"),
        ("type('Net', (), {})().W", "set (as self.W) before this line?"),
        ("1 / 0", "a division by zero"),
        ("import nosuchmodule", "the module nosuchmodule is not available"),
        ("raise SystemExit", "remove exit() or quit()"),
    ],
)
def test_python(code, words):
    assert words in explained(code)


def test_an_error_that_is_not_known_is_shown_as_it_is():
    assert explained("raise RuntimeError('as it is')") == (
        "line 2 of cell, `raise RuntimeError('as it is')`: RuntimeError: as it is"
    )


def test_the_innermost_line_of_the_student_is_named_and_only_the_failing_part():
    text = explained("h = lambda v: np.stack([v,", "    W]) + (v @ W)", "return h(d_out)")
    assert text.startswith("line 2 of cell, `np.stack([v, W])`: stacked arrays")


def test_not_implemented_is_told_from_torchs_use_of_the_word():
    assert explained("raise NotImplementedError('fill in')") == "not implemented yet: fill in"
    assert explained("raise NotImplementedError") == "not implemented yet"
    assert "RuntimeError" in explained("i.softmax(0)")


def test_syntax_errors_are_placed():
    with pytest.raises(SyntaxError) as caught:
        compile("x = 1\ny = (2\n", "cell", "exec")
    text = explain_error(raised_from(caught.value, {"cell": "x = 1\ny = (2\n"}))
    assert text.startswith("line 2 of cell, `y = (2`: this is not valid Python")


def test_statuses_without_a_place():
    assert explain_error(Raised("ForbiddenName", "torch.nn.Linear", "mlp.py", 3, "nn.Linear(2, 3)")) == (
        "line 3 of mlp.py, `nn.Linear(2, 3)`: uses `torch.nn.Linear`, which this exercise forbids."
    )
    assert explain_error(Raised("MissingAnswer", "there is no function `f`")) == "there is no function `f`"
    assert explain_error(Raised("Odd", "")) == "Odd"


def test_operands_are_looked_up_without_running_anything():
    class Net:
        def __init__(self):
            self.W = np.ones((4, 3))

        @property
        def trap(self):
            raise AssertionError("ran")

        def __getattr__(self, name):
            raise AssertionError("ran")

    class Sly:
        @property
        def __dict__(self):
            raise AssertionError("ran")

    names = {
        "net": Net(),
        "sly": Sly(),
        "cache": {"x": np.ones((5, 4)), "layers": [np.ones(2), torch.ones(7)]},
        "x": np.ones((2, 6)),
    }
    code = "h = x.T @ net.W + cache['x'] + cache['layers'][1] + net.trap + sly.W + f(x)[0] + cache['no'] + x.shape[0]"
    assert operands_on_line(code, names) == (
        ("x.T", (6, 2)),
        ("net.W", (4, 3)),
        ("cache['x']", (5, 4)),
        ("cache['layers'][1]", (7,)),
        ("x", (2, 6)),
    )
    assert operands_on_line("for row in x:", names) == (("x", (2, 6)),)
    assert operands_on_line("else:", names) == ()
    assert operands_on_line("))", names) == ()


def test_a_message_that_cannot_be_read_does_no_harm():
    class NastyError(Exception):
        def __str__(self):
            raise RuntimeError("no")

    assert "could not be read" in explained("raise NastyError", NastyError=NastyError)
