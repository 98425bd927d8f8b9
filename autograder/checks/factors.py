"""Constant factors that have a meaning, each with the sentence that explains it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import combinations


def known_factors(name: str, dims: Mapping[str, int]) -> Iterator[tuple[float, str]]:
    """Factors with a meaning. A factor that has two meanings gets none."""
    sizes = {key: size for key, size in dims.items() if size > 1}
    for key, size in sizes.items():
        yield size, f"{name} is exactly {size} times too large. {_size(key, size)}: did you forget to divide by it?"
        yield (
            1 / size,
            f"{name} is exactly {size} times too small. {_size(key, size)}: is there one division by it too many, as "
            "by a mean where a sum is meant?",
        )
        root = f"the square root of {size} ({noun(key)})"
        yield math.sqrt(size), f"{name} is too large by exactly {math.sqrt(size):.6g}: {root}."
        yield 1 / math.sqrt(size), f"{name} is too small by exactly {math.sqrt(size):.6g}: {root}."
    yield from _factors_of_two_sizes(name, sizes)
    if 2 not in sizes.values():
        yield (
            2.0,
            f"{name} is exactly twice too large: is a factor 2 too many, something added twice, or a sum of 2 taken "
            "where their mean is meant?",
        )
        yield (
            0.5,
            f"{name} is exactly half of what was expected: is a factor 2 missing, or 1/2 too many, or a mean "
            "of 2 taken where their sum is meant?",
        )
    yield 1 / math.log(2), f"{name} is 1/ln 2 = 1.4427 times too large: log2 was used, the natural logarithm expected."
    yield 1 / math.log(10), f"{name} is ln 10 = 2.3026 times too small: log10 was used, the natural logarithm expected."


def _factors_of_two_sizes(name: str, sizes: Mapping[str, int]) -> Iterator[tuple[float, str]]:
    for (key, size), (other, other_size) in combinations(sizes.items(), 2):
        product = f"{size} x {other_size} ({noun(key)} x {noun(other)})"
        yield size * other_size, f"{name} is exactly {product} times too large: did you forget to divide by both?"
        yield 1 / (size * other_size), f"{name} is exactly {product} times too small: are there divisions too many?"
        for right, right_size, wrong, wrong_size in ((key, size, other, other_size), (other, other_size, key, size)):
            yield (
                right_size / wrong_size,
                f"{name} is exactly {right_size}/{wrong_size} times what was expected: is it divided by {wrong_size} "
                f"({noun(wrong)}) instead of {right_size} ({noun(right)})?",
            )


def noun(key: str) -> str:
    """A dimension in words."""
    return "rows of the batch" if key == "batch" else key


def _size(key: str, size: int) -> str:
    return f"Your batch has {size} rows" if key == "batch" else f"{size} is the number of {key}"
