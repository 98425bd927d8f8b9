"""Starting the warm parent as a fresh process with a clean environment, and asking it."""

from __future__ import annotations

import json
import os
import site
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from autograder import sandbox
from autograder.work_folder import remove

START_SECONDS = 60.0
_BOOT = (
    "import sys; folder, descriptor, mode = sys.argv[1:4]; sys.path.append(folder); "
    "from autograder.warm_parent import main; sys.path.remove(folder); main(int(descriptor), mode)"
)


class ForkingProcess:
    """A warm parent, seen from outside. Use it from any thread."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        """Use :meth:`start`."""
        self._process = process
        self._control = control
        self._lock = threading.Lock()
        self._base: Path | None = None

    @classmethod
    def start(cls, *, mode: sandbox.Mode = "full") -> Self:
        """Execute a warm parent with a clean environment, and wait until it is warm.

        Raises:
            SandboxUnavailable: If workers cannot be locked down here, or it does not start.
        """
        parent = cls.begin(mode=mode)
        parent.wait_until_warm()
        return parent

    @classmethod
    def begin(cls, *, mode: sandbox.Mode = "full") -> Self:
        """Execute a warm parent, and leave it to itself: :meth:`wait_until_warm` before anything else.

        Raises:
            SandboxUnavailable: If workers cannot be locked down here.
        """
        sandbox.require(mode)
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            package_folder = str(Path(__file__).resolve().parent.parent)
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and text
                [sys.executable, "-P", "-c", _BOOT, package_folder, str(its.fileno()), mode],
                env=_clean_environment(),
                pass_fds=(its.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for the referee, which then hangs up
                cwd="/",
            )
        return cls(process, ours)

    def wait_until_warm(self) -> None:
        """Wait for the process's first words.

        Raises:
            SandboxUnavailable: If it does not start; then it is closed.
        """
        try:
            self._control.settimeout(START_SECONDS)
            answer = json.loads(self._control.recv(2**16) or b"{}")
        except (OSError, ValueError) as error:
            answer = {"unavailable": f"the warm parent did not answer ({error})"}
        if "ready" not in answer:
            problem = answer.get("unavailable") or f"the warm parent did not start: {self._last_words()}"
            self.close()
            raise sandbox.SandboxUnavailable(problem, "a warm parent", "See `autograder doctor`")
        self._base = Path(answer["ready"])

    def ask(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """Send one request to the process (see ``warm_parent.py``) and read its answer."""
        data = json.dumps(request).encode()
        try:
            with self._lock:
                if descriptors:
                    socket.send_fds(self._control, [data], list(descriptors))
                else:
                    self._control.send(data)
                answer: dict[str, Any] = json.loads(self._control.recv(2**16) or b'{"error": "it ended"}')
        except OSError as error:
            answer = {"error": str(error)}
        if "error" in answer:
            raise sandbox.SandboxUnavailable(
                f"the warm parent failed: {answer['error']}", "an answer", "Start the command again"
            )
        return answer

    def close(self) -> None:
        """End the process and all its workers."""
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
        if self._base is not None:
            remove(self._base)  # it does so itself, unless it was killed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self.close()

    def _last_words(self) -> str:
        self._process.kill()
        _, words = self._process.communicate()
        return words.decode(errors="replace")[-1000:].strip()


def _clean_environment() -> dict[str, str]:
    """What the warm parent, and so every student, sees: nothing of ours."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # every thread's arena would reserve 64 MB of address space
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": str(_font_cache()),
        "TERM": "dumb",
    }
    if site.ENABLE_USER_SITE:
        environment["PYTHONUSERBASE"] = site.getuserbase()
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]  # the interpreter itself may need it
    return environment


def _font_cache() -> Path:
    """Where matplotlib keeps its list of fonts (it takes seconds to make); workers cannot write there."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "autograder" / "matplotlib"
