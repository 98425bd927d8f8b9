"""The forms of exercise: TRACE, BUGHUNT and TESTWRITE, as authors use them and as students meet them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from autograder.checking import source_endings
from autograder.checks import (
    CheckFailure,
    Implementation,
    InProcess,
    Program,
    Proxy,
    StudentError,
    assert_accepts,
    assert_refuses,
    assert_trace,
)
from autograder.lesson import Exercise, Form, Limits
from autograder.submission import Cell, Role
from autograder.verdict import Status
from autograder.worker import WarmParent

PROGRAM = Program(
    text="x = torch.tensor([1.0, 2.0], requires_grad=True)\ny = (x * x).sum()\ny.backward()\n",
    asked=("x.grad", "x.is_leaf", "tuple(x.shape)", "y.dtype", "y.backward()", "y.grad", "y.item()"),
)
RIGHT = {
    "x.grad": [2.0, 4.0],
    "x.is_leaf": True,
    "tuple(x.shape)": (2,),
    "y.dtype": "torch.float32",
    "y.backward()": "RuntimeError",
    "y.grad": None,
    "y.item()": 5.0,
}


def failure(call: Callable[[], object]) -> CheckFailure:
    with pytest.raises(CheckFailure) as caught:
        call()
    return caught.value


# --- TRACE -----------------------------------------------------------------------------------------------------------


def test_a_program_answers_itself():
    assert PROGRAM.run() == RIGHT


def test_a_right_prediction_passes_whatever_its_sequences_are():
    assert_trace({**RIGHT, "x.grad": (2, 4), "tuple(x.shape)": [2], "y.item()": 5}, PROGRAM.run())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"x.grad": [1.0, 2.0]}, "1 of 7 is not what the program gives: 'x.grad'."),
        ({"x.grad": [1.0, 2.0], "y.item()": 3}, "2 of 7 are not what the program gives: 'x.grad', 'y.item()'."),
        ({"x.is_leaf": 1}, "entry 'x.is_leaf' is True or False; you typed a number."),
        ({"tuple(x.shape)": 2}, "entry 'tuple(x.shape)' is a list or tuple; you typed a number."),
        ({"y.grad": 1.0}, "1 of 7 is not what the program gives: 'y.grad'."),
        ({"y.backward()": 3.0}, "1 of 7 is not what the program gives: 'y.backward()'."),
        ({"y.backward()": None}, "1 of 7 is not what the program gives: 'y.backward()'."),
    ],
)
def test_a_wrong_prediction_is_told_where_and_never_what(change, says):
    told = failure(lambda: assert_trace({**RIGHT, **change}, PROGRAM.run()))
    assert says in told.message
    assert "RuntimeError" not in str(told)
    assert "4.0" not in str(told)


def test_a_misspelt_entry_is_found():
    typed = {("x.gard" if key == "x.grad" else key): value for key, value in RIGHT.items()}
    assert "you have 'x.gard'" in failure(lambda: assert_trace(typed, PROGRAM.run())).cause


def test_what_people_often_type_is_explained():
    known = [("x.grad", [1.0, 2.0], "That is x itself."), ("y.item()", 3.0, "That is the sum of x.")]
    assert (
        failure(lambda: assert_trace({**RIGHT, "x.grad": [1, 2]}, PROGRAM.run(), known=known)).cause
        == "That is x itself."
    )
    both = {**RIGHT, "x.grad": [1, 2], "y.item()": 3}
    assert failure(lambda: assert_trace(both, PROGRAM.run(), known=known)).cause == ""


def test_entries_can_be_judged_in_groups():
    half = {key: RIGHT[key] for key in ("x.grad", "y.grad")}
    assert_trace(half, PROGRAM.run(), keys=["x.grad", "y.grad"])
    told = failure(lambda: assert_trace(half, PROGRAM.run(), keys=["x.grad", "y.item()"]))
    assert "no entry 'y.item()'" in told.message


@pytest.mark.parametrize("answer", [None, [1], 3.0])
def test_no_dictionary_is_no_prediction(answer):
    assert "expected a dictionary" in failure(lambda: assert_trace(answer, PROGRAM.run())).message


TRACE = Exercise("foresee", 5, "foresee", form=Form.TRACE)


@pytest.mark.parametrize(
    ("body", "computed"),
    [
        ('"""Say."""\n    return {"a": -1.5, "b": (1, [2, None]), "c": "text", "d": 1 / 3}', ""),
        ('answers = {"a": 1}\n    return answers', ""),
        ('return {"a": torch.ones(2).sum()}', "torch.ones(2).sum()"),
        ('return {"a": x}', "x"),
        ("return {str(i): i for i in range(3)}", "{str(i): i for i in range(3)}"),
        ("return dict(a=1)", "dict(a=1)"),
    ],
)
def test_a_trace_is_typed_not_computed(body, computed):
    ((_, _, ending),) = source_endings(TRACE, f"import torch\ndef foresee():\n    {body}\n", "")
    assert (ending.status is Status.PASSED) == (not computed)
    assert f"`{computed}` computes" in ending.message or not computed


# --- TESTWRITE -------------------------------------------------------------------------------------------------------

MEAN = Implementation("def mean(x):\n    return x.sum(axis=0) / len(x)\n")
OTHER_ROUNDING = Implementation("def mean(x):\n    return np.mean(x[::-1], axis=0)\n")
SUM = Implementation("def mean(x):\n    return x.sum(axis=0)\n")
OVER_ALL = Implementation("def mean(x):\n    return np.full(x.shape[1], x.mean())\n")
CORRECT = (MEAN, OTHER_ROUNDING)

GOOD = """
import numpy as np
def check_mean(f):
    x = np.random.default_rng(0).normal(size=(5, 3))
    assert np.allclose(f(x), [column.mean() for column in x.T]), "not the mean"
"""
LENIENT = "import numpy as np\ndef check_mean(f):\n    assert f(np.ones((1, 3))).shape == (3,)\n"
STRICT = """
import numpy as np
def check_mean(f):
    x = np.random.default_rng(0).normal(size=(500, 3))
    assert (f(x) == x.sum(axis=0) / len(x)).all()
"""
RAISING = "def check_mean(f):\n    f([1, 2])\n"
STUB = "def check_mean(f):\n    raise NotImplementedError()\n"
COUNTING = """
calls = []
def check_mean(f):
    calls.append(f)
    assert len(calls) < 3
"""


def in_process(code: str) -> Proxy:
    names: dict[str, object] = {}
    exec(compile(code, "answer", "exec"), names)
    return Proxy(InProcess(names, {"answer": code}))


@pytest.fixture(params=["in process", "in a worker"])
def student(request, warm_parent: WarmParent) -> Iterator[Callable[[str], Proxy]]:
    """A submission of this code, where learners and where students are judged."""
    workers = []

    def submitted(code: str) -> Proxy:
        if request.param == "in process":
            return in_process(code)
        workers.append(warm_parent.worker())
        workers[-1].execute([Cell(Role.ANSWER, "check_mean", code)], protected=frozenset({"check_mean"}))
        return Proxy(workers[-1].host(limits=Limits(seconds=5.0)))

    yield submitted
    for worker in workers:
        worker.close()


def refuses(submission: Proxy, wrong: Implementation, seed: int = 0) -> None:
    assert_refuses(
        submission, "check_mean", wrong, correct=CORRECT, rng=np.random.default_rng(seed), cause="Use several rows."
    )


def test_a_good_test_refuses_what_is_wrong_and_accepts_the_rest(student):
    submission = student(GOOD)
    refuses(submission, SUM)
    refuses(submission, OVER_ALL)
    assert_accepts(submission, "check_mean", CORRECT, rng=np.random.default_rng(0))


def test_a_test_that_accepts_a_wrong_implementation_is_told_what_to_try(student):
    told = failure(lambda: refuses(student(LENIENT), SUM))
    assert told.message == "check_mean accepts a wrong implementation."
    assert told.cause == "Use several rows."


def test_a_test_that_refuses_a_correct_implementation_earns_nothing(student):
    told = failure(lambda: refuses(student(STRICT), SUM))
    assert told.message == "check_mean refuses a correct implementation."
    assert "tolerance" in told.cause


def test_an_error_is_no_verdict(student):
    told = failure(lambda: refuses(student(RAISING), SUM))
    assert "ended with an error instead of a verdict" in told.message
    assert "AssertionError" in told.cause


def test_a_stub_is_missing(student):
    with pytest.raises(StudentError) as caught:
        refuses(student(STUB), SUM)
    assert caught.value.raised.type == "NotImplementedError"


def test_in_a_worker_a_test_cannot_learn_from_the_implementations_before(warm_parent: WarmParent):
    """Each meets a fresh copy of the student's code: counting calls tells nothing."""
    with warm_parent.worker() as worker:
        worker.execute([Cell(Role.ANSWER, "check_mean", COUNTING)], protected=frozenset({"check_mean"}))
        submission = Proxy(worker.host())
        for seed in range(4):
            told = failure(lambda seed=seed: refuses(submission, SUM, seed))
            assert told.message == "check_mean accepts a wrong implementation."
