"""Maps anonymous and shared memory past the limit, where no allocator counts it.

double: failed
staff: Cannot allocate memory
control: none: it could fill the machine's memory
"""

# %% double
import mmap


def double(x):
    return len(mmap.mmap(-1, 2**31, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)) * x
