"""Sentences about values and types in a failed operation on arrays; ``array_sentences`` has those about shapes."""

from __future__ import annotations

import re

from autograder.checks.array_sentences import Operand, known, square_of
from autograder.checks.failure import Raised


def single_number(match: re.Match[str], raised: Raised) -> str:
    """A whole array where one number is needed."""
    function = re.search(r"\bmath\.(\w+)", raised.code)
    if function:
        name = function[1]
        return f"math.{name} takes a single number: for all entries of an array there is np.{name} (torch.{name})."
    squares = [Operand(text, shape) for text, shape in raised.operands if len(shape) == 2 and shape[0] == shape[1] > 1]
    return (
        f"{known(raised)}a whole array stands where a single number is needed: reduce it first (sum, mean), or index "
        f"one entry.{square_of(squares[0]) if len(squares) == 1 == len(raised.operands) else ''}"
    )


def whole_number(match: re.Match[str], raised: Raised) -> str:
    """An array where an index, a size or an axis is needed; most often a second array given to concatenate."""
    joined = re.search(r"\b(\w+)\.(concatenate|stack|hstack|vstack)\(", raised.code)
    if joined:
        name = f"{joined[1]}.{joined[2]}"
        return f"{name} takes one list or tuple of arrays: {name}([a, b]), not {name}(a, b)."
    return f"{known(raised)}an array stands where one whole number is needed (an index, a size, an axis)."


def different_lengths(match: re.Match[str], raised: Raised) -> str:
    """A list or tuple that makes no array."""
    if re.search(r"array\(|tensor\(|\[.*,", raised.code):
        return "the rows of the list have different lengths, so they do not make an array."
    return (
        "a list or tuple of parts with different shapes takes part in arithmetic, and makes no array: is only one of "
        "its parts meant, as in result[0]?"
    )


def truth_value(match: re.Match[str], raised: Raised) -> str:
    """An array as the condition of an `if`."""
    if re.search(r"[=!]= *None\b", raised.code):
        return "`==` compares every entry of an array: whether something is None is asked with `is None`."
    return (
        "an array has no single truth value: use (...).any() or (...).all(), np.where instead of `if`, & instead "
        "of `and`."
    )


def combination(match: re.Match[str], raised: Raised) -> str:
    """A function of torch called with arguments that it does not take."""
    called = re.search(rf"[\w.]*\b{re.escape(match['name'])}(?=\()", raised.code)
    name = called[0] if called else match["name"]
    takes = re.search(r"expected(?: one of:\s*\*)? \(([^)]*)\)", match.string)
    wanted = takes[1].partition(", *")[0] if takes else ""
    takes_in_words = f", and takes ({wanted})" if wanted else ""
    return f"{name} was called with ({match['got']}){takes_in_words}: look up its arguments and their order."


_TORCH_DTYPES = {"float": "float32", "double": "float64", "long": "int64", "int": "int32", "half": "float16"}


def dtypes(match: re.Match[str], raised: Raised) -> str:
    """A product of two dtypes."""
    left, right = (_TORCH_DTYPES.get(match[key].lower(), match[key].lower()) for key in ("left", "right"))
    return (
        f"one tensor is {left}, the other {right}; torch multiplies matrices of one dtype only. Convert one with "
        ".to(other.dtype); torch.from_numpy of a NumPy array gives float64."
    )


def needs_float(match: re.Match[str], raised: Raised) -> str:
    """An operation on integers that is defined for floats."""
    got = _TORCH_DTYPES.get(match["got"].lower(), match["got"].lower())
    if "cross_entropy" in raised.code or "nll_loss" in raised.code:
        return f"the scores hold {got}. A loss takes first the scores, then the labels: are the two exchanged?"
    return f"the tensor holds {got}, but this operation is defined for floating-point numbers: convert with .float()."
