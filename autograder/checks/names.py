"""Which name a misspelt one was probably meant to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import SequenceMatcher
from types import FunctionType

from autograder.checks.plain import is_a

_MOST = 2  # more names that are equally near say nothing


def near(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that differ from ``name`` by a slip of the keyboard, the nearest ones; none if they are many."""
    allowed = 0 if len(name) < 3 else 1 if len(name) < 8 else 2
    found: dict[int, list[str]] = {}
    for other in dict.fromkeys(known):
        if other != name and abs(len(other) - len(name)) <= max(allowed, 2):
            found.setdefault(_slips(name, other), []).append(other)
    least = min(found, default=allowed + 1)
    return tuple(found[least]) if least <= allowed and len(found[least]) <= _MOST else ()


def _slips(left: str, right: str) -> int:
    """How many letters differ; two exchanged neighbours are one slip, capitals and underscores none."""
    if _folded(left) == _folded(right):
        return 0
    if len(left) == len(right):
        apart = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
        if len(apart) == 2 and apart[1] == apart[0] + 1 and sorted(left) == sorted(right):
            return 1
    opcodes = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in opcodes if tag != "equal")


def _folded(name: str) -> str:
    return name.replace("_", "").lower()


def is_meant(names: Collection[str]) -> str:
    """The question whether one of these names is meant; "" if there are none."""
    return f"is {' or '.join(f'`{name}`' for name in names)} meant?" if names else ""


def misspelt_definition(wanted: str, names: Mapping[str, object]) -> str:
    """Whether one of a learner's own functions or classes is ``wanted`` under a misspelt name; "" if none is."""
    own = [name for name, value in names.items() if type(value) is FunctionType or is_a(value, type)]
    found = near(wanted, (name for name in own if not name.startswith("_")))
    return f"is `{found[0]}` meant to be `{wanted}`?" if len(found) == 1 else ""
