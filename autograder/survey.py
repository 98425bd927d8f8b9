"""What is in a structure of ``codec`` is counted before any of it is built: hostile bytes can build too much.

An empty dict is one byte here and 64 in memory. A dict of n keys with equal hashes takes n * n steps, and it is easy to
find tuples and ints with equal hashes (not texts: Python seeds their hash). 4 MB of them would take hours.
"""

from __future__ import annotations

MAX_DEPTH = 64
MAX_ITEMS = 500_000
MAX_INT_KEYS = 2**15  # in all dicts of a message together
WRONG_KEY = "a dict with keys that are neither text nor int"


class DecodeError(Exception):
    """Bytes are no message of ours, or one that is too large. Their sender is to blame."""


def survey(structure: bytes) -> None:
    """Go over a structure from its first byte to its last.

    Raises:
        DecodeError: If it holds too many values, is nested too deep, or has a dict with other keys than text and ints.
    """
    _Survey(structure).end_of(0, 0)


class _Survey:
    """Walks over values by the lengths that their first bytes say."""

    def __init__(self, structure: bytes) -> None:
        self.structure = structure
        self.values = 0
        self.int_keys = 0

    def end_of(self, at: int, depth: int) -> int:
        """Where the value ends that begins here; what is in it is counted."""
        structure = self.structure
        first = structure[at]
        if width := _WIDTHS[first]:
            return at + width
        if first < 0xA0:  # a list or dict of less than 16
            length, at = first & 15, at + 1
        else:
            size = _LENGTH_SIZES[first]
            length, at = int.from_bytes(structure[at + 1 : at + 1 + size], "big"), at + 1 + size
            if first < 0xDC:  # text, bytes, or an extension
                return at + length + (first in _EXTENSIONS)
        self.values += length
        if self.values > 2 * MAX_ITEMS or depth > MAX_DEPTH:  # twice, for each may be a tuple and have a mark
            raise DecodeError(f"more than {MAX_ITEMS:,} values, or nested more than {MAX_DEPTH} deep")
        if first < 0x90 or first >= 0xDE:
            for _ in range(length):
                at = self.end_of_key(at)
                at = at + width if (width := _WIDTHS[structure[at]]) else self.end_of(at, depth + 1)
        else:
            for _ in range(length):
                at = at + width if (width := _WIDTHS[structure[at]]) else self.end_of(at, depth + 1)
        return at

    def end_of_key(self, at: int) -> int:
        first = self.structure[at]
        if first in _INTS:
            self.int_keys += 1
            if self.int_keys > MAX_INT_KEYS:
                raise DecodeError(f"more than {MAX_INT_KEYS:,} int keys")
        elif first not in _TEXTS:
            raise DecodeError(WRONG_KEY)
        return at + (_WIDTHS[first] or self.end_of(at, 0) - at)


# MessagePack, by a value's first byte: https://github.com/msgpack/msgpack/blob/master/spec.md
_INTS = frozenset({*range(0x80), *range(0xCC, 0xD4), *range(0xE0, 0x100)})
_TEXTS = frozenset({*range(0xA0, 0xC0), 0xD9, 0xDA, 0xDB})
_EXTENSIONS = frozenset({0xC7, 0xC8, 0xC9})
_LENGTH_SIZES = dict(  # of bytes, extensions; texts, lists, dicts
    zip((*range(0xC4, 0xCA), *range(0xD9, 0xE0)), (1, 2, 4, 1, 2, 4, 1, 2, 4, 2, 4, 2, 4), strict=True)
)
_FIXED_SIZES = dict(  # of reals, integers, extensions
    zip((0xCA, 0xCB, *range(0xCC, 0xD9)), (4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17), strict=True)
)


def _width(first: int) -> int:
    """All bytes of a value that begins with this one; 0 where it alone does not say."""
    if first in range(0x80, 0xA0) or first in _LENGTH_SIZES:
        return 0
    if first in range(0xA0, 0xC0):  # a text of less than 32 bytes
        return 1 + (first & 31)
    return 1 + _FIXED_SIZES.get(first, 0)


_WIDTHS = bytes(_width(first) for first in range(256))
