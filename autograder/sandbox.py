"""What a worker may do: files, network, memory, time, processes; and what this machine can enforce of it.

Theory of operation
===================

Three processes. The *referee* holds the hidden checks and the verdicts. The *warm parent* (``warm_parent.py``) is
executed afresh with a clean environment and knows nothing worth stealing. It forks a *worker* for each submission,
and the worker calls :meth:`Lockdown.apply` on itself before the first line of a student runs. From then on, whatever
runs in it, C code included, is bounded by the kernel; nothing here depends on Python being intact.

Whose privileges. Started by root, a worker gets a user id of its own, no groups and no capabilities. One exception:
where the interpreter lies in a folder that others cannot enter (``/root``), it keeps CAP_DAC_READ_SEARCH, which reads
any file, and Landlock's allow-list alone keeps it from the others. Started by an ordinary user, a worker has that
user's id, and Landlock and seccomp keep it away from that user's files and processes.

What is denied, by what:

- *Files*: Landlock, an allow-list (:func:`readable_paths` to read, the work folder to change). Not the repository: of
  an editable install only the package. Existence, size and time of a file whose name is guessed stay visible.
- *System calls*: seccomp (``system_calls.py``). No new processes at all, no sockets, no signals, no other process's
  memory, no IPC. Changes of mode, owner and time succeed and do nothing.
- *Memory*: RLIMIT_AS, the size when warm plus the limit. Shared memory has no other way in: ``/dev/shm`` is no
  allowed file, memfd and SysV segments are denied calls, and there is only one process.
- *Time*: the referee watches the worker's processor clock; RLIMIT_CPU is the backstop.
- *Threads*: RLIMIT_NPROC where the worker has its own user id; else the warm parent counts them.
- *Disk*: RLIMIT_FSIZE for one file; the warm parent watches the work folder.

It fails closed: if a step of the lock-down fails, the worker says so and ends, and nothing was run.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import resource
import signal
import site
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder import landlock, system_calls
from autograder.lesson import Limits

Mode = Literal["full", "none"]

OPEN_FILES = 256

_LIBRARIES = ("numpy", "torch", "IPython", "matplotlib", "msgspec", "sklearn")
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/usr/share/fonts")
_SYSTEM_FILES = (
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/os-release", "/etc/mime.types"),
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat"),
    *("/sys/devices/system/cpu", "/sys/devices/system/node"),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
_FIRST_OWN_UID = 1_000_000_000  # plus the process id, which no other process has at the time
_CAP_CHOWN, _CAP_DAC_READ_SEARCH, _CAP_SETGID, _CAP_SETUID = 0, 2, 6, 7
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 1, 8, 38


class SandboxUnavailable(Exception):  # noqa: N818 - the state it names
    """A worker cannot be locked down here. The message is for staff: what happened, what was expected, what next."""

    def __init__(self, happened: str, expected: str, what_next: str) -> None:
        """Put the three parts of the message together."""
        super().__init__(f"{happened}. Expected: {expected}. {what_next}")


@dataclass(frozen=True)
class Tier:
    """What this machine can enforce on a worker."""

    own_uid: bool
    landlock: int  # the version, 0 if there is none
    seccomp: str  # "" if it works, else why it does not

    @property
    def is_enough(self) -> bool:
        """Whether submissions of strangers may be run here."""
        return self.landlock > 0 and not self.seccomp

    def sentences(self) -> list[str]:
        """One sentence for each part, for ``autograder doctor``."""
        return [
            "own user id: yes, every worker gets one, and no capability that changes anything"
            if self.own_uid
            else "own user id: no (not started by root, or in a container without setuid). That is enough: workers run "
            "as you, kept from your files and processes by the two below; their threads are counted ten times a second",
            f"Landlock: yes, version {self.landlock}; a worker opens only the libraries and its own folder"
            + ("" if self.landlock >= 3 else "; before version 3 nobody can shorten a file there")
            if self.landlock
            else "Landlock: no, so a worker could read and change all files that you can. Expected Linux 5.13 or "
            "newer, with it built in and in `lsm=`, and a container runtime that lets its three calls through",
            "seccomp: yes; a worker has no network, starts no process, and signals nobody"
            if not self.seccomp
            else "seccomp: no, so a worker could use the network, start processes and signal yours: " + self.seccomp,
        ]


def tier() -> Tier:
    """Find out what this machine can enforce, without changing this process."""
    return Tier(_can_change_uid() and _own_uid(os.getpid()) is not None, landlock.version(), _seccomp_problem())


def require(mode: Mode = "full") -> Tier:
    """The tier, if it is enough for the mode.

    Raises:
        SandboxUnavailable: If the mode is "full" and Landlock or seccomp is missing.
    """
    reached = tier()
    if mode == "full" and not reached.is_enough:
        missing = [sentence for sentence in reached.sentences()[1:] if ": no" in sentence]
        raise SandboxUnavailable(
            f"this machine cannot lock a worker down ({'; '.join(missing)})",
            "Linux with Landlock and seccomp",
            "See `autograder doctor`. For submissions that you trust: --sandbox none",
        )
    return reached


@dataclass(frozen=True)
class Lockdown:
    """What a worker denies itself, prepared once in the warm parent."""

    mode: Mode
    system_calls: bytes
    read: tuple[Path, ...]
    own_uid: bool
    reads_everything: bool  # keeps CAP_DAC_READ_SEARCH, because the interpreter lies where others cannot look

    @classmethod
    def prepare(cls, *, mode: Mode, base: Path) -> Lockdown:
        """Compile the filter and collect the paths. ``base`` is the folder of the work folders.

        Raises:
            SandboxUnavailable: As :func:`require`.
        """
        if mode == "none":
            return cls(mode, b"", (), own_uid=False, reads_everything=False)
        reached = require(mode)
        read = readable_paths()
        hidden = any(not _others_can_enter(path) for path in (*read, base) if path.exists())
        program = system_calls.filter_program(landlock_version=reached.landlock)
        return cls(mode, program, read, own_uid=reached.own_uid, reads_everything=reached.own_uid and hidden)

    def apply(self, *, folder: Path, limits: Limits, cpu_seconds: int) -> None:
        """Lock this process down for good. It must have one thread, and is not the process that tests it.

        Args:
            folder: The work folder, made by the warm parent.
            limits: Of memory (more than now), threads and files.
            cpu_seconds: Of processor time for its whole life.
        Raises:
            OSError: If the kernel refuses a step; the process must end then.
        """
        uid = _own_uid(os.getpid()) if self.own_uid else None
        _limit_resources(limits, cpu_seconds=cpu_seconds, own_uid=uid is not None)
        if uid is not None:
            os.chown(folder, uid, uid)
        os.chdir(folder)
        os.umask(0o077)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.mode == "none":
            return
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        system = tuple(Path(path) for path in (*_SYSTEM, *_SYSTEM_FILES))
        devices = tuple(Path(path) for path in _DEVICES)
        landlock.restrict(read=(*self.read, *system), read_and_write=devices, change=(folder,))
        if uid is not None:
            _become(uid)
        _keep_capabilities(1 << _CAP_DAC_READ_SEARCH if self.reads_everything else 0)
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # again: the change of user cleared it
        system_calls.install(self.system_calls)


def readable_paths() -> tuple[Path, ...]:
    """The interpreter and the libraries of this process, and of ``autograder`` the package only."""
    paths = sysconfig.get_paths()
    found = [Path(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [Path(folder) for folder in site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        found.append(Path(site.getusersitepackages()))
    found += [Path(prefix) / "lib" for prefix in (sys.prefix, sys.base_prefix)]
    for name in _LIBRARIES:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            package = Path(spec.origin).parent
            found.append(package.parent if package.parent.name in {"site-packages", "dist-packages"} else package)
    found.append(Path(__file__).parent)
    return tuple(dict.fromkeys(path.resolve() for path in found))


def _seccomp_problem() -> str:
    if not system_calls.kernel_can_filter():
        return "this kernel has no seccomp filters"
    try:
        system_calls.filter_program(landlock_version=landlock.version())
    except (ImportError, OSError, RuntimeError) as error:
        return f"pyseccomp does not work here ({error}); install the packages pyseccomp and libseccomp2"
    return ""


def _can_change_uid() -> bool:
    wanted = 1 << _CAP_SETUID | 1 << _CAP_SETGID | 1 << _CAP_CHOWN
    return _effective_capabilities() & wanted == wanted


def _effective_capabilities() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def _own_uid(process: int) -> int | None:
    """A user id nobody else has; None where this user namespace maps too few."""
    ranges = [tuple(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    for uid in (_FIRST_OWN_UID + process, 20_000 + process % 40_000):
        if any(first <= uid < first + count for first, _, count in ranges):
            return uid
    return None


def _others_can_enter(path: Path) -> bool:
    resolved = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (resolved, *resolved.parents) if folder.is_dir())


def _limit_resources(granted: Limits, *, cpu_seconds: int, own_uid: bool) -> None:
    size_when_warm = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = {
        resource.RLIMIT_AS: size_when_warm + granted.memory_mb * 2**20,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_FSIZE: granted.file_mb * 2**20,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 1,  # byte; 0 would not stop a dump into a program's pipe (core(5))
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if own_uid:  # it counts a user id's processes, so it means something only under an own one
        limits[resource.RLIMIT_NPROC] = granted.threads
    for what, limit in limits.items():
        hard = resource.getrlimit(what)[1]
        limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (limit, limit))


def _become(uid: int) -> None:
    _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def _keep_capabilities(kept: int) -> None:
    header = _CapabilityHeader(0x20080522, 0)  # version 3: twice (low, high half) effective, permitted, inheritable
    sets = (ctypes.c_uint32 * 6)(kept, kept, 0, 0, 0, 0)
    if ctypes.CDLL(None, use_errno=True).capset(ctypes.byref(header), ctypes.byref(sets)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
