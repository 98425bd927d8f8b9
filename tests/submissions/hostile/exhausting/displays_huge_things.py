"""Displays a text of 5 MB, 20 pictures of 1 MB, and 2,000 lines that it clears again.

staff: more characters were cut while grading
control: none: only its own outputs
"""

# %% double
from IPython.display import clear_output, display


class Huge:
    def __init__(self, pixels):
        self.pixels = pixels

    def __repr__(self):
        return "" if self.pixels else "x" * 5 * 2**20

    def _repr_png_(self):
        return b"x" * self.pixels or None


def double(x):
    return 2 * x


for number in range(2000):
    print(number)
    if number % 100 == 0:
        clear_output(wait=True)
for _ in range(20):
    display(Huge(2**20))
display(Huge(0))
