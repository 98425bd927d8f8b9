"""The course secret, which seeds the hidden checks. It stays with the referee: no worker and no student sees it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

VARIABLE = "AUTOGRADER_SECRET"
_LENGTH = 32


def course_secret(root: Path) -> bytes:
    """The secret of the course in ``root``: the environment's, else the file's; the file is made when first needed.

    Grade with the same secret on all machines, or the same submission may meet other random numbers.

    Raises:
        OSError: If the file can be neither read nor made.
    """
    told = os.environ.get(VARIABLE, "")
    if told:
        return told.encode()
    path = root / ".autograder" / "secret"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        _make(path)
    return path.read_bytes()


def _make(path: Path) -> None:
    """Write a new secret in one step, so that two processes that start together agree on one."""
    draft = path.with_name(f"secret-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(_LENGTH).encode())
    try:
        os.link(draft, path)  # unlike a rename, this never replaces another's
    except FileExistsError:
        pass
    finally:
        draft.unlink()
