"""Which of the student's expressions raised, and the shapes of the arrays in it.

Nothing of the student's is executed for it: names are looked up in the frame, and only ``.T`` of arrays and constant
subscripts of plain lists, tuples and dicts are followed.
"""

from __future__ import annotations

import ast
import dis
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import FrameType, GetSetDescriptorType, MemberDescriptorType, TracebackType
from typing import TypeAlias

import numpy as np

from autograder.checks.failure import HINT, Raised
from autograder.checks.name_hints import hint
from autograder.checks.names import is_meant, near
from autograder.checks.plain import is_a, is_tensor

Operands: TypeAlias = tuple[tuple[str, tuple[int, ...]], ...]
MOST = 8  # operands that a message can use
_NOWHERE = object()
_REAL_DICT = {type(None), GetSetDescriptorType, MemberDescriptorType}
_STORES = {dis.opmap["STORE_SUBSCR"], dis.opmap["STORE_ATTR"], dis.opmap["UNPACK_SEQUENCE"]}  # both sides matter


def operands_on_line(code: str, frame_locals: Mapping[str, object]) -> Operands:
    """The arrays that a line of code names, with their shapes, in reading order.

    Args:
        code: One statement or expression; text that is no Python names nothing.
        frame_locals: The variables it sees. Attributes of ``self`` are found in its ``__dict__``.
    """
    tree = _parsed(code)
    found = dict(_arrays_in(tree, frame_locals)) if tree else {}
    return tuple(found.items())[:MOST]


def _parsed(code: str) -> ast.AST | None:
    text = code.strip()
    for attempt in (text, f"{text} pass", f"if True:\n pass\n{text} pass"):  # a line may open a block
        try:
            return ast.parse(attempt)
        except (SyntaxError, ValueError, RecursionError):
            continue
    return None


def _arrays_in(node: ast.AST, names: Mapping[str, object]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The outermost expressions that are arrays: ``x.T`` and not also ``x``."""
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        shape = _shape(_evaluated(node, names))
        if shape is not None:
            yield ast.unparse(node), shape
            return
    for child in ast.iter_child_nodes(node):
        yield from _arrays_in(child, names)


def _evaluated(node: ast.expr, names: Mapping[str, object]) -> object:
    match node:
        case ast.Name(id=name):
            return names.get(name, _NOWHERE)
        case ast.Attribute(value=value, attr="T"):
            base = _evaluated(value, names)
            return _transposed(base) if _shape(base) is not None else _attribute(base, "T")
        case ast.Attribute(value=value, attr=attr):
            return _attribute(_evaluated(value, names), attr)
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            return _item(_evaluated(value, names), key)
        case ast.Subscript(value=value, slice=ast.Name(id=name)):
            return _item(_evaluated(value, names), names.get(name))
    return _NOWHERE


def _transposed(value: object) -> object:
    return value.T if type(value) is np.ndarray or _is_plain_tensor(value) else _NOWHERE  # type: ignore[attr-defined]


def _attribute(owner: object, name: str) -> object:
    """An instance's own attribute, without its properties or ``__getattr__``; a parameter of a module too."""
    if any(type(vars(base).get("__dict__")) not in _REAL_DICT for base in type.mro(type(owner))):
        return _NOWHERE  # a property in its place would run the student's code
    try:
        own = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return _NOWHERE
    if type(own) is not dict:
        return _NOWHERE
    for home in (own, own.get("_parameters"), own.get("_buffers")):
        if type(home) is dict and name in home:
            return home[name]
    return _NOWHERE


def _item(container: object, key: object) -> object:
    try:
        if type(container) is dict and type(key) in {str, int}:
            return container.get(key, _NOWHERE)
        if type(container) in {list, tuple} and type(key) is int:
            return container[key]  # type: ignore[index]
    except (IndexError, TypeError):
        pass
    return _NOWHERE


def _is_plain_tensor(value: object) -> bool:
    return is_tensor(value) and type(value).__module__.partition(".")[0] == "torch"


def _shape(value: object) -> tuple[int, ...] | None:
    if is_a(value, np.ndarray):
        return tuple(np.ndarray.shape.__get__(value))
    if _is_plain_tensor(value):
        return tuple(int(size) for size in value.shape)  # type: ignore[attr-defined]
    return None


def raised_from(exception: BaseException, sources: Mapping[str, str]) -> Raised:
    """Describe an exception as data, placed in the innermost frame that is the student's.

    Args:
        exception: As caught, with its traceback.
        sources: File name of the student's code (as in ``co_filename``) -> its text. Its key becomes ``cell``.
    """
    kind, message = _kind(exception), _message(exception)
    added = _added_to(exception, kind, sources)
    message += f"{HINT}{added}" if added else ""
    if isinstance(exception, SyntaxError) and (filename := exception.filename or "") in sources:
        line = exception.lineno or 0
        return Raised(kind, exception.msg, filename, line, _line(sources[filename], line))
    for link in reversed(_links(exception)):
        filename = link.tb_frame.f_code.co_filename
        if filename in sources:
            code = _failing_expression(link, sources[filename])
            return Raised(kind, message, filename, link.tb_lineno, code, _operands_of(code, link.tb_frame))
    return Raised(kind, message)


def _links(exception: BaseException) -> list[TracebackType]:
    links, link = [], exception.__traceback__
    while link is not None:
        links.append(link)
        link = link.tb_next
    return links


def _kind(exception: BaseException) -> str:
    """Its class name; "NotImplementedError" only where that says the student has not begun, as torch's do not."""
    if isinstance(exception, NotImplementedError):
        links = _links(exception)
        return "NotImplementedError" if not links or _is_students_raise(links[-1]) else "RuntimeError"
    return type.__dict__["__name__"].__get__(type(exception))  # type: ignore[no-any-return]


def _is_students_raise(link: TracebackType) -> bool:
    code, home = link.tb_frame.f_code.co_code, str(link.tb_frame.f_globals.get("__name__"))
    return code[link.tb_lasti] == dis.opmap["RAISE_VARARGS"] and home.partition(".")[0] not in {"torch", "numpy"}


def _added_to(exception: BaseException, kind: str, sources: Mapping[str, str]) -> str:
    """What can be said only here, where the names are known; "" where that is nothing."""
    links = [link for link in _links(exception) if link.tb_frame.f_code.co_filename in sources]
    try:
        if not links:
            return hint(exception, {})
        frame, source = links[-1].tb_frame, sources[links[-1].tb_frame.f_code.co_filename]
        if kind == "NotImplementedError":
            return _left_over(source, links[-1].tb_lineno)
        names = {**frame.f_globals, **frame.f_locals}
        if type(exception) is KeyError:
            return _keys_near(exception, _failing_expression(links[-1], source), names)
        return hint(exception, names, tuple(frame.f_locals))
    except Exception:  # noqa: BLE001 - names and objects are the student's: a hint must not cost a verdict
        return ""


def _left_over(source: str, line: int) -> str:
    """Whether a `raise NotImplementedError` stands behind other statements: then something was begun."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            if body and body[0].lineno <= line <= (body[0].end_lineno or 0) and isinstance(body[0], ast.Raise):
                return ""
    return (
        "`raise NotImplementedError` is still there: write the missing part in its place, or delete the line if the "
        "answer above it is complete."
    )


def _keys_near(error: KeyError, code: str, names: Mapping[str, object]) -> str:
    """The keys of the dict that was asked, by the text of the one subscript that asks."""
    tree = _parsed(code)
    asked = [node for node in ast.walk(tree) if isinstance(node, ast.Subscript)] if tree else []
    owner = _evaluated(asked[0].value, names) if len(asked) == 1 else None
    if type(owner) is not dict or len(error.args) != 1:
        return ""
    key, keys = error.args[0], [one for one in owner if type(one) in {str, int}]
    if not keys:
        return "it is empty: nothing is stored in it before this line."
    found = near(key, (one for one in keys if type(one) is str)) if type(key) is str else ()
    listed = ", ".join(repr(one) for one in keys[:MOST]) + (", ..." if len(keys) > MOST else "")
    return f"{is_meant(found)} Its keys are {listed}.".strip()


def _message(exception: BaseException) -> str:
    """Its message, which a student's ``__str__`` may refuse to give."""
    try:
        return str(exception)[:2000]
    except Exception:  # noqa: BLE001 - any error of a student's own exception class
        return "(its message could not be read)"


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


def _failing_expression(link: TracebackType, source: str) -> str:
    """The text of the expression that was being computed; the whole line where Python does not know."""
    whole = _line(source, link.tb_lineno)
    positions = list(link.tb_frame.f_code.co_positions())
    index = link.tb_lasti // 2
    first, last, start, end = positions[index] if 0 <= index < len(positions) else (None,) * 4
    lines = source.splitlines()
    if first is None or last is None or start is None or end is None or not 0 < first <= last <= len(lines):
        return whole
    chosen = [line.encode() for line in lines[first - 1 : last]]
    chosen[-1] = chosen[-1][:end]
    chosen[0] = chosen[0][start:]
    text = " ".join(part.decode(errors="replace").strip() for part in chosen)
    stores = link.tb_frame.f_code.co_code[link.tb_lasti] in _STORES
    opens_a_block = last > first and whole.endswith(":")  # of a loop, all its lines
    if stores or opens_a_block or _parsed(text) is None or whole.startswith(("raise ", "assert ")):
        return whole
    return text


def _operands_of(code: str, frame: FrameType) -> Operands:
    names = {**frame.f_globals, **frame.f_locals}
    return operands_on_line(code, names)


def place(raised: Raised) -> str:
    """Where it happened, in words: "line 7 of backward, `d_out @ W`"; "" when unknown."""
    if not raised.line:
        return ""
    cell = f" of {PurePath(raised.cell).name}" if raised.cell else ""
    code = raised.code if len(raised.code) <= 100 else raised.code[:97] + "..."
    return f"line {raised.line}{cell}" + (f", `{code}`" if code else "")
