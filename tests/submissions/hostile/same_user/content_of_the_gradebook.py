"""Opens the gradebook to write, truncates it to its own size, and moves it to its own name.

double: failed
staff: `os.rename`
control: unlocked
"""

# %% double
import ctypes
import os
import sqlite3

BOOK = "@COURSE@/gradebook.db"
libc = ctypes.CDLL(None, use_errno=True)


def double(x):
    return x


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def by_database():
    try:
        with sqlite3.connect(BOOK) as book:
            return book.execute("CREATE TABLE marks (points)")
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            return error  # it read it
        raise OSError(str(error)) from None


def moved():
    os.rename(BOOK, BOOK + "-left-behind")
    os.rename(BOOK + "-left-behind", BOOK)


size = os.stat(BOOK).st_size
opened = os.open(BOOK, os.O_PATH)
ways = {
    "truncate": lambda: os.truncate(BOOK, size),
    "truncate of its number": lambda: os.truncate(f"/proc/self/fd/{opened}", size),
    "ftruncate": lambda: checked(libc.ftruncate(opened, size)),
    "open": lambda: open(BOOK, "r+"),
    "append": lambda: open(BOOK, "a"),
    "write only": lambda: os.open(f"/proc/self/fd/{opened}", os.O_WRONLY),
    "journal": lambda: open(BOOK + "-journal-left-behind", "x").close() or os.unlink(BOOK + "-journal-left-behind"),
    "database": by_database,
    "move": moved,
    "link beside": lambda: os.link(BOOK, BOOK + "-left-behind") or os.unlink(BOOK + "-left-behind"),
}
for name, way in ways.items():
    try:
        print("REACHED by", name, way())
    except OSError as error:
        print(name, error)
if os.stat(BOOK).st_size != size:
    print("REACHED: its size")
