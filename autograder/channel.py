"""The referee's end of the socket to a worker: one frame out, one frame in, within one deadline.

The other end is a student's: it may send anything, at any pace, or nothing, or hang up.
"""

from __future__ import annotations

import select
import socket
import time

from autograder import codec
from autograder.lesson import Limits

TICK = 0.05  # seconds between looks at the clocks
_PIECE = 2**20


class TimedOut(Exception):  # noqa: N818 - what happened
    """The worker used up its processor time, or the wall clock ran out."""


class HungUp(Exception):  # noqa: N818 - what happened
    """The worker closed its end: it has ended, or pretends to."""


class ImpossibleLength(Exception):  # noqa: N818 - what happened
    """The worker announced a frame longer than any of ours."""


class Channel:
    """A socket to a worker, and the clock of its processor time."""

    def __init__(self, connection: socket.socket, *, pid: int) -> None:
        """Talk over ``connection`` to the worker that is process ``pid``."""
        self._socket = connection
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._clock = (~pid << 3) | 2  # the processor clock of another process, as clock_getcpuclockid(3) makes it
        self._received = bytearray()

    def exchange(self, data: bytes, *, limits: Limits) -> bytearray:
        """Send a frame (if ``data`` is not empty) and read the worker's next one.

        Args:
            data: The message; nothing is sent for an empty one.
            limits: Their processor time and their wall time are kept.

        Raises:
            TimedOut, HungUp, ImpossibleLength: And the worker must not be used again.
        """
        deadline, processor_limit = time.monotonic() + limits.wall, self._processor_time() + limits.seconds
        outgoing = memoryview(codec.HEADER.pack(len(data)) + data if data else b"")
        outgoing = outgoing[self._sent(outgoing) :]  # most messages fit at once
        while (frame := self._frame()) is None:
            ready = self._ready(select.POLLIN | (select.POLLOUT if outgoing else 0))
            if time.monotonic() > deadline or self._processor_time() > processor_limit:
                raise TimedOut
            if outgoing and ready & select.POLLOUT:
                outgoing = outgoing[self._sent(outgoing) :]
            if ready & ~select.POLLOUT:
                self._receive()
        return frame

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _frame(self) -> bytearray | None:
        """The next whole frame of what was received, without its header; None if it is not there yet."""
        if len(self._received) < codec.HEADER.size:
            return None
        end = codec.HEADER.size + _announced(self._received)
        if len(self._received) < end:
            return None
        frame = self._received[codec.HEADER.size : end]
        del self._received[:end]  # what came unasked stays, and answers the next request wrongly
        return frame

    def _ready(self, events: int) -> int:
        self._poll.register(self._socket, events)
        found = self._poll.poll(TICK * 1000)
        return found[0][1] if found else 0

    def _sent(self, outgoing: memoryview) -> int:
        try:
            return self._socket.send(outgoing[:_PIECE]) if outgoing else 0
        except BlockingIOError:
            return 0
        except OSError as error:
            raise HungUp from error

    def _receive(self) -> None:
        try:
            piece = self._socket.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as error:
            raise HungUp from error
        if not piece:
            raise HungUp
        self._received += piece

    def _processor_time(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0  # it has ended; the socket will say so


def _announced(header: bytearray) -> int:
    length: int = codec.HEADER.unpack_from(header)[0]
    if length > codec.MAX_MESSAGE:
        raise ImpossibleLength
    return length
