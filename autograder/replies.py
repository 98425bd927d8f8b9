"""What a worker claims in its replies, built anew: types checked, sizes bounded, nothing believed."""

from __future__ import annotations

from dataclasses import replace

from autograder import codec
from autograder.checks.failure import AUTHOR_ERROR, Raised
from autograder.checks.host import Outcome, Returned

MOST_CODE = 500  # characters of the expression that failed


class Forged(Exception):  # noqa: N818 - the reply, not the error
    """A reply is none that our own code would have sent."""


def checked_outcome(message: object, *, after: bool, of_author: bool = False) -> Outcome:
    """One outcome of a call; ``of_author``: of a function of the check's author, which may be at fault itself.

    Raises:
        Forged, DecodeError: If it does not have the form that ``student_process`` gives it.
    """
    parts = codec.decode(message) if type(message) is bytes else None
    if type(parts) is not list or not parts or type(parts[0]) is not str:  # a forged array has an == of its own
        raise Forged("an outcome of the wrong form")
    if parts[0] == "raised" and len(parts) == 2:
        return checked_raised(parts[1], of_author=of_author)
    if parts[0] != "returned" or len(parts) != 3:
        raise Forged("an outcome of the wrong form")
    if not after:
        return Returned(parts[1])
    arguments = parts[2]
    if not (isinstance(arguments, list) and [type(part) for part in arguments] == [tuple, dict]):
        raise Forged("arguments of the wrong form")
    return Returned(parts[1], (arguments[0], arguments[1]))


def checked_raised(fields: object, *, of_author: bool = False) -> Raised:
    """An exception: of the student's, whatever its class is named, or (``of_author``) perhaps of a check's author.

    Raises:
        Forged: If it does not have the form that ``student_process`` gives it.
    """
    if not isinstance(fields, dict):
        raise Forged("an exception of the wrong form")
    texts = {name: fields.get(name) for name in ("type", "message", "cell", "code")}
    line, operands = fields.get("line"), fields.get("operands")
    if not all(isinstance(text, str) and len(text) <= 4000 for text in texts.values()) or not _is_count(line):
        raise Forged("an exception of the wrong form")
    if not isinstance(operands, tuple | list) or len(operands) > 100:
        raise Forged("operands of the wrong form")
    raised = Raised(line=line, operands=tuple(_checked_operand(operand) for operand in operands), **texts)  # type: ignore[arg-type]
    if raised.type.startswith(AUTHOR_ERROR) and not of_author:
        raised = replace(raised, type="Exception")
    return replace(raised, cell=raised.cell.partition(":")[2] or raised.cell, code=raised.code[:MOST_CODE])


def _checked_operand(operand: object) -> tuple[str, tuple[int, ...]]:
    match operand:
        case (str(name), tuple(shape)) if len(name) <= 500 and len(shape) <= 64 and all(map(_is_count, shape)):
            return name, shape
    raise Forged("operands of the wrong form")


def _is_count(number: object) -> bool:
    return type(number) is int and 0 <= number < 2**63
