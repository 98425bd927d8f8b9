"""The referee's end of the socket to a worker: one frame out, one frame in, within one deadline.

The other end is a student's: it may send anything, at any pace, or nothing, or hang up.
"""

from __future__ import annotations

import select
import socket
import time

from autograder import codec

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
        self._clock = (~pid << 3) | 2  # the processor clock of another process, as clock_getcpuclockid(3) makes it

    def exchange(self, data: bytes, *, seconds: float) -> bytearray:
        """Send a frame (if ``data`` is not empty) and read the worker's next one.

        Args:
            data: The message; nothing is sent for an empty one.
            seconds: Of processor time. The wall limit is 4 times that plus 1.

        Raises:
            TimedOut, HungUp, ImpossibleLength: And the worker must not be used again.
        """
        deadline, processor_limit = time.monotonic() + 4 * seconds + 1, self._processor_time() + seconds
        outgoing = memoryview(codec.HEADER.pack(len(data)) + data if data else b"")
        received, wanted = bytearray(), codec.HEADER.size
        while len(received) < wanted:
            ready = self._ready(select.POLLIN | (select.POLLOUT if outgoing else 0))
            if time.monotonic() > deadline or self._processor_time() > processor_limit:
                raise TimedOut
            if outgoing and ready & select.POLLOUT:
                outgoing = outgoing[self._sent(outgoing) :]
            if ready & ~select.POLLOUT:
                received += self._received(wanted - len(received))
            if len(received) == wanted == codec.HEADER.size:
                wanted += _announced(received)
        return received[codec.HEADER.size :]

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _ready(self, events: int) -> int:
        poll = select.poll()
        poll.register(self._socket, events)
        found = poll.poll(TICK * 1000)
        return found[0][1] if found else 0

    def _sent(self, outgoing: memoryview) -> int:
        try:
            return self._socket.send(outgoing[:_PIECE])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise HungUp from error

    def _received(self, size: int) -> bytes:
        try:
            piece = self._socket.recv(min(size, _PIECE))
        except BlockingIOError:
            return b""
        except OSError as error:
            raise HungUp from error
        if not piece:
            raise HungUp
        return piece

    def _processor_time(self) -> float:
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0  # it has ended; the socket will say so


def _announced(header: bytearray) -> int:
    length: int = codec.HEADER.unpack(header)[0]
    if length > codec.MAX_MESSAGE:
        raise ImpossibleLength
    return length
