"""Runs programs: subprocess, os.system, posix_spawn, exec, popen, the loader, and set-user-id ones.

double: failed
staff: `subprocess`
control: unlocked
"""

# %% double
import os
import subprocess


def double(x):
    return x


def replaced(program):
    try:
        os.execv(program, [program])
    except FileNotFoundError:
        return "the kernel looked for it"


def shell():
    if os.system("true") != 0:
        raise OSError("no shell")


ways = {
    "subprocess": lambda: subprocess.run(["true"], check=True),
    "set-user-id": lambda: subprocess.run(["su", "--version"], capture_output=True).stdout,
    "system": shell,
    "popen": lambda: os.popen("echo ran").read() or 1 / 0,
    "posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "spawn of a file": lambda: os.posix_spawnp("true", ["true"], {}),
    "exec": lambda: replaced("/nonexistent/left-behind"),
    "exec of a file": lambda: replaced("left-behind-none"),
    "loader": lambda: subprocess.run(["/lib64/ld-linux-x86-64.so.2", "/bin/true"], check=True),
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except (OSError, ZeroDivisionError) as error:
        print(name, error)
