"""The warm parent: a fresh process that has imported everything slow, knows no secret, and forks workers.

``worker.WarmParent`` starts it and talks to it over a socket of packets (JSON, and descriptors beside it)::

    {"do": "fork", "limits", "cpu_seconds"} + [the worker's end of its channel, the pipe for its stack]     -> {"pid"}
    {"do": "stack", "pid"}      make the worker write its stack into that pipe                              -> {}
    {"do": "end", "pid", "patience"}   kill it after at most so many seconds                -> {"status", "reason"}

When that socket closes it kills all workers and ends. It trusts its client and nothing that a worker does: it reads
nothing from workers. It also counts what only an observer can: files, and threads of workers without an own user id.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import json
import os
import random
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from autograder.lesson import Limits
    from autograder.sandbox import Lockdown
    from autograder.shell import CellShell

CHANNEL, STACK = 3, 4  # the only descriptors of a worker beside 0, 1, 2, which lead nowhere
WATCH_EVERY = 0.1  # seconds
GRACE = 0.05  # between asking for the stack and the end
PACKET = 2**16
_PR_SET_CHILD_SUBREAPER = 36
_MADV_COLLAPSE = 25  # Linux 6.1


@dataclass
class _Child:
    """A worker as its parent sees it."""

    pid: int
    descriptor: int  # a pidfd: it becomes readable when the worker ends
    folder: Path
    limits: Limits
    status: int | None = None  # as of waitpid, once it was reaped
    reason: str = ""  # why it was killed, where we did it


class ForkingParent:
    """Forks, watches, kills and reaps workers."""

    def __init__(self, control: socket.socket, *, base: Path, lockdown: Lockdown, shell: CellShell) -> None:
        """Serve ``control``; the work folders lie in ``base``, and workers take over ``shell``."""
        self._control = control
        self._base = base
        self._lockdown = lockdown
        self._shell = shell
        self._children: dict[int, _Child] = {}
        self._watched = 0.0

    def serve(self) -> None:
        """Answer requests until the client is gone; then leave nothing behind."""
        try:
            while True:
                alive = [child for child in self._children.values() if child.status is None]
                poll = select.poll()
                for descriptor in (self._control.fileno(), *(child.descriptor for child in alive)):
                    poll.register(descriptor, select.POLLIN)
                ready = {descriptor for descriptor, _ in poll.poll(WATCH_EVERY * 1000 if alive else None)}
                for child in alive:
                    if child.descriptor in ready:
                        self._reap(child)
                self._watch(alive)
                if self._control.fileno() in ready and not self._answer_one():
                    return
        finally:
            for child in list(self._children.values()):
                self._finish(child)

    def _answer_one(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, PACKET, 2)
        if not data:
            return False
        request = json.loads(data)
        try:
            answers: dict[str, Callable[..., dict[str, Any]]] = {
                "fork": self._fork,
                "stack": self._write_stack,
                "end": self._end,
            }
            arguments = {"descriptors": descriptors} if descriptors else {}
            answer = answers[request.pop("do")](**request, **arguments)
        except OSError as error:  # no process, no disk: the client hears of it, and the parent lives on
            answer = {"error": str(error)}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        try:
            self._control.send(json.dumps(answer).encode())
        except OSError:
            return False  # the client is gone
        return True

    def _fork(self, limits: dict[str, Any], cpu_seconds: int, descriptors: list[int]) -> dict[str, Any]:
        from autograder.lesson import Limits

        granted = Limits(**limits)
        folder = Path(tempfile.mkdtemp(prefix="work-", dir=self._base))
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_worker(
                *descriptors,
                folder=folder,
                parent=parent,
                shell=self._shell,
                lock=lambda: self._lockdown.apply(folder=folder, limits=granted, cpu_seconds=cpu_seconds),
            )
        self._children[pid] = _Child(pid, os.pidfd_open(pid), folder, granted)
        return {"pid": pid, "folder": str(folder)}

    def _write_stack(self, pid: int) -> dict[str, Any]:
        if self._children[pid].status is None:
            os.kill(pid, signal.SIGUSR1)
        return {}

    def _end(self, pid: int, patience: float) -> dict[str, Any]:
        child = self._children.pop(pid)
        if child.status is None and patience:
            poll = select.poll()
            poll.register(child.descriptor, select.POLLIN)
            if poll.poll(patience * 1000):
                self._reap(child)
        if child.status is None:
            child.reason = child.reason or "ended by the grader"
        self._finish(child)
        return {"status": child.status, "reason": child.reason}

    def _watch(self, alive: list[_Child]) -> None:
        if time.monotonic() < self._watched + WATCH_EVERY:
            return
        from autograder.work_folder import excess

        for child in alive:
            if child.status is None:
                try:
                    child.reason = excess(child.folder, child.pid, child.limits)
                except OSError as error:  # whatever a worker did to its folder, it is not our end, but its own
                    child.reason = f"made a folder that cannot be looked through ({error.strerror})"
                if not child.reason and _threads(child.pid) > child.limits.threads:
                    child.reason = f"started more than {child.limits.threads} threads"
                if child.reason:
                    self._stop(child)
        self._watched = time.monotonic()

    def _stop(self, child: _Child) -> None:
        """Let a worker write where it is, and kill it."""
        os.kill(child.pid, signal.SIGUSR1)
        poll = select.poll()
        poll.register(child.descriptor, select.POLLIN)
        poll.poll(1000 * GRACE)
        os.kill(child.pid, signal.SIGKILL)

    def _finish(self, child: _Child) -> None:
        if child.status is None:
            os.kill(child.pid, signal.SIGKILL)
            self._reap(child)
        os.close(child.descriptor)
        self._children.pop(child.pid, None)
        with contextlib.suppress(OSError):  # a leftover is removed with the base folder
            from autograder.work_folder import remove

            remove(child.folder)

    def _reap(self, child: _Child) -> None:
        """Kill the worker's process group while its leader is still there, then wait for all."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.status = os.waitpid(child.pid, 0)[1]
        for orphan in _children_of_this_process() - set(self._children):  # only possible without a sandbox
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)


def _become_worker(
    channel: int, stack: int, *, folder: Path, parent: int, shell: CellShell, lock: Callable[[], None]
) -> NoReturn:
    """Turn a fresh fork into a locked worker; never returns into the parent's loop."""
    status = 1
    try:
        os.setsid()
        _keep_descriptors(channel, stack)
        faulthandler.register(signal.SIGUSR1, file=STACK, all_threads=False, chain=False)
        Path("/proc/self/oom_score_adj").write_text("1000")
        os.environ.update(HOME=str(folder), TMPDIR=str(folder), USER="student", LOGNAME="student")
        tempfile.tempdir = None
        random.seed(0)  # Python seeds it anew in every fork
        sys.path.append(str(folder))
        from autograder.student_process import StudentProcess

        process = StudentProcess(CHANNEL, shell)
        try:
            lock()
        except OSError as error:
            process.send({"failed": str(error)})
            return  # type: ignore[misc]  # the finally below ends the process
        if os.getppid() == parent:
            process.serve()
        status = 0
    finally:
        os._exit(status)


def _keep_descriptors(channel: int, stack: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    high = [os.dup(descriptor) for descriptor in (channel, stack, null)]
    high = [descriptor if descriptor > STACK else _moved_up(descriptor) for descriptor in high]
    for descriptor, place in zip((high[2], high[2], high[2], high[0], high[1]), range(5), strict=True):
        os.dup2(descriptor, place, inheritable=False)
    os.closerange(STACK + 1, os.sysconf("SC_OPEN_MAX"))


def _moved_up(descriptor: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD, STACK + 1)


def _threads(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("Threads:"):
                return int(line.split()[1])
    return 0


def _children_of_this_process() -> set[int]:
    with contextlib.suppress(OSError):
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        return {int(pid) for pid in listed}
    return set()


def _warm_up() -> CellShell:
    """Import what is slow, and do once what is slow the first time."""
    import matplotlib.pyplot as plt
    import numpy as np
    import torch

    import autograder.student_process
    from autograder.outputs import Outputs
    from autograder.shell import CellShell
    from autograder.stand_ins import load_data_in_one_process

    torch.set_num_threads(1)
    load_data_in_one_process()
    shell = CellShell.make()
    process = autograder.student_process.StudentProcess(os.open(os.devnull, os.O_WRONLY), shell)
    cells = (
        "%matplotlib inline",
        "import numpy as np\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.legend(['b'])\nplt.show()",
        "from autograder import check, hint",  # as the first cell of every lesson
        "1/0",
        "[1.5]",
        "import torch\nraise ValueError(str(torch.ones(2)))",
    )
    names = set(shell.user_ns)
    for source in cells:
        process.cell("given", "warm", source, (), characters=1000)
    for name in set(shell.user_ns) - names:
        del shell.user_ns[name]
    shell.user_ns.pop("_", None)
    plt.close("all")
    layer = torch.nn.Linear(3, 2)
    layer(torch.ones(4, 3)).sum().backward()
    torch.optim.SGD(layer.parameters(), lr=0.1).step()  # the first optimizer imports torch's compiler: 2 s
    with contextlib.suppress(ImportError):
        importlib.import_module("sklearn.datasets")  # 1.5 s, and lessons read its digits
    torch.nn.functional.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2))
    torch.manual_seed(0)  # every worker starts with the same global generators: a regrade gives the same marks
    np.random.seed(0)
    shell.outputs = Outputs()
    return shell


def _into_huge_pages() -> None:
    """Put this process's memory into pages of 2 MB where it can be: a fork, and the end of one, take half the time.

    Both go through the table of all pages. A page that a worker writes to is split, and only 4 kB of it are copied.
    """
    libc = ctypes.CDLL(None)
    for line in Path("/proc/self/maps").read_text(encoding="ascii", errors="replace").splitlines():
        addresses, rights, _, _, inode, *_ = line.split()
        if inode == "0" and rights.startswith("rw"):
            start, end = (int(text, 16) for text in addresses.split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)  # refused: as before


def main(descriptor: int, mode: str) -> None:
    """Be the warm parent, on the socket of this descriptor."""
    control = socket.socket(fileno=descriptor)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    base = Path(tempfile.mkdtemp(prefix="autograder-"))
    base.chmod(0o711)  # workers have other user ids, and must pass
    try:
        os.environ.update(IPYTHONDIR=str(base / "ipython"), TORCHINDUCTOR_CACHE_DIR=str(base / "torch"))
        from autograder.sandbox import Lockdown, SandboxUnavailable

        try:
            shell = _warm_up()
            lockdown = Lockdown.prepare(mode="none" if mode == "none" else "full", base=base)
            threads = len(list(Path("/proc/self/task").iterdir()))
            if threads != 1:
                raise SandboxUnavailable(
                    f"the warm parent runs {threads} threads",
                    "one, because a fork copies only one",
                    "A library starts a thread when it is imported: report this with the list of installed packages",
                )
        except SandboxUnavailable as problem:
            control.send(json.dumps({"unavailable": str(problem)}).encode())
            return
        gc.collect()
        gc.freeze()
        _into_huge_pages()
        control.send(json.dumps({"ready": str(base)}).encode())
        ForkingParent(control, base=base, lockdown=lockdown, shell=shell).serve()
    finally:
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
