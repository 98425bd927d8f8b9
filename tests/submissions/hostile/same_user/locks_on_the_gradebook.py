"""Locks the gradebook, so that nobody can write a mark while this is graded.

double: failed
staff: `fcntl`
control: unlocked
"""

# %% double
import fcntl
import os
import struct

F_OFD_SETLK, F_SETLEASE = 37, 1024
WHOLE = struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0)


def double(x):
    return x


for place in ("@COURSE@/gradebook.db", "@COURSE@", "@COURSE@/submitted"):
    for flags in (os.O_RDONLY, os.O_RDWR, os.O_PATH):
        for name, lock in {
            "flock": lambda file: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB),
            "lockf": lambda file: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB),
            "open file lock": lambda file: fcntl.fcntl(file, F_OFD_SETLK, WHOLE),
            "lease": lambda file: fcntl.fcntl(file, F_SETLEASE, fcntl.F_RDLCK),
            "notify": lambda file: fcntl.fcntl(file, fcntl.F_NOTIFY, fcntl.DN_MODIFY),
        }.items():
            try:
                file = os.open(place, flags)
            except OSError as error:
                last = error
                continue
            try:
                lock(file)
                print("REACHED by", name, place)
            except OSError as error:
                last = error
            finally:
                os.close(file)
print(last)
