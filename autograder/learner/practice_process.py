"""A process of its own in which a learner's code is judged again and again, with torch imported already.

Theory of operation. The *parent* (``autograder watch``) keeps one *child* that judges and one spare that is warming
up, so that the next verdict is quick even after the first had to be ended. No process is forked: a child is this
module run by the same Python, and works on Windows and macOS too. Nothing is locked up; it is the learner's own code.

A child reads one line of JSON for each request from its standard input and answers with lines of JSON on its standard
output. It gives both descriptors new numbers first, so that the learner's ``print`` and ``input`` cannot reach them.
Before it loads a file or runs a check it tells what it begins, and arms :mod:`faulthandler`: code that takes longer
than the exercise's limit is ended, with its stack in a file, by a thread that needs no cooperation from Python. The
parent sees the answers end, finds the learner's innermost line in that file, and takes the spare.

A child loads the learner's files anew for each request, and forgets the modules they imported from their own folder.
If their code changed something that outlives it (torch's default dtype, the current folder, a thread still running),
the child says that it is worn out, and the parent takes the spare as well.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import io
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from autograder.desk import DeskError, PublicLesson, answers_on_desk
from autograder.learner.practice import Judged, judge, set_up
from autograder.learner.tasks import digest_of
from autograder.submission import UnreadableSubmission
from autograder.verdict import ExerciseVerdict, Status, exercise_from_dict

MOST_PRINTED = 4000  # characters that an exercise's code prints and a learner sees
GRACE = 2.0  # seconds beyond a limit in which a child should have ended itself
_FRAME = re.compile(r'File "(.*)", line (\d+) in (.*)')


class PracticeError(Exception):
    """A practice process did not start, or the desk is not as it should be. The message is for the learner."""


@dataclass(frozen=True)
class Practised:
    """What one request found. Exercises after one that was stopped are not in it."""

    judged: tuple[Judged, ...]
    stopped: str = ""  # the exercise, or the file, whose code was stopped or ended the process; "" if none


class PracticeProcess:
    """Judges lessons of the desk, one at a time, in a child with a spare one behind it. Close it in the end."""

    def __init__(self) -> None:
        """Start the first child; a spare follows whenever a verdict is out and there is none."""
        self._child = _Child()
        self._spare: _Child | None = None
        self._given_up = threading.Event()
        self._closed = False

    def __enter__(self) -> PracticeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def judge(self, folder: Path) -> Practised | None:
        """Judge a lesson's folder on the desk.

        Returns:
            What was found; None if :meth:`give_up` was called meanwhile.
        Raises:
            PracticeError: If the desk is not as it should be, or the process cannot work here.
        """
        child = self._child
        child.ask(folder)
        heard = _Heard(folder)
        for message in child.answers():
            heard.take(message)
            if heard.finished:
                break
        if self._given_up.is_set():
            self._given_up.clear()
            if not self._closed:
                self._replace()
            return None
        if heard.problem:
            raise PracticeError(heard.problem)
        if not heard.finished:
            if not heard.begun:
                raise PracticeError(f"the process for your code did not start. It said: {child.last_words()}")
            heard.judged.append(_lost(heard, child.trace()))
        if heard.worn or not heard.finished:
            self._replace()
        self._spare = self._spare or _Child()
        return Practised(tuple(heard.judged), "" if heard.finished else heard.begun)

    def give_up(self) -> None:
        """Let a :meth:`judge` that runs in another thread return None at once."""
        self._given_up.set()
        self._child.end()

    def close(self) -> None:
        """End all children, and a :meth:`judge` that runs in another thread."""
        self._closed = True
        self.give_up()
        for child in filter(None, (self._child, self._spare)):
            child.close()

    def _replace(self) -> None:
        self._child.close()
        self._child, self._spare = self._spare or _Child(), None


class _Heard:
    """What a child told about one request so far."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.judged: list[Judged] = []
        self.begun = ""
        self.limit = 0.0
        self.problem = ""
        self.finished = False
        self.worn = False

    def take(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            return
        if "begun" in message:
            self.begun, self.limit = message["begun"], message["seconds"]
        elif "judged" in message:
            self.judged.append(_judged_from(message["judged"]))
        else:
            self.problem = message.get("problem", "")
            self.worn = message.get("worn", False)
            self.finished = True


class _Child:
    """The parent's end of one child."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="autograder-", ignore_cleanup_errors=True)
        self._trace = Path(self._folder.name) / "trace.txt"
        self._words = Path(self._folder.name) / "stderr.txt"
        self._lines: queue.Queue[str] = queue.Queue()
        environment = {**os.environ, "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}
        with self._words.open("wb") as words:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, and words of ours
                [sys.executable, "-P", "-m", "autograder.learner.practice_process", str(self._trace)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env=environment,
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def ask(self, folder: Path) -> None:
        """Send a request. A child that is gone shows by answering nothing."""
        assert self._process.stdin is not None, "it was opened as a pipe"  # noqa: S101 - for mypy
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps({"folder": str(folder)}).encode() + b"\n")
            self._process.stdin.flush()

    def answers(self) -> Iterator[dict[str, Any]]:
        """Its messages; they end when it ends, or when it is stuck beyond the limit that it told."""
        limit: float | None = None
        while True:
            try:
                line = self._lines.get(timeout=limit)
            except queue.Empty:
                self.end()
                return
            if not line:
                return
            message = json.loads(line)
            limit = message["seconds"] + GRACE if "seconds" in message else limit
            yield message

    def trace(self) -> str:
        """The stack of code that took too long; "" if there is none."""
        return self._trace.read_text(encoding="utf-8", errors="replace") if self._trace.exists() else ""

    def last_words(self) -> str:
        """The end of what it wrote to its standard error."""
        lines = self._words.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "nothing"

    def end(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """End it, and remove what it left."""
        self.end()
        self._process.wait()
        for pipe in filter(None, (self._process.stdin, self._process.stdout)):
            with contextlib.suppress(OSError):
                pipe.close()
        self._folder.cleanup()

    def _listen(self) -> None:
        assert self._process.stdout is not None, "it was opened as a pipe"  # noqa: S101 - for mypy
        with contextlib.suppress(ValueError, OSError):  # closed meanwhile
            for line in self._process.stdout:
                self._lines.put(line.decode())
        self._lines.put("")


def _lost(heard: _Heard, trace: str) -> Judged:
    """The verdict on the code that ended the child, or was stopped in it."""
    lesson = PublicLesson.beside(heard.folder.parent.parent / "release" / heard.folder.name)
    of_the_file = heard.begun not in lesson.exercises
    name = next(iter(lesson.exercises)) if of_the_file else heard.begun
    where = _learners_line(trace, heard.folder)
    at = f" at {where}" if where else ""
    if trace:
        doing = f"{heard.begun} was still being loaded" if of_the_file else "your code was still running"
        message = f"{doing} after {heard.limit:g} seconds and was stopped{at}. Does every loop there end?"
        status = Status.TIMEOUT
    else:
        message = "your code ended the Python process it ran in (as os._exit does, or a fault inside a library)."
        status = Status.CRASHED
    exercise = lesson.exercises[name]
    answer = answers_on_desk(heard.folder, lesson).get(exercise.definition)
    return Judged(
        ExerciseVerdict(name, status, 0.0, exercise.points, message),
        message if of_the_file else f"{name}: {message}",
        answer.path if answer else None,
        digest_of(answer.source if answer else ""),
        of_the_file,
    )


def _learners_line(trace: str, folder: Path) -> str:
    """The innermost line of the learner's code in what faulthandler wrote, as "mlp.py:12, in forward"; "" if none."""
    own = {path.name.encode("ascii", "backslashreplace").decode() for path in folder.iterdir()}
    for filename, line, function in _FRAME.findall(trace):  # the innermost frame is the first
        name = re.split(r"[/\\]", filename)[-1]
        if name.partition(".ipynb:")[0] + ".ipynb" in own and ".ipynb:" in name:
            return f"line {line} of the cell {name.partition('.ipynb:')[2]}, in {function}"
        if name in own and not name.startswith("test_"):
            return f"{name}:{line}, in {function}"
    return ""


def _judged_from(data: dict[str, Any]) -> Judged:
    verdict = exercise_from_dict(data.pop("verdict"))
    file = data.pop("file")
    return Judged(verdict=verdict, file=None if file is None else Path(file), **data)


def serve(trace: Path) -> None:
    """Be a child: answer requests until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    requests, answers = _take_pipes()

    def tell(**message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    import torch  # the slow part, done before anybody asks

    del torch
    tell(ready=True)
    for line in requests:
        before = _state()
        folder = Path(json.loads(line)["folder"])
        try:
            _answer(folder, trace, tell)
        except (DeskError, UnreadableSubmission) as error:
            tell(problem=str(error))
        except Exception as error:  # noqa: BLE001 - a process boundary: whatever a check's file raises is told
            tell(problem=f"the checks of {folder.name} failed by themselves ({type(error).__name__}: {error}).")
        else:
            tell(worn=_state() != before)
        finally:
            faulthandler.cancel_dump_traceback_later()
            _forget(folder)
        importlib.import_module("torch._dynamo")  # a second that the first step of an optimizer would take


def _answer(folder: Path, trace: Path, tell: Callable[..., None]) -> None:
    """Judge one folder, telling what begins and what was found."""
    printed = _Printed()
    latest = ""

    def begun(name: str, seconds: float) -> None:
        nonlocal latest
        if name != latest:
            latest = name
            printed.empty()
        tell(begun=name, seconds=seconds)
        faulthandler.dump_traceback_later(seconds, exit=True, file=file)

    with trace.open("w", encoding="utf-8") as file, contextlib.redirect_stdout(printed):
        for judged in judge(set_up(folder, begun=begun), begun=begun):
            data = asdict(replace(judged, printed=printed.getvalue(), file=None))
            tell(judged={**data, "file": str(judged.file) if judged.file else None})
        faulthandler.cancel_dump_traceback_later()


class _Printed(io.StringIO):
    """What a learner's code prints, up to some length."""

    def write(self, text: str, /) -> int:
        room = MOST_PRINTED - self.tell()
        super().write(text if len(text) <= room else text[:room])
        return len(text)

    def empty(self) -> None:
        self.seek(0)
        self.truncate()


def _take_pipes() -> tuple[io.TextIOWrapper, io.TextIOWrapper]:
    """The pipes to the parent under new numbers; the usual ones lead nowhere from now on."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return requests, answers


def _state() -> tuple[Any, ...]:
    """What a learner's code may leave changed in a process."""
    import numpy as np
    import torch

    return (
        str(torch.get_default_dtype()),
        torch.is_grad_enabled(),
        str(torch.get_default_device()),
        torch.are_deterministic_algorithms_enabled(),
        tuple(np.geterr().values()),
        Path.cwd(),
        threading.active_count(),
    )


def _forget(folder: Path) -> None:
    """Forget the modules of a learner's folder, so that the next request loads them as they are then."""
    inside = str(folder) + os.sep
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(inside):
            del sys.modules[name]
    sys.path[:] = [entry for entry in sys.path if entry != str(folder)]
    importlib.invalidate_caches()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
