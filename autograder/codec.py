"""What may cross between processes: numbers, text, lists, dicts, arrays, tensors. Data, never code; no pickle.

A message has two parts, so that hostile bytes can make the reader allocate only a small multiple of what was sent::

    4 bytes  length of the structure
    ...      the structure: MessagePack, at most MAX_STRUCTURE bytes
    ...      the bulk: the bytes of arrays and of long texts, one after the other, in the structure's order

The structure's extension types say how the next bytes of the bulk are to be read. The reader takes the bulk strictly
in order, so no byte can be claimed twice. A tuple is a list that starts with the extension TUPLE. An array that was
not contiguous arrives not contiguous (the order of its axes in memory is kept, a gap becomes a step of 2).

What arrives can be encoded again, and printed. Reading n bytes allocates at most ``200 * structure + 6 * bulk`` bytes
and a constant, and takes time in proportion to n: see ``survey.py``.
"""

from __future__ import annotations

import datetime
import math
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import msgspec
import numpy as np

from autograder.lesson import LARGEST_REPLY_MB
from autograder.survey import MAX_DEPTH, MAX_INT_KEYS, MAX_ITEMS, WRONG_KEY, DecodeError, survey

__all__ = ["DecodeError", "TooLarge", "UnsupportedValue", "decode", "encode"]

MAX_MESSAGE = LARGEST_REPLY_MB * 2**20
MAX_STRUCTURE = 4 * 2**20  # an empty list is one byte here and 56 in memory
MAX_INT_BYTES = 1024  # 2,466 digits: Python refuses to print an int of more than 4,300
MAX_AXES = 32
SMALL_STRUCTURE = 8192  # bytes; nothing that fits into them takes long to build
LONG_TEXT = 1024  # longer texts and bytes travel in the bulk
HEADER = struct.Struct(">I")

DTYPES = frozenset({"?", *"bhilqBHILQ", *"efd", *"FD"})
TORCH_DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)


class UnsupportedValue(Exception):  # noqa: N818 - it names the value, as everywhere else
    """A value cannot cross. ``parts`` holds the offending value, and nothing when size is the problem."""

    def __init__(self, reason: str, *parts: Any) -> None:
        """Say what cannot cross; ``parts``: the offending value, or nothing."""
        super().__init__(reason)
        self.parts = parts


class TooLarge(UnsupportedValue):
    """A value has a listed type, and there is too much of it."""


# the extension types of a structure
TUPLE, BIG_INT, COMPLEX, NUMPY_SCALAR, ARRAY, TENSOR, GENERATOR, TEXT, BYTES = range(1, 10)

_TUPLE = msgspec.msgpack.Ext(TUPLE, b"")
_SCALARS = frozenset({type(None), bool, int, float, str, bytes})


def encode(value: Any) -> bytes:
    """Write a value as a message.

    Raises:
        UnsupportedValue: If a part of it is none of the types of this module, or it is too large or too deep.
    """
    writer = _Writer()
    try:
        structure = _to_msgpack(writer.plain(value, 0))
    except UnicodeEncodeError as error:
        raise UnsupportedValue("a text with characters that are not Unicode (lone surrogates)") from error
    if len(structure) > MAX_STRUCTURE:
        raise TooLarge(f"more than {MAX_STRUCTURE >> 20} MB of numbers in lists; use an array")
    return b"".join((HEADER.pack(len(structure)), structure, *writer.bulk))


def decode(data: bytes | bytearray | memoryview) -> Any:
    """Read a message back. Arrays and tensors are fresh and writable.

    Raises:
        DecodeError: Whatever is wrong with the bytes.
    """
    view = memoryview(data)
    if not HEADER.size <= len(view) <= MAX_MESSAGE:
        raise DecodeError(f"a message of {len(view)} bytes")
    end = HEADER.size + HEADER.unpack_from(view)[0]
    if end > min(len(view), MAX_STRUCTURE + HEADER.size):
        raise DecodeError(f"a structure of {end - HEADER.size} bytes in a message of {len(view)}")
    reader = _Reader(view[end:])
    try:
        if end > SMALL_STRUCTURE:
            survey(bytes(view[HEADER.size : end]))
        structure = msgspec.msgpack.decode(view[HEADER.size : end], ext_hook=reader.extension)
        value = _with_tuples(structure, 0)
    except DecodeError:
        raise
    except Exception as error:  # a process boundary: whatever hostile bytes provoke in msgspec, NumPy or torch
        raise DecodeError(f"{type(error).__name__}: {error}"[:200]) from error
    if len(reader.bulk):
        raise DecodeError(f"{len(reader.bulk)} bytes too many")
    return value


_to_msgpack = msgspec.msgpack.Encoder().encode


class _Writer:
    """Turns a value into what MessagePack knows, and collects the bulk."""

    def __init__(self) -> None:
        self.bulk: list[bytes] = []
        self.size = 0
        self.items = 0
        self.int_keys = 0

    def plain(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self.items += 1
        if self.items > MAX_ITEMS:
            raise TooLarge(f"more than {MAX_ITEMS:,} values; use an array")
        if depth > MAX_DEPTH and kind not in _SCALARS:
            raise UnsupportedValue(f"lists or dicts nested more than {MAX_DEPTH} deep")
        if value is None or kind is bool or kind is float:
            return value
        write = _WRITERS.get(kind) or _writer_for(value)
        return write(self, value, depth)

    def put(self, data: bytes) -> int:
        """Append to the bulk; its length."""
        self.size += len(data)
        self.bulk.append(data)
        return len(data)

    def check_room(self, size: int, value: Any) -> None:
        """Refuse before copying what would not fit."""
        if self.size + size > MAX_MESSAGE - MAX_STRUCTURE - HEADER.size:
            raise TooLarge(f"{_name(value)} of {size / 2**20:.0f} MB; at most 60 MB can be handed over")

    def integer(self, value: int, depth: int) -> Any:
        value = int.__int__(value)
        if -(2**63) <= value < 2**64:
            return value
        size = value.bit_length() // 8 + 1
        if size > MAX_INT_BYTES:
            raise UnsupportedValue(f"an int of {value.bit_length()} bits")
        return msgspec.msgpack.Ext(BIG_INT, value.to_bytes(size, "big", signed=True))

    def real(self, value: float, depth: int) -> float:
        return float.__float__(value)

    def complex_number(self, value: complex, depth: int) -> Any:
        value = complex.__complex__(value)
        return msgspec.msgpack.Ext(COMPLEX, struct.pack("<dd", value.real, value.imag))

    def text(self, value: str, depth: int) -> Any:
        value = str.__str__(value)
        if len(value) <= LONG_TEXT:
            return value
        self.check_room(len(value), value)
        data = value.encode()
        self.check_room(len(data), value)
        return _ext(TEXT, self.put(data))

    def raw(self, value: bytes, depth: int) -> Any:
        if len(value) <= LONG_TEXT:
            return bytes.__getitem__(value, slice(None))
        self.check_room(len(value), value)
        return _ext(BYTES, self.put(bytes.__getitem__(value, slice(None))))

    def list_of(self, value: list[Any], depth: int) -> Any:
        return [self.plain(item, depth + 1) for item in list.__iter__(value)]

    def tuple_of(self, value: tuple[Any, ...], depth: int) -> Any:
        return [_TUPLE, *(self.plain(item, depth + 1) for item in tuple.__iter__(value))]

    def dict_of(self, value: dict[Any, Any], depth: int) -> Any:
        return {self.key(key): self.plain(item, depth + 1) for key, item in dict.items(value)}

    def key(self, key: Any) -> str | int:
        if isinstance(key, str):
            return str.__str__(key)
        if isinstance(key, int | np.integer) and -(2**63) <= (number := int(key)) < 2**64:
            self.int_keys += 1
            if self.int_keys > MAX_INT_KEYS:
                raise UnsupportedValue(f"more than {MAX_INT_KEYS:,} int keys in dicts; use an array")
            return number
        raise UnsupportedValue(f"a dict with a key of type {type(key).__name__}")

    def scalar(self, value: np.generic, depth: int) -> Any:
        if isinstance(value, np.str_):
            return self.text(value, depth)
        if value.dtype.char not in DTYPES:
            _refuse(value)
        return msgspec.msgpack.Ext(NUMPY_SCALAR, value.dtype.char.encode() + value.tobytes())

    def array(self, value: np.ndarray[Any, Any], depth: int) -> Any:
        return _ext(ARRAY, *self.placed(np.asarray(value)))

    def tensor(self, value: Any, depth: int) -> Any:
        import torch

        with torch._C.DisableTorchFunctionSubclass():
            if value.layout is not torch.strided or value.is_quantized or value.device.type != "cpu":
                raise UnsupportedValue(f"a tensor of layout {value.layout} on {value.device}", value)
            name = str(value.dtype).removeprefix("torch.")
            if name not in TORCH_DTYPES:
                raise UnsupportedValue(f"a tensor of dtype {name}", value)
            if value.dim() > MAX_AXES:
                raise UnsupportedValue(f"a tensor of {value.dim()} axes; at most {MAX_AXES} can be handed over")
            self.check_room(value.numel() * value.element_size(), value)
            plain = value.detach().resolve_conj().resolve_neg()
            array = (plain.view(torch.int16) if name == "bfloat16" else plain).numpy()
            return _ext(TENSOR, TORCH_DTYPES.index(name), bool(value.requires_grad), *self.placed(array))

    def placed(self, array: np.ndarray[Any, Any]) -> tuple[str, list[int], list[int], bool]:
        """Put an array into the bulk: its dtype, shape, axes in the order of memory, and whether it had gaps."""
        if array.dtype.char not in DTYPES:
            raise UnsupportedValue(f"an array of dtype {array.dtype}", array)
        if (array.ndim > MAX_AXES or not array.size) and not _possible(array.shape, array.itemsize):
            raise UnsupportedValue(
                f"an array of shape {array.shape}: more axes, or longer ones, than can be handed over"
            )
        self.check_room(array.nbytes, array)
        axes = sorted(range(array.ndim), key=lambda axis: (-abs(array.strides[axis]), axis))
        if array.flags.c_contiguous:
            axes = list(range(array.ndim))
        ordered = array.transpose(axes)
        self.put(ordered.astype(array.dtype.newbyteorder("="), order="C", copy=False).tobytes())
        gaps = array.size > 0 and not ordered.flags.c_contiguous
        return array.dtype.char, list(array.shape), axes, gaps

    def generator(self, value: np.random.Generator, depth: int) -> Any:
        state = value.bit_generator.state
        if state["bit_generator"] != "PCG64":
            raise UnsupportedValue(f"a random generator over {state['bit_generator']}", value)
        numbers = (state["state"]["state"], state["state"]["inc"], state["has_uint32"], state["uinteger"])
        return msgspec.msgpack.Ext(GENERATOR, b"".join(number.to_bytes(16, "big") for number in numbers))


_WRITERS: dict[type, Callable[[_Writer, Any, int], Any]] = {
    int: _Writer.integer,
    complex: _Writer.complex_number,
    str: _Writer.text,
    bytes: _Writer.raw,
    list: _Writer.list_of,
    tuple: _Writer.tuple_of,
    dict: _Writer.dict_of,
    np.ndarray: _Writer.array,
    np.random.Generator: _Writer.generator,
}
_BASES: tuple[tuple[type, Callable[[_Writer, Any, int], Any]], ...] = (
    (np.generic, _Writer.scalar),  # before int, float and str: np.float64 is a float
    (int, _Writer.integer),
    (float, _Writer.real),
    *((base, write) for base, write in _WRITERS.items() if base is not int),
)


def _writer_for(value: Any) -> Callable[[_Writer, Any, int], Any]:
    """How to write a value whose exact type is not listed: a subclass as its base, a tensor."""
    mro = type.mro(type(value))
    for base, write in _BASES:
        if base in mro:
            return write
    torch = sys.modules.get("torch")
    if torch is not None and torch.Tensor in mro:
        return _Writer.tensor
    return _refuse(value)


def _refuse(value: Any) -> NoReturn:
    raise UnsupportedValue(_name(value), value)


def _name(value: Any) -> str:
    return f"a value of type {type(value).__name__}"


def _possible(shape: Sequence[int], itemsize: int) -> bool:
    """Whether an array may have this shape.

    An empty one is measured as if its axes of length 0 had length 1: so large is its sum over them.
    """
    if len(shape) > MAX_AXES or min(shape, default=0) < 0:
        return False
    return math.prod(shape) > 0 or math.prod(length or 1 for length in shape) * itemsize <= MAX_MESSAGE


def _ext(code: int, *fields: Any) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, _to_msgpack(fields))


class _Reader:
    """Reads extensions, taking the bulk in order."""

    def __init__(self, bulk: memoryview) -> None:
        self.bulk = bulk

    def take(self, size: int) -> memoryview:
        if not 0 <= size <= len(self.bulk):
            raise DecodeError(f"more bytes claimed than the {len(self.bulk)} left")
        taken, self.bulk = self.bulk[:size], self.bulk[size:]
        return taken

    def extension(self, code: int, data: memoryview) -> Any:
        if code == TUPLE:
            return _TUPLE
        if code == BIG_INT:
            if len(data) > MAX_INT_BYTES:
                raise DecodeError(f"an int of {len(data)} bytes")
            return int.from_bytes(data, "big", signed=True)
        if code == COMPLEX:
            return complex(*struct.unpack("<dd", data))
        if code == NUMPY_SCALAR:
            return np.frombuffer(data[1:], _dtype(bytes(data[:1]).decode()), count=1)[0]
        if code == GENERATOR:
            return _generator(data)
        fields = msgspec.msgpack.decode(data, type=_FIELDS[code])
        if code == ARRAY:
            return self.array(*fields)
        if code == TENSOR:
            return self.tensor(*fields)
        taken = self.take(*fields)
        return str(taken, "utf-8") if code == TEXT else bytes(taken)

    def array(self, char: str, shape: list[int], axes: list[int], gaps: bool) -> np.ndarray[Any, Any]:
        dtype = _dtype(char)
        if not _possible(shape, dtype.itemsize) or sorted(axes) != list(range(len(shape))):
            raise DecodeError("an array of an impossible shape")
        ordered = [shape[axis] for axis in axes]
        bits = dtype if char != "?" else np.uint8  # a bool whose byte is 2 counts twice in some sums
        sent = np.frombuffer(self.take(math.prod(shape) * dtype.itemsize), bits).reshape(ordered)
        if gaps and ordered and sent.size:
            spread = np.zeros((*ordered[:-1], 2 * ordered[-1]), dtype)
            spread[..., ::2] = sent
            data = spread[..., ::2]
        else:
            data = sent.astype(dtype)
        return data.transpose(sorted(range(len(axes)), key=axes.__getitem__))

    def tensor(self, index: int, requires_grad: bool, char: str, shape: list[int], axes: list[int], gaps: bool) -> Any:
        import torch

        dtype = getattr(torch, TORCH_DTYPES[index])
        tensor = torch.from_numpy(self.array(char, shape, axes, gaps))
        if dtype is torch.bfloat16 and tensor.dtype is torch.int16:
            tensor = tensor.view(torch.bfloat16)
        if tensor.dtype is not dtype:
            raise DecodeError(f"a tensor of {dtype} made of {char}")
        return tensor.requires_grad_(requires_grad)


_FIELDS: dict[int, Any] = {
    ARRAY: tuple[str, list[int], list[int], bool],
    TENSOR: tuple[int, bool, str, list[int], list[int], bool],
    TEXT: tuple[int],
    BYTES: tuple[int],
}


def _dtype(char: str) -> np.dtype[Any]:
    if char not in DTYPES:
        raise DecodeError(f"dtype {char[:10]!r}")
    return np.dtype(char)


def _generator(data: memoryview) -> np.random.Generator:
    state, increment, has_uint32, uinteger = (int.from_bytes(data[i : i + 16], "big") for i in range(0, 64, 16))
    bits = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": increment},
        "has_uint32": has_uint32 & 1,
        "uinteger": uinteger & 0xFFFFFFFF,
    }
    return np.random.Generator(bits)


_NOT_OURS = frozenset({msgspec.msgpack.Ext, datetime.datetime})


def _with_tuples(value: Any, depth: int) -> Any:
    """Turn marked lists into tuples, in place, and check what msgspec alone lets through."""
    if depth > MAX_DEPTH:
        raise DecodeError(f"nested more than {MAX_DEPTH} deep")
    kind = type(value)
    if kind is list:
        is_tuple = bool(value) and value[0] is _TUPLE
        items = [
            item if type(item) in _SCALARS else _with_tuples(item, depth + 1)
            for item in (value[1:] if is_tuple else value)
        ]
        if is_tuple:
            return tuple(items)
        value[:] = items
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str and not (type(key) is int and -(2**63) <= key < 2**64):
                raise DecodeError(WRONG_KEY)
            if type(item) not in _SCALARS:
                value[key] = _with_tuples(item, depth + 1)
    elif kind in _NOT_OURS:
        raise DecodeError("a stray extension")
    return value
