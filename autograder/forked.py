"""Running functions of the course's own in forked children: in parallel, with limits, and with a way out of loops.

Only for trusted code (solutions, mistakes, mutants): a child is no sandbox. Students' code runs in a worker.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JOBS = 2
MEMORY_BYTES = 8 * 2**30  # of addresses; torch alone takes more than half of it
_WALL = 4.0  # how much longer than its processor time a child may last


@dataclass(frozen=True)
class Lost:
    """A child that gave no result: too long, too much memory, or it crashed."""

    why: str


class ChildFailed(Exception):  # noqa: N818 - what happened, not a kind of error
    """The function itself raised: a fault of the course. The message is the child's traceback."""


def run_in_children(tasks: Sequence[Callable[[], Any]], *, seconds: float, jobs: int = JOBS) -> Iterator[Any]:
    """Run each task in a fork of this process, a few at a time.

    Args:
        tasks: Functions whose results can be written as JSON.
        seconds: Of processor time for one task.
        jobs: How many run at a time.
    Yields:
        (number of the task, its result or :class:`Lost`), as they end.
    Raises:
        ChildFailed: If a task raised.
    """
    waiting = list(enumerate(tasks))[::-1]
    running: dict[int, _Child] = {}
    with selectors.DefaultSelector() as selector, _ended_at_last(running):
        while waiting or running:
            while waiting and len(running) < jobs:
                number, task = waiting.pop()
                child = _Child.start(number, task, seconds)
                running[child.pipe] = child
                selector.register(child.pipe, selectors.EVENT_READ)
            for key, _ in selector.select(timeout=0.2):
                if running[key.fd].read():
                    continue
                selector.unregister(key.fd)
                ended = running.pop(key.fd)
                yield ended.number, ended.result()
            for child in running.values():
                if time.monotonic() > child.deadline:
                    child.stop()


@dataclass
class _Child:
    number: int
    pid: int
    pipe: int
    deadline: float
    text: bytes = b""

    @classmethod
    def start(cls, number: int, task: Callable[[], Any], seconds: float) -> _Child:
        pipe, its_end = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _be_child(task, its_end, seconds)
        os.close(its_end)
        return cls(number, pid, pipe, time.monotonic() + _WALL * seconds + 1)

    def read(self) -> bool:
        """Take what there is; False at the end."""
        part = os.read(self.pipe, 65536)
        self.text += part
        return bool(part)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        self.stop()
        os.waitpid(self.pid, 0)
        os.close(self.pipe)

    def result(self) -> Any:
        os.close(self.pipe)
        _, status = os.waitpid(self.pid, 0)
        if not self.text:
            return Lost(f"it ended with {os.waitstatus_to_exitcode(status)}")
        said = json.loads(self.text)
        if "error" in said:
            raise ChildFailed(said["error"])
        return said["result"]


@contextlib.contextmanager
def _ended_at_last(running: Mapping[int, _Child]) -> Iterator[None]:
    try:
        yield
    finally:
        for child in running.values():
            child.kill()


def _be_child(task: Callable[[], Any], pipe: int, seconds: float) -> None:
    """Run the task, write its result, and end without any of the parent's cleaning up."""
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        limit = int(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        memory = _address_space() + MEMORY_BYTES  # what the parent has mapped counts, too
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        one_thread()
        try:
            said = {"result": task()}
        except Exception:  # noqa: BLE001 - the boundary between processes
            said = {"error": traceback.format_exc()}
        text = json.dumps(said).encode()
        while text:
            text = text[os.write(pipe, text) :]
    finally:
        os._exit(0)


def one_thread() -> None:
    """Make torch, if it is imported, compute in one thread: a fork has none of its parent's and would wait for them."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


def _address_space() -> int:
    """Bytes of address space this process has mapped."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()
