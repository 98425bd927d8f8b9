"""What the referee reads from a worker, whatever its bytes: refused, or plain data of bounded size. Nothing else.

``tests/fuzz/corpus`` holds messages: honest ones, attacks named after what they try, and those (named by their hash)
with which ``make fuzz`` reached code that no other had reached. Here every one is read, and so are thousands of
variations of them and of generated values, always the same ones. A message that breaks a promise belongs into the
corpus once it is mended.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import functools
import itertools
import json
import math
import os
import random
import socket
import termios
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, configuration, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from autograder import codec, survey
from autograder.channel import Channel, HungUp, ImpossibleLength, TimedOut
from autograder.checks.failure import Raised, StudentError
from autograder.checks.host import Returned
from autograder.codec import HEADER, DecodeError, decode, encode
from autograder.lesson import Limits
from autograder.outputs import MAX_IMAGES, MAX_OUTPUTS, checked_outputs
from autograder.replies import Forged, checked_outcome, checked_raised

CORPUS = sorted((Path(__file__).parent / "fuzz" / "corpus").iterdir())
VARIATIONS = 12_000
LONGEST = 2048
SCALARS = {type(None), bool, int, float, complex, str, bytes}
NUMPY_SCALARS = {np.dtype(char).type for char in codec.DTYPES}
TENSOR_DTYPES = {getattr(torch, name) for name in codec.TORCH_DTYPES}
REFUSED = object()

configuration.set_hypothesis_home_dir(Path(__file__).parents[1] / ".pytest_cache" / "hypothesis")  # git ignores it
always_the_same = settings(
    derandomize=True, database=None, deadline=None, max_examples=400, suppress_health_check=list(HealthCheck)
)


def assert_promises_kept(message: bytes) -> Any:
    """Read a message as the referee does, at each of the places where it reads one.

    Returns:
        What it was decoded to, or REFUSED.
    """
    value = _decoded(message)
    if value is not REFUSED:
        assert_plain(value)
        again = encode(value)  # a check may hand to the student what it got from the student
        assert encode(decode(again)) == again
        _assert_the_same_among_much(value, again)
    for claimed in (value, *(value.values() if type(value) is dict else value if type(value) is list else ())):
        _assert_outputs_bounded(checked_outputs(claimed))
        _assert_outcome_bounded(lambda claimed=claimed: checked_raised(claimed))
    _assert_outcome_bounded(lambda: checked_outcome(message, after=False))
    _assert_outcome_bounded(lambda: checked_outcome(message, after=True))
    return value


def _decoded(message: bytes) -> Any:
    try:
        return decode(message)
    except DecodeError as error:
        words = str(error)
    assert len(words) < 300  # staff read them
    return REFUSED


def _assert_the_same_among_much(value: Any, message: bytes) -> None:
    """A long structure is surveyed before it is read: that must not refuse what is fine."""
    size = HEADER.unpack_from(message)[0]
    structure, bulk = message[HEADER.size : HEADER.size + size], message[HEADER.size + size :]
    among = b"\x92" + structure + b"\xc5\x20\x01" + bytes(codec.SMALL_STRUCTURE + 1)
    try:
        arrived, _ = decode(HEADER.pack(len(among)) + among + bulk)
    except DecodeError as error:
        refusal = str(error)
    else:
        assert encode(arrived) == message
        return
    assert "nested" in refusal  # one deeper
    assert _depth(value) >= survey.MAX_DEPTH


def _depth(value: Any) -> int:
    parts = value.values() if type(value) is dict else value if type(value) in {list, tuple} else None
    return 0 if parts is None else 1 + max(map(_depth, parts), default=0)


def assert_plain(value: Any, depth: int = 0) -> None:
    """Only types of the list, exactly; within the limits; arrays that can be written to and hold what they say."""
    kind = type(value)
    assert depth <= survey.MAX_DEPTH + (kind in codec._SCALARS)
    if kind in {list, tuple}:
        for item in value:
            assert_plain(item, depth + 1)
    elif kind is dict:
        for key, item in value.items():
            assert type(key) is str or (type(key) is int and -(2**63) <= key < 2**64)
            assert_plain(item, depth + 1)
    elif kind is np.ndarray:
        assert value.dtype.char in codec.DTYPES
        assert value.dtype.isnative
        assert value.flags.writeable
        _assert_small(value.shape, value.itemsize)
        assert value.dtype != bool or set(value.view(np.uint8).ravel().tolist()) <= {0, 1}
    elif kind is torch.Tensor:
        assert value.dtype in TENSOR_DTYPES
        assert value.layout is torch.strided
        assert value.is_leaf
        _assert_small(value.shape, value.element_size())
    elif kind is np.random.Generator:
        assert type(value.bit_generator) is np.random.PCG64
    else:
        assert kind in SCALARS or kind in NUMPY_SCALARS
        str(value)  # no int too large to be printed


def _assert_small(shape: tuple[int, ...], itemsize: int) -> None:
    """Nor is there an empty array whose sum over one axis is enormous."""
    assert len(shape) <= codec.MAX_AXES
    assert math.prod(length or 1 for length in shape) * itemsize <= codec.MAX_MESSAGE


def _assert_outputs_bounded(outputs: list[dict[str, Any]]) -> None:
    assert len(outputs) <= MAX_OUTPUTS + 2
    most = 6 * Limits.output_characters + MAX_IMAGES + 6 * 40 * 2000 + 20_000
    assert len(json.dumps(outputs, ensure_ascii=False).encode()) < most
    assert all(output["output_type"] in {"stream", "display_data", "execute_result", "error"} for output in outputs)


def _assert_outcome_bounded(read: Callable[[], Raised | Returned]) -> None:
    try:
        outcome = read()
    except (Forged, DecodeError):
        return
    if isinstance(outcome, Raised):
        texts = [outcome.type, outcome.message, outcome.cell, outcome.code]
        assert {type(text) for text in texts} == {str}
        assert len(str(StudentError(outcome))) < 100_000  # what the student reads can be written
    elif outcome.arguments is not None:
        assert [type(part) for part in outcome.arguments] == [tuple, dict]


# every file of the corpus


def _name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", CORPUS, ids=_name)
def test_a_message_of_the_corpus_keeps_every_promise(path: Path) -> None:
    value = assert_promises_kept(path.read_bytes())
    if path.name.startswith("refused-"):
        assert value is REFUSED
    if path.name.startswith("honest-"):
        assert value is not REFUSED


@pytest.mark.parametrize("path", CORPUS, ids=_name)
def test_a_message_of_the_corpus_takes_little_memory(path: Path) -> None:
    _assert_memory_bounded(path.read_bytes())


def test_the_corpus_stays_small() -> None:
    assert len(CORPUS) <= 300
    assert sum(path.stat().st_size for path in CORPUS) <= 300_000


def _assert_memory_bounded(message: bytes) -> None:
    """The bound that ``codec`` states. torch's own memory is not traced; its arrays are NumPy's."""
    _decoded(message)  # once before: what is imported or cached now is not counted
    tracemalloc.start()
    try:
        _decoded(message)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    structure = HEADER.unpack_from(message)[0] if len(message) >= HEADER.size else 0
    structure = min(structure, len(message))
    assert peak <= 200 * structure + 6 * (len(message) - structure) + 2**16


# variations


def _extensions_of(values: list[Any]) -> list[msgspec.msgpack.Ext]:
    message = encode(values)
    return msgspec.msgpack.decode(message[HEADER.size :][: HEADER.unpack_from(message)[0]])  # type: ignore[no-any-return]


TUPLE_MARK = msgspec.msgpack.Ext(codec.TUPLE, b"")
TROUBLE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 32, 33, 2**31, 2**40, 2**63, 2**64 - 1, -(2**63), math.nan, math.inf),
    *("", "b", "?", "d", "raised", "returned", "stream", "error", "x" * 2000, b"", b"\xff" * 9, [], {}, [[]]),
    *([TUPLE_MARK], TUPLE_MARK, *_extensions_of([np.arange(2), torch.arange(2), 2**8000, np.zeros((0, 2))])),
    *(msgspec.msgpack.Ext(code, b"\x01" * 17) for code in (0, *range(2, 11), 127)),
)
EXTENSIONS_WITH_FIELDS = (codec.ARRAY, codec.TENSOR, codec.TEXT, codec.BYTES)


def varied(message: bytes, rng: random.Random) -> bytes:
    """Another message: as often a tree with one other part as one with other bytes."""
    size = HEADER.unpack_from(message)[0] if len(message) >= HEADER.size else 0
    structure, bulk = message[HEADER.size : HEADER.size + size], message[HEADER.size + size :]
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.25:
            bulk = _varied_bytes(bulk, rng)
        elif rng.random() < 0.3:
            structure = _varied_bytes(structure, rng)
        else:
            structure = _varied_structure(structure, rng)
    if rng.random() < 0.7:
        bulk = _of_length(_bulk_claimed(structure), bulk, rng)
    header = HEADER.pack(len(structure)) if rng.random() < 0.98 else rng.randbytes(4)
    return header + structure + bulk


def _of_length(length: int, data: bytes, rng: random.Random) -> bytes:
    return (data + rng.randbytes(max(0, length - len(data))))[:length] if 0 <= length < 2**13 else data


def _bulk_claimed(structure: bytes) -> int:
    """How many bytes the extensions of a structure claim; -1 if they do not say."""
    try:
        found = [msgspec.msgpack.decode(structure)]
        extensions = [container[key] for container, key in _slots(found) if type(container[key]) is msgspec.msgpack.Ext]
        return sum(_claimed(extension.code, bytes(extension.data)) for extension in extensions)
    except Exception:  # noqa: BLE001 - whatever a varied structure is not
        return -1


def _claimed(code: int, data: bytes) -> int:
    if code not in EXTENSIONS_WITH_FIELDS:
        return 0
    fields = msgspec.msgpack.decode(data, type=codec._FIELDS[code])
    if code in (codec.TEXT, codec.BYTES):
        return int(fields[0])
    char, shape = fields[0 if code == codec.ARRAY else 2 :][:2]
    return math.prod(shape[: codec.MAX_AXES]) * np.dtype(char).itemsize


def _varied_bytes(data: bytes, rng: random.Random) -> bytes:
    at, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    if rng.random() < 0.4:
        return data[:at] + rng.randbytes(1) + data[at + 1 :]
    choices = (
        b"",
        rng.randbytes(rng.randint(1, 8)),
        data[at:end] * 2,
        bytes([rng.choice(b"\x80\x90\xc7\xdd\xdf\xff")]),
    )
    return data[:at] + rng.choice(choices) + data[end if rng.random() < 0.5 else at + 1 :]


def _varied_structure(structure: bytes, rng: random.Random) -> bytes:
    try:
        root = [msgspec.msgpack.decode(structure)]
        _vary(root, rng)
        return msgspec.msgpack.encode(root[0])
    except (msgspec.MsgspecError, TypeError, OverflowError, RecursionError, UnicodeError):  # already no MessagePack
        return _varied_bytes(structure, rng)


def _vary(root: list[Any], rng: random.Random) -> None:
    slots = list(_slots(root))
    container, key = rng.choice(slots)
    old = container[key]
    if type(old) is msgspec.msgpack.Ext and rng.random() < 0.7:
        container[key] = _varied_extension(old, rng)
        return
    other, other_key = rng.choice(slots)
    if rng.random() < 0.2 and not {type(old), type(other[other_key])} & {list, dict}:
        container[key], other[other_key] = other[other_key], old
        return
    new = copy.deepcopy(rng.choice((other[other_key], rng.choice(TROUBLE))))
    if type(old) is dict and rng.random() < 0.5:
        old[rng.choice((*old, 7, 2**64 - 1, "outputs", None, 1.5, b"", True))] = new
    elif type(old) is list and rng.random() < 0.5:
        old.insert(rng.randint(0, len(old)), new)
    else:
        container[key] = rng.choice((new, [new], [TUPLE_MARK, new], {"output_type": new}, ["raised", new]))


def _slots(root: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Every place of a tree, as a list or dict and an index or key."""
    containers: list[Any] = [root]
    for container in containers:
        for key, item in list(container.items()) if type(container) is dict else enumerate(container):
            yield container, key
            if type(item) in {list, dict}:
                containers.append(item)


def _varied_extension(extension: msgspec.msgpack.Ext, rng: random.Random) -> msgspec.msgpack.Ext:
    code, data = extension.code, bytes(extension.data)
    if code in EXTENSIONS_WITH_FIELDS and rng.random() < 0.8:
        data = _varied_structure(data, rng)
    elif rng.random() < 0.7:
        data = _varied_bytes(data, rng)
    return msgspec.msgpack.Ext(code if rng.random() < 0.8 else rng.randint(-1, 11), data)


def test_variations_of_the_corpus_keep_every_promise() -> None:
    rng = random.Random(0)
    pool = [path.read_bytes() for path in CORPUS]
    decoded = 0
    for _ in range(VARIATIONS):
        message = varied(rng.choice(pool), rng)
        if len(message) > LONGEST:
            continue
        if assert_promises_kept(message) is not REFUSED:
            decoded += 1
            pool[rng.randrange(len(pool))] = message  # and go on from there
    assert decoded > VARIATIONS // 10  # it is no use to try only what is refused at once


@always_the_same
@given(st.binary(max_size=200))
def test_arbitrary_bytes_keep_every_promise(data: bytes) -> None:
    assert_promises_kept(data)
    assert_promises_kept(HEADER.pack(len(data)) + data)


# attacks that are too long to be kept


def _message(structure: bytes, bulk: bytes = b"") -> bytes:
    return HEADER.pack(len(structure)) + structure + bulk


def _dict_of(keys: list[bytes]) -> bytes:
    return _message(b"\xdf" + len(keys).to_bytes(4, "big") + b"".join(key + b"\xc0" for key in keys))


def _list_of(count: int, item: bytes, bulk: bytes = b"") -> bytes:
    return _message(b"\xdd" + count.to_bytes(4, "big") + item * count, bulk * count)


def _tuples_with_one_hash(count: int) -> list[bytes]:
    """hash(-1) == hash(-2), so that all tuples of them, of one length, have one hash, too."""
    assert hash((-1, -2)) == hash((-2, -1))
    return [b"\x9f" + bytes(numbers) for numbers in itertools.islice(itertools.product(b"\xff\xfe", repeat=15), count)]


def _ints_with_one_hash(count: int) -> list[bytes]:
    return [b"\xc7\x0c\x02" + (i * (2**61 - 1)).to_bytes(12, "big") for i in range(1, count + 1)]


def _bomb(item: Any) -> tuple[bytes, bytes]:
    message = encode(item)
    size = HEADER.unpack_from(message)[0]
    return message[HEADER.size : HEADER.size + size], message[HEADER.size + size :]


TOO_MUCH = {
    "tuples with one hash as keys": _dict_of(_tuples_with_one_hash(32_000)),
    "ints with one hash as keys": _dict_of(_ints_with_one_hash(100_000)),
    "many int keys": _dict_of([b"\xce" + i.to_bytes(4, "big") for i in range(100_000)]),
    "None and NaN as keys": _dict_of([b"\xc0", b"\xcb\x7f\xf8" + bytes(6)] * 5000),
    "a million empty dicts and more": _list_of(1_100_000, b"\x80"),
    "lists in lists": _message(b"\x91" * 100_000 + b"\x90"),
    "a long list claimed": _message(b"\xdd\xff\xff\xff\xff" + b"\xc0" * 9000),
    "a long list claimed, shortly": _message(b"\xdd\x7f\xff\xff\xff\xc0"),
    "a long dict claimed": _message(b"\xdf\x7f\xff\xff\xff" + b"\x00\xc0" * 9),
    "a long text claimed": _message(b"\xdb\x7f\xff\xff\xff" + b"x" * 9),
    "a shape of a million axes": _message(
        b"\xc9\x00\x0f\x42\x4a\x05\x94\xa1b\xdd" + (10**6).to_bytes(4, "big") + b"\x07" * 10**6 + b"\x90\xc2"
    ),
    "an int of a megabyte": _message(b"\xc9\x00\x10\x00\x00\x02" + b"\x7f" * 2**20),
}
MUCH = {
    "empty dicts": _list_of(50_000, b"\x80"),
    "dicts of one": _list_of(30_000, b"\x81\x00\x00"),
    "empty tuples": _list_of(20_000, b"\x91\xc7\x00\x01"),
    "empty arrays": _list_of(8_000, *_bomb(np.zeros((0, 3)))),
    "tiny arrays with gaps": _list_of(8_000, *_bomb(np.zeros(4, np.int8)[::2])),
    "tiny tensors": _list_of(5_000, *_bomb(torch.zeros(1, dtype=torch.uint8))),
    "generators": _list_of(2_000, *_bomb(np.random.default_rng(0))),
    "large arrays with gaps": encode([np.zeros((1000, 2000))[:, ::2], np.zeros((1000, 1000)).T]),
    "long texts": encode(["ä→😀" * 50_000, "a" * 500_000 + "😀", b"a" * 500_000]),
    "many keys": encode([{str(i): 0 for i in range(30_000)}, dict.fromkeys(range(20_000))]),
}


@pytest.mark.parametrize("message", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_would_be_too_much_is_refused_before_it_is_built(message: bytes) -> None:
    _assert_memory_bounded(message)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError) as caught:
            decode(message)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(message) + 2**18
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("message", MUCH.values(), ids=MUCH.keys())
def test_what_is_much_takes_memory_in_proportion(message: bytes) -> None:
    _assert_memory_bounded(message)
    assert_plain(decode(message))


# generated values

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DTYPES = st.sampled_from(sorted(codec.DTYPES)).flatmap(
    lambda char: st.sampled_from([np.dtype(char), np.dtype(char).newbyteorder()])
)
SHAPES = arrays_of.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


def _viewed(array: np.ndarray, data: st.DataObject) -> np.ndarray:
    """The array through other axes and steps."""
    array = array.transpose(data.draw(st.permutations(range(array.ndim))))
    steps = [slice(None, None, data.draw(st.sampled_from([1, 1, 2, -1]))) for _ in range(array.ndim)]
    array = array[tuple(steps)] if steps else array
    return np.broadcast_to(array, (2, *array.shape)) if data.draw(st.booleans()) and array.ndim < 4 else array


@st.composite
def arrays(draw: Callable[..., Any]) -> np.ndarray:
    array = draw(DTYPES.flatmap(lambda dtype: arrays_of.arrays(dtype, SHAPES)))
    return _viewed(array, draw(st.data()))


@st.composite
def tensors(draw: Callable[..., Any]) -> torch.Tensor:
    dtype = getattr(torch, draw(st.sampled_from(codec.TORCH_DTYPES)))
    tensor = torch.from_numpy(draw(arrays_of.arrays(np.float64, SHAPES, elements=st.integers(-100, 100))).copy())
    tensor = tensor.to(dtype).permute(draw(st.permutations(range(tensor.dim()))))
    for axis in range(tensor.dim()):
        tensor = tensor.narrow(axis, 0, draw(st.integers(0, tensor.shape[axis])))
    if dtype.is_complex and draw(st.booleans()):
        tensor = tensor.conj()
    if dtype.is_floating_point or dtype.is_complex:
        tensor = tensor.detach().requires_grad_(draw(st.booleans()))
    return tensor if draw(st.booleans()) else tensor.expand(2, *tensor.shape)


class Text(str):
    """A subclass."""


class Number(float):
    """A subclass."""


class Rows(list):  # type: ignore[type-arg]
    """A subclass."""


SCALAR_VALUES = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.integers(-(2**8000), 2**8000), st.floats()),
    *(st.complex_numbers(), TEXTS, st.binary(), TEXTS.map(Text), st.floats().map(Number)),
    *(st.sampled_from(["ä" * 1024, "→" * 1025, b"\xff" * 1025]), DTYPES.flatmap(arrays_of.from_dtype)),
)
VALUES = st.recursive(
    SCALAR_VALUES | arrays() | tensors() | st.integers(0, 99).map(np.random.default_rng),
    lambda parts: st.one_of(
        *(st.lists(parts), st.lists(parts).map(tuple), st.lists(parts).map(Rows)),
        st.dictionaries(TEXTS | st.integers(-(2**63), 2**64 - 1), parts),
    ),
    max_leaves=12,
)


@always_the_same
@given(VALUES)
def test_whatever_may_cross_arrives_as_it_was(value: Any) -> None:
    arrived = decode(encode(value))
    assert_plain(arrived)
    assert_same(arrived, value)


@functools.singledispatch
def assert_same(arrived: Any, value: Any) -> None:
    """Equal in every bit; a value of a subclass has become one of its base."""
    assert type(arrived) in type(value).__mro__
    assert repr(arrived) == repr(type(arrived)(value) if type(arrived) is not type(value) else value)


@assert_same.register(list)
@assert_same.register(tuple)
def _(arrived: Any, value: Any) -> None:
    assert type(arrived) in type(value).__mro__
    for part, original in zip(arrived, value, strict=True):
        assert_same(part, original)


@assert_same.register
def _(arrived: dict, value: dict) -> None:  # type: ignore[type-arg]
    assert list(arrived) == list(value)
    assert_same(list(arrived.values()), list(value.values()))


@assert_same.register
def _(arrived: np.ndarray, value: np.ndarray) -> None:
    assert arrived.dtype == value.dtype.newbyteorder("=")
    assert arrived.shape == value.shape
    assert arrived.tobytes() == value.astype(arrived.dtype).tobytes()
    if value.size:
        assert arrived.flags.c_contiguous == value.flags.c_contiguous
        assert arrived.flags.f_contiguous == value.flags.f_contiguous


@assert_same.register
def _(arrived: torch.Tensor, value: torch.Tensor) -> None:
    assert (arrived.dtype, arrived.shape) == (value.dtype, value.shape)
    assert arrived.requires_grad == value.requires_grad
    assert torch.equal(arrived, value)
    assert not value.numel() or arrived.is_contiguous() == value.resolve_conj().is_contiguous()


@assert_same.register
def _(arrived: np.random.Generator, value: np.random.Generator) -> None:
    assert arrived.bit_generator.state == value.bit_generator.state


# frames


def _pieces(data: bytes, rng: random.Random) -> list[bytes]:
    cuts = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(rng.randint(0, 6)))})
    return [data[start:end] for start, end in itertools.pairwise(cuts)]


def _send(end: socket.socket, pieces: list[bytes]) -> None:
    """Send each piece when the one before has been read, and hang up."""
    with end, contextlib.suppress(ConnectionError):  # the reader hung up first
        for piece in pieces:
            end.sendall(piece)
            while int.from_bytes(fcntl.ioctl(end, termios.TIOCOUTQ, bytes(4)), "little"):
                os.sched_yield()


def _read_frames(stream: list[bytes]) -> tuple[list[bytes], type[Exception]]:
    """What a channel makes of a worker that sends this: the frames before its end, and how it ended."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours, pid=os.getpid())
    worker = threading.Thread(target=_send, args=(theirs, stream))
    worker.start()
    frames: list[bytes] = []
    try:
        while True:
            frames.append(bytes(channel.exchange(b"", limits=Limits(seconds=60))))
    except (HungUp, ImpossibleLength, TimedOut) as end:
        return frames, type(end)
    finally:
        channel.close()
        worker.join()


def _expected(stream: bytes) -> tuple[list[bytes], type[Exception]]:
    frames = []
    while len(stream) >= HEADER.size:
        size = HEADER.unpack_from(stream)[0]
        if size > codec.MAX_MESSAGE:
            return frames, ImpossibleLength
        if len(stream) < HEADER.size + size:
            break
        frames.append(stream[HEADER.size : HEADER.size + size])
        stream = stream[HEADER.size + size :]
    return frames, HungUp


@pytest.mark.parametrize("seed", range(150))
def test_frames_arrive_however_they_are_cut(seed: int) -> None:
    """Whole, in order, and no byte after the first that is no frame; the sender pauses between any two bytes."""
    rng = random.Random(seed)
    frames = [rng.randbytes(rng.choice((0, 1, 3, 4, 5, 100, 70_000))) for _ in range(rng.randint(0, 4))]
    tail = rng.choice((b"", rng.randbytes(3), HEADER.pack(9) + b"x", HEADER.pack(codec.MAX_MESSAGE + 1), b"\xff" * 9))
    stream = b"".join(HEADER.pack(len(frame)) + frame for frame in frames) + tail
    assert _read_frames(_pieces(stream, rng)) == _expected(stream)


@pytest.mark.parametrize("seed", range(150))
def test_arbitrary_bytes_are_frames_or_the_end_of_a_worker(seed: int) -> None:
    rng = random.Random(seed)
    stream = b"".join(rng.choice((b"\0\0\0", rng.randbytes(1), rng.randbytes(30))) for _ in range(rng.randint(0, 12)))
    assert _read_frames(_pieces(stream, rng)) == _expected(stream)


def test_a_frame_takes_no_memory_before_its_bytes_are_there() -> None:
    stream = [HEADER.pack(codec.MAX_MESSAGE), b"x" * 10]
    _read_frames(stream)
    tracemalloc.start()
    try:
        assert _read_frames(stream) == ([], HungUp)
        assert tracemalloc.get_traced_memory()[1] < 2**21  # one piece
    finally:
        tracemalloc.stop()


def test_a_frame_that_is_never_finished_ends_with_the_time() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel(ours, pid=os.getpid())
    with theirs:
        theirs.sendall(HEADER.pack(5) + b"four")
        with pytest.raises(TimedOut):
            channel.exchange(b"", limits=Limits(seconds=1e-9, wall_seconds=1e-9))
    channel.close()
