"""Wrong answers people give."""

from autograder.checks.mistakes import Mistake

MISTAKES = (
    Mistake("double", "that squares x instead of doubling it", edits=(("2 * x", "x * x"),)),
    Mistake("mean", "that is the sum; divide it by the length", edits=(("x.sum() / len(x)", "x.sum()"),)),
    Mistake("Line", "that subtracts b", edits=(("self.w * x + self.b", "self.w * x - self.b"),)),
)
