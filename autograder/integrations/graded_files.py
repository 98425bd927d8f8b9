"""The folder of a graded submission: the student's other files, the course's own over them, the graded notebook.

What nbgrader's converter copies, without following links: a link in a submission may point at anything staff can read.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from autograder.grading import is_plain_file
from autograder.outputs import encodable

NOTEBOOKS = "*.ipynb"


def files_below(folder: Path, *, ignore: Sequence[str]) -> Iterator[Path]:
    """The files in a folder and below it, links included, except those whose name or folder is ignored."""
    for name, folders, files in os.walk(folder):
        folders[:] = sorted(child for child in folders if not _matches(child, ignore))
        linked = [child for child in folders if (Path(name) / child).is_symlink()]
        yield from (Path(name) / child for child in sorted([*files, *linked]) if not _matches(child, ignore))


def odd_files(submitted: Path, *, most: int = 10) -> tuple[str, ...]:
    """What is odd about the files of a submission, for its report."""
    found = [path for path in files_below(submitted, ignore=()) if not is_plain_file(path)]
    names = [encodable(str(path.relative_to(submitted))) for path in found[:most]]
    oddities = [f"{name} is a link, no plain file, or larger than 1 GB: it was left out" for name in names]
    if len(found) > most:
        oddities.append(f"{len(found) - most} more of this kind were left out")
    return tuple(oddities)


def copy_files(source: Path, destination: Path, *, ignore: Sequence[str], leave: frozenset[str] = frozenset()) -> None:
    """Copy the plain files of a folder over those of another, notebooks and ignored ones aside.

    Args:
        source: Copied from; need not exist.
        destination: Copied to; made when missing.
        ignore: Patterns of names that are not copied.
        leave: Files, relative to ``source``, that the destination keeps as they are.
    """
    for path in files_below(source, ignore=[*ignore, NOTEBOOKS]):
        relative = path.relative_to(source)
        if not is_plain_file(path) or str(relative) in leave:
            continue
        target = _reachable(destination, relative)
        target.unlink(missing_ok=True)
        shutil.copyfile(path, target, follow_symlinks=False)


def remove_followed_links(submitted: Path, graded: Path, *, masters: Path) -> None:
    """Remove from a graded folder what nbgrader's converter copied there by following a student's links."""
    for path in files_below(submitted, ignore=()):
        relative = path.relative_to(submitted)
        if not is_plain_file(path) and not (masters / relative).is_file() and not relative.match(NOTEBOOKS):
            (graded / relative).unlink(missing_ok=True)


def _reachable(folder: Path, relative: Path) -> Path:
    """The path below ``folder``, with its folders made; a file where a folder must be gives way."""
    parent = folder
    parent.mkdir(parents=True, exist_ok=True)
    for part in relative.parts[:-1]:
        parent = parent / part
        if not parent.is_dir():
            parent.unlink(missing_ok=True)
            parent.mkdir()
    target = parent / relative.name
    if target.is_dir():
        shutil.rmtree(target)
    return target


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
