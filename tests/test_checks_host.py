"""The fixture ``submission`` over student code of this process, and the mark that a check carries."""

import os
import subprocess
import sys
import traceback
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from autograder.checks import CheckMark, InProcess, MissingAnswer, Proxy, Raised, Returned, StudentError, exercise
from autograder.checks.host import source_that_travels
from autograder.verdict import Kind

STUDENT = """
import numpy as np
import torch

def double(x):
    return x * 2

def spoil(x, *, items):
    x += 1
    items.append(3)

def sloppy(a, b):
    return a @ b

def later(x):
    raise NotImplementedError

def weird(x):
    return {"layer": torch.nn.Linear(2, 3)}

def is_contiguous(x):
    return bool(x.flags.c_contiguous)

def parameter():
    return torch.nn.Parameter(torch.ones(2)) * 3

def draw(rng):
    return rng.normal()

def leave():
    raise SystemExit(3)

class Net(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = torch.nn.Linear(4, width)

    def forward(self, x):
        return self.layer(x)
"""


def hosted(source: str = STUDENT, **kwargs) -> Proxy:
    names: dict = {"__name__": "mlp"}
    exec(compile(source, "mlp.py", "exec"), names)
    return Proxy(InProcess(names, {"mlp.py": source}, **kwargs))


@pytest.fixture
def submission() -> Proxy:
    return hosted()


def weights_after(student, width, x):
    """Evidence: the shape of a weight and an output."""
    net = student.Net(width)
    return tuple(net.layer.weight.shape), net(torch.ones(2, 4)).shape[1] + np.int64(x)


def uses_a_missing_name(student):
    return student.nowhere(3)


def uses_a_global_of_this_file(student):
    return STUDENT


def fails_on_its_own(student):
    return student.double(3).shape


def calls_it_wrongly(student):
    return student.double()


def breaks_in_the_students_code(student):
    return student.Net(3)(torch.ones(2, 5))


def test_values_come_back(submission):
    assert submission.double(np.arange(3)).tolist() == [0, 2, 4]
    assert submission.double(x=2.5) == 5.0
    assert submission.double.map([(1,), ("ab",), ([1, 2],)]) == [2, "abab", [1, 2, 1, 2]]


def test_arguments_are_copies_and_can_be_looked_at_after_the_call(submission):
    x, items = np.zeros(2), [1]
    value, (x_after, items_after) = submission.spoil.after(x, items=items)
    assert value is None
    assert x_after.tolist() == [1, 1]
    assert items_after == [1, 3]
    assert x.tolist() == [0, 0]
    assert items == [1]


def test_a_non_contiguous_array_arrives_non_contiguous(submission):
    x = np.arange(24.0).reshape(4, 6)
    assert submission.is_contiguous(x)
    assert not submission.is_contiguous(x.T)
    assert not submission.is_contiguous(x[:, ::2])
    assert submission.double(x[:, ::2]).tolist() == (x[:, ::2] * 2).tolist()


def test_generators_cross_by_their_state(submission):
    rng = np.random.default_rng(3)
    assert submission.draw(rng) == submission.draw(rng) == np.random.default_rng(3).normal()


def test_tensors_come_back_without_their_graph(submission):
    value = submission.parameter()
    assert type(value) is torch.Tensor
    assert value.is_leaf


def test_what_is_no_plain_data_is_named(submission):
    with pytest.raises(StudentError, match=r"returned a Linear; expected plain data"):
        submission.weird(1)
    with pytest.raises(TypeError, match="passes a function to student code"):
        submission.double(len)
    with pytest.raises(TypeError, match=r"double\.map takes tuples"):
        submission.double.map([1])


def test_an_error_is_told_with_its_line_and_shapes_and_keeps_its_traceback(submission):
    with pytest.raises(StudentError) as caught:
        submission.sloppy(np.ones((5, 3)), np.ones((4, 3)))
    error = caught.value
    assert str(error).startswith("line 13 of mlp.py, `a @ b`: a is (5, 3), b is (4, 3).")
    assert error.raised.operands == (("a", (5, 3)), ("b", (4, 3)))
    assert isinstance(error.raised.exception, ValueError)
    frames = traceback.extract_tb(error.__traceback__)
    assert (frames[-1].filename, frames[-1].name) == ("mlp.py", "sloppy")


CHECK = """
from autograder.checks import InProcess, Proxy
import mlp

def test_it():
    submission = Proxy(InProcess(mlp, {mlp.__file__: open(mlp.__file__).read()}))
    submission.f(1)
"""


def test_pytest_shows_the_students_lines_and_none_of_the_engine(tmp_path):
    (tmp_path / "test_it.py").write_text(CHECK)
    (tmp_path / "mlp.py").write_text("def f(x):\n    return g(x)\n\n\ndef g(x):\n    return x.nothing\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    paths = [str(tmp_path), str(Path(__file__).parents[1])]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_it.py"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    shown = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False).stdout
    assert ">       return x.nothing" in shown or ">   return x.nothing" in shown
    assert "StudentError: line 6 of mlp.py, `x.nothing`: " in shown
    assert "host.py" not in shown


def test_not_begun_and_missing_are_told_apart(submission):
    with pytest.raises(StudentError) as caught:
        submission.later(1)
    assert caught.value.raised.type == "NotImplementedError"
    with pytest.raises(StudentError, match="there is no function `nowhere`") as caught:
        submission.nowhere(1)
    assert caught.value.raised.type == "MissingAnswer"
    with pytest.raises(StudentError) as caught:
        submission.run(uses_a_missing_name)
    assert caught.value.raised.type == "MissingAnswer"


def test_a_student_cannot_end_the_program(submission):
    with pytest.raises(StudentError) as caught:
        submission.leave()
    assert caught.value.raised.type == "SystemExit"


def test_evidence_is_computed_beside_the_students_objects(submission):
    assert submission.run(weights_after, 3, 10) == ((3, 4), 13)
    with pytest.raises(StudentError, match="in_features = 4"):
        submission.run(breaks_in_the_students_code)


def test_a_fault_of_the_checks_own_function_is_not_the_students(submission):
    with pytest.raises(StudentError) as caught:
        submission.run(fails_on_its_own)
    assert caught.value.raised.type == "AuthorError:AttributeError"
    with pytest.raises(StudentError, match="Its signature must stay as it was given") as caught:
        submission.run(calls_it_wrongly)
    assert caught.value.raised.type == "TypeError"


def test_only_functions_whose_source_can_travel_are_run(submission):
    secret = 3
    with pytest.raises(TypeError, match="uses STUDENT, which its source does not bring along"):
        submission.run(uses_a_global_of_this_file)
    with pytest.raises(TypeError, match="takes a top-level function"):
        submission.run(lambda student: secret)
    with pytest.raises(TypeError, match="takes a plain function"):
        submission.run(np.sum)
    assert source_that_travels(weights_after).startswith("def weights_after(student, width, x):")


def test_forbidden_names_are_refused_while_student_code_runs():
    submission = hosted(refuse=["torch.nn.Linear"])
    with pytest.raises(StudentError, match=r"uses `torch.nn.Linear`, which this exercise forbids") as caught:
        submission.weird(1)
    assert caught.value.raised.type == "ForbiddenName"
    torch.nn.Linear(2, 3)


def test_a_module_is_a_namespace_too():
    module = ModuleType("mlp")
    module.f = lambda: 3  # type: ignore[attr-defined]
    assert Proxy(InProcess(module)).f() == 3


def test_outcomes_of_another_host_read_alike():
    class Elsewhere:
        def call(self, name, calls, *, after):
            return [Raised("ValueError", "no", "backward", 7, "x + y")] if name == "bad" else [Returned(1)] * len(calls)

        def run(self, function, args):
            return 5

    submission = Proxy(Elsewhere())
    assert submission.good.map([(), ()]) == [1, 1]
    assert submission.run(weights_after) == 5
    with pytest.raises(StudentError, match="line 7 of backward"):
        submission.bad()
    with pytest.raises(AttributeError):
        submission.__wrapped__  # noqa: B018 - pytest asks for it


def test_a_missing_answer_can_be_raised_elsewhere():
    assert MissingAnswer("f").name == "f"


def test_the_mark_of_a_check():
    @exercise("backward", weight=2)
    def check(submission, rng):
        """All gradients agree."""

    @exercise("fit", training=True)
    def training(submission, rng):
        """The loss falls."""

    assert check.__autograder_check__ == CheckMark("backward", Kind.VALUE, 2.0)
    assert training.__autograder_check__.kind is Kind.TRAINING
    assert exercise("f", condition=True)(check).__autograder_check__.kind is Kind.CONDITION


def test_a_wrong_mark_is_refused():
    with pytest.raises(ValueError, match="either a condition or a training check"):
        exercise("f", condition=True, training=True)
    with pytest.raises(ValueError, match="weights are positive"):
        exercise("f", weight=0)
    with pytest.raises(TypeError, match="with its name in brackets"):
        exercise(lambda: None)
    with pytest.raises(TypeError, match="bare has no docstring"):

        @exercise("f")
        def bare(submission, rng):
            pass
