"""What crosses between processes arrives as it was; what must not cross is refused by name."""

from __future__ import annotations

import contextlib
import random
import struct
from typing import Any

import numpy as np
import pytest
import torch

from autograder.codec import HEADER, MAX_STRUCTURE, DecodeError, UnsupportedValue, decode, encode


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**64 - 1,
        2**64,
        -(3**300),
        1.5,
        float("inf"),
        1 - 2j,
        "",
        "ä→😀" * 2000,
        b"\x00\xff",
        b"x" * 5000,
        (),
        (1, [2, (3,)], {"a": (4,), 5: []}),
        [[1.0, 2.0], [3.0]],
    ],
    ids=lambda value: str(value)[:12],
)
def test_plain_values_arrive_equal_and_of_the_same_type(value: Any) -> None:
    arrived = decode(encode(value))
    assert arrived == value
    assert type(arrived) is type(value)
    assert str(arrived) == str(value)  # tuples stay tuples, all the way down


@pytest.mark.parametrize("dtype", ["?", "i1", "u8", "i4", "f2", "f4", "f8", "c8", "c16"])
def test_arrays_and_numpy_scalars_keep_dtype_shape_and_bits(dtype: str) -> None:
    array = np.arange(12).reshape(3, 4).astype(dtype)
    arrived = decode(encode([array, array[1, 2]]))
    assert arrived[0].dtype == array.dtype
    assert arrived[0].tobytes() == array.tobytes()
    assert type(arrived[1]) is type(array[1, 2])
    assert arrived[1] == array[1, 2]
    arrived[0][0, 0] = 1  # writable


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(24.0).reshape(4, 6)[:, ::2],
        np.arange(24.0).reshape(4, 6)[::2],
        np.arange(5.0)[::-1],
        np.broadcast_to(np.arange(3.0), (4, 3)),
    ],
)
def test_an_array_that_is_not_contiguous_arrives_so(array: np.ndarray) -> None:
    arrived = decode(encode(array))
    np.testing.assert_array_equal(arrived, array)
    assert not arrived.flags.c_contiguous
    assert arrived.flags.f_contiguous == array.flags.f_contiguous


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.array(2.5), np.ones((1, 1)), np.arange(4.0).astype(">f8")])
def test_small_and_foreign_arrays_arrive(array: np.ndarray) -> None:
    arrived = decode(encode(array))
    np.testing.assert_array_equal(arrived, array)
    assert arrived.shape == array.shape


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.bfloat16, torch.float16, torch.float32, torch.cfloat])
def test_tensors_keep_dtype_strides_and_requires_grad(dtype: torch.dtype) -> None:
    tensor = torch.arange(6).reshape(2, 3).to(dtype).t()
    if dtype.is_floating_point:
        tensor.requires_grad_()
    arrived = decode(encode(tensor))
    assert arrived.dtype is dtype
    assert arrived.stride() == tensor.stride()
    assert arrived.requires_grad == tensor.requires_grad
    assert arrived.is_leaf
    assert torch.equal(arrived, tensor)


def test_a_parameter_and_the_result_of_a_graph_arrive_as_plain_tensors() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    for value in (parameter, parameter * 2):
        arrived = decode(encode(value))
        assert type(arrived) is torch.Tensor
        assert arrived.grad_fn is None


def test_a_generator_continues_where_it_was() -> None:
    rng = np.random.default_rng(3)
    rng.integers(0, 9, 3, dtype=np.int32)  # leaves half a word in the buffer
    arrived = decode(encode(rng))
    assert arrived.integers(0, 2**31, 5, dtype=np.int32).tolist() == rng.integers(0, 2**31, 5, dtype=np.int32).tolist()


class Text(str):
    """A subclass that lies about itself."""

    def __str__(self) -> str:
        return "forged"


class Rows(list):  # type: ignore[type-arg]
    """A subclass that lies about what is in it."""

    def __iter__(self) -> Any:
        return iter([666])


def test_subclasses_arrive_as_their_base_and_cannot_lie() -> None:
    arrived = decode(encode([Text("honest"), Rows([1, 2]), np.ma.array([1, 2])]))
    assert arrived[0] == "honest"
    assert arrived[1] == [1, 2]
    assert [type(part) for part in arrived[:2]] == [str, list]
    assert type(arrived[2]) is np.ndarray


def _itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def _doubled(times: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(times):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (object(), "type object"),
        ({1, 2}, "type set"),
        (len, "type builtin_function_or_method"),
        ({(1, 2): 3}, "key of type tuple"),
        (np.array([object()]), "dtype object"),
        (np.array(["text"]), "dtype <U4"),
        (np.longdouble(1), "type longdouble"),
        (torch.ones(2, 2).to_sparse(), "sparse"),
        (torch.nn.Linear(1, 1), "type Linear"),
        ("\ud800", "surrogates"),
        (10**100_000, "an int of 332193 bits"),
        (np.broadcast_to(1.0, (10**6, 10**6)), "at most 60 MB"),
        (torch.ones(1).expand(10**9), "at most 60 MB"),
        (_itself(), "more than 64 deep"),
        (_doubled(60), "more than 500,000 values"),
        ([1.5] * 490_000, "use an array"),
        (np.random.Generator(np.random.MT19937(1)), "MT19937"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_cross_is_refused_with_its_name(value: Any, words: str) -> None:
    with pytest.raises(UnsupportedValue, match=words):
        encode(value)


def _message(structure: bytes, bulk: bytes = b"") -> bytes:
    return HEADER.pack(len(structure)) + structure + bulk


def test_no_bytes_make_the_reader_do_anything_but_refuse() -> None:
    """Ten thousand damaged messages: each decodes to plain data or is a DecodeError."""
    rng = random.Random(0)
    good = encode([(1, np.arange(6.0).reshape(2, 3).T, torch.ones(3)), {"a": 2**70}, "x" * 2000, np.float32(1), 2j])
    for _ in range(10_000):
        damaged = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        with contextlib.suppress(DecodeError):
            decode(damaged[: rng.randint(0, len(damaged))] if rng.random() < 0.3 else damaged)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff" * 4,
        _message(b""),
        _message(b"\xc1"),
        _message(b"\x91" * 100_000 + b"\xc0"),
        _message(b"\x81\xc0\x01"),
        _message(b"\xd4\x01\x00"),
        _message(b"\xd4\x63\x00"),
        _message(b"\xd6\xff\x00\x00\x00\x00"),
        _message(b"\xc0", b"left over"),
        _message(b"\xdd" + struct.pack(">I", 2**32 - 1)),
        HEADER.pack(MAX_STRUCTURE + 1) + b"\x90" * (MAX_STRUCTURE + 1),
    ],
    ids=["empty", "length", "no structure", "never used", "deep", "key None", "tuple mark", "extension", "time", "rest",
         "long list", "long structure"],
)  # fmt: skip
def test_hostile_messages_are_refused(message: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(message)


def test_an_array_can_claim_no_more_bytes_than_there_are() -> None:
    """Claiming the same bytes twice, or a huge shape, is refused before anything is allocated."""
    honest = encode(np.zeros(1000))
    size = HEADER.unpack_from(honest)[0]
    item, bulk = honest[4 : 4 + size], honest[4 + size :]
    with pytest.raises(DecodeError):
        decode(_message(b"\x92" + item * 2, bulk))
    with pytest.raises(DecodeError, match="claimed"):
        decode(honest.replace(b"\xcd\x03\xe8", b"\xcd\xff\xff"))
