"""Forks for ever, by fork, by vfork through a shell, and by multiprocessing.

double: failed
staff: Operation not permitted
control: none: it would fill the machine with processes
"""

# %% double
import multiprocessing
import os


def double(x):
    for fork in (os.fork, multiprocessing.Process(target=double, args=(x,)).start, lambda: os.posix_spawn("/bin/sh", ["sh"], {})):
        try:
            print("REACHED", fork())
        except PermissionError as error:
            refused = error
    raise refused
