"""What the text of an answer, the values it gave, and Python's parser tell a learner, and where they keep silent."""

import ast

import numpy as np
import pytest

from autograder.checks import CheckFailure, InProcess, assert_close, assert_shape
from autograder.checks.host import Proxy
from autograder.checks.order import other_order
from autograder.checks.slips import slip_in
from autograder.checks.syntax_errors import syntax_in_words
from autograder.learner.endings import ending_on_the_desk, loading_ending
from autograder.verdict import Status


def body(*lines: str, signature: str = "f(x, p, grads, lr)") -> str:
    return f"def {signature}:\n" + "".join(f"    {line}\n" for line in lines)


def in_class(*lines: str) -> str:
    return "class Net:\n    def __init__(self):\n        self.best = None\n" + "".join(
        f"    {line}\n" for line in lines
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            body("for row in x:", "    total = row", "    return total"),
            "the loop `for row in x` ends in its first round",
        ),
        (body("while x:", "    return x"), "ends in its first round, because `return x` stands inside it"),
        (body("for p, g in zip(p, grads):", "    p = p - lr * g"), "`p = p - lr * g` gives the name p a new value"),
        (body("p = p - lr"), "change it in place, as in `p[...] = ...` or `p -= ...`"),
        (in_class("def step(self, x):", "    best = x"), "the object's attribute is `self.best`"),
        (body("rows = [[]] * 3", "rows[0].append(x)", "return rows"), "one and the same object several times over"),
        (body("seen[0] = x", "return x", signature="f(x, seen={})"), "the default `seen={}` is made once"),
        (body("seen.append(x)", "return x", signature="f(x, *, seen=[])"), "use None, and make a new one inside"),
        (body("delta = x", "detla = delta * 2", "return delta"), "is `delta` meant in place of `detla`?"),
        (body("x.backward", "return x"), "the line `x.backward` does nothing"),
        (body("x == 3", "return x"), "computes a value that nothing keeps: `=` stores it"),
        (body("x + 3", "return x"), "store or return it"),
        (body("total =+ x", "return total"), "`total =+ ...` stores `+...`"),
        (body("..."), "the body of `f` is not written yet"),
        (body('"""What."""', "pass"), "the body of `f` is not written yet"),
        (body("return x", signature="f(self, x)"), "its first parameter is `self`"),
        (body("return x - x.max(axis=1)"), "with keepdims=True it stays"),
        (body("m = np.mean(x, axis=1)", "return x - m"), "in `x - m` the axis that was reduced is gone"),
    ],
)
def test_slips_that_are_certain(answer, words):
    ast.parse(answer)
    assert words in slip_in(answer)


@pytest.mark.parametrize(
    "answer",
    [
        body("for row in x:", "    if row:", "        return row"),
        body("for row in x:", "    if row:", "        continue", "    return row"),
        body("for p, g in zip(p, grads):", "    p -= lr * g"),
        body("for p, g in zip(p, grads):", "    g = g + p", "    p -= lr * g"),
        body("for W in p:", "    x = x @ W", "    grads.append(x)"),
        body("x = x - 1", "return x"),
        in_class("def step(self, x):", "    best = x", "    return best"),
        body("x_mean = x.mean()", "y_mean = p.mean()", "return y_mean"),
        body("rows = [0] * 3", "return rows"),
        body("return x", signature="f(x, seen={})"),
        body("return -x"),
        body('"""What."""', "x.sort()", "return x"),
        body("return x - x.max(axis=1, keepdims=True)"),
        body("return x - x.mean(axis=0)"),
        body("m = x.max(axis=1)", "m = m[:, None]", "return x - m"),
        "def f(x:",
        "",
    ],
)
def test_silence_where_it_may_be_meant(answer):
    assert slip_in(answer) == ""


def test_beside_a_known_cause_only_what_explains_more_is_told():
    assert slip_in(body("x + 3", "return x"), despite="it is transposed.") == ""
    assert "first round" in slip_in(body("for row in x:", "    return row"), despite="it is transposed.")
    assert "keepdims" in slip_in(body("return x - x.max(axis=1)"), despite="out contains inf: it comes from ...")
    assert slip_in(body("return x - x.max(axis=1)"), despite="it is transposed.") == ""


A, B, C = np.random.default_rng(0).normal(size=(3, 4, 5))


def refused(check, *args, **keywords) -> CheckFailure:
    with pytest.raises(CheckFailure) as caught:
        check(*args, name="it", **keywords)
    return caught.value


def test_values_in_another_order_are_recognised():
    failure = refused(assert_close, B, A)
    said = "exactly the values expected here are what is returned in place 1 instead of 0 (counted from 0)"
    assert said in other_order(failure, (B, A))
    assert said in other_order(failure, [{"W": B}, {"W": A}])
    assert other_order(failure, (B, C)) == ""
    assert other_order(failure, {"x": B, "y": A}) == ""
    assert other_order(failure, (A, {"x": B})) == ""
    shapes = refused(assert_shape, B, (5, 4))
    assert "the shape expected here is that of what is returned in place 2" in other_order(shapes, (A, B, A.T))
    assert other_order(shapes, (B, C)) == ""
    assert other_order(refused(assert_close, [2.0], [1.0]), ([2.0], [1.0])) == ""  # too round to tell


def desk_words(error: BaseException, answer: str = "", **given) -> tuple[Status, str, str]:
    submission = Proxy(InProcess({name: (lambda value=value: value) for name, value in given.items()}))
    for name in given:
        getattr(submission, name)()
    ending = ending_on_the_desk(error, submission, answer)
    return ending.status, ending.message, ending.cause


def error_of(function, *args) -> BaseException:
    try:
        function(*args)
    except Exception as error:  # noqa: BLE001 - whatever it is is told
        return error
    raise AssertionError("nothing was raised")


def test_what_a_check_cannot_use_is_not_the_courses_fault_on_the_desk():
    def unpack(value):
        _, _ = value

    assert desk_words(error_of(unpack, None), f=None) == (
        Status.FAILED,
        "f: expected several values, got None.",
        "it returns None: is a `return` missing, or is it not finished?",
    )
    assert desk_words(error_of(unpack, (1, 2, 3)), f=(1, 2, 3))[1] == "f: expected 2 values, got a tuple of 3 values."
    status, message, _ = desk_words(error_of(lambda: (1).value), f=1)
    assert status is Status.FAILED
    assert "a value of type int came, which has no `value`" in message
    assert desk_words(error_of(lambda: open("/nowhere/at/all")))[0] is Status.BROKEN  # noqa: SIM115, PTH123 - never opened


def test_a_part_that_is_none_and_print_are_told():
    none = refused(assert_close, None, A)
    assert "print only shows a value" in desk_words(none, body("print(x)"), f=None)[2]
    assert "print" not in desk_words(none, body("x = 1"), f=None)[2]
    assert "a part of what is returned is None: was it never computed?" in desk_words(none, f=(None, A))[2]


def test_a_guess_by_the_shape_is_joined_by_the_order_and_a_certain_cause_is_not():
    scalar = refused(assert_shape, np.float64(1.5), (5,))
    assert " Or: the shape expected here" in desk_words(scalar, f=(1.5, A[0]))[2]
    too_large = refused(assert_shape, A, (5,))
    assert " Or: " not in desk_words(too_large, f=(A, A[0]))[2]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("if x == 1", "a colon is missing"),
        ("if x = 1: pass", "two values are compared with `==`"),
        ("y = (1, 2", "the bracket `(` is opened here and never closed"),
        ("y = (1, 2]", "the bracket `(` is closed with `]`"),
        ("y = 1)", "the bracket `)` closes one that was never opened"),
        ("y = 'abc", "a quote is opened here and never closed"),
        ("print x", "print needs brackets"),
        ("y = [1 2]", "a comma or an operator is missing"),
        ("f(a=1, 2)", "an argument without a name stands behind one with a name"),
        ("f(a=1, a=2)", "the argument `a` is given twice"),
        ("f() = 1", "two values are compared with `==`"),
        ("1 + x = 2", "two values are compared with `==`"),
        ("None = 2", "what stands left of `=`"),
        ("if x && y: pass", "Python writes `and`, not `&&`"),
        ("if x || y: pass", "Python writes `or`"),
        ("i++", "Python has no `++`"),
        ("if !x: pass", "Python writes `not`"),
        ("if x => y: pass", "`>=`, not `=>`"),
        ("else if x: pass", "Python writes `elif`"),
        ("y = x – 1", "minus is the plain `-`"),
        ("y = “abc”", "curly quotes"),
        ("retrun x", "`retrun` is no word of Python here: is `return` meant?"),
        ("fro i in x: pass", "is `for` or `from` meant?"),
        ("whlie x:", "is `while` meant?"),
        ("def f(x):\nreturn x", "must be indented"),
        ("if x:\n    y = 1\n   z = 2", "must begin with the same spaces"),
        ("return x", "this `return` stands in no function"),
        ("1x = 2", "a name cannot begin with a digit"),
        ("break", "it stands in no loop"),
        ("x ? y", "this is not valid Python"),
    ],
)
def test_syntax_errors_in_words(line, words):
    with pytest.raises(SyntaxError) as caught:
        compile(line, "cell", "exec")
    lines = line.splitlines()
    assert words in syntax_in_words(caught.value.msg, lines[min(caught.value.lineno, len(lines)) - 1])


def test_a_file_that_cannot_be_loaded_is_told_by_its_line(tmp_path):
    path = tmp_path / "mlp.py"
    path.write_text("x = 1\nif x = 2:\n    pass\n")
    said = loading_ending(error_of(compile, path.read_text(), str(path), "exec"), path).message
    assert said.startswith("line 2 of mlp.py, `if x = 2:`: `=` stores a value; two values are compared with `==`.")
    path.write_text("import math\ny = maht.exp(1)\n")
    code = compile(path.read_text(), str(path), "exec")
    said = loading_ending(error_of(exec, code, {}), path).message
    assert said.startswith("line 2 of mlp.py, `maht`: `maht` is not defined here: is `math` meant?")
