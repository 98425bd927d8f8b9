"""Opens terminals, disks, memory and switches of the machine, and types into a terminal.

double: failed
staff: the place `/dev/
control: unlocked
"""

# %% double
import fcntl
import os
import termios


def double(x):
    return x


def type_into(descriptor):
    return fcntl.ioctl(descriptor, termios.TIOCSTI, b"x")


def new_terminal():
    ours, its = os.openpty()
    os.close(its)
    os.close(ours)
    return "made"


PLACES = (
    *("/dev/tty", "/dev/ptmx", "/dev/console", "/dev/mem", "/dev/port", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/fuse"),
    *("/dev/net/tun", "/dev/kvm", "/dev/loop-control", "/proc/kcore", "/proc/kallsyms", "/proc/sysrq-trigger", "/proc/kmsg"),
    *("/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/proc/locks"),
)
for place in PLACES:
    for mode in (os.O_RDONLY, os.O_WRONLY):
        try:
            os.close(os.open(place, mode | os.O_NOCTTY | os.O_NONBLOCK))
            print("REACHED", place)
        except OSError as error:
            last = error
try:
    print("REACHED", new_terminal())
except OSError as error:
    last = error
for descriptor in range(5):
    try:
        print("REACHED by", descriptor, type_into(descriptor))
    except OSError as error:
        last = error
print(last)
