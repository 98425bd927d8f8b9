"""Second correct answers."""


def double(x):
    return x + x


def shift(x, by):
    return by + x
