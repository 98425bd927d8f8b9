"""Python's own errors in the student's words: (exception types, pattern of the message, sentence)."""

from __future__ import annotations

from collections.abc import Sequence

NONE = "a function without `return` gives None, and so do methods that work in place, such as list.append or list.sort."

PYTHON_RULES: Sequence[tuple[str, str, str]] = (
    (
        "UnboundLocalError",
        r"local variable '(?P<name>\w+)'",
        "`{name}` is used before it is given a value here. A name that a function assigns anywhere is its own "
        "throughout: was the assigning branch skipped, or is an outer variable meant?",
    ),
    (
        "NameError",
        r"name '(?P<name>\w+)' is not defined",
        "`{name}` is not defined here. Is it spelled as where it is defined? A helper must be a function of its own "
        "cell or file, at the top level, and imported modules need their import.",
    ),
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
        "`{name}` has no argument called `{which}`: look at its signature.",
    ),
    (
        "TypeError",
        r"unsupported operand type\(s\) for (?P<op>\S+): .*'NoneType'",
        "one side of `{op}` is None: " + NONE,
    ),
    (
        "TypeError",
        r"'NoneType' object is not (?:subscriptable|iterable|callable)",
        "the value used here is None: " + NONE,
    ),
    ("TypeError", r"cannot unpack non-iterable NoneType", "the value unpacked here is None: " + NONE),
    ("TypeError", r"NoneType", "a value used here is None: " + NONE),
    (
        "AttributeError",
        r"'NoneType' object has no attribute '(?P<name>\w+)'",
        "the value before `.{name}` is None. It was returned by something that returned nothing? " + NONE,
    ),
    (
        "TypeError",
        r"'(?P<kind>numpy\.ndarray|Tensor|list|dict|tuple|float|int)' object is not callable",
        "a value of type {kind} is called like a function: indexing takes square brackets, multiplication a `*`.",
    ),
    (
        "TypeError",
        r"'(?P<kind>function|method|builtin_function_or_method|type)' object is not (?:subscriptable|iterable)",
        "a {kind} stands where its value is meant: are the round brackets of the call missing?",
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
        "KeyError",
        r"^(?P<key>.+)$",
        "the dictionary has no key {key}. Is it spelled exactly as where it is stored?",
    ),
    (
        "IndexError",
        r"^(?P<kind>list|tuple|string) index out of range",
        "the {kind} has fewer entries than the index asks for.",
    ),
    (
        "AttributeError",
        r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
        "{module} has nothing called `{name}`: look up its name and where it lives.",
    ),
    (
        "AttributeError",
        r"'(?P<kind>numpy\.\w+|Tensor|Parameter|list|tuple|dict|str|int|float|function)' object has no attribute "
        r"'(?P<name>\w+)'",
        "a value of type {kind} has no attribute `{name}`: is it spelled right, and is this value what you expect?",
    ),
    (
        "AttributeError",
        r"'(?P<kind>[\w.]+)' object has no attribute '(?P<name>\w+)'",
        "an object of class {kind} has no attribute `{name}`: is it spelled right, and set (as self.{name}) before "
        "this line?",
    ),
    ("ZeroDivisionError", r"", "a division by zero."),
    ("RecursionError", r"", "a function calls itself without end: what stops it?"),
    (
        "ModuleNotFoundError",
        r"No module named '(?P<name>[\w.]+)'",
        "the module {name} is not available: use the libraries that the lesson imports.",
    ),
    ("IndentationError TabError", r"", "the lines of a block must begin with the same spaces."),
    ("SyntaxError", r"", "this is not valid Python: is a bracket, quote or colon missing here or in the line above?"),
    ("MemoryError", r"", "more memory was asked for than is allowed: is an array made much larger than needed?"),
    ("SystemExit", r"", "the code ends the whole program: remove exit() or quit()."),
)
