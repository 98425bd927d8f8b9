"""How much of given code an answer changes, for exercises that ask to repair it."""

from __future__ import annotations

import ast
from difflib import SequenceMatcher
from functools import lru_cache


def changed_lines(start: str, answer: str) -> int:
    """Count the lines in which two sources differ; layout, comments and docstrings do not count.

    A replaced line counts once, as do an added and a removed one.

    Raises:
        SyntaxError: If one of them is not Python.
    """
    before, after = _code_lines(start), _code_lines(answer)
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in opcodes if tag != "equal")


@lru_cache(maxsize=64)  # the given code is the same for all
def _code_lines(source: str) -> list[str]:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = _without_docstring(node.body)
    return [line for line in ast.unparse(tree).splitlines() if line.strip()]


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body
