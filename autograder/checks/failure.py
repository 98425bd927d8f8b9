"""What goes wrong with an answer, as exceptions: a check refused it, it raised, it used a forbidden name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# types of a Raised that tell of a limit
REPLY_TOO_LARGE, FILE_TOO_LARGE, TOO_MANY_THREADS = "ReplyTooLarge", "FileTooLarge", "TooManyThreads"
LIMIT_ERRORS = (REPLY_TOO_LARGE, FILE_TOO_LARGE, TOO_MANY_THREADS)
HINT = "\nHint: "  # in the message of a Raised, before what our own code adds to it
AUTHOR_ERROR = "AuthorError"  # Raised.type is "AuthorError:KeyError" where a check's own function failed


class CheckFailure(AssertionError):  # noqa: N818 - the word of the course, not an error of ours
    """A check refused an answer. ``str()`` is the message followed by the likely cause.

    Attributes:
        message: What was expected, what came, where first, in which case.
        cause: The likely cause, one or two sentences; empty when none is sure enough.
        name: What was compared ("dW").
        actual: The refused value as plain data (None where there is none).
        expected: What it was compared with.
        rtol: The tolerance they were compared with, as in ``closeness.differs``; 0 means exactly.
        shape: The shape that was expected; None where that is not what it was about.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: str = "",
        name: str = "",
        actual: Any = None,
        expected: Any = None,
        rtol: float = 0.0,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        """Say what was expected and what came; the class says what each part is."""
        super().__init__(f"{message}\nLikely cause: {cause}" if cause else message)
        self.message = message
        self.cause = cause
        self.name = name
        self.actual = actual
        self.expected = expected
        self.rtol = rtol
        self.shape = shape


@dataclass(frozen=True)
class Raised:
    """An exception of the student's code, as data that can cross between processes."""

    type: str  # the exception's class name, "ValueError"
    message: str
    cell: str = ""  # the key of the source it happened in: a cell's name, or a file
    line: int = 0  # in that cell or file, from 1; 0 when unknown
    code: str = ""  # the student's expression that failed, or the whole line where that is unknown
    operands: tuple[tuple[str, tuple[int, ...]], ...] = ()  # arrays in that expression, by their text, with shapes
    exception: BaseException | None = field(default=None, compare=False, repr=False)  # only in the learner's process

    @property
    def said(self) -> str:
        """The message as Python, or a library, gave it."""
        return self.message.partition(HINT)[0]

    @property
    def hint(self) -> str:
        """What our own code knew to say where it was raised, as the name that is probably meant; often empty."""
        return self.message.partition(HINT)[2]


class StudentError(Exception):
    """The student's code raised. ``str()`` says so in a sentence for the student, with the shapes involved.

    In the learner's process the traceback is that of the student's own frames, so that ``--pdb`` stops there;
    ``raised.exception`` is the original.
    """

    def __init__(self, raised: Raised) -> None:
        """Tell of ``raised``."""
        super().__init__(raised)
        self.raised = raised

    def __str__(self) -> str:
        from autograder.checks.shapes import explain_error  # it needs Raised, so it imports this module

        try:
            return explain_error(self.raised)
        except Exception:  # noqa: BLE001 - words and expressions are the student's: an explanation must not cost a verdict
            return f"{self.raised.type}: {self.raised.message}"


class ForbiddenName(Exception):  # noqa: N818 - a thing the student did, in the words of DESIGN.md
    """Raised inside the student's code when it uses a name the exercise forbids."""

    def __init__(self, name: str) -> None:
        """Name what was used."""
        super().__init__(name)
        self.name = name


class MissingAnswer(Exception):  # noqa: N818 - as above
    """The submission does not define what a check asks for."""

    def __init__(self, name: str, hint: str = "") -> None:
        """Name what is not there, and how it is probably spelled instead: ``names.misspelt_definition``."""
        advice = hint or "was it renamed, or its cell deleted?"
        super().__init__(f"there is no function `{name}` in this submission: {advice}")
        self.name = name
