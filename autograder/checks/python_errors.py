"""Python's own errors in the student's words: (exception types, pattern of the message, sentence or what makes one)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from autograder.checks.failure import Raised
from autograder.checks.syntax_errors import syntax_in_words

Explain: TypeAlias = str | Callable[[re.Match[str], Raised], str]
NONE = (
    "a function without `return` gives None, and so do methods that work in place, such as list.append, list.sort or "
    "rng.shuffle."
)


def _variable(match: re.Match[str], raised: Raised) -> str:
    advice = raised.hint or (
        "Is it spelled as where it is defined? A helper must be a function of its own cell or file, at the top level, "
        "and imported modules need their import."
    )
    return f"`{match['name']}` is not defined here{':' if raised.hint else '.'} {advice}"


def _of_module(match: re.Match[str], raised: Raised) -> str:
    advice = raised.hint or "look up its name and where it lives."
    return f"{match['module']} has nothing called `{match['name']}`: {advice}"


def _attribute(match: re.Match[str], raised: Raised) -> str:
    advice = raised.hint or "is it spelled right, and is this value what you expect?"
    return f"a value of type {match['kind']} has no attribute `{match['name']}`: {advice}"


def _own_attribute(match: re.Match[str], raised: Raised) -> str:
    kind, name = match["kind"], match["name"]
    advice = raised.hint or f"is it spelled right, and set (as self.{name}) before this line?"
    return f"an object of class {kind} has no attribute `{name}`: {advice}"


def _keyword(match: re.Match[str], raised: Raised) -> str:
    name = match["name"].lstrip("_") or match["name"]
    return f"`{name}` has no argument called `{match['which']}`: {raised.hint or 'look at its signature.'}"


def _key(match: re.Match[str], raised: Raised) -> str:
    advice = raised.hint or "is it spelled exactly as where it is stored, and is something stored there before?"
    return f"the dictionary has no key {match['key']}: {advice}"


def _none_in_operation(found: re.Match[str], raised: Raised) -> str:
    for node in _walked(raised.code):
        match node:
            case ast.BinOp(left=left, right=right) | ast.AugAssign(target=left, value=right):
                side = left if found["left"] == "NoneType" else right
                if isinstance(side, ast.Constant):
                    break
                return f"`{ast.unparse(side)}` is None: {_WHY_NONE}"
    return f"one side of `{found['op']}` is None: {NONE}"


_WHY_NONE = "was it never given a value, or may it be None, and an `if` is missing? " + NONE[0].upper() + NONE[1:]


def _none_used(match: re.Match[str], raised: Raised) -> str:
    """What is None, by the text of the one subscript, call or attribute in the expression."""
    what = match["what"]
    kinds = {"subscriptable": ast.Subscript, "callable": ast.Call}
    nodes = [node for node in _walked(raised.code) if isinstance(node, kinds.get(what, ()))]
    if len(nodes) == 1:
        owner = nodes[0].func if isinstance(nodes[0], ast.Call) else nodes[0].value  # type: ignore[attr-defined]
        return f"`{ast.unparse(owner)}` is None: {NONE}"
    return f"the value used here is None: {NONE}"


def _none_attribute(match: re.Match[str], raised: Raised) -> str:
    nodes = [node for node in _walked(raised.code) if isinstance(node, ast.Attribute) and node.attr == match["name"]]
    before = f"`{ast.unparse(nodes[0].value)}`" if len(nodes) == 1 else f"the value before `.{match['name']}`"
    return f"{before} is None. It was returned by something that returned nothing? " + NONE[0].upper() + NONE[1:]


def _not_iterable(match: re.Match[str], raised: Raised) -> str:
    kind = match["kind"]
    if kind not in {"int", "float"}:
        return f"a value of type {kind} cannot be gone through one by one."
    loop = re.match(r"\s*(?:async )?for .+? in (\w+)\s*:", raised.code)
    name = loop[1] if loop else raised.code if raised.code.isidentifier() else ""
    start = f"`{name}` is one number" if name else "one number stands here"
    return f"{start}, not several: to count from 0, loop over {f'range({name})' if name else 'range(...)'}."


def _walked(code: str) -> Iterator[ast.AST]:
    for text in (code.strip(), f"{code.strip()} pass"):
        try:
            yield from ast.walk(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return


PYTHON_RULES: Sequence[tuple[str, str, Explain]] = (
    (
        "UnboundLocalError",
        r"local variable '(?P<name>\w+)'",
        "`{name}` is used before it is given a value here. A name that a function assigns anywhere is its own "
        "throughout: is a line missing that gives it its first value, was that line skipped, or is an outer variable "
        "meant?",
    ),
    ("NameError", r"name '(?P<name>\w+)' is not defined", _variable),
    (
        "TypeError",
        r"(?P<name>[\w.<>]+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (?P<which>.*)",
        "`{name}` was called without its argument {which}. Its signature must stay as it was given.",
    ),
    (
        "TypeError",
        r"(?P<name>[\w.<>]+)\(\) takes (?P<takes>.*?) positional arguments? but (?P<given>\d+) (?:was|were) given",
        "`{name}` takes {takes} arguments but was called with {given}. In a method, `self` counts as one and "
        "must come first.",
    ),
    (
        "TypeError",
        r"(?P<name>[\w.<>]+)\(\) got an unexpected keyword argument '(?P<which>\w+)'",
        _keyword,
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): '(?P<left>\w+)' and '(?P<right>\w+)'(?<=NoneType')",
        _none_in_operation,
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): '(?P<left>NoneType)' and",
        _none_in_operation,
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): .*'NoneType'",
        "one side of `{op}` is None: " + NONE,
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for \^=?: ",
        "powers are written `**`: `^` is an operation on the bits of whole numbers.",
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): '(?P<left>list|tuple)' and|"
        r"unsupported operand type\(s\) for (?P<op2>\S+): '[\w.]+' and '(?P<right>list|tuple)'|"
        r"can't multiply sequence by non-int of type|can only concatenate (?P<kind>list|tuple) \(not",
        "lists and tuples have no arithmetic entry by entry: make an array with np.array(...), or take one of their "
        "entries.",
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): .*'str'|can only concatenate str",
        'text and a number do not go together: str(x) makes text of a number, as does an f-string: f"W{{i}}".',
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): .*'(?P<kind>function|method|builtin_function_or_method|type)'",
        "a {kind} stands where its value is meant: are the round brackets of the call missing?",
    ),
    ("TypeError", r"'NoneType' object is not (?P<what>subscriptable|iterable|callable)", _none_used),
    ("TypeError", r"cannot unpack non-iterable NoneType", "the value unpacked here is None: " + NONE),
    ("TypeError", r"NoneType", "a value used here is None: " + NONE),
    ("AttributeError", r"'NoneType' object has no attribute '(?P<name>\w+)'", _none_attribute),
    (
        "TypeError",
        r"'(?P<kind>numpy\.ndarray|numpy\.float64|Tensor|list|dict|tuple|float|int|str|bool)' object is not callable",
        "a value of type {kind} is called like a function: indexing takes square brackets, multiplication a `*`.",
    ),
    (
        "TypeError",
        r"'(?P<kind>function|method|builtin_function_or_method|type)' object is not (?:subscriptable|iterable)",
        "a {kind} stands where its value is meant: are the round brackets of the call missing?",
    ),
    (
        "TypeError",
        r"'(?P<kind>int|float|bool)' object is not subscriptable",
        "a single number (of type {kind}) has no entries to index.",
    ),
    ("TypeError", r"'(?P<kind>\w+)' object is not iterable", _not_iterable),
    (
        "TypeError",
        r"object of type '(?P<kind>\w+)' has no len\(\)",
        "a value of type {kind} has no length: is it the value you expect?",
    ),
    (
        "TypeError",
        r"'(?P<kind>tuple|str|range)' object does not support item assignment",
        "a {kind} cannot be changed: make a list (list(...)), or build a new one.",
    ),
    (
        "TypeError",
        r"(?P<kind>list|tuple) indices must be integers or slices, not (?P<got>[\w.]+)",
        "an entry of a {kind} is found by a whole number, not by a {got}: is one of its entries, or a dict, meant?",
    ),
    (
        "TypeError",
        r"cannot unpack non-iterable (?P<kind>\w+) object",
        "one value of type {kind} cannot be unpacked into several names.",
    ),
    (
        "ValueError",
        r"too many values to unpack \(expected (?P<wanted>\d+)",
        "more values came than the {wanted} names on the left.",
    ),
    (
        "ValueError",
        r"not enough values to unpack \(expected (?P<wanted>\d+), got (?P<got>\d+)\)",
        "{got} values came for the {wanted} names on the left.",
    ),
    (
        "TypeError",
        r"'(?P<kind>\w+)' object cannot be interpreted as an integer",
        "a {kind} stands where a whole number is needed (a size, a count): `//` divides to a whole number, `/` never "
        "does.",
    ),
    (
        "ValueError",
        r"(?P<name>max|min)\(\) (?:arg|iterable argument) is (?:an )?empty",
        "`{name}` was given something empty: what should it be the first time? {name}(x, default=...) says.",
    ),
    ("KeyError", r"^(?P<key>.+)$", _key),
    (
        "IndexError",
        r"^(?P<kind>list|tuple|string) (?:assignment )?index out of range",
        "the {kind} has fewer entries than the index asks for: n entries have the numbers 0 to n - 1. Is a loop "
        "off by one?",
    ),
    ("IndexError", r"^pop from empty list", "the list is empty, so nothing can be taken from it."),
    (
        "AttributeError",
        r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
        _of_module,
    ),
    (
        "AttributeError",
        r"'(?P<kind>numpy\.\w+|Tensor|Parameter|list|tuple|dict|str|int|float|function)' object has no attribute "
        r"'(?P<name>\w+)'",
        _attribute,
    ),
    ("AttributeError", r"'(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'", _own_attribute),
    (
        "AttributeError",
        r"cannot assign (?:module|parameters?) before Module.__init__\(\) call",
        "a torch module must be set up before anything is put into it: the first line of __init__ is "
        "super().__init__().",
    ),
    ("ZeroDivisionError", r"", "a division by zero."),
    ("RecursionError", r"", "a function calls itself without end: what stops it?"),
    (
        "ModuleNotFoundError",
        r"No module named '(?P<name>[\w.]+)'",
        "the module {name} is not available: is it spelled right? Use the libraries that the lesson imports.",
    ),
    (
        "ImportError",
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        "{module} has nothing called `{name}`: is it spelled right?",
    ),
    (
        "IndentationError TabError SyntaxError",
        r"^(?P<message>.*)$",
        lambda match, raised: f"{syntax_in_words(match['message'], raised.code)}",
    ),
    ("MemoryError", r"", "more memory was asked for than is allowed: is an array made much larger than needed?"),
    ("SystemExit", r"", "the code ends the whole program: remove exit() or quit()."),
)
