"""The process in which student code runs, as the referee sees it.

Theory of operation
===================

Processes and privileges are described in ``sandbox.py``. Three files make a worker: this one is the referee's side,
``warm_parent.py`` the process that forks, ``student_process.py`` what answers inside. The referee is the client of two
sockets: one to the warm parent (``launch.py``; trusted: it says how a worker ended), and one to each worker
(``channel.py``; not trusted).

What crosses. A request goes to the worker, one reply comes back: a frame of at most 64 MB that ``codec`` reads, without
pickle, into numbers, text, lists, dicts, arrays and tensors. Everything in it is a claim of the student's: it is
type-checked, bounded and built anew here (``replies.py``, ``outputs.py``), and compared by the referee, in the
referee's process. A reply that is no message of ours, or answers another request, is treated as the worker's end.

Time. A request has ``seconds`` of processor time, read from the worker's processor clock at least every 50 ms, and a
wall limit (a worker that sleeps, a busy machine). When one passes, the warm parent makes the
worker write its stack to a pipe (faulthandler, SIGUSR1); the line found there is advice; 50 ms later it is killed.

How a worker can end: :class:`WorkerLost`, with the status and what was found out. After it, the worker is gone, and the
referee starts another one, without the culprit. ``with`` ends a worker and removes its folder in every case.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from autograder import codec, sandbox
from autograder.channel import Channel, HungUp, ImpossibleLength, TimedOut
from autograder.checks.failure import Raised
from autograder.checks.host import Arguments, Outcome, Returned, source_that_travels
from autograder.launch import ForkingProcess
from autograder.lesson import Limits
from autograder.lost import WorkerLost, how_it_ended, line_in_stack
from autograder.outputs import CellRun, checked_outputs
from autograder.replies import Forged, checked_outcome, checked_raised
from autograder.submission import Cell
from autograder.verdict import Status
from autograder.warm_parent import GRACE

__all__ = ["CellRun", "WarmParent", "Worker", "WorkerHost", "WorkerLost"]

READY_LIMITS = Limits(seconds=20.0)
CELL_LIMITS = Limits(seconds=30.0)
_LIFETIME = 60  # times the seconds of one call: processor time of a whole worker


class WarmParent(ForkingProcess):
    """The process that forks workers. Start it once (:meth:`start`), and use it from any thread."""

    def worker(self, *, limits: Limits | None = None) -> Worker:
        """Fork a locked worker.

        Raises:
            SandboxUnavailable: If it could not be forked or lock itself down.
        """
        return Worker(self, limits or Limits())


class Worker:
    """One submission's process: runs its cells, calls its functions. A Host for checks is :meth:`host`."""

    def __init__(self, parent: WarmParent, limits: Limits) -> None:
        """Use :meth:`WarmParent.worker`."""
        self._parent = parent
        self._limits = limits
        self._number = 0
        self._lost: WorkerLost | None = None
        self._executed: tuple[tuple[Cell, ...], frozenset[str], Limits] = ((), frozenset(), limits)
        self._apart: dict[bytes, Outcome] = {}
        connection, its_channel = socket.socketpair()
        self._stack, its_stack = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            with its_channel:
                lifetime = int(_LIFETIME * max(1.0, limits.seconds))
                request = {"do": "fork", "limits": asdict(limits), "cpu_seconds": lifetime}
                self._pid = int(self._parent.ask(request, [its_channel.fileno(), its_stack])["pid"])
        except BaseException:
            connection.close()
            os.close(self._stack)
            raise
        finally:
            os.close(its_stack)
        self._channel = Channel(connection, pid=self._pid)
        self._alive = True
        self._await_lockdown()

    def execute(
        self, cells: Sequence[Cell], *, protected: frozenset[str], limits: Limits = CELL_LIMITS
    ) -> list[CellRun]:
        """Run cells in order, in one namespace; one that raises does not stop the others.

        An ANSWER changes, of the ``protected`` names, only the one it is named after; an EXTRA cell changes none. A
        cell that ended with NameError runs once more after all others.

        Args:
            cells: In execution order.
            protected: The definitions of the lesson.
            limits: Of time and of displayed text, for one cell.
        Raises:
            WorkerLost: With the cell and the runs before it.
        """
        self._executed = (tuple(cells), protected, limits)
        self._apart.clear()
        runs: list[CellRun] = []
        for cell in cells:
            runs.append(self._run_cell(cell, protected, limits, runs))
        for index, cell in enumerate(cells):
            raised = runs[index].raised
            if raised is not None and raised.type == "NameError":
                runs[index] = self._run_cell(cell, protected, limits, runs)
        return runs

    def call(
        self,
        name: str,
        calls: Sequence[Arguments],
        *,
        after: bool = False,
        refuse: Sequence[str] = (),
        limits: Limits | None = None,
    ) -> list[Outcome]:
        """Call the student's function once for each (args, kwargs), in one message.

        Args:
            name: A name of the student's namespace; if it is missing, all outcomes are Raised("MissingAnswer").
            calls: Plain data.
            after: Whether to hand the arguments back as they are after the call.
            refuse: Dotted names that raise ForbiddenName during the calls.
            limits: Of time and of the reply, for all of them; the worker's by default.
        Raises:
            TypeError: If an argument cannot cross (a fault of the check).
            WorkerLost: If the worker ended.
        """
        limits = limits or self._limits
        request = {"do": "call", "name": name, "calls": [[tuple(args), kwargs] for args, kwargs in calls]}
        reply = self._exchange({**request, "after": after, "refuse": list(refuse), "reply_mb": limits.reply_mb}, limits)
        outcomes = self._outcomes(reply, len(calls), after=after)
        if after and not all(map(_same_arguments, calls, outcomes)):
            raise self._crashed("it sent back other arguments than it got")
        return outcomes

    def run(
        self,
        source: str,
        function_name: str,
        args: Sequence[Any],
        *,
        refuse: Sequence[str] = (),
        limits: Limits | None = None,
    ) -> Outcome:
        """Evaluate a check author's function as ``function(student, *args)`` beside the student's code.

        Returns:
            Returned, or Raised. Its type starts with "AuthorError:" when no student code was involved.

        Raises:
            TypeError: If an argument cannot cross.
            WorkerLost: If the worker ended.
        """
        limits = limits or self._limits
        request = {"do": "run", "source": source, "name": function_name, "args": tuple(args), "refuse": list(refuse)}
        reply = self._exchange({**request, "reply_mb": limits.reply_mb}, limits)
        return self._outcomes(reply, 1, after=False, of_author=True)[0]

    def host(self, *, refuse: Sequence[str] = (), limits: Limits | None = None) -> WorkerHost:
        """This worker as a Host for the fixture ``submission``, with the limits of one exercise."""
        return WorkerHost(self, tuple(refuse), limits)

    def run_apart(
        self,
        source: str,
        function_name: str,
        args: Sequence[Any],
        *,
        refuse: Sequence[str] = (),
        limits: Limits | None = None,
    ) -> Outcome:
        """As :meth:`run`, in another worker that has executed the same cells, and nothing since.

        Such a worker says the same to the same arguments, so it is asked once.

        Raises:
            TypeError: If an argument cannot cross.
            WorkerLost: If that worker ended.
        """
        try:
            key = codec.encode([source, function_name, tuple(args), list(refuse)])
        except codec.UnsupportedValue as problem:
            raise TypeError(f"a check passes {problem} to student code: only plain data can cross") from problem
        if key not in self._apart:
            cells, protected, cell_limits = self._executed
            with self._parent.worker(limits=self._limits) as twin:
                twin.execute(cells, protected=protected, limits=cell_limits)
                self._apart[key] = twin.run(source, function_name, args, refuse=refuse, limits=limits)
        return self._apart[key]

    def close(self) -> None:
        """End the worker; nothing of it is left."""
        if self._alive:
            self._end(patience=0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self.close()

    def _run_cell(self, cell: Cell, protected: frozenset[str], limits: Limits, runs: Sequence[CellRun]) -> CellRun:
        request = {"do": "cell", "role": str(cell.role), "name": cell.name, "source": cell.source}
        characters = limits.output_characters
        try:
            reply = self._exchange({**request, "protected": sorted(protected), "characters": characters}, limits)
            raised = None if reply.get("raised") is None else checked_raised(reply["raised"])
            return CellRun(cell.name, tuple(checked_outputs(reply.get("outputs"), characters=characters)), raised)
        except WorkerLost as error:
            lost = error
        except Forged as problem:
            lost = self._crashed(str(problem))
        raise WorkerLost(lost.status, lost.where, cell=cell.name, runs=tuple(runs))

    def _outcomes(self, reply: Mapping[str, Any], count: int, *, after: bool, of_author: bool = False) -> list[Outcome]:
        try:
            messages = reply.get("outcomes")
            if not isinstance(messages, list) or len(messages) != count:
                raise Forged("a wrong number of outcomes")
            return [checked_outcome(message, after=after, of_author=of_author) for message in messages]
        except (Forged, codec.DecodeError) as problem:
            raise self._crashed(str(problem)) from None

    def _exchange(self, request: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        """Send a request and read its one reply."""
        if self._lost is not None or not self._alive:
            raise self._lost or WorkerLost(Status.CRASHED, "the worker was closed")
        self._number += 1
        try:
            data = codec.encode({"id": self._number, **request})
        except codec.UnsupportedValue as problem:
            raise TypeError(f"a check passes {problem} to student code: only plain data can cross") from problem
        try:
            reply = self._channel.exchange(data, limits=limits)
            value = codec.decode(reply)
        except TimedOut:
            raise self._timed_out() from None
        except HungUp:
            raise self._died() from None
        except ImpossibleLength:
            raise self._crashed("it sent a message of impossible length") from None
        except codec.DecodeError as problem:
            raise self._crashed(f"it sent what is no message ({problem})") from None
        if type(value) is not dict or type(value.get("id")) is not int or value["id"] != self._number:
            raise self._crashed("it sent what nobody asked for")
        return value

    def _await_lockdown(self) -> None:
        """Wait for the worker's first frame, which it sends unasked when it is locked down."""
        try:
            answer = codec.decode(self._channel.exchange(b"", limits=READY_LIMITS))
            problem = "" if "ready" in answer else str(answer.get("failed"))
        except (HungUp, TimedOut) as error:
            problem = f"it {'ended' if isinstance(error, HungUp) else 'did not answer'}"
        if problem:
            self.close()
            raise sandbox.SandboxUnavailable(
                f"a worker could not lock itself down: {problem}", "a locked worker", "See `autograder doctor`"
            )

    def _timed_out(self) -> WorkerLost:
        where = self._line()
        self._end(patience=0.0)
        return self._remember(WorkerLost(Status.TIMEOUT, where))

    def _line(self) -> str:
        """Where the student's code is, innermost frame first; "" if the worker does not say."""
        self._drain()
        with contextlib.suppress(sandbox.SandboxUnavailable):
            self._parent.ask({"do": "stack", "pid": self._pid})
        deadline = time.monotonic() + GRACE
        text = ""
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._stack], [], [], left)[0]:
                piece = self._drain()
                text += piece
                if not piece or line_in_stack(text):
                    break
        return line_in_stack(text)

    def _drain(self) -> str:
        try:
            return os.read(self._stack, 2**16).decode(errors="replace")
        except BlockingIOError:
            return ""

    def _died(self) -> WorkerLost:
        """It hung up: find out from its parent how it ended."""
        ended = self._end(patience=0.25)
        return self._remember(how_it_ended(ended["status"], ended["reason"], line_in_stack(ended["stack"])))

    def _crashed(self, why: str) -> WorkerLost:
        self._end(patience=0.0)
        return self._remember(WorkerLost(Status.CRASHED, why))

    def _remember(self, lost: WorkerLost) -> WorkerLost:
        self._lost = lost
        return lost

    def _end(self, *, patience: float) -> dict[str, Any]:
        ended = {"status": 0, "reason": "its parent is gone", "stack": ""}
        if self._alive:
            self._alive = False
            self._channel.close()
            with contextlib.suppress(sandbox.SandboxUnavailable):
                ended |= self._parent.ask({"do": "end", "pid": self._pid, "patience": patience})
                ended["stack"] = self._drain()  # written before the watch killed it
            os.close(self._stack)
        return ended


def _same_arguments(sent: Arguments, outcome: Outcome) -> bool:
    """Whether a call that returned hands back as many arguments, of the same names."""
    if not isinstance(outcome, Returned) or outcome.arguments is None:
        return isinstance(outcome, Raised)
    (args, kwargs), (args_after, kwargs_after) = sent, outcome.arguments
    return len(args) == len(args_after) and kwargs.keys() == kwargs_after.keys()


@dataclass(frozen=True)
class WorkerHost:
    """A worker as a Host: what a Proxy asks for, with the limits and the refused names of one exercise."""

    worker: Worker
    refuse: tuple[str, ...]
    limits: Limits | None

    def call(self, name: str, calls: Sequence[Arguments], *, after: bool) -> list[Outcome]:
        """As :meth:`Worker.call`."""
        return self.worker.call(name, calls, after=after, refuse=self.refuse, limits=self.limits)

    def run(self, function: Callable[..., Any], args: Sequence[Any]) -> Outcome:
        """Send the function's source, and evaluate it there."""
        source = source_that_travels(function)
        return self.worker.run(source, function.__name__, args, refuse=self.refuse, limits=self.limits)

    def apart(self, function: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """Evaluate the function for each in a worker of its own."""
        source, name = source_that_travels(function), function.__name__
        return [self.worker.run_apart(source, name, args, refuse=self.refuse, limits=self.limits) for args in calls]
