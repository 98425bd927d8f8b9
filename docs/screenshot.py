"""Take the picture of `autograder watch` that the README shows: ``make screenshot`` writes ``docs/watch.svg``.

The real command runs in a pseudo terminal, in a copy of the course; a wrong answer is saved, and a hint asked for.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import click
import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

from autograder.authored import Module, copy_lesson, find_root

ROOT = find_root(Path(__file__).parent)
COLUMNS, ROWS = 100, 13
PATIENCE = 60.0  # seconds for each thing that must appear
WRONG = (("np.sqrt(2", "np.sqrt(1"),)  # He's factor is forgotten


class Terminal:
    """A command in a pseudo terminal, and what its screen shows."""

    def __init__(self, words: list[str], folder: Path) -> None:
        """Start the command in a folder."""
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self.screen)
        self._end, its_end = pty.openpty()
        fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
            words, cwd=folder, stdin=its_end, stdout=its_end, stderr=its_end, env=environment, start_new_session=True
        )
        os.close(its_end)

    def wait_for(self, text: str) -> None:
        """Read until the screen shows a text.

        Raises:
            ClickException: If it does not.
        """
        deadline = time.monotonic() + PATIENCE
        while text not in "\n".join(self.screen.display):
            if time.monotonic() > deadline:
                shown = "\n".join(self.screen.display)
                raise click.ClickException(f"{text!r} did not appear in {PATIENCE:g} s. The screen:\n{shown}")
            if select.select([self._end], [], [], 0.1)[0]:
                self._stream.feed(os.read(self._end, 2**16))

    def press(self, key: str) -> None:
        """Type a key."""
        os.write(self._end, key.encode())

    def close(self) -> None:
        """End the command with its own key."""
        self.press("q")
        self._process.wait(timeout=PATIENCE)
        os.close(self._end)

    def text(self) -> Text:
        """The screen with its colours, without the empty lines at its end."""
        lines = [
            Text().join(_drawn(self.screen.buffer[row][column]) for column in range(COLUMNS)) for row in range(ROWS)
        ]
        for line in lines:
            line.rstrip()
        while lines and not lines[-1].plain:
            lines.pop()
        return Text("\n").join(lines)


def _drawn(cell: pyte.screens.Char) -> Text:
    colours = [None if name == "default" else name for name in (cell.fg, cell.bg)]
    named = [re.sub(r"^([0-9a-f]{6})$", r"#\1", name.replace("brown", "yellow")) if name else None for name in colours]
    style = Style(color=named[0], bgcolor=named[1], bold=cell.bold, italic=cell.italics, reverse=cell.reverse)
    return Text(cell.data, style)


def save_a_wrong_answer(course: Path) -> None:
    """Answer init_params as somebody would who forgets a factor."""
    solution = Module(course / "solutions/L06/mlp.py", (course / "solutions/L06/mlp.py").read_text(encoding="utf-8"))
    path = course / "exercises/L06/mlp.py"
    stub = Module(path, path.read_text(encoding="utf-8"))
    lines = solution.definitions["init_params"].source.split("\n")
    answer = "\n".join(line for line in lines if "### " not in line)
    for right, wrong in WRONG:
        answer = answer.replace(right, wrong)
    path.write_text(stub.text.replace(stub.definitions["init_params"].source, answer), encoding="utf-8")


def main() -> None:
    """Write ``docs/watch.svg``."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder) / "course"
        copy_lesson(ROOT, "L06", course)
        if not (course / "exercises/L06/mlp.py").exists():
            shutil.copytree(ROOT / "exercises" / "L06", course / "exercises" / "L06")
        words = [sys.executable, "-c", "from autograder.cli import main; main()", "watch", "L06"]
        terminal = Terminal(words, course)
        terminal.wait_for("not started yet")
        save_a_wrong_answer(course)
        terminal.wait_for("expected a standard deviation")
        terminal.press("h")
        terminal.wait_for("Hint 1")
        console = Console(record=True, width=COLUMNS, file=Path(os.devnull).open("w"))  # noqa: SIM115 - it lives as long
        console.print(terminal.text())
        terminal.close()
    drawn = console.export_svg(title="autograder watch L06", unique_id="watch")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)  # the fonts would be fetched from elsewhere
    (ROOT / "docs" / "watch.svg").write_text(re.sub(r"[ \t]+\n", "\n", drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
