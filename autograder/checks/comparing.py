"""Comparing what a student's function gave back with what was expected; a failure reads like a teacher."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from autograder.checks import diagnosis
from autograder.checks.closeness import all_close, differs, tolerance
from autograder.checks.diagnosis import Context
from autograder.checks.failure import CheckFailure, StudentError
from autograder.checks.plain import Array, as_array, described, is_a, is_tensor, type_cause, type_name

Explain: TypeAlias = Mapping[str, Any] | Callable[[Array, Array], str]


def assert_close(
    actual: Any,
    expected: Any,
    *,
    name: str,
    rtol: float | None = None,
    case: str = "",
    dims: Mapping[str, int] | None = None,
    explain: Explain | None = None,
) -> None:
    """Refuse ``actual`` unless it is ``expected`` up to rounding: ``|a - b| <= rtol * max|b|``.

    Integers and booleans must be exact. NaN never passes; an infinity equals itself. Where ``expected`` is zero
    everywhere, the bound is ``rtol`` itself.

    Args:
        actual: What the student's function gave: array, tensor, number, nested lists of numbers.
        expected: The trusted value.
        name: What it is, in the exercise's words: "dW".
        rtol: By default 1e-6, or 1e-4 where ``expected`` is float32.
        case: The inputs in words, for the message: "batch of 5". Hidden checks leave it empty.
        dims: Sizes a wrong factor may be explained by: {"batch": 5, "classes": 3}.
        explain: Causes the author foresees, looked at first: {sentence: the wrong array it leads to}, or a function
            of (actual, expected) that returns a sentence or "".

    Raises:
        CheckFailure: With what was expected, what came, where first, in which case, and the likely cause.
    """
    __tracebackhide__ = True
    got, wanted = as_array(actual, name=name), as_array(expected, name=name)
    bound = tolerance(wanted) if rtol is None else rtol
    if all_close(got, wanted, bound):
        return
    context = Context(name=name, dims=dims or {}, rtol=bound)
    cause = _foreseen(explain, got, wanted, bound) or _one_of_several(actual, wanted.shape)
    cause = cause or diagnosis.diagnose(got, wanted, context=context)
    if got.shape != wanted.shape:
        message = shape_message(name, got, wanted.shape, case)
    else:
        message = _difference_message(name, got, wanted, differs(got, wanted, bound), case)
    raise CheckFailure(message, cause=cause, name=name, actual=got, expected=wanted, rtol=bound, shape=wanted.shape)


def _foreseen(explain: Explain | None, actual: Array, expected: Array, rtol: float) -> str:
    if explain is None:
        return ""
    if callable(explain):
        return explain(actual, expected) or ""
    for sentence, wrong_value in explain.items():
        wrong = as_array(wrong_value)
        if all_close(actual, wrong, rtol) and not all_close(wrong, expected, rtol):
            return sentence
    return ""


def _one_of_several(actual: Any, shape: tuple[int, ...]) -> str:
    """A tuple of which one part has the shape that is expected of all."""
    if not is_a(actual, tuple) or not shape:
        return ""
    parts = [as_array(part).shape for part in actual if is_a(part, np.ndarray) or is_tensor(part)]
    if shape not in parts:
        return ""
    return f"a tuple of {len(actual)} values came where one array is expected: is only one of them to be returned?"


def shape_message(name: str, actual: Array, shape: tuple[int, ...], case: str = "") -> str:
    """Say which shape was expected and which came."""
    return f"{name}: expected {_shape_in_words(shape)}, got {_shape_in_words(actual.shape)}.{_case(case)}"


def _shape_in_words(shape: tuple[int, ...]) -> str:
    return f"shape {shape}" if shape else "a single number (shape ())"


def _difference_message(name: str, actual: Array, expected: Array, wrong: Array, case: str) -> str:
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    wanted, got = two_numbers(expected[where], actual[where])
    place = f" at {list(where)}" if where else ""
    return f"{name}: expected {wanted}{place}, got {got}{_extent(wrong)}.{_case(case)}"


def _extent(wrong: Array) -> str:
    if wrong.size < 2:
        return ""
    count = int(wrong.sum())
    verb = "differs" if count == 1 else "differ"
    region = diagnosis.region(wrong)
    return f" ({count} of {wrong.size} entries {verb}{': ' + region if region else ''})"


def _case(case: str) -> str:
    return f" Case: {case.rstrip('.')}." if case else ""


def two_numbers(expected: Any, actual: Any) -> tuple[str, str]:
    """Write two numbers with as many digits as it takes to see that they differ."""
    for digits in range(4, 18):
        wanted, got = _number(expected, digits), _number(actual, digits)
        if wanted != got:
            break
    return wanted, got


def _number(value: Any, digits: int) -> str:
    plain = value.item() if isinstance(value, np.generic | np.ndarray) else value
    if isinstance(plain, bool | int):
        return str(plain)
    return f"{plain:.{digits}g}"


def assert_shape(actual: Any, shape: Sequence[int], *, name: str, case: str = "") -> None:
    """Refuse an array or tensor of another shape.

    Raises:
        CheckFailure: With both shapes.
    """
    __tracebackhide__ = True
    got, wanted = as_array(actual, name=name), tuple(int(size) for size in shape)
    if got.shape != wanted:
        cause = _one_of_several(actual, wanted) or diagnosis.shape_cause(got.shape, wanted)
        raise CheckFailure(shape_message(name, got, wanted, case), cause=cause, name=name, actual=got, shape=wanted)


def assert_dtype(actual: Any, dtype: Any, *, name: str) -> None:
    """Refuse an array or tensor of another dtype. ``dtype`` is NumPy's, torch's, or a name such as "float32".

    Raises:
        CheckFailure: With both dtypes.
    """
    __tracebackhide__ = True
    got, wanted = _dtype_name(actual, name), _dtype_in_words(dtype)
    if got == wanted:
        return
    raise CheckFailure(f"{name}: expected dtype {wanted}, got {got}.", cause=_dtype_cause(got, wanted), name=name)


def _dtype_in_words(dtype: Any) -> str:
    text = str(dtype)
    return text.removeprefix("torch.") if text.startswith("torch.") else np.dtype(dtype).name


def _dtype_name(value: Any, name: str) -> str:
    if is_tensor(value):
        return str(value.dtype).removeprefix("torch.")
    return as_array(value, name=name).dtype.name


def _dtype_cause(got: str, wanted: str) -> str:
    if wanted == "float32" and got == "float64":
        return "NumPy computes in float64 unless told otherwise; somewhere a float64 array came in."
    if wanted.startswith("float") and got.startswith(("int", "uint")):
        return "an array made from integers stays an array of integers: it rounds what is stored in it."
    if wanted == "bool":
        return "a comparison such as `x > 0` gives booleans; arithmetic with them gives numbers."
    return ""


def assert_unchanged(after: Any, before: Any, *, name: str) -> None:
    """Refuse when a call modified one of its arguments, bit for bit (NaN equals NaN here).

    Args:
        after: The argument after the call (from ``submission.NAME.after``); may be nested.
        before: The same before it.
        name: The argument's name.

    Raises:
        CheckFailure: Naming the argument and the first entry that changed.
    """
    __tracebackhide__ = True
    if isinstance(before, dict | list | tuple) and _same_structure(after, before):
        keys = before.keys() if isinstance(before, dict) else range(len(before))
        for key in keys:
            assert_unchanged(after[key], before[key], name=f"{name}[{key!r}]")
        return
    if isinstance(before, np.ndarray) or is_tensor(before):
        _assert_array_unchanged(after, before, name)
    elif type(after) is not type(before) or repr(after) != repr(before):
        raise CheckFailure(
            f"{name} was modified: expected {_short(before)} after the call, got {_short(after)}.",
            cause=IN_PLACE,
            name=name,
        )


IN_PLACE = (
    "an in-place operation (`x += ...`, `x[...] = ...`, `x.sort()`, `x.append(...)`) changes the caller's data: "
    "make a new array, or copy first."
)


def _same_structure(after: Any, before: Any) -> bool:
    if type(after) is not type(before) or len(after) != len(before):
        return False
    return not isinstance(before, dict) or list(after) == list(before)


def _assert_array_unchanged(after: Any, before: Any, name: str) -> None:
    __tracebackhide__ = True
    now, then = as_array(after, name=name), as_array(before, name=name)
    if now.shape != then.shape:
        raise CheckFailure(
            f"{name} was modified: its shape was {then.shape} and is {now.shape} after the call.",
            cause=IN_PLACE,
            name=name,
        )
    changed = ~((now == then) | ((now != now) & (then != then)))  # NaN is what differs from itself
    if not changed.any():
        return
    where = tuple(int(i) for i in np.argwhere(changed)[0])
    was, is_now = two_numbers(then[where], now[where])
    place = f" at {list(where)}" if where else ""
    message = f"{name} was modified: expected {was}{place} as before the call, got {is_now}{_extent(changed)}."
    raise CheckFailure(message, cause=IN_PLACE, name=name, actual=now, expected=then)


def assert_type(actual: Any, kind: type | tuple[type, ...], *, name: str) -> None:
    """Refuse a value of another type, for example dict, list or tuple.

    Raises:
        CheckFailure: Naming both types.
    """
    __tracebackhide__ = True
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if any(is_a(actual, one) and not (type(actual) is bool and one is int) for one in kinds):
        return
    wanted = " or ".join(_article(one.__name__) for one in kinds)
    raise CheckFailure(f"{name}: expected {wanted}, got {described(actual)}.", cause=type_cause(actual), name=name)


def assert_length(actual: Any, length: int, *, name: str) -> None:
    """Refuse anything but a list or tuple of so many values: what a function that returns several must give.

    Raises:
        CheckFailure: Saying what came instead.
    """
    __tracebackhide__ = True
    if (is_a(actual, list) or is_a(actual, tuple)) and len(actual) == length:
        return
    values = "value" if length == 1 else "values"
    one = is_a(actual, np.ndarray) or is_tensor(actual) or is_a(actual, int) or is_a(actual, float)
    alone = "only one value is returned: a `return` gives several back with commas between them."
    cause = alone if one and length > 1 else type_cause(actual)
    raise CheckFailure(f"{name}: expected {length} {values}, got {described(actual)}.", cause=cause, name=name)


def assert_keys(actual: Any, keys: Collection[str | int], *, name: str) -> None:
    """Refuse anything but a dict with exactly these keys, in any order.

    Raises:
        CheckFailure: Naming the keys that are missing and those too many.
    """
    __tracebackhide__ = True
    assert_type(actual, dict, name=name)
    missing = [key for key in keys if key not in actual]
    extra = [key for key in actual if key not in keys]
    if not missing and not extra:
        return
    problems = [f"missing {_listed(missing)}"] if missing else []
    problems += [f"not expected: {_listed(extra)}"] if extra else []
    raise CheckFailure(
        f"{name}: expected the keys {_listed(keys)}; {'; '.join(problems)}.",
        cause=_keys_cause(missing, extra),
        name=name,
    )


def _keys_cause(missing: list[Any], extra: list[Any]) -> str:
    for wanted in missing:
        for got in extra:
            if isinstance(wanted, str) and isinstance(got, str) and wanted.lower() == got.lower():
                return f"keys are case-sensitive: {got!r} is not {wanted!r}."
            if type(wanted) is not type(got) and str(wanted) == str(got):
                return f"the key {got!r} is {_article(type_name(got))}, {wanted!r} is {_article(type_name(wanted))}."
    return ""


def assert_that(condition: bool, message: str, *, cause: str = "", name: str = "") -> None:
    """Refuse with the author's own message (expected and got) unless the condition holds.

    Raises:
        CheckFailure: With the message and cause.
    """
    __tracebackhide__ = True
    if not condition:
        raise CheckFailure(message, cause=cause, name=name)


def _listed(items: Collection[Any]) -> str:
    return ", ".join(repr(item) for item in items)


def _article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeio' else 'a'} {noun}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def assert_raises(
    call: Callable[..., Any],
    *args: Any,
    error: type[BaseException] | str = ValueError,
    name: str,
    case: str = "",
) -> None:
    """Refuse a student's function that does not raise ``error`` for these arguments.

    Args:
        call: The student's function, ``submission.NAME``.
        args: What it is called with.
        error: The exception's type, or the name of one that the student defines.
        name: What the message calls the function.
        case: What is wrong with the arguments, in words: "an empty batch".

    Raises:
        CheckFailure: If it returns, or raises another exception.
        StudentError: If it is not implemented yet, missing, or used a forbidden name.
    """
    __tracebackhide__ = True
    wanted = error if isinstance(error, str) else error.__name__
    expected = f"{name}: expected {_article(wanted)}{' for ' + case.rstrip('.') if case else ''}, got"
    try:
        value = call(*args)
    except StudentError as caught:
        raised = caught.raised
        if raised.type in NEVER_EXPECTED and raised.type != wanted:
            raise
        if not _is_kind_of(raised.type, error):
            raise CheckFailure(f"{expected} {_article(raised.type)}: {caught}", name=name) from None
        return
    raise CheckFailure(
        f"{expected} no error: it returned {_short(value)}.",
        cause=f"the arguments are not checked, or nothing raises the error (`raise {wanted}(...)`).",
        name=name,
    )


NEVER_EXPECTED = frozenset({"NotImplementedError", "MissingAnswer", "ForbiddenName", "MemoryError", "UnsupportedValue"})


def _is_kind_of(raised: str, error: type[BaseException] | str) -> bool:
    """Whether an exception of that name is an ``error``; only its name came from the student's process."""
    if isinstance(error, str):
        return raised == error
    for home in (builtins, np.linalg, np.exceptions):
        kind = getattr(home, raised, None)
        if isinstance(kind, type):
            return issubclass(kind, error)
    return raised == error.__name__
