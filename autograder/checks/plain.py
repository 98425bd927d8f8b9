"""Plain data: the values that may pass between student code and checks, free of anything the student defined.

Nothing here calls a method that a student's class could have overridden: base-class methods are called explicitly.
"""

from __future__ import annotations

import copy
import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autograder.checks.failure import CheckFailure

Array: TypeAlias = NDArray[Any]
_PLAIN_KINDS = "biufc"  # NumPy dtype kinds: bool, integers, floats, complex


class UnsupportedValue(Exception):  # noqa: N818 - it names the value, as everywhere else
    """A value is not plain data. The message names its type."""


def is_a(value: object, base: type) -> bool:
    """``isinstance`` that a ``__class__`` property cannot deceive."""
    return base in type.mro(type(value))


def is_tensor(value: object) -> bool:
    """Whether the value is a torch tensor; False when torch was never imported."""
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "Tensor") and is_a(value, torch.Tensor)


def tensor_shape(value: Any) -> tuple[int, ...]:
    """The shape of a tensor, of a subclass too, without its ``__torch_function__``."""
    with sys.modules["torch"]._C.DisableTorchFunctionSubclass():
        return tuple(int(size) for size in value.shape)


def plain_data(value: Any) -> Any:
    """Copy a value of the student's into the base types, as if it had crossed from another process.

    Raises:
        UnsupportedValue: If a part of it is none of None, bool, int, float, complex, str, bytes, list, tuple, dict
            with str or int keys, array of numbers, NumPy scalar, tensor, PCG64 generator.
    """
    if value is None or type(value) in {bool, int, float, complex, str, bytes}:
        return value
    if is_a(value, np.ndarray):
        return _plain_array(value)
    if is_tensor(value):
        return _plain_tensor(value)
    if type(value) is np.random.Generator:
        return copy.deepcopy(value)
    if is_a(value, dict):
        return {_plain_key(key): plain_data(item) for key, item in dict.items(value)}
    for sequence in (list, tuple):
        if is_a(value, sequence):
            return sequence(plain_data(item) for item in sequence.__iter__(value))
    return _plain_scalar(value)


def _plain_key(key: object) -> str | int:
    if is_a(key, str):
        return str.__str__(key)
    if is_a(key, int):
        return int.__int__(key)  # type: ignore[arg-type]
    raise UnsupportedValue(f"a dict with a key of type {type_name(key)}")


def _plain_scalar(value: Any) -> Any:
    if is_a(value, np.generic):
        if type(value).__module__ == "numpy" and np.dtype(type(value)).kind in _PLAIN_KINDS:
            return value
        raise UnsupportedValue(described(value))
    conversions = ((int, int.__int__), (float, float.__float__), (complex, complex.__complex__), (str, str.__str__))
    for base, convert in conversions:
        if is_a(value, base):
            return convert(value)
    raise UnsupportedValue(described(value))


def _plain_array(value: Array) -> Array:
    if value.dtype.kind not in _PLAIN_KINDS:
        raise UnsupportedValue(f"an array of dtype {value.dtype}")
    base = np.array(value, order="K", subok=False)
    if value.flags.c_contiguous or not base.flags.c_contiguous:
        return base
    spread = np.empty((*base.shape[:-1], 2 * base.shape[-1]), base.dtype)  # an argument x[:, ::2] stays non-contiguous
    spread[..., ::2] = base
    return spread[..., ::2]


def _plain_tensor(value: Any) -> Any:
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        if value.layout is not torch.strided or value.is_quantized:
            raise UnsupportedValue(f"a tensor with layout {value.layout}")
        plain = torch.Tensor.detach(value).as_subclass(torch.Tensor).cpu().clone(memory_format=torch.preserve_format)
        return plain.requires_grad_(bool(value.requires_grad))


def as_array(value: Any, *, name: str = "the value") -> Array:
    """The value as a plain array: from an array, tensor, number, or list or tuple of these.

    Raises:
        CheckFailure: If the value is something else, naming what.
    """
    if is_a(value, np.ndarray) and value.dtype.kind in _PLAIN_KINDS:
        return np.array(value, order="K", subok=False)
    if is_tensor(value):
        return _tensor_as_array(value)
    if is_a(value, list) or is_a(value, tuple):
        return _stacked(value, name)
    try:
        plain = _plain_scalar(value)
    except UnsupportedValue:
        plain = None
    if plain is None or type(plain) is str:
        raise CheckFailure(
            f"{name}: expected an array, got {described(value)}.", cause=type_cause(value), name=name, actual=None
        )
    array = np.asarray(plain)
    if array.dtype.kind == "O":
        raise CheckFailure(f"{name}: expected an array, got an int too large for one: {plain}.", name=name)
    return array


def _tensor_as_array(value: Any) -> Array:
    torch = sys.modules["torch"]
    with torch._C.DisableTorchFunctionSubclass():
        dense = torch.Tensor.detach(value)
        if dense.layout is not torch.strided:
            dense = dense.to_dense()
        plain = dense.as_subclass(torch.Tensor)
        if plain.dtype in {torch.bfloat16}:  # NumPy has no bfloat16; every bfloat16 is a float32
            plain = plain.float()
        return np.array(plain.numpy(force=True))


def _stacked(value: Any, name: str) -> Array:
    base = list if is_a(value, list) else tuple
    parts = [as_array(item, name=f"{name}[{i}]") for i, item in enumerate(base.__iter__(value))]
    shapes = {part.shape for part in parts}
    if len(shapes) > 1:
        listed = ", ".join(str(part.shape) for part in parts[:4])
        message = f"{name}: expected an array, got {described(value)} with different shapes: {listed}."
        cause = "is only one of them to be returned?" if base is tuple and "[" not in name else ""
        raise CheckFailure(message, cause=cause, name=name)
    return np.array(parts) if parts else np.empty(0)


def home_of(value: object) -> str:
    """The module that the type of a value comes from; "" for a class without one."""
    try:
        return str(type.__dict__["__module__"].__get__(type(value)))
    except AttributeError:
        return ""


def type_name(value: object) -> str:
    """The type's name as the student knows it: "list", "Linear", "numpy.matrix"."""
    kind, module = type(value), home_of(value)
    name: str = type.__dict__["__name__"].__get__(kind)
    return f"{module}.{name}" if module in {"numpy", "torch"} else name


def described(value: object) -> str:
    """What a value is, in a few words: "None", "a tuple of 2 values", "a float", "an array of shape (3, 4)"."""
    if value is None:
        return "None"
    if is_a(value, np.ndarray):
        return f"an array of shape {np.ndarray.shape.__get__(value)}"
    if is_tensor(value):
        return f"a tensor of shape {tensor_shape(value)}"
    for base in (list, tuple, dict):
        if is_a(value, base):
            count = base.__len__(value)  # type: ignore[arg-type]
            return f"a {base.__name__} of {count} value{'s' if count != 1 else ''}"
    if callable(value) and type_name(value) in {"function", "method", "builtin_function_or_method"}:
        return "a function"
    name = type_name(value)
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def type_cause(value: object) -> str:
    """Why a function may have returned a value of this type; empty when unsure."""
    if value is None:
        return "it returns None: is a `return` missing, or is it not finished?"
    if described(value) == "a function":
        return "a function was returned instead of its value: are the brackets of the call missing?"
    return ""
