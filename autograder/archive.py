"""The reports of a lesson on disk: what was graded, what it depended on, and every attempt.

    reports/L06/STUDENT.json                  what counts; written after the gradebook, so it says "recorded"
    reports/L06/attempts/STUDENT/0001.json    each report ever made, written before the gradebook

A report's ``key`` is a hash of all that its marks depend on: the files that were handed in, the lesson, the engine,
the versions of what computes, the sandbox. A submission whose current report has the key it would get again needs no
grading. Times of files play no part. Each file is written whole or not at all, so a run may be killed at any moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.outputs import encodable
from autograder.verdict import Report, report_from_dict, report_to_dict

_COMPUTES = ("numpy", "torch", "ipython", "msgspec", "pytest")  # whose version may change a mark
_CHUNK = 2**20
LARGEST_FILE = 2**30  # bytes; what is larger is no part of a submission


@dataclass(frozen=True)
class Archive:
    """The folder ``reports/LNN`` of a course."""

    folder: Path

    @classmethod
    def of(cls, root: Path, lesson: str) -> Archive:
        """The reports of a lesson."""
        return cls(root / "reports" / lesson)

    def current(self, student: str) -> Report | None:
        """The report that counts; None if there is none, or one of another version."""
        try:
            return report_from_dict(json.loads(self._current(student).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):  # not there, half a disk's worth, or another version
            return None

    def all_current(self) -> Iterator[Report]:
        """Every report that counts, one after another, in the order of the students' names."""
        students = sorted(path.stem for path in self.folder.glob("*.json"))
        yield from (report for student in students if (report := self.current(student)) is not None)

    def keep(self, report: Report) -> Path:
        """Add a report to the student's attempts, unless it is the last one, which a killed run could not record."""
        folder = self.folder / "attempts" / report.student
        last = max((int(path.stem) for path in folder.glob("*.json") if path.stem.isdigit()), default=0)
        path, text = folder / f"{last:04}.json", _text_of(report)
        if last and _holds(path, text) and not _holds(self._current(report.student), text):
            return path
        return write_whole(folder / f"{last + 1:04}.json", text)

    def make_current(self, report: Report) -> Path:
        """Let a report count: its marks are in the gradebook."""
        return write_whole(self._current(report.student), _text_of(report))

    def _current(self, student: str) -> Path:
        return self.folder / f"{student}.json"


def attempt_key(folder: Path, *, lesson_digest: str, sandbox: str) -> str:
    """SHA-256 of everything the marks of this submission depend on; the student's name and the secret aside.

    Raises:
        OSError: If a file that was handed in cannot be read.
    """
    found = hashlib.sha256("\0".join((lesson_digest, engine_digest(), sandbox)).encode())
    for path in _files_below(folder):
        found.update(b"\0\0" + str(path.relative_to(folder)).encode(errors="surrogateescape") + b"\0")
        found.update(_digest_of(path))
    return found.hexdigest()


@cache
def engine_digest() -> str:
    """SHA-256 over the engine's source and the versions of what it computes with."""
    here = Path(__file__).parent
    found = hashlib.sha256(sys.version.encode())
    for name in _COMPUTES:
        try:
            found.update(f"{name} {version(name)}\0".encode())
        except PackageNotFoundError:
            continue
    for path in sorted(here.rglob("*.py")):
        found.update(str(path.relative_to(here)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def write_whole(path: Path, text: str) -> Path:
    """Write a file whole or not at all, readable by its owner only. What UTF-8 cannot say becomes question marks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem[:40]}-")
    scratch = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(encodable(text))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return path


def _text_of(report: Report) -> str:
    return encodable(json.dumps(report_to_dict(report), indent=2, ensure_ascii=False)) + "\n"


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text


def _files_below(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(name) / file for file in sorted(files))


def _digest_of(path: Path) -> bytes:
    """The hash of a plain file's bytes; of a link, where it points; of anything else, that it is there."""
    if path.is_symlink():
        return b"link to " + str(path.readlink()).encode(errors="surrogateescape")
    if not path.is_file():
        return b"no plain file"
    if (size := path.stat().st_size) > LARGEST_FILE:
        return f"{size} bytes".encode()
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.digest()
