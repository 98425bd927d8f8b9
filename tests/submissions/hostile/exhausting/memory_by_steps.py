"""Asks for memory in small pieces until there is none.

double: memory
staff: more memory was asked for than is allowed
control: none: it could fill the machine's memory
"""

# %% double
def double(x):
    pieces = []
    while True:
        pieces.append(bytearray(2**20))
