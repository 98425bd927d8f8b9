"""What staff may want to read in a submission: code that reaches for the interpreter, the system or the grader.

Advice, never a verdict: the lock-down does not depend on it, it changes no mark, and whoever hides what they do from it
finds a way. What a worker was refused is told as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from autograder.checks.forbidden import STANDARD_ALIASES
from autograder.outputs import CellRun
from autograder.submission import Cell, Role, parse_cell

MOST = 8  # sentences for one submission

_MODULES = frozenset(
    """
    _ctypes _posixsubprocess _socket _thread atexit autograder builtins cffi ctypes dis faulthandler fcntl gc http
    importlib marshal mmap multiprocessing pdb pickle pkgutil posix pty resource runpy selectors signal socket ssl
    subprocess termios traceback urllib requests IPython.core msgspec
    """.split()  # noqa: SIM905 - a table of names reads better as text
)
_USUAL = {
    "os": frozenset("path environ getcwd listdir makedirs mkdir remove sep cpu_count linesep".split()),  # noqa: SIM905
    "sys": frozenset(
        "version version_info stdout stderr path argv maxsize float_info getsizeof exit platform".split()  # noqa: SIM905
    ),
    "autograder": frozenset({"check", "hint"}),
}
_BUILTINS = frozenset({"eval", "exec", "compile", "__import__", "globals", "get_ipython", "breakpoint"})
_INSIDES = frozenset(
    """
    __array__ __array_function__ __array_interface__ __array_priority__ __array_struct__ __array_ufunc__
    __bases__ __builtins__ __closure__ __code__ __getattribute__ __globals__ __mro__ __reduce__ __reduce_ex__
    __subclasses__ __torch_dispatch__ __torch_function__ ag_frame cr_frame f_back f_builtins f_globals f_locals
    gi_frame tb_frame tb_next
    """.split()  # noqa: SIM905 - the same
)
_OWN = frozenset({"__class__", "__eq__", "__hash__", "__getattr__"})
_PLACES = ("/proc", "/dev/", "/sys", "/etc", "/root", "/home", "/var", "/usr", "/tmp", "../", "left-behind")  # noqa: S108
_SETTINGS = frozenset({"backends", "environ", "rcParams"})  # parts of libraries that are there to be changed
_LIBRARIES = frozenset({"numpy", "torch", "math", "builtins", "matplotlib", "random", "sys", "os"})
_WORDS = (*_MODULES, *_USUAL, *_BUILTINS, *_INSIDES, *_OWN, "getattr", "setattr")
_WORTH_A_LOOK = re.compile(  # most answers hold none of this, and are not parsed for it
    rf"\b({'|'.join(map(re.escape, _WORDS))})\b|{'|'.join(map(re.escape, _PLACES))}"
    r"|^[ \t]*(?!self\.)\w+(\.\w+)+(\[.*\])?[ \t]*=",
    re.MULTILINE,
)


def unusual(cells: Iterable[Cell]) -> tuple[str, ...]:
    """A sentence for each unusual thing in a student's own cells, the first ones of many."""
    found: dict[str, None] = {}
    for cell in cells:
        if cell.role is not Role.GIVEN and _WORTH_A_LOOK.search(cell.source):
            for line, what in _unusual_in(cell.source):
                found.setdefault(f"`{cell.name}`, line {line}: {what}; no exercise needs that")
    sentences = list(found)
    more = len(sentences) - MOST
    return (*sentences[:MOST], *([f"{more} more lines of this kind"] if more > 0 else []))


def _unusual_in(source: str) -> list[tuple[int, str]]:
    tree, _ = parse_cell(source)
    if tree is None:
        return []
    try:
        return sorted(_Look(tree).found)
    except RecursionError:
        return [(1, "nested so deeply that it was not looked through")]


def refused(runs: Sequence[CellRun]) -> tuple[str, ...]:
    """A sentence for each cell that was ended because the lock-down refused it something."""
    return tuple(
        f"`{run.name}`, line {run.raised.line}: the lock-down refused something ({run.raised.message})"
        for run in runs
        if run.raised is not None and run.raised.type == "PermissionError"
    )


class _Look(ast.NodeVisitor):
    """Collects (line, words)."""

    def __init__(self, tree: ast.AST) -> None:
        self.found: set[tuple[int, str]] = set()
        self._modules: dict[str, str] = {}  # local name -> module
        self.visit(tree)

    def visit_Import(self, node: ast.Import) -> None:
        for item in node.names:
            self._modules[item.asname or item.name.partition(".")[0]] = (
                item.name if item.asname else item.name.partition(".")[0]
            )
            self._look_at_import(node, item.name, "")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for item in node.names:
            self._modules[item.asname or item.name] = f"{node.module}.{item.name}"
            self._look_at_import(node, node.module or "", item.name)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in _BUILTINS and isinstance(node.ctx, ast.Load):
            self._say(node, f"`{node.id}`")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in _INSIDES:
            self._say(node, f"`{node.attr}`")
        module = self._modules.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
        if node.attr not in _USUAL.get(module, {node.attr}):
            self._say(node, f"`{module}.{node.attr}`")
        if not isinstance(node.ctx, ast.Load):
            self._look_at_replacement(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        match node:
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, name, *_]) if self._library(owner):
                if not isinstance(name, ast.Constant):
                    self._say(node, f"`getattr` on {self._library(owner)} with a computed name")
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, *_]) if self._library(owner):
                self._say(node, f"`setattr` on {self._library(owner)}")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._look_at_replacement(node.value)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in _INSIDES:
            self._say(node, f"its own `{node.name}`")
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.FunctionDef(name=name) if name in _OWN:
                    self._say(statement, f"its own `{name}`")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value.startswith(_PLACES):
            self._say(node, f"the place `{node.value[:40]}`")

    def _look_at_import(self, node: ast.stmt, module: str, name: str) -> None:
        top = module.partition(".")[0]
        if top in _USUAL:
            if (name and name not in _USUAL[top]) or (not name and "." in module and module != "os.path"):
                self._say(node, f"`{module}.{name}`".replace(".`", "`"))
        elif top in _MODULES or any(module.startswith(known) for known in _MODULES if "." in known):
            self._say(node, f"`{module}`")

    def _look_at_replacement(self, node: ast.expr) -> None:
        library = self._library(node)
        if library:
            self._say(node, f"replaces a part of {library}")

    def _library(self, node: ast.expr) -> str:
        """The library that an expression is a part of; "" if it is none."""
        while isinstance(node, ast.Attribute):
            if node.attr in _SETTINGS:
                return ""
            node = node.value
        name = node.id if isinstance(node, ast.Name) else ""
        top = self._modules.get(name, STANDARD_ALIASES.get(name, "")).partition(".")[0]
        return top if top in _LIBRARIES else ""

    def _say(self, node: ast.AST, what: str) -> None:
        self.found.add((getattr(node, "lineno", 0), what))
