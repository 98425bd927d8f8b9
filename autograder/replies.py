"""What a worker claims in its replies, built anew: types checked, sizes bounded, nothing believed."""

from __future__ import annotations

from dataclasses import replace

from autograder import codec
from autograder.checks.failure import Raised
from autograder.checks.host import Outcome, Returned

AUTHOR_ERROR = "AuthorError"  # the type of a Raised starts so when a function given to submission.run is at fault


class Forged(Exception):  # noqa: N818 - the reply, not the error
    """A reply is none that our own code would have sent."""


def checked_outcome(message: object, *, after: bool) -> Outcome:
    """One outcome of a call.

    Raises:
        Forged, DecodeError: If it does not have the form that ``student_process`` gives it.
    """
    parts = codec.decode(message) if isinstance(message, bytes) else None
    if isinstance(parts, list) and len(parts) == 2 and parts[0] == "raised":
        return checked_raised(parts[1])
    if not isinstance(parts, list) or len(parts) != 3 or parts[0] != "returned":
        raise Forged("an outcome of the wrong form")
    if not after:
        return Returned(parts[1])
    arguments = parts[2]
    if not (isinstance(arguments, list) and [type(part) for part in arguments] == [tuple, dict]):
        raise Forged("arguments of the wrong form")
    return Returned(parts[1], (arguments[0], arguments[1]))


def checked_raised(fields: object) -> Raised:
    """An exception of the student's.

    Raises:
        Forged: If it does not have the form that ``student_process`` gives it.
    """
    if not isinstance(fields, dict):
        raise Forged("an exception of the wrong form")
    texts = {name: fields.get(name) for name in ("type", "message", "cell", "code")}
    line, operands = fields.get("line"), fields.get("operands")
    if not all(isinstance(text, str) and len(text) <= 4000 for text in texts.values()) or type(line) is not int:
        raise Forged("an exception of the wrong form")
    if not isinstance(operands, tuple | list) or len(operands) > 100:
        raise Forged("operands of the wrong form")
    raised = Raised(line=line, operands=tuple(_checked_operand(operand) for operand in operands), **texts)  # type: ignore[arg-type]
    return replace(raised, cell=raised.cell.partition(":")[2] or raised.cell)


def _checked_operand(operand: object) -> tuple[str, tuple[int, ...]]:
    match operand:
        case (str(name), tuple(shape)) if len(name) <= 500 and all(type(length) is int for length in shape):
            return name, shape
    raise Forged("operands of the wrong form")
