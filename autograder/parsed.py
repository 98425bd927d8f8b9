"""Python text as a syntax tree, parsed once: reading, rules of the source and advice look at the same answers."""

from __future__ import annotations

import ast
from functools import lru_cache

_LONG = 50_000  # characters; a tree is some hundred times as large, so those of longer texts are not kept


def parsed(source: str) -> ast.Module:
    """The tree of a source. It is shared: do not change it.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: If Python cannot read it.
    """
    return ast.parse(source) if len(source) > _LONG else _kept(source)


@lru_cache(maxsize=128)  # a few submissions' answers, and the stubs
def _kept(source: str) -> ast.Module:
    return ast.parse(source)
