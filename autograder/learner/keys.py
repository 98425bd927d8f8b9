"""Single keys from a terminal, without Enter and without echo, on POSIX and on Windows."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

_PAUSE = 0.05  # seconds between two looks at the keyboard

if sys.platform == "win32":
    import msvcrt

    @contextlib.contextmanager
    def _unbuffered() -> Iterator[None]:
        """Do nothing: msvcrt reads single keys anyway."""
        yield

    def _pressed() -> str | None:
        """The next key; "" if none was pressed for a moment."""
        if msvcrt.kbhit():
            return msvcrt.getwch()
        time.sleep(_PAUSE)
        return ""

else:
    import select
    import signal
    import termios
    import tty

    @contextlib.contextmanager
    def _unbuffered() -> Iterator[None]:
        """Give keys as they are pressed, and put the terminal back in any case."""
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)
        # Ctrl-Z gives the shell its own terminal back; coming back from there must ask for single keys anew.
        handler = signal.signal(signal.SIGCONT, lambda *_: tty.setcbreak(terminal))
        try:
            tty.setcbreak(terminal)
            yield
        finally:
            signal.signal(signal.SIGCONT, handler)
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)

    def _pressed() -> str | None:
        """The next key; "" if none was pressed for a moment, None when the terminal is gone."""
        ready, _, _ = select.select([sys.stdin], [], [], _PAUSE)
        if not ready:
            return ""
        return os.read(sys.stdin.fileno(), 1).decode("latin-1") or None


@contextlib.contextmanager
def listening(heard: Callable[[str], None]) -> Iterator[None]:
    """While inside, tell of every key that is pressed; of "q" too, if the terminal goes away."""
    over = threading.Event()

    def listen() -> None:
        with contextlib.suppress(OSError, ValueError):
            while not over.is_set():
                key = _pressed()
                if key is None:
                    break
                if key:
                    heard(key)
        if not over.is_set():
            heard("q")

    with _unbuffered():
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
