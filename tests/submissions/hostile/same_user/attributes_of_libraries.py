"""Sets flags of a library's file that everybody uses (chattr), and takes a lease on it, which delays who updates it.

double: failed
staff: `fcntl`
control: unlocked
"""

# %% double
import fcntl
import os
import struct

import numpy

GET_FLAGS, SET_FLAGS, SET_VERSION, NO_DUMP = 0x80086601, 0x40086602, 0x40087602, 0x40


def double(x):
    return x


def flags(file):
    before = struct.unpack("l", fcntl.ioctl(file, GET_FLAGS, bytes(8)))[0]
    fcntl.ioctl(file, SET_FLAGS, struct.pack("l", before ^ NO_DUMP))
    fcntl.ioctl(file, SET_FLAGS, struct.pack("l", before))


def lease(file):
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)


for name, way in {"flags": flags, "lease": lease}.items():
    with open(numpy.__file__, "rb") as file:
        try:
            way(file)
            print("REACHED", name)
        except OSError as error:
            print(name, error, os.fstat(file.fileno()).st_uid)
