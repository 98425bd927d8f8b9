"""Leaves 30 levels of folders without rights, thousands of files with names that no tool can print, and open ones.

staff: passed
control: none: its own folder, which is removed
"""

# %% double
import os


def double(x):
    return 2 * x


names = ["new\nline", "\x1b[2J", "-rf", "*", " ", "a" * 255, os.fsdecode(b"\xff\xfe"), "\u202egnp.exe", "'\"$(id)`id`"]
for name in names:
    with open(name, "w") as file:
        file.write(name.encode(errors="replace").decode(errors="replace"))
    os.mkdir(name + "." if len(name) < 250 else "b" * 255)
kept = [open(f"{number}", "w") for number in range(100)]
for depth in range(30):
    os.mkdir("d")
    descriptor = os.open("d", os.O_RDONLY)
    os.mkdir("e", 0o000, dir_fd=descriptor)
    os.chmod("d", 0o000)
    os.chdir(descriptor)
    os.close(descriptor)
