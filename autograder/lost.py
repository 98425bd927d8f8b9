"""How a worker can end, and what that says about the student's code."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

from autograder.verdict import Status

_FRAME_OF_STUDENT = re.compile(r'File "(?:given|answer|extra):([^"\n]{1,200})", line (\d{1,6}) in')


class WorkerLost(Exception):  # noqa: N818 - what happened to the worker, not whose error it is
    """The worker is gone, and the student's code is the reason.

    Attributes:
        status: TIMEOUT, MEMORY, LIMIT or CRASHED.
        where: "line 7 of backward", "exit code 3", "" if unknown: words for the student, advice only.
        cell: The name of the cell that was running; "" if it was a call.
        runs: The :class:`~autograder.worker.CellRun` of the cells before.
    """

    def __init__(self, status: Status, where: str, *, cell: str = "", runs: tuple[Any, ...] = ()) -> None:
        """Say how it ended, and where the student's code was."""
        super().__init__(f"{status}: {where}" if where else str(status))
        self.status = status
        self.where = where
        self.cell = cell
        self.runs = runs


def line_in_stack(text: str) -> str:
    """The innermost line of student code in what faulthandler wrote, as "line 7 of backward"; "" if there is none."""
    found = _FRAME_OF_STUDENT.search(text)
    return f"line {found[2]} of {found[1]}" if found else ""


def how_it_ended(status: int, reason: str, line: str) -> WorkerLost:
    """Say what the wait status of a worker means.

    Args:
        status: As of waitpid.
        reason: Why the warm parent killed it, if it did.
        line: Where it was then, if it said so.
    """
    if reason.startswith("ended by the grader"):  # it was alive: it only closed its channel
        return WorkerLost(Status.CRASHED, "it closed the channel to the grader")
    if reason:
        return WorkerLost(Status.LIMIT, f"{reason}, {line}" if line else reason)
    if not os.WIFSIGNALED(status):
        code = os.waitstatus_to_exitcode(status)
        return WorkerLost(Status.CRASHED, f"the process ended itself with exit code {code}")
    number = os.WTERMSIG(status)
    if number == signal.SIGKILL:
        return WorkerLost(Status.MEMORY, "the system ended the process, as it does when memory runs out")
    if number == signal.SIGXCPU:
        return WorkerLost(Status.TIMEOUT, "")
    name = signal.strsignal(number) or f"signal {number}"
    return WorkerLost(Status.CRASHED, f"the process ended with {name} ({_signal_name(number)})")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
