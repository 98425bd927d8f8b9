"""What a cell displays, as bounded nbformat v4 outputs: collected in the worker, checked again by the referee.

Only streams, plain text, PNG and JPEG images, and errors. Text is cut while it is captured, so that printing a million
lines costs time and no memory.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.checks.failure import Raised
from autograder.lesson import Limits

MAX_IMAGES = 4 * 2**20  # characters of base64 a cell
MAX_OUTPUTS = 100
_IMAGES = ("image/png", "image/jpeg")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")

Output = dict[str, Any]


@dataclass(frozen=True)
class CellRun:
    """What running a cell gave: its displayed outputs (nbformat v4) and the exception that ended it."""

    name: str
    outputs: tuple[Output, ...]
    raised: Raised | None


class Outputs:
    """Collects what one cell displays."""

    def __init__(self, *, text: int = Limits.output_characters) -> None:
        """Collect at most ``text`` characters."""
        self._outputs: list[Output] = []
        self._text_left = text
        self._images_left = MAX_IMAGES
        self._cut = 0

    def write(self, name: str, text: str) -> None:
        """Append to the stream "stdout" or "stderr"."""
        kept = self._kept(text)
        if not kept:
            return
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == name:
            last["pieces"].append(kept)
        elif self._room():
            self._outputs.append({"output_type": "stream", "name": name, "pieces": [kept]})

    def display(self, kind: str, data: Mapping[str, Any]) -> None:
        """Append a "display_data" or an "execute_result": of its forms those that are kept."""
        kept = {}
        if isinstance(data.get("text/plain"), str):
            kept["text/plain"] = encodable(self._kept(data["text/plain"]))
        for mime in _IMAGES:
            image = data.get(mime)
            text = base64.b64encode(image).decode() if isinstance(image, bytes) else image
            if isinstance(text, str) and len(text) <= self._images_left and _BASE64.fullmatch(text):
                self._images_left -= len(text)
                kept[mime] = text
        if kept and self._room():
            number = {"execution_count": None} if kind == "execute_result" else {}
            self._outputs.append({"output_type": kind, "data": kept, "metadata": {}, **number})

    def error(self, name: str, message: str, traceback: list[str]) -> None:
        """Append the error that ended the cell; there is always room for it."""
        lines = [encodable(line) for line in traceback]
        error = {"output_type": "error", "ename": encodable(name), "evalue": encodable(message), "traceback": lines}
        self._outputs.append(error)

    def clear(self) -> None:
        """Forget what was displayed, as ``clear_output`` does. What was used up stays used up."""
        self._outputs.clear()

    def finished(self) -> list[Output]:
        """The outputs, in nbformat's form."""
        found = [_joined(output) for output in self._outputs]
        if self._cut:
            note = f"\n... {self._cut:,} more characters were cut while grading\n"
            at = len(found) - 1 if found and found[-1]["output_type"] == "error" else len(found)
            found.insert(at, {"output_type": "stream", "name": "stdout", "text": note})
        return found

    def _kept(self, text: str) -> str:
        kept = text[: self._text_left]
        self._text_left -= len(kept)
        self._cut += len(text) - len(kept)
        return kept

    def _room(self) -> bool:
        return len(self._outputs) < MAX_OUTPUTS


class CapturedStream(io.TextIOBase):
    """What ``sys.stdout`` or ``sys.stderr`` is while student code runs."""

    encoding = "utf-8"

    def __init__(self, outputs: Outputs, name: str) -> None:
        """Write into ``outputs`` as the stream "stdout" or "stderr"."""
        self._outputs = outputs
        self.name = f"<{name}>"
        self._stream = name

    def write(self, text: str) -> int:
        """Capture text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._outputs.write(self._stream, text)
        return len(text)

    def writable(self) -> bool:
        """It takes text."""
        return True

    def close(self) -> None:
        """Stay open: the next cell prints, too."""


def checked_outputs(claimed: Any, *, characters: int = Limits.output_characters) -> list[Output]:
    """The outputs a worker sent, built anew from what has the right form; the rest is dropped."""
    outputs = Outputs(text=characters + 200)  # room for the worker's own note on what it cut
    for item in claimed if isinstance(claimed, list) else []:
        if not isinstance(item, dict):
            continue
        kind = _text(item.get("output_type"))
        if kind == "stream":
            outputs.write("stderr" if _text(item.get("name")) == "stderr" else "stdout", _text(item.get("text")))
        elif kind in ("display_data", "execute_result") and isinstance(item.get("data"), dict):
            outputs.display(kind, item["data"])
        elif kind == "error":
            lines = item.get("traceback")
            traceback = [_text(line)[:2000] for line in lines[:40]] if isinstance(lines, list) else []
            outputs.error(_text(item.get("ename"))[:200], _text(item.get("evalue"))[:2000], traceback)
            break  # an error ends a cell
    return outputs.finished()


def _text(claimed: Any) -> str:
    """The text, or none: what else was sent may have an ``==`` of its own, or a ``str()`` that raises."""
    return claimed if type(claimed) is str else ""


def _joined(output: Output) -> Output:
    if "pieces" not in output:
        return output
    return {"output_type": "stream", "name": output["name"], "text": encodable("".join(output["pieces"]))}


def encodable(text: str) -> str:
    """The text with what UTF-8 cannot say (lone surrogates) as question marks."""
    return text.encode("utf-8", "replace").decode()
