"""Forbidden names: found in the source, refused while running, and everything as before afterwards."""

import sys

import numpy as np
import pytest
import torch
from torch import nn

from autograder.checks import ForbiddenName, forbidden_in_source, refused


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("nn.Linear(3, 2)", [1]),
        ("import torch.nn as q\nx = q.Linear(3, 2)", [2]),
        ("from torch.nn import Linear as L\n\ndef f():\n    return L(1, 2)", [4]),
        ("from torch.nn import Linear", []),
        ("getattr(nn, 'Linear')(3, 2)", [1]),
        ("m = nn\nm.Linear(3, 2)", [2]),
        ("def f():\n    import torch.nn as k\n    return k.Linear", [3]),
        ("from torch.nn import *\nLinear(3, 3)", [2]),
        ("torch.nn.modules.linear.Linear(3, 2)", [1]),
        ("__import__('torch').nn.Linear", [1]),
        ("import importlib\nimportlib.import_module('torch.nn').Linear", [2]),
        ("class Mine(nn.Linear):\n    pass", [1]),
        ("@nn.Linear\ndef f(x=nn.Linear): pass", [1, 2]),
        ("async def f():\n    return lambda: nn.Linear", [2]),
        ("def f(x: nn.Linear) -> nn.Linear:\n    y: nn.Linear = x\n    return y", []),
        ("class Linear(nn.Module):\n    pass\n\nLinear()", []),
        ("def f(nn):\n    return nn.Linear", []),
        ("def f(net):\n    nn = net\n    return nn.Linear", []),
        ("self.Linear = 3; 'nn.Linear'  # nn.Linear", []),
        ("nn.Linear(", []),
    ],
)
def test_a_class_in_the_source(source, lines):
    assert forbidden_in_source(source, ["torch.nn.Linear"]) == [("torch.nn.Linear", line) for line in lines]


def test_modules_functions_and_other_names_of_the_same_thing():
    assert forbidden_in_source("def f(x):\n    return torch.exp(x) + F.relu(x)", ["torch"]) == [("torch", 2)]
    assert forbidden_in_source("def f(F, x):\n    return F.T @ x", ["torch"]) == []
    assert forbidden_in_source("import torch\nx = 3", ["torch"]) == []
    assert forbidden_in_source("torch.optim.SGD([], lr=1)", ["torch.optim", "numpy"]) == [("torch.optim", 1)]
    assert forbidden_in_source("np.absolute(-1)", ["numpy.abs"]) == [("numpy.abs", 1)]
    assert forbidden_in_source("np.invert(1)", ["numpy.inv"]) == []
    assert forbidden_in_source("sorted(x)", ["sorted"]) == [("sorted", 1)]
    assert forbidden_in_source("loss.backward()", ["torch.Tensor.backward"]) == []
    assert forbidden_in_source("L(3, 2)", ["torch.nn.Linear"], context="from torch.nn import Linear as L") == [
        ("torch.nn.Linear", 1)
    ]


STUDENT = """
import numpy as np
import torch
import torch.nn as nn
from numpy.linalg import inv
from torch.optim import SGD

class Mine(nn.Linear):
    pass

def make(): return nn.Linear(3, 2)
def make_mine(): return Mine(3, 2)
def make_transformer(): return nn.TransformerEncoderLayer(4, 2)
def invert(): return np.linalg.inv(np.eye(2))
def invert_imported(): return inv(np.eye(2))
def pinv(): return np.linalg.pinv(np.eye(2))
def add_up(): return np.add.reduce([1, 2])
def backward():
    x = torch.ones(2, requires_grad=True)
    x.sum().backward()
    return x.grad
def optimise(): return torch.optim.SGD([torch.ones(2)], lr=0.1)
def optimise_imported(): return SGD([torch.ones(2)], lr=0.1)
def ones(): return torch.ones(3)
def convolve(): return torch.nn.functional.relu(torch.ones(2))
def load():
    import wave
    return wave
def apply():
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x): return x * 2
    return Double.apply(torch.ones(2))
"""


@pytest.fixture
def student() -> dict:
    names: dict = {"__name__": "student"}
    exec(compile(STUDENT, "student.py", "exec"), names)
    return names


def state(student) -> list:
    """Everything that refusing touches."""
    things = [nn.Linear.__init__, np.linalg.inv, torch.Tensor.backward, torch.optim.SGD.__init__, np.add, torch.relu]
    own = ["__init__" in vars(nn.Linear), "backward" in vars(torch.Tensor), vars(torch.autograd.Function).get("apply")]
    return [*things, *own, *sys.meta_path, *student.items()]


@pytest.mark.parametrize(
    ("names", "refusing", "working"),
    [
        (["torch.nn.Linear"], ["make", "make_mine"], ["make_transformer", "ones"]),
        (["numpy.linalg.inv"], ["invert", "invert_imported"], ["pinv"]),
        (["numpy.linalg"], ["invert", "invert_imported", "pinv"], ["add_up"]),
        (["numpy.add"], ["add_up"], ["invert"]),
        (["torch.Tensor.backward"], ["backward"], ["ones"]),
        (["torch.autograd.Function.apply"], ["apply"], ["backward"]),
        (["torch.optim"], ["optimise", "optimise_imported"], ["ones"]),
        (["torch.nn.functional"], ["convolve"], ["ones"]),
        (["torch"], ["ones", "make", "backward"], ["invert"]),
        (["wave"], ["load"], ["ones"]),
        (["no.such.module", "numpy.nosuch", "numpy.ndarray.sort", "numpy.add.nosuch"], [], ["ones", "invert"]),
    ],
)
def test_names_are_refused_while_running(student, names, refusing, working, monkeypatch):
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    before = state(student)
    with refused(names, namespaces=(student,)):
        for function in refusing:
            with pytest.raises(ForbiddenName) as caught:
                student[function]()
            assert caught.value.name == names[0]
        for function in working:
            student[function]()
    after = state(student)
    assert len(after) == len(before)
    assert all(a is b or a == b for a, b in zip(after, before, strict=True))
    for function in refusing:
        student[function]()


def test_everything_is_restored_after_an_exception_and_when_nested(student):
    before = state(student)
    with pytest.raises(KeyError), refused(["torch.nn.Linear"], namespaces=(student,)):  # noqa: PT012 - nested on purpose
        with refused(["torch.nn.Linear", "torch.optim"], namespaces=(student,)), pytest.raises(ForbiddenName):
            student["make"]()
        with pytest.raises(ForbiddenName):
            student["make"]()
        student["optimise"]()
        raise KeyError
    assert all(a is b or a == b for a, b in zip(state(student), before, strict=True))


def test_trusted_code_may_use_the_names(student):
    with refused(["torch.nn.Linear"], trusted=(__file__,)):
        nn.Linear(2, 2)
        with pytest.raises(ForbiddenName):
            student["make"]()
