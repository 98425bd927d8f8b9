"""What can be said of an unknown name where it is looked up, from the names that are there.

Nothing of the student's is executed for it: only plain dictionaries of frames, modules, classes and objects are read.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from types import FunctionType, ModuleType

from autograder.checks.forbidden import STANDARD_ALIASES
from autograder.checks.names import is_meant, near
from autograder.checks.plain import home_of, is_a, type_name

_LIBRARIES = ("numpy", "torch", "math")
_HOMES = ("itertools", "functools", "collections", "copy", "collections.abc", "typing", "dataclasses", "pathlib")
_OTHER_WORDS = {"null": "None", "NULL": "None", "nil": "None", "this": "self"}
_KEYWORDS = (
    "axis", "keepdims", "dim", "keepdim", "dtype", "size", "shape", "out", "where", "ddof", "reduction", "generator",
    "requires_grad", "device", "default", "strict", "key", "reverse", "indexing", "subscripts", "lr", "momentum",
)  # fmt: skip
_NUMPYS_WORD = {"dim": "axis", "dims": "axis", "keepdim": "keepdims", "keep_dims": "keepdims"}


def hint(error: BaseException, scope: Mapping[str, object], own_names: Collection[str] = ()) -> str:
    """A sentence on the name that an exception is about; "" if there is nothing to say.

    Args:
        error: A NameError, AttributeError or TypeError as Python raises it; others have no hint.
        scope: The variables of the frame it happened in.
        own_names: Those of them that are the function's own variables; they are looked at first.
    """
    if type(error) is NameError and isinstance(error.name, str):
        return _for_variable(error.name, scope, own_names)
    if type(error) is AttributeError and isinstance(error.name, str):
        return _for_attribute(error.name, error.obj)
    if type(error) is TypeError:
        return _for_keyword(error, scope)
    return ""


def _for_variable(name: str, scope: Mapping[str, object], own_names: Collection[str]) -> str:
    if name in STANDARD_ALIASES:
        return _for_alias(name, scope)
    if "self" in scope and name in names_of(scope["self"]):
        return f"is `self.{name}` meant?"
    if name == "T":
        return "a transpose is written with a dot, as in x.T."
    if name in _OTHER_WORDS:
        return f"is `{_OTHER_WORDS[name]}` meant?"
    for tier in (own_names, scope, dir(builtins)):
        found = near(name, (one for one in tier if not one.startswith("_")))
        if found:
            return is_meant(found)
    shortened = [
        one for one in own_names if min(len(one), len(name)) > 2 and (name.startswith(one) or one.startswith(name))
    ]
    if len(shortened) == 1:
        return is_meant(shortened)
    return is_meant(tuple(_in_modules(name, scope))[:2]) or _import_of(name)


def _for_alias(name: str, scope: Mapping[str, object]) -> str:
    real = STANDARD_ALIASES[name]
    usual = f"import {real}" if real == name else f"import {real} as {name}"
    for other, value in scope.items():
        if type(value) is ModuleType and vars(value).get("__name__") == real:
            return f"this file imports {real} as `{other}`: write `{usual}`, or use `{other}`."
    return f"the line `{usual}` is missing."


def _in_modules(name: str, scope: Mapping[str, object]) -> Iterator[str]:
    """The name as an attribute of the libraries that are imported here: np.exp."""
    for alias, value in scope.items():
        if type(value) is ModuleType and vars(value).get("__name__") in _LIBRARIES and name in vars(value):
            yield f"{alias}.{name}"


def _import_of(name: str) -> str:
    if name in sys.stdlib_module_names:
        return f"the line `import {name}` is missing."
    for home in _HOMES:
        module = sys.modules.get(home)
        if name in getattr(module, "__all__", vars(module) if module else ()):
            return f"the line `from {home} import {name}` is missing."
    return ""


def _for_attribute(name: str, owner: object) -> str:
    kind = type_name(owner)
    if kind in {"float", "int"} and name in _OF_TENSORS:
        return _PLAIN_NUMBER
    if (kind, name) in _FOREIGN:
        return _FOREIGN[kind, name]
    if type(owner) is dict and name in owner:
        return f'a dict keeps its entries under keys: write ["{name}"] in place of .{name}.'
    found = near(name, sorted(one for one in names_of(owner) if not one.startswith("_")))
    if not found and type(owner) is ModuleType:
        return _of_the_other_library(name, owner)
    if len(found) == 1 and not _is_of_a_library(owner):  # it may be the definition that is misspelt
        return f"it has `{found[0]}`: is one of the two misspelt?"
    return is_meant(found)


def _of_the_other_library(name: str, owner: ModuleType) -> str:
    other = {"numpy": "torch", "torch": "numpy"}.get(str(vars(owner).get("__name__")), "")
    return f"that is a function of {other}, under this name." if name in vars(sys.modules.get(other, object)) else ""


def _is_of_a_library(owner: object) -> bool:
    if type(owner) is ModuleType:
        return True
    return home_of(owner).partition(".")[0] in {"numpy", "torch", "builtins"}


def names_of(owner: object) -> set[str]:
    """The attributes of an object, without its properties or ``__dir__``."""
    if type(owner) is ModuleType:
        return set(vars(owner))
    found = {name for base in type.mro(type(owner)) for name in type.__dict__["__dict__"].__get__(base)}
    if is_a(owner, type):
        bases = type.mro(owner)  # type: ignore[arg-type]
        return found | {name for base in bases for name in type.__dict__["__dict__"].__get__(base)}
    try:
        own = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return found
    homes = (own, *(own.get(part) for part in ("_parameters", "_buffers", "_modules"))) if type(own) is dict else ()
    return found | {name for home in homes if type(home) is dict for name in home if type(name) is str}


def _for_keyword(error: TypeError, scope: Mapping[str, object]) -> str:
    match = re.match(r"([\w.<>]+)\(\) got an unexpected keyword argument '(\w+)'", str(error))
    if match is None:
        return ""
    function, which = scope.get(match[1]), match[2]
    if type(function) is FunctionType:
        code = function.__code__
        return is_meant(near(which, code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]))
    if which in _NUMPYS_WORD:
        return f"NumPy says `{_NUMPYS_WORD[which]}`."
    return is_meant(near(which, _KEYWORDS))


_APPEND = "a list grows with `append`."
_LENGTH = "its length is len(...)."
_LIST_SHAPE = "a list has no shape, and no arithmetic entry by entry: make an array of it with np.array(...)."
_ARRAY_APPEND = (
    "an array does not grow: collect the parts in a list and make one array at the end (np.array, np.concatenate)."
)
_PLAIN_NUMBER = "it is a plain number, without gradient or axes: was .item() or float() used too early?"
_OF_TENSORS = frozenset(
    "backward detach item grad numpy requires_grad requires_grad_ clone shape sum mean T reshape ndim".split()  # noqa: SIM905 - a table of names reads better as text
)
_FOREIGN = {
    **{("list", name): _APPEND for name in ("push", "push_back", "add", "put")},
    **{("list", name): _LENGTH for name in ("length", "size", "len")},
    **{("list", name): _LIST_SHAPE for name in ("shape", "T", "ndim", "sum", "mean", "max", "reshape", "dtype")},
    **{("numpy.ndarray", name): _ARRAY_APPEND for name in ("append", "push", "add", "extend", "insert")},
    **{("numpy.ndarray", name): "its length is len(...), its sizes are .shape." for name in ("length", "len")},
    ("numpy.ndarray", "view_as"): "that is a method of torch's tensors: NumPy has .reshape(...).",
    ("numpy.ndarray", "unsqueeze"): "that is a method of torch's tensors: x[:, None] adds an axis to an array.",
    ("numpy.ndarray", "permute"): "that is a method of torch's tensors: NumPy has .transpose(...).",
    ("numpy.ndarray", "exp"): "that is a function: np.exp(x).",
    ("numpy.ndarray", "log"): "that is a function: np.log(x).",
    ("numpy.ndarray", "sqrt"): "that is a function: np.sqrt(x).",
    ("numpy.ndarray", "tanh"): "that is a function: np.tanh(x).",
    ("numpy.ndarray", "abs"): "that is a function: np.abs(x).",
    ("numpy.ndarray", "detach"): "it is an array already: only tensors are detached.",
    ("numpy.ndarray", "numpy"): "it is an array already.",
    ("numpy.ndarray", "backward"): "it is an array, and arrays record no gradient: was .numpy() used too early?",
    ("torch.Tensor", "astype"): "that is a method of NumPy's arrays: a tensor has .to(dtype), .float(), .long().",
    ("torch.Tensor", "copy"): "that is a method of NumPy's arrays: a tensor has .clone().",
    ("torch.Tensor", "append"): "a tensor does not grow: collect the parts in a list, then torch.stack or torch.cat.",
    ("tuple", "append"): "a tuple cannot be changed: make a list.",
    ("dict", "append"): "a dict takes an entry with d[key] = value.",
    ("dict", "add"): "a dict takes an entry with d[key] = value.",
}  # fmt: skip
