"""What the author of a check uses: the mark, comparisons, gradient checks, and the failures they raise.

Importing this imports NumPy and never torch.
"""

from autograder.checks.changes import changed_lines
from autograder.checks.comparing import (
    assert_close,
    assert_dtype,
    assert_keys,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_type,
    assert_unchanged,
)
from autograder.checks.diagnosis import Context, diagnose, first_difference
from autograder.checks.failure import CheckFailure, ForbiddenName, MissingAnswer, Raised, StudentError
from autograder.checks.forbidden import forbidden_in_source, refused
from autograder.checks.gradients import assert_vjp, away_from_kinks, numerical_vjp
from autograder.checks.host import Host, InProcess, Outcome, Proxy, Returned
from autograder.checks.marking import CheckMark, exercise
from autograder.checks.mistakes import Mistake, MistakeError, mistake_source
from autograder.checks.plain import as_array
from autograder.checks.shapes import explain_error, operands_on_line, raised_from
from autograder.checks.testwrite import Implementation, assert_accepts, assert_refuses
from autograder.checks.trace import Program, assert_trace

__all__ = [
    "CheckFailure",
    "CheckMark",
    "Context",
    "ForbiddenName",
    "Host",
    "Implementation",
    "InProcess",
    "MissingAnswer",
    "Mistake",
    "MistakeError",
    "Outcome",
    "Program",
    "Proxy",
    "Raised",
    "Returned",
    "StudentError",
    "as_array",
    "assert_accepts",
    "assert_close",
    "assert_dtype",
    "assert_keys",
    "assert_length",
    "assert_raises",
    "assert_refuses",
    "assert_shape",
    "assert_that",
    "assert_trace",
    "assert_type",
    "assert_unchanged",
    "assert_vjp",
    "away_from_kinks",
    "changed_lines",
    "diagnose",
    "exercise",
    "explain_error",
    "first_difference",
    "forbidden_in_source",
    "mistake_source",
    "numerical_vjp",
    "operands_on_line",
    "raised_from",
    "refused",
]
