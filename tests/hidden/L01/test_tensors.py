"""Hidden checks of L01: other sizes and values of what the exercises promise."""

from functools import partial

import numpy as np
import torch

from autograder.checks import (
    CheckFailure,
    Implementation,
    as_array,
    assert_accepts,
    assert_close,
    assert_dtype,
    assert_refuses,
    assert_that,
    assert_trace,
    assert_unchanged,
    exercise,
)
from autograder.programs.autograd import autograd_program

# --- sliding_windows -------------------------------------------------------------------------------------------------

PLAIN = (40, (5, 12), (12, 1))  # offset, shape, strides in entries
LAYOUTS = (
    ("every second column", (1500, (4, 9), (18, 2))),
    ("a transposed array", (1500, (3, 7), (1, 3))),
    ("reversed rows", (1560, (5, 8), (-8, -1))),
    ("every third row", (1500, (3, 11), (33, 1))),
)
ELEMENTS = "strides count bytes, not entries: use those in `x.strides`, or multiply by `x.itemsize`."
ASSUMED = "these are the windows of another array: x may be a view, so its strides are those in `x.strides`."
COPIED = "the values were copied: `as_strided` with the right strides shows those of x."
STEP_IGNORED = "the windows begin one entry apart: the stride from window to window is step times that of an entry."
STEP_INSIDE = (
    "the step is applied inside the windows: it is the distance between windows, whose entries are neighbours."
)
SIDE_BY_SIDE = "the windows stand side by side: they begin `step` entries apart, whatever their width, and overlap."
AXES_SWAPPED = "windows and entries are swapped: the axes are (N, windows, width)."
ONE_TOO_FEW = "the last window is missing: 1 + (T - width) // step of them fit."
TOO_FEW = "there are too few windows: 1 + (T - width) // step of them fit."
NO_ROWS = "the result has three axes, (N, windows, width): the windows of one row stay apart from those of the next."
STRIDES_SWAPPED = "the strides of rows and entries are swapped: `x.strides` is (from row to row, from entry to entry)."
ROW_STEP = "the step was applied to the rows: from one row to the next it is `x.strides[0]`, whatever the step."
FITS = "a ValueError although it fits: every width from 1 up to T is allowed, 1 and T themselves too."
STEP_ON_ENTRIES = (
    "the step was applied to the entries of each window: it belongs to the second axis, that of the windows."
)
WIDTH_UNTESTED = (
    "a window has at least one entry and fits into a row: another width is a ValueError, so compare it with both."
)
STEP_UNTESTED = "windows that do not move on, or move backwards, are a ValueError: compare `step` with 1."
COUNT_WITHOUT_STEP = "there are too many windows, beyond the end of the row: 1 + (T - width) // step of them fit."


def windows_of(student, base, layout, width, step):
    """What the student's windows show of an array in the middle of a larger one, and whether they are a view of it."""
    offset, shape, strides = layout
    x = np.lib.stride_tricks.as_strided(base[offset:], shape, tuple(base.itemsize * stride for stride in strides))
    try:
        result = student.sliding_windows(x, width) if step is None else student.sliding_windows(x, width, step)
    except ValueError:
        if width not in (1, shape[1]):
            raise
        return {"refused": True}
    if result is None:
        return {"windows": None, "shares": False, "type": "None", "x": x.copy(), "base": base}
    array = np.asarray(result)
    shares = np.may_share_memory(array, base)
    return {"windows": array.copy(), "shares": bool(shares), "type": type(result).__name__, "x": x.copy(), "base": base}


def strided(base, layout, shape, strides):
    """An array over the larger one; ``strides`` in bytes."""
    return np.lib.stride_tricks.as_strided(base[layout[0] :], shape, strides).copy()


def entries(base, layout):
    """The array the student is given."""
    return strided(base, layout, layout[1], tuple(base.itemsize * stride for stride in layout[2]))


def true_windows(x, width, step):
    """The windows, one by one."""
    return np.stack([x[:, start : start + width] for start in range(0, x.shape[1] - width + 1, step)], axis=1)


def wrong_windows(base, layout, width, step):
    """Sentences for windows that people often get, with those windows."""
    _, (N, T), (row, entry) = layout
    size, count = base.itemsize, 1 + (T - width) // step
    shape, x = (N, count, width), entries(base, layout)
    found = {
        ELEMENTS: (shape, (row, step * entry, entry)),
        STEP_IGNORED: (shape, (size * row, size * entry, size * entry)),
        STEP_INSIDE: (shape, (size * row, size * entry, size * step * entry)),
        SIDE_BY_SIDE: (shape, (size * row, size * width * entry, size * entry)),
        ASSUMED: (shape, (size * T, size * step, size)),
        STRIDES_SWAPPED: (shape, (size * entry, size * step * row, size * row)),
        ROW_STEP: (shape, (size * step * row, size * step * entry, size * entry)),
    }
    return {
        **{sentence: strided(base, layout, *view) for sentence, view in found.items()},
        AXES_SWAPPED: true_windows(x, width, step).swapaxes(1, 2),
        ONE_TOO_FEW: true_windows(x, width, step)[:, :-1],
    }


def count_cause(got, shape, width, step):
    """Why there is another number of windows, or of axes."""
    (N, T), sizes = shape, as_array(got).shape
    count = 1 + (T - width) // step
    if len(sizes) == 2 and sizes[-1] == width:
        return NO_ROWS
    if step > 1 and sizes == (N, 1 + T - width, -(-width // step)):
        return STEP_ON_ENTRIES
    if len(sizes) != 3 or (sizes[0], sizes[2]) != (N, width) or sizes[1] == count:
        return ""
    return COUNT_WITHOUT_STEP if sizes[1] > count else ONE_TOO_FEW if sizes[1] == count - 1 else TOO_FEW


def assert_windows(got, base, layout, width, step, case):
    """Refuse other windows than the right ones."""
    if got.get("windows", "") is None:
        assert_that(False, "windows: expected an array, got None.", cause="does it end with `return`?")
    if "refused" in got:
        assert_that(False, f"width {width} in rows of {layout[1][1]} entries raises a ValueError.", cause=FITS)
    expected, foreseen = true_windows(entries(base, layout), width, step), wrong_windows(base, layout, width, step)

    def cause(actual, wanted):
        for sentence, wrong in foreseen.items():
            if np.array_equal(actual, wrong) and not np.array_equal(wrong, wanted):
                return sentence
        return count_cause(actual, layout[1], width, step)

    assert_close(got["windows"], expected, name=f"windows{case}", explain=cause)


@exercise("sliding_windows", weight=2)
def test_windows_of_a_plain_array(submission, rng):
    """Every window, one entry apart (a step of 1, or none given), of an array that lies in memory row by row."""
    base = rng.integers(-(2**40), 2**40, size=4000)
    layout = (1500, *PLAIN[1:])
    for width in (4, 1, 12):
        got = submission.run(windows_of, base, layout, width, None)  # without a step, it is 1
        assert_windows(got, base, layout, width, 1, "")


@exercise("sliding_windows", weight=2)
def test_windows_with_a_step(submission, rng):
    """Windows several entries apart; what does not fill a window at the end is left out."""
    base = rng.integers(-(2**40), 2**40, size=4000)
    layout = (1500, *PLAIN[1:])
    for width, step in ((4, 3), (3, 2), (2, 5), (5, 9)):
        got = submission.run(windows_of, base, layout, width, step)
        assert_windows(got, base, layout, width, step, f" with step {step}")


@exercise("sliding_windows", weight=2)
def test_windows_of_arrays_with_any_strides(submission, rng):
    """The same of views: every second column, transposed, reversed, every third row; other dtypes."""
    for dtype in (np.int64, np.int32, np.int16):
        base = rng.integers(-(2**15), 2**15, size=4000).astype(dtype)
        for words, layout in LAYOUTS:
            got = submission.run(windows_of, base, layout, 3, 2)
            assert_windows(got, base, layout, 3, 2, f" of {words}")


@exercise("sliding_windows", condition=True)
def test_windows_keep_dtype_and_memory(submission, rng):
    """The result is an array of x's dtype that shares x's memory, and x is not modified."""
    for dtype in (np.float64, np.float32):
        base = rng.normal(size=4000).astype(dtype)
        for layout in ((1500, *PLAIN[1:]), LAYOUTS[0][1]):
            got = submission.run(windows_of, base, layout, 4, 2)
            assert_dtype(got["windows"], dtype, name="windows")
            assert_unchanged(got["base"], base, name="x")
            assert_that(got["shares"], "windows: expected a view of x, got a copy.", cause=COPIED)


def windows_refused(student, cases):
    """The name of the error for each (T, width, step); "" where there is none."""
    found = []
    for T, width, step in cases:
        try:
            student.sliding_windows(np.zeros((3, T)), width, step)
        except NotImplementedError:
            raise
        except Exception as error:  # noqa: BLE001 - its name is the evidence
            found.append(type(error).__name__)
        else:
            found.append("")
    return found


def other_error(name):
    """A cause for an error of another kind than the one that was asked for."""
    return f"the error is of another kind, {name}: the text asks for a ValueError, `raise ValueError(...)`."


@exercise("sliding_windows", condition=True)
def test_windows_refuse_what_does_not_fit(submission, rng):
    """A width below 1 or above T, and a step below 1, are ValueErrors; width T and step 1 are not."""
    cases = ((5, 6, 1), (5, 0, 1), (5, -2, 1), (5, 3, 0), (5, 3, -1), (5, 5, 1), (5, 1, 7))
    got = submission.run(windows_refused, cases)
    for (T, width, step), name, wanted in zip(cases, got, ("ValueError",) * 5 + ("",) * 2, strict=True):
        does = f"raises {name}" if name else "raises nothing"
        untested = STEP_UNTESTED if step < 1 else WIDTH_UNTESTED
        cause = untested if name in ("", "ZeroDivisionError") else other_error(name) if wanted else ""
        cause = FITS if name == "ValueError" and not wanted and step == 1 else cause
        assert_that(name == wanted, f"width {width} and step {step} in rows of {T} entries {does}.", cause=cause)


# --- broadcast_shape -------------------------------------------------------------------------------------------------

ALIGNED_LEFT = "the shapes are aligned at their first axis: new axes come in front, so they are aligned at the last."
ZERO_LOST = "a 1 above a 0 gives 0: the result has the size that is not 1, which is not always the larger."
TRUNCATED = "the axes that only the longer shape has are missing: the result is as long as the longer of the two."
SMALLER = "the smaller size is taken: a 1 is stretched to the other size, so the result has the one that is not 1."
ONE_OF_THEM = (
    "the sizes are always those of one of the two shapes: either may have the 1, and the result has the other size."
)
MULTIPLIED = "the sizes are multiplied: equal ones stay what they are."
SECOND_LONGER = "a ValueError wherever the second shape is the longer one: either of them may be."
FIRST_LONGER = "a ValueError wherever the first shape is the longer one: either of them may be."
LENGTHS_REFUSED = "a ValueError wherever one shape has more axes than the other: the missing ones count as 1."
RETURNED = (
    "the error is returned, or nothing is: sizes that do not go together are an error that is *raised*, `raise"
    " ValueError(...)`."
)
PAIRED_IN_FRONT = "`zip` pairs the shapes from the front and stops at the shorter: pad that one with ones, in front."
SECOND_CUT = "axes are missing wherever the second shape is the longer one: pad the shorter one, whichever it is."
FIRST_CUT = "axes are missing wherever the first shape is the longer one: pad the shorter one, whichever it is."
ZERO_AS_ONE = "a 0 is treated like a 1 and stretched: only a 1 is, and a 1 above a 0 gives 0."
NUMBER_WINS = "() is the shape of a number, which goes with every shape: the result is the other one."
CONCATENATED = "the shapes are put one after the other: they are compared size by size, from the last axis on."
A_LIST = "a shape is a tuple."
BACK_TO_FRONT = "the result is back to front: the axes were collected from the last one on."
NOT_TESTED = "sizes that differ, neither of them 1, do not go together: that is a ValueError."
TOO_STRICT = "a ValueError for shapes that go together: equal sizes do, and a 1 does with anything."
ZERO_REFUSED = "a ValueError for a size of 0: 0 goes together with 0 and with 1, like any other size."


def shapes_of(student, pairs, any_error):
    """For each pair the student's shape, or the name of the error."""
    found = []
    for a, b in pairs:
        try:
            found.append(student.broadcast_shape(a, b))
        except ValueError:
            found.append({"error": "ValueError"})
        except Exception as error:
            if not any_error or type(error).__name__ in ("NotImplementedError", "ForbiddenName", "MissingAnswer"):
                raise
            found.append({"error": type(error).__name__})
    return found


def right_shape(a, b):
    """What NumPy says."""
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return "ValueError"


def draw_shape(rng, ndim, sizes):
    """A shape with so many axes."""
    return tuple(int(rng.choice(sizes)) for _ in range(ndim))


def draw_pairs(rng, count, *, sizes, equal_length, fit=True):
    """Pairs of shapes that go together (or do not), the smallest first."""
    pairs = []
    while len(pairs) < count:
        ndim = int(rng.integers(1, 5))
        other = ndim if equal_length else int(rng.integers(0, 5))
        if equal_length or ndim != other:
            a, b = draw_shape(rng, ndim, sizes), draw_shape(rng, other, sizes)
            if (right_shape(a, b) != "ValueError") == fit:
                pairs.append((a, b))
    return sorted(pairs, key=lambda pair: len(pair[0]) + len(pair[1]))


def joined(a, b, *, left=False, pick=None):
    """A wrong way to join shapes."""
    ndim = max(len(a), len(b))
    a, b = ((*s, *(1,) * (ndim - len(s))) if left else ((1,) * (ndim - len(s)) + s) for s in (a, b))
    return tuple(pick(m, n) for m, n in zip(a, b, strict=True))


def cut(a, b, *, second):
    """Only the shorter one of two shapes is padded if it is the second (or the first); then `zip` cuts."""
    short, long = (b, a) if second else (a, b)
    short = (1,) * (len(long) - len(short)) + short
    a, b = (long, short) if second else (short, long)
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=False)):
        return "ValueError"
    return tuple(map(other_than_one, a, b))


def other_than_one(m, n):
    """The size that wins."""
    return n if m == 1 else m


def shape_cause(pairs, got, expected):
    """The wrong way that gives all these results, if one does."""
    ways = {
        ZERO_LOST: lambda a, b: joined(a, b, pick=max),
        ZERO_AS_ONE: lambda a, b: joined(a, b, pick=lambda m, n: n if m <= 1 else m),
        ZERO_AS_ONE + " ": lambda a, b: joined(a, b, pick=lambda m, n: m if n <= 1 else n),
        SMALLER: lambda a, b: joined(a, b, pick=min),
        ONE_OF_THEM: lambda a, b: joined(a, b, pick=lambda m, n: m),
        ONE_OF_THEM + " ": lambda a, b: joined(a, b, pick=lambda m, n: n),
        MULTIPLIED: lambda a, b: joined(a, b, pick=lambda m, n: m * n),
        BACK_TO_FRONT: lambda a, b: right_shape(a, b)[::-1],
    }
    if any(len(a) != len(b) for a, b in pairs):
        ways = {
            ALIGNED_LEFT: lambda a, b: joined(a, b, left=True, pick=other_than_one),
            ALIGNED_LEFT + " ": lambda a, b: joined(a, b, left=True, pick=max),
            TRUNCATED: lambda a, b: right_shape(a, b)[abs(len(a) - len(b)) :],
            PAIRED_IN_FRONT: lambda a, b: tuple(map(other_than_one, a, b)),
            NUMBER_WINS: lambda a, b: right_shape(a, b) if a and b else (),
            CONCATENATED: lambda a, b: a + b,
            SECOND_CUT: lambda a, b: cut(a, b, second=True),
            FIRST_CUT: lambda a, b: cut(a, b, second=False),
            **ways,
        }
    fitting = [i for i, wanted in enumerate(expected) if wanted != "ValueError"]
    wrong = [i for i in fitting if got[i] != expected[i]]
    if wrong and all(got[i] == "ValueError" for i in wrong):
        lengths = [(len(pairs[i][0]), len(pairs[i][1])) for i in fitting]
        refused = [got[i] == "ValueError" for i in fitting]
        for sentence, tells in ((SECOND_LONGER, lambda m, n: n > m), (FIRST_LONGER, lambda m, n: m > n)):
            if refused == [tells(*pair) for pair in lengths]:
                return sentence
        if refused == [m != n for m, n in lengths]:
            return LENGTHS_REFUSED
        refused_left = [joined_refuses(*pairs[i]) for i in fitting]
        if [got[i] == "ValueError" for i in fitting] == refused_left:
            return ALIGNED_LEFT
        zeros = [0 in (*pairs[i][0], *pairs[i][1]) for i in fitting]
        return ZERO_REFUSED if zeros == [got[i] == "ValueError" for i in fitting] else TOO_STRICT
    for sentence, way in ways.items():
        told = [got[i] == way(*pairs[i]) for i in fitting if got[i] != "ValueError"]
        if told and all(told) and wrong:
            return sentence.strip()
    return ""


def joined_refuses(a, b):
    """Whether sizes do not go together if shapes are aligned at their first axis."""
    return any(m != n and 1 not in (m, n) for m, n in zip(a, b, strict=False))


def as_shape(result):
    """A list or an array of sizes as a tuple, an error as its name, and anything else as it is printed."""
    if isinstance(result, dict) and list(result) == ["error"]:
        return result["error"]
    if isinstance(result, list | tuple | np.ndarray) and as_array(result).ndim == 1:
        return tuple(as_array(result).astype(int).tolist())
    return repr(result)


def assert_shapes(submission, pairs, *, any_error=False):
    """Refuse other shapes than NumPy's; the shortest pair that is wrong is told."""
    results = submission.run(shapes_of, pairs, any_error)
    got = [as_shape(result) for result in results]
    expected = [right_shape(a, b) for a, b in pairs]
    for shape, wanted, result in zip(got, expected, results, strict=True):
        if shape == wanted:
            continue
        cause = shape_cause(pairs, got, expected)
        if not cause and wanted == "ValueError":
            raised = isinstance(result, dict)
            cause = NOT_TESTED if isinstance(shape, tuple) else other_error(shape) if raised else RETURNED
        assert_that(False, f"broadcast_shape: expected {wanted}, got {shape}.", cause=cause)


@exercise("broadcast_shape", condition=True)
def test_shapes_are_tuples(submission, rng):
    """The result is a tuple."""
    for shape in submission.broadcast_shape.map([((3, 1), (1, 4)), ((), ()), ((2,), ())]):
        cause = A_LIST if isinstance(shape, list | np.ndarray) else ""
        assert_that(isinstance(shape, tuple), f"broadcast_shape: expected a tuple, got {shape!r}.", cause=cause)


@exercise("broadcast_shape", weight=2)
def test_shapes_of_equal_length(submission, rng):
    """Shapes with as many axes, in which either may have the 1."""
    assert_shapes(submission, draw_pairs(rng, 60, sizes=(1, 1, 2, 3, 5), equal_length=True))


@exercise("broadcast_shape", weight=3)
def test_shapes_of_different_lengths(submission, rng):
    """The shorter one gets new axes in front; () is the shape of a number."""
    pairs = draw_pairs(rng, 100, sizes=(1, 1, 2, 3, 4), equal_length=False)
    assert_shapes(submission, [((), ()), ((), (3,)), ((2, 3), ()), *pairs])


@exercise("broadcast_shape", weight=2)
def test_shapes_with_a_zero(submission, rng):
    """A size may be 0: it goes together with 0 and 1."""
    pairs = draw_pairs(rng, 60, sizes=(0, 0, 1, 1, 2), equal_length=True)
    assert_shapes(submission, [((0,), (1,)), ((1,), (0,)), ((0,), (0,)), *pairs])


@exercise("broadcast_shape", weight=2)
def test_shapes_that_do_not_fit(submission, rng):
    """Sizes that differ, neither of them 1, are a ValueError; all others are not."""
    refused = draw_pairs(rng, 60, sizes=(0, 1, 2, 3, 4), equal_length=False, fit=False)
    fitting = draw_pairs(rng, 10, sizes=(1, 2, 3), equal_length=True)
    pairs = [((3,), (3,)), *fitting, ((2,), (3,)), ((0,), (2,)), *refused]
    assert_shapes(submission, pairs, any_error=True)


# --- unbroadcast -----------------------------------------------------------------------------------------------------

ONLY_LEADING = "axes of size 1 that were stretched are not summed: they stay, with size 1 (keepdims)."
ONLY_STRETCHED = "the new axes in front are not summed: they have to go."
VALUE_AS_INDEX = "the axes summed over are numbered by their size: sum over the places at which `shape` has a 1."
MEAN_TAKEN = "the gradients are averaged: an entry that was used in several places receives their sum."
FIRST_TAKEN = "only one of the places counts: an entry that was used in several receives the sum of their gradients."
ONES_LOST = "axes of size 1 are gone from the result: `keepdims` leaves them there, or reshape at the end."
NEW_KEPT = "the new axes are still there, with size 1: they have to go, so no `keepdims` for them."
ALL_SUMMED = "all axes are summed: only those that are new, or have size 1 in `shape`, are."
LARGEST = "the largest of the gradients is taken: an entry that was used in several places receives their sum."
COUNTED_FROM_THE_LEFT = (
    "the 1s of `shape` are looked for from the first axis of `grad` on: the shapes are aligned at the last axis."
)
RIGHT_SIZE = "the sum runs over axes that stay: only those count that are new, or have size 1 in `shape`."

MOVED_UP = (
    "when an axis is summed away, those behind it move up: `keepdims=True` leaves an axis of size 1 in its place, "
    "and one `sum` with a tuple of axes counts them all before any is gone."
)
FRONT_MOVED_UP = (
    "when an axis is summed away, those behind it move up: the next new axis is number 0 again, or sum over all of "
    "them at once, with a tuple."
)
RESHAPED = (
    "`reshape` never changes how many entries there are: before it, sum over all new axes and all where `shape` has a "
    "1, and over no others (an axis that is summed away moves those behind it up)."
)


def lost_on_the_way(grad, shape):
    """Sum over the places of the ones, one after the other, without keepdims."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    for i, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=i)
    return grad


def counted_in_front(grad, shape):
    """Sum over axis 0, then over axis 1 of what is left, and so on."""
    for i in range(grad.ndim - len(shape)):
        grad = grad.sum(axis=i)
    return grad.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)


ONES_ELSEWHERE = "the axes of size 1 are at other places than in `shape`: `keepdims=True` leaves each where it was."
A_LIST_OF_SUMS = "that is a list: a gradient is an array, so return the array itself."
WRITTEN = "`grad` was modified: `+=` and `out=` write into the caller's array."
STRETCHED_TO_NONE = (
    "a size of 1 can be stretched to 0, too: then there is nothing to sum, and the axis comes back with size 1, full "
    "of zeros. Look for the 1s of `shape`, not for sizes that are smaller."
)
LOSE_THEIR_PLACE = ((MOVED_UP, lost_on_the_way), (FRONT_MOVED_UP, counted_in_front))


def result_or_error(function, grad, shape):
    """What a function gives, or the name of its error."""
    try:
        return function(grad, shape)
    except ValueError as error:  # an AxisError is one
        return type(error).__name__


def unbroadcasts(student, grads, shapes):
    """For each gradient the student's result, or the name and the text of the error."""
    found = []
    for grad, shape in zip(grads, shapes):  # noqa: B905 - sent to the worker as it is
        try:
            found.append(student.unbroadcast(np.array(grad), shape))
        except NotImplementedError:
            raise
        except Exception as error:
            if type(error).__name__ in ("ForbiddenName", "MissingAnswer"):
                raise
            found.append({"error": type(error).__name__, "text": str(error)[:100]})
    return found


def left_behind(student, grad, shape):
    """The gradient that was given, as it is after the call."""
    given = np.array(grad)
    try:
        student.unbroadcast(given, shape)
    except ValueError:
        return given  # other checks tell of it
    return given


def tell_of_the_error(submission, raised, grad, shape):
    """Say why it raised an error, if that is known, or leave it to the engine."""
    name, whole = raised["error"], tuple(grad.shape)
    outcomes = [(says, result_or_error(way, grad, shape)) for says, way in LOSE_THEIR_PLACE]
    ways = [says for says, outcome in outcomes if isinstance(outcome, str) and outcome == name]
    cause = RESHAPED if raised["text"].startswith("cannot reshape") else ways[0] if len(ways) == 1 else ""
    if cause:
        words = f"gradient: from {whole} to {shape} it raised {name}: {raised['text']}."
        raise CheckFailure(words, cause=cause, name="gradient")
    submission.unbroadcast(grad, shape)
    assert_that(False, f"gradient: from {whole} to {shape} it raised {name}: {raised['text']}.")


def wrong_unbroadcasts(grad, shape):
    """Sentences for results that people often get, with those results."""
    new = grad.ndim - len(shape)
    lead, ones = tuple(range(new)), tuple(i for i, size in enumerate(shape) if size == 1)
    here = tuple(i + new for i in ones)
    right = grad.sum(axis=lead).sum(axis=ones, keepdims=True)
    count = grad.size / max(right.size, 1)
    found = {
        ONLY_LEADING: grad.sum(axis=lead),
        ONLY_STRETCHED: grad.sum(axis=here, keepdims=True),
        MEAN_TAKEN: right / count,
        FIRST_TAKEN: grad[tuple(slice(0, 1) if i in (*lead, *here) else slice(None) for i in range(grad.ndim))].reshape(
            shape
        ),
        FIRST_TAKEN + " ": grad[
            tuple(slice(-1, None) if i in (*lead, *here) else slice(None) for i in range(grad.ndim))
        ].reshape(shape),
        ONES_LOST: grad.sum(axis=(*lead, *here)),
    }
    front, counted = grad.sum(axis=lead), grad
    for i in ones:
        counted = counted.sum(axis=i, keepdims=True)
    for says, way in LOSE_THEIR_PLACE:
        moved = result_or_error(way, grad, shape)
        if not isinstance(moved, str):
            found.setdefault(says, moved)
    found[NEW_KEPT] = grad.sum(axis=(*lead, *here), keepdims=True)
    found[ALL_SUMMED] = grad.sum(keepdims=True)
    found[ALL_SUMMED + " "] = grad.sum()
    found[ALL_SUMMED + "  "] = front.sum(keepdims=True)
    found[ALL_SUMMED + "   "] = np.full(shape, grad.sum())
    found[LARGEST] = grad.max(axis=lead, initial=-np.inf).max(axis=ones, keepdims=True, initial=-np.inf)
    found[LARGEST + " "] = front.max(axis=ones, keepdims=True, initial=-np.inf)
    found[COUNTED_FROM_THE_LEFT] = counted.sum(axis=lead)
    by_value = tuple({size for size in shape if size == 1 and size < front.ndim})
    if by_value:
        found[VALUE_AS_INDEX] = front.sum(axis=by_value, keepdims=True)
    return found


def assert_unbroadcast(submission, rng, cases):
    """Compare with what autograd sends to an operand that was expanded."""
    grads = [rng.normal(size=whole) for whole, _ in cases]
    results = submission.run(unbroadcasts, grads, [shape for _, shape in cases])
    for grad, result, (_whole, shape) in zip(grads, results, cases, strict=True):
        if isinstance(result, dict):
            tell_of_the_error(submission, result, grad, shape)
        operand = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        operand.expand(grad.shape).backward(torch.tensor(grad))
        foreseen = wrong_unbroadcasts(grad, shape)

        def cause(got, wanted, foreseen=foreseen):
            for sentence, wrong in foreseen.items():
                if wrong.shape == got.shape and np.allclose(wrong, got, rtol=1e-9, atol=1e-12):
                    same = wrong.shape == wanted.shape and np.allclose(wrong, wanted)
                    return "" if same else sentence.strip()
            without = [tuple(size for size in array.shape if size != 1) for array in (got, wanted)]
            if got.ndim == wanted.ndim and without[0] == without[1] and np.allclose(got.ravel(), wanted.ravel()):
                return ONES_ELSEWHERE
            return ""

        is_list = isinstance(result, list | tuple)
        assert_that(not is_list, "gradient: expected an array, got a list.", cause=A_LIST_OF_SUMS)
        assert_close(result, operand.grad, name="gradient", explain=cause)


@exercise("unbroadcast", weight=2)
def test_unbroadcast_new_axes(submission, rng):
    """One, two and three new axes in front are summed away; for a number, all axes are."""
    cases = (((5, 3), (3,)), ((2, 5, 3), (3,)), ((4, 2, 5, 3), (3,)), ((2, 3, 4), (3, 4)), ((3, 4), ()), ((6,), ()))
    assert_unbroadcast(submission, rng, cases)


@exercise("unbroadcast", weight=3)
def test_unbroadcast_stretched_axes(submission, rng):
    """Axes of size 1 are summed and stay, wherever they are."""
    cases = (((3, 4), (1, 4)), ((3, 4), (3, 1)), ((2, 3, 4), (2, 3, 1)), ((2, 3, 4), (1, 3, 1)), ((2, 3, 4), (1, 1, 1)))
    assert_unbroadcast(submission, rng, cases)


@exercise("unbroadcast", weight=3)
def test_unbroadcast_both(submission, rng):
    """New axes in front and stretched axes together."""
    cases = (((2, 3, 4), (3, 1)), ((5, 2, 3, 4), (1, 3, 1)), ((5, 2, 3, 4), (3, 1)), ((2, 3, 4), (1,)), ((4, 3), (1,)))
    assert_unbroadcast(submission, rng, cases)


@exercise("unbroadcast", weight=1)
def test_unbroadcast_is_the_adjoint_of_broadcasting(submission, rng):
    """For every x: sum(unbroadcast(G) * x) = sum(G * broadcast(x))."""
    cases = (((4, 1, 3), (1, 3)), ((3, 5, 2), (3, 1, 1)), ((1, 4), (1, 4)), ((7, 1, 5), (1, 1)), ((0, 3), (1, 3)))
    for whole, shape in cases:
        grad, x = 1e3 * rng.normal(size=whole), rng.normal(size=shape)
        result = submission.unbroadcast(grad, shape)
        message = f"gradient: expected shape {shape}, got shape {as_array(result).shape}."
        assert_that(as_array(result).shape == shape, message, cause=STRETCHED_TO_NONE if 0 in whole else "")
        pairing = float((grad * np.broadcast_to(x, whole)).sum())
        assert_close((as_array(result) * x).sum(), pairing, name="sum(unbroadcast(G) * x)", rtol=1e-9)


@exercise("unbroadcast", condition=True)
def test_unbroadcast_same_shape(submission, rng):
    """A gradient that has the shape already is returned as it is; and none is ever modified."""
    wide = rng.normal(size=(3, 8))
    for grad in (rng.normal(size=(2, 3, 4)), wide[:, ::2], rng.normal(size=())):
        result, (after, _) = submission.unbroadcast.after(grad, grad.shape)
        assert_close(result, grad, name="gradient")
        assert_unchanged(after, grad, name="grad")
    for shape in ((4,), (3, 1), (1, 1, 1), (2, 1, 4), ()):
        grad = rng.normal(size=(2, 3, 4))
        after = submission.run(left_behind, grad, shape)
        assert_that(np.array_equal(after, grad), f"grad was changed on the way to shape {shape}.", cause=WRITTEN)


# --- Tensor ----------------------------------------------------------------------------------------------------------

UNSUMMED = "an operand that was broadcast gets a gradient of the result's shape: `unbroadcast` sums it back."
SWAPPED = "this is the gradient of the other operand: parents and rules are in the order of the operands, self first."
MAX_ELSEWHERE = "the gradient goes to other entries than those that attain the maximum along the axis."
PUT_ELSEWHERE = "the gradients are put at other places than those that were selected."
WHOLE_NUMBERS = (
    "the gradient holds whole numbers only: an array of integers rounds what is stored in it, so make zeros of floats."
)
NEW_PARENTS = (
    "the parents are new Tensors or arrays: they have to be the operands themselves, or no gradient reaches those."
)
NO_RULE = (
    "the result does not know all its operands: without a rule for each, as after `detach`, no gradient gets there."
)
NO_TENSOR = "the result is an array: wrap it, with the operands and a rule for each: Tensor(data, parents, rules)."
NOT_WRAPPED = "a number or an array on the right is no node yet: `self._as_node(other)` makes a leaf of it."
PLACES = (
    "the places in `index` are those of the operand, not of d_out: d_out goes back to them, in zeros of the operand's "
    "shape."
)
ANY_INDEX = (
    "the rule is right for one array of whole numbers, but not for every index: numbers, slices, masks, arrays of any "
    "shape and tuples of these have to go back to where they selected."
)
STACKS = (
    "this is right for two matrices, but not for stacks of them: of all the axes only the last two are swapped, "
    "`swapaxes(-1, -2)`, and the batch axes stay."
)
UPSTREAM_IGNORED = "the rule ignores d_out: a gradient is the local derivative times what arrives from above."


def operations(student, name, cases, which, may_raise=True):
    """For each (a, other, d_out): the result of the operation, its parents, and what some of its rules give."""

    def decoded(index):
        if isinstance(index, dict):
            return slice(*index["slice"])
        return tuple(decoded(part) for part in index) if isinstance(index, tuple) else index

    found = []
    for a, other, d_out in cases:
        x = student.Tensor(np.array(a))
        y = student.Tensor(np.array(other)) if name in ("/", "@") else None
        if name == "/":
            result = x / y
        elif name == "@":
            result = x @ y
        elif name == "max":
            axis, keepdims = other
            result = x.max(axis=axis, keepdims=keepdims) if keepdims else x.max(axis)
        else:
            result = x[decoded(other)]
        if isinstance(result, np.ndarray | np.number):
            found.append({"data": np.array(result), "is_tensor": False, "parents": [], "rules": 0, "gradients": []})
            continue
        upstream, rules, gradients, raised = np.array(d_out), list(result.rules), [], ""
        try:
            gradients = [np.array(rules[which](upstream))] if which is not None and which < len(rules) else []
        except (ValueError, IndexError) as error:
            if name not in ("@", "[]") or not may_raise:
                raise
            raised = type(error).__name__ + ": " + str(error)[:200]
        found.append(
            {
                "data": np.array(result.data),
                "is_tensor": isinstance(result, student.Tensor),
                "parents": [0 if p is x else 1 if p is y else -1 for p in result.parents],
                "rules": len(rules),
                "gradients": gradients,
                "raised": raised,
            }
        )
    return found


def called_twice(student, name, a, other, d_out):
    """What every rule gives for d_out and then for 3 d_out, and the arrays afterwards; no rule may raise here."""
    x = student.Tensor(np.array(a))
    y = student.Tensor(np.array(other)) if name in ("/", "@") else None
    results = {"/": lambda: x / y, "@": lambda: x @ y, "max": lambda: x.max(other), "[]": lambda: x[other]}
    result = results[name]()
    upstream, gradients = np.array(d_out), []
    for rule in result.rules:
        try:
            gradients.append([np.array(rule(upstream)), np.array(rule(3.0 * upstream))])
        except Exception:  # noqa: BLE001 - other checks tell of it
            continue
    return {"gradients": gradients, "arrays": [x.data, *([y.data] if y is not None else []), upstream]}


def wrapped(index):
    """An index in plain data: a slice becomes a dict."""
    if isinstance(index, slice):
        return {"slice": [index.start, index.stop, index.step]}
    return tuple(wrapped(part) for part in index) if isinstance(index, tuple) else index


def reference(f, operands, d_out):
    """The result and the gradients by PyTorch."""
    leaves = [torch.tensor(operand, dtype=torch.float64, requires_grad=True) for operand in operands]
    result = f(*leaves)
    result.backward(torch.tensor(d_out, dtype=torch.float64))
    return result.detach().numpy(), [leaf.grad.numpy() for leaf in leaves]


def foreseen_by(wrong, *, elsewhere=""):
    """A function that looks for the wrong value that came; ``elsewhere``: if the right values are at other places."""

    def cause(got, wanted):
        for sentence, value in wrong.items():
            value = np.asarray(value, dtype=float)
            if value.shape == got.shape and np.allclose(value, got, rtol=1e-9, atol=1e-12, equal_nan=True):
                same = value.shape == wanted.shape and np.allclose(value, wanted, rtol=1e-9, atol=1e-12)
                return "" if same else sentence.strip()
        if elsewhere and got.shape == wanted.shape and np.isfinite(got).all():
            if np.array_equal(got, np.trunc(got)) and not np.array_equal(wanted, np.trunc(wanted)):
                return WHOLE_NUMBERS
            if np.allclose(np.sort(got.ravel()), np.sort(wanted.ravel()), rtol=1e-9, atol=1e-12):
                return elsewhere
        return ""

    return cause


def gradient_of(got, which, words):
    """The gradient of one operand, if there is a rule for it."""
    assert_that(got["is_tensor"], "the result is no Tensor.", cause=NO_TENSOR)
    message = f"result: there is no rule for {words} (operand {which + 1}); it has {got['rules']} rules."
    assert_that(bool(got["gradients"]), message, cause=NO_RULE)
    return got["gradients"][0]


def result_of(got):
    """The result's data, if it is a Tensor."""
    assert_that(got["is_tensor"], "the result is no Tensor.", cause=NO_TENSOR)
    return got["data"]


def division_cases(rng):
    """Operands of one shape, then some that are broadcast; no divisor near 0."""

    def divisor(shape):
        return rng.uniform(0.4, 3.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)

    plain = [(rng.normal(size=s), divisor(s), rng.normal(size=s)) for s in ((4,), (2, 3), (2, 4, 3))]
    shapes = (((4, 3), (3,)), ((2, 1), (5,)), ((3,), (2, 4, 1)), ((4, 2), ()), ((), (3, 2)))
    stretched = [(rng.normal(size=a), divisor(b), 30 * rng.normal(size=np.broadcast_shapes(a, b))) for a, b in shapes]
    return plain, stretched


def wrong_divisions(a, b, d_out, which):
    """Sentences for gradients of a / b that people often get."""
    ours, others = ((a, d_out / b), (b, -d_out * a / b**2)) if which == 0 else ((b, -d_out * a / b**2), (a, d_out / b))
    found = {UNSUMMED: ours[1] + np.zeros(np.broadcast_shapes(a.shape, b.shape))}

    def summed(value, to):
        whole = np.broadcast_to(value, np.broadcast_shapes(a.shape, b.shape, np.shape(value)))
        new = whole.ndim - to.ndim
        whole = whole.sum(axis=tuple(range(new)))
        return whole.sum(axis=tuple(i for i, size in enumerate(to.shape) if size == 1), keepdims=True)

    if ours[0].shape == others[0].shape:
        found[SWAPPED] = others[1]
    if which == 0:
        wrong = {
            UPSTREAM_IGNORED: 1 / b,
            "the gradient of the numerator is d_out / b, with the divisor: this is d_out itself.": d_out,
            "the gradient of the numerator is d_out / b: this is d_out * b, as for a product.": d_out * b,
            "the gradient of the numerator is d_out / b: this is divided by the numerator itself.": d_out / a,
        }
    else:
        wrong = {
            UPSTREAM_IGNORED: -a / b**2,
            DIVISOR_SIGN: d_out * a / b**2,
            DIVISOR_FACTOR: -d_out / b**2,
            DIVISOR_SQUARE: -d_out * a / b,
            DIVISOR_SQUARE + " ": -d_out * a / b**3,
            DIVISOR_BOTH: d_out * a / b,
            DIVISOR_BOTH + " ": d_out / b**2,
            DIVISOR_BOTH + "  ": -d_out / b,
            "numerator and divisor are mixed up: d(a / b) / db = -a / b**2.": -d_out * b / a**2,
            "the gradient of the divisor is -d_out * a / b**2: this is d_out * a, as for a product.": d_out * a,
            "the gradient of the divisor is -d_out * a / b**2: this is d_out / b, that of the numerator.": d_out / b,
        }
    return {**found, **{sentence: summed(value, ours[0]) for sentence, value in wrong.items()}}


FLOORED = "the quotient is rounded down: that is `//`, not `/`."
DIVISOR_SIGN = "the gradient of the divisor lacks its minus: d(a / b) / db = -a / b**2."
DIVISOR_FACTOR = "the gradient of the divisor lacks the numerator: d(a / b) / db = -a / b**2."
DIVISOR_SQUARE = "the gradient of the divisor has another power of b than b**2 below: d(a / b) / db = -a / b**2."
DIVISOR_BOTH = (
    "two of minus, numerator and square are missing in the gradient of the divisor: d(a / b) / db = -a / b**2."
)


def assert_division(submission, cases, which):
    """Compare one gradient of each case with PyTorch's."""
    words = ("the numerator", "the divisor")[which]
    for got, (a, b, d_out) in zip(submission.run(operations, "/", cases, which), cases, strict=True):
        _, expected = reference(torch.div, (a, b), d_out)
        cause = foreseen_by(wrong_divisions(a, b, d_out, which))
        assert_close(gradient_of(got, which, words), expected[which], name=f"gradient of {words}", explain=cause)


@exercise("Tensor", weight=0.5)
def test_division_result(submission, rng):
    """The result of a / b, also where an operand is broadcast."""
    cases = [case for group in division_cases(rng) for case in group]
    for got, (a, b, _) in zip(submission.run(operations, "/", cases, None), cases, strict=True):
        cause = foreseen_by(
            {
                "this is b / a: self is the numerator.": b / np.where(a == 0, 1, a),
                "this is a * b.": a * b,
                FLOORED: np.floor(a / b),
            }
        )
        assert_close(result_of(got), a / b, name="a / b", explain=cause)


@exercise("Tensor")
def test_division_gradient_of_the_numerator(submission, rng):
    """The gradient of a in a / b."""
    assert_division(submission, division_cases(rng)[0], 0)


@exercise("Tensor")
def test_division_gradient_of_the_divisor(submission, rng):
    """The gradient of b in a / b."""
    assert_division(submission, division_cases(rng)[0], 1)


@exercise("Tensor")
def test_division_with_broadcasting(submission, rng):
    """Both gradients of a / b have the operands' own shapes, where one or both are broadcast."""
    cases = division_cases(rng)[1]
    assert_division(submission, cases, 0)
    assert_division(submission, cases, 1)


def product_cases(rng):
    """Matrices, stacks of matrices, and stacks that are broadcast against each other."""

    def case(a, b):
        a, b = rng.normal(size=a), rng.normal(size=b)
        return a, b, rng.normal(size=np.shape(a @ b))

    plain = [case((5, 3), (3, 4)), case((1, 3), (3, 2)), case((4, 1), (1, 3))]
    stacks = [case((2, 5, 3), (2, 3, 4)), case((6, 2, 5, 3), (6, 2, 3, 4))]
    stretched = [
        case((5, 2, 3), (3, 4)),
        case((2, 3), (6, 3, 4)),
        case((2, 1, 5, 3), (6, 3, 4)),
        case((1, 2, 3), (5, 3, 4)),
    ]
    return plain, stacks, stretched


STACKED_DOT = "`np.dot` multiplies every matrix of one stack by every one of the other: `@` takes them pair by pair."
ALL_TURNED = "`.T` turns round all axes, the batch axes too: only the last two are swapped, `swapaxes(-1, -2)`."
NOT_TURNED = "one operand has to be transposed: for a @ b the gradients are d_out @ b^T and a^T @ d_out."


def wrong_products(a, b, d_out, which):
    """Sentences for gradients of a @ b that people often get."""
    a_t, b_t = a.swapaxes(-1, -2), b.swapaxes(-1, -2)
    ones = np.ones_like(d_out)
    right = d_out @ b_t if which == 0 else a_t @ d_out
    other = a_t @ d_out if which == 0 else d_out @ b_t
    found = {
        SWAPPED: other,
        UNSUMMED: right,
        "the gradient is transposed: it has the shape of its operand.": right.swapaxes(-1, -2),
    }
    if right.shape == (a, b)[which].shape:
        found[UPSTREAM_IGNORED] = ones @ b_t if which == 0 else a_t @ ones
        if right.ndim > 2:
            found[
                "the gradients of the batch are averaged or mixed: each matrix of a stack has a gradient of its own."
            ] = np.broadcast_to(right.mean(axis=0), right.shape)
    return found


def assert_products(submission, cases, which):
    """Compare one gradient of each case with PyTorch's."""
    words = ("the left operand", "the right operand")[which]
    for got, (a, b, d_out) in zip(submission.run(operations, "@", cases, which), cases, strict=True):
        _, expected = reference(torch.matmul, (a, b), d_out)
        if got.get("raised"):
            stacks = cases[0][0].ndim == cases[0][1].ndim == 2 and max(a.ndim, b.ndim) > 2  # the first one was right
            message = f"gradient of {words}: it raised {got['raised']}."
            assert_that(not stacks, message, cause=STACKS)
            submission.run(operations, "@", [(a, b, d_out)], which, False)
        cause = foreseen_by(wrong_products(a, b, d_out, which))
        assert_close(gradient_of(got, which, words), expected[which], name=f"gradient of {words}", explain=cause)


@exercise("Tensor", weight=0.5)
def test_product_result(submission, rng):
    """The result of a @ b, also for stacks of matrices."""
    cases = [case for group in product_cases(rng) for case in group]
    for got, (a, b, _) in zip(submission.run(operations, "@", cases, None), cases, strict=True):
        assert_close(
            result_of(got),
            np.einsum("...ik,...kj->...ij", a, b),
            name="a @ b",
            explain=foreseen_by({STACKED_DOT: np.dot(a, b)}),
        )


@exercise("Tensor")
def test_product_gradient_of_the_left_operand(submission, rng):
    """The gradient of a in a @ b, for two matrices."""
    assert_products(submission, product_cases(rng)[0], 0)


@exercise("Tensor")
def test_product_gradient_of_the_right_operand(submission, rng):
    """The gradient of b in a @ b, for two matrices."""
    assert_products(submission, product_cases(rng)[0], 1)


@exercise("Tensor")
def test_product_of_stacks(submission, rng):
    """Both gradients of a @ b for stacks of matrices: one or two batch axes."""
    plain, stacks, _ = product_cases(rng)
    cases = [plain[0], *stacks]
    assert_products(submission, cases, 0)
    assert_products(submission, cases, 1)


@exercise("Tensor")
def test_product_of_stacks_with_broadcasting(submission, rng):
    """Both gradients of a @ b where batch axes are broadcast."""
    plain, _, stretched = product_cases(rng)
    cases = [plain[0], *stretched]
    assert_products(submission, cases, 0)
    assert_products(submission, cases, 1)


def maximum_cases(rng, *, ties):
    """(a, (axis, keepdims), d_out); with ties, small whole numbers."""
    cases = []
    for shape, axis, keepdims in (
        ((4, 5), 1, False),
        ((4, 5), 0, False),
        ((3, 4), 1, True),
        ((2, 3, 5), 1, False),
        ((2, 4, 3), -1, True),
        ((6,), 0, False),
    ):
        a = rng.permutation(np.arange(np.prod(shape)) / 3.0 - 4.0).reshape(shape)
        if ties:
            a = rng.integers(-2, 1, size=shape).astype(float)
            np.moveaxis(a, axis, 0)[:2] = 1.0  # at least two are largest, in every line
        cases.append((a, (axis, keepdims), rng.normal(size=a.max(axis=axis, keepdims=keepdims).shape)))
    return cases


TIES_FULL = "where several entries are largest, each gets the full gradient: they share it, in equal parts."
TIES_FIRST = "where several entries are largest, only one of them gets the gradient: they share it, in equal parts."
TIES_GLOBAL = "the gradient is divided by the number of largest entries in the whole array: count along the axis."
GLOBAL_MAX = "only the largest entry of the whole array gets a gradient: each line along the axis has its own."


def wrong_maxima(a, axis, keepdims, d_out):
    """Sentences for gradients of a maximum that people often get."""
    d = d_out if keepdims else np.expand_dims(d_out, axis)
    mask = a == a.max(axis=axis, keepdims=True)
    first, last = np.zeros(a.shape), np.zeros(a.shape)
    np.put_along_axis(first, np.expand_dims(a.argmax(axis=axis), axis), 1.0, axis)
    with np.errstate(invalid="ignore"):
        per_line = (a == a.max()) * d / (a == a.max()).sum(axis=axis, keepdims=True)  # 0 / 0 in most lines
    n = a.shape[axis]
    np.put_along_axis(last, np.expand_dims(n - 1 - np.flip(a, axis).argmax(axis=axis), axis), 1.0, axis)
    return {
        TIES_FULL: mask * d,
        TIES_FIRST: first * d,
        TIES_FIRST + " ": last * d,
        TIES_GLOBAL: mask * d / mask.sum(),
        UPSTREAM_IGNORED: mask / mask.sum(axis=axis, keepdims=True),
        UPSTREAM_IGNORED + " ": mask * 1.0,
        "the gradient goes to the smallest entries: it belongs to the largest ones.": (
            a == a.min(axis=axis, keepdims=True)
        )
        * d,
        GLOBAL_MAX: (a == a.max()) * d,
        GLOBAL_MAX + " ": (a == a.max()) * d / (a == a.max()).sum(),
        GLOBAL_MAX + "  ": per_line,
        "every entry gets a gradient: only those that attain the maximum do.": np.broadcast_to(d, a.shape),
        "every entry gets a gradient: only those that attain the maximum do. ": np.broadcast_to(d, a.shape) / n,
        "the gradient is multiplied by the maximum: its derivative is 1 where it is attained, and 0 elsewhere.": a
        * mask
        * d,
    }


def assert_maxima(submission, cases):
    """Compare the gradient of each case with PyTorch's amax, which shares ties equally."""
    for got, (a, (axis, keepdims), d_out) in zip(submission.run(operations, "max", cases, 0), cases, strict=True):
        _, expected = reference(lambda t, axis=axis, k=keepdims: torch.amax(t, dim=axis, keepdim=k), (a,), d_out)
        cause = foreseen_by(wrong_maxima(a, axis, keepdims, d_out), elsewhere=MAX_ELSEWHERE)
        assert_close(gradient_of(got, 0, "the operand"), expected[0], name="gradient of max", explain=cause)


@exercise("Tensor", weight=0.5)
def test_maximum_result(submission, rng):
    """The largest entries along an axis, with and without keepdims."""
    cases = maximum_cases(rng, ties=False)
    for got, (a, (axis, keepdims), _) in zip(submission.run(operations, "max", cases, None), cases, strict=True):
        foreseen = {
            "the axis stays although keepdims is False, or is gone although it is True.": a.max(
                axis=axis, keepdims=not keepdims
            ),
            "the axis is ignored: the result has a maximum for every line along it.": a.max(),
            "the axis is ignored: the result has a maximum for every line along it. ": a.max(keepdims=True),
            "these are the smallest entries.": a.min(axis=axis, keepdims=keepdims),
            "these are the places of the largest entries, not the entries.": a.argmax(axis=axis, keepdims=keepdims),
        }
        cause = foreseen_by(foreseen)
        assert_close(result_of(got), a.max(axis=axis, keepdims=keepdims), name="max", explain=cause)


@exercise("Tensor")
def test_maximum_gradient(submission, rng):
    """The gradient goes to the largest entry along the axis: first axis, middle axis, last axis."""
    assert_maxima(submission, maximum_cases(rng, ties=False))


@exercise("Tensor")
def test_maximum_gradient_with_ties(submission, rng):
    """Entries that are equally large share the gradient."""
    assert_maxima(submission, maximum_cases(rng, ties=True))


def selection_cases(rng, *, repeated):
    """(a, index, d_out)."""
    a, b = rng.normal(size=(6, 4)), rng.normal(size=(5, 3, 2))
    if repeated:
        chosen = [
            (rng.normal(size=7), np.array([5, 1, 5, 2, 5])),
            (a, (np.array([0, 2, 0, 2, 2]), np.array([1, 3, 1, 3, 0]))),
            (a, np.array([[4, 0], [4, 4]])),
            (b, (slice(None), np.array([2, 0, 2]))),
        ]
    else:
        chosen = [
            (rng.normal(size=7), np.array([5, 1, 2])),
            (a, (np.arange(6), np.array([1, 3, 1, 0, 0, 2]))),
            (a, (slice(1, 5, 2), slice(None, None, -1))),
            (b, 3),
            (b, (2, slice(None), -1)),
        ]
    return [(a, index, rng.normal(size=np.shape(a[index]))) for a, index in chosen]


ASSIGNED = "an entry that is named several times gets only one of its gradients: they add up (`np.add.at`)."
SELECTED = "the gradient of what was selected has to be put back at its places, in zeros of the operand's shape."


def wrong_selections(a, index, d_out):
    """Sentences for gradients of a selection that people often get."""
    assigned = np.zeros(a.shape)
    assigned[index] = d_out
    everywhere, ones = np.ones(a.shape), np.zeros(a.shape)
    np.add.at(everywhere, index, d_out)
    np.add.at(ones, index, np.ones_like(d_out))
    counted = np.zeros(a.shape)
    np.add.at(counted, index, d_out)
    with np.errstate(all="ignore"):
        averaged = np.where(ones > 0, counted / ones, 0.0)
    flagged = np.zeros(a.shape)
    flagged[index] = 1.0
    return {
        ASSIGNED: assigned,
        SELECTED: d_out,
        UPSTREAM_IGNORED: ones,
        UPSTREAM_IGNORED + " ": flagged,
        "entries that were not selected have gradient 0, not 1.": everywhere,
        "the gradients of an entry that is named several times are averaged: they add up.": averaged,
        "the gradient is added to the operand's values: it starts from zeros.": a + counted,
        "every selected entry gets the sum of d_out: it gets the part that belongs to it.": ones * d_out.sum(),
    }


def assert_selections(submission, cases):
    """Compare the gradient of each case with PyTorch's."""
    sent = [(a, wrapped(index), d_out) for a, index, d_out in cases]
    for got, (a, index, d_out) in zip(submission.run(operations, "[]", sent, 0), cases, strict=True):
        if got.get("raised"):
            first = index is cases[0][1]  # that one is an array of whole numbers
            cause = ANY_INDEX if not first else PLACES if got["raised"].startswith("IndexError") else ""
            assert_that(not cause, f"gradient of a[index]: it raised {got['raised']}.", cause=cause)
            submission.run(operations, "[]", [(a, wrapped(index), d_out)], 0, False)
        expected = np.zeros(a.shape)
        places = np.arange(a.size).reshape(a.shape)[index]
        for place, value in zip(np.ravel(places), np.ravel(d_out), strict=True):
            expected.ravel()[place] += value
        foreseen = foreseen_by(wrong_selections(a, index, d_out), elsewhere=PUT_ELSEWHERE)
        other = "" if index is cases[0][1] else ANY_INDEX  # the first one was right

        def cause(actual, wanted, foreseen=foreseen, other=other):
            return foreseen(actual, wanted) or other

        assert_close(gradient_of(got, 0, "the operand"), expected, name="gradient of a[index]", explain=cause)


@exercise("Tensor", weight=0.5)
def test_selection_result(submission, rng):
    """The selected entries, for whole numbers, slices, arrays and tuples of these."""
    cases = selection_cases(rng, repeated=False) + selection_cases(rng, repeated=True)
    sent = [(a, wrapped(index), d_out) for a, index, d_out in cases]
    for got, (a, index, _) in zip(submission.run(operations, "[]", sent, None), cases, strict=True):
        assert_close(result_of(got), a[index], name="a[index]")


@exercise("Tensor")
def test_selection_gradient(submission, rng):
    """The gradient is put back where the entries were taken; the others get 0. Masks too."""
    cases = selection_cases(rng, repeated=False)
    a = rng.normal(size=(4, 5))
    mask = (rng.permutation(20) < 7).reshape(4, 5)
    assert_selections(submission, [*cases, (a, mask, rng.normal(size=7))])


@exercise("Tensor")
def test_selection_gradient_with_repeated_indices(submission, rng):
    """An entry that is selected several times receives the sum."""
    assert_selections(submission, selection_cases(rng, repeated=True))


def cases_of(name, rng):
    """Some cases of an operation."""
    if name == "/":
        return [case for group in division_cases(rng) for case in group]
    if name == "@":
        return [case for group in product_cases(rng) for case in group]
    if name == "max":
        return maximum_cases(rng, ties=False)
    return [(a, wrapped(index), d_out) for a, index, d_out in selection_cases(rng, repeated=True)]


@exercise("Tensor", condition=True)
def test_operations_record_their_operands(submission, rng):
    """The results of / @ max [] are new Tensors, whose parents are the operands in order."""
    for name, count in (("/", 2), ("@", 2), ("max", 1), ("[]", 1)):
        for got in submission.run(operations, name, cases_of(name, rng), None):
            assert_that(got["is_tensor"], f"{name}: the result is no Tensor.", cause=NO_TENSOR)
            wanted = list(range(count))
            cause = "the parents are in reversed order." if got["parents"] == wanted[::-1] != wanted else ""
            cause = cause or (NO_RULE if len(got["parents"]) != count else NEW_PARENTS if -1 in got["parents"] else "")
            assert_that(got["parents"] == wanted, f"{name}: the parents are not the operands, in order.", cause=cause)
            assert_that(got["rules"] == count, f"{name}: expected {count} rules, got {got['rules']}.", cause=NO_RULE)


NOT_FRESH = "a rule makes a new array each time: one that is kept has the gradients of earlier calls in it."


@exercise("Tensor", condition=True)
def test_operations_modify_nothing(submission, rng):
    """Operands and upstream gradients are as they were, and a rule can be called again with another gradient."""
    a, b = rng.normal(size=(3, 4)), rng.uniform(1.0, 2.0, size=(3, 4))
    cases = (
        ("/", a, b, rng.normal(size=(3, 4))),
        ("@", a, b.T.copy(), rng.normal(size=(3, 3))),
        ("max", a, 1, rng.normal(size=3)),
        ("[]", a, np.array([2, 0, 2, 1]), rng.normal(size=(4, 4))),
    )
    for name, left, right, d_out in cases:
        got = submission.run(called_twice, name, left, right, d_out)
        before = [left, right, d_out] if name in ("/", "@") else [left, d_out]
        for now, then in zip(got["arrays"], before, strict=True):
            assert_unchanged(now, then, name=f"{name}: an operand or d_out")
        for first, again in got["gradients"]:
            wanted = as_array(first)
            constant = as_array(again).shape == wanted.shape and np.array_equal(again, wanted)  # it ignores d_out
            if not constant:
                words = f"{name}: what a rule gives when it is called again, with 3 d_out"
                assert_close(again, 3.0 * wanted, name=words, explain=lambda *_: NOT_FRESH)


def with_constants(student, a, b):
    """Results for operands that are numbers or arrays."""
    x = student.Tensor(a)
    try:
        results = (x / 4.0, x / b, x @ b.T)
    except (AttributeError, TypeError) as error:
        if "'float'" not in str(error) and "'numpy.ndarray'" not in str(error) and "memoryview" not in str(error):
            raise
        return []
    return [[np.array(r.data), len(r.parents), len(r.rules)] for r in results]


@exercise("Tensor", condition=True)
def test_operands_may_be_numbers_and_arrays(submission, rng):
    """A number or an array on the right becomes a leaf of its own."""
    a, b = rng.normal(size=(3, 4)), rng.uniform(1, 2, size=(3, 4))
    found = submission.run(with_constants, a, b)
    assert_that(bool(found), "a number or an array on the right of / or @ raises an error.", cause=NOT_WRAPPED)
    for (data, *counts), expected in zip(found, (a / 4, a / b, a @ b.T), strict=True):
        assert_close(data, expected, name="result with a number or an array on the right")
        assert_that(
            counts == [2, 2], f"expected 2 parents and 2 rules, got {counts[0]} and {counts[1]}.", cause=NO_RULE
        )


def given_operations(student, a, b, upstreams):
    """Results of the operations that were given, and the gradients of both operands."""

    def arrived(node, leaf, d_out):
        total = d_out if node is leaf else np.zeros(leaf.data.shape)
        for parent, rule in zip(node.parents, node.rules):  # noqa: B905 - sent to the worker as it is
            total = total + arrived(parent, leaf, rule(d_out))
        return total

    x, y = student.Tensor(a), student.Tensor(b)
    results = [x + y, x * y, x - y, 2.0 + x, b * x, x + 3.0, x.exp(), x.log(), x.tanh(), x.sum(), x.sum(axis=0)]
    results += [x.sum(1, keepdims=True), x - b, x * 0.5, x.sum(axis=1)]
    found = []
    for i, result in enumerate(results):
        d_out = upstreams[i].ravel()[: result.data.size].reshape(result.data.shape)
        found.append([np.array(result.data), arrived(result, x, d_out), arrived(result, y, d_out)])
    return found


@exercise("Tensor", condition=True)
def test_other_operations_still_work(submission, rng):
    """What was given in the class computes what it did, with its gradients."""
    a, b, upstreams = rng.uniform(0.5, 2.0, size=(3, 4)), rng.normal(size=4), list(rng.normal(size=(15, 3, 4)))
    found = submission.run(given_operations, a, b, upstreams)
    x, y = (torch.tensor(value, requires_grad=True) for value in (a, b))
    expected = [
        x + y,
        x * y,
        x - y,
        2.0 + x,
        torch.tensor(b) * x,
        x + 3.0,
        x.exp(),
        x.log(),
        x.tanh(),
        x.sum(),
        x.sum(0),
    ]
    expected += [x.sum(1, keepdim=True), x - torch.tensor(b), x * 0.5, x.sum(1)]
    names = ("a + b", "a * b", "a - b", "2 + a", "array * a", "a + 3", "exp", "log", "tanh", "sum()", "sum(axis=0)")
    names += ("sum(axis=1, keepdims=True)", "a - array", "a * 0.5", "sum(axis=1)")
    for name, got, result, upstream in zip(names, found, expected, upstreams, strict=True):
        d_out = torch.tensor(upstream.ravel()[: result.numel()]).reshape(result.shape)
        d_x, d_y = torch.autograd.grad(result, (x, y), d_out, allow_unused=True)
        assert_close(got[0], result, name=f"{name}, which was given")
        assert_close(got[1], d_x, name=f"the gradient of {name}, which was given")
        assert_close(got[2], np.zeros(4) if d_y is None else d_y, name=f"the gradient of {name}, which was given")


# --- toposort --------------------------------------------------------------------------------------------------------

PREORDER = "a node is listed when it is first met: it must wait until all nodes that use it are in the list."
BY_DISTANCE = (
    "the nodes are in order of their shortest distance from the root: a node also has to wait for a longer path."
)
REVERSED = (
    "the order is right, but back to front: the root comes first, and parents after the nodes computed from them."
)
TWICE = "a node that is used several times is listed several times: remember which ones have been dealt with."
EVERY_PATH = (
    "a node is looked at once for every path that leads to it, and their number doubles with every step: "
    "remember which ones were visited."
)
TOO_OFTEN = "each node is looked at again and again, as often as there are nodes: a few times have to do."
TOO_DEEP = "recursion goes only about 1,000 calls deep: keep the nodes that wait in a list of your own."
NO_CYCLE = (
    "a cycle is not noticed: a node that is met again while its own ancestors are being visited is its own ancestor."
)
NOT_A_CYCLE = (
    "a ValueError for a graph without a cycle: meeting a node again is no cycle, unless it is still being visited."
)
NO_ORDER = "a set has no order: collect the nodes in a list, and ask a set only whether one is there already."
ONE_STEP = "only the root and its parents are listed: the parents' parents, and so on, are needed too."
ROOT_MISSING = "the root is missing: it is the first in the list."
LEAVES_MISSING = "the leaves are missing: they are nodes like the others, and it is their gradients that are wanted."
COUNTED_ONCE = (
    "a node that is used twice by the same one is counted once and crossed off twice, so it is listed too early: count "
    "every use."
)
MARKED_ON_PUSH = (
    "a node is marked as seen when it is put on the stack, so a longer path that reaches it before its turn is "
    "ignored: mark it when it is taken from the stack."
)
ONLY_ROOT = (
    "only the root is listed: the nodes it was computed from are needed too. Two nodes are the same only if they are "
    "one object, whatever their data."
)
FULL_DEPTH = (
    "a ValueError for a long chain, which has no cycle: recursion goes only about 1,000 calls deep, so keep the nodes "
    "that wait in a list of your own."
)
MARKS_LEFT = (
    "a second call gives something else: marks that were left in the nodes, or a default argument that is a "
    "list, remember the first."
)


def order_of(student, parents, calls, any_error):
    """The order of a graph whose node i has the parents parents[i]; the last node is the root. What happened, too."""

    class TooManyError(Exception):
        pass

    looks = [0]
    most = 30 * (len(parents) + sum(map(len, parents))) + 300

    def look(node):
        looks[0] += 1
        if looks[0] > most:
            raise TooManyError
        return node.__dict__["listed"]

    def place(node, value):
        node.__dict__["listed"] = value

    kind = type("Counted", (student.Node,), {"parents": property(look, place)})
    nodes = [kind(0.5) for _ in parents]
    for node, numbers in zip(nodes, parents):  # noqa: B905 - sent to the worker as it is
        node.parents = tuple(nodes[i] for i in numbers)
        node.rules = tuple(None for _ in numbers)
    number = {id(node): i for i, node in enumerate(nodes)}
    found = []
    for _ in range(calls):
        looks[0] = 0
        try:
            order = student.toposort(nodes[-1])
            kind_of_order = type(order).__name__
            order = None if order is None else np.array([number.get(id(node), -1) for node in order], dtype=int)
        except (ValueError, RecursionError, TooManyError) as error:
            order, kind_of_order = type(error).__name__, ""
        except Exception as error:
            if not any_error or type(error).__name__ in ("NotImplementedError", "ForbiddenName", "MissingAnswer"):
                raise
            order, kind_of_order = type(error).__name__, ""
        found.append({"order": order, "type": kind_of_order})
    same = all(node.__dict__["listed"] == tuple(nodes[i] for i in ps) for node, ps in zip(nodes, parents))  # noqa: B905
    return {"calls": found, "unchanged": bool(same and all(node.grad is None for node in nodes))}


def preorder(parents, *, backwards=False):
    """The order of a plain depth-first walk."""
    order, stack = [], [len(parents) - 1]
    while stack:
        i = stack.pop()
        if i not in order:
            order.append(i)
            stack.extend(parents[i] if backwards else reversed(parents[i]))
    return order


def by_distance(parents, *, backwards=False):
    """The order of a breadth-first walk."""
    order = [len(parents) - 1]
    for i in order:
        order.extend(dict.fromkeys(p for p in (reversed(parents[i]) if backwards else parents[i]) if p not in order))
    return order


def marked_early(parents, *, backwards=False):
    """The order of a walk with a stack that marks nodes when they are pushed."""
    order, seen, stack = [], {len(parents) - 1}, [len(parents) - 1]
    while stack:
        i = stack.pop()
        order.append(i)
        for p in reversed(parents[i]) if backwards else parents[i]:
            if p not in seen:
                seen.add(p)
                stack.append(p)
    return order


def counted_once(parents, *, backwards=False, first=False):
    """Kahn's order where each use is crossed off, but several uses by one node are counted once."""
    left = {i: sum(i in ps for ps in parents) for i in range(len(parents))}
    order, ready = [], [len(parents) - 1]
    while ready:
        i = ready.pop(0 if first else -1)
        order.append(i)
        for p in reversed(parents[i]) if backwards else parents[i]:
            left[p] -= 1
            if left[p] == 0:
                ready.append(p)
    return order


def marked_on_push(parents, *, backwards=False):
    """The order of a walk that lists parents first, but marks nodes when they are pushed."""
    order, seen, stack = [], {len(parents) - 1}, [(len(parents) - 1, False)]
    while stack:
        i, done = stack.pop()
        if done:
            order.append(i)
            continue
        stack.append((i, True))
        for p in reversed(parents[i]) if backwards else parents[i]:
            if p not in seen:
                seen.add(p)
                stack.append((p, False))
    return order[::-1]


def is_valid(order, parents):
    """Whether every node stands once, and after all that use it."""
    place = {node: i for i, node in enumerate(order)}
    used = all(place[i] < place[p] for i, ps in enumerate(parents) for p in ps) if len(place) == len(parents) else False
    return used and len(order) == len(parents)


WALKS = ((PREORDER, preorder), (PREORDER, marked_early), (BY_DISTANCE, by_distance))
OTHER_WALKS = (
    (COUNTED_ONCE, counted_once),
    (COUNTED_ONCE, partial(counted_once, first=True)),
    (MARKED_ON_PUSH, marked_on_push),
)


def draw_graph(rng, count):
    """Parents of each node, smaller numbers only; plain walks give a wrong order, and all nodes lead to the root."""
    while True:
        parents = [()]
        for i in range(1, count):
            n = 0 if i < 3 else int(rng.integers(1, 4))
            parents.append(tuple(int(p) for p in rng.integers(0, i, size=n)))
        used = {p for ps in parents for p in ps}
        loose = [i for i in range(count - 1) if i not in used]
        if len(parents[-1]) + len(loose) < 6:
            parents[-1] = tuple(dict.fromkeys((*parents[-1], *loose)))
            walks = [(says, walk(parents, backwards=b)) for says, walk in WALKS + OTHER_WALKS for b in (False, True)]
            alike = any(one != other and a == b for one, a in walks for other, b in walks)
            if not alike and not any(is_valid(order, parents) for says, order in walks if says != COUNTED_ONCE):
                return parents


def shuffled(parents, rng):
    """The same graph with other numbers, the root last; and the old numbers' new ones."""
    order = [*rng.permutation(len(parents) - 1).tolist(), len(parents) - 1]
    renamed = [()] * len(parents)
    for i, ps in enumerate(parents):
        renamed[order[i]] = tuple(order[p] for p in ps)
    return renamed


def paths_to_the_leaves(parents):
    """How many paths lead down from the root."""
    count = {}
    while len(count) < len(parents):
        for i, numbers in enumerate(parents):
            if i not in count and all(p in count for p in numbers):
                count[i] = sum(count[p] for p in numbers) or 1
    return count[len(parents) - 1]


def order_cause(order, parents):
    """Why an order is not valid, if that is known."""
    missing, twice = set(range(len(parents))) - set(order), len(order) - len(set(order))
    every = WALKS + OTHER_WALKS
    walks = {says for says, walk in every for b in (False, True) if walk(parents, backwards=b) == order}
    cause = ""
    if is_valid(order[::-1], parents):
        cause = REVERSED
    elif twice and not missing:
        cause = TWICE
    elif missing == {len(parents) - 1}:
        cause = ROOT_MISSING
    elif missing and order == [len(parents) - 1]:
        cause = ONLY_ROOT
    elif missing and missing == {i for i, ps in enumerate(parents) if not ps}:
        cause = LEAVES_MISSING
    elif missing and missing == set(range(len(parents) - 1)) - set(parents[-1]):
        cause = ONE_STEP
    elif len(walks) == 1:
        cause = next(iter(walks))
    return cause


def assert_order(got, parents):
    """Refuse an order that is not valid, with the cause."""
    if isinstance(got["order"], str):
        too_many = EVERY_PATH if paths_to_the_leaves(parents) > 100 * len(parents) else TOO_OFTEN
        is_chain = all(len(ps) < 2 for ps in parents) and len(parents) > 1000
        causes = {
            "ValueError": FULL_DEPTH if is_chain else NOT_A_CYCLE,
            "RecursionError": TOO_DEEP,
            "TooManyError": too_many,
        }
        words = {"TooManyError": "it looked at `parents` far too often"}.get(got["order"], f"it raised {got['order']}")
        assert_that(
            False, f"toposort: expected a list of {len(parents)} nodes, but {words}.", cause=causes[got["order"]]
        )
    assert_that(got["order"] is not None, "toposort: expected a list, got None.", cause="does it end with `return`?")
    order = as_array(got["order"]).tolist()
    if is_valid(order, parents):
        return
    unordered = got["type"] in ("set", "frozenset")
    assert_that(not unordered, f"toposort: expected a list, got a {got['type']}.", cause=NO_ORDER)
    message = "toposort: the list has something that is no node of the graph."
    assert_that(-1 not in order, message, cause="return the nodes themselves, not their data, and no copies.")
    cause = order_cause(order, parents)
    missing, twice = set(range(len(parents))) - set(order), len(order) - len(set(order))
    if twice or missing:
        message = f"toposort: expected each of {len(parents)} nodes once, got {len(order)} with {len(missing)} missing."
        assert_that(False, message, cause=cause)
    place = {node: i for i, node in enumerate(order)}
    early = next((i, p) for i, ps in enumerate(parents) for p in ps if place[p] < place[i])
    assert_that(
        False,
        f"toposort: of {len(parents)} nodes, one at place {place[early[1]]} was used by one that comes only at place "
        f"{place[early[0]]}.",
        cause=cause,
    )


def ordered(submission, parents, *, any_error=False):
    """What one call gives for a graph."""
    return submission.run(order_of, parents, 1, any_error)["calls"][-1]


@exercise("toposort")
def test_order_has_each_node_once(submission, rng):
    """Each node once, however often it is used: chains, diamonds, a node used twice by the same one, a lone leaf."""
    for parents in (
        [(), (0,), (1,), (2,)],
        [(), (0,), (0,), (1, 2)],
        [(), (0, 0), (1, 1), (2, 2, 2)],
        [()],
        [(), (), (0, 1), (2, 1, 0)],
    ):
        assert_order(ordered(submission, parents), parents)


@exercise("toposort", weight=3)
def test_order_waits_for_all_consumers(submission, rng):
    """Each node comes after all that use it, whatever the lengths of the paths; any such order will do."""
    small = [(), (), (0, 1), (2, 0), (1, 3, 2, 0)]
    for parents in (*(draw_graph(rng, n) for n in (8, 10, 14, 20)), small, [tuple(reversed(ps)) for ps in small]):
        renamed = shuffled(parents, rng)
        assert_order(ordered(submission, renamed), renamed)


@exercise("toposort")
def test_order_of_a_long_chain(submission, rng):
    """A chain of 5,000 nodes."""
    parents = [(), *((i,) for i in range(4999))]
    assert_order(ordered(submission, parents), parents)


@exercise("toposort")
def test_order_of_a_graph_with_many_paths(submission, rng):
    """Sixty doublings in a row, b = a + a: 2^60 paths, 61 nodes."""
    parents = [(), *((i, i) for i in range(60))]
    assert_order(ordered(submission, parents), parents)
    braid = [(), (), *((i, i + 1) for i in range(58))]
    assert_order(ordered(submission, braid), braid)


@exercise("toposort")
def test_cycles_are_refused(submission, rng):
    """A node that is its own ancestor, directly or not, is a ValueError; a graph without one is not."""
    fine = [(), (0,), (1, 0), (2, 1)]
    assert_order(ordered(submission, fine), fine)
    for parents in ([(), (0, 1)], [(1,), (0,)], [(), (0, 3), (1,), (2,), (3, 0)], [(2,), (0,), (1,)]):
        got = ordered(submission, parents, any_error=True)["order"]
        raised = isinstance(got, str) and got == "ValueError"
        what = f"raised {got}" if isinstance(got, str) else "returned a list"
        noticed = isinstance(got, str) and got not in ("RecursionError", "TooManyError")
        cause = other_error(got) if noticed else NO_CYCLE
        assert_that(raised, f"toposort: expected a ValueError for a graph with a cycle, but it {what}.", cause=cause)


@exercise("toposort", condition=True)
def test_order_is_a_list_and_nodes_stay_as_they_are(submission, rng):
    """A list that begins with the root; the nodes are not changed, and a second call gives a valid order too."""
    parents = draw_graph(rng, 9)
    found = submission.run(order_of, parents, 2, False)
    first, second = found["calls"]
    assert_that(not isinstance(first["order"], str), f"toposort: it raised {first['order']}.")
    message = f"toposort: expected a list, got a {first['type']}."
    assert_that(first["type"] == "list", message, cause="the order is right; make a list of it: `list(...)`.")
    order = as_array(first["order"]).tolist()
    assert_that(order[:1] == [8], "toposort: the list does not begin with the root.")
    message = "toposort: `parents` or `grad` of a node was changed."
    assert_that(found["unchanged"], message, cause="it only looks: what the nodes hold stays as it is.")
    again = second["order"]
    valid = not isinstance(again, str) and again is not None and len(as_array(again)) == len(order)
    assert_that(valid, "toposort: the second call for the same root gives something else.", cause=MARKS_LEFT)


# --- backward --------------------------------------------------------------------------------------------------------

OVERWRITTEN = "a node used several times gets the gradient of one use only: the contributions add up."
FIRST_COUNTS = (
    "only what reaches a node first counts: its rules are called before all contributions are there, or later "
    "ones dropped."
)
AVERAGED = "the contributions are averaged: they add up."
FED_WITH_DATA = "the rules are given the nodes' data: they take the gradient with respect to the node."
LEAF_ROOT = "a root that is a leaf itself keeps what it had, too: the gradient is added to it."
TIMES_GRADIENT = "what a rule returns is multiplied by the node's gradient: the rule has done that already."
FIRST_RULE = (
    "two parents of a node get the same rule: each place in `parents` has its own, at the same place in `rules`."
)
USED_TWICE = "a node that is a parent twice gets only one of the two contributions: both count."
LEAVES_REPLACED = "the second call replaces the gradients of the leaves: they add up over calls."
FLOWS_AGAIN = (
    "the gradients of the first call flow a second time: start from those of this call alone, and add up only "
    "at leaves."
)
KEPT = "the gradients of nodes that are no leaves add up over calls: they are replaced by those of the last call."
ONES = "`grad` is ignored: the root starts from it, and from 1 only if it is left out."
FIRST_ONLY = "the second call changes nothing: `grad` of a leaf gets the new gradient added."
SHARED_ARRAY = (
    "two nodes share an array, and `+=` changes it for both: a rule may return the very array it was given. "
    "Write d = d + ..."
)
CALLED_OFTEN = (
    "a rule is called several times, once for each path: add up a node's gradient first, then call its rules once."
)
NEEDS_GRAD = (
    "only a root with exactly one entry may be left without a gradient: for any other it is a ValueError, not ones."
)
NOT_COMPARED = "the shape of `grad` is not compared with that of the root: broadcasting would hide a wrong one."
ONE_ENTRY_TOO = (
    "a root of shape (1,) or (1, 1) has one entry too: without a gradient it starts from a 1 of its own shape."
)
NO_GRAD = "a node has no gradient: every node that the root was computed from gets one, leaves and root included."


def gradients_of(student, parents, factors, upstreams, start):
    """The gradients of a graph of linear rules after some calls of backward, and how often each rule was called.

    Node i has the parents parents[i]; its rule for the j-th multiplies by factors[i][j], or returns what it is given.
    """
    shape = (2, 3)
    nodes, calls = [], {}

    def rule_for(i, j):
        calls[i, j] = 0
        factor = factors[i][j]

        def rule(d_out):
            calls[i, j] += 1
            return d_out if factor is None else factor * d_out

        return rule

    for i, numbers in enumerate(parents):
        rules = tuple(rule_for(i, j) for j in range(len(numbers)))
        nodes.append(student.Node(np.full(shape, 0.5 + i), tuple(nodes[p] for p in numbers), rules))
    if start is not None:
        nodes[0].grad = np.array(start)
    apart = student.Node(np.ones(shape), (nodes[0],), (lambda d_out: 7.0 * d_out,))  # no ancestor of the root
    given = [np.array(upstream) for upstream in upstreams]
    for upstream in given:
        student.backward(nodes[-1], upstream)
    missing = [i for i, node in enumerate(nodes) if node.grad is None]
    return {
        "grads": [np.zeros(shape) if node.grad is None else np.array(node.grad) for node in nodes],
        "missing": missing,
        "calls": list(calls.values()),
        "given": given,
        "apart": apart.grad is None,
        "data": bool(all(np.array_equal(node.data, np.full(shape, 0.5 + i)) for i, node in enumerate(nodes))),
    }


def true_gradients(parents, factors, upstream):
    """What arrives at every node for one upstream gradient."""
    d = [np.zeros((2, 3)) for _ in parents]
    d[-1] = np.array(upstream)
    for i in range(len(parents) - 1, -1, -1):
        for p, factor in zip(parents[i], factors[i], strict=True):
            d[p] = d[p] + (d[i] if factor is None else factor * d[i])
    return d


def wrong_gradients(parents, factors, upstream, way):
    """What arrives at every node in a wrong way, in the right order."""
    d = [[] for _ in parents]
    d[-1] = [np.array(upstream)]
    for i in range(len(parents) - 1, -1, -1):
        d[i] = [np.mean(d[i], axis=0)] if way == "mean" else d[i][-1:] if way == "last" else [sum(d[i])]
        given = np.full((2, 3), 0.5 + i) if way == "data" else d[i][0]
        seen = set()
        for p, factor in zip(parents[i], factors[i], strict=True):
            factor = factors[i][0] if way == "first rule" else factor
            if way == "once" and p in seen:
                d[p].pop()
            if way == "first use" and p in seen:
                continue
            seen.add(p)
            d[p].append((given if factor is None else factor * given) * (d[i][0] if way == "times" else 1.0))
    return [values[0] for values in d]


def draw_factors(parents, rng, *, passing=0.0):
    """Factors for every rule; a share of the rules returns what it is given."""
    return [[None if rng.random() < passing else rng.normal(size=(2, 3)) for _ in ps] for ps in parents]


SKIPS = ([(), (0,), (1,), (1, 2)], [(), (0,), (1,), (2, 1)])  # h = 1 is used by g = 2 and by the root
DIAMONDS = ([(), (0, 0)], [(), (0,), (0, 0), (1, 2, 1)], [(), (), (0, 1), (2, 0), (1, 3, 2, 0)])


def assert_gradients(got, expected, nodes, name, foreseen):
    """Compare the gradients of some nodes, stacked."""
    missing = [i for i in got["missing"] if i in nodes]
    assert_that(not missing, f"{name}: {len(missing)} of {len(nodes)} nodes have grad None.", cause=NO_GRAD)
    actual = np.stack([as_array(got["grads"][i]) for i in nodes]) if nodes else np.zeros(0)
    wanted = np.stack([expected[i] for i in nodes])
    assert_close(actual, wanted, name=name, explain=foreseen)


def other_ways(parents, factors, upstream, nodes):
    """Sentences for gradients that people often get, with those of some nodes."""
    ones = true_gradients(parents, factors, np.ones((2, 3)))
    ways = {OVERWRITTEN: "last", AVERAGED: "mean", FED_WITH_DATA: "data", FIRST_RULE: "first rule", USED_TWICE: "once"}
    ways[TIMES_GRADIENT] = "times"
    found = {says: wrong_gradients(parents, factors, upstream, way) for says, way in ways.items()}
    found[USED_TWICE + " "] = wrong_gradients(parents, factors, upstream, "first use")
    found[ONES] = ones
    if len(parents) == 4 and sorted(parents[3]) == [1, 2]:  # SKIPS: here it shows which contribution was left out
        direct = [factors[3][parents[3].index(1)] * upstream, factors[3][parents[3].index(2)] * upstream, upstream]
        found[FIRST_COUNTS] = [factors[1][0] * direct[0], *direct]
    return foreseen_by({says: np.stack([values[i] for i in nodes]) for says, values in found.items()})


def leaves_and_others(parents):
    """The numbers of the leaves, and of the other nodes."""
    return [i for i, ps in enumerate(parents) if not ps], [i for i, ps in enumerate(parents) if ps]


@exercise("backward", weight=2)
def test_gradients_of_the_leaves(submission, rng):
    """After one call the leaves have the sum over all paths, times the upstream gradient."""
    for parents in (*SKIPS, *DIAMONDS, draw_graph(rng, 9), draw_graph(rng, 13)):
        factors, upstream = draw_factors(parents, rng), rng.normal(size=(2, 3))
        got = submission.run(gradients_of, parents, factors, [upstream], None)
        leaves, _ = leaves_and_others(parents)
        cause = other_ways(parents, factors, upstream, leaves)
        assert_gradients(got, true_gradients(parents, factors, upstream), leaves, "gradients of the leaves", cause)


@exercise("backward")
def test_gradients_of_the_other_nodes(submission, rng):
    """After one call all nodes between have theirs, and the root has the upstream gradient."""
    for parents in (*SKIPS, *DIAMONDS, draw_graph(rng, 9)):
        factors, upstream = draw_factors(parents, rng), rng.normal(size=(2, 3))
        got = submission.run(gradients_of, parents, factors, [upstream], None)
        _, others = leaves_and_others(parents)
        cause = other_ways(parents, factors, upstream, others)
        assert_gradients(got, true_gradients(parents, factors, upstream), others, "gradients of the other nodes", cause)


@exercise("backward", weight=2)
def test_leaves_add_up_over_calls(submission, rng):
    """After a second call, the leaves have the sum of both gradients; also one that had a gradient before."""
    for parents in (*DIAMONDS, draw_graph(rng, 9), [()]):
        factors, (first, second) = draw_factors(parents, rng), rng.normal(size=(2, 2, 3))
        for start in (None, rng.normal(size=(2, 3))):
            got = submission.run(gradients_of, parents, factors, [first, second], start)
            d = [true_gradients(parents, factors, upstream) for upstream in (first, second)]
            leaves, _ = leaves_and_others(parents)
            before = [np.zeros((2, 3)) if start is None or i else start for i in range(len(parents))]
            replaced = LEAVES_REPLACED if len(parents) > 1 else LEAF_ROOT
            foreseen = foreseen_by(
                {
                    replaced: np.stack([d[1][i] for i in leaves]),
                    FLOWS_AGAIN: np.stack([before[i] + 2 * d[0][i] + d[1][i] for i in leaves]),
                    FIRST_ONLY: np.stack([before[i] + d[0][i] for i in leaves]),
                    "a gradient that was there before the first call is lost: leaves add to it.": np.stack(
                        [d[0][i] + d[1][i] for i in leaves]
                    ),
                }
            )
            expected = [b + one + two for b, one, two in zip(before, *d, strict=True)]
            assert_gradients(got, expected, leaves, "gradients of the leaves after two calls", foreseen)


@exercise("backward")
def test_other_nodes_are_replaced(submission, rng):
    """After a second call, nodes that are no leaves have the gradient of that call alone."""
    for parents in (*DIAMONDS, draw_graph(rng, 9)):
        factors, (first, second) = draw_factors(parents, rng), rng.normal(size=(2, 2, 3))
        got = submission.run(gradients_of, parents, factors, [first, second], None)
        d = [true_gradients(parents, factors, upstream) for upstream in (first, second)]
        _, others = leaves_and_others(parents)
        foreseen = foreseen_by(
            {
                KEPT: np.stack([d[0][i] + d[1][i] for i in others]),
                "the second call leaves the gradients of the first: they are replaced.": np.stack(
                    [d[0][i] for i in others]
                ),
            }
        )
        assert_gradients(got, d[1], others, "gradients of the other nodes after two calls", foreseen)


@exercise("backward")
def test_rules_may_return_what_they_were_given(submission, rng):
    """Rules that pass their array on, as those of a sum do, do no harm; two calls, several uses."""
    for parents in ([(), (), (0, 1, 0)], [(), (0,), (0, 1, 1)], *DIAMONDS, draw_graph(rng, 9)):
        factors, upstreams = draw_factors(parents, rng, passing=0.8), list(rng.normal(size=(2, 2, 3)))
        if len(parents) == 3:
            factors = [[None] * len(ps) for ps in parents]
        got = submission.run(gradients_of, parents, factors, upstreams, None)
        d = [true_gradients(parents, factors, upstream) for upstream in upstreams]
        leaves, _ = leaves_and_others(parents)
        expected = [one + two for one, two in zip(*d, strict=True)]
        foreseen = foreseen_by(
            {
                LEAVES_REPLACED: np.stack([d[1][i] for i in leaves]),
                FLOWS_AGAIN: np.stack([2 * d[0][i] + d[1][i] for i in leaves]),
            }
        )
        assert_gradients(got, expected, leaves, "gradients where rules return the array they were given", foreseen)


@exercise("backward")
def test_each_rule_is_called_once(submission, rng):
    """One call of each rule, although many paths lead through it."""
    ladder = [(), *((i, i) for i in range(12))]
    for parents in (*DIAMONDS, draw_graph(rng, 9), ladder):
        got = submission.run(gradients_of, parents, draw_factors(parents, rng), [rng.normal(size=(2, 3))], None)
        calls = set(got["calls"])
        cause = CALLED_OFTEN if max(calls) > 1 else "some rules are never called." if 0 in calls else ""
        assert_that(
            calls == {1}, f"expected one call of every rule, got between {min(calls)} and {max(calls)}.", cause=cause
        )


@exercise("backward", condition=True)
def test_backward_modifies_nothing_else(submission, rng):
    """The argument grad, the data, and nodes that the root does not depend on are as they were."""
    for parents in ([()], *DIAMONDS):
        upstreams = list(rng.normal(size=(2, 2, 3)))
        got = submission.run(gradients_of, parents, draw_factors(parents, rng, passing=1.0), upstreams, None)
        for after, before in zip(got["given"], upstreams, strict=True):
            assert_unchanged(after, before, name="grad")
        assert_that(got["apart"], "a node that the root was not computed from got a gradient.")
        assert_that(got["data"], "`data` of a node was modified.")


def from_one_number(student, shape, value):
    """The gradients of a leaf and a root with one entry, started without a gradient, after one and two calls."""
    leaf = student.Node(np.full(shape, value))
    root = student.Node(np.full(shape, value**2), (leaf, leaf), (lambda d: value * d, lambda d: value * d))
    found = []
    for _ in range(2):
        try:
            student.backward(root)
        except ValueError:
            return []
        found += [None if node.grad is None else np.array(node.grad) for node in (leaf, root)]
    return found


@exercise("backward")
def test_a_single_number_starts_from_one(submission, rng):
    """Without a gradient, a root with one entry starts from 1: shapes (), (1,) and (1, 1)."""
    value = float(rng.normal()) + 3.0
    for shape in ((), (1,), (1, 1)):
        got = submission.run(from_one_number, shape, value)
        assert_that(
            bool(got),
            f"root of shape {shape}, no gradient: a ValueError, expected to start from 1.",
            cause=ONE_ENTRY_TOO,
        )
        names = ("leaf", "root", "leaf after two calls", "root after two calls")
        for name, array, wanted in zip(names, got, (2 * value, 1.0, 4 * value, 1.0), strict=True):
            assert_that(array is not None, f"gradient of the {name}: expected a number, got None.", cause=NO_GRAD)
            message = f"gradient of the {name}: expected shape {shape}, got shape {as_array(array).shape}."
            assert_that(as_array(array).shape == shape, message, cause=ONE_ENTRY_TOO)
            assert_close(array, np.full(shape, wanted), name=f"gradient of the {name}")


def along_a_chain(student, factors):
    """The gradient at the end of a long chain."""
    leaf = node = student.Node(1.0)
    for factor in factors:
        node = student.Node(1.0, (node,), (lambda d, factor=factor: factor * d,))
    student.backward(node)
    return float(leaf.grad)


@exercise("backward")
def test_gradient_along_a_long_chain(submission, rng):
    """Five thousand nodes in a row."""
    factors = np.exp(rng.normal(0, 0.02, size=5000))
    assert_close(submission.run(along_a_chain, factors), np.prod(factors), name="gradient")


def shapes_refused(student, cases):
    """Whether backward from a root of each shape, with a gradient of each shape, is a ValueError."""
    found = []
    for shape, grad in cases:
        leaf = student.Node(np.ones(shape))
        root = student.Node(np.ones(shape), (leaf,), (lambda d: 2.0 * d,))
        try:
            student.backward(root, None if grad is None else np.ones(grad))
        except ValueError:
            found.append(True)
        else:
            found.append(False)
    return found


@exercise("backward", condition=True)
def test_backward_refuses_gradients_that_do_not_fit(submission, rng):
    """Another shape, or none for several entries, is a ValueError; a fitting one is not."""
    cases = (((3,), None), ((2, 3), None), ((0,), None), ((2, 3), (3,)), ((2, 3), (3, 2)), ((1, 1), ()), ((3,), (1,)))
    fine = (((3,), (3,)), ((), None), ((1, 1), None), ((2, 3), (2, 3)), ((), ()))
    got = submission.run(shapes_refused, [*cases, *fine])
    for (shape, grad), raised in zip(cases, got, strict=False):
        words = "no gradient" if grad is None else f"a gradient of shape {grad}"
        cause = NEEDS_GRAD if grad is None else NOT_COMPARED
        assert_that(raised, f"root of shape {shape} and {words}: expected a ValueError.", cause=cause)
    for (shape, grad), raised in zip(fine, got[len(cases) :], strict=True):
        assert_that(not raised, f"root of shape {shape}, gradient {grad}: a ValueError, although it fits.")


# --- check_vjp -------------------------------------------------------------------------------------------------------

TANH = Implementation("""
def op(x):
    y = np.tanh(x)
    return y, lambda d_out: d_out * (1 - y**2)
""")
SOFTMAX = Implementation("""
def op(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, lambda d_out: p * (d_out - (d_out * p).sum(axis=1, keepdims=True))
""")
LARGE_SCALAR = Implementation("""
def op(x):
    return 1e6 * (x**3).sum(), lambda d_out: 3e6 * x**2 * d_out
""")
SMALL_ROWS = Implementation("""
def op(x):
    e = np.exp(x)
    total = e[:, ::-1].sum(axis=1)
    return 1e-6 * np.log(total), lambda d_out: 1e-6 * d_out[:, None] * np.exp(x - np.log(e.sum(axis=1))[:, None])
""")
RELU = Implementation("""
def op(x):
    return np.maximum(x, 0), lambda d_out: np.where(x > 0, d_out, 0.0)
""")
COLUMN_SUMS = Implementation("""
def op(x):
    return x.sum(axis=0), lambda d_out: np.broadcast_to(d_out, x.shape)
""")
OUTER = Implementation("""
def op(x):
    y = np.einsum("ni,mj->nimj", x, x)
    return y, lambda d_out: np.einsum("nimj,mj->ni", d_out, x) + np.einsum("nimj,ni->mj", d_out, x)
""")
OFFSET = Implementation("""
def op(x):
    return 50 + np.sin(x), lambda d_out: d_out * np.cos(x)
""")
SCALAR = Implementation("""
def op(x):
    return np.sin(x).sum(), lambda d_out: d_out * np.cos(x)
""")
LARGE_RELU = Implementation("""
def op(x):
    return 1e6 * np.maximum(x, 0).sum(), lambda d_out: 1e6 * d_out * (x > 0)
""")
CUMULATIVE = Implementation("""
def op(x):
    return np.cumsum(x, axis=1), lambda d_out: np.cumsum(d_out[:, ::-1], axis=1)[:, ::-1]
""")
SMALL_CUMULATIVE = Implementation("""
def op(x):
    y = 1e-6 * np.cumsum(np.sin(x), axis=1).sum(axis=0)
    return y, lambda d_out: 1e-6 * np.cos(x) * (d_out @ np.tri(x.shape[1]))
""")
CUBES = Implementation("""
def op(x):
    return (x**3).sum(), lambda d_out: 3 * x**2 * d_out
""")
ROWS = Implementation("""
def op(x):
    e = np.exp(x)
    return np.log(e.sum(axis=1)), lambda d_out: d_out[:, None] * e / e.sum(axis=1, keepdims=True)
""")
VIEW = Implementation("""
def op(x):
    return x.T[::-1], lambda d_out: d_out[::-1].T
""")
CORRECT = (TANH, SOFTMAX, LARGE_SCALAR, SMALL_ROWS, RELU, COLUMN_SUMS, OUTER, VIEW)
SOME = (LARGE_RELU, SMALL_CUMULATIVE)  # no more: each meets a process of its own

BASIC = (
    "it refuses a right gradient of tanh, sin or cubes: is (f(x + h) - f(x - h)) / 2h right, in float64, with h near "
    "1e-5, and the tolerance well above rounding, near 1e-4 of the largest entry?"
)
ACT_TOGETHER = (
    "it refuses a right gradient where the entries of a row act together: while one entry is moved, are all others as "
    "they were in op(x)? Move each in a fresh copy of x."
)
A_VIEW = (
    "it refuses a right transposition: y may be a view of x, and changes with it when x is moved in place. Give op a "
    "new array each time."
)
OTHER_SHAPE = (
    "it refuses what is right where y has another shape than x: d_out has the shape of y, and all of y counts."
)
KINK = (
    "it refuses what is right for max(x, 0): choose random x, away from the kink at 0, and compare relative to the "
    "largest entry of all, as single ones may be 0."
)
SUM_ALL = "an entry of x may act on many entries of y: multiply d_out by the change of all of y, and sum."
LARGE_OR_SMALL = "it refuses a right gradient that is large or small as a whole: compare relative to its largest entry."
ONES_AND_SOFTMAX = (
    "it refuses a right softmax: with a d_out of ones its gradient is 0, and only rounding is compared; draw random "
    "numbers."
)
REFUSED_RIGHT = (
    (TANH, BASIC),
    (OFFSET, BASIC),
    (COLUMN_SUMS, OTHER_SHAPE),
    (SCALAR, OTHER_SHAPE),
    (RELU, KINK),
    (CUMULATIVE, SUM_ALL),
    (CUBES, BASIC),
    (ROWS, ACT_TOGETHER),
    (VIEW, A_VIEW),
    (LARGE_SCALAR, LARGE_OR_SMALL),
    (SMALL_ROWS, LARGE_OR_SMALL),
    (SOFTMAX, ONES_AND_SOFTMAX),
    (OUTER, SUM_ALL),
)


def tell_which_right_one_is_refused(submission, failure, rng):
    """Raise the failure again; if a right implementation was refused, with the simplest one that is, and why."""
    if "refuses a correct" not in failure.message:
        raise failure
    for implementation, cause in REFUSED_RIGHT:
        try:
            assert_accepts(submission, "check_vjp", (implementation,), rng=rng)
        except CheckFailure as simplest:
            found = cause if "refuses a correct" in simplest.message else simplest.cause
            raise CheckFailure(simplest.message, cause=found, name="check_vjp") from None
    raise failure


def refuses(submission, wrong, rng, cause):
    """The test refuses these, and accepts what is right."""
    try:
        assert_refuses(submission, "check_vjp", wrong, correct=SOME, rng=rng, cause=cause)
    except CheckFailure as failure:
        tell_which_right_one_is_refused(submission, failure, rng)


USE_RANDOM = (
    "it accepts a `back` that uses d_out in part only, or not at all: with a d_out of ones, or one that is 0 nearly "
    "everywhere, that cannot be seen; draw random numbers."
)
RELATIVE = (
    "it accepts a gradient of 1e-6 that is twice too large: compare relative to the largest entry of the gradient."
)
TOO_LOOSE = (
    "it accepts a single entry that is a few percent off: take the largest difference, not a mean, and a small"
    " tolerance."
)
BOTH_SIGNS = "it accepts an entry that is too small: differences of either sign count, so take their absolute value."
SHAPES = "it accepts a gradient of another shape: differences and `np.allclose` broadcast, so compare the shapes too."
NAN = "it accepts NaN: every comparison with NaN is False, so ask that the error is small, not whether it is large."
SIGNS = "it accepts a gradient that is wrong for negative entries only: try entries of both signs."
SEVERAL_ROWS = (
    "it accepts a gradient that is wrong only where there are several different rows: try an x of several "
    "rows, all different."
)
SEVERAL_COLUMNS = (
    "it accepts a gradient that is wrong only where there are several different columns: try an x of several, "
    "all different."
)
ENTRY_BY_ENTRY = "it accepts right entries at wrong places: compare entry by entry, not sums or sorted values."
ORDINARY = "it accepts a gradient that is right near 0 only: try entries of ordinary size."
FACTOR = (
    "it accepts a gradient that is twice too large: does it compare with central differences, and say no by "
    "AssertionError?"
)

IGNORES_IN_PART = Implementation("""
def op(x):
    return x**2, lambda d_out: 2 * x * d_out.mean()
""")
ROWS_DROPPED = Implementation("""
def op(x):
    return x**2, lambda d_out: 2 * x * d_out * (np.arange(len(x)) == 0)[:, None]
""")
TWICE_TOO_LARGE = Implementation("""
def op(x):
    return np.sin(x), lambda d_out: 2 * d_out * np.cos(x)
""")
DIAGONAL = Implementation("""
def op(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, lambda d_out: d_out * p * (1 - p)
""")
SMALL_TWICE = Implementation("""
def op(x):
    y = np.tanh(x)
    return 1e-6 * y, lambda d_out: 2e-6 * d_out * (1 - y**2)
""")
ONE_ENTRY = Implementation("""
def op(x):
    def back(d_out):
        d_x = d_out * np.exp(x)
        d_x[-1, 0] += 0.03 * np.abs(d_x).max()
        return d_x
    return np.exp(x), back
""")
ONE_ENTRY_TOO_SMALL = Implementation("""
def op(x):
    def back(d_out):
        d_x = d_out * np.exp(x)
        d_x[0, -1] -= 0.2 * np.abs(d_x).max()
        return d_x
    return np.exp(x), back
""")
NOT_SPREAD = Implementation("""
def op(x):
    return x.sum(axis=0), lambda d_out: d_out
""")
ONE_NAN = Implementation("""
def op(x):
    def back(d_out):
        d_x = d_out * 2 * x
        d_x[-1, -1] = np.nan
        return d_x
    return x**2, back
""")
POSITIVE_ONLY = Implementation("""
def op(x):
    return np.abs(x) ** 3, lambda d_out: d_out * 3 * x**2
""")
OVER_THE_BATCH = Implementation("""
def op(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, lambda d_out: p * (d_out - (d_out * p).sum())
""")
OVER_THE_ROW = Implementation("""
def op(x):
    e = np.exp(x - x.max(axis=0))
    p = e / e.sum(axis=0)
    return p, lambda d_out: p * (d_out - (d_out * p).sum())
""")
REVERSED_ROWS = Implementation("""
def op(x):
    return x**2, lambda d_out: (2 * x * d_out)[:, ::-1]
""")
TAYLOR = Implementation("""
def op(x):
    return np.sin(x), lambda d_out: d_out * (1 - x**2 / 2)
""")


@exercise("check_vjp", condition=True)
def test_accepts_all_right_operations(submission, rng):
    """Accepts what is right: large and small gradients, results of any shape, a kink, other ways of rounding."""
    try:
        assert_accepts(submission, "check_vjp", CORRECT, rng=rng)
    except CheckFailure as failure:
        tell_which_right_one_is_refused(submission, failure, rng)


@exercise("check_vjp", weight=1)
def test_refuses_a_factor(submission, rng):
    """Refuses a gradient that is twice too large."""
    refuses(submission, TWICE_TOO_LARGE, rng, FACTOR)


@exercise("check_vjp", weight=1)
def test_refuses_errors_between_rows(submission, rng):
    """Refuses a gradient that is wrong where there are several rows."""
    refuses(submission, OVER_THE_BATCH, rng, SEVERAL_ROWS)


@exercise("check_vjp", weight=1)
def test_refuses_errors_between_columns(submission, rng):
    """Refuses a gradient that is wrong where there are several columns."""
    refuses(submission, OVER_THE_ROW, rng, SEVERAL_COLUMNS)


@exercise("check_vjp", weight=1)
def test_refuses_gradients_at_wrong_places(submission, rng):
    """Refuses a gradient whose entries are right, but at other places."""
    refuses(submission, REVERSED_ROWS, rng, ENTRY_BY_ENTRY)


@exercise("check_vjp", weight=2)
def test_refuses_an_ignored_upstream_gradient(submission, rng):
    """Refuses a gradient that does not use all of d_out."""
    refuses(submission, (IGNORES_IN_PART, ROWS_DROPPED), rng, USE_RANDOM)


@exercise("check_vjp", weight=2)
def test_refuses_missing_paths(submission, rng):
    """Refuses a gradient that leaves out the other entries of the result."""
    refuses(submission, DIAGONAL, rng, SUM_ALL)


@exercise("check_vjp", weight=1)
def test_refuses_errors_of_small_gradients(submission, rng):
    """Refuses a gradient that is wrong, but small as a whole."""
    refuses(submission, SMALL_TWICE, rng, RELATIVE)


@exercise("check_vjp", weight=1)
def test_refuses_one_wrong_entry(submission, rng):
    """Refuses a gradient with a single entry that is off by a few percent."""
    refuses(submission, ONE_ENTRY, rng, TOO_LOOSE)


@exercise("check_vjp", weight=1)
def test_refuses_entries_that_are_too_small(submission, rng):
    """Refuses a gradient with a single entry that is too small."""
    refuses(submission, ONE_ENTRY_TOO_SMALL, rng, BOTH_SIGNS)


@exercise("check_vjp", weight=1)
def test_refuses_other_shapes(submission, rng):
    """Refuses a gradient that has the right values after broadcasting, but not the shape of x."""
    refuses(submission, NOT_SPREAD, rng, SHAPES)


@exercise("check_vjp", weight=1)
def test_refuses_nan(submission, rng):
    """Refuses a gradient with NaN in it."""
    refuses(submission, ONE_NAN, rng, NAN)


@exercise("check_vjp", weight=1)
def test_refuses_errors_at_negative_entries(submission, rng):
    """Refuses a gradient that is wrong for negative entries."""
    refuses(submission, POSITIVE_ONLY, rng, SIGNS)


@exercise("check_vjp", weight=1)
def test_refuses_errors_away_from_zero(submission, rng):
    """Refuses a gradient that is right near 0 only."""
    refuses(submission, TAYLOR, rng, ORDINARY)


# --- autograd_trace --------------------------------------------------------------------------------------------------

SEED = 3
FLAGS = ("x.is_leaf", "y.is_leaf", "y.requires_grad", "k.requires_grad", "d.requires_grad", "n.requires_grad")
FIRST = ("first", "w.grad", "k.grad is None", "y.grad is None")
MEMORY = ("y.tolist()", "n.item()")
ERRORS = ("x.add_(1.0)", "s.sum().backward()", "t.sum().backward()", "z.backward()")
LEAF = "a leaf was made by hand; what an operation on a tensor with requires_grad gives is none."
REQUIRES = (
    "a result requires grad if one of its operands does, unless it was detached or computed under no_grad; k "
    "never asked for it."
)
PRODUCT = "z is the sum of k * w * x: its gradient is k * w for x, and the sum of k * x for w."
K_MISSING = "the factor k is missing: y is multiplied by k before the sum."
CLONED = "`first` is a copy made before the second backward: what comes later does not change it."
NOT_SUMMED = "w is a single number, used in both entries: its gradient is the sum of k * x."
GRAD_OF_LEAVES = (
    "gradients are kept for leaves that require grad alone: not for k, which does not, nor for y, which is no leaf."
)
ACCUMULATES = "`backward` adds to what is in `.grad` already: after the second one, x.grad is the sum of both."
TWO_X_HALF = "the derivative of x * x is 2 x: x is used twice."
ONE_WRITTEN = "only d[0] is written: the other entry stays w * x."
SHARES = "`detach` makes a tensor over the same memory: what is written into d is seen through y."
COMPUTES = "`no_grad` computes the same values: only the record is missing. n is w squared."
LEAF_IN_PLACE = (
    "a leaf that requires grad cannot be changed in place while gradients are recorded: that is a RuntimeError."
)
NO_TEXT = "None is a value of its own, not text: type it without quotes."
ONE_KIND = (
    "autograd raises one kind of error for all that it refuses, named in the cell above; otherwise add_ gives "
    "a tensor, backward None."
)
FREED = "the first backward frees what the graph has kept: the second one from the same z is a RuntimeError."
SAVED = (
    "an in-place change is noticed if backward needs the old value: exp, tanh and sigmoid keep their results, "
    "the others do not."
)


def truth():
    """What the program gives."""
    return autograd_program(SEED).run()


def numbers():
    """The program's own numbers: x, w, k and what is written."""
    names = {"torch": torch, "np": np}
    exec(autograd_program(SEED).text, names)  # the course's own code
    x, w, k = (names[name].detach().numpy() for name in "xwk")
    return x.tolist(), float(w), k.tolist()


@exercise("autograd_trace")
def test_trace_flags(submission, rng):
    """Which tensors are leaves, and which require grad."""
    known = [(key, value, LEAF) for key, value in (("x.is_leaf", False), ("y.is_leaf", True))]
    known += [(key, key != "y.requires_grad", REQUIRES) for key in FLAGS[2:]]
    assert_trace(submission.autograd_trace(), truth(), keys=FLAGS, known=known)


@exercise("autograd_trace")
def test_trace_first_gradients(submission, rng):
    """The gradients after the first backward, and who has none."""
    x, w, k = numbers()
    right = truth()
    known = [
        ("first", [w, w], K_MISSING),
        ("w.grad", sum(x), K_MISSING),
        ("first", right["x.grad"], CLONED),
        ("w.grad", [a * b for a, b in zip(k, x, strict=True)], NOT_SUMMED),
        ("k.grad is None", False, GRAD_OF_LEAVES),
        ("y.grad is None", False, GRAD_OF_LEAVES),
    ]
    assert_trace(submission.autograd_trace(), right, keys=FIRST, known=known, cause=PRODUCT)


@exercise("autograd_trace")
def test_trace_accumulation(submission, rng):
    """x.grad after the second backward."""
    x, _w, _k = numbers()
    right = truth()
    known = [
        ("x.grad", [2 * a for a in x], ACCUMULATES),
        ("x.grad", right["first"], ACCUMULATES),
        ("x.grad", [a + b for a, b in zip(right["first"], x, strict=True)], TWO_X_HALF),
        ("x.grad", x, ACCUMULATES),
    ]
    assert_trace(submission.autograd_trace(), right, keys=("x.grad",), known=known)


@exercise("autograd_trace")
def test_trace_memory(submission, rng):
    """What is shared, and what no_grad computes."""
    x, w, _k = numbers()
    known = [("y.tolist()", [truth()["y.tolist()"][0]] * 2, ONE_WRITTEN), ("y.tolist()", [w * a for a in x], SHARES)]
    known += [("n.item()", 0, COMPUTES), ("n.item()", w, COMPUTES)]
    known += [("n.item()", 2 * w, COMPUTES)]
    assert_trace(submission.autograd_trace(), truth(), keys=MEMORY, known=known)


@exercise("autograd_trace")
def test_trace_errors(submission, rng):
    """What autograd refuses, and what it does not."""
    wrong = {None: "RuntimeError", "RuntimeError": None}
    right = truth()
    known = [("x.add_(1.0)", None, LEAF_IN_PLACE), ("z.backward()", None, FREED)]
    known += [(key, "None", NO_TEXT) for key in ERRORS]
    known += [(key, wrong[right[key]], SAVED) for key in ("s.sum().backward()", "t.sum().backward()")]
    assert_trace(submission.autograd_trace(), right, keys=ERRORS, known=known, cause=ONE_KIND)
