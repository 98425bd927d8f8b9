"""Errors of NumPy, torch and Python, really raised, in the student's words."""

import numpy as np
import pytest
import torch

from autograder.checks import Raised, StudentError, explain_error, operands_on_line, raised_from


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
        ("p, q = np.ones((3, 4)), np.ones((5, 3)); p @ q", "They fit in the other order, q @ p: are two arguments"),
        ("(d_out @ d_out.T) @ W", "a matrix product needs the last axis of the left (5)"),
        ("W.T @ d_out", "W.T is (3, 4), d_out is (5, 3)"),
        ("d_out.T @ W.T", "Did you mean d_out, without .T?"),
        ("d_out.T @ W.T", "A matrix product needs the last axis of the left (5) to equal the first of the right (3)"),
        ("d_out @ (2 * W)", "d_out is (5, 3); W is (4, 3); a matrix product needs the last axis of the left (3)"),
        ("d_out @ 3", "but one is a number or None"),
        ("np.ones((2, 3, 4)) @ np.ones((5, 4, 2))", "the axes before the last two (the batch) must be equal or 1"),
        ("d_out + W", "d_out is (5, 3), W is (4, 3). Shapes are compared from the last axis"),
        ("d_out + W", "Here axis 0 has 5 and 4."),
        ("p, n = [W], 0; d_out @ p[n]", "p[n] is (4, 3). A matrix product needs"),
        ("d_out.T @ x / 5 + y", "d_out.T @ x / 5 is (3, 4), y is (5,)."),
        (
            "r = y - y[:, None]; d_out.T @ r + y[:3]",
            "r is (5, 5). If it should not be square: (5,) combined with (5, 1)",
        ),
        ("r = y - y[:, None]; r * d_out", "gives (5, 5). keepdims=True, where a sum or maximum was taken before"),
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
        ("if d_out == None: pass", "whether something is None is asked with `is None`"),
        ("float(d_out)", "d_out is (5, 3); a whole array stands where a single number is needed"),
        ("r = y - y[:, None]; float(r)", "r is (5, 5). If it should not be square"),
        ("import math; math.exp(y)", "for all entries of an array there is np.exp (torch.exp)"),
        ("np.concatenate(d_out, W)", "np.concatenate takes one list or tuple of arrays: np.concatenate([a, b])"),
        ("[1, 2][y.astype(int)]", "an array stands where one whole number is needed"),
        ("y ^ 2", "powers are written `**`: `^` is an operation on the bits"),
        ("(y, W) + y", "is only one of its parts meant, as in result[0]?"),
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
        ("a @ torch.ones(4)", "a is (5, 3), torch.ones(4) is (4,)"),
        ("(a @ a.T) * a", "a @ a.T and a do not fit together: axis 1 has 5 and 3. Shapes are compared"),
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
        ("F.cross_entropy(i[:, 0], a)", "A loss takes first the scores, then the labels: are the two exchanged?"),
        ("a ^ 2", "powers are written `**`"),
        (
            "torch.mm(a, b, w)",
            "torch.mm was called with (Tensor, Tensor, Tensor), and takes (Tensor input, Tensor mat2)",
        ),
        ("torch.cat(a, b)", "torch.cat([a, b]), not torch.cat(a, b)"),
        (
            "torch.nn.Module.__setattr__(torch.nn.Module.__new__(torch.nn.Module), 'w', torch.nn.Linear(1, 1))",
            "the first line of __init__ is super().__init__()",
        ),
        ("torch.nn.Module()(a)", "the class has no method `forward`: is its name spelled right"),
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
        ("d_uot + 1", "`d_uot` is not defined here: is `d_out` meant?"),
        ("nmupy = torhc", "`torhc` is not defined here: is `torch` meant?"),
        ("X + 1", "is `x` meant?"),
        ("p = true", "is `True` meant?"),
        ("p = null", "is `None` meant?"),
        ("exp(x)", "is `np.exp` or `torch.exp` meant?"),
        ("pairwise(x)", "the line `from itertools import pairwise` is missing"),
        ("plt.plot(x)", "the line `import matplotlib.pyplot as plt` is missing"),
        ("x, T @ W", "a transpose is written with a dot, as in x.T"),
        ("eps = 1; x + epsilon", "is `eps` meant?"),
        ("z = z + 1", "`z` is used before it is given a value here"),
        ("np.linalg.norm()", "without its argument 'x'"),
        ("(lambda q: q)(1, 2)", "takes 1 arguments but was called with 2"),
        ("np.sum(x, dim=1)", "has no argument called `dim`: NumPy says `axis`."),
        ("x.sum(axes=1)", "`sum` has no argument called `axes`: is `axis` meant?"),
        ("np.sum(x, colour=1)", "has no argument called `colour`: look at its signature."),
        ("x + None", "one side of `+` is None: a function without `return` gives None"),
        ("p = None; p += 1", "`p` is None: was it never given a value, or may it be None"),
        ("p = None; 2 * p", "`p` is None"),
        ("p = None; p[0]", "`p` is None: a function without `return` gives None"),
        ("p = [].sort(); p(1)", "`p` is None"),
        ("p, q = None", "the value unpacked here is None"),
        ("p = None; p.shape", "`p` is None. It was returned by something that returned nothing?"),
        ("x(0)", "a value of type numpy.ndarray is called like a function"),
        ("len[0]", "are the round brackets of the call missing?"),
        ("p, q = 1, 2, 3", "more values came than the 2 names"),
        ("p, q, r = 1, 2", "2 values came for the 3 names"),
        ("for p in len(x): pass", "one number stands here, not several: to count from 0, loop over range(...)"),
        ("p = (1, 2); p[0] = 3", "a tuple cannot be changed: make a list"),
        ("[1, 2] - [3, 4]", "no arithmetic entry by entry: make an array"),
        ("[1, 2] * 0.5", "no arithmetic entry by entry"),
        ("'W' + 1", "text and a number do not go together"),
        ("x @ len", "but one is a number or None, or a function"),
        ("1 + len", "are the round brackets of the call missing?"),
        ("p = 2.0 ^ 3", "powers are written `**`"),
        ("len(5)", "a value of type int has no length"),
        ("max([])", "`max` was given something empty"),
        ("[1][1.0]", "an entry of a list is found by a whole number, not by a float"),
        ("3[0]", "a single number (of type int) has no entries to index"),
        ("from numpy import reluu", "numpy has nothing called `reluu`"),
        ("range(2.5)", "a float stands where a whole number is needed"),
        ("{'W1': 1}['w1']", "the dictionary has no key 'w1'"),
        ("p = {'W1': 1, 'b1': 2}; p['w1']", "no key 'w1': is `W1` meant? Its keys are 'W1', 'b1'."),
        ("p = {}; p['t']", "no key 't': it is empty: nothing is stored in it before this line."),
        ("[1][2]", "the list has fewer entries"),
        ("np.relu(x)", "numpy has nothing called `relu`: that is a function of torch, under this name."),
        ("np.quaternion(x)", "numpy has nothing called `quaternion`: look up its name and where it lives."),
        ("np.matmull(x, W)", "numpy has nothing called `matmull`: is `matmul` meant?"),
        ("x.foo", "a value of type numpy.ndarray has no attribute `foo`"),
        ("x.shpae", "has no attribute `shpae`: is `shape` meant?"),
        ("x.append(1)", "an array does not grow: collect the parts in a list"),
        ("[].push(1)", "a list grows with `append`"),
        ("[1].shape", "make an array of it with np.array(...)"),
        ("{'W': 1}.W", 'a dict keeps its entries under keys: write ["W"] in place of .W'),
        ("(1.0).backward()", "it is a plain number, without gradient or axes"),
        ("a.astype(float)", "a tensor has .to(dtype), .float(), .long()"),
        ("type('Net', (), {'foward': 1})().forward", "it has `foward`: is one of the two misspelt?"),
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
    assert explained("raise NotImplementedError('fill in')") == "not started yet: fill in"
    assert explained("raise NotImplementedError") == "not started yet"
    assert explained("'What it does.'", "raise NotImplementedError") == "not started yet"
    assert explained("y = x + 1", "raise NotImplementedError") == (
        "line 3 of cell: `raise NotImplementedError` is still there: write the missing part in its place, or delete "
        "the line if the answer above it is complete."
    )
    assert "RuntimeError" in explained("i.softmax(0)")


def test_a_loop_over_a_number_names_it():
    text = explained("n = 3", "for p in n:", "    pass")
    assert text.startswith(
        "line 3 of cell, `for p in n:`: `n` is one number, not several: to count from 0, loop over range(n)."
    )


def test_an_alias_that_is_imported_under_another_name_is_found():
    source = "import numpy as numpi\nnp.ones(3)\n"
    with pytest.raises(NameError) as caught:
        exec(compile(source, "cell", "exec"), {})
    text = explain_error(raised_from(caught.value, {"cell": source}))
    assert "this file imports numpy as `numpi`: write `import numpy as np`, or use `numpi`." in text


def test_an_attribute_that_lacks_its_self_is_found():
    source = "class Net:\n    def __init__(self):\n        self.W = 1\n    def f(self):\n        return W\nNet().f()\n"
    with pytest.raises(NameError) as caught:
        exec(compile(source, "cell", "exec"), {})
    assert "is `self.W` meant?" in explain_error(raised_from(caught.value, {"cell": source}))


def test_syntax_errors_are_placed():
    with pytest.raises(SyntaxError) as caught:
        compile("x = 1\ny = (2\n", "cell", "exec")
    text = explain_error(raised_from(caught.value, {"cell": "x = 1\ny = (2\n"}))
    assert text.startswith("line 2 of cell, `y = (2`: the bracket `(` is opened here and never closed.")


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


@pytest.mark.parametrize(
    "raised",
    [
        Raised("RuntimeError", "Expected size for first two dimensions of batch2 tensor to be: [ ] but got: [ ]."),
        Raised("ValueError", "operands could not be broadcast together with shapes (2,) (3,)", code="-" * 2500 + "x"),
        Raised("ValueError", "matmul: Input operand 1 has a mismatch", code="(" * 4000),
    ],
)
def test_words_and_expressions_that_mean_nothing_cost_only_the_explanation(raised: Raised) -> None:
    assert raised.message in str(StudentError(raised))
