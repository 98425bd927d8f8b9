"""Has the kernel signal the parent: makes it the owner of a pipe, which stops it when something is written.

double: failed
staff: `fcntl`
control: unlocked
"""

# %% double
import fcntl
import os
import signal
import time

F_SETSIG = 10


def double(x):
    return x


def send(process, number):
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, process)
    fcntl.fcntl(reading, F_SETSIG, number)
    fcntl.fcntl(reading, fcntl.F_SETFL, os.O_ASYNC)
    os.write(writing, b"x")
    os.close(reading)
    os.close(writing)


def ran(process, seconds):
    """The processor time it used meanwhile: it looks after this process ten times a second."""
    clock = (~process << 3) | 2
    before = time.clock_gettime(clock)
    time.sleep(seconds)
    return time.clock_gettime(clock) - before


for process in (os.getppid(), @REFEREE@):
    try:
        before = ran(process, 0.25)
        send(process, signal.SIGSTOP)
        stopped = ran(process, 0.5)
    except OSError as error:
        print(error)
        continue
    send(process, signal.SIGCONT)
    if before > 2e-4 and stopped < 2e-4:
        print("REACHED: it stood still", before, stopped)
