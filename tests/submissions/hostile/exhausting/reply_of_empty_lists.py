"""Forges replies of four million empty lists each: a byte on the way, a hundred in memory.

double: crashed
staff: it ended the process
control: none: nothing is locked around the referee, which reads it
"""

# %% double
from autograder import codec

honest = codec.encode
count = codec.MAX_STRUCTURE - 32
many = b"\x93\xa8returned\xdd" + count.to_bytes(4, "big") + b"\x90" * count + b"\xc0"
many = codec.HEADER.pack(len(many)) + many


def forged(value):
    return many if type(value) is list and value[0] == "returned" else honest(value)


def double(x):
    codec.encode = forged
    return 2 * x
