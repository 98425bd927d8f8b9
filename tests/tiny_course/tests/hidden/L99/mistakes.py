"""Wrong answers people give."""

from autograder.checks.mistakes import Mistake

MISTAKES = (
    Mistake("double", "that squares x instead of doubling it", edits=(("2 * x", "x * x"),)),
    Mistake("shift", "that subtracts", edits=(("x + by", "x - by"),)),
)
