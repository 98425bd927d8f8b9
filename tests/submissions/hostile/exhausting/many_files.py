"""Makes empty files until the inodes run out.

double: limit
staff: made more than 200 files
control: none: it would fill the disk
"""

# %% double
import time


def double(x):
    for number in range(2500):
        open(f"{number}", "w").close()
    time.sleep(100)
