"""Landlock, the kernel's allow-list of files for a process that wants less: three system calls through ctypes.

There is no kept Python binding. The numbers of the calls are the same on every architecture (they are newer than 5.0).
Source: Linux, Documentation/userspace-api/landlock.rst and include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
READ = _READ_FILE | _READ_DIR
CHANGE = READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _REFER | _TRUNCATE
_FOR_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_HANDLED_FILES = {1: 13, 2: 14, 3: 15, 4: 15}  # version -> how many of the rights it knows; later ones 16
_ALL_NETWORK, _ALL_SCOPES = 0b11, 0b11  # bind and connect TCP; abstract sockets and signals


class _RulesetAttr(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def version() -> int:
    """The version of Landlock this kernel offers; 0 if none, or if it is switched off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)))


def restrict(*, read: Iterable[Path], read_and_write: Iterable[Path], change: Iterable[Path]) -> None:
    """Deny this process, for good, every file but those beneath the given paths. Paths that do not exist are skipped.

    It governs opening, making, moving and removing; not stat, chmod, chown, utime.

    Args:
        read: Files and folders to read.
        read_and_write: Files (devices) to read and write.
        change: Folders in which anything may be done.
    Raises:
        OSError: If the kernel refuses. Set no_new_privs before.
    """
    known = version()
    files = (1 << _HANDLED_FILES.get(known, 16)) - 1
    attributes = _RulesetAttr(files, _ALL_NETWORK if known >= 4 else 0, _ALL_SCOPES if known >= 6 else 0)
    size = 24 if known >= 6 else 16 if known >= 4 else 8
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), 0))
    try:
        for paths, rights in ((read, READ), (read_and_write, READ | _WRITE_FILE), (change, CHANGE)):
            for path in paths:
                _allow(ruleset, path, rights & files)
        _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # absent, or in a folder this user cannot enter
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _FOR_FILES
        rule = _PathBeneathAttr(rights, descriptor)
        _checked(_libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(descriptor)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return int(result)
