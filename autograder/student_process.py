"""What happens inside a worker: requests come in, student code runs, plain data goes out.

Everything here shares an interpreter with student code, so nothing here is believed; see ``worker.py``.
Requests and replies are messages of ``codec`` in frames: 4 bytes of length, then the message.

    {"id", "do": "cell", "role", "name", "source", "protected", "characters"}    -> {"id", "outputs", "raised"}
    {"id", "do": "call", "name", "calls", "after", "refuse", "reply_mb"}         -> {"id", "outcomes"}
    {"id", "do": "run", "source", "name", "args", "refuse", "reply_mb"}          -> {"id", "outcomes"}

An outcome is a message of its own, written when its call ends (so that a later call cannot change it):
``["returned", value, [args, kwargs] or None]`` or ``["raised", {...}]``.
"""

from __future__ import annotations

import errno
import math
import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from autograder import codec
from autograder.checks.failure import (
    AUTHOR_ERROR,
    FILE_TOO_LARGE,
    REPLY_TOO_LARGE,
    TOO_MANY_THREADS,
    ForbiddenName,
    MissingAnswer,
    Raised,
)
from autograder.checks.forbidden import refused
from autograder.checks.host import StudentView
from autograder.checks.names import misspelt_definition
from autograder.checks.plain import described
from autograder.checks.shapes import raised_from
from autograder.outputs import Outputs, encodable
from autograder.shell import CellShell, remember_source

MAX_MESSAGE_TEXT = 2000
_TRACEBACK_FRAMES = 8
_OUTCOME_ROOM = codec.MAX_MESSAGE - codec.MAX_STRUCTURE - 2**16


class StudentProcess:
    """Answers the requests of one worker's referee until it hangs up."""

    def __init__(self, channel: int, shell: CellShell) -> None:
        """Answer on the descriptor ``channel``."""
        self._channel = channel
        self._shell = shell
        self._sources: dict[str, str] = {}
        self._answers: dict[str, Callable[..., dict[str, Any]]] = {
            "cell": self.cell,
            "call": self._call,
            "run": self._run,
        }

    def serve(self) -> None:
        """Answer until the other side closes the channel."""
        self.send({"ready": True})
        while (request := self._receive()) is not None:
            answer = self._answers[request.pop("do")]
            number = request.pop("id")
            self.send({"id": number, **answer(**request)})
            sys.settrace(None)
            threading.settrace(None)

    def send(self, reply: dict[str, Any]) -> None:
        """Write one frame."""
        data = codec.encode(reply)
        view = memoryview(codec.HEADER.pack(len(data)) + data)
        while view:
            view = view[os.write(self._channel, view) :]

    def _receive(self) -> dict[str, Any] | None:
        header = self._read(codec.HEADER.size)
        if header is None:
            return None
        data = self._read(codec.HEADER.unpack(header)[0])
        return None if data is None else codec.decode(data)

    def _read(self, size: int) -> bytearray | None:
        data = bytearray()
        while len(data) < size:
            piece = os.read(self._channel, min(size - len(data), 2**20))
            if not piece:
                return None
            data += piece
        return data

    def cell(self, role: str, name: str, source: str, protected: Sequence[str], characters: int) -> dict[str, Any]:
        """Run one cell (see ``Worker.execute`` for what it may change)."""
        file_name = f"{role}:{name}"
        self._sources[file_name] = source
        names = self._shell.user_ns
        kept = () if role == "given" else tuple(other for other in protected if role != "answer" or other != name)
        before = {other: names[other] for other in kept if other in names}
        outputs = Outputs(text=characters)
        with self._shell.capturing(outputs):
            error = self._shell.run_named(file_name, source)
            raised = None if error is None else self._raised(error)
        for other in kept:
            names.pop(other, None)
        names.update(before)
        if error is not None and raised is not None:
            outputs.error(raised.type, raised.message, self._shown(error, raised))
        return {"outputs": outputs.finished(), "raised": None if raised is None else fields_of(raised)}

    def _call(
        self, name: str, calls: Sequence[Any], after: bool, refuse: Sequence[str], reply_mb: int
    ) -> dict[str, Any]:
        names = self._shell.user_ns
        if name not in names:
            missing = Raised("MissingAnswer", str(MissingAnswer(name, misspelt_definition(name, names))))
            return {"outcomes": [_raised_message(missing)] * len(calls)}
        return self._outcomes(names[name], calls, after=after, refuse=refuse, reply_mb=reply_mb, blame=self._raised)

    def _run(self, source: str, name: str, args: Sequence[Any], refuse: Sequence[str], reply_mb: int) -> dict[str, Any]:
        def blame(error: BaseException) -> Raised:
            return self._raised(error) if self._is_students(error) else _author_error(error, file_name)

        file_name = f"check:{name}"
        remember_source(file_name, source)
        try:
            function = _defined(source, name, file_name)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a check's source, its author must hear
            return {"outcomes": [_raised_message(_author_error(error, file_name))]}
        student = StudentView(self._shell.user_ns)
        calls: list[Any] = [((student, *args), {})]
        return self._outcomes(function, calls, after=False, refuse=refuse, reply_mb=reply_mb, blame=blame)

    def _outcomes(
        self,
        function: Callable[..., Any],
        calls: Sequence[Any],
        *,
        after: bool,
        refuse: Sequence[str],
        reply_mb: int,
        blame: Callable[[BaseException], Raised],
    ) -> dict[str, Any]:
        outcomes: list[bytes] = []
        room = min(_OUTCOME_ROOM, reply_mb * 2**20)
        with self._shell.capturing(Outputs()):
            for args, kwargs in calls:
                message = self._outcome(function, args, kwargs, after=after, refuse=refuse, blame=blame)
                if len(message) > room:
                    message = _raised_message(Raised(REPLY_TOO_LARGE, f"returned more than {reply_mb} MB"))
                room -= len(message)
                outcomes.append(message)
        return {"outcomes": outcomes}

    def _outcome(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        after: bool,
        refuse: Sequence[str],
        blame: Callable[[BaseException], Raised],
    ) -> bytes:
        try:
            if refuse:
                evidence_code = (
                    (function.__code__.co_filename,) if blame != self._raised else ()
                )  # bound methods are equal, never identical
                with refused(refuse, namespaces=(self._shell.user_ns,), trusted=evidence_code):
                    value = function(*args, **kwargs)
            else:
                value = function(*args, **kwargs)
            return codec.encode(["returned", value, [args, kwargs] if after else None])
        except codec.TooLarge as problem:
            return _raised_message(Raised(REPLY_TOO_LARGE, f"returned {problem}"))
        except codec.UnsupportedValue as problem:
            what = described(problem.parts[0]) if problem.parts and "type" in str(problem) else str(problem)
            return _raised_message(_unsupported(what))
        except BaseException as error:  # noqa: BLE001 - exit() and Ctrl-C included: they must not end the worker
            return _raised_message(blame(error))

    def _raised(self, error: BaseException) -> Raised:
        """The exception as data. Its class is the student's own: whatever it does, this returns."""
        try:
            raised = raised_from(error, self._sources)
            if isinstance(error, SyntaxError) and error.filename in self._sources:  # no frame of its own
                raised = replace(raised, message=error.msg, code=(error.text or "").strip())
                raised = replace(raised, cell=error.filename, line=error.lineno or 0)
            if isinstance(error, MemoryError) or "can't allocate memory" in raised.message:
                raised = replace(raised, type="MemoryError")
            if isinstance(error, OSError) and error.errno == errno.EFBIG:
                raised = replace(raised, type=FILE_TOO_LARGE)
            if isinstance(error, RuntimeError) and "can't start new thread" in raised.message:
                raised = replace(raised, type=TOO_MANY_THREADS)
            message, code = encodable(raised.message[:MAX_MESSAGE_TEXT]), encodable(raised.code[:500])
            return replace(raised, exception=None, message=message, code=code)
        except BaseException as problem:  # noqa: BLE001 - __str__ is the student's, and raises what it likes
            return Raised(type(error).__name__, f"(its message cannot be shown: {type(problem).__name__})")

    def _is_students(self, error: BaseException) -> bool:
        """Whether the student's code is at fault for an error in a check's function."""
        if isinstance(error, MissingAnswer | ForbiddenName | MemoryError):
            return True
        if any(frame.f_code.co_filename in self._sources for frame, _ in traceback.walk_tb(error.__traceback__)):
            return True
        called = str(error).split("(")[0].split(".")[0]  # "backward() takes 2 positional arguments but 3 were given"
        return isinstance(error, TypeError) and called in self._shell.user_ns

    def _shown(self, error: BaseException, raised: Raised) -> list[str]:
        """A traceback of the student's frames only."""
        walked = traceback.walk_tb(error.__traceback__)
        frames = [item for item in walked if item[0].f_code.co_filename in self._sources]
        if len(frames) > _TRACEBACK_FRAMES:
            frames = [*frames[:2], *frames[2 - _TRACEBACK_FRAMES :]]
        lines = []
        for frame, number in frames:
            code = frame.f_code
            source = self._sources[code.co_filename].splitlines()
            where = "" if code.co_name == "<module>" else f", in {code.co_name}"
            lines.append(f"{code.co_filename.partition(':')[2]}, line {number}{where}")
            lines.append(f"    {source[number - 1].strip() if 0 < number <= len(source) else ''}")
        if not frames and raised.line:
            lines = [f"{raised.cell.partition(':')[2]}, line {raised.line}", f"    {raised.code}"]
        return [*lines, f"{raised.type}: {raised.message}"]


def fields_of(raised: Raised) -> dict[str, Any]:
    """A Raised as plain data; ``worker.py`` builds it anew."""
    names = ("type", "message", "cell", "line", "code", "operands")
    return {name: getattr(raised, name) for name in names}


def _raised_message(raised: Raised) -> bytes:
    return codec.encode(["raised", fields_of(raised)])


def _unsupported(what: str) -> Raised:
    return Raised("UnsupportedValue", f"returned {what}; expected plain data (numbers, arrays, lists, ...)")


def _author_error(error: BaseException, file_name: str) -> Raised:
    walked = traceback.walk_tb(error.__traceback__)
    lines = [number for frame, number in walked if frame.f_code.co_filename == file_name]
    where = f" (line {lines[-1]} of {file_name.partition(':')[2]})" if lines else ""
    return Raised(f"{AUTHOR_ERROR}:{type(error).__name__}", f"{error}{where}"[:MAX_MESSAGE_TEXT])


def _defined(source: str, name: str, file_name: str) -> Callable[..., Any]:
    """The check author's function, in a namespace with np, torch and math only."""
    import numpy as np
    import torch

    namespace: dict[str, Any] = {"np": np, "numpy": np, "torch": torch, "math": math, "__name__": "check"}
    exec(compile(source, file_name, "exec"), namespace)  # noqa: S102 - its purpose
    function: Callable[..., Any] = namespace[name]
    return function
