"""What people get wrong in the tiny lesson."""

from autograder.checks import Mistake

MISTAKES = (
    Mistake("scale", "You divide by the factor; multiply by it.", edits=(("x * factor", "x / factor"),)),
    Mistake("center", "You subtract the sum; divide it by the number of rows.", edits=(("total / len(x)", "total"),)),
    Mistake("mend", "Axis 0 runs over the rows: it sums columns.", edits=(("axis=1", "axis=0"),)),
)
