"""Mistakes as edits of a solution, and the number of lines that an answer changes."""

import pytest

from autograder.checks import Mistake, MistakeError, changed_lines, mistake_source

SOLUTION = '''def relu_backward(d_out, z):
    """Gradient of relu."""
    ### BEGIN SOLUTION
    mask = z > 0
    return d_out * mask
    ### END SOLUTION
'''


def test_edits_make_the_wrong_definition():
    mistake = Mistake("relu_backward", "0 has no gradient", edits=(("z > 0", "z >= 0"), ("* mask", "* mask * 2")))
    wrong = mistake_source(mistake, SOLUTION)
    assert "mask = z >= 0" in wrong
    assert "d_out * mask * 2" in wrong


def test_a_whole_answer_is_dedented():
    mistake = Mistake("relu_backward", "says", answer="\n    def relu_backward(d_out, z):\n        return d_out\n")
    assert mistake_source(mistake, SOLUTION) == "def relu_backward(d_out, z):\n    return d_out\n"


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (
            Mistake("e", "says", edits=(("mask", "m"),)),
            "'mask' occurs 2 times in the definition, expected 1: lengthen it",
        ),
        (
            Mistake("e", "says", edits=(("nothing", "m"),)),
            "'nothing' occurs 0 times in the definition, expected 1: copy",
        ),
        (Mistake("e", "says", edits=(("", "m"),)), "occurs 0 times"),
        (Mistake("e", "says"), "give either edits or an answer"),
        (Mistake("e", "says", edits=(("z > 0", "z < 0"),), answer="x = 1"), "give either edits or an answer"),
        (Mistake("e", "says", edits=(("z > 0", "z >"),)), "is no valid Python in line 4"),
        (Mistake("e", "says", edits=(("z > 0", "(z > 0)"),)), "does not differ from the solution"),
        (Mistake("e", "says", answer="def other(): pass", name="e-1"), "mistake 'e-1' does not define relu_backward"),
    ],
)
def test_an_author_is_told_what_is_wrong(mistake, message):
    with pytest.raises(MistakeError) as caught:
        mistake_source(mistake, SOLUTION)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        (SOLUTION, 0),
        (SOLUTION.replace('"""Gradient of relu."""', '"""Other words."""  # and a comment'), 0),
        (SOLUTION.replace("z > 0", "( z>0 )"), 0),
        (SOLUTION.replace("z > 0", "z >= 0"), 1),
        (SOLUTION.replace("z > 0", "z >= 0").replace("* mask", "* ~mask"), 2),
        (SOLUTION.replace("    mask =", "    k = 1\n    mask ="), 1),
        (SOLUTION.replace("    mask = z > 0\n", "").replace("mask", "(z > 0)"), 2),
    ],
)
def test_changed_lines(answer, count):
    assert changed_lines(SOLUTION, answer) == count
