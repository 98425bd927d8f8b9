"""Passes open files over its socket to the grader, takes some from there, and asks that socket for the grader's process.

double: failed
staff: `socket`
control: unlocked
"""

# %% double
import ctypes
import os
import signal
import socket

libc = ctypes.CDLL(None, use_errno=True)
channel = socket.socket(fileno=os.dup(3))
SO_PEERPIDFD, PIDFD_GETFD, SETNS, PROCESS_MADVISE = 77, 438, 308, 440


def double(x):
    return x


def call(number, *args):
    result = libc.syscall(number, *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def take():
    try:
        return channel.recvmsg(1, 1000, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return "nothing was there"


grader = channel.getsockopt(socket.SOL_SOCKET, SO_PEERPIDFD)
ways = {
    "give": lambda: channel.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, b"\1\0\0\0")]),
    "take": take,
    "signal": lambda: signal.pidfd_send_signal(grader, 0),
    "descriptor": lambda: call(PIDFD_GETFD, grader, 3, 0),
    "namespace": lambda: call(SETNS, grader, 0x04000000),
    "memory": lambda: call(PROCESS_MADVISE, grader, 0, 0, 20, 0),
}
for name, way in ways.items():
    try:
        print("REACHED", name, way())
    except OSError as error:
        print(name, error.strerror)
