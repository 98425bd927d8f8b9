"""The folder a worker may write to: how much is in it, and removing it whatever is in it."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

MAX_BYTES = 128 * 2**20
MAX_FILES = 2000
MAX_DEPTH = 32


def excess(folder: Path, process: int) -> str:
    """What a worker has too much of on disk, in words for the student; empty if nothing.

    Counts files that were removed while the process still holds them open, too.
    """
    files, size = 0, _removed_but_open(process)
    waiting = [(str(folder), 0)]
    while waiting:
        path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return f"made folders nested more than {MAX_DEPTH} deep"
        with contextlib.suppress(FileNotFoundError), _scan(path) as entries:
            for entry in entries:
                files += 1
                size += entry.stat(follow_symlinks=False).st_blocks * 512
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, depth + 1))
                if files > MAX_FILES or size > MAX_BYTES:
                    break
        if files > MAX_FILES:
            return f"made more than {MAX_FILES} files"
    return f"wrote more than {MAX_BYTES >> 20} MB to disk" if size > MAX_BYTES else ""


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


@contextlib.contextmanager
def _scan(path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    try:
        entries = os.scandir(path)
    except PermissionError:  # made with mode 0 by a worker of the same user
        os.chmod(path, stat.S_IRWXU)  # noqa: PTH101 - the paths here are strings of os.scandir
        entries = os.scandir(path)
    with entries:
        yield entries


def _removed_but_open(process: int) -> int:
    size = 0
    with contextlib.suppress(OSError), os.scandir(f"/proc/{process}/fd") as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found = entry.stat()
                if stat.S_ISREG(found.st_mode) and found.st_nlink == 0:
                    size += found.st_blocks * 512
    return size
