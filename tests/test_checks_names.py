"""Which names pass for misspelt ones."""

import pytest

from autograder.checks import MissingAnswer
from autograder.checks.host import InProcess, Proxy
from autograder.checks.name_hints import names_of
from autograder.checks.names import misspelt_definition, near


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("liner_forward", ["linear_forward", "linear_backward"], ("linear_forward",)),
        ("lienar", ["linear"], ("linear",)),
        ("X", ["x", "y"], ("x",)),
        ("linearForward", ["linear_forward"], ("linear_forward",)),
        ("rows", ["row", "rots"], ("row", "rots")),
        ("W1", ["W2", "b1"], ()),  # two letters are too few for a slip
        ("d_W", ["d_b"], ("d_b",)),
        ("backprop_bottom", ["backprop_top"], ()),
        ("forward", ["backward"], ()),
        ("adam_step", ["sgd_step"], ()),
        ("cat", ["bat", "rat", "hat"], ()),  # too many to tell
        ("shape", ["shape"], ()),
    ],
)
def test_names_that_are_near(name, known, found):
    assert near(name, known) == found


def test_a_misspelt_definition_is_found_among_functions_and_classes_only():
    def liner_forward(): ...

    class Droput: ...

    names = {"liner_forward": liner_forward, "Droput": Droput, "linear_forwar": 3, "_": None}
    assert misspelt_definition("linear_forward", names) == "is `liner_forward` meant to be `linear_forward`?"
    assert misspelt_definition("Dropout", names) == "is `Droput` meant to be `Dropout`?"
    assert misspelt_definition("softmax", names) == ""
    assert str(MissingAnswer("f", "is `g` meant to be `f`?")) == (
        "there is no function `f` in this submission: is `g` meant to be `f`?"
    )
    assert "was it renamed" in str(MissingAnswer("f"))
    with pytest.raises(Exception, match="is `liner_forward` meant to be `linear_forward`"):
        Proxy(InProcess(names)).linear_forward(1)


def test_attributes_are_listed_without_running_anything():
    class Sly:
        def __init__(self):
            self.W = 1

        @property
        def trap(self):
            raise AssertionError("ran")

        def __dir__(self):
            raise AssertionError("ran")

        def __getattr__(self, name):
            raise AssertionError("ran")

    assert {"W", "trap"} <= names_of(Sly())
    assert "trap" in names_of(Sly)
