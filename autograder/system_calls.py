"""Which system calls a worker may not make, as a filter for seccomp.

Everything not listed is allowed: torch, NumPy and IPython use many calls, and what could leave the process is few.
A denied call fails with an error code, so that student code sees an exception and the worker lives on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import tempfile

_CLONE_THREAD = 0x00010000
_DUMPABLE, _PDEATHSIG, _CORE = 4, 1, 4  # prctl's commands, and a resource limit
DENIED_COMMANDS = {  # of calls that do many things: (the argument that says which, what is denied)
    # TIOCSTI, TIOCLINUX; FIOSETOWN, SIOCSPGRP (who gets a signal); attributes of files (chattr), fs-verity, encryption
    "ioctl": (1, (0x5412, 0x541C, 0x8901, 0x8902, 0x40086602, 0x40087602, 0x401C5820, 0x40806685, 0x800C6613)),
    "fcntl": (1, (8, 10, 15, 1024, 1026)),  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals to others; F_SETLEASE, F_NOTIFY
    "prctl": (0, (_PDEATHSIG, _DUMPABLE)),  # it would outlive its parent; it would hide its open files
    "setrlimit": (0, (_CORE,)),
}
_NUMBERS = {  # of calls that an old libseccomp may not know by name; the same on every architecture
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_open": 434,
    "clone3": 435,
    "pidfd_getfd": 438,
    "process_madvise": 440,
    "mount_setattr": 442,
    "quotactl_fd": 443,
}
_PR_GET_SECCOMP, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 21, 22, 2
_FIRST_UNKNOWN = 447  # memfd_secret and all calls after it (the numbers are the same on every architecture)

# they change only metadata, which Landlock does not govern: they succeed and do nothing
PRETENDED = "chmod fchmod fchmodat chown fchown lchown fchownat utime utimes futimesat".split()  # noqa: SIM905 - a table

DENIED = tuple(
    """
    socket socketpair socketcall bind listen connect accept accept4 sendto sendmsg sendmmsg recvmsg recvmmsg
    fork vfork execve execveat setsid setpgid unshare setns
    kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_getfd pidfd_send_signal
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
    sched_setaffinity sched_setscheduler sched_setparam sched_setattr setpriority ioprio_set
    shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl ipc
    mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr memfd_create
    userfaultfd io_uring_setup io_uring_enter io_uring_register io_setup keyctl add_key request_key bpf perf_event_open
    mount umount umount2 pivot_root move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr chroot
    setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
    mknod mknodat name_to_handle_at open_by_handle_at fanotify_init inotify_init inotify_init1
    setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset
    mbind set_mempolicy migrate_pages move_pages personality quotactl quotactl_fd syslog acct vhangup
    reboot kexec_load kexec_file_load init_module finit_module delete_module swapon swapoff iopl ioperm modify_ldt
    settimeofday clock_settime adjtimex clock_adjtime stime sethostname setdomainname
    """.split()  # noqa: SIM905 - a table of names reads better as text
)


def filter_program(*, landlock_version: int) -> bytes:
    """Compile the filter to BPF once; installing it then costs a fraction of a millisecond.

    Args:
        landlock_version: Versions before 3 do not govern truncate, so the filter does.
    Raises:
        ImportError, OSError, RuntimeError: If pyseccomp or the system's libseccomp is missing.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.set_attr(seccomp.Attr.ACT_BADARCH, seccomp.KILL_PROCESS)
    denied = (*DENIED, "truncate") if landlock_version < 3 else DENIED
    for names, action in ((PRETENDED, seccomp.ERRNO(0)), (denied, seccomp.ERRNO(errno.EPERM))):
        for name in names:
            _add(rules, seccomp, action, name)
    _add(rules, seccomp, seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags are out of reach; libc falls back to clone
    no_thread = seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0)
    _add(rules, seccomp, seccomp.ERRNO(errno.EPERM), "clone", no_thread)
    _add(rules, seccomp, seccomp.ERRNO(errno.EPERM), "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    for name, (place, commands) in DENIED_COMMANDS.items():
        for command in commands:
            same = seccomp.Arg(place, seccomp.MASKED_EQ, 0xFFFFFFFF, command)
            _add(rules, seccomp, seccomp.ERRNO(errno.EPERM), name, same)
    core = seccomp.Arg(1, seccomp.MASKED_EQ, 0xFFFFFFFF, _CORE)
    _add(rules, seccomp, seccomp.ERRNO(errno.EPERM), "prlimit64", core, seccomp.Arg(2, seccomp.NE, 0))
    # it reserves room beyond the limit of a file; refused so, libc writes zeros instead, which are counted
    _add(rules, seccomp, seccomp.ERRNO(errno.EOPNOTSUPP), "fallocate")
    # times of a file: given ones are pretended; "now" fails, because touch() makes a file only if that fails
    _add(rules, seccomp, seccomp.ERRNO(0), "utimensat", seccomp.Arg(2, seccomp.NE, 0))
    _add(rules, seccomp, seccomp.ERRNO(errno.EPERM), "utimensat", seccomp.Arg(2, seccomp.EQ, 0))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def install(program: bytes) -> None:
    """Put the filter on this process for good. Set no_new_privs before.

    A second, tiny filter answers ENOSYS to calls newer than libseccomp may know by name.

    Raises:
        OSError: If the kernel refuses.
    """
    for code in (program, _newer_calls_do_not_exist()):
        _install(code)


def kernel_can_filter() -> bool:
    """Whether this kernel takes seccomp filters (it was built with them)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, None, 0, 0)
    return ctypes.get_errno() in {errno.EFAULT, errno.EACCES}  # it looked at the (missing) program


def _add(rules: object, seccomp: object, action: int, name: str, *args: object) -> None:
    try:
        rules.add_rule(action, name, *args)  # type: ignore[attr-defined]
    except (OSError, ValueError, OverflowError):
        # a call this architecture, or this libseccomp, does not have; those it must have are tested
        if name in {"socket", "execve", "ptrace", "clone", "prctl", "fcntl", "ioctl"}:
            raise
        if name in _NUMBERS:
            rules.add_rule(action, _NUMBERS[name], *args)  # type: ignore[attr-defined]


def _newer_calls_do_not_exist() -> bytes:
    load, jump_if_greater_or_equal, give = 0x20, 0x35, 0x06
    allow, no_such_call = 0x7FFF0000, 0x00050000 | errno.ENOSYS
    return b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (load, 0, 0, 0),
            (jump_if_greater_or_equal, 0, 1, _FIRST_UNKNOWN),
            (give, 0, 0, no_such_call),
            (give, 0, 0, allow),
        )
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def _install(code: bytes) -> None:
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
