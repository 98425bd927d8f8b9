"""Reads and writes its parent's memory by process_vm_readv, process_vm_writev and ptrace.

double: failed
staff: `ctypes`
control: unlocked
"""

# %% double
import ctypes
import errno
import os

import autograder

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
TEXT = autograder.__doc__  # made before the fork: the parent has it at the same address
PLACE, SIZE = id(TEXT) + 48, 8
SEIZE, INTERRUPT, PEEK, DETACH = 0x4206, 0x4207, 1, 17


def double(x):
    return x


def call(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(*(ctypes.c_long(arg) for arg in (number, *args)))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def vm(number, process):
    buffer = ctypes.create_string_buffer(ctypes.string_at(PLACE, SIZE), SIZE)
    mine = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), SIZE)
    theirs = (ctypes.c_size_t * 2)(PLACE, SIZE)
    try:
        call(number, process, ctypes.addressof(mine), 1, ctypes.addressof(theirs), 1, 0)
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise
        return "only the address was wrong"
    return buffer.raw


def trace(process):
    word = ctypes.c_long()
    call(101, SEIZE, process, 0, 0)
    call(101, INTERRUPT, process, 0, 0)
    os.waitpid(process, 0x40000000)
    try:
        call(101, PEEK, process, PLACE, ctypes.addressof(word))
    finally:
        call(101, DETACH, process, 0, 0)
    return word.value


for name, way in {
    "readv": lambda: vm(310, os.getppid()),
    "writev": lambda: vm(311, os.getppid()),
    "trace": lambda: trace(os.getppid()),
    "compare": lambda: call(312, os.getpid(), os.getppid(), 0, 0, 0),
    "robust list": lambda: call(274, os.getppid(), id(ctypes.c_long()), id(ctypes.c_long())),
    "readv of the grader": lambda: vm(310, @REFEREE@),
}.items():
    try:
        print("REACHED", name, way())
    except OSError as error:
        print(name, error.strerror)
