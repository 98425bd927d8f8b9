"""Forbidden names: found in the source, and refused while the student's code runs.

Both promise only the listed routes. The source check sees names, attribute chains, imports under any alias and
``getattr`` with a constant. At run time a class refuses to be made, a function to be called, a module to be used
through the student's own names or to be imported for the first time. Methods of C types (``numpy.ndarray.sort``)
cannot be replaced, and a method such as ``torch.Tensor.backward`` is no name that a source shows: it is refused at
run time only.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from autograder.checks.failure import ForbiddenName
from autograder.parsed import parsed

STANDARD_ALIASES = {
    "np": "numpy",
    "torch": "torch",
    "nn": "torch.nn",
    "F": "torch.nn.functional",
    "plt": "matplotlib.pyplot",
    "math": "math",
    "scipy": "scipy",
    "sklearn": "sklearn",
}
_Scope: TypeAlias = Mapping[str, str]  # local name -> dotted name it stands for; "" for a name of the student's own
_ENGINE = str(Path(__file__).parents[1]) + os.sep


# --- in the source -------------------------------------------------------------------------------------------------


def forbidden_in_source(source: str, forbidden: Sequence[str], *, context: str = "") -> list[tuple[str, int]]:
    """Where a source uses forbidden names: (the forbidden name, line), in order of lines, each line once.

    An import alone is no use of what it imports; type annotations do not count.

    Args:
        source: An answer. One that is no valid Python uses nothing.
        forbidden: Dotted names; that of a module forbids everything in it.
        context: Other source of the same submission, whose imports and aliases hold here too.
    """
    try:
        tree, around = parsed(source), parsed(context)
    except (SyntaxError, ValueError):
        return []
    aliases = {**STANDARD_ALIASES, **_bindings(around.body, STANDARD_ALIASES)}
    finder = _Finder(tuple(forbidden), aliases | _bindings(tree.body, aliases))
    for statement in tree.body:
        finder.visit(statement)
    return sorted(set(finder.found), key=lambda use: (use[1], use[0]))


def _bindings(body: Sequence[ast.stmt], outer: _Scope) -> dict[str, str]:
    """What the statements of one scope bind: imports and aliases to dotted names, everything else to ""."""
    bound: dict[str, str] = {}
    for node in _same_scope(body):
        match node:
            case ast.Import(names=names):
                bound |= {item.asname or item.name.partition(".")[0]: _imported(item) for item in names}
            case ast.ImportFrom(module=str(module), names=names):
                bound |= {item.asname or item.name: f"{module}.{item.name}" for item in names if item.name != "*"}
                bound |= {name: path for item in names if item.name == "*" for name, path in _starred(module)}
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                bound[name] = _dotted(value, {**outer, **bound}) or ""
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.setdefault(name, "")
    return bound


def _imported(item: ast.alias) -> str:
    return item.name if item.asname else item.name.partition(".")[0]


def _starred(module: str) -> Iterator[tuple[str, str]]:
    loaded = sys.modules.get(module)
    names = getattr(loaded, "__all__", None) or [name for name in vars(loaded or ast) if not name.startswith("_")]
    return ((name, f"{module}.{name}") for name in (names if loaded else ()))


def _same_scope(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of a scope in order, without the insides of functions and classes in it."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _same_scope(list(ast.iter_child_nodes(node)))


def _dotted(node: ast.expr | None, scope: _Scope) -> str | None:
    """The dotted name an expression stands for: through aliases, attributes, getattr and import_module."""
    match node:
        case ast.Name(id=name):
            return scope.get(name, name) or None
        case ast.Attribute(value=value, attr=attr):
            base = _dotted(value, scope)
            return f"{base}.{attr}" if base else None
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(attr)), *_]):
            base = _dotted(owner, scope)
            return f"{base}.{attr}" if base else None
        case ast.Call(func=function, args=[ast.Constant(value=str(module)), *_]):
            importers = {"importlib.import_module": module, "__import__": module.partition(".")[0]}
            return importers.get(_dotted(function, scope) or "")
    return None


class _Finder(ast.NodeVisitor):
    """Collects uses of forbidden names, scope by scope."""

    def __init__(self, forbidden: tuple[str, ...], scope: _Scope) -> None:
        self.found: list[tuple[str, int]] = []
        self._forbidden = forbidden
        self._scope = scope

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._look_at(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self._look_at(node):
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        self._look_at(node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """Its annotation does not count."""

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self.visit(part)
        self._visit_inside(node.body, _parameters(node.args))

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_inside([node.body], _parameters(node.args))

    def _visit_inside(self, body: Sequence[ast.AST], parameters: Mapping[str, str]) -> None:
        outer = self._scope
        inside = {**outer, **parameters}
        self._scope = {**inside, **_bindings(body, inside)}  # type: ignore[arg-type]  # a lambda's expression binds nothing
        for part in body:
            self.visit(part)
        self._scope = outer

    def _look_at(self, node: ast.expr) -> bool:
        dotted = _dotted(node, self._scope)
        for name in self._forbidden if dotted else ():
            if dotted == name or dotted.startswith(name + ".") or _same_object(dotted, name):  # type: ignore[union-attr]
                self.found.append((name, node.lineno))
                return True
        return False


def _parameters(arguments: ast.arguments) -> dict[str, str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {item.arg: "" for item in every if item}


def _same_object(dotted: str | None, name: str) -> bool:
    """Whether two dotted names of loaded modules lead to one function or class: np.absolute is np.abs."""
    if not dotted or dotted.partition(".")[0] != name.partition(".")[0] or "." not in dotted:
        return False
    owner, _, thing = _found(name)
    return owner is not None and callable(thing) and _found(dotted)[2] is thing


# --- while running -------------------------------------------------------------------------------------------------


def _found(name: str) -> tuple[Any, str, Any]:
    """(owner, attribute, object) of a dotted name among the loaded modules; (None, "", None) when it is not there."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        owner: Any = sys.modules.get(".".join(parts[:cut]))
        if owner is None:
            continue
        if cut == len(parts):
            return owner, "", owner
        for part in parts[cut:-1]:
            owner = getattr(owner, part, None)
        thing = getattr(owner, parts[-1], None) if owner is not None else None
        return (owner, parts[-1], thing) if thing is not None else (None, "", None)
    return None, "", None


@contextmanager
def refused(
    names: Sequence[str],
    *,
    namespaces: Sequence[Mapping[str, Any]] = (),
    trusted: Sequence[str] = (),
) -> Iterator[None]:
    """While active, using one of the names raises ForbiddenName; afterwards everything is as it was.

    Code of the library that owns the name keeps using it. Not for several threads at once.

    Args:
        names: Dotted names of functions, classes, methods or modules. Unknown ones are ignored.
        namespaces: Dicts of the student's names: what they hold of the forbidden things is refused too.
        trusted: File names (as in ``co_filename``) of code that may use the names: a check's own.
    """
    with ExitStack() as undo:
        for name in names:
            guard = _Guard(name, _library_folders(name), tuple(trusted))
            _refuse(name, guard, undo)
            for namespace in namespaces:
                if isinstance(namespace, MutableMapping):
                    _refuse_in(namespace, name, guard, undo)
        yield


@dataclass(frozen=True)
class _Guard:
    """Decides whether the code that uses a forbidden name is the student's."""

    name: str
    folders: tuple[str, ...]
    trusted: tuple[str, ...]

    def check(self, *, depth: int = 2) -> None:
        """Raise ForbiddenName unless the caller's caller is the library or trusted."""
        filename = sys._getframe(depth).f_code.co_filename
        if not filename.startswith(self.folders) and filename not in self.trusted:
            raise ForbiddenName(self.name)


def _library_folders(name: str) -> tuple[str, ...]:
    """Where the library that owns a name lives; also the engine and the importing machinery."""
    file = getattr(sys.modules.get(name.partition(".")[0]), "__file__", None)
    library = (str(Path(file).parent) + os.sep,) if file else ()
    return (*library, _ENGINE, "<frozen ")


def _refuse(name: str, guard: _Guard, undo: ExitStack) -> None:
    owner, attr, thing = _found(name)
    if thing is None or isinstance(thing, ModuleType):
        _refuse_import(guard, undo)
        for member in _own_members(thing, name) if isinstance(thing, ModuleType) else ():
            _refuse_thing(thing, *member, guard, undo)
    else:
        _refuse_thing(owner, attr, thing, guard, undo)


def _own_members(module: ModuleType, name: str) -> list[tuple[str, Any]]:
    """Its public functions, and classes of its own; a whole library is refused through the namespaces alone."""
    if "." not in name:
        return []
    members = [(key, thing) for key, thing in vars(module).items() if not key.startswith("_") and callable(thing)]
    return [(key, thing) for key, thing in members if not isinstance(thing, type) or _is_within(thing.__module__, name)]


def _refuse_thing(owner: Any, attr: str, thing: Any, guard: _Guard, undo: ExitStack) -> None:
    if isinstance(thing, type):
        _set(thing, "__init__", _refusing_method(guard, thing.__init__), undo)  # type: ignore[misc]
    elif isinstance(owner, type):
        method = inspect.getattr_static(owner, attr)
        if isinstance(method, classmethod | staticmethod):
            _set(owner, attr, type(method)(_refusing_method(guard, method.__func__)), undo)
        else:
            _set(owner, attr, _refusing_method(guard, thing), undo)
    elif callable(thing):
        _set(owner, attr, _Refused(thing, guard), undo)


def _set(owner: Any, attr: str, value: Any, undo: ExitStack) -> None:
    try:
        before = {attr: vars(owner)[attr]} if attr in vars(owner) else {}
        setattr(owner, attr, value)
    except (TypeError, AttributeError):
        return  # a C type: see the module's docstring
    if before:
        undo.callback(setattr, owner, attr, before[attr])
    else:
        undo.callback(delattr, owner, attr)


def _refusing_method(guard: _Guard, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def refuse(*args: Any, **kwargs: Any) -> Any:
        guard.check()
        return original(*args, **kwargs)

    return refuse


class _Refused:
    """Stands in for a function (and its attributes, as of np.add.reduce) while it is forbidden."""

    def __init__(self, thing: Any, guard: _Guard) -> None:
        self._thing = thing
        self._guard = guard

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._guard.check()
        return self._thing(*args, **kwargs)

    def __getattr__(self, attr: str) -> Any:
        if not attr.startswith("__"):  # those are asked for by copy and inspect, and compute nothing
            self._guard.check()
        return getattr(self._thing, attr)


class _RefusedModule(ModuleType):
    """Stands in for a module in the student's names while it is forbidden."""

    def __init__(self, guard: _Guard) -> None:
        super().__init__(guard.name)
        self.__dict__["_guard"] = guard

    def __getattr__(self, attr: str) -> Any:
        if attr.startswith("__"):
            raise AttributeError(attr)
        raise ForbiddenName(self.__dict__["_guard"].name)


@dataclass(frozen=True)
class _RefusingFinder:
    """An import hook that refuses to load a module for the first time."""

    guard: _Guard

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Raise ForbiddenName for the module and what is in it, when the student's code imports it."""
        if _is_within(fullname, self.guard.name):
            depth = 1
            while sys._getframe(depth).f_code.co_filename.startswith("<frozen importlib"):
                depth += 1
            self.guard.check(depth=depth + 1)
        return None


def _refuse_import(guard: _Guard, undo: ExitStack) -> None:
    finder: Any = _RefusingFinder(guard)
    sys.meta_path.insert(0, finder)
    undo.callback(sys.meta_path.remove, finder)


def _refuse_in(namespace: MutableMapping[str, Any], name: str, guard: _Guard, undo: ExitStack) -> None:
    """Replace what a namespace holds of a forbidden function or module, or of a forbidden module's contents."""
    thing = _found(name)[2]
    original = thing._thing if isinstance(thing, _Refused) else thing
    if original is None:
        return
    module = isinstance(original, ModuleType)
    for key, value in list(namespace.items()):
        if isinstance(value, ModuleType) and module and _is_within(value.__name__, name):
            stand_in: Any = _RefusedModule(guard)
        elif isinstance(value, type | ModuleType | _Refused) or not callable(value):
            continue
        elif value is original or (module and _is_within(str(getattr(value, "__module__", "")), name)):
            stand_in = _Refused(value, guard)
        else:
            continue
        namespace[key] = stand_in
        undo.callback(namespace.__setitem__, key, value)


def _is_within(module: str, name: str) -> bool:
    return module == name or module.startswith(name + ".")
