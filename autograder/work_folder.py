"""The folder a worker may write to: how much is in it, and removing it whatever is in it."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

from autograder.lesson import Limits

MAX_DEPTH = 32


def excess(folder: Path, process: int, limits: Limits) -> str:
    """What a worker has too much of on disk, in words for the student; empty if nothing.

    Counts files that were removed while the process still holds them open, too.
    """
    try:
        files, size = _below(folder, limits)
    except OSError as error:  # a path longer than the system takes
        if error.errno != errno.ENAMETOOLONG:
            raise
        return f"made folders nested more than {MAX_DEPTH} deep"
    except _TooDeep:
        return f"made folders nested more than {MAX_DEPTH} deep"
    if files > limits.files:
        return f"made more than {limits.files} files"
    if size + _removed_but_open(process) > limits.disk_mb * 2**20:
        return f"wrote more than {limits.disk_mb} MB to disk"
    return ""


class _TooDeep(Exception):  # noqa: N818 - what was found
    """A folder is nested deeper than is looked at."""


def _below(folder: Path, limits: Limits) -> tuple[int, int]:
    """How many files and how many bytes are in a folder; it stops counting beyond the limits."""
    files, size = 0, 0
    waiting = [(str(folder), 0)]
    while waiting and files <= limits.files and size <= limits.disk_mb * 2**20:
        path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _TooDeep
        with contextlib.suppress(FileNotFoundError), _scan(path) as entries:
            for entry in islice(entries, limits.files + 1):
                files += 1
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
    return files, size


def remove(folder: Path) -> None:
    """Remove a folder whose worker has ended: thousands of nested folders, unreadable ones, links (not followed)."""
    with contextlib.suppress(FileNotFoundError):
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        token = secrets.token_hex(8)  # a worker cannot have made files of these names
        try:
            names = (f"{token}-{number}" for number in count())
            while entries := _entries(root):
                for name, is_folder in entries:
                    if is_folder:
                        _remove_lifting_subfolders(root, name, names)
                    else:
                        os.unlink(name, dir_fd=root)
        finally:
            os.close(root)
        folder.rmdir()


def _remove_lifting_subfolders(root: int, name: str, names: Iterator[str]) -> None:
    """Remove one folder after moving its subfolders up into the root: no path gets long, no recursion deep."""
    with contextlib.suppress(OSError):
        os.chmod(name, stat.S_IRWXU, dir_fd=root)  # one made with mode 0 could not be opened
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root)
    try:
        for inner, is_folder in _entries(descriptor):
            if is_folder:
                with contextlib.suppress(OSError):
                    os.chmod(inner, stat.S_IRWXU, dir_fd=descriptor)
                os.rename(inner, next(names), src_dir_fd=descriptor, dst_dir_fd=root)
            else:
                os.unlink(inner, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    os.rmdir(name, dir_fd=root)


def _entries(descriptor: int) -> list[tuple[str, bool]]:
    with os.scandir(descriptor) as entries:
        return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]


def _scan(path: str) -> os._ScandirIterator[str]:
    try:
        return os.scandir(path)
    except PermissionError:  # made with mode 0 by a worker of the same user
        os.chmod(path, stat.S_IRWXU)  # noqa: PTH101 - the paths here are strings of os.scandir
        return os.scandir(path)


def _removed_but_open(process: int) -> int:
    size = 0
    with contextlib.suppress(OSError), os.scandir(f"/proc/{process}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found = entry.stat()
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    size += found.st_blocks * 512
    return size
