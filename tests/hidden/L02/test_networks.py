"""Hidden checks of L02: other sizes and values of what the exercises promise."""

import math
from functools import lru_cache
from itertools import pairwise, permutations

import numpy as np
import torch

from autograder.checks import (
    as_array,
    assert_close,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_trace,
    assert_unchanged,
    exercise,
    numerical_vjp,
)
from autograder.data import xor
from autograder.programs.networks import STARTS_SEED, starts_program

F = torch.nn.functional


# --- evidence: evaluated beside the student's code -------------------------------------------------------------------


def noticed(student, name, args):
    """What a function gives, and which floating-point errors NumPy noticed on the way (underflow is no error)."""
    kinds = []
    function = student
    for part in name.split("."):
        function = getattr(function, part)
    try:
        with np.errstate(
            over="call", divide="call", invalid="call", under="ignore", call=lambda kind, _: kinds.append(kind)
        ):
            value = function(*args)
    except OverflowError:
        value = None
        kinds.append("overflow")
    return {"value": value, "errors": sorted(set(kinds))}


def applied(student, name, calls):
    """What a method of a class gives for many arguments, and the arguments after each call."""
    function = student
    for part in name.split("."):
        function = getattr(function, part)
    values = [function(*args) for args in calls]
    return {"values": values, "after": calls}


def network_outputs(student, params, x, act):
    """What a net with given parameters gives, beside the parameters and inputs after the call."""
    if act == "relu":
        net = student.MLP(params, lambda z: np.maximum(z, 0.0))
    elif act == "sine":
        net = student.MLP(params, np.sin)
    elif act == "cosine":
        net = student.MLP(params, np.cos)
    else:
        net = student.MLP(params)
    first = net(x)
    return {"first": first, "again": net(x), "params": params, "x": x}


def counted(student, cases):
    """Numbers of parameters: of each case with biases, and of each without."""
    return {
        "with": [student.MLP.count(sizes) for sizes in cases],
        "also": [student.MLP.count(sizes, bias=True) for sizes in cases],
        "without": [student.MLP.count(sizes, bias=False) for sizes in cases],
    }


OVERFLOWS = "an exponential overflows on the way: only ever take e to a power that is not positive."
TRAPPED_IN_WHERE = (
    "the values are right, but an exponential overflows on the way, in the formula itself or in a branch that "
    "`np.where` computes and then drops: give it a power that is never positive, such as -np.abs(z)."
)
LOG_OF_ZERO = "the logarithm of 0 is taken on the way: a probability became 0, and its logarithm is lost."


def error_cause(errors, right=False):
    """What floating-point errors mean."""
    if "overflow" in errors:
        return TRAPPED_IN_WHERE if right else OVERFLOWS
    if "divide by zero" in errors:
        return LOG_OF_ZERO
    return "an invalid operation (0/0, inf - inf, 0 * inf) happens on the way." if errors else ""


def close_to(actual, expected, rtol=1e-6):
    """Whether an array, whatever came, is as expected; for choosing a cause."""
    try:
        got = as_array(actual)
    except AssertionError:
        return False
    wanted = as_array(expected)
    if got.shape != wanted.shape or got.dtype.kind not in "fiu":
        return False
    if not np.isfinite(got).all() or not np.isfinite(wanted).all():  # a distance to infinity says nothing
        return False
    return bool((np.abs(got - wanted) <= rtol * (np.abs(wanted).max() or 1.0)).all())


def explained(*sources):
    """An ``explain`` for assert_close: {sentence: wrong value}, [(sentence, wrong value)] or functions, in order."""

    def find(actual, expected):
        for source in sources:
            if callable(source):
                words = source(actual, expected)
                if words:
                    return words.strip()
                continue
            for words, wrong in source.items() if isinstance(source, dict) else source:
                if close_to(actual, wrong) and not close_to(wrong, expected):
                    return words.strip()
        return ""

    return find


def assert_parts(result, names, function):
    """Refuse anything but a tuple or list of so many values, and say which."""
    length = len(names)
    if result is None or (isinstance(result, tuple | list) and len(result) == length):
        assert_length(result, length, name=function)
        return
    listed = ", ".join(names)
    got = f"{type(result).__name__} of {len(result)} values" if isinstance(result, tuple | list | dict) else "one value"
    assert_that(
        False,
        f"{function}: expected {length} values, got a {got}." if got != "one value" else
        f"{function}: expected {length} values, got only one.",
        cause=f"return all {length} values, in this order, separated by commas: {listed}.",
    )  # fmt: skip


def assert_array(value, name):
    """Refuse lists where an array is promised, and anything but float64."""
    assert_that(
        not isinstance(value, list | tuple),
        f"{name}: expected an array, got a {type(value).__name__}.",
        cause="a list has no shape and no arithmetic: return a NumPy array.",
    )
    dtype = as_array(value, name=name).dtype
    assert_that(
        dtype == np.float64,
        f"{name}: expected dtype float64, got {dtype}.",
        cause="float32 keeps 7 digits only, and was asked for somewhere on the way: stay with float64."
        if dtype == np.float32
        else "integers or booleans are returned: make them floats, for example with .astype(float).",
    )


# --- perceptron_fit --------------------------------------------------------------------------------------------------


def trusted_perceptron(x, y, max_epochs, **options):
    """The w, b and number of updates of the rule as the exercise states it."""
    return remembered_run(Drawn(x), Drawn(y), max_epochs, **options)[:3]


class Drawn:
    """An array by its bytes: a cause tries many rules on the same rows, again for each mistake that may explain it."""

    def __init__(self, values):
        self.values = values
        self.key = (values.dtype.str, values.shape, values.tobytes())

    def __eq__(self, other):
        return self.key == other.key

    def __hash__(self):
        return hash(self.key)


@lru_cache(maxsize=8192)
def remembered_run(x, y, max_epochs, **options):
    """As ``perceptron_run``, once for the same rows and options."""
    return perceptron_run(x.values, y.values, max_epochs, **options)


def taken_as_wrong(rule, label, score):
    """Whether a row is wrong: "<= 0" is right, the other rules are what people write."""
    match rule:
        case "<= 0":
            return label * score <= 0
        case "< 0":
            return label * score < 0
        case "classes":
            return (score > 0) != (label == 1)
        case "classes, 0 too":
            return (score >= 0) != (label == 1)
    return True


def rows_right(rule, y, scores):
    """How many rows count as right: "> 0" is the rule, the others are what people write."""
    match rule:
        case "> 0":
            right = y * scores > 0
        case ">= 0":
            right = y * scores >= 0
        case "classes":
            right = (scores > 0) == (y == 1)
        case "classes, 0 too":
            right = (scores >= 0) == (y == 1)
    return int(right.sum())


def perceptron_run(  # noqa: C901 - one option for each mistake
    x,
    y,
    max_epochs,
    *,
    bias="learns",
    wrong="<= 0",
    pocket="after updates",
    enough=">",
    counted="> 0",
    batch=False,
    start=0.0,
    delta=False,
    factor=1.0,
    signs=1.0,
    unit=False,
    one_each=False,
    score_before=False,
    start_counts=False,
    backwards=False,
    no_label="",
    labels="signs",
    at_once=False,
    most_epochs=10**9,
    more_epochs=0,
):
    """The rule as the exercise states it; the options make the mistakes that people make with it.

    Returns:
        w, b, updates, epochs begun, updates in the last epoch, the last b.
    """
    data = x / np.linalg.norm(x, axis=1, keepdims=True) if unit else x
    last = len(x[0])
    ones = {"learns": 1.0, "none": 0.0, "falls": 1.0, "grows": 1.0}[bias]
    scored = np.hstack([data, np.full((len(x), 1), ones)])
    added = scored.copy()
    added[:, -1] *= {"falls": -1.0, "grows": (np.linalg.norm(x, axis=1) ** 2).max()}.get(bias, 1.0)
    v = np.append(np.full(last, start), 0.0)
    best, most, updates, epochs, in_epoch = v.copy(), 0, 0, 0, 0
    if start_counts:
        most = rows_right("classes, 0 too" if counted == "> 0" else counted, y, np.zeros(len(y)))
    for _ in range(min(max_epochs + more_epochs, most_epochs)):
        epochs, in_epoch, at = epochs + 1, 0, v.copy()
        order = slice(None, None, -1) if backwards else slice(None)
        for row, more, label in zip(scored[order], added[order], y[order], strict=True):
            if pocket == "before rows" and (right := int((y * (scored @ v) > 0).sum())) > most:
                best, most = v.copy(), right
            score = float((row * (at if batch or at_once else v)).sum())
            step = label - np.sign(score) if delta else label
            if labels == "0 and 1":
                step = label - (score > 0)
            if not (step if labels == "0 and 1" else taken_as_wrong(wrong, label, score)):
                continue
            old = v.copy()
            moved = factor * signs * step * more
            if no_label:
                moved = np.where(np.arange(last + 1) < last, more if "w" in no_label else moved,
                                 more if "b" in no_label else moved)  # fmt: skip
            v = v + moved
            updates, in_epoch = updates + 1, in_epoch + 1
            if at_once:
                continue
            right = rows_right(counted, y, scored @ (old if score_before else v))
            if labels == "0 and 1":
                right = int(((scored @ v > 0) == y).sum())
            if pocket == "after updates" and right > most - (enough == ">="):
                best, most = v.copy(), right
            if one_each:
                break
        right = int((y * (scored @ v) > 0).sum())
        if (pocket == "after epochs" or at_once) and right > most:
            best, most = v.copy(), right
        if not in_epoch:
            break
    best = v if pocket == "none" else best
    return best[:last], float(best[last]), updates, epochs, in_epoch, float(v[last])


def separable(n, dims, margin, rng):
    """(x, y) that a known line through none of them separates, both signs of y, shifted away from the origin."""
    normal = rng.normal(size=dims)
    normal /= np.linalg.norm(normal)
    offset = rng.uniform(0.3, 0.8) * rng.choice([-1, 1])
    y = rng.permutation(np.where(np.arange(n) % 2 == 0, 1, -1))
    x = rng.normal(size=(n, dims))
    x -= np.outer(x @ normal, normal)  # into the plane
    x += np.outer(y * (margin + rng.exponential(0.5, size=n)) - offset, normal)
    return x, y, np.append(normal, offset)


def bound_of(x, y, v):
    """Novikoff's bound (R / gamma)^2 for rows with a 1 appended, and a separating v."""
    rows = np.hstack([x, np.ones((len(x), 1))])
    gamma = (y * (rows @ v)).min() / np.linalg.norm(v)
    return (np.linalg.norm(rows, axis=1).max() / gamma) ** 2


def perceptron_cases(rng):
    """Separable sets, sets that are not, exclusive or, and a run that is cut short."""
    cases = []
    for n, dims, margin in ((9, 4, 0.1), (14, 5, 0.05), (7, 6, 0.3)):
        x, y, _ = separable(n, dims, margin, rng)
        cases.append((x, y, perceptron_run(x, y, 10_000)[3] + 2))
    for n, dims in ((13, 4), (11, 5)):
        x = rng.normal(size=(n, dims)) + 0.5
        x[-1] = x[0]  # the same place twice, with both labels: no line has all of them
        y = rng.permutation(np.where(np.arange(n) % 3 == 0, -1, 1))
        y[-1] = -y[0]
        cases.append((x, y, 9))
    lattice = rng.integers(-1, 2, size=(12, 4)).astype(float)  # many scores are exactly 0
    lattice[-1] = lattice[0]
    y = rng.permutation(np.where(np.arange(12) % 2 == 0, -1, 1))
    y[-1] = -y[0]
    return [*cases, (lattice, y, 7), (rng.normal(size=(1, 4)), np.array([-1]), 3), late_case(rng)]


def late_case(rng):
    """One epoch, in which the best weights come with the update of the very last row."""
    while True:
        x, y = rng.normal(size=(4, 5)), rng.permutation([1, -1, 1, -1])
        missed = trusted_perceptron(x, y, 1, pocket="before rows")
        if not np.array_equal(missed[0], trusted_perceptron(x, y, 1)[0]):
            return x, y, 1


STILL_ZERO = (
    "w is still 0: either no row ever counts as wrong (a score of exactly 0 does: y_n * score <= 0), or the best "
    "weights are never remembered."
)
SHUFFLED = (
    "two calls with the same arguments give different results: nothing is random here. Start with w = 0, and take the "
    "rows in the order given."
)
START_COUNTS_ONES = (
    "the start counts as having rows right, since a score of exactly 0 is taken as +1: with w = 0 and b = 0 none is "
    "right, so the best number so far begins at 0."
)
START_COUNTS_MINUS = (
    "the start counts as having rows right, since a score of exactly 0 is taken as -1: with w = 0 and b = 0 none is "
    "right, so the best number so far begins at 0."
)
VARIANTS = {
    "rows that are right change the weights too: update only where y_n * score <= 0.": {"wrong": "always"},
    STILL_ZERO: {"wrong": "< 0"},
    "a score of exactly 0 counts as right for the label -1 here: it is wrong for both labels.": {"wrong": "classes"},
    "a score of exactly 0 counts as right for the label 1 here: it is wrong for both labels.": {
        "wrong": "classes, 0 too"
    },
    "the update is 2 y_n x_n, an error (label minus predicted label) times x_n, and a score of exactly 0 counts as "
    "right for the label 1: add y_n x_n whenever y_n * score <= 0.": {"wrong": "classes, 0 too", "factor": 2.0},
    "the run ends too early (after one epoch, or when some weights are good enough): go on until an epoch makes no "
    "update.": {"most_epochs": 1},
    "one epoch too many is run: `max_epochs` is the most there may be.": {"more_epochs": 1},
    "one epoch too few is run: `max_epochs` epochs are allowed.": {"more_epochs": -1},
    "the bias stays 0 or is left out: it learns too, b becomes b + y_n.": {"bias": "none"},
    "the bias goes the wrong way: b becomes b + y_n.": {"bias": "falls"},
    "the bias is multiplied by the size of the rows: b becomes b + y_n, without a factor.": {"bias": "grows"},
    "these are the last weights, not the best ones met on the way. If you do remember the best, then `w += ...` "
    "changes the remembered array with it: keep a copy, or make a new w.": {"pocket": "none"},
    "all rows of an epoch are scored with the weights from its beginning: score each row with the newest ones.": {
        "batch": True
    },
    "the rows are counted at the end of each epoch only: do it after every update.": {"pocket": "after epochs"},
    "of equally good weights the last ones are returned: the first are asked for.": {"enough": ">="},
    "the rows are counted with the weights from before the update: count with the new ones.": {"score_before": True},
    "where the rows are counted, a score of exactly 0 counts as right: it is wrong.": {"counted": ">= 0"},
    "the weights start at 1: start with w = 0 and b = 0.": {"start": 1.0},
    "the update is multiplied by an error (label minus predicted label), which is 2 where the sign is wrong: add "
    "y_n x_n, without a factor.": {"delta": True},
    "the update is multiplied by 0.1: add y_n x_n, without a learning rate.": {"factor": 0.1},
    "the update is multiplied by 0.01: add y_n x_n, without a learning rate.": {"factor": 0.01},
    "the update is multiplied by 0.5: add y_n x_n, without a learning rate.": {"factor": 0.5},
    "the update is multiplied by 2: add y_n x_n, without a factor.": {"factor": 2.0},
    "the update has the wrong sign: add y_n x_n.": {"signs": -1.0},
    "the label is missing in the update: w becomes w + y_n x_n and b becomes b + y_n.": {"no_label": "w b"},
    "the label is missing in the update of w: w becomes w + y_n x_n.": {"no_label": "w"},
    "the label is missing in the update of b: b becomes b + y_n.": {"no_label": "b"},
    "the labels are taken as 0 and 1 (the score is compared with 0, and that with the label): they are -1 and +1.": {
        "labels": "0 and 1"
    },
    "all wrong rows of an epoch are found and added at once, with the weights from its beginning: take the rows one "
    "at a time, and score each with the newest weights.": {"at_once": True},
    START_COUNTS_ONES: {"start_counts": True},
    START_COUNTS_ONES + " ": {"start_counts": True, "counted": "classes, 0 too"},
    START_COUNTS_ONES + "  ": {"start_counts": True, "counted": "classes, 0 too", "wrong": "classes, 0 too"},
    START_COUNTS_MINUS: {"start_counts": True, "counted": "classes"},
    START_COUNTS_MINUS + " ": {"start_counts": True, "counted": "classes", "wrong": "classes"},
    "where the rows are counted, a score of exactly 0 counts as right for the label 1: it is wrong for both labels.": {
        "counted": "classes, 0 too"
    },
    "where the rows are counted, a score of exactly 0 counts as right for the label -1: it is wrong for both labels.": {
        "counted": "classes"
    },
    "a score of exactly 0 counts as right for the label 1 here, in both places: it is wrong for both labels.": {
        "counted": "classes, 0 too",
        "wrong": "classes, 0 too",
    },
    "a score of exactly 0 counts as right for the label -1 here, in both places: it is wrong for both labels.": {
        "counted": "classes",
        "wrong": "classes",
    },
    "the rows are counted before a row is looked at, so the weights after the very last update are never counted: "
    "count right after each update.": {"pocket": "before rows"},
    "the rows are taken from the last to the first: take them in the order given.": {"backwards": True},
    "the rows are scaled to length 1 first: use them as they are.": {"unit": True},
    "only one update is made in each epoch: go on with the next row after an update.": {"one_each": True},
}


def perceptrons(submission, cases):
    """For each case: (x, y, max_epochs), what the student's function gives, and what it should give."""
    results = submission.perceptron_fit.map(cases)
    for (x, _, _), result in zip(cases, results, strict=True):
        assert_parts(result, ("w", "b", "updates", "separated"), "perceptron_fit")
        assert_that(
            as_array(result[0]).shape != (x.shape[1] + 1,),
            f"w: expected shape {(x.shape[1],)}, got {(x.shape[1] + 1,)}.",
            cause="the bias is still in w: w has one weight for each column of x, and b is returned by itself.",
        )
        assert_shape(result[0], (x.shape[1],), name="w")
        assert_shape(result[1], (), name="b")
    return [(case, result, trusted_perceptron(*case)) for case, result in zip(cases, results, strict=True)]


def flag(value):
    """True or False, from whatever kind of boolean."""
    return bool(as_array(value, name="separated").reshape(-1)[:1].any())


@exercise("perceptron_fit", condition=True)
def test_perceptron_has_the_promised_form(submission, rng):
    """(w, b, updates, separated): an array (D,), two numbers and a truth value; x and y are not modified."""
    x, y, _ = separable(8, 3, 0.2, rng)
    result, (x_after, y_after, _) = submission.perceptron_fit.after(x, y, 50)
    assert_parts(result, ("w", "b", "updates", "separated"), "perceptron_fit")
    assert_shape(result[0], (3,), name="w")
    assert_array(result[0], "w")
    for value, name in zip(result[1:], ("b", "updates", "separated"), strict=True):
        assert_shape(value, (), name=name)
    assert_unchanged(x_after, x, name="x")
    assert_unchanged(y_after, y, name="y")


@exercise("perceptron_fit", weight=3)
def test_perceptron_weights(submission, rng):
    """w, on separable sets and on others: that of the best moment of the run."""
    cases = perceptron_cases(rng)
    found = perceptrons(submission, cases)
    for (_, first, _), (_, again, _) in zip(found, perceptrons(submission, cases), strict=True):
        assert_close(again[0], first[0], name="w of a second call", explain=lambda *_: SHUFFLED)
    assert_close(
        np.concatenate([as_array(result[0]) for _, result, _ in found]),  # all cases at once: a cause must fit them all
        np.concatenate([w for _, _, (w, _, _) in found]),
        name="w",
        explain=lambda actual, expected: explained(
            wrong_weights(cases, [result[2] for _, result, _ in found]),  # what fits the number of updates too
            wrong_weights(cases),
            other_start(submission),
            other_order(submission, rng),
            nearly_right,
        )(actual, expected),
    )


def other_start(submission):
    """A cause for a start that is not 0: what comes back when there are no epochs."""

    def find(actual, expected):
        x, y = np.array([[1.5, -0.5], [0.25, 2.0]]), np.array([1, -1])
        try:
            w, b = submission.perceptron_fit(x, y, 0)[:2]
            zero = not as_array(w).any() and not as_array(b).any()
        except Exception:  # noqa: BLE001 - another check shows it
            return ""
        return "" if zero else "with max_epochs=0 the w or b that comes back is not 0: start with w = 0 and b = 0."

    return find


def other_order(submission, rng):
    """A cause for rows in another order, where one epoch gives what some other order would give."""

    def find(actual, expected):
        for _ in range(3):
            x, y = rng.normal(size=(5, 6)) - 0.5, rng.permutation([1, -1, 1, -1, 1])
            try:
                w, b, updates = submission.perceptron_fit(x, y, 1)[:3]
                got = np.array([*as_array(w), as_array(b).item(), as_array(updates).item()])
                assert got.shape == (8,)
            except Exception:  # noqa: BLE001 - another check shows it
                return ""
            orders = [list(order) for order in permutations(range(5))]
            runs = [trusted_perceptron(x[order], y[order], 1) for order in orders]
            near = np.isclose([[*w, b, updates] for w, b, updates in runs], got, rtol=1e-9, atol=1e-9).all(axis=1)
            fitting = [order for order, fits in zip(orders, near, strict=True) if fits]
            if orders[0] in fitting:
                continue
            return "the rows are taken in another order: take them in the order given." if fitting else ""
        return ""

    return find


def nearly_right(actual, expected):
    """A cause for weights that are nearly right, of every case."""
    if actual.shape == expected.shape and 0 < np.abs(actual - expected).max() < 0.1:
        return "the run does not start with w = 0 and b = 0, or the weights are rounded."
    if not np.isfinite(actual).all():
        return ""
    if np.array_equal(actual, np.round(actual)) and not np.array_equal(expected, np.round(expected)):
        return "w has whole numbers only: an array made of integers rounds what is stored in it."
    return ""


def wrong_weights(cases, updates=None):
    """{sentence: w of all cases} that people often get, with these numbers of updates if they are given."""
    found = {}
    for words, options in VARIANTS.items():
        runs = [trusted_perceptron(*case, **options) for case in cases]
        if updates is None or close_to([as_array(count).item() for count in updates], [run[2] for run in runs]):
            found[words] = np.concatenate([run[0] for run in runs])
    return found


@exercise("perceptron_fit", weight=1)
def test_perceptron_bias(submission, rng):
    """b belongs to the same moment as w."""
    cases = perceptron_cases(rng)
    found = perceptrons(submission, cases)
    expected = [b for _, _, (_, b, _) in found]
    assert_close(
        [as_array(result[1]).item() for _, result, _ in found],
        expected,
        name="b",
        explain=lambda actual, wanted: explained(wrong_biases(cases, wanted))(actual, wanted),
    )


def wrong_biases(cases, expected):
    """{sentence: b of all cases} that people often get. Where w is wrong too, the check before says why."""
    causes = {
        "the b that is returned is the last one: remember b together with w.": [
            perceptron_run(*case)[5] for case in cases
        ],
        "b is still 0: it learns as w does, and must be remembered together with w.": np.zeros(len(cases)),
        "b has the wrong sign.": -expected,
    }
    runs = {words: [trusted_perceptron(*case, **options) for case in cases] for words, options in VARIANTS.items()}
    return causes | {words: [b for _, b, _ in found] for words, found in runs.items()}


@exercise("perceptron_fit", weight=2)
def test_perceptron_counts_updates(submission, rng):
    """The number of updates."""
    cases = perceptron_cases(rng)
    found = perceptrons(submission, cases)
    runs = [perceptron_run(*case) for case in cases]
    extra, fewer = ([perceptron_run(*case, more_epochs=more)[2] for case in cases] for more in (1, -1))
    causes = {  # where w is wrong too, the first check says why
        "the epochs are counted: count one for each update.": [run[3] for run in runs],
        "the epochs with an update are counted: count one for each update.": [run[3] - (run[4] == 0) for run in runs],
        "only the updates of the last epoch are counted: count them all.": [run[4] for run in runs],
        "one epoch too many is run: `max_epochs` is the most there may be.": extra,
        "one epoch too few is run: `max_epochs` epochs are allowed.": fewer,
        "every row that is looked at is counted: count the updates only.": [
            run[3] * len(case[0]) for run, case in zip(runs, cases, strict=True)
        ],
        "one update too many is counted.": [run[2] + 1 for run in runs],
        "one update too few is counted.": [run[2] - 1 for run in runs],
        "the updates are counted twice.": [2 * run[2] for run in runs],
    }
    assert_close(
        [float(as_array(result[2]).item()) for _, result, _ in found],
        [float(run[2]) for run in runs],
        name="updates",
        explain=explained(causes),
    )


@exercise("perceptron_fit", weight=2)
def test_perceptron_says_whether_it_separates(submission, rng):
    """separated is True on separable sets, and False where no line has all rows right or the run was too short."""
    cases = perceptron_cases(rng)
    unconfirmed = [
        (x, y, perceptron_run(x, y, epochs)[3] - 1) for x, y, epochs in cases[:3]
    ]  # ends with the last update
    for case, result, (w, b, _) in perceptrons(submission, cases + unconfirmed):
        x, y, _ = case
        expected = bool((y * (x @ w + b) > 0).all())
        got = flag(result[3])
        plain = as_array(result[3], name="separated")
        assert_that(
            plain.shape == () and float(plain) in (0.0, 1.0),
            "separated: expected True or False, got another number.",
            cause="that is a share or a number of rows: True if all N rows are right, and False otherwise.",
        )
        assert_that(
            got == expected,
            f"separated: expected {expected}, got {got}.",
            cause=(
                "all rows are right with the weights that were found, whether or not an epoch was left to confirm it."
                if expected
                else "with these weights not all rows are right: having run through all epochs proves nothing."
            ),
        )


@exercise("perceptron_fit", weight=1.5)
def test_perceptron_on_exclusive_or(submission, rng):
    """On exclusive or: three of four corners are right, and no line is reported."""
    x = xor(4, rng, noise=0.0)[0][rng.permutation(4)]
    y = np.where(np.sign(x[:, 0] * x[:, 1]) > 0, -1, 1)
    wide = np.hstack([x, 0.5 * x])  # (4, 4): the same corners, seen in four coordinates
    cases = [(wide, y, 7), (wide, -y, 8)]
    for case, result, _ in perceptrons(submission, cases):
        x, y, _ = case
        right = int((y * (x @ as_array(result[0]) + as_array(result[1])) > 0).sum())
        got = [*as_array(result[0]), float(as_array(result[1])), float(as_array(result[2]))]
        causes = {
            words: [*variant[0], *variant[1:]]
            for words, options in VARIANTS.items()
            if (variant := trusted_perceptron(*case, **options))[2] > 0
        }
        fitting = [words for words, value in causes.items() if close_to(got, value)]
        assert_that(
            right == 3,
            f"exclusive or: the returned line has {right} of 4 corners right; the best ones have 3.",
            cause=fitting[0] if len(fitting) == 1 else "",
        )
        assert_that(not flag(result[3]), "exclusive or: separated is True, but no line has all four corners right.")


@exercise("perceptron_fit", weight=1.5)
def test_perceptron_keeps_novikoffs_bound(submission, rng):
    """Separable sets: all rows are right in the end, after at most (R / margin)^2 updates."""
    for n, dims, margin in ((10, 4, 0.15), (16, 3, 0.1), (6, 5, 0.4)):
        x, y, v = separable(n, dims, margin, rng)
        bound = bound_of(x, y, v)
        _, result, _ = perceptrons(submission, [(x, y, math.ceil(bound) + 1)])[0]
        w, b, updates, _ = result
        right = int((y * (x @ as_array(w) + as_array(b)) > 0).sum())
        assert_that(right == n, f"{right} of {n} rows are right in the end; a line has all of them.")
        count = float(as_array(updates))
        assert_that(1 <= count <= bound, f"updates: at most {bound:.0f} are possible on this set, got {count:.0f}.")


@exercise("perceptron_fit", condition=True)
def test_perceptron_without_epochs(submission, rng):
    """max_epochs=0 gives w = 0 and b = 0; without the argument there are 100 epochs."""
    x, y = rng.normal(size=(5, 4)), np.array([1, -1, -1, 1, -1])
    result = submission.perceptron_fit(x, y, 0)
    assert_parts(result, ("w", "b", "updates", "separated"), "perceptron_fit")
    assert_close(result[0], np.zeros(4), name="w", case="max_epochs=0")
    assert_close(float(as_array(result[2])), 0.0, name="updates", case="max_epochs=0")
    assert_that(not flag(result[3]), "separated: expected False, got True. Case: max_epochs=0.")
    x = xor(4, rng, noise=0.0)[0]
    y = np.where(x[:, 0] * x[:, 1] > 0, -1, 1)
    default = submission.perceptron_fit(x, y)
    assert_length(default, 4, name="perceptron_fit")
    assert_close(
        float(as_array(default[2])), float(perceptron_run(x, y, 100)[2]), name="updates", case="max_epochs not given"
    )  # fmt: skip


# --- activation ------------------------------------------------------------------------------------------------------

TORCH = {
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": torch.sigmoid,
    "softplus": lambda z: F.softplus(z, threshold=700),  # by default it is taken as linear above 20
    "gelu": F.gelu,
    "gelu_tanh": lambda z: F.gelu(z, approximate="tanh"),
}


def trusted_activation(kind, z):
    """Value and derivative by PyTorch in float64."""
    at = torch.tensor(np.ascontiguousarray(z), requires_grad=True)
    value = TORCH[kind](at)
    (slope,) = torch.autograd.grad(value.sum(), at)
    return value.detach().numpy(), slope.numpy()


def sigmoid(z):
    """Without overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def normal_cdf(z):
    """By Python's own erf."""
    return 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(z / np.sqrt(2)))


def normal_density(z):
    """The bell curve."""
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


ROOT = np.sqrt(2 / np.pi)


def wrong_values(kind, z):
    """Sentences for values that people often get."""
    s, cdf = sigmoid(z), normal_cdf(z)
    quick = z * sigmoid(1.702 * z)
    about, exact = trusted_activation("gelu_tanh", z)[0], trusted_activation("gelu", z)[0]
    found = {
        "relu": {"that is |z|.": np.abs(z), "that is a leaky ReLU.": np.where(z > 0, z, 0.01 * z)},
        "leaky_relu": {
            "the negative side is 0: a leaky ReLU gives 0.01 z there.": np.maximum(z, 0),
            "the negative side is multiplied by 0.1; the text says 0.01.": np.where(z > 0, z, 0.1 * z),
            "the negative side is multiplied by 0.2; the text says 0.01.": np.where(z > 0, z, 0.2 * z),
            "the negative side is -0.01 z: its sign is wrong.": np.where(z > 0, z, -0.01 * z),
            "the negative side is the constant 0.01: it is 0.01 z.": np.where(z > 0, z, 0.01),
            "the negative side is 0.01 + z, or the two sides are swapped.": np.where(z > 0, 0.01 * z, z),
        },
        "sigmoid": {
            "that is the sigmoid of -z: the sign in the exponent is turned round.": 1 - s,
            "that is the derivative: the value comes first.": s * (1 - s),
            "the sigmoid is taken of |z|: both signs give the same value.": sigmoid(np.abs(z)),
            "that is tanh(z).": np.tanh(z),
        },
        "softplus": {
            "that is log(1 + e^-z): the sign in the exponent is turned round.": np.logaddexp(0, -z),
            "max(z, 0) is missing: log1p(exp(-|z|)) alone is only the rest.": np.log1p(np.exp(-np.abs(z))),
            "z is added everywhere, also where it is negative: max(z, 0) is meant.": z + np.log1p(np.exp(-np.abs(z))),
            "|z| is added: max(z, 0) is meant.": np.abs(z) + np.log1p(np.exp(-np.abs(z))),
            "that is the sigmoid, the derivative: the value comes first.": s,
            "the softplus of the ReLU is taken.": np.logaddexp(0, np.maximum(z, 0)),
            "that is max(z, 0): the logarithm is missing.": np.maximum(z, 0),
            "the logarithm has base 2: the natural one is meant.": np.logaddexp(0, z) / np.log(2),
            "the logarithm has base 2: the natural one is meant. ": np.maximum(z, 0)
            + np.log1p(np.exp(-np.abs(z))) / np.log(2),
            "the logarithm has base 10: the natural one is meant.": np.logaddexp(0, z) / np.log(10),
            "the 1 in log(1 + e^z) is missing, so only z is left.": z,
        },
        "gelu": {
            QUICK_GELU: quick,
            "that is the tanh formula: kind 'gelu' is the exact one, with `erf`.": about,
            "erf(z) is taken: it is erf(z / sqrt(2)).": 0.5 * z * (1 + np.vectorize(math.erf, otypes=[float])(z)),
            "erf(z / 2) is taken: it is erf(z / sqrt(2)).": z * normal_cdf(z / np.sqrt(2)),
            "erf(z * sqrt(2)) is taken: it is erf(z / sqrt(2)).": z * normal_cdf(2 * z),
            "the factor z is missing: that is Phi(z).": cdf,
            "the factor 1/2 is missing in Phi(z) = (1 + erf(z / sqrt(2))) / 2.": 2 * z * cdf,
            "z is multiplied by the bell curve; Phi is the area under it, (1 + erf(z / sqrt(2))) / 2.": (
                z * normal_density(z)
            ),
            "that is z * sigmoid(z), the SiLU.": z * s,
            "the 1 in Phi(z) = (1 + erf(z / sqrt(2))) / 2 is missing.": z * (cdf - 0.5),
        },
        "gelu_tanh": {
            QUICK_GELU: quick,
            "that is the exact formula, with `erf`: kind 'gelu_tanh' is the one with tanh.": exact,
            "z^2 stands where the formula has z^3.": 0.5 * z * (1 + np.tanh(ROOT * (z + 0.044715 * z**2))),
            "the cubic term is missing.": 0.5 * z * (1 + np.tanh(ROOT * z)),
            "the root of 2/pi is missing: sqrt(2 / pi), not 2 / pi.": 0.5
            * z
            * (1 + np.tanh(2 / np.pi * (z + 0.044715 * z**3))),
            "sqrt(2 / pi) multiplies z only: it multiplies the whole bracket.": 0.5
            * z
            * (1 + np.tanh(ROOT * z + 0.044715 * z**3)),
            "the factor sqrt(2 / pi) is missing.": 0.5 * z * (1 + np.tanh(z + 0.044715 * z**3)),
            "that is z * sigmoid(z), the SiLU.": z * s,
            "sqrt(pi / 2) stands where the formula has sqrt(2 / pi).": 0.5
            * z
            * (1 + np.tanh((z + 0.044715 * z**3) / ROOT)),
            "the factor 1/2 is missing.": 2 * about,
        },
    }
    return found[kind]


QUICK_GELU = "that is z * sigmoid(1.702 z), a coarse approximation (off by up to 0.02): neither of the two asked for."


def wrong_slopes(kind, z):
    """Sentences for derivatives that people often get."""
    value, slope = trusted_activation(kind, z)
    s, cdf, density = sigmoid(z), normal_cdf(z), normal_density(z)
    u = ROOT * (z + 0.044715 * z**3)
    d_u = ROOT * (1 + 3 * 0.044715 * z**2)
    t = np.tanh(u)
    found = {
        "relu": {
            "at z = 0 the derivative is 1 here; the text says 0.": (z >= 0).astype(float),
            "at z = 0 the derivative is 1/2 here; the text says 0.": np.where(z == 0, 0.5, z > 0),
            "that is the value, not the derivative.": value,
            "the derivative is 1 everywhere: on the negative side the ReLU is flat, so it is 0 there.": np.ones(
                z.shape
            ),
            "the derivative is -1 on the negative side: the ReLU is flat there, so it is 0.": np.sign(z),
        },
        "leaky_relu": {
            "at z = 0 the derivative is 1 here; the text says 0.01.": np.where(z >= 0, 1, 0.01),
            "at z = 0 the derivative is 0 here; the text says 0.01.": np.where(z > 0, 1, np.where(z < 0, 0.01, 0)),
            "that is the derivative of the ReLU: on the negative side it is 0.01.": (z > 0).astype(float),
            "the derivative on the negative side is 0.01, not 0.01 z.": np.where(z > 0, 1, 0.01 * z),
            "on the negative side the slope is -0.01: the function still rises there.": np.where(z > 0, 1, -0.01),
            "on the positive side the derivative is 1, not z.": np.where(z > 0, z, 0.01),
            "that is the value, not the derivative.": value,
        },
        "sigmoid": {
            "z (1 - z) is the derivative in terms of the wrong variable: it is s (1 - s), with s = sigmoid(z).": z
            * (1 - z),
            "the sigmoid is taken twice: s (1 - s) with the s you have, not the sigmoid of s.": sigmoid(s)
            * (1 - sigmoid(s)),
            "that is s^2 - s or its like: the sign is wrong, s (1 - s) is positive.": -s * (1 - s),
            "that is 1 - s^2, the pattern of tanh; for the sigmoid it is s (1 - s).": 1 - s**2,
            "that is 1 - s: the factor s is missing.": 1 - s,
            "that is the value, not the derivative.": s,
            "one of the two variables is wrong: it is s (1 - s), not s (1 - z).": s * (1 - z),
            "one of the two variables is wrong: it is s (1 - s), not z (1 - s).": z * (1 - s),
            "s (1 - s) is right for one factor each: here one of them is squared.": s * (1 - s) ** 2,
        },
        "softplus": {
            "that is s (1 - s), the derivative of the sigmoid; the derivative of softplus is the sigmoid itself.": s
            * (1 - s),
            "that is the sigmoid of -z: e^z / (1 + e^z) is the sigmoid of z.": 1 - s,
            "the sigmoid is taken of the value: it is the sigmoid of z.": sigmoid(value),
            "that is the value, not the derivative.": value,
            "that is the derivative of a ReLU.": (z > 0).astype(float),
            "1 / (1 + e^z) lacks the inner derivative e^z: the result is the sigmoid of z.": 1 - s,
        },
        "gelu": {
            "the product rule has two terms: z times the bell curve is missing.": cdf,
            "the product rule has two terms: Phi(z) is missing.": z * density,
            "the bell curve lacks the factor z: the derivative is Phi(z) + z phi(z).": cdf + density,
            "the bell curve has the wrong height: it is exp(-z^2 / 2) / sqrt(2 pi).": cdf + z * np.exp(-(z**2) / 2),
            "the bell curve has the wrong height: sqrt(2 pi), with the pi under the root.": cdf
            + z * np.exp(-(z**2) / 2) / (np.sqrt(2) * np.pi),
            "the bell curve has the wrong height: 1 / sqrt(2 pi), not 1 / (2 pi).": cdf
            + z * np.exp(-(z**2) / 2) / (2 * np.pi),
            "the bell curve has the wrong height: `/ sqrt(2) * pi` multiplies by pi; divide by sqrt(2 pi).": cdf
            + z * np.exp(-(z**2) / 2) / np.sqrt(2) * np.pi,
            "the bell curve has the wrong height: `/ sqrt(2) * sqrt(pi)` multiplies; divide by sqrt(2 pi).": cdf
            + z * np.exp(-(z**2) / 2) / np.sqrt(2) * np.sqrt(np.pi),
            "the bell curve is taken at z / sqrt(2): the exponent is -z^2 / 2.": cdf
            + z * np.exp(-(z**2) / 4) / np.sqrt(2 * np.pi),
            "the bell curve is exp(-z^2 / 2), with the 1/2 in the exponent.": cdf
            + z * np.exp(-(z**2)) / np.sqrt(2 * np.pi),
            "the derivative of erf(x) is 2 / sqrt(pi) exp(-x^2); the inner derivative 1 / sqrt(2) is missing.": cdf
            + z * np.exp(-(z**2) / 2) / np.sqrt(np.pi),
            "this is the derivative of the tanh formula; kind 'gelu' is the exact one.": trusted_activation(
                "gelu_tanh", z
            )[1],
            "that is the derivative of z * sigmoid(1.702 z).": sigmoid(1.702 * z)
            + 1.702 * z * sigmoid(1.702 * z) * (1 - sigmoid(1.702 * z)),
            "the bell curve is subtracted: Phi(z) + z phi(z).": cdf - z * density,
            "that is the derivative of a ReLU.": (z > 0).astype(float),
            "that is the value, not the derivative.": value,
        },
        "gelu_tanh": {
            "the product rule has two terms: the one with the derivative of tanh is missing.": 0.5 * (1 + t),
            "the product rule has two terms: (1 + tanh(u)) / 2 is missing.": 0.5 * z * (1 - t**2) * d_u,
            "the inner derivative is missing: tanh(u) has the derivative (1 - tanh(u)^2) u'.": 0.5 * (1 + t)
            + 0.5 * z * (1 - t**2),
            "the inner derivative lacks the 3 of z^3: u' = sqrt(2/pi) (1 + 3 * 0.044715 z^2).": 0.5 * (1 + t)
            + 0.5 * z * (1 - t**2) * ROOT * (1 + 0.044715 * z**2),
            "the inner derivative lacks the cubic term: u' = sqrt(2/pi) (1 + 3 * 0.044715 z^2).": 0.5 * (1 + t)
            + 0.5 * z * (1 - t**2) * ROOT,
            "the inner derivative lacks the factor sqrt(2/pi).": 0.5 * (1 + t)
            + 0.5 * z * (1 - t**2) * (1 + 3 * 0.044715 * z**2),
            "the derivative of tanh(u) is 1 - tanh(u)^2: the square is missing.": 0.5 * (1 + t)
            + 0.5 * z * (1 - t) * d_u,
            "the factor 1/2 is missing in the second term of the product rule.": 0.5 * (1 + t) + z * (1 - t**2) * d_u,
            "the factor z is missing in the second term of the product rule.": 0.5 * (1 + t) + 0.5 * (1 - t**2) * d_u,
            "this is the derivative of the exact formula, not of the tanh formula.": trusted_activation("gelu", z)[1],
            "that is the derivative of z * sigmoid(1.702 z).": sigmoid(1.702 * z)
            + 1.702 * z * sigmoid(1.702 * z) * (1 - sigmoid(1.702 * z)),
            "that is the derivative of a ReLU.": (z > 0).astype(float),
            "that is the value, not the derivative.": value,
        },
    }
    return {words: wrong for words, wrong in found[kind].items() if not np.allclose(wrong, slope)}


def ordinary(rng):
    """Arrays of several shapes and layouts with entries of both signs, some near 0, none at 0."""
    wide = rng.normal(size=(4, 6)) * 2
    third = rng.normal(size=(2, 3, 4)) * 10.0 ** rng.integers(-3, 1, size=(2, 3, 4))
    return (rng.permutation(np.linspace(-4.1, 4.3, 15)), wide[:, ::2], third)


def refused(student, kind, z):
    """What the student's own refusal of a name says, "" if the name is known; other errors are not looked at."""
    try:
        student.activation(kind, z)
    except ValueError as error:
        return str(error) if kind in str(error) or not str(error) else ""
    except Exception:  # noqa: BLE001 - the call after this one shows it
        return ""
    return ""


def activations(submission, kind, inputs):
    """What the student's function gives for each array: pairs of the right shapes."""
    refusal = submission.run(refused, kind, inputs[0])
    assert_that(
        not refusal,
        f"activation: kind={kind!r} is refused: {refusal}",
        cause=f"{kind!r} is one of the names that are asked for: is it missing, or spelled differently?",
    )
    results = submission.activation.map([(kind, z) for z in inputs])
    for z, result in zip(inputs, results, strict=True):
        assert_parts(result, ("value", "slope"), f"activation({kind!r}, z)")
        assert_shape(result[0], z.shape, name=f"value of {kind}")
        assert_shape(result[1], z.shape, name=f"slope of {kind}")
    return results


def other_coefficient(z):
    """A cause for values of gelu_tanh with another number than 0.044715 before z^3."""

    def find(actual, expected):
        ok = (np.abs(z) > 0.5) & (np.abs(z) < 3)
        with np.errstate(all="ignore"):
            u = np.arctanh(2 * actual / z - 1)
            found = ((u / ROOT - z) / z**3)[ok]
        if not len(found) or not np.isfinite(found).all() or np.ptp(found) > 1e-6 * np.abs(found).max():
            return ""
        return f"the number before z^3 comes out as {found[0]:.6g}: it is 0.044715."

    return find


def by_sides(kind, z, what):
    """A cause for what is nearly right, or right on one side of 0 only."""

    def find(actual, expected):
        if actual.shape != expected.shape or not np.isfinite(actual).all():
            return ""
        if actual.dtype == np.float32:
            return "float32 is used on the way, which keeps 7 digits only: stay with float64."
        if close_to(actual, expected, 1e-3):
            return (
                f"the {what} is nearly right: a difference quotient, or a rounded constant, is not the formula itself."
            )
        off = np.abs(actual - expected) > 1e-6 * np.abs(expected).max()
        if off.any() and not off[z > 0].any():
            return f"the {what} of {kind} is right where z > 0, but not where z is negative."
        if off.any() and not off[z < 0].any():
            return f"the {what} of {kind} is right where z is negative, but not where z > 0."
        return ""

    return find


def clipped_range(kind):
    """A cause for values that a clipped z gives."""

    def find(actual, expected, inputs):
        largest = float(np.max(actual))
        if kind == "sigmoid":
            limit = -np.log(max(float(np.min(actual)), 1e-300))
            limit = limit if limit > 30 else float(np.log1p(-np.min(actual)) - np.log(np.min(actual)))
            clipped = sigmoid(np.clip(inputs, -limit, limit))
        else:
            limit, clipped = largest, np.logaddexp(0, np.clip(inputs, -largest, largest))
        if 1 < limit < 800 and close_to(actual, clipped, 1e-4):
            return f"z is clipped to about {limit:.0f} first: larger entries then give the wrong value."
        return ""

    return find


def assert_activation(submission, kind, inputs):
    """Refuse wrong values or slopes of one kind."""
    for z, (value, slope) in zip(inputs, activations(submission, kind, inputs), strict=True):
        expected, expected_slope = trusted_activation(kind, z)
        swapped = "value and slope are in the wrong order: the value comes first."
        both = close_to(value, expected_slope) and close_to(slope, expected)
        sources = [{swapped: expected_slope} if both else {}, wrong_values(kind, z)]
        sources += [other_coefficient(z)] if kind == "gelu_tanh" else []
        sources.append(by_sides(kind, z, "value"))
        assert_close(value, expected, name=f"value of {kind}", explain=explained(*sources))
        sources = [wrong_slopes(kind, z), by_sides(kind, z, "slope")]
        assert_close(slope, expected_slope, name=f"slope of {kind}", explain=explained(*sources))


@exercise("activation", condition=True)
def test_activation_has_the_promised_form(submission, rng):
    """(value, slope) for every kind, float64 and of the shape of z."""
    for kind in TORCH:
        result = activations(submission, kind, [rng.normal(size=(2, 3, 5))])[0]
        for part, name in zip(result, ("value", "slope"), strict=True):
            assert_array(part, f"{name} of {kind}")


@exercise("activation", condition=True)
def test_activation_leaves_z_alone(submission, rng):
    """z is not modified, whatever its size."""
    for kind in TORCH:
        z = np.array([[-900.0, -2.5, 0.0], [900.0, 0.25, -0.125]]) * rng.uniform(0.5, 1.0)
        _, (_, after) = submission.activation.after(kind, z)
        assert_unchanged(after, z, name="z")


@exercise("activation", weight=2)
def test_activation_relu(submission, rng):
    """relu: values and derivatives."""
    assert_activation(submission, "relu", ordinary(rng))


@exercise("activation", weight=2)
def test_activation_leaky_relu(submission, rng):
    """leaky_relu: values and derivatives."""
    assert_activation(submission, "leaky_relu", ordinary(rng))


@exercise("activation", weight=3)
def test_activation_sigmoid(submission, rng):
    """sigmoid: values and derivatives."""
    assert_activation(submission, "sigmoid", ordinary(rng))


@exercise("activation", weight=3)
def test_activation_softplus(submission, rng):
    """softplus: values and derivatives."""
    assert_activation(submission, "softplus", ordinary(rng))


@exercise("activation", weight=3)
def test_activation_gelu(submission, rng):
    """gelu, the exact one: values and derivatives."""
    assert_activation(submission, "gelu", ordinary(rng))


@exercise("activation", weight=3)
def test_activation_gelu_tanh(submission, rng):
    """gelu_tanh: values and derivatives."""
    assert_activation(submission, "gelu_tanh", ordinary(rng))


@exercise("activation", weight=1)
def test_activation_at_zero(submission, rng):
    """At z = 0 the derivative of relu counts as 0, that of leaky_relu as 0.01."""
    z = np.array([-1.5, 0.0, 2.5, 0.0, -0.25])
    for kind in ("relu", "leaky_relu"):
        ((_, slope),) = activations(submission, kind, [z])
        assert_close(
            slope,
            np.where(z > 0, 1.0, {"relu": 0.0, "leaky_relu": 0.01}[kind]),
            name=f"slope of {kind} around 0",
            explain=wrong_slopes(kind, z),
        )


def assert_extreme(submission, kind, rng):
    """Refuse overflows, and wrong results, for entries of up to 1000."""
    z = np.concatenate([[-1000.0, 1000.0, 0.0], rng.uniform(-1000, 1000, size=5), rng.normal(size=4)])
    evidence = submission.run(noticed, "activation", (kind, z))
    expected, expected_slope = trusted_activation(kind, z)
    result, errors = evidence["value"], evidence["errors"]
    is_pair = isinstance(result, tuple | list) and len(result) == 2
    right = is_pair and close_to(result[0], expected) and close_to(result[1], expected_slope)
    assert_that(
        not errors,
        f"{kind} of entries up to 1000: expected no floating-point error on the way, got: {', '.join(errors)}.",
        cause=error_cause(errors, right),
    )
    assert_length(result, 2, name=f"activation({kind!r}, z)")
    find = clipped_range(kind) if kind in ("sigmoid", "softplus") else (lambda *_: "")
    assert_close(result[0], expected, name=f"value of {kind}, entries up to 1000", explain=lambda a, b: find(a, b, z))
    assert_close(result[1], expected_slope, name=f"slope of {kind}, entries up to 1000")


@exercise("activation", weight=2)
def test_activation_sigmoid_of_large_entries(submission, rng):
    """sigmoid of entries up to 1000: right, and nothing overflows on the way."""
    assert_extreme(submission, "sigmoid", rng)


@exercise("activation", weight=2)
def test_activation_softplus_of_large_entries(submission, rng):
    """softplus of entries up to 1000: right, and nothing overflows on the way."""
    assert_extreme(submission, "softplus", rng)


@exercise("activation", weight=1)
def test_activation_gelus_of_large_entries(submission, rng):
    """gelu and gelu_tanh of entries up to 1000: right, and nothing overflows on the way."""
    assert_extreme(submission, "gelu", rng)
    assert_extreme(submission, "gelu_tanh", rng)


ROUNDED_AWAY = (
    "1 + e^z rounds to 1 for very negative z, so its logarithm is 0: `np.log1p(t)` computes log(1 + t) without."
)


@exercise("activation", weight=1)
def test_activation_softplus_of_very_negative_entries(submission, rng):
    """softplus of entries between -40 and -20: small, but not 0."""
    z = rng.permutation([*rng.uniform(-40, -37.5, size=2), *rng.uniform(-40, -20, size=4)])  # below -37.4, 1 + e^z is 1
    ((value, _),) = activations(submission, "softplus", [z])
    rounded = np.log(1 + np.exp(z))
    expected = np.log1p(np.exp(z))
    got = as_array(value)
    cause = ROUNDED_AWAY if np.abs(got - rounded).max() <= 1e-15 and not close_to(got / expected, np.ones(6)) else ""
    assert_close(
        got / expected, np.ones(6), name="softplus of entries below -20, relative to the right value", rtol=1e-4,
        explain=lambda *_: cause,
    )  # fmt: skip


def other_error(student, kind, z):
    """The name of an error that comes by accident: from a name never assigned, a missing key, a missing value."""
    try:
        student.activation(kind, z)
    except (UnboundLocalError, KeyError, TypeError, AttributeError) as error:
        return f"{'an' if type(error).__name__[0] in 'AU' else 'a'} {type(error).__name__}"
    except Exception:  # noqa: BLE001 - the call after this one shows it
        return ""
    return ""


@exercise("activation", condition=True)
def test_activation_refuses_other_names(submission, rng):
    """Another name is a ValueError."""
    for kind in ("swish", "ReLU", ""):
        other = submission.run(other_error, kind, np.ones(3))
        assert_that(
            not other,
            f"activation: expected a ValueError for kind={kind!r}, got {other}.",
            cause="a name that is none of the seven needs a ValueError of its own: end with `raise ValueError(...)`, "
            "for all names that no branch or table knows.",
        )
        assert_raises(
            submission.activation, kind, np.ones(3), error=ValueError, name="activation", case=f"kind={kind!r}"
        )


# --- log_softmax -----------------------------------------------------------------------------------------------------

NOT_STABLE = (
    "exponentials overflow, or all become 0: subtract the maximum along the axis first (no other number will do), "
    "which changes nothing else."
)
LOG_OF_SOFTMAX = (
    "the logarithm is taken of probabilities, and small ones have become 0: work with logarithms all the way, "
    "z - max - log(sum of exp(z - max))."
)
ONE_MAXIMUM = (
    "one maximum of the whole array is subtracted: where all scores of a slice lie far below it, their exponentials "
    "are all 0. Take the maximum along the axis."
)


def softmaxed(z, axis):
    """The probabilities."""
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def trusted_log_softmax(z, axis):
    """PyTorch's."""
    return torch.log_softmax(torch.tensor(np.ascontiguousarray(z)), dim=axis).numpy()


def wrong_log_softmax(z, axis):
    """Sentences for results that people often get."""
    other = {
        f"it is taken along axis {a} here; axis {axis} was meant.": trusted_log_softmax(z, a) for a in range(z.ndim)
    }
    right = trusted_log_softmax(z, axis)
    shifted = z - z.max(axis=axis, keepdims=True)
    with np.errstate(all="ignore"):
        log_sum = np.log(np.exp(z).sum(axis=axis, keepdims=True))
    found = {
        **{words: value for words, value in other.items() if not np.allclose(value, right)},
        "all entries of the array together are normalised: sum along the one axis.": trusted_log_softmax(
            z.ravel(), 0
        ).reshape(z.shape),
        "these are the probabilities: their logarithms are asked for.": np.exp(right),
        "the signs are turned round: log-probabilities are negative.": -right,
        "the sum of the exponentials is subtracted, not its logarithm.": shifted
        - np.exp(shifted).sum(axis=axis, keepdims=True),
        "only the maximum is subtracted: the logarithm of the sum is missing.": shifted,
        "the logarithm of the sum is that of the shifted scores, but it is subtracted from the unshifted ones: add "
        "the maximum back, or subtract from the shifted scores.": z
        - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)),
        "the mean of the exponentials is taken; it is their sum.": shifted
        - np.log(np.exp(shifted).mean(axis=axis, keepdims=True)),
        "the logarithm has base 2: the natural one is meant.": right / np.log(2),
        "the logarithm has base 10: the natural one is meant.": right / np.log(10),
        "only the sum's logarithm has base 10: the natural one is meant.": shifted
        - np.log10(np.exp(shifted).sum(axis=axis, keepdims=True)),
        "the maximum is added to the scores: subtract it.": z
        + z.max(axis=axis, keepdims=True)
        - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)),
        "the logarithm of each exponential is taken, and then summed: take the logarithm of the sum.": shifted
        - shifted.sum(axis=axis, keepdims=True),
        "only the sum's logarithm has base 2.": shifted - np.log2(np.exp(shifted).sum(axis=axis, keepdims=True)),
        "a small number is added to the probabilities before the logarithm, and it shows.": np.log(
            softmaxed(z, axis) + 1e-4
        ),
        "the softmax is taken twice.": trusted_log_softmax(softmaxed(z, axis), axis),
        "all results are 0, probabilities of 1: the sum runs over single entries.": np.zeros(z.shape),
        "this is the logarithm of the sum alone: subtract it from the scores.": log_sum,
        "this is the logarithm of the sum alone: subtract it from the shifted scores.": np.log(
            np.exp(shifted).sum(axis=axis, keepdims=True)
        ),
        "1 is added to the sum before the logarithm (log1p): the sum itself is meant.": shifted
        - np.log1p(np.exp(shifted).sum(axis=axis, keepdims=True)),
        "the scores are divided by the logarithm of the sum: subtract it.": shifted
        / np.log(np.exp(shifted).sum(axis=axis, keepdims=True)),
        "the maximum is subtracted twice, or not added back.": shifted - log_sum,
    }
    for a in range(z.ndim):
        moved = z - z.max(axis=a, keepdims=True)
        with np.errstate(all="ignore"):
            found[
                f"the sum runs along axis {axis}, but the maximum is taken along axis {a}: both belong to `axis`."
            ] = moved - np.log(np.exp(moved).sum(axis=axis, keepdims=True)) if a != axis else right
    if z.ndim > 1:
        found["each z[i] is taken by itself, whatever the axis: use the argument `axis`."] = np.stack(
            [trusted_log_softmax(part.ravel(), 0).reshape(part.shape) for part in z]
        )
    return {words: value for words, value in found.items() if not np.allclose(value, right)}


def in_float32(actual, expected):
    """A cause for a result of few digits."""
    return "float32 is used on the way, which keeps 7 digits only: stay with float64." * (actual.dtype == np.float32)


def small_number_added(actual, expected):
    """A cause for log(p + a small number)."""
    with np.errstate(all="ignore"):
        added = np.exp(actual) - np.exp(expected)
    if 1e-13 < added.mean() < 0.1 and np.ptp(added) < 0.01 * added.mean():
        return "a small number is added to the probabilities before the logarithm, and it shows."
    return ""


def log_softmaxes(submission, cases):
    """For each (z, axis): the student's result, beside PyTorch's."""
    results = submission.log_softmax.map(cases)
    return [(z, axis, result, trusted_log_softmax(z, axis)) for (z, axis), result in zip(cases, results, strict=True)]


@exercise("log_softmax", condition=True)
def test_log_softmax_has_the_promised_form(submission, rng):
    """An array like z, which is not modified."""
    z = rng.normal(size=(3, 2, 5))
    result, (after, _) = submission.log_softmax.after(z, 1)
    assert_shape(result, (3, 2, 5), name="log_softmax")
    assert_array(result, "log_softmax")
    assert_unchanged(after, z, name="z")


def axis_error(student, z, axis):
    """Whether an axis is asked for that is not there; other errors are not looked at."""
    try:
        student.log_softmax(z, axis)
    except np.exceptions.AxisError:
        return True
    except Exception:  # noqa: BLE001 - the call after this one shows it
        return False
    return False


AXIS_FIXED = (
    "the argument `axis` is ignored: axis {fixed} is always used, which not every array has. Pass `axis=axis` on to "
    "`max` and `sum`."
)
NO_SUCH_AXIS = (
    "an array is asked for an axis that it does not have: does a number stand where `axis` is meant, or was the axis "
    "summed away before (`keepdims=True` keeps it)?"
)


def assert_axes_exist(submission, z, axis, rng):
    """Refuse an axis that is not there, and say whether the argument is ignored."""
    if not submission.run(axis_error, z, axis):
        return
    cause, two, three = NO_SUCH_AXIS, rng.normal(size=(4, 3)), rng.normal(size=(2, 4, 3))
    for fixed, probe in ((1, two), (2, three)):
        if not submission.run(axis_error, probe, 0):
            if close_to(submission.log_softmax(probe, 0), trusted_log_softmax(probe, fixed)):
                cause = AXIS_FIXED.format(fixed=fixed)
            break
    shape = "one axis" if z.ndim == 1 else f"{z.ndim} axes"
    assert_that(
        False,
        f"log_softmax along axis {axis} of an array with {shape}: expected a result, got an AxisError.",
        cause=cause,
    )


@exercise("log_softmax", weight=2)
def test_log_softmax_of_rows(submission, rng):
    """Along the last axis, which is the default, for a vector and a matrix with gaps in memory."""
    wide = 3 * rng.normal(size=(4, 10))
    for z in (wide[:, ::2], 2 * rng.normal(size=7)):
        assert_axes_exist(submission, z, -1, rng)
        assert_close(
            submission.log_softmax(z), trusted_log_softmax(z, -1), name="log_softmax",
            explain=explained(wrong_log_softmax(z, z.ndim - 1), small_number_added),
        )  # fmt: skip


@exercise("log_softmax", weight=3)
def test_log_softmax_along_each_axis(submission, rng):
    """Along every axis of an array with three axes of different lengths, counted from either end."""
    z = 2 * rng.normal(size=(4, 3, 5))
    cases = [(z, 0), (z, 1), (z, 2), (z, -1), (z, -2), (z, -3), (z[..., 0], 0)]
    for z, axis in cases:
        assert_axes_exist(submission, z, axis, rng)
    for z, axis, result, expected in log_softmaxes(submission, cases):
        assert_shape(result, z.shape, name=f"log_softmax along axis {axis}")
        assert_close(
            result,
            expected,
            name=f"log_softmax along axis {axis}",
            explain=explained(wrong_log_softmax(z, axis % z.ndim), small_number_added),
        )


@exercise("log_softmax", weight=1.5)
def test_log_softmax_shift_invariance(submission, rng):
    """Adding 10,000 to all scores, or a number of its own to each row, changes nothing, and nothing overflows."""
    z = rng.normal(size=(3, 6))
    plain = trusted_log_softmax(z, 1)
    for shift in (1e4, -1e4, np.array([[1e4], [-1e4], [0.0]])):
        evidence = submission.run(noticed, "log_softmax", (z + shift, 1))
        got, errors = evidence["value"], evidence["errors"]
        assert_that(
            not errors,
            f"scores moved by up to 10,000: expected no floating-point error on the way, got: {', '.join(errors)}.",
            cause=NOT_STABLE if np.ndim(shift) == 0 or "overflow" in errors else ONE_MAXIMUM,
        )
        clipped = [
            (
                "the scores are clipped, which makes different ones equal.",
                trusted_log_softmax(np.clip(z + shift, -c, c), 1),
            )
            for c in (20, 30, 50, 88, 100, 500, 700, 709, 1000)
        ]
        assert_close(
            got,
            plain,
            name="log_softmax of moved scores",
            explain=explained(in_float32, clipped, wrong_log_softmax(z + shift, 1)),
        )


@exercise("log_softmax", weight=1.5)
def test_log_softmax_of_far_apart_scores(submission, rng):
    """Scores thousands apart: the log-probabilities are finite, and no logarithm of 0 is taken."""
    z = rng.permutation(np.array([5000.0, 0.0, -3000.0, 4990.0, 12.0]))[None] + rng.normal(size=(2, 5))
    evidence = submission.run(noticed, "log_softmax", (z, 1))
    got, errors = evidence["value"], evidence["errors"]
    cause = NOT_STABLE if "overflow" in errors else LOG_OF_SOFTMAX
    assert_that(
        not errors,
        f"scores thousands apart: expected no floating-point error on the way, got: {', '.join(errors)}.",
        cause=cause,
    )
    clipped = "a small number is added before the logarithm: it takes away the differences between improbable classes."
    assert_close(
        got, trusted_log_softmax(z, 1), name="log_softmax of scores thousands apart",
        explain=lambda a, b: clipped if (a >= -800).all() else LOG_OF_SOFTMAX if np.isinf(a).any() else "",
    )  # fmt: skip


@exercise("log_softmax", weight=1)
def test_log_softmax_with_impossible_classes(submission, rng):
    """A row of -inf except one entry gives log-probability 0 there and -inf elsewhere."""
    z = rng.normal(size=(3, 4))
    z[1, :] = -np.inf
    z[1, 2] = 3.5
    z[2, 0] = -np.inf
    evidence = submission.run(noticed, "log_softmax", (z, 1))
    assert_that(
        not evidence["errors"],
        f"a row with -inf: expected no floating-point error on the way, got: {', '.join(evidence['errors'])}.",
        cause="-inf - (-inf), 0 * -inf or the logarithm of 0 is computed somewhere." if evidence["errors"] else "",
    )
    got = as_array(evidence["value"], name="log_softmax")
    assert_shape(got, (3, 4), name="log_softmax")
    expected = trusted_log_softmax(z, 1)
    impossible = np.isneginf(expected)
    assert_that(
        bool(np.isneginf(got[impossible]).all()),
        "where z is -inf, log p must be -inf.",
        cause="NaN comes from -inf - (-inf) or 0 * -inf."
        if np.isnan(got).any()
        else "the -inf has been replaced by a finite number, before or after.",
    )
    assert_close(got[~impossible], expected[~impossible], name="log_softmax beside -inf")


# --- Losses ----------------------------------------------------------------------------------------------------------

REDUCTIONS = ("none", "sum", "mean")


def torch_bce(z, t, reduction):
    """PyTorch's."""
    return F.binary_cross_entropy_with_logits(torch.tensor(z), torch.tensor(t), reduction=reduction).numpy()


def torch_ce(z, target, reduction, ignore=-100):
    """PyTorch's; a row whose label is ``ignore`` does not count."""
    return F.cross_entropy(torch.tensor(z), torch.tensor(target), reduction=reduction, ignore_index=ignore).numpy()


def softplus(z):
    """Without overflow."""
    return np.logaddexp(0, z)


def wrong_bce(z, t):
    """(sentence, entrywise losses) that people often get."""
    s = sigmoid(z)
    found = [
        (
            "a sigmoid is applied before the formula that applies one itself: it takes the scores as they are.",
            softplus(s) - t * s,
        ),
        ("the target is turned round: t goes with log s, 1 - t with log(1 - s).", softplus(z) - (1 - t) * z),
        ("the sign is wrong: a loss is minus the log-probability.", t * z - softplus(z)),
        ("only the part for t = 1 is there: -(1 - t) log(1 - s) is missing.", t * softplus(-z)),
        ("only the part for t = 0 is there: -t log s is missing.", (1 - t) * softplus(z)),
        ("the term -t z is missing.", softplus(z)),
        ("t z is added; it is subtracted.", softplus(z) + t * z),
        (
            "the rest log1p(exp(-|z|)) is missing: max(z, 0) - t z alone is only its limit.",
            np.maximum(z, 0) - t * z,
        ),
        ("|z| stands where max(z, 0) is meant.", np.abs(z) - t * z + np.log1p(np.exp(-np.abs(z)))),
        (
            "z stands where max(z, 0) is meant: for negative z they differ.",
            z - t * z + np.log1p(np.exp(-np.abs(z))),
        ),
        ("max(z, 0) is missing: log1p(exp(-|z|)) is only the rest.", np.log1p(np.exp(-np.abs(z))) - t * z),
        ("softplus(-t z) is for labels -1 and +1: the targets here go from 0 to 1.", softplus(-t * z)),
        ("max(t z, 0) stands where t z is meant.", softplus(z) - np.maximum(t * z, 0)),
        ("that is the squared error of the probabilities: cross-entropy is asked for.", (s - t) ** 2),
        ("that is the squared error of the scores: cross-entropy is asked for.", (z - t) ** 2),
        ("the absolute error of the probabilities is no cross-entropy.", np.abs(s - t)),
        ("the logarithm has base 2: the natural one is meant.", (softplus(z) - t * z) / np.log(2)),
        ("that is the gradient, s - t: the loss is asked for.", s - t),
        (
            "the two logarithms are swapped in sign: -t log s - (1 - t) log(1 - s).",
            t * softplus(-z) - (1 - t) * softplus(z),
        ),
    ]
    rounded = "the target is taken as 0 or 1 (rounded, or compared): it may be any probability."
    found += [(rounded, softplus(z) - hard * z) for hard in (np.round(t), t > 0.5, t > 0, t == 1)]
    for least in (0.0, *(10.0**-k for k in range(5, 17))):
        with np.errstate(all="ignore"):
            p = np.clip(z, least, 1 - least)
            wrong = -t * np.log(p) - (1 - t) * np.log(1 - p)
        found.append(("the scores are used as if they were probabilities: s = sigmoid(z) is missing.", wrong))
    return found


def reduce(values, reduction):
    """As the text says."""
    return {"none": lambda v: v, "sum": np.sum, "mean": np.mean}[reduction](values)


def bce_cases(rng):
    """Scores and targets of several shapes: hard and soft."""
    soft = rng.uniform(0.05, 0.95, size=(3, 4))
    hard = (np.arange(10) % 3 == 0).astype(float)
    deep = rng.uniform(0, 1, size=(2, 3, 4))
    wide = 3 * rng.normal(size=(3, 8))
    return ((wide[:, ::2], soft), (4 * rng.normal(size=10), rng.permutation(hard)), (rng.normal(size=(2, 3, 4)), deep))


def values_of(submission, method, calls):
    """What a method of the student's Losses gives."""
    return submission.run(applied, f"Losses.{method}", list(calls))["values"]


def reduced_explain(wrong, reduction, correct):
    """Entrywise (sentence, value) pairs, reduced; and what people do with reductions."""
    found = [(words, reduce(np.asarray(value), reduction)) for words, value in wrong]
    others = {
        "none": [
            ('the losses are summed: "none" gives one for each.', np.sum(correct)),
            ('the losses are averaged: "none" gives one for each.', np.mean(correct)),
        ],
        "sum": [("that is the mean: the sum was asked for.", np.mean(correct))],
        "mean": [("that is the sum: the mean was asked for.", np.sum(correct))],
    }[reduction]
    return [(words, value) for words, value in [*others, *found] if np.isfinite(as_array(value)).all()]


@exercise("Losses", condition=True)
def test_losses_leave_their_arguments_alone(submission, rng):
    """Neither logits nor targets are modified."""
    z, t, labels = rng.normal(size=(5, 3)), rng.uniform(size=(5, 3)), np.array([2, 0, -100, 1, 1])
    for method, target in (("bce_with_logits", t), ("cross_entropy", t), ("cross_entropy", labels)):
        ((z_after, target_after, *_),) = submission.run(applied, f"Losses.{method}", [(z, target, "mean")])["after"]
        assert_unchanged(z_after, z, name=f"logits of {method}")
        assert_unchanged(target_after, target, name=f"target of {method}")


@exercise("Losses", weight=3)
def test_bce_of_each_entry(submission, rng):
    """bce_with_logits with reduction "none", for hard and soft targets of any shape."""
    cases = bce_cases(rng)
    results = values_of(submission, "bce_with_logits", [(z, t, "none") for z, t in cases])
    each = [torch_bce(z, t, "none") for z, t in cases]
    for (z, _), result, expected in zip(cases, results, each, strict=True):
        others = reduced_explain([], "none", expected)
        if as_array(result, name="losses").shape != z.shape:
            assert_close(result, expected, name="losses", explain=explained(others))
    wrong = [[(words, flat([value])) for words, value in wrong_bce(z, t)] for z, t in cases]
    causes = [(parts[0][0], np.concatenate([value for _, value in parts])) for parts in zip(*wrong, strict=True)]
    z = flat([z for z, _ in cases])
    causes = [(words, value) for words, value in causes if np.isfinite(value).all()]  # one that fits all cases
    assert_close(
        flat(results), flat(each), name="losses", explain=explained(causes, as_probabilities((z < 0) | (z > 1)))
    )


def as_probabilities(outside):
    """A cause for NaN exactly where the scores are no probabilities."""

    def find(actual, expected):
        if actual.shape == outside.shape and np.array_equal(np.isnan(actual), outside):
            return (
                "the scores are used as if they were probabilities, and their logarithm is NaN outside 0 to 1: "
                "the sigmoid or softmax is missing."
            )
        return ""

    return find


@exercise("Losses", weight=2)
def test_bce_reductions(submission, rng):
    """bce_with_logits with "sum" and "mean", which is the default: over all entries."""
    cases = bce_cases(rng)
    for reduction in ("sum", "mean"):
        for z, t in cases:
            (result,) = values_of(submission, "bce_with_logits", [(z, t, reduction)])
            each = torch_bce(z, t, "none")
            rows = [
                (
                    'the losses are summed or averaged over axis 0 only: "sum" and "mean" go over all entries.',
                    reduce_axis(each, reduction, 0),
                ),
                (
                    'one loss for each row is left: "sum" and "mean" go over all entries.',
                    reduce_axis(each, reduction, -1),
                ),
                (BY_ROWS, each.sum() / len(z)),
            ]
            causes = explained(reduced_explain(wrong_bce(z, t), reduction, each), rows)
            assert_close(result, torch_bce(z, t, reduction), name=f"loss ({reduction})", explain=causes)
    z, t = cases[0]
    (default,) = values_of(submission, "bce_with_logits", [(z, t)])
    assert_close(default, torch_bce(z, t, "mean"), name="loss (no reduction given)", explain=lambda *_: NOT_THE_MEAN)


BY_ROWS = (
    'each entry is a question of its own: "none" gives one loss for each, and "mean" divides by the number of entries, '
    "not of rows."
)
NOT_THE_MEAN = 'without a reduction, the mean is asked for: the default of `reduction` is "mean".'


def reduce_axis(values, reduction, axis):
    """Over one axis only."""
    return values.sum(axis=axis) if reduction == "sum" else values.mean(axis=axis)


@exercise("Losses", weight=2)
def test_bce_of_large_scores(submission, rng):
    """bce_with_logits of scores up to 1000: right, with no overflow and no logarithm of 0."""
    z = np.array([1000.0, -1000.0, 1000.0, -1000.0, 300.0, -40.0, 0.5])
    t = np.array([0.0, 1.0, 1.0, 0.0, 0.25, 0.75, 1.0])
    order = rng.permutation(7)
    z, t = z[order] * rng.uniform(0.9, 1.0, size=7), t[order]
    evidence = submission.run(noticed, "Losses.bce_with_logits", (z, t, "none"))
    expected = torch_bce(z, t, "none")
    errors = evidence["errors"]
    right = close_to(evidence["value"], expected)
    assert_that(
        not errors,
        f"losses of scores up to 1000: expected no floating-point error on the way, got: {', '.join(errors)}.",
        cause=bce_error_cause(errors, right),
    )
    assert_close(
        evidence["value"], expected, name="losses of scores up to 1000",
        explain=lambda a, b: CLIPPED if np.isfinite(a).all() and 5 < a.max() < 800 else "",
    )  # fmt: skip


CLIPPED = (
    "the losses stop growing at some value: a clipped probability, or a small number added before the logarithm, "
    "hides how wrong the score is. Work with the score itself."
)
THROUGH_THE_SIGMOID = (
    "the loss goes through the probability, and its logarithm: s or 1 - s becomes 0, and its logarithm is lost. "
    "Simplify -log s and -log(1 - s) on paper first."
)


def bce_error_cause(errors, right):
    """As ``error_cause``, for a loss."""
    if "divide by zero" in errors:
        return THROUGH_THE_SIGMOID
    return error_cause(errors, right)


def wrong_ce(z, target, ignore):
    """(sentence, row losses with labels) that people often get."""
    log_p = trusted_log_softmax(z, 1)
    rows = np.arange(len(z))
    counts = target != ignore
    safe = np.where(counts, target, 0)
    p = np.exp(log_p)
    twice = trusted_log_softmax(p, 1)
    shifted = z - z.max(axis=1, keepdims=True)
    counted = [
        (
            "a softmax is applied before the loss that applies one itself: it takes the scores as they are.",
            -twice[rows, safe],
        ),
        (
            "the softmax runs over the batch (axis 0): each row has probabilities of its own, along axis 1.",
            -trusted_log_softmax(z, 0)[rows, safe],
        ),
        ("the sign is wrong: a loss is minus the log-probability.", log_p[rows, safe]),
        ("the scores of the right classes are used as they are: the softmax is missing.", -z[rows, safe]),
        ("the logarithm of the sum is missing: subtracting the maximum alone is no log-softmax.", -shifted[rows, safe]),
        ("that is the probability of the right class: minus its logarithm is the loss.", p[rows, safe]),
        ("that is minus the probability of the right class: its logarithm is missing.", -p[rows, safe]),
        ("that is 1 minus the probability of the right class: minus its logarithm is the loss.", 1 - p[rows, safe]),
        (
            "that is minus the mean of the log-probabilities: only that of the right class is the loss.",
            -log_p.mean(axis=1),
        ),
        (
            "that is minus the sum over all classes: only the log-probability of the right class is the loss.",
            -log_p.sum(axis=1),
        ),
        ("the most probable class is used, whatever the label says.", -log_p.max(axis=1)),
        ("the label is one too small or too large: classes are counted from 0.", -log_p[rows, safe - 1]),
        ("the label is one too small or too large: classes are counted from 0.", -log_p[rows, (safe + 1) % z.shape[1]]),
        ("the logarithm has base 2: the natural one is meant.", -log_p[rows, safe] / np.log(2)),
        (
            "that is the squared error of the probabilities: cross-entropy is asked for.",
            ((p - np.eye(z.shape[1])[safe]) ** 2).sum(axis=1),
        ),
        (
            "the binary cross-entropy of all classes is taken: only the right class is in the loss of a row.",
            (np.logaddexp(0, z) - np.eye(z.shape[1])[safe] * z).sum(axis=1),
        ),
    ]
    found = [(words, np.where(counts, value, 0.0)) for words, value in counted]
    if not counts.all():
        indexed = "the row that is to be ignored has a loss: it counts as 0."
        found += [(indexed, -log_p[rows, target % z.shape[1]]), (indexed, -log_p[rows, safe])]
        last = np.where(target == -100, 0.0, -log_p[rows, target % z.shape[1]])
        found += [("only the label -100 is ignored: `ignore_index` may be any number.", last)]
        negative = np.where(target < 0, 0.0, -log_p[rows, target % z.shape[1]])
        found += [("negative labels are ignored instead of `ignore_index`: that may be any number.", negative)]
    return found


def ce_cases(rng):
    """Scores, labels, and which label to ignore: the default one, a negative one, one of the classes."""
    found = []
    for n, classes, ignore in ((7, 4, -100), (6, 5, -1), (8, 3, 1), (5, 6, 99)):
        z = 2 * rng.normal(size=(n, 2 * classes))[:, ::2]
        labels = rng.permutation(np.arange(n) % classes)
        labels[0] = int(labels[0]) if labels[0] != ignore else 0
        labels[rng.choice(np.arange(1, n), size=2, replace=False)] = ignore
        found.append((z, labels, ignore))
    return found


@exercise("Losses", weight=3)
def test_cross_entropy_of_each_row(submission, rng):
    """cross_entropy with integer targets and reduction "none"."""
    cases = [
        (2 * rng.normal(size=(n, c)), rng.permutation(np.arange(n) % c), -100) for n, c in ((5, 3), (4, 6), (9, 2))
    ]
    results = values_of(submission, "cross_entropy", [(z, labels, "none") for z, labels, _ in cases])
    for (z, labels, ignore), result in zip(cases, results, strict=True):
        expected = torch_ce(z, labels, "none")
        picked = z[np.arange(len(z)), labels]
        sources = reduced_explain(wrong_ce(z, labels, ignore), "none", expected), as_probabilities(picked < 0)
        assert_close(result, expected, name="losses", explain=explained(square_of_rows(len(z)), *sources))


def square_of_rows(n):
    """A cause for what `log_p[:, target]` gives."""

    def find(actual, expected):
        words = (
            "`log_p[:, target]` takes the columns of all labels in every row, (N, N): one for each row is asked for."
        )
        return words * (actual.shape == (n, n))

    return find


@exercise("Losses", weight=2)
def test_cross_entropy_reductions(submission, rng):
    """cross_entropy with "sum" and "mean", which is the default, where every row counts."""
    z, labels = 2 * rng.normal(size=(7, 4)), rng.permutation(np.arange(7) % 4)
    each = torch_ce(z, labels, "none")
    calls = [(z, labels, "sum"), (z, labels, "mean"), (z, labels)]
    for call, result in zip(calls, values_of(submission, "cross_entropy", calls), strict=True):
        reduction = call[2] if len(call) > 2 else "mean"
        all_pairs = -trusted_log_softmax(z, 1)[:, labels]
        pairs = "`log_p[:, target]` takes the columns of all labels in every row: one entry for each row is asked for."
        assert_that(
            not isinstance(result, tuple | list),
            f"loss: expected one number, got a {type(result).__name__}.",
            cause="more than the loss comes back: return the one number.",
        )
        more = [
            (pairs, reduce(all_pairs, reduction)),
            (OVER_CLASSES, each.sum() / z.size),
            ("the sum is divided by the number of classes: the mean goes over the N rows.", each.sum() / z.shape[1]),
            ("the sum is divided by one too few rows.", each.sum() / (len(z) - 1)),
            ("one loss for each row comes back, whatever the reduction.", each),
        ]
        explain = explained(reduced_explain(wrong_ce(z, labels, -100), reduction, each), more)
        given = reduction if len(call) > 2 else "no reduction given"
        assert_close(result, torch_ce(z, labels, reduction), name=f"loss ({given})", explain=explain)


OVER_CLASSES = "the sum is divided by the number of scores, N times C: the mean goes over the N rows."
STILL_COUNTED = "the rows that are ignored are still counted in the mean: divide by the number of rows that count."


def index_error(student, z, target, ignore):
    """Whether indexing fails; other errors are not looked at."""
    try:
        student.Losses.cross_entropy(z, target, "none", ignore)
    except IndexError:
        return True
    except Exception:  # noqa: BLE001 - the call after this one shows it
        return False
    return False


@exercise("Losses", weight=2.5)
def test_cross_entropy_ignores_rows(submission, rng):
    """Rows whose label is ignore_index have loss 0 and do not count in the mean, whichever number that is."""
    for z, labels, ignore in ce_cases(rng):
        assert_that(
            not submission.run(index_error, z, labels, ignore),
            "a row whose label is ignore_index: expected loss 0, got an IndexError.",
            cause="`ignore_index` is used as a class, to index with: put a valid class in its place for such rows, and "
            "set their loss to 0.",
        )
        each = torch_ce(z, labels, "none", ignore)
        calls = [(z, labels, reduction, ignore) for reduction in REDUCTIONS]
        for reduction, result in zip(REDUCTIONS, values_of(submission, "cross_entropy", calls), strict=True):
            more = []
            if reduction == "mean":
                with_index = -trusted_log_softmax(z, 1)[np.arange(len(z)), labels % z.shape[1]]
                more = [
                    (STILL_COUNTED, each.mean()),
                    (
                        "`ignore_index` changes nothing: such a row has loss 0, and does not count in the mean.",
                        with_index.mean(),
                    ),
                ]
            if reduction == "none":
                dropped = (
                    'the ignored rows are left out of the result: "none" gives one loss for each row, 0 for these.'
                )
                more = [(dropped, each[labels != ignore])]
            name = "losses" if reduction == "none" else f"loss ({reduction})"
            assert_close(
                result,
                torch_ce(z, labels, reduction, ignore),
                name=f"{name}, some rows ignored",
                explain=explained(more, reduced_explain(wrong_ce(z, labels, ignore), reduction, each)),
            )


@exercise("Losses", weight=2.5)
def test_cross_entropy_with_distributions(submission, rng):
    """cross_entropy with one-hot and soft targets (N, C); one-hot ones agree with labels."""
    for n, classes in ((6, 4), (3, 5)):
        z = 2 * rng.normal(size=(n, classes))
        soft = softmaxed(rng.normal(size=(n, classes)), 1)
        hot = np.eye(classes)[rng.permutation(np.arange(n) % classes)]
        for target in (soft, hot):
            assert_that(
                not submission.run(index_error, z, target, -100),
                "a target of shape (N, C): expected losses, got an IndexError.",
                cause="a target of shape (N, C) is used as an index: it is a distribution for each row, and the loss "
                "is -sum_c target_c log p_c.",
            )
            log_p = trusted_log_softmax(z, 1)
            each = torch_ce(z, target, "none")
            rows = np.arange(n)
            calls = [(z, target, reduction) for reduction in REDUCTIONS]
            for reduction, result in zip(REDUCTIONS, values_of(submission, "cross_entropy", calls), strict=True):
                wrong = {
                    "the mean over the classes is taken: the loss of a row is the sum.": -(target * log_p).mean(axis=1),
                    "only the most probable class of a target counts here: all do, each with its probability.": -log_p[
                        rows, target.argmax(axis=1)
                    ],
                    "the softmax runs over the batch (axis 0): it runs along axis 1.": -(
                        target * trusted_log_softmax(z, 0)
                    ).sum(axis=1),
                    "a softmax is applied to the targets: they are probabilities already.": -(
                        softmaxed(target, 1) * log_p
                    ).sum(axis=1),
                    "the entropy of the target is subtracted: that is the Kullback-Leibler divergence.": each
                    + (target * np.log(np.where(target > 0, target, 1))).sum(axis=1),
                    "the sum runs over the batch: it runs over the classes, axis 1.": -(target * log_p).sum(axis=0)
                    if n == classes
                    else each,
                    "the sign is wrong: a loss is minus the log-probability.": -each,
                    "the roles are swapped: the target multiplies the log-probabilities of the scores.": -(
                        np.exp(log_p) * np.log(np.where(target > 0, target, 1))
                    ).sum(axis=1),
                }
                wrong = [(words, value) for words, value in wrong.items() if not np.allclose(value, each)]
                name = "losses" if reduction == "none" else f"loss ({reduction})"
                more = [
                    (OVER_CLASSES, each.sum() / z.size if reduction == "mean" else each),
                    ("the losses of the classes are not summed: one loss for each row.", -(target * log_p)),
                ]
                explain = explained(reduced_explain(wrong, reduction, each), more)
                assert_close(
                    result, torch_ce(z, target, reduction), name=f"{name}, targets (N, C)", explain=explain
                )  # fmt: skip


@exercise("Losses", weight=1.5)
def test_cross_entropy_of_large_scores(submission, rng):
    """cross_entropy of scores thousands apart is finite and right."""
    z = 1000.0 * rng.normal(size=(5, 4)) + 2000.0
    z[0] = [5000.0, 0.0, -5000.0, 10.0]
    labels = np.array([2, 0, 3, 1, 2])
    soft = softmaxed(rng.normal(size=(5, 4)), 1)
    for target in (labels, soft):
        evidence = submission.run(noticed, "Losses.cross_entropy", (z, target, "none"))
        errors = evidence["errors"]
        assert_that(
            not errors,
            f"scores thousands apart: expected no floating-point error on the way, got: {', '.join(errors)}.",
            cause=NOT_STABLE if "overflow" in errors else LOG_OF_SOFTMAX,
        )
        assert_close(
            evidence["value"], torch_ce(z, target, "none"), name="losses of scores thousands apart",
            explain=lambda a, b: CLIPPED if np.isfinite(a).all() and 5 < np.abs(a).max() < 800 else "",
        )  # fmt: skip


def refused_reductions(student, z, t, labels):
    """Whether each loss raises a ValueError for a reduction that does not exist."""
    found = {}
    for name, target in (("bce_with_logits", t), ("cross_entropy", labels), ("cross_entropy", t)):
        try:
            getattr(student.Losses, name)(z, target, "average")
            found[f"{name}, target of shape {target.shape}"] = "no error"
        except NotImplementedError:
            raise
        except Exception as error:  # noqa: BLE001 - its name is the evidence
            found[f"{name}, target of shape {target.shape}"] = type(error).__name__
    return found


@exercise("Losses", condition=True)
def test_losses_refuse_other_reductions(submission, rng):
    """Another word as reduction is a ValueError."""
    z, t = rng.normal(size=(3, 2)), np.full((3, 2), 0.5)
    for what, got in submission.run(refused_reductions, z, t, np.array([0, 1, 1])).items():
        assert_that(
            got == "ValueError",
            f'{what}: expected a ValueError for reduction="average", got {got}.',
            cause="another word as reduction passes: it must raise a ValueError."
            if got == "no error"
            else "another exception is raised: the text says ValueError.",
        )


# --- linear_backward -------------------------------------------------------------------------------------------------


def linear_cases(rng):
    """(x, W, b, d_out): two and three axes and more, no two sizes equal; without bias; gaps in memory."""
    cases = []
    for lead, fan_in, fan_out, bias in (
        ((6,), 4, 3, True),
        ((5,), 2, 7, False),
        ((2, 4), 5, 3, True),
        ((3, 2, 4), 6, 5, True),
    ):
        x = rng.normal(size=(*lead, 2 * fan_in))[..., ::2] * 10.0 ** rng.integers(-2, 2)
        W = rng.normal(size=(fan_in, fan_out))
        b = rng.normal(size=fan_out) if bias else None
        cases.append((x, W, b, rng.normal(size=(*lead, fan_out))))
    return cases


def linear_results(submission, rng):
    """For each case, what the student's function gives."""
    cases = linear_cases(rng)
    found = []
    for case, result in zip(cases, submission.linear_backward.map(cases), strict=True):
        assert_parts(result, ("d_x", "d_W", "d_b"), "linear_backward")
        (x, W, b, _), shapes = case, [None if one is None else as_array(one).shape for one in result]
        if b is not None and len({x.shape, W.shape, b.shape}) == 3:
            assert_that(
                shapes == [x.shape, W.shape, b.shape] or sorted(shapes, key=repr) != sorted(
                    [x.shape, W.shape, b.shape], key=repr
                ) or shapes[0] == W.shape,
                f"expected d_x, d_W, d_b of shapes {x.shape}, {W.shape}, {b.shape}, got {shapes}.",
                cause="the gradients are in another order: d_x comes first, then d_W, then d_b.",
            )  # fmt: skip
        found.append((*case, *result))
    return found


@exercise("linear_backward", condition=True)
def test_linear_backward_has_the_promised_form(submission, rng):
    """(d_x, d_W, d_b) like x, W and b; None where b is None."""
    for x, _, b, _, d_x, _, d_b in linear_results(submission, rng):
        assert_shape(d_x, x.shape, name="d_x")
        assert_array(d_x, "d_x")
        if b is None:
            got = type(d_b).__name__
            assert_that(d_b is None, f"d_b: expected None for a layer without bias, got {got}.", cause=NO_BIAS)
        else:
            assert_that(d_b is not None, "d_b: expected an array, got None.", cause=BIAS)
    x, W, d_out = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    result = submission.linear_backward(x, W, np.zeros(3), d_out)
    assert_parts(result, ("d_x", "d_W", "d_b"), "linear_backward")
    zero = "a bias of zeros is a bias: only where b is None there is no d_b. Ask `b is None`."
    assert_that(result[2] is not None, "d_b: expected an array where b is zeros, got None.", cause=zero)


@exercise("linear_backward", condition=True)
def test_linear_backward_leaves_its_arguments_alone(submission, rng):
    """No argument is modified."""
    for case in linear_cases(rng):
        _, after = submission.linear_backward.after(*case)
        for now, before, name in zip(after, case, ("x", "W", "b", "d_out"), strict=True):
            assert_unchanged(now, before, name=name)


BIAS = "with a bias, d_b is the sum of d_out over all positions."
NO_BIAS = "where b is None there is nothing to differentiate: return None in its place."


def flat_rows(x):
    """All positions, one below the other."""
    return x.reshape(-1, x.shape[-1])


def averaged(name, expected, x):
    """(sentence, value): averages over the positions, or over one of their axes."""
    over_all = f"{name} is averaged over the positions: nothing is averaged here, factors such as 1/N are in d_out."
    found = [(over_all, expected / len(flat_rows(x)))]
    for axis, size in enumerate(x.shape[:-1]):
        words = f"{name} is divided by the length of axis {axis} of x: factors such as 1/N are in d_out already."
        found.append((words, expected / size))
    return found


def axes_left(actual, expected):
    """A cause for a d_W with batch axes."""
    return (
        "d_W has batch axes left over: its sum runs over all positions, so reshape x to (M, fan_in) and d_out to "
        "(M, fan_out) before the product."
    ) * (actual.ndim > expected.ndim)


@exercise("linear_backward", weight=3)
def test_linear_backward_weights(submission, rng):
    """d_W agrees with central differences: the sum over all positions."""
    for x, W, b, d_out, _, d_W, _ in linear_results(submission, rng):
        expected = numerical_vjp(lambda W, x=x, b=b: x @ W + (0 if b is None else b), W, d_out)
        rows, d = flat_rows(x), flat_rows(d_out)
        explain = {
            "d_W is transposed: x.T @ d_out has the shape of W.": expected.T,
            "the upstream gradient is ignored.": rows.T @ np.ones_like(d),
            "only the first entry along the batch axis counts: sum over all positions.": flat_rows(x[:1]).T
            @ flat_rows(d_out[:1]),
            "only the last entry along the batch axis counts: sum over all positions.": flat_rows(x[-1:]).T
            @ flat_rows(d_out[-1:]),
            "the sum over the leading axes is missing: W is used at every position.": np.swapaxes(x, -1, -2) @ d_out
            if x.ndim > 2
            else expected,
            "d_W has the bias added, or its gradient.": expected + d.sum(axis=0),
            "a reshape has mixed up the positions of x: x.reshape(-1, fan_in) keeps each in one row.": x.reshape(
                x.shape[-1], -1
            )
            @ d,
            "there is a ReLU mask in d_W: this layer has no activation.": rows.T
            @ (d * (rows @ W + (0 if b is None else b) > 0)),
            "z is used where x belongs." if b is None else "z is used where x belongs. ": (rows @ W).T @ d,
            "d_W is multiplied by W: W itself plays no part.": expected * W,
            "W minus its gradient comes back, the W after a step: the gradient itself is asked for.": W - expected,
        }
        assert_close(d_W, expected, name="d_W", explain=explained(averaged("d_W", expected, x), explain, axes_left))


@exercise("linear_backward", weight=2)
def test_linear_backward_bias(submission, rng):
    """d_b is the sum of d_out over all positions."""
    for x, _, b, d_out, _, _, d_b in linear_results(submission, rng):
        if b is None:
            continue
        expected = d_out.reshape(-1, d_out.shape[-1]).sum(axis=0)
        explain = {
            "d_b is not summed over the positions: b is used at each of them, so their gradients add up.": d_out,
            "d_b is summed over the outputs: sum over the positions, one number for each output is left.": flat_rows(
                d_out
            ).sum(axis=1),
            "d_b is summed over the first axis only: with two batch axes, sum over both.": d_out.sum(axis=0)
            if x.ndim > 2
            else d_out,
            "d_b is the sum over everything: one number for each output is asked for.": d_out.sum(),
            "d_b has two axes, (1, fan_out): b has one.": expected[None],
            "the upstream gradient is ignored.": np.full(len(expected), float(len(flat_rows(x)))),
            "d_b is all ones: the upstream gradient is ignored.": np.ones(len(expected)),
            "d_b is multiplied by b: b itself plays no part.": expected * b,
        }
        if x.ndim > 2:
            explain["d_b is summed over one of the batch axes only: sum over all of them."] = d_out.sum(axis=1)
        assert_close(d_b, expected, name="d_b", explain=explained(averaged("d_b", expected, x), explain))


@exercise("linear_backward", weight=2)
def test_linear_backward_input(submission, rng):
    """d_x agrees with central differences."""
    for x, W, b, d_out, d_x, _, _ in linear_results(submission, rng):
        expected = numerical_vjp(lambda x, W=W, b=b: x @ W + (0 if b is None else b), x, d_out)
        explain = {
            "the upstream gradient is ignored.": np.ones_like(d_out) @ W.T,
            "W is reshaped where it must be transposed: W.T.": d_out @ W.reshape(W.shape[::-1]),
            "x is used where d_out belongs.": x @ W @ W.T,
            "there is a ReLU mask in d_x: this layer has no activation.": (
                d_out * (x @ W + (0 if b is None else b) > 0)
            )
            @ W.T,
            "the bias is added to d_x: it plays no part in the gradient of x.": expected + (0 if b is None else W @ b),
            "d_x comes with the positions of all batch axes in one: give it the shape of x.": flat_rows(expected)
            if x.ndim > 2
            else -expected,
            "d_x is the gradient times x: x itself plays no part in d_x.": expected * x,
            "d_x is transposed.": expected.T,
        }
        assert_close(d_x, expected, name="d_x", explain=explained(averaged("d_x", expected, x), explain))


@exercise("linear_backward", weight=1)
def test_linear_backward_agrees_with_autograd(submission, rng):
    """All three gradients agree with PyTorch's own linear layer, for a sequence and for one row."""
    for lead in ((4, 3), (1,)):
        x, W, b = rng.normal(size=(*lead, 6)), rng.normal(size=(6, 5)), rng.normal(size=5)
        d_out = rng.normal(size=(*lead[::-1], 5)).transpose(*range(len(lead))[::-1], -1)  # with gaps in memory
        leaves = [torch.tensor(value, requires_grad=True) for value in (x, W, b)]
        F.linear(leaves[0], leaves[1].T, leaves[2]).backward(torch.tensor(d_out))
        result = submission.linear_backward(x, W, b, d_out)
        assert_parts(result, ("d_x", "d_W", "d_b"), "linear_backward")
        for got, leaf, name in zip(result, leaves, ("d_x", "d_W", "d_b"), strict=True):
            assert_close(got, leaf.grad, name=name)


# --- MLP -------------------------------------------------------------------------------------------------------------

ACTS = {"relu": lambda z: np.maximum(z, 0.0), "sine": np.sin, "cosine": np.cos, "default": np.tanh}


def trusted_network(params, x, act, *, where="between", biases="before", times=1, end="scores"):
    """Scores as the text says; the options make the mistakes that people make."""
    last = len(params) - 1
    for i, (W, b) in enumerate(params):
        bias = b if b is not None and biases != "none" else 0.0
        before = {"always": i == 0, "before each": True, "before first": i == 0}
        if before.get(where, False):
            x = act(x)
        x = np.einsum("ni,io->no", x, W) + (bias if biases == "before" else 0.0)
        after = {
            "between": i < last,
            "after each": True,
            "always": i == last,
            "after last": i == last,
            "not after the first": 0 < i < last,
            "after the first": i == 0 and i < last,
            "before the last": i == last - 1,
            "not before the last": i < last - 1,
        }
        for _ in range(times if after.get(where, False) else 0):
            x = act(x)
        x = x + (bias if biases == "after" else 0.0)
    ends = {"softmax": torch.softmax, "log_softmax": torch.log_softmax}
    return ends[end](torch.tensor(x), dim=1).numpy() if end in ends else x


NETWORK_WRONGS = {
    "the activation is applied after the last layer too: scores leave the net as they are.": {"where": "after each"},
    "the activation is applied before the first layer too: it stands between the layers.": {"where": "before each"},
    "the activation is applied to the input only: it stands between the layers.": {"where": "before first"},
    "the activation is applied to the input and to the scores: it stands between the layers.": {"where": "always"},
    "the activation is applied after the last layer only: it stands between the layers.": {"where": "after last"},
    "there is no activation between the layers: the whole net is one linear map.": {"where": "nowhere"},
    "there is no activation after the first layer: it stands between all layers.": {"where": "not after the first"},
    "only the first layer is followed by an activation: it stands between all layers.": {"where": "after the first"},
    "only the last layer is preceded by an activation: it stands between all layers.": {"where": "before the last"},
    "the biases are missing.": {"biases": "none"},
    "the bias is added after the activation: it belongs to the layer, before it.": {"biases": "after"},
    "the activation is applied twice between two layers.": {"times": 2},
    "there is no activation before the last layer: it stands between all layers.": {"where": "not before the last"},
    "there is a softmax at the end: scores leave the net as they are.": {"end": "softmax"},
    "there is a log_softmax at the end: scores leave the net as they are.": {"end": "log_softmax"},
}


def network_causes(cases):
    """{sentence: flat scores of all cases} that people often get; a cause must fit all cases at once."""
    found = {}
    for words, options in NETWORK_WRONGS.items():
        found[words] = flat([trusted_network(params, x, act, **options) for params, x, act in cases])
    others = {"tanh is": np.tanh, "a ReLU is": ACTS["relu"], "a sigmoid is": sigmoid}
    for name, act in others.items():
        words = f"{name} used whatever was asked for: use `self.act`."
        found[words] = flat([trusted_network(params, x, act) for params, x, _ in cases])
    return found


def flat(arrays):
    """All entries of all arrays."""
    return np.concatenate([as_array(array, name="scores").ravel() for array in arrays])


def first_layer(params, x, act):
    """What a `return` inside the loop gives: the first layer, bare or with the activation."""
    z = trusted_network(params[:1], x, act)
    return {
        "these are the scores of the first layer: does `return` stand inside the loop?": z,
        "these are the activations of the first layer: does `return` stand inside the loop?": act(z),
    }


def draw_pairs(sizes, rng, *, bias=True):
    """Parameters with mixed signs."""
    return [
        (rng.normal(size=(m, n)) / np.sqrt(m), 0.5 * rng.normal(size=n) if bias else None) for m, n in pairwise(sizes)
    ]


def assert_scores(submission, cases, name):
    """Refuse wrong scores: shapes first, then all cases together."""
    results = [submission.run(network_outputs, params, x, act)["first"] for params, x, act in cases]
    for result in results:
        assert_that(
            not isinstance(result, tuple | list),
            f"{name}: expected an array, got a {type(result).__name__}.",
            cause="more than the scores comes back, such as the activations of all layers: return the last array.",
        )
    resolved = [(params, x, ACTS[act]) for params, x, act in cases]
    expected = [trusted_network(*case) for case in resolved]
    for result, wanted, case in zip(results, expected, resolved, strict=True):
        if as_array(result, name="scores").shape != wanted.shape:
            assert_close(result, wanted, name=name, explain=explained(first_layer(*case)))
    assert_close(flat(results), flat(expected), name=name, explain=explained(network_causes(resolved)))


@exercise("MLP", weight=3)
def test_network_scores(submission, rng):
    """The scores for one, two, three and four layers, and for the activation that was given."""
    plans = (([4, 3], 5, "default"), ([3, 6, 5], 7, "sine"), ([5, 4, 6, 3], 2, "relu"), ([3, 5, 4, 6, 2], 6, "cosine"))
    cases = [(draw_pairs(sizes, rng), rng.normal(size=(rows, 2 * sizes[0]))[:, ::2], act) for sizes, rows, act in plans]
    assert_scores(submission, cases, "scores")


@exercise("MLP", weight=1)
def test_network_without_biases(submission, rng):
    """Layers whose b is None have no bias; others in the same net keep theirs."""
    cases = []
    for bias in ((False, False), (True, False, True), (False, True, True, False)):
        pairs = draw_pairs([4, 6, 5, 3, 7][: len(bias) + 1], rng)
        params = [(W, b if keep else None) for (W, b), keep in zip(pairs, bias, strict=True)]
        cases.append((params, rng.normal(size=(5, 4)), "sine"))
    assert_scores(submission, cases, "scores, without some biases")


@exercise("MLP", condition=True)
def test_network_modifies_nothing(submission, rng):
    """Neither the parameters nor x is modified, and a second call gives the same."""
    params, x = draw_pairs([4, 5, 3], rng), rng.normal(size=(6, 4))
    evidence = submission.run(network_outputs, params, x, "relu")
    assert_shape(evidence["first"], (6, 3), name="scores")
    assert_unchanged(evidence["x"], x, name="x")
    assert_unchanged(evidence["params"], params, name="params")
    assert_close(evidence["again"], evidence["first"], name="scores of a second call")


def wrong_counts(sizes, bias):
    """Sentences for numbers of parameters that people often get."""
    pairs = list(pairwise(sizes))
    weights, outs = sum(m * n for m, n in pairs), sum(n for _, n in pairs)
    right = weights + outs * bias
    found = {
        "only the weights are counted: each layer has one bias for each of its outputs.": weights,
        "biases are counted although there are none: bias=False.": weights + outs,
        "a layer has as many biases as outputs: here it gets as many as inputs.": weights + sum(m for m, _ in pairs),
        "every width gets biases, the input too: only layers have biases, one for each output.": weights + sum(sizes),
        "a layer has one bias for each of its outputs: here it gets a single one.": weights + len(pairs),
        "the last layer is missing.": right - (pairs[-1][0] + bias) * pairs[-1][1],
        "the first layer is missing.": right - (pairs[0][0] + bias) * pairs[0][1],
        "these are the units: a layer has fan_in * fan_out weights.": sum(sizes),
        "fan_in + fan_out is counted: a layer has fan_in * fan_out weights.": sum(m + n for m, n in pairs),
        "these are the biases alone.": outs,
        "the product of all widths is no count: add up the layers.": int(np.prod(sizes)),
        "all widths are multiplied with each other: add up fan_in * fan_out, layer by layer.": int(np.prod(sizes))
        + outs * bias,
        "only the last layer has biases here: each layer has.": weights + sizes[-1] * bias,
        "the first width is joined with the last: for i = 0, sizes[i - 1] is the last entry.": right
        + (sizes[-1] + bias) * sizes[0],
        "the last layer has a bias too.": right - sizes[-1] * bias,
        "the first layer has a bias too.": right - sizes[1] * bias,
        "only the first layer has biases here: each layer has.": weights + sizes[1],
        "the biases are counted twice: one for each output.": right + outs * bias,
        "a weight is counted between all pairs of widths: only neighbours are connected.": sum(
            m * n + n * bias for i, m in enumerate(sizes) for n in sizes[i + 1 :]
        ),
        "as many biases as widths are counted for each layer: a layer has one for each of its outputs.": weights
        + len(sizes) * len(pairs) * bias,
        "a layer has one bias for each weight here: it has one for each output.": 2 * weights,
    }
    return {words: value for words, value in found.items() if value != right}


COUNTED = ([3, 5], [7, 4, 3], (6, 11, 2, 5), [2, 9, 8, 4, 10])


@exercise("MLP", weight=2)
def test_network_counts_parameters(submission, rng):
    """The number of parameters of nets of several depths, with biases."""
    extra = [int(n) for n in rng.choice(np.arange(12, 40), size=4, replace=False)]
    cases = [*COUNTED, extra]
    evidence = submission.run(counted, cases)
    expected = [sum(m * n + n for m, n in pairwise(sizes)) for sizes in cases]
    causes = {
        words: [wrong_counts(sizes, 1).get(words, n) for sizes, n in zip(cases, expected, strict=True)]
        for words in wrong_counts(extra, 1)
    }
    turned = "the argument `bias` is turned round: with bias=True the biases count, with bias=False they do not."
    weights = [sum(m * n for m, n in pairwise(sizes)) for sizes in cases]
    if close_to(evidence["without"], expected) and close_to(evidence["also"], weights):
        causes = {turned: weights}
    assert_numbers(evidence["also"], expected, causes, "numbers of parameters")
    default = "without the argument, biases are counted: the default of `bias` is True."
    assert_numbers(evidence["with"], expected, {default: evidence["without"]}, "numbers of parameters, bias not given")


def assert_numbers(actual, expected, causes, name):
    """Refuse anything but these numbers; a cause must fit all of them."""
    for value in actual:
        assert_shape(value, (), name=name)
    assert_close(
        [float(as_array(value)) for value in actual], [float(n) for n in expected], name=name, explain=explained(causes)
    )


@exercise("MLP", weight=1)
def test_network_counts_parameters_without_biases(submission, rng):
    """With bias=False, only weights count."""
    extra = [int(n) for n in rng.choice(np.arange(12, 40), size=5, replace=False)]
    cases = [*COUNTED, extra]
    evidence = submission.run(counted, cases)
    expected = [sum(m * n for m, n in pairwise(sizes)) for sizes in cases]
    causes = {
        words: [wrong_counts(sizes, 0).get(words, n) for sizes, n in zip(cases, expected, strict=True)]
        for words in wrong_counts(extra, 0)
    }
    assert_numbers(evidence["without"], expected, causes, "numbers of weights")


# --- relu_breakpoints ------------------------------------------------------------------------------------------------


def one_input_net(w, b, v, c=0.5):
    """In the format of the exercise."""
    w, b, v = (np.array(values, dtype=float) for values in (w, b, v))
    return [(w[None, :], b), (v[:, None], np.array([c]))]


def brute_force(params):
    """Breakpoints and slopes from values of the net alone, evaluated between all places where a unit could bend."""
    (W_0, b_0), _ = params
    w = W_0[0]
    places = np.unique(-b_0[w != 0] / w[w != 0])

    def f(x):
        return trusted_network(params, np.array([[x]]), ACTS["relu"])[0, 0]

    edges = np.concatenate([[places[0] - 2.0], places, [places[-1] + 2.0]]) if len(places) else np.array([-1.0, 1.0])
    slopes = []
    for left, right in pairwise(edges):
        a, b = left + (right - left) / 4, left + 3 * (right - left) / 4  # well inside the piece
        slopes.append((f(b) - f(a)) / (b - a))
    keep = np.abs(np.diff(slopes)) > 1e-6
    return places[keep], np.array(slopes)[np.concatenate([[True], keep])]


def random_net(hidden, rng):
    """A net whose numbers are multiples of 1/8, no two places nearer than 0.1, every change of slope clear."""
    while True:
        w = rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0], size=hidden)
        if not (w > 0).any() or not (w < 0).any():
            continue
        b = rng.integers(-24, 25, size=hidden) / 8
        v = rng.choice([-1, 1], size=hidden) * rng.integers(3, 17, size=hidden) / 8
        places = np.sort(-b / w)
        if (np.diff(places) > 0.1).all():
            return one_input_net(w, b, v, c=float(rng.normal()))


def special_nets(rng):
    """Nets with units that are constant, that are not heard, that bend at one place, and that cancel each other."""
    mirror = float(rng.choice([-1, 1]))
    s = float(rng.choice([0.5, 1.0, 2.0]))
    return {
        "a unit with w = 0": one_input_net([1.0, 0.0, -2.0, 0.0], [-s, 1.5, 3.0, -1.0], [2.0, 1.0, -0.75, 4.0]),
        "a unit with v = 0": one_input_net([1.0, -1.0, 2.0, 0.5], [-s, 0.25, 5.0, 0.75], [1.5, 0.0, 0.0, -2.0]),
        "units that bend at one place": one_input_net(
            [1.0, -1.0, 2.0, -0.5], [s, -s, 2 * s, 1.5], [2.0, 0.75, 1.25 * mirror, -1.5]
        ),
        "units that cancel each other": one_input_net(
            [1.0, 2.0, -1.0, 1.0], [-s, -2 * s, 4 * s, 2.0], [2.0, -1.0, 3.0, mirror]
        ),
    }


def by_formula(
    params,
    *,
    place="-b/w",
    dead=True,
    unheard=True,
    falling=True,
    merge="sum",
    cancel=True,
    sort=True,
    change="v|w|",
    start="on",
    ends=False,
    positive=False,
):
    """The formula of the solution; the options make the mistakes that people make."""
    (W_0, b), (W_1, _) = params
    w, v = W_0[0], W_1[:, 0]
    bends = np.ones(len(w), bool)
    if dead:
        bends &= w != 0
    if unheard:
        bends &= v != 0
    if not falling:
        bends &= w > 0
    with np.errstate(all="ignore"):
        places = {"-b/w": -b / w, "b/w": b / w, "-w/b": -w / b, "b": -b}[place][bends]
    changes = {
        "v|w|": v * np.abs(w),
        "-v|w|": -v * np.abs(w),
        "vw": v * w,
        "v": v,
        "|w|": np.abs(w),
        "w": w,
        "|vw|": np.abs(v * w),
    }[change][bends]
    if positive:
        keep = places > 0
        places, changes = places[keep], changes[keep]
    first = {"on": (v * w)[w < 0].sum(), "zero": 0.0, "right": (v * w)[w > 0].sum(), "all": (v * w).sum()}[start]
    if sort:
        order = np.argsort(places, kind="stable")
        places, changes = places[order], changes[order]
    if merge != "none":
        unique = list(dict.fromkeys(places.tolist()))
        pick = {"sum": np.sum, "first": lambda values: values[0], "last": lambda values: values[-1]}[merge]
        changes = np.array([pick(changes[places == one]) for one in unique])
        places = np.array(unique)
        if cancel and len(unique):
            keep = np.abs(changes) > 1e-9
            places, changes = places[keep], changes[keep]
    slopes = first + np.concatenate([[0.0], np.cumsum(changes)])
    return (np.concatenate([[-np.inf], places, [np.inf]]) if ends else places), slopes


DEAD = "a unit with w = 0 is counted: it is constant, and bends nowhere."
UNHEARD = "a unit with v = 0 is counted: it bends, but the output does not hear it."
TWICE = (
    "units that bend at the same place are counted one by one: that is one breakpoint, with the sum of their changes."
)
CANCELLED = "a place is counted where the changes of the units add up to 0: the slope does not change there."
CANCELLED_BY_ROUNDING = (
    "changes that add up to 0 except for rounding, such as 0.1 + 0.2 - 0.3, are counted: a sum below 1e-9 counts as 0."
)
PLACE_WRONGS = {
    "the sign of the places is wrong: w x + b = 0 at x = -b / w.": {"place": "b/w"},
    "the places are -w / b: w x + b = 0 at x = -b / w.": {"place": "-w/b"},
    "the places are -b: w x + b = 0 at x = -b / w.": {"place": "b"},
    "only places right of 0 are counted.": {"positive": True},
    "only units with w > 0 are counted: one with w < 0 bends at -b / w as well.": {"falling": False},
    "the breakpoints are not in ascending order.": {"sort": False},
}
ONE_OF_THEM = "where several units bend at one place, only one of them counts: their changes add up."
SLOPE_WRONGS = {
    ONE_OF_THEM: {"merge": "first"},
    "where several units bend at one place, only the last of them counts: their changes add up.": {"merge": "last"},
    "the change of slope is v |w|, also for a unit with w < 0, which is switched off there.": {"change": "vw"},
    "the change of slope is v |w|: the factor |w| is missing.": {"change": "v"},
    "the change of slope is v |w|: the factor v is missing.": {"change": "|w|"},
    "the change of slope is v |w|: here it is w.": {"change": "w"},
    "the change of slope is v |w|: its sign is turned round.": {"change": "-v|w|"},
    "the change of slope is v |w|: the sign of v is lost.": {"change": "|vw|"},
    "the leftmost slope is not 0: units with w < 0 are on far on the left.": {"start": "zero"},
    "the leftmost slope adds up the units with w > 0: far on the left those with w < 0 are on.": {"start": "right"},
    "the leftmost slope adds up all units: far on the left only those with w < 0 are on.": {"start": "all"},
    "the leftmost slope is 0 here, and the changes are v w: units with w < 0 are on far on the left.": {
        "start": "zero",
        "change": "vw",
    },
    "the slopes do not belong to the breakpoints in ascending order: sort the changes with the places.": {
        "sort": False
    },
}


def pieces(submission, params):
    """What the student's function gives."""
    result = submission.relu_breakpoints(params)
    assert_parts(result, ("breakpoints", "slopes"), "relu_breakpoints")
    expected, expected_slopes = brute_force(params)
    assert_that(
        not (close_to(result[0], expected_slopes) and close_to(result[1], expected)),
        "breakpoints: expected (K,), got (K + 1,).",
        cause="the two arrays are in the wrong order: the breakpoints come first.",
    )
    return result


def ends_included(actual, expected):
    """A cause for infinite ends."""
    if len(actual) == len(expected) + 2 and np.isinf(actual[[0, -1]]).all():
        return "the ends at minus and plus infinity are no breakpoints."
    return ""


def nearly_there(actual, expected):
    """A cause for places that are rounded or searched for."""
    if len(actual) and len(expected) and 0 < np.abs(actual[:, None] - expected).min(axis=1).max() < 0.02:
        return "the places are only nearly right (rounded, or searched on a grid): compute each as -b / w."
    return ""


def rounded_slopes(actual, expected):
    """A cause for whole numbers."""
    if actual.dtype.kind == "i" or (actual.shape == expected.shape and np.array_equal(actual, np.trunc(expected))):
        return "the slopes are rounded to whole numbers: return floats."
    return ""


def reversed_order(actual, expected):
    """A cause for the right numbers from right to left."""
    if len(expected) > 1 and close_to(actual, expected[::-1]) and not close_to(expected[::-1], expected):
        return "they go from right to left: the leftmost comes first."
    return ""


def leftmost_wrong(actual, expected):
    """A cause where all changes of slope are right."""
    if actual.shape == expected.shape and len(expected) > 2 and close_to(np.diff(actual), np.diff(expected)):
        return "the changes are right, but the leftmost slope is not: it is the sum of v w over the units with w < 0."
    return ""


def assert_pieces(submission, params, more, *, slopes=True):
    """Refuse wrong breakpoints or slopes."""
    got, got_slopes = pieces(submission, params)
    expected, expected_slopes = brute_force(params)
    with np.errstate(all="ignore"):
        explain = {words: by_formula(params, **options)[0] for words, options in {**more, **PLACE_WRONGS}.items()}
        slope_explain = {words: by_formula(params, **options)[1] for words, options in {**more, **SLOPE_WRONGS}.items()}
    slope_explain["the slope of the rightmost piece is missing: K breakpoints make K + 1 pieces."] = expected_slopes[
        :-1
    ]
    slope_explain["the slope of the leftmost piece is missing: K breakpoints make K + 1 pieces."] = expected_slopes[1:]
    slope_explain["these are the changes of slope: the slopes themselves are asked for."] = np.diff(expected_slopes)
    w, b = params[0][0][0], params[0][1]
    moved = [(w[b != 0][None], b[b != 0]), (params[1][0][b != 0], params[1][1])]
    explain["units with b = 0 are left out: they bend at 0, like any other unit at -b / w."] = brute_force(moved)[0]
    causes = explained(ends_included, reversed_order, explain, nearly_there)
    assert_close(got, expected, name="breakpoints", explain=causes)
    if slopes:
        values = trusted_network(params, expected[:, None], ACTS["relu"])[:, 0]
        slope_explain["these are values of f at the breakpoints: the slopes are asked for."] = values
        slope_explain["these are values of f at the breakpoints: the slopes are asked for. "] = values - params[1][1][0]
        slope_explain["each slope is the change alone: add it to the slope of the piece before."] = np.concatenate(
            [expected_slopes[:1], np.diff(expected_slopes)]
        )
        unit = [params[0], (np.ones_like(params[1][0]), params[1][1])]
        slope_explain["the weights v of the second layer are missing: f has the slope v w where a unit is on."] = (
            by_formula(unit)[1]
        )
        causes = explained(reversed_order, slope_explain, leftmost_wrong, rounded_slopes)
        assert_close(got_slopes, expected_slopes, name="slopes", explain=causes)


@exercise("relu_breakpoints", weight=2)
def test_breakpoints_of_random_nets(submission, rng):
    """The places, for nets whose units all bend at places of their own."""
    for hidden in (5, 6, 8):
        assert_pieces(submission, random_net(hidden, rng), {}, slopes=False)


@exercise("relu_breakpoints", weight=3)
def test_slopes_of_random_nets(submission, rng):
    """The slopes of all pieces agree with differences of the net's own values."""
    for hidden in (4, 6, 7):
        assert_pieces(submission, random_net(hidden, rng), {})


@exercise("relu_breakpoints", weight=1)
def test_breakpoints_of_constant_units(submission, rng):
    """A unit with w = 0 makes no breakpoint."""
    assert_pieces(submission, special_nets(rng)["a unit with w = 0"], {DEAD: {"dead": False}})


@exercise("relu_breakpoints", weight=1)
def test_breakpoints_of_unheard_units(submission, rng):
    """A unit with v = 0 makes no breakpoint."""
    assert_pieces(
        submission,
        special_nets(rng)["a unit with v = 0"],
        {UNHEARD: {"unheard": False, "cancel": False}, CANCELLED: {"unheard": False, "merge": "none"}},
    )


@exercise("relu_breakpoints", weight=1)
def test_breakpoints_at_one_place(submission, rng):
    """Units that bend at the same place make one breakpoint, with the sum of their changes."""
    assert_pieces(submission, special_nets(rng)["units that bend at one place"], {TWICE: {"merge": "none"}})


@exercise("relu_breakpoints", weight=1)
def test_breakpoints_that_cancel(submission, rng):
    """Where the changes of several units add up to 0, there is no breakpoint."""
    params = special_nets(rng)["units that cancel each other"]
    assert_pieces(submission, params, {CANCELLED: {"cancel": False}, TWICE: {"merge": "none"}})
    rounded = one_input_net([1.0, 1.0, 1.0, -1.0], [-1.0, -1.0, -1.0, 0.5], [0.1, 0.2, -0.3, 2.0])  # adds up to 6e-17
    got, _ = pieces(submission, rounded)
    got = as_array(got, name="breakpoints")
    assert_close(
        got, [0.5], name="breakpoints", explain=lambda a, b: CANCELLED_BY_ROUNDING if close_to(a, [0.5, 1.0]) else ""
    )  # fmt: skip


@exercise("relu_breakpoints", condition=True)
def test_breakpoints_form(submission, rng):
    """Two arrays, (K,) and (K + 1,), also for K = 0; params are not modified."""
    params = random_net(5, rng)
    result, (after,) = submission.relu_breakpoints.after(params)
    assert_parts(result, ("breakpoints", "slopes"), "relu_breakpoints")
    expected, slopes = brute_force(params)
    assert_shape(result[0], expected.shape, name="breakpoints")
    assert_shape(result[1], slopes.shape, name="slopes")
    assert_unchanged(after, params, name="params")
    straight = one_input_net([0.0, 2.0], [1.0, -1.0], [3.0, 0.0])
    nothing, one = pieces(submission, straight)
    near = one_input_net([1.0, -2.0, 1.0], [-1.0, 2.0 + 1 / 32, 3.0], [2.0, 1.0, -0.5])  # they bend at 1 and 1 + 1/64
    apart = "places that differ by 1/64 are taken as one: only exactly the same number is one breakpoint."
    got, near_slopes = (as_array(part, name="result") for part in pieces(submission, near))
    assert_close(got, [-3.0, 1.0, 1.0 + 1 / 64], name="breakpoints", explain=lambda a, b: apart * (len(a) < 3))
    assert_close(near_slopes, [-2.0, -2.5, -0.5, 1.5], name="slopes", explain=lambda *_: apart)
    assert_that(
        np.size(as_array(nothing)) == 0, f"a net that bends nowhere: expected no breakpoint, got {np.size(nothing)}."
    )
    assert_close(one, [0.0], name="slopes of a net that bends nowhere")


# --- trace_starts ----------------------------------------------------------------------------------------------------

PROGRAM = starts_program(STARTS_SEED)
MORE_DIGITS = "right so far, but write four digits, not counting zeros in front."
KNOWN = (
    ("p[0, 0]", 0.14, MORE_DIGITS),
    ("-np.log(p[:, 1]).mean()", 1.95, MORE_DIGITS),
    ("-np.log(p[:, 1]).mean()", 1.9, MORE_DIGITS),
    ("np.prod(s * (1 - s))", 0.001, MORE_DIGITS),
    ("np.prod(s * (1 - s))", 0.00098, MORE_DIGITS),
    ("np.prod(s * (1 - s))", 0.0009, MORE_DIGITS),
    ("-np.log(p[:, 1]).mean()", 2.807, "that is the logarithm to base 2: np.log is the natural one."),
    ("-np.log(p[:, 1]).mean()", 0.8451, "that is the logarithm to base 10: np.log is the natural one."),
    ("p[0, 0]", 0.0909, "the softmax sums over axis 1, the classes, not over the examples."),
    ("-np.log(p[:, 1]).mean()", 2.398, "that is log 11: the softmax sums over the classes, not over the examples."),
    (
        "np.unique(equal.round(6), axis=1).shape",
        (11,),
        "np.unique with an axis keeps both axes: a table stays a table.",
    ),
    ("np.unique(equal.round(6), axis=1).shape", (1, 11), "the rows are the examples, and come first in a shape."),
    ("np.prod(s * (1 - s))", 1, "s * (1 - s) is 0.25 for each of the five entries."),
    ("y.shape", "(11, 7)", "a shape is a tuple, not text: leave out the quotes."),
    ("np.unique(equal.round(6), axis=1).shape", "(11, 1)", "a shape is a tuple, not text: leave out the quotes."),
    ("y.shape", (7, 11), "the examples come first: a row for each."),
    ("y.shape", (11, 5), "these are the units of a hidden layer: the scores come from the last matrix."),
    ("y.shape", (11, 4), "these are the units of a hidden layer: the scores come from the last matrix."),
    ("y.shape", (11, 6), "this is the shape of x: the scores come from the last matrix."),
    ("y.shape", (6, 7), "the rows of y are the examples: there are as many as in x."),
    ("y.shape", (5, 7), "this is the shape of the last matrix: y has a row for each example."),
    ("sum(W.size for W in Ws)", 3, "that is how many matrices there are: `size` counts the entries of each."),
    ("sum(W.size for W in Ws)", 44, "the last matrix is missing: add up the entries of all three."),
    ("sum(W.size for W in Ws)", 840, "the widths are multiplied with each other: add up the entries of the matrices."),
    (
        "np.abs(larger).sum() / np.abs(y).sum()",
        1,
        "the weights of `larger` are 3 times as large, so its scores differ.",
    ),
    ("p[0, 0]", 1 / 3, "all classes are equally probable; how many columns does y have?"),
    ("p[0, 0]", 0.25, "all classes are equally probable; how many columns does y have?"),
    ("p[0, 0]", 0.2, "all classes are equally probable; how many columns does y have?"),
    ("p[0, 0]", 1 / 11, "the softmax sums over axis 1, the classes, not over the examples."),
    (
        "-np.log(p[:, 1]).mean()",
        -1.94591,
        "the probability is below 1, its logarithm negative, and there is a minus before it.",
    ),
    ("-np.log(p[:, 1]).mean()", 2.397895, "that is log 11: the softmax sums over the classes, not over the examples."),
    ("-np.log(p[:, 1]).mean()", 1 / 7, "that is the probability: minus its logarithm is asked for."),
    (
        "-np.log(p[:, 1]).mean()",
        0.142857 * 1.94591,
        "the mean goes over the rows of one column, all equal: nothing is divided by 7.",
    ),
    ("round(np.log2(z.std()))", 32, "32 is the standard deviation: its logarithm to base 2 is asked for."),
    ("round(np.log2(z.std()))", 1024, "1024 is the variance of z: take the root, and its logarithm to base 2."),
    ("round(np.log2(z.std()))", 2, "z sums over the inputs, 1024 of them, not over the 32 outputs."),
    ("round(np.log2(z.std()))", 3, "z sums over the inputs, 1024 of them, not over the 32 outputs."),
    ("round(np.log2(z.std()))", 1, "each z is a sum of 1024 products: its standard deviation grows with their number."),
    (
        "np.unique(equal.round(6), axis=1).shape",
        (1, 1),
        "the rows are different examples: only the columns, the units, are equal.",
    ),
    (
        "np.unique(equal.round(6), axis=1).shape",
        (11, 2),
        "all columns of the weights are equal, so all units give the same: one is left.",
    ),
    (
        "np.unique(equal.round(6), axis=1).shape",
        (11, 6),
        "`equal` has as many columns as there are hidden units, all of them equal: one is left.",
    ),
    ("np.prod(s * (1 - s))", 0.00390625, "that is 0.25 ** 4: s has five entries."),
    ("np.prod(s * (1 - s))", 0, "s is the sigmoid of 0, which is 1/2, not 0."),
    ("sum(W.size for W in Ws)", 95, "the nets of this program have no biases: count fan_in * fan_out for each layer."),
    ("sum(W.size for W in Ws)", 22, "these are the units: a layer has fan_in * fan_out weights."),
    (
        "np.abs(larger).sum() / np.abs(y).sum()",
        3,
        "every layer multiplies by 3, so the factor is a power of it: the weights of all layers were multiplied.",
    ),
    (
        "np.abs(larger).sum() / np.abs(y).sum()",
        9,
        "every layer multiplies by 3, the last one too: the exponent is the number of weight matrices.",
    ),
    (
        "np.abs(larger).sum() / np.abs(y).sum()",
        81,
        "the exponent is the number of weight matrices, which is one less than the number of widths.",
    ),
    ("p[0, 0]", 0.5, "the scores of all classes are 0, so all are equally probable: how many classes are there?"),
    ("p[0, 0]", 0, "the scores are 0, but the softmax of equal scores is not 0: e^0 = 1 for each class."),
    ("p[0, 0]", 1, "e^0 = 1, but it is divided by the sum over the classes."),
    ("-np.log(p[:, 1]).mean()", 0, "a loss of 0 means that the right class is certain: here all are equally probable."),
    ("-np.log(p[:, 1]).mean()", 0.6931, "log 2 would be two classes: how many are there?"),
    ("-np.log(p[:, 1]).mean()", 2.8074, "that is the logarithm to base 2: np.log is the natural one."),
    ("-np.log(p[:, 1]).mean()", 0.845098, "that is the logarithm to base 10: np.log is the natural one."),
    (
        "np.unique(equal.round(6), axis=1).shape",
        (11, 4),
        "all columns of the weights are equal, so all hidden units give the same: np.unique leaves one.",
    ),
    (
        "np.unique(equal.round(6), axis=1).shape",
        (1, 4),
        "axis=1 compares columns, the hidden units: the rows (examples) differ.",
    ),
    (
        "round(np.log2(z.std()))",
        10,
        "1024 is the variance of z, a sum of 1024 products; its standard deviation is the root of that.",
    ),
    (
        "round(np.log2(z.std()))",
        0,
        "each z is a sum of as many products as there are inputs: its standard deviation grows with their number.",
    ),
    (
        "np.prod(s * (1 - s))",
        0.03125,
        "that is 0.5 ** 5: s * (1 - s) at 0 is 0.25.",
    ),
    ("np.prod(s * (1 - s))", 0.25, "that is one factor: the program multiplies one for each entry of s."),
    ("np.prod(s * (1 - s))", 1.25, "that is the sum: np.prod multiplies."),
)


def assert_foreseen(submission, keys, cause):
    """Refuse wrong predictions of some entries."""
    assert_trace(submission.trace_starts(), PROGRAM.run(), keys=keys, known=KNOWN, cause=cause)


@exercise("trace_starts", weight=2)
def test_trace_shapes(submission, rng):
    """The shape of the scores and the number of weights."""
    assert_foreseen(
        submission,
        ("y.shape", "sum(W.size for W in Ws)"),
        "go through the matrices one by one: rows of x stay, columns become those of the last W.",
    )


@exercise("trace_starts", weight=2)
def test_trace_larger_weights(submission, rng):
    """What multiplying all weights does to the scores."""
    assert_foreseen(
        submission,
        ("np.abs(larger).sum() / np.abs(y).sum()",),
        "max(k z, 0) = k max(z, 0) for k > 0: follow the factor through all layers.",
    )


@exercise("trace_starts", weight=2)
def test_trace_equal_weights(submission, rng):
    """What weights of 0, and equal weights, do."""
    assert_foreseen(
        submission,
        ("p[0, 0]", "-np.log(p[:, 1]).mean()", "np.unique(equal.round(6), axis=1).shape"),
        "with weights 0 all scores are 0; with equal weights all hidden units are the same function.",
    )


@exercise("trace_starts", weight=2)
def test_trace_scales(submission, rng):
    """How large a sum of many products is, and a product of slopes."""
    assert_foreseen(
        submission,
        ("round(np.log2(z.std()))", "np.prod(s * (1 - s))"),
        "variances of independent terms add up; the slope of the sigmoid at 0 is 1/4.",
    )
