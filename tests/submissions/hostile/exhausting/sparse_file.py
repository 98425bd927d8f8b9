"""Makes a file of a petabyte with nothing in it, and one of 20 GB.

double: limit
staff: File too large
control: none: it is no harm until somebody copies it
"""

# %% double
def double(x):
    with open("hole", "wb") as file:
        file.truncate(20 * 2**30)
        print("REACHED")
        file.truncate(2**50)
