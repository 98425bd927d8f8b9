"""Nests folders of long names until their path is too long to look at, then fills the disk unseen.

double: limit
staff: nested more than 32 deep
control: none: it would fill the disk
"""

# %% double
import os
import time


def double(x):
    return 2 * x


for _ in range(25):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
block = bytes(30 * 2**20)
for number in range(6):
    with open(f"{number}", "wb") as file:
        file.write(block)
time.sleep(0.5)
print("REACHED")
