"""``autograder watch``, as a learner has it: in a terminal with keys, and plainly where there is none."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

COMMAND = [sys.executable, "-c", "from autograder.cli import main; main()", "watch"]
LONGEST_WAIT = 60.0  # seconds; nothing here takes so long unless it is broken


def write_answers(course: Path, *edits: tuple[str, str]) -> None:
    """The solutions, but for what is replaced in them; saved as editors do, in one step."""
    text = (course / "solutions/L01/tiny.py").read_text(encoding="utf-8")
    text = re.sub(r" *### (BEGIN|END) SOLUTION\n", "", text)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    draft = course / "exercises/L01/tiny.py.swp"
    draft.write_text(text, encoding="utf-8")
    draft.replace(course / "exercises/L01/tiny.py")


class Terminal:
    """A pseudo terminal with a program in it."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self._screen = screen
        self._seen = ""

    def press(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def wait_for(self, words: str) -> str:
        """What was shown until these words came, without what was waited for before; colours are left out."""
        until = time.monotonic() + LONGEST_WAIT
        while words not in self._seen:
            ready, _, _ = select.select([self._screen], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{words!r} did not come; shown: {self._seen}"
            data = os.read(self._screen, 65536).decode()
            self._seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data).replace("\r\n", "\n")
        shown, _, self._seen = self._seen.partition(words)
        return shown

    @property
    def echoes(self) -> bool:
        return bool(termios.tcgetattr(self._screen)[3] & termios.ECHO)


@contextlib.contextmanager
def terminal_with(course: Path, *arguments: str) -> Iterator[Terminal]:
    screen, inside = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40"}
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=course, stdin=inside, stdout=inside, stderr=inside, env=environment
    )
    try:
        yield Terminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(inside)
        os.close(screen)


def test_an_evening_in_a_terminal(tiny_course: Path) -> None:
    """Wrong, hints, the solution refused and shown, right, next, list, quit; and the terminal is as it was."""
    with terminal_with(tiny_course) as terminal:
        assert terminal.echoes
        terminal.wait_for("scale: not started yet")
        terminal.wait_for("q quit")
        assert not terminal.echoes
        write_answers(tiny_course, ("x * factor", "x + factor"))
        terminal.wait_for("scale: Ones become the factors.")
        terminal.wait_for("expected 0 at [0, 0], got 1")
        terminal.press("h")
        terminal.wait_for("Hint 1 of 2: Look at the shapes.")
        terminal.press("h")
        terminal.wait_for("Hint 2 of 2: Broadcasting does it.")
        terminal.press("d")
        terminal.wait_for("scale is not solved yet")
        terminal.press("d")
        shown = terminal.wait_for("return x * factor")
        assert "BEGIN SOLUTION" not in shown
        write_answers(tiny_course, ("total / len(x)", "total"), ("axis=1", "axis=0"))
        terminal.wait_for("✓ scale passes now.")
        terminal.wait_for("center: Every column has mean zero.")
        terminal.press("n")
        terminal.wait_for("mend: ")
        write_answers(tiny_course)
        terminal.wait_for("L01 is solved.")
        terminal.press("l")
        terminal.wait_for("✓ scale    40.0 / 40   2 of 2 hints")
        terminal.press("n")
        terminal.wait_for("L99  ")
        terminal.press("q")
        assert terminal.process.wait(LONGEST_WAIT) == 0
        assert terminal.echoes


def test_a_signal_puts_the_terminal_back(tiny_course: Path) -> None:
    with terminal_with(tiny_course, "L01") as terminal:
        terminal.wait_for("q quit")
        terminal.process.send_signal(signal.SIGTERM)
        terminal.process.wait(LONGEST_WAIT)
        assert terminal.echoes


def test_without_a_terminal_it_prints_plainly(tiny_course: Path) -> None:
    """No keys, no control characters, in a poor encoding; another lesson's file is left alone; a loop is stopped."""
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "FORCE_COLOR": "1"}
    with subprocess.Popen(
        [*COMMAND, "L01"],
        cwd=tiny_course,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="cp1252",
        env=environment,
    ) as watch:
        assert watch.stdout is not None
        lines: list[str] = []

        def wait_for(words: str) -> None:
            for line in watch.stdout or ():
                lines.append(line)
                if words in line:
                    return
            raise AssertionError(f"{words!r} did not come; shown: {''.join(lines)}")

        try:
            wait_for("scale: not started yet")
            other = tiny_course / "exercises/L99/tiny.py"
            other.write_text(other.read_text(encoding="utf-8") + "\n", encoding="utf-8")
            write_answers(tiny_course, ("x * factor", "x + factor"))
            wait_for("expected 0 at [0, 0], got 1")
            write_answers(tiny_course, ("return x * factor", "while True:\n        pass"))
            wait_for("after 2 seconds and was stopped at tiny.py:1")
            write_answers(tiny_course)
            wait_for("L01 is solved.")
        finally:
            watch.send_signal(signal.SIGINT)
    assert watch.returncode == 0
    said = "".join(lines)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", said)
    assert "L99" not in said.replace("Next: L99 double.", "")
    assert "+ scale passes now." in said
    assert "#" * 20 in said
