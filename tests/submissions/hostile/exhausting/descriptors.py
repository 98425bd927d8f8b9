"""Opens files until there are no descriptors left, then needs one.

double: failed
staff: Too many open files
control: none: a limit of its own process, which it may use up
"""

# %% double
kept = []


def double(x):
    while True:
        kept.append(open("/dev/null"))
