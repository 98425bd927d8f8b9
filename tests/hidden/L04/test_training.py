"""Hidden checks of L04: other sizes and values of what the exercises promise."""

import math
from itertools import combinations

import numpy as np
import torch

from autograder.checks import (
    CheckFailure,
    StudentError,
    as_array,
    assert_close,
    assert_dtype,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_type,
    assert_unchanged,
    exercise,
)

SIGMAS = 5.0  # how far a random quantity may be from its mean


def told_by(pairs, rtol=1e-6):
    """Make an ``explain`` of (sentence, wrong value): the sentence whose value came, unless two sentences fit."""

    def same(a, b):
        a, b = as_array(a), as_array(b)
        if a.shape != b.shape or not np.isfinite(a).all() or not np.isfinite(b).all():
            return False
        return bool((np.abs(a - b) <= rtol * np.abs(b).max(initial=1e-300)).all())

    def explain(actual, expected):
        found = {says for says, value in pairs if same(actual, value) and not same(value, expected)}
        return found.pop() if len(found) == 1 else ""

    return explain


# --- folds -----------------------------------------------------------------------------------------------------------

LEAK = (
    "mean and std are those of all rows: the validation rows have leaked in. Take them over the rows of `train` only."
)
FROM_VALIDATION = "mean and std are those of the validation rows: a scaler is fitted on what one learns from, `train`."
DDOF = "std is divided by n - 1: NumPy's default, division by n, is asked for."
VARIANCE = "that is the variance: std is its square root."
OF_ALL_ENTRIES = "that is one number for the whole table: one for each feature is asked for, along axis 0."
ZERO_STD = "a feature that does not vary in `train` has std 0, and dividing by it gives NaN: use 1 there."
ADDED = "a small number is added to std: where a feature does not vary, std is 1; elsewhere it is what np.std gives."
CONSTANT_EVERYWHERE = (
    "std is 1 only where the feature is constant in `train`; that it varies in validation is no matter."
)
NOT_STRATIFIED = (
    "the classes are not dealt out evenly: split the rows of each class on its own, then put them together."
)
OVERLAP = "some rows are validated on more than once, others never: each row belongs to exactly one validation fold."
NEVER_VALIDATED = (
    "some rows are validated on nowhere: where a class cannot be divided by k, the rows that are left over go to "
    "folds too."
)
LEFT_OVER = (
    "where a class cannot be divided by k, one fold alone makes up for it: deal the rows out one by one, like cards."
)
WHOLE_CLASS = (
    "all rows of a class are in one validation fold. Rows sorted by class were cut into blocks, or the loop over the "
    "classes leaves one out (they need not be called 0, 1, 2, ...)."
)
ROWS_OF_X = "those are the rows themselves: their numbers, the indices into x and y, are asked for."
TOO_STRICT = "a class of exactly k examples is refused: it is enough, one for each fold. Fewer than k are too few."
COUNTS_GAPS = (
    "good arguments are refused. Labels need not be 0, 1, 2, ...: `np.bincount` counts those that do not occur, too; "
    "np.unique(y, return_counts=True) counts those that do."
)
K_UNCHECKED = "fewer than two folds are not refused: k < 2 is a ValueError."
CLASSES_UNCHECKED = "the classes are not looked at: each of them needs at least k examples, else it is a ValueError."
OTHER_ERROR = "that is another kind of exception: the docstring asks for a ValueError."
IN_PLACE = "x or y, the caller's own arrays, are changed: shuffle and scale copies, or only work with indices."
TRAIN_HAS_VALIDATION = "`train` contains rows of `validation`: it has all the other rows, and no others."
TRAIN_INCOMPLETE = "`train` lacks rows: it is every row that is not in this fold's `validation`."
SWAPPED = "train and validation are swapped: the small part, one k-th of the rows, is for validation."
UNSHUFFLED = "the folds do not depend on `rng`: shuffle the rows of each class with `rng.permutation`."
OTHER_RANDOMNESS = "equal generators gave different folds: all randomness must come from `rng`, not `np.random`."
NOT_FLAT = "tuples are nested: each fold is one flat tuple of four, (train, validation, mean, std)."
TRANSPOSED = (
    "four lists come back, one for each kind of thing: what is asked for is one tuple (train, validation, mean, std) "
    "for each fold."
)
MASKS = "`train` and `validation` are masks of booleans: indices are asked for, `np.flatnonzero(mask)` gives them."


def fold_cases(rng):
    """(x, y, k): classes that are not 0, 1, 2 and of different sizes, some not divisible by k; sorted and not."""
    cases = []
    for counts, k, names in (
        ((7, 11, 9), 3, (4, 2, 7)),
        ((10, 5), 5, (0, 1)),
        ((5, 2, 8), 2, (3, 0, 6)),
        ((6, 9, 4, 8), 4, (9, 3, 1, 5)),
    ):
        y = np.repeat(names, counts)
        if k != 5:
            y = rng.permutation(y)
        x = rng.normal(size=(len(y), 2 * 5))[:, ::2] * np.array([1.0, 1e3, 1e-3, 5.0, 2.0]) + rng.normal(size=5)
        cases.append((x, y, k))
    return cases


def assert_folds(result, x, k):
    """Refuse anything but k tuples of two arrays of indices and two of numbers."""
    listed = isinstance(result, (list, tuple)) and all(isinstance(part, (list, tuple)) for part in result)
    if listed and k != 4 and [len(part) for part in result] == [k] * 4:
        raise CheckFailure(
            f"folds: expected {k} tuples of four, got four lists of {k}.", cause=TRANSPOSED, name="folds"
        )
    assert_length(result, k, name="folds")
    for i, fold in enumerate(result):
        nested = isinstance(fold, (list, tuple)) and len(fold) < 4 and any(isinstance(part, tuple) for part in fold)
        if nested:
            raise CheckFailure(f"fold {i}: expected 4 values, got {len(fold)}.", cause=NOT_FLAT, name="folds")
        assert_length(fold, 4, name=f"fold {i}")
        for part, name in zip(fold[:2], ("train", "validation"), strict=True):
            rows = as_array(part, name=name)
            assert_that(
                rows.dtype.kind in "iu" and rows.ndim == 1,
                f"{name} of fold {i}: expected integers in one axis, got {rows.dtype} of shape {rows.shape}.",
                cause=MASKS
                if rows.dtype.kind == "b"
                else ROWS_OF_X
                if rows.ndim == 2 and rows.shape[1:] == x.shape[1:]
                else "",
            )
            inside = rows.size == 0 or (rows.min() >= 0 and rows.max() < len(x))
            assert_that(bool(inside), f"{name} of fold {i}: an index is not between 0 and {len(x) - 1}.")
    return [tuple(as_array(part) for part in fold) for fold in result]


def assert_statistic(got, x, train, name):
    """Refuse anything but one number for each feature."""
    cause = OF_ALL_ENTRIES if got.shape == () else ""
    if got.shape in {(len(x),), (len(train),)}:
        cause = "that is one number for each row; one for each feature is asked for, along axis 0."
    wanted = (x.shape[1],)
    assert_that(got.shape == wanted, f"{name}: expected shape {wanted}, got {got.shape}.", cause=cause)


def all_folds(submission, rng):
    """Each case with the student's folds for it."""
    judged = []
    for x, y, k in fold_cases(rng):
        exact = np.unique(y, return_counts=True)[1].min() == k
        try:
            result, (x_after, y_after, *_) = submission.folds.after(x, y, k, rng)
        except StudentError as caught:
            if caught.raised.type != "ValueError" or not caught.raised.code.startswith("raise"):
                raise
            strict = TOO_STRICT if exact else COUNTS_GAPS
            raise CheckFailure(f"good arguments are refused: {caught}", cause=strict, name="folds") from None
        same = np.array_equal(x, as_array(x_after)) and np.array_equal(y, as_array(y_after))
        assert_that(same, "x or y was modified.", cause=IN_PLACE)
        judged.append((x, y, k, assert_folds(result, x, k)))
    return judged


@exercise("folds", condition=True)
def test_folds_have_the_promised_form(submission, rng):
    """k tuples (train, validation, mean, std); x and y are not modified."""
    for x, _y, _k, result in all_folds(submission, rng):
        for i, (_, _, mean, std) in enumerate(result):
            for name, got in (("mean", mean), ("std", std)):
                assert_statistic(got, x, result[i][0], f"{name} of fold {i}")


@exercise("folds", condition=True)
def test_folds_refuse_too_many_folds(submission, rng):
    """One fold, or more folds than a class has examples, is a ValueError."""
    x, y = rng.normal(size=(9, 2)), np.array([0, 0, 0, 0, 0, 0, 3, 3, 3])
    for k, case in ((1, "k = 1"), (0, "k = 0"), (4, "k = 4 and a class of 3")):
        try:
            assert_raises(submission.folds, x, y, k, rng, error=ValueError, name="folds", case=case)
        except CheckFailure as failure:
            cause = (K_UNCHECKED if k < 2 else CLASSES_UNCHECKED) if failure.cause else OTHER_ERROR
            raise CheckFailure(failure.message, cause=cause, name="folds") from None


@exercise("folds", weight=2)
def test_folds_use_every_row_once_for_validation(submission, rng):
    """Every row is validated on exactly once, and trained on in all other folds."""
    for x, _y, k, result in all_folds(submission, rng):
        uses = np.zeros(len(x), int)
        swapped = all(len(train) < len(validation) for train, validation, *_ in result) and k > 2
        for train, validation, *_ in result:
            np.add.at(uses, validation, 1)
            both = len(np.intersect1d(train, validation))
            assert_that(both == 0, f"{both} rows are in train and validation of one fold.", cause=TRAIN_HAS_VALIDATION)
        assert_that(
            bool((uses == 1).all()),
            f"{int((uses != 1).sum())} of {len(x)} rows are not in exactly one validation fold.",
            cause=SWAPPED if swapped else NEVER_VALIDATED if uses.max() <= 1 else OVERLAP if uses.min() < 1 else "",
        )
        for i, (train, validation, *_) in enumerate(result):
            expected = np.setdiff1d(np.arange(len(x)), validation)
            missing = len(np.setdiff1d(expected, train))
            assert_that(missing == 0, f"train of fold {i} lacks {missing} rows.", cause=TRAIN_INCOMPLETE)
            assert_that(
                len(train) == len(expected), f"train of fold {i} has {len(train)} rows, expected {len(expected)}."
            )


@exercise("folds", weight=2)
def test_folds_are_stratified(submission, rng):
    """Of each class, two folds validate on numbers of examples that differ by at most 1."""
    for _x, y, k, result in all_folds(submission, rng):
        table = np.array([[int((y[rows] == c).sum()) for _, rows, *_ in result] for c in np.unique(y)])  # (C, k)
        cause = NOT_STRATIFIED
        if bool(((table > 0).sum(axis=1) == 1).any()):
            cause = WHOLE_CLASS
        elif k > 2 and bool((table[:, :-1] == table[:, :1]).all()):
            cause = LEFT_OVER
        for counts in table.tolist():
            assert_that(sum(counts) > 0, "no row of a class is validated on.")
            assert_that(
                max(counts) - min(counts) <= 1,
                f"a class has {min(counts)} examples in one validation fold and {max(counts)} in another.",
                cause=cause,
            )


@exercise("folds")
def test_folds_are_shuffled_by_the_generator(submission, rng):
    """Equal generators give equal folds; others put the rows of a class together in other ways."""
    x, y, k = fold_cases(rng)[0]
    seed = int(rng.integers(1000))
    seeds = (seed, seed, seed + 1, seed + 2)
    results = submission.folds.map([(x, y, k, np.random.default_rng(s)) for s in seeds])
    together = [pairs_together(assert_folds(result, x, k)) for result in results]
    assert_that(together[0] == together[1], "Equal generators gave different folds.", cause=OTHER_RANDOMNESS)
    assert_that(len(together[0]) > 0, "no two rows are validated on together.")
    alike = together[0] == together[2] == together[3]
    assert_that(not alike, "Three different generators gave the same folds.", cause=UNSHUFFLED)
    for c in np.unique(y):
        rows = set(np.flatnonzero(y == c).tolist())
        mine = [{pair for pair in folds if set(pair) <= rows} for folds in together]
        assert_that(
            not mine[0] == mine[2] == mine[3],
            "The rows of a class are split in the same way whatever the generator.",
            cause="the rows of each class must be shuffled too, not only the names of the folds.",
        )


def pairs_together(result):
    """The pairs of rows that are validated on in one fold: the folds without their order."""
    return {pair for _, validation, *_ in result for pair in combinations(sorted(validation.tolist()), 2)}


def scaler_causes(x, train, validation, what):
    """Sentences for the statistics that people often compute, with them."""
    statistic = np.mean if what == "mean" else np.std
    foreseen = {LEAK: statistic(x, axis=0), FROM_VALIDATION: statistic(x[validation], axis=0)}
    if what == "std":
        foreseen[DDOF] = np.std(x[train], axis=0, ddof=1)
        foreseen[VARIANCE] = np.var(x[train], axis=0)
        foreseen["std is divided by n - 1, and it is that of all rows: use the rows of `train`, and np.std."] = np.std(
            x, axis=0, ddof=1
        )
    return foreseen


@exercise("folds", weight=3)
def test_scaler_sees_the_training_rows_only(submission, rng):
    """Mean and std are those of the rows in train."""
    for x, _y, _k, result in all_folds(submission, rng):
        for train, validation, mean, std in result:
            assert_that(len(train) > 1 and len(validation) > 0, "a fold is empty.")
            trusted = torch.tensor(x[train])
            for name, got, expected in (
                ("mean", mean, trusted.mean(dim=0)),
                ("std", std, trusted.std(dim=0, unbiased=False)),
            ):
                for j in range(x.shape[1]):  # a feature's scale must not hide another's error
                    causes = scaler_causes(x, train, validation, name)
                    assert_statistic(got, x, train, name)
                    explain = _explained(got, causes)
                    assert_that(
                        abs(float(got[j]) - float(expected[j])) <= 1e-6 * max(1e-9, np.abs(x[:, j]).max()),
                        f"{name}: expected {float(expected[j]):.6g} for a feature, got {float(got[j]):.6g}.",
                        cause=explain,
                        name=name,
                    )


def _explained(got, causes):
    """The sentence of the one array that equals what came in every entry."""
    found = [words for words, value in causes.items() if np.allclose(got, value, rtol=1e-8, atol=0)]
    return found[0] if len(found) == 1 else ""


@exercise("folds")
def test_scaler_of_a_feature_that_does_not_vary(submission, rng):
    """Where a feature is constant in train, std is 1, although it varies in validation."""
    y = np.repeat([1, 3], [8, 7])
    x = rng.normal(size=(15, 4))
    x[:, 1] = 2.0
    x[:, 3] = 0.0
    odd = int(rng.integers(15))
    x[odd, 3] = 5.0  # varies, but not where this row is held out
    result = assert_folds(submission.folds(x, y, 3, rng), x, 3)
    for train, _, _, std in result:
        expected = x[train].std(axis=0)
        held_out = odd not in train
        expected[1] = 1.0
        expected[3] = 1.0 if held_out else expected[3]
        assert_shape(std, (4,), name="std")
        cause = ""
        if std[1] == 0:
            cause = ZERO_STD
        elif 0 < std[1] < 0.01:
            cause = ADDED
        elif np.isclose(std[1], 1) and held_out and not np.isclose(std[3], 1):
            cause = CONSTANT_EVERYWHERE if std[3] == 0 else LEAK
        assert_that(
            bool(np.allclose(std, expected, rtol=1e-6)),
            f"std: expected {np.round(expected, 4).tolist()}, got {np.round(std, 4).tolist()}.",
            cause=cause,
        )


# --- steps of optimizers ---------------------------------------------------------------------------------------------


def steps_of(student, name, params, grads, options):
    """The parameters after each step; the gradients' arrays are reused, and the parameters are views.

    grads[t][i] is the gradient of parameter i in step t, or None; options[t] the keywords of step t.
    """
    start, traces, untouched = params, [], True
    for _ in range(2):  # the second time with a new state: nothing may be left of the first
        params = [np.stack([p, p], axis=-1)[..., 0] for p in start]  # with gaps in memory
        buffers = [np.zeros(p.shape) for p in params]
        state, trace = {}, []
        for step_grads, keywords in zip(grads, options):  # noqa: B905 - sent to the worker as it is
            given = []
            for buffer, grad in zip(buffers, step_grads):  # noqa: B905
                if grad is not None:
                    buffer[...] = grad
                given.append(None if grad is None else buffer)
            getattr(student, name)(list(params), given, state, **keywords)  # who holds the arrays must see the step
            for buffer, grad in zip(buffers, step_grads):  # noqa: B905
                untouched = untouched and (grad is None or bool((buffer == grad).all()))
            trace.append(np.concatenate([p.ravel() for p in params]))
            for buffer in buffers:
                buffer[...] = 1e3  # nobody may rely on it after the call
        traces.append(np.stack(trace))
    return {"trace": traces[0], "again": traces[1], "untouched": untouched}


def two_in_turn(student, name, params, grads, options):
    """The parameters of two models that are trained in turn, each with its own state."""
    models = [[p.copy() for p in params], [2 * p for p in params]]
    states, traces = ({}, {}), ([], [])
    for step_grads, keywords in zip(grads, options):  # noqa: B905 - sent to the worker as it is
        for which in (0, 1):
            given = [(1 + which) * g for g in step_grads]
            getattr(student, name)(list(models[which]), given, states[which], **keywords)
            traces[which].append(np.concatenate([p.ravel() for p in models[which]]))
    return [np.stack(trace) for trace in traces]


def torch_steps(optimizer, params, grads, options):
    """The same with an optimizer of PyTorch. ``optimizer`` makes it from leaves; keywords may change its lr."""
    leaves = [torch.tensor(p, requires_grad=True) for p in params]
    running, trace = optimizer(leaves), []
    for step_grads, keywords in zip(grads, options, strict=True):
        for leaf, grad in zip(leaves, step_grads, strict=True):
            leaf.grad = None if grad is None else torch.tensor(grad)
        for group in running.param_groups:
            group["lr"] = keywords["lr"]
        running.step()
        trace.append(np.concatenate([leaf.detach().numpy().ravel() for leaf in leaves]))
    return np.stack(trace)


def draw_steps(rng, steps=5, *, spread=False):
    """Parameters with one to three axes, two of one shape, and gradients for some steps; spread: 1 down to 1e-3."""
    params = [rng.normal(size=shape) for shape in ((3, 4), (5,), (2, 3, 2), (5,))]
    grads = []
    for _ in range(steps):
        scale = 10.0 ** rng.uniform(-3, 0) if spread else 1.0
        grads.append([scale * rng.normal(size=p.shape) for p in params])
    return params, grads


SHARED_BY_PARAMETERS = (
    "arrays of two parameters meet: what is kept in `state` must be kept for each parameter under a key of its own."
)
NONE_UNHANDLED = "a gradient may be None: leave out that parameter before anything is computed with the gradient."
STATE_BY_SHAPE = "two parameters of one shape share what is kept in `state`: use a key that no two parameters have."


def path_of(submission, name, params, grads, options):
    """What the student's function does to the parameters; says why where it raises for a known reason."""
    try:
        return submission.run(steps_of, name, params, grads, options)
    except StudentError as caught:
        shapes = {shape for _, shape in caught.raised.operands} & {p.shape for p in params}
        cause = ""
        if "NoneType" in caught.raised.message and any(g is None for step in grads for g in step):
            cause = NONE_UNHANDLED
        elif caught.raised.type == "ValueError" and len(shapes) > 1:
            cause = SHARED_BY_PARAMETERS
        if not cause:
            raise
        raise CheckFailure(str(caught), cause=cause, name=name) from None


NOTHING = (
    "the caller's arrays have not changed: write into them (`p -= ...`). `p = p - ...` renames a local variable, and "
    "`params[i] = ...` only puts another array into the list."
)
UPHILL = "the parameters go uphill: subtract, don't add."
NO_RATE = "the learning rate is missing: subtract lr times the direction."
SHARED_STATE = "something is remembered outside of `state`, so that one model disturbs another: keep it in `state`."


def assert_steps(evidence, expected, *, foreseen, start, nan=""):
    """Refuse another path of the parameters; ``foreseen`` has (sentence, path) of mistakes, ``nan`` says why NaN."""
    told = told_by([(NOTHING, np.repeat(start[None], len(expected), axis=0)), *foreseen])
    trace, again = as_array(evidence["trace"]), as_array(evidence["again"])

    def explain(actual, expected):
        if nan and np.isnan(actual).any():
            return nan
        remembers = trace.shape == again.shape and np.isfinite(again).all() and not np.allclose(trace, again)
        return SHARED_STATE if remembers else told(actual, expected)

    assert_close(trace, expected, name="params after each step", explain=explain)


def flat(params):
    """All parameters as one long array."""
    return np.concatenate([p.ravel() for p in params])


# --- sgd_step --------------------------------------------------------------------------------------------------------

EMA = "v is an average, mu * v + (1 - mu) * g: in this formula nothing but dampening shrinks the gradient."
LR_INSIDE = "the learning rate is inside the velocity: keep v free of it, and multiply by lr when p is changed."
FIRST_DAMPENED = "dampening acts in the first step too: v starts as g itself."
FIRST_ZERO = "nothing moves in the first step: v starts as g, not as 0."
NO_DAMPENING = "dampening has no effect: later gradients enter the velocity with the factor 1 - tau."
DAMPENS_VELOCITY = "dampening shrinks the old velocity: it belongs to the gradient, (1 - tau) * g."
TAU = "later gradients enter with the factor tau: it is 1 - tau."
NO_MEMORY = "every step forgets the velocity: keep it in `state`, each parameter's under a key of its own, and use it."
NO_LOOKAHEAD = (
    "that is plain momentum: Nesterov's d = g + mu * v takes the v that was just updated. With the old one, "
    "g + mu * v is nothing but the new v."
)
WITHOUT_G = "the gradient is missing in Nesterov's d = g + mu * v: with mu * v alone the step looks back, not ahead."
V_PLUS_G = "Nesterov's d is v + g; it should be g + mu * v."
V_PLUS_MU_V = "Nesterov's d is v + mu * v; it should be g + mu * v."
UPDATED_TWICE = (
    "(1 + mu) * g + mu^2 * v is Nesterov's direction in terms of the old v; with the new v it is g + mu * v."
)
KEPT_D = "the look-ahead is stored as the velocity: keep v itself, d is for this step only."
NONE_AS_ZERO = "where the gradient is None nothing happens: neither the parameter nor its velocity changes."
STOPS_AT_NONE = "a None gradient ends the step for the parameters after it: skip that one (`continue`), not the rest."
FIRST_OF_ALL = "a parameter's first step is the first in which it has a gradient, not the first step of all."
FORGETS_AT_NONE = "a None gradient makes the parameter forget its velocity: it should keep it for the next gradient."
REUSED_GRAD = (
    "the caller's gradient array is kept as the velocity, and changes when the caller writes into it: store a copy."
)
GRAD_IN_PLACE = "an in-place `*=` or `+=` on v also changes the gradient that it started as: start v as a copy."
KEPT_FIRST = "`state` still holds the velocity of the first step: store the new one in it after every step."


def own_descent(params, grads, options, variant=""):
    """The path of the exercise's formula, or of a mistake in it."""
    params, memory, trace, copied = [p.copy() for p in params], {}, [], set()
    for t, (step_grads, now) in enumerate(zip(grads, options, strict=True)):
        lr, mu = now["lr"], now.get("momentum", 0.0)
        tau, nesterov = now.get("dampening", 0.0), now.get("nesterov", False)
        for i, (p, grad) in enumerate(zip(params, step_grads, strict=True)):
            if grad is None and variant == "stops at None":
                break
            if grad is None and variant == "forgets at None":
                memory.pop(i, None)
            if grad is None and variant != "None as zero":
                continue
            g = np.zeros(p.shape) if grad is None else grad
            key = p.shape if variant == "by shape" else i
            old = memory.get(key)
            if variant == "alias" and i in memory and i not in copied:
                old = g  # the array that was kept has the new gradient in it now
                copied.add(i)
            if old is None and t > 0 and variant == "first of all":
                old = np.zeros(p.shape)
            v = _velocity(old, g, mu, tau, lr, variant)
            if variant != "kept first" or old is None:
                memory[key] = v if variant != "no memory" else None
            d = _direction(g, v, mu, lr, variant) if nesterov else v
            if variant == "kept d":
                memory[i] = d
            rate = {"lr inside": 1.0, "uphill": -lr, "no rate": 1.0, "rate twice": lr * lr}.get(variant, lr)
            p -= rate * d
        trace.append(flat(params))
    return np.stack(trace)


def _velocity(old, g, mu, tau, lr, variant):
    """The new velocity; ``old`` is None in a parameter's first step."""
    if variant == "lr inside":
        return lr * g if old is None else mu * old + lr * (1 - tau) * g
    if variant == "average":
        return (1 - mu) * g if old is None else mu * old + (1 - mu) * g
    if variant == "average, first whole":
        return g if old is None else mu * old + (1 - mu) * g
    if variant == "dampens the velocity":
        return g if old is None else (1 - tau) * mu * old + g
    if variant == "tau":
        return g if old is None else mu * old + tau * g
    if variant == "no dampening":
        tau = 0.0
    if old is None:
        if variant == "first dampened":
            return (1 - tau) * g
        return np.zeros(g.shape) if variant == "first zero" else g.copy()
    return mu * old + (1 - tau) * g


def _direction(g, v, mu, lr, variant):
    """Nesterov's direction."""
    wrong = {
        "no look-ahead": v,
        "without g": mu * v,
        "v plus g": v + g,
        "v plus mu v": v + mu * v,
        "updated twice": (1 + mu) * g + mu * mu * v,
        "lr inside": lr * g + mu * v,
    }
    return wrong.get(variant, g + mu * v)


DESCENT_WORDS = {
    "uphill": UPHILL,
    "no rate": NO_RATE,
    "rate twice": "the learning rate is applied twice.",
    "average": EMA,
    "average, first whole": EMA,
    "lr inside": LR_INSIDE,
    "first dampened": FIRST_DAMPENED,
    "first zero": FIRST_ZERO,
    "no dampening": NO_DAMPENING,
    "dampens the velocity": DAMPENS_VELOCITY,
    "tau": TAU,
    "no memory": NO_MEMORY,
    "no look-ahead": NO_LOOKAHEAD,
    "without g": WITHOUT_G,
    "v plus g": V_PLUS_G,
    "v plus mu v": V_PLUS_MU_V,
    "kept d": KEPT_D,
    "updated twice": UPDATED_TWICE,
    "None as zero": NONE_AS_ZERO,
    "stops at None": STOPS_AT_NONE,
    "first of all": FIRST_OF_ALL,
    "forgets at None": FORGETS_AT_NONE,
    "alias": REUSED_GRAD,
    "kept first": KEPT_FIRST,
    "by shape": STATE_BY_SHAPE,
}


def check_descent(submission, params, grads, options, expected):
    """Compare the student's path with the expected one."""
    evidence = path_of(submission, "sgd_step", params, grads, options)
    assert_that(evidence["untouched"], "a gradient was modified.", cause=GRAD_IN_PLACE)
    foreseen = [(says, own_descent(params, grads, options, variant)) for variant, says in DESCENT_WORDS.items()]
    assert_steps(evidence, expected, foreseen=foreseen, start=flat(params))


def torch_sgd(**keywords):
    """Make PyTorch's optimizer from leaves."""
    return lambda leaves: torch.optim.SGD(leaves, lr=1.0, foreach=False, **keywords)


@exercise("sgd_step", condition=True)
def test_sgd_leaves_the_gradients_alone(submission, rng):
    """The gradients are not modified."""
    params, grads = draw_steps(rng, 3)
    options = [{"lr": 0.1, "momentum": 0.9, "dampening": 0.2}] * 3
    evidence = path_of(submission, "sgd_step", params, grads, options)
    assert_that(
        evidence["untouched"],
        "a gradient was modified.",
        cause=GRAD_IN_PLACE,
    )


@exercise("sgd_step")
def test_sgd_without_momentum_is_plain_descent(submission, rng):
    """Without momentum every step subtracts lr times the gradient, whatever came before."""
    params, grads = draw_steps(rng, 3)
    options = [{"lr": lr} for lr in (0.1, 0.3, 0.02)]
    check_descent(submission, params, grads, options, torch_steps(torch_sgd(), params, grads, options))


@exercise("sgd_step", weight=2)
def test_sgd_with_momentum(submission, rng):
    """Five steps with momentum agree with torch.optim.SGD, for parameters of several shapes."""
    for mu in (0.9, 0.6):
        params, grads = draw_steps(rng)
        options = [{"lr": 0.1, "momentum": mu}] * 5
        check_descent(submission, params, grads, options, torch_steps(torch_sgd(momentum=mu), params, grads, options))


@exercise("sgd_step", weight=1.5)
def test_sgd_with_dampening(submission, rng):
    """Dampening agrees with torch.optim.SGD: not in the first step, but in all later ones."""
    params, grads = draw_steps(rng)
    options = [{"lr": 0.2, "momentum": 0.8, "dampening": 0.3}] * 5
    expected = torch_steps(torch_sgd(momentum=0.8, dampening=0.3), params, grads, options)
    check_descent(submission, params, grads, options, expected)


@exercise("sgd_step", weight=1.5)
def test_sgd_with_nesterov_momentum(submission, rng):
    """Nesterov's momentum agrees with torch.optim.SGD, from the first step on."""
    for mu in (0.9, 0.3):
        params, grads = draw_steps(rng)
        options = [{"lr": 0.1, "momentum": mu, "nesterov": True}] * 5
        expected = torch_steps(torch_sgd(momentum=mu, nesterov=True), params, grads, options)
        check_descent(submission, params, grads, options, expected)


@exercise("sgd_step", weight=1.5)
def test_sgd_where_a_gradient_is_none(submission, rng):
    """A parameter without a gradient stays, keeps its velocity, and starts when it first has one."""
    params, grads = draw_steps(rng, 6)
    for t, i in ((0, 1), (1, 1), (3, 0), (4, 1)):
        grads[t][i] = None
    options = [{"lr": 0.1, "momentum": 0.7, "dampening": 0.4}] * 6
    expected = torch_steps(torch_sgd(momentum=0.7, dampening=0.4), params, grads, options)
    check_descent(submission, params, grads, options, expected)


@exercise("sgd_step")
def test_sgd_with_a_changing_rate(submission, rng):
    """A new learning rate holds for the whole step, older gradients included."""
    params, grads = draw_steps(rng)
    options = [{"lr": lr, "momentum": 0.9} for lr in (0.1, 0.2, 0.01, 0.05, 0.3)]
    check_descent(submission, params, grads, options, torch_steps(torch_sgd(momentum=0.9), params, grads, options))


@exercise("sgd_step")
def test_sgd_trains_two_models_in_turn(submission, rng):
    """Each model has its own state; nothing is shared between them."""
    params, grads = draw_steps(rng, 4)
    options = [{"lr": 0.1, "momentum": 0.8}] * 4
    check_two(submission, "sgd_step", torch_sgd(momentum=0.8), params, grads, options)


def check_two(submission, name, optimizer, params, grads, options):
    """Compare both models with models of their own; the cause is only sure if one model alone comes out right."""
    alone = as_array(path_of(submission, name, params, grads, options)["trace"])
    expected = torch_steps(optimizer, params, grads, options)
    right = alone.shape == expected.shape and np.allclose(alone, expected, rtol=1e-6, atol=1e-9)
    for factor, trace in zip((1, 2), submission.run(two_in_turn, name, params, grads, options), strict=True):
        scaled = [factor * p for p in params], [[factor * g for g in step] for step in grads]
        expected = torch_steps(optimizer, *scaled, options)
        cause = SHARED_STATE if right else ""
        assert_close(trace, expected, name=f"params of model {factor}", explain=lambda a, b, cause=cause: cause)


# --- adam_step -------------------------------------------------------------------------------------------------------

NO_CORRECTION = "the bias correction is missing: divide m by 1 - beta1^t and v by 1 - beta2^t."
ONLY_M = "only m is corrected: v started at 0 too, so divide it by 1 - beta2^t."
ONLY_V = "only v is corrected: m started at 0 too, so divide it by 1 - beta1^t."
EPS_INSIDE = "eps is under the root: it is added after the root, sqrt(v_hat) + eps."
EPS_HAT = "eps is added to the root of the uncorrected v: correct v first, then take the root, then add eps."
NO_EPS = "eps has no effect: add it to sqrt(v_hat)."
T_LATE = "t is one too large: it is 1 in the first step."
T_ZERO = "NaN in the first step: with t = 0, 1 - beta^t is 0. The first step has t = 1."
T_EACH = "t counts parameters instead of steps: raise it once in each call."
KEPT_HAT = "the corrected m_hat and v_hat are stored as m and v: they are for this step only."
NOT_SQUARED = "v averages |g|: it averages the square, g^2."
NO_ROOT = "the step is divided by v_hat: by its square root is asked for."
WHOLE_G = "the new gradient enters m and v in full: with the factors 1 - beta1 and 1 - beta2."
SWAPPED_BETAS = "the betas are exchanged: the first belongs to m, the second to v."
ONE_BETA = "m and v decay with the same beta: beta1 is for m, beta2 for v."
ADAM_FORGETS = "every step starts from m = v = 0: keep them in `state`, each parameter's under a key of its own."
G_INSTEAD_OF_M = "the step goes along g: along m_hat is asked for, the average."
ONE_CORRECTION = "m is corrected with beta2: 1 - beta1^t belongs to m, 1 - beta2^t to v."
SUMS = "v sums the squares, as AdaGrad does: it averages them, beta2 * v + (1 - beta2) * g^2."
EPS_TWICE = "eps is added twice: only after the root."
V_OF_M = "v averages the square of m: of g is asked for."

NO_DECAY = "weight_decay has no effect on arrays with two axes: those with two or more decay, p.ndim >= 2."
TWICE = "the decay is 2 * lambda: the gradient of lambda/2 * p^2 is lambda * p."
DECAY_AS_L2 = "the decoupled decay goes through m and v: it is subtracted from p directly, as lr * lambda * p."
L2_AS_DECAY = "the coupled decay bypasses m and v: add lambda * p to the gradient, before m and v see it."
WITHOUT_LR = "the decoupled decay is not multiplied by the learning rate: subtract lr * lambda * p."
NEW_P = "the decoupled decay takes p after Adam's step: take it as it was before this step."
GROWS = "the decay has the wrong sign: it pulls the weights towards 0."
DECAY_IN_M_ONLY = "lambda * p is added for m but not for v: replace g before both."
DECAY_IN_V_ONLY = "lambda * p is added for v but not for m: replace g before both."
BIASES_DECAY = "arrays with one axis decay too: biases and gains are left alone, only weights (two axes or more) decay."
DECAY_TWICE = "lambda * p acts twice, in the gradient and directly: `decoupled` says which of the two."
DECAY_HALF = "the decay is lambda / 2: the half belongs to the loss, lambda/2 * p^2, and is gone in its gradient."
DECAY_LR_TWICE = "the decoupled decay is multiplied by the learning rate twice: subtract lr * lambda * p."
T_STUCK = "t is 1 in every step: keep the number of the step in `state`, and raise it by 1 in each call."
L2_TIMES_LR = "the coupled decay is multiplied by the learning rate: g is replaced by g + lambda * p."
TWO_AXES_ONLY = "arrays with three axes do not decay: all with two *or more* do, p.ndim >= 2."
DECAY_SCALED = "the decoupled decay is divided by sqrt(v_hat) + eps like the gradient: it should bypass that."


def own_adam(params, grads, options, variant=""):
    """The path of the exercise's formula, or of a mistake in it."""
    params, memory, trace, counter = [p.copy() for p in params], {}, [], 0
    for t, (step_grads, now) in enumerate(zip(grads, options, strict=True), start=1):
        for i, (p, g) in enumerate(zip(params, step_grads, strict=True)):
            counter += 1
            clock = {"t late": t + 1, "t each": counter, "t stuck": 1}.get(variant, t)
            p += _adam_change(p, g, now, memory, p.shape if variant == "by shape" else i, clock, variant)
        trace.append(flat(params))
    return np.stack(trace)


def _adam_change(p, g, now, memory, i, t, variant):  # noqa: C901 - one formula, with its variants
    """What is added to one parameter in one step."""
    lr, eps, lam = now["lr"], now.get("eps", 1e-8), now.get("weight_decay", 0.0)
    b1, b2 = now.get("betas", (0.9, 0.999))
    if variant == "swapped betas":
        b1, b2 = b2, b1
    b2 = b1 if variant == "one beta" else b2
    lam = {"no decay": 0.0, "twice": 2 * lam, "half": lam / 2, "grows": -lam}.get(variant, lam)
    if (p.ndim < 2 and variant != "biases decay") or (p.ndim > 2 and variant == "two axes"):
        lam = 0.0
    coupled = not now.get("decoupled", False)
    if variant == "exchanged":
        coupled = not coupled
    l2 = lam * p if coupled or variant == "both" else 0.0
    l2 = lr * l2 if variant == "lr in l2" else l2
    g_m, g_v = g + l2, g + l2
    if variant == "decay in m only":
        g_v = g
    if variant == "decay in v only":
        g_m = g
    m, v = memory.get(i, (0.0, 0.0)) if variant != "forgets" else (0.0, 0.0)
    new_m, new_v = (1.0, 1.0) if variant == "whole g" else (1 - b1, 1 - b2)
    m = b1 * m + new_m * g_m
    b2_kept, new_v = (1.0, 1.0) if variant == "sums" else (b2, new_v)
    v = b2_kept * v + new_v * (np.abs(g_v) if variant == "not squared" else m * m if variant == "v of m" else g_v * g_v)
    m_hat = m if variant in {"no correction", "only v"} else m / (1 - b1**t)
    v_hat = v if variant in {"no correction", "only m"} else v / (1 - b2**t)
    if variant == "one correction":
        m_hat = m / (1 - b2**t)
    memory[i] = (m_hat, v_hat) if variant == "kept hat" else (m, v)
    if variant == "g instead of m":
        m_hat = g_m
    below = {
        "eps inside": np.sqrt(v_hat + eps),
        "eps hat": (np.sqrt(v) + eps) / np.sqrt(1 - b2**t),
        "no eps": np.sqrt(v_hat),
        "no root": v_hat + eps,
        "eps twice": np.sqrt(v_hat + eps) + eps,
    }.get(variant, np.sqrt(v_hat) + eps)
    step = (1.0 if variant == "no rate" else lr) * m_hat / below
    decay = lr * lam * p if not coupled or variant == "both" else 0.0
    if not coupled and variant == "without lr":
        decay = lam * p
    if not coupled and variant == "lr twice":
        decay = lr * lr * lam * p
    if not coupled and variant == "new p":
        decay = lr * lam * (p - step)
    if not coupled and variant == "decay scaled":
        decay = lr * lam * p / below
    return (1 if variant == "uphill" else -1) * step - decay


ADAM_WORDS = {
    "uphill": UPHILL,
    "no correction": NO_CORRECTION,
    "only m": ONLY_M,
    "only v": ONLY_V,
    "eps inside": EPS_INSIDE,
    "eps hat": EPS_HAT,
    "no eps": NO_EPS,
    "t late": T_LATE,
    "t each": T_EACH,
    "kept hat": KEPT_HAT,
    "not squared": NOT_SQUARED,
    "no root": NO_ROOT,
    "whole g": WHOLE_G,
    "swapped betas": SWAPPED_BETAS,
    "one beta": ONE_BETA,
    "forgets": ADAM_FORGETS,
    "g instead of m": G_INSTEAD_OF_M,
    "v of m": V_OF_M,
    "one correction": ONE_CORRECTION,
    "sums": SUMS,
    "eps twice": EPS_TWICE,
    "no rate": NO_RATE,
    "t stuck": T_STUCK,
    "by shape": STATE_BY_SHAPE,
}
DECAY_WORDS = {
    "no decay": NO_DECAY,
    "twice": TWICE,
    "without lr": WITHOUT_LR,
    "new p": NEW_P,
    "grows": GROWS,
    "decay in m only": DECAY_IN_M_ONLY,
    "decay in v only": DECAY_IN_V_ONLY,
    "decay scaled": DECAY_SCALED,
    "both": DECAY_TWICE,
    "half": DECAY_HALF,
    "lr twice": DECAY_LR_TWICE,
    "biases decay": BIASES_DECAY,
    "lr in l2": L2_TIMES_LR,
    "two axes": TWO_AXES_ONLY,
}


def check_adam(submission, params, grads, options, expected, kept=slice(None)):
    """Compare the student's path with the expected one, in the columns ``kept``."""
    evidence = path_of(submission, "adam_step", params, grads, options)
    words = {**ADAM_WORDS, **DECAY_WORDS}
    words["exchanged"] = DECAY_AS_L2 if options[0].get("decoupled") else L2_AS_DECAY
    foreseen = [(says, own_adam(params, grads, options, variant)[:, kept]) for variant, says in words.items()]
    evidence = {key: as_array(evidence[key])[:, kept] for key in ("trace", "again")}
    nan = T_ZERO if np.isnan(evidence["trace"][0]).all() else ""
    assert_steps(evidence, expected[:, kept], foreseen=foreseen, start=flat(params)[kept], nan=nan)


def torch_adam(decoupled=False, weight_decay=0.0, **keywords):
    """Make PyTorch's optimizer from leaves: only those with two axes decay."""
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam

    def make(leaves):
        groups = [{"params": [p], "weight_decay": weight_decay if p.ndim >= 2 else 0.0} for p in leaves]
        return kind(groups, lr=1.0, foreach=False, **keywords)

    return make


EPS = 1e-3  # comparable with some of the gradients, so that it matters where it stands
MATRICES = np.r_[0:12, 17:29]  # the entries of the parameters with two and three axes
VECTOR = np.r_[12:17, 29:34]  # those of the parameters with one


@exercise("adam_step", condition=True)
def test_adam_leaves_the_gradients_alone(submission, rng):
    """The gradients are not modified, with weight decay neither."""
    params, grads = draw_steps(rng, 3)
    for decoupled in (False, True):
        options = [{"lr": 0.1, "weight_decay": 0.3, "decoupled": decoupled}] * 3
        evidence = path_of(submission, "adam_step", params, grads, options)
        assert_that(
            evidence["untouched"],
            "a gradient was modified.",
            cause="`g += ...` changes the caller's array: write g = g + ..., which makes a new one.",
        )


@exercise("adam_step", weight=1.5)
def test_adam_first_step(submission, rng):
    """The first step agrees with torch.optim.Adam."""
    params, grads = draw_steps(rng, 1, spread=True)
    options = [{"lr": 0.1, "eps": EPS}]
    check_adam(submission, params, grads, options, torch_steps(torch_adam(eps=EPS), params, grads, options))
    grads = [[1e-7 * g for g in grads[0]]]  # so small that the default of eps matters
    options = [{"lr": 0.1}]
    check_adam(submission, params, grads, options, torch_steps(torch_adam(), params, grads, options))


@exercise("adam_step", weight=2.5)
def test_adam_five_steps(submission, rng):
    """Five steps agree with torch.optim.Adam, with gradients of very different sizes."""
    params, grads = draw_steps(rng, spread=True)
    options = [{"lr": 0.1, "eps": EPS}] * 5
    check_adam(submission, params, grads, options, torch_steps(torch_adam(eps=EPS), params, grads, options))


@exercise("adam_step")
def test_adam_with_other_betas_and_a_changing_rate(submission, rng):
    """Other betas, and another learning rate in each step, agree with torch.optim.Adam."""
    params, grads = draw_steps(rng, spread=True)
    options = [{"lr": lr, "betas": (0.7, 0.95), "eps": EPS} for lr in (0.1, 0.02, 0.3, 0.05, 0.2)]
    expected = torch_steps(torch_adam(betas=(0.7, 0.95), eps=EPS), params, grads, options)
    check_adam(submission, params, grads, options, expected)


@exercise("adam_step", weight=2)
def test_adam_with_coupled_decay(submission, rng):
    """Coupled decay of the weights agrees with torch.optim.Adam(weight_decay=...)."""
    params, grads = draw_steps(rng, spread=True)
    options = [{"lr": 0.1, "eps": EPS, "weight_decay": 0.3}] * 5
    expected = torch_steps(torch_adam(eps=EPS, weight_decay=0.3), params, grads, options)
    check_adam(submission, params, grads, options, expected, MATRICES)


@exercise("adam_step", weight=2)
def test_adam_with_decoupled_decay(submission, rng):
    """Decoupled decay of the weights agrees with torch.optim.AdamW."""
    params, grads = draw_steps(rng, spread=True)
    options = [{"lr": lr, "eps": EPS, "weight_decay": 0.5, "decoupled": True} for lr in (0.2, 0.1, 0.3, 0.2, 0.1)]
    expected = torch_steps(torch_adam(decoupled=True, eps=EPS, weight_decay=0.5), params, grads, options)
    check_adam(submission, params, grads, options, expected, MATRICES)


@exercise("adam_step")
def test_adam_biases_do_not_decay(submission, rng):
    """Arrays with one axis are updated without decay, of either kind."""
    for decoupled in (False, True):
        params, grads = draw_steps(rng, spread=True)
        options = [{"lr": 0.1, "eps": EPS, "weight_decay": 0.3, "decoupled": decoupled}] * 5
        expected = torch_steps(torch_adam(decoupled=decoupled, eps=EPS, weight_decay=0.3), params, grads, options)
        check_adam(submission, params, grads, options, expected, VECTOR)


@exercise("adam_step")
def test_adam_trains_two_models_in_turn(submission, rng):
    """Each model has its own state, its count of steps included."""
    params, grads = draw_steps(rng, 4)
    options = [{"lr": 0.1, "eps": EPS}] * 4
    check_two(submission, "adam_step", torch_adam(eps=EPS), params, grads, options)


# --- learning_rates --------------------------------------------------------------------------------------------------

STEP_EARLY = "the rate falls one epoch too early: epoch number `every` is the first with the smaller one."
STEP_LATE = "the rate falls one epoch too late: epoch number `every` is the first with the smaller one."
STEP_ONCE = "the rate falls once and then stays: it is multiplied by `factor` after every `every` epochs."
STEP_EACH = "the rate falls in every epoch: e // every is how often it has fallen by epoch e."
STEP_TIMES = "the factor is multiplied by the number of falls: it is raised to that power."
STEP_DIVIDED = "the rate is divided by `factor`: multiply."
STEP_COMPLEMENT = "the rate is multiplied by 1 - factor: by `factor` itself is asked for."
COS_DIVISION = (
    "a division by zero: with W = 0 there is no warm-up to divide by, and with W = epochs no epoch is left for the "
    "cosine."
)
WARM_SPACED = "np.linspace(0, lr, W) starts at 0 and takes W - 1 steps: the warm-up is lr / W, 2 lr / W, ..., lr."
COS_RADIANS = "the angle is s: it is pi * s, so that it runs from 0 to pi."
STEP_AT_ZERO = "the rate has fallen in epoch 0 already: `every` epochs have the full rate first."
STEP_REMAINDER = "e % every is the place within a stretch: e // every counts the stretches."
STEP_SMOOTH = "the exponent e / every is a fraction: with // the rate stays level for `every` epochs."
COS_LAST = "the floor is reached in the last epoch: s is 0 in epoch W and would be 1 one epoch after the last."
COS_NO_HALF = "the half is missing: 1 + cos goes from 2 to 0."
COS_FLOOR_ADDED = "the floor is added to the full swing: only lr - floor is multiplied by the cosine's share."
COS_NO_FLOOR = "the floor has no effect: the cosine goes down to it, not to 0."
COS_FLOOR_MAX = "the rate is cut off at the floor: the cosine should go down to the floor in its own shape."
COS_UP = "the cosine goes up: it starts at lr and ends near the floor."
COS_LINEAR = "the rate goes down on a straight line: a cosine is asked for."
COS_FULL_CIRCLE = "that is a whole period, down and up again: s runs from 0 to 1, the angle from 0 to pi."
COS_WHOLE = "s is counted from epoch 0: it is 0 in epoch W, and runs over the epochs that are left."
COS_TOTAL = "s is divided by all epochs: the cosine has only epochs - W of them."
WARM_ZERO = "the warm-up starts at 0 and is one step behind: the rate of epoch 0 is lr / W."
WARM_PLUS = "the warm-up takes W + 1 steps: in epoch W - 1 the rate is lr already."
WARM_NONE = "there is no warm-up: in the first W epochs the rate climbs."
WARM_FLOOR = "the warm-up starts from the floor: it starts from 0, with lr / W in epoch 0."
PLATEAU_EARLY = (
    "the loss of an epoch changes that epoch's own rate: it is known only at its end, so the next one changes."
)
PLATEAU_PATIENCE = "the rate falls one loss too early: *more* than `patience` losses in a row are needed."
PLATEAU_LATE = "the rate falls one loss too late: it falls as soon as more than `patience` losses were not good."
PLATEAU_GOES_ON = "after a fall the counting goes on, so the rate falls every epoch: start again at 0."
PLATEAU_TIE = "a tie counts as good: only a loss below all before it is."
PLATEAU_PREVIOUS = "each loss is compared with the one before it: compare with the best of all."
PLATEAU_TOTAL = "a good loss does not reset the counting: only losses in a row count."
PLATEAU_FORGETS = "after a fall the best loss is forgotten: it stays the best of all."
COS_AHEAD = "the cosine is one epoch ahead: s is 0 in epoch W, so that epoch has the full rate."
COS_QUARTER = (
    "that is a quarter of a period, cos(pi s / 2), which goes down ever faster: (1 + cos(pi s)) / 2 levels out."
)
COS_SINE = "a sine stands where the cosine should."
STEP_TENTH = "`factor` has no effect: the rate is always multiplied by 0.1."
STEP_SUBTRACTS = "`factor` is subtracted: the rate is multiplied by it."
PLATEAU_MARGIN = (
    "a loss that is hardly below the best does not count as good here: any loss below it does (threshold=0)."
)
PLATEAU_RESTARTS = "after a fall the best loss is replaced by the current one: it stays the best of all."
PLATEAU_MAX = "larger losses count as better: smaller ones are."
PLATEAU_SUBTRACTS = "`factor` is subtracted: the rate is multiplied by it."
PLATEAU_NEVER = "the rate never falls."
PLATEAU_ZERO = (
    "the best loss starts at 0, and no positive loss is below that: start from np.inf, or from the first loss."
)
ONE_TOO_MANY = "there is one rate too many: the epochs are e = 0, 1, ..., epochs - 1."
ONE_TOO_FEW = "there is one rate too few: the epochs are e = 0, 1, ..., epochs - 1, the first with its own rate."
ONE_RATE = "a single rate comes back: one for each epoch is asked for."
RATES_TUPLE = "a tuple comes back: the array of rates alone is asked for."
PLATEAU_FIRST = "the first loss counts as not good: it is the best so far."


def assert_rates_shape(rates, epochs, name):
    """Refuse anything but an array of one rate for each epoch."""
    single = np.ndim(rates) == 0 and isinstance(rates, (int, float, np.number, np.ndarray))
    assert_that(not single, f"{name}: expected an array, got a single number.", cause=ONE_RATE)
    assert_type(rates, np.ndarray, name=name)
    assert_that(
        rates.shape == (epochs,),
        f"{name}: expected shape {(epochs,)}, got {rates.shape}.",
        cause={(epochs + 1,): ONE_TOO_MANY, (epochs - 1,): ONE_TOO_FEW}.get(rates.shape, ""),
    )


def assert_value_error(call, *args, name, case):
    """As assert_raises; says so where another exception came."""
    try:
        assert_raises(call, *args, error=ValueError, name=name, case=case)
    except CheckFailure as failure:
        raise CheckFailure(failure.message, cause=failure.cause or OTHER_ERROR, name=name) from None


def assert_rates(actual, expected, foreseen):
    """Refuse other rates than expected."""
    assert_rates_shape(actual, len(expected), "rates")
    pairs = [(says, value) for says, value in foreseen if np.shape(value) == expected.shape]
    assert_close(actual, expected, name="rates", explain=told_by(pairs))


def torch_rates(make, lr, epochs, losses=None):
    """The rates of a scheduler of PyTorch."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler, rates = make(optimizer), []
    for epoch in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([] if losses is None else [float(losses[epoch])]))
    return np.array(rates)


@exercise("learning_rates", condition=True)
def test_rates_have_the_promised_form(submission, rng):
    """An array (epochs,) of float64; losses are not modified; another kind is a ValueError."""
    losses = rng.normal(size=7)
    for kind, keywords in (("step", {"every": 3}), ("cosine", {"warmup": 2}), ("plateau", {"losses": losses})):
        rates = submission.learning_rates(kind, 2, 7, **keywords)  # an int is a number too
        several = isinstance(rates, tuple) and any(isinstance(part, (np.ndarray, list)) for part in rates)
        listed = RATES_TUPLE if several else "that is a list: np.array(...) makes an array of it."
        assert_that(
            not isinstance(rates, (list, tuple)),
            f"rates of kind {kind!r}: expected an array, got a {type(rates).__name__}.",
            cause=listed,
        )
        assert_rates_shape(rates, 7, f"rates of kind {kind!r}")
        assert_dtype(rates, np.float64, name=f"rates of kind {kind!r}")
    assert_value_error(submission.learning_rates, "linear", 0.1, 7, name="learning_rates", case="'linear'")


@exercise("learning_rates", condition=True)
def test_rates_leave_the_losses_alone(submission, rng):
    """The array of losses is not modified."""
    losses = rng.normal(size=9)
    evidence = submission.run(losses_after, losses)
    assert_unchanged(evidence, losses, name="losses")


def losses_after(student, losses):
    """The losses after the call."""
    student.learning_rates("plateau", 1.0, len(losses), factor=0.5, losses=losses)
    return losses


@exercise("learning_rates", weight=2)
def test_rates_by_steps(submission, rng):
    """The step schedule agrees with torch.optim.lr_scheduler.StepLR."""
    for epochs, every, factor in ((11, 4, 0.3), (13, 3, 0.5), (5, 7, 0.1), (6, 1, 0.8)):
        lr = float(rng.uniform(0.05, 2))
        actual = submission.learning_rates("step", lr, epochs, every=every, factor=factor)
        e = np.arange(epochs)
        foreseen = [
            (STEP_EARLY, lr * factor ** ((e + 1) // every)),
            (STEP_LATE, lr * factor ** (np.maximum(e - 1, 0) // every)),
            (STEP_ONCE, np.where(e < every, lr, lr * factor)),
            (STEP_EACH, lr * factor**e),
            (STEP_TIMES, lr * factor * (e // every)),
            (STEP_DIVIDED, lr / factor ** (e // every)),
            (STEP_REMAINDER, lr * factor ** (e % every)),
            (STEP_SMOOTH, lr * factor ** (e / every)),
            (STEP_TENTH, lr * 0.1 ** (e // every)),
            (STEP_SUBTRACTS, lr - factor * (e // every)),
            (STEP_COMPLEMENT, lr * (1 - factor) ** (e // every)),
            (STEP_AT_ZERO, lr * factor ** (e // every + 1)),
        ]
        expected = torch_rates(
            lambda o, n=every, f=factor: torch.optim.lr_scheduler.StepLR(o, step_size=n, gamma=f), lr, epochs
        )
        assert_rates(actual, expected, foreseen)


def cosine(lr, floor, share):
    """The cosine's part."""
    return floor + (lr - floor) * (1 + np.cos(np.pi * share)) / 2


def cosine_causes(lr, epochs, warmup, floor):
    """(sentence, rates) of mistakes."""
    e = np.arange(epochs)
    climb = lr * (e + 1) / max(warmup, 1)
    share = (e - warmup) / max(epochs - warmup, 1)

    def joined(wave, climb=climb):
        return np.where(e < warmup, climb, wave)

    wave = cosine(lr, floor, share)
    pairs = [
        (COS_LAST, joined(cosine(lr, floor, (e - warmup) / max(epochs - warmup - 1, 1)))),
        (COS_NO_HALF, joined(floor + (lr - floor) * (1 + np.cos(np.pi * share)))),
        (COS_FLOOR_ADDED, joined(floor + lr * (1 + np.cos(np.pi * share)) / 2)),
        (COS_NO_FLOOR, joined(cosine(lr, 0.0, share))),
        (COS_FLOOR_MAX, joined(np.maximum(cosine(lr, 0.0, share), floor))),
        (COS_UP, joined(cosine(lr, floor, 1 - share))),
        (COS_UP, joined(floor + (lr - floor) * (1 - np.cos(np.pi * share)) / 2)),
        (COS_LINEAR, joined(lr + (floor - lr) * share)),
        (COS_AHEAD, joined(cosine(lr, floor, (e + 1 - warmup) / max(epochs - warmup, 1)))),
        (COS_QUARTER, joined(floor + (lr - floor) * np.cos(np.pi * share / 2))),
        (COS_SINE, joined(floor + (lr - floor) * (1 + np.sin(np.pi * share)) / 2)),
        (COS_FULL_CIRCLE, joined(cosine(lr, floor, 2 * share))),
        (COS_RADIANS, joined(cosine(lr, floor, share / np.pi))),
    ]
    if warmup:
        pairs += [
            (COS_WHOLE, joined(cosine(lr, floor, e / epochs))),
            (COS_TOTAL, joined(cosine(lr, floor, (e - warmup) / epochs))),
            (COS_WHOLE, joined(cosine(lr, floor, e / max(epochs - warmup, 1)))),
            (WARM_ZERO, joined(wave, lr * e / warmup)),
            (WARM_PLUS, joined(wave, lr * (e + 1) / (warmup + 1))),
            (WARM_NONE, cosine(lr, floor, e / epochs)),
            (WARM_NONE, joined(wave, np.full(epochs, lr))),
            (WARM_FLOOR, joined(wave, floor + (lr - floor) * (e + 1) / warmup)),
            (WARM_FLOOR, joined(wave, floor + (lr - floor) * e / warmup)),
            (WARM_SPACED, joined(wave, lr * e / max(warmup - 1, 1))),
        ]
        last = cosine(lr, floor, (e - warmup) / max(epochs - warmup - 1, 1))
        for says, climb in ((WARM_ZERO, lr * e / warmup), (WARM_SPACED, lr * e / max(warmup - 1, 1))):
            pairs.append((f"two things: {says} And {COS_LAST}", joined(last, climb)))
    return pairs


def by_a_cosine(submission, lr, epochs, **keywords):
    """The student's rates; a division by zero has one of two reasons."""
    try:
        return submission.learning_rates("cosine", lr, epochs, **keywords)
    except StudentError as caught:
        if caught.raised.type != "ZeroDivisionError":
            raise
        raise CheckFailure(str(caught), cause=COS_DIVISION, name="rates") from None


@exercise("learning_rates", weight=2)
def test_rates_by_a_cosine(submission, rng):
    """Without warm-up, the cosine agrees with torch.optim.lr_scheduler.CosineAnnealingLR."""
    for epochs, share in ((9, 0.0), (12, 0.3), (5, 0.1)):
        lr = float(rng.uniform(0.05, 2))
        floor = share * lr
        actual = by_a_cosine(submission, lr, epochs, floor=floor)
        expected = torch_rates(
            lambda o, n=epochs, f=floor: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=n, eta_min=f), lr, epochs
        )
        assert_rates(actual, expected, cosine_causes(lr, epochs, 0, floor))


@exercise("learning_rates", weight=2)
def test_rates_warm_up_before_the_cosine(submission, rng):
    """The rate climbs to lr in epoch W - 1, is lr in epoch W, and follows the cosine from there."""
    for epochs, warmup, share in ((11, 4, 0.2), (8, 1, 0.1), (9, 3, 0.0), (6, 6, 0.1)):
        lr = float(rng.uniform(0.05, 2))
        floor = share * lr
        actual = by_a_cosine(submission, lr, epochs, warmup=warmup, floor=floor)
        expected = [
            lr * (e + 1) / warmup if e < warmup else float(cosine(lr, floor, (e - warmup) / (epochs - warmup)))
            for e in range(epochs)
        ]
        assert_rates(actual, np.array(expected), cosine_causes(lr, epochs, warmup, floor))


def own_plateau(lr, factor, patience, losses, variant=""):
    """The rates of the exercise's rule, or of a mistake in it."""
    sign = -1 if variant == "max" else 1
    rates, best, bad, previous = [], 0.0 if variant == "zero" else sign * np.inf, 0, np.inf
    if variant == "first":
        best = losses[0]
    for loss in losses:
        if variant != "early":
            rates.append(lr)
        reference = {
            "previous": previous,
            "margin": best * (1 - 1e-4),
            "margin below": best - 1e-4 * abs(best) if np.isfinite(best) else best,
        }.get(variant, best)
        good = loss <= reference if variant == "tie" else sign * loss < sign * reference
        previous = loss
        if good:
            best = loss
            bad = bad if variant == "total" else 0
        else:
            bad += 1
        enough = {"patience": bad >= max(patience, 1), "late": bad > patience + 1, "never": False}
        if enough.get(variant, bad > patience):
            lr = lr - factor if variant == "subtracts" else lr * factor
            bad = bad if variant == "goes on" else 0
            best = {"forgets": np.inf, "restarts": loss}.get(variant, best)
        if variant == "early":
            rates.append(lr)
    return np.array(rates)


PLATEAU_WORDS = {
    "early": PLATEAU_EARLY,
    "patience": PLATEAU_PATIENCE,
    "late": PLATEAU_LATE,
    "goes on": PLATEAU_GOES_ON,
    "tie": PLATEAU_TIE,
    "previous": PLATEAU_PREVIOUS,
    "total": PLATEAU_TOTAL,
    "forgets": PLATEAU_FORGETS,
    "never": PLATEAU_NEVER,
    "first": PLATEAU_FIRST,
    "zero": PLATEAU_ZERO,
    "margin": PLATEAU_MARGIN,
    "margin below": PLATEAU_MARGIN,
    "restarts": PLATEAU_RESTARTS,
    "max": PLATEAU_MAX,
    "subtracts": PLATEAU_SUBTRACTS,
}
CURVES = (  # patience, losses (exact in binary, so that a tie is one)
    (1, [3, 2, 2.75, 2.5, 2.25, 2.5, 1, 2]),
    (1, [3, 2, 2, 2, 1.5, 1.75, 1.625, 1.5, 1.25, 1.375, 1.25, 1, 1.125, 1, 1.25]),
    (2, [4, 5, 3, 3.5, 3.25, 3, 3.125, 3.5, 2.5, 2.75, 2.625, 2.5, 2.5, 2.5, 2.5, 2.25, 2.5]),
    (0, [2, 1, 1.5, 1.25, 1, 0.5, 0.75, 0.25, 0.5]),
    (1, [1, 2, 0.5, 2, 0.25, 2, 0.125, 2, 0.0625, 2]),  # never two in a row
    (1, [1.5, 1.25, 1.0, 0.99998, 0.99996, 0.99994, 0.99992, 0.9999, 0.99988]),  # small gains are gains
    (2, [-1, -2, -2, -2, -2, -3, -3]),
)


@exercise("learning_rates", weight=3)
def test_rates_on_a_plateau(submission, rng):
    """The plateau schedule agrees with torch.optim.lr_scheduler.ReduceLROnPlateau."""
    for patience, losses in CURVES:
        lr, factor = float(rng.uniform(0.05, 2)), float(rng.uniform(0.2, 0.7))
        losses = np.array(losses)
        actual = submission.learning_rates("plateau", lr, len(losses), factor=factor, patience=patience, losses=losses)
        foreseen = [(says, own_plateau(lr, factor, patience, losses, v)) for v, says in PLATEAU_WORDS.items()]
        expected = torch_rates(
            lambda o, f=factor, n=patience: torch.optim.lr_scheduler.ReduceLROnPlateau(
                o, factor=f, patience=n, threshold=0.0, eps=0.0
            ),
            lr,
            len(losses),
            losses,
        )
        assert_rates(actual, expected, foreseen)


@exercise("learning_rates", weight=0.5)
def test_rates_with_the_defaults(submission, rng):
    """What is not given is as the signature says: every 10 epochs, factor 0.1, no warm-up, floor 0, patience 0."""
    lr = float(rng.uniform(0.05, 2))
    step = lr * 0.1 ** (np.arange(23) // 10)
    assert_close(submission.learning_rates("step", lr, 23), step, name="rates of kind 'step'", rtol=1e-8)
    assert_close(
        submission.learning_rates("cosine", lr, 7), cosine(lr, 0.0, np.arange(7) / 7), name="rates of 'cosine'"
    )
    losses = np.array([2.0, 3.0, 1.0, 1.5, 0.5])
    expected = own_plateau(lr, 0.1, 0, losses)
    actual = submission.learning_rates("plateau", lr, 5, losses=losses)
    foreseen = [(says, own_plateau(lr, 0.1, 0, losses, v)) for v, says in PLATEAU_WORDS.items()]
    assert_rates(actual, expected, foreseen)


# --- Dropout ---------------------------------------------------------------------------------------------------------

NO_RESCALE = "kept entries are unchanged: multiply them by 1 / (1 - p), so that the expectation stays."
BY_P = "kept entries are multiplied by 1 / p: it is 1 / (1 - p), one over the probability of being kept."
SHRUNK = "kept entries are multiplied by 1 - p: divide by it, so that the expectation stays."
SHRUNK_P = "kept entries are multiplied by p: it is 1 / (1 - p)."
BY_SHARE = "kept entries are divided by the share that happened to be kept: divide by its expectation, 1 - p."
KEEPS_WITH_P = "entries are kept with probability p: p is the probability of being dropped."
NOTHING_DROPPED = "in training nothing is dropped."
WHOLE_ROWS = "whole examples are dropped: every entry has its own fate."
ONE_MASK = "all examples have the same mask: draw numbers of the whole shape of x, not one row for the batch."
MODES_SWAPPED = "the two modes are exchanged: entries are dropped in evaluation, not in training."
OUT_TUPLE = "`forward` returns several things: it returns the output alone; keep what `backward` needs in `self`."
SAME_ALONG = "the mask is the same along an axis: draw numbers of the whole shape of x."
FROZEN = "every call drops the same entries: draw anew in each `forward`."
NOT_RNG = "the mask does not come from `rng`: neither np.random nor a generator of your own."
FIXED_COUNT = "always exactly the same number of entries is dropped: each is dropped independently of the others."
EVAL_DROPS = "entries are dropped in evaluation too: when `training` is False, x passes unchanged."
EVAL_SCALES = "in evaluation x is multiplied by 1 - p: that belongs to the other form, without 1 / (1 - p) in training."
EVAL_SCALES_UP = "in evaluation x is multiplied by 1 / (1 - p): when `training` is False, x passes unchanged."
EVAL_DRAWS = "numbers are drawn from `rng` in evaluation: it is to be left alone there."
NOT_SCALED_BACK = "the gradient lacks the factor 1 / (1 - p): the kept entries were multiplied by it."
NOT_MASKED = "the gradient passes where entries were dropped: use the mask of `forward`."
ONLY_SCALED = "d_out is scaled, but not masked: where an entry was dropped, its gradient is 0."
SCALED_TWICE_BACK = "the gradient is multiplied by 1 / (1 - p) twice."
NEW_MASK = "the gradient has another mask than the output: keep the mask of `forward`, and draw nothing in `backward`."
FIRST_MASK = "the gradient belongs to an earlier `forward`: keep the mask of the last one."
STALE_MASK = "after a `forward` in evaluation the gradient passes unchanged: an old mask of training is still used."

D_OUT_IN_PLACE = (
    "`d_out *= ...` or `d_out[...] = ...` writes into the caller's array: make a new one, d_x = d_out * ..."
)
LOOKS_LATER = (
    "the gradient depends on `training` at the time of `backward`: it belongs to the last `forward`, so keep what "
    "it did."
)
MASK_FROM_OUTPUT = (
    "the mask is read off the output: where x is 0 the output is 0, too, though nothing was dropped. Keep the mask "
    "itself."
)


def dropped(student, p, x, seed, d_out, modes):
    """Outputs and gradients of one layer in the given modes, one after the other, and where rng stands after each."""
    layer, rng, found = student.Dropout(p), np.random.default_rng(seed), []
    for training in modes:
        layer.training = training
        before = rng.bit_generator.state["state"]["state"]
        given, upstream = x.copy(), d_out.copy()
        out = layer.forward(given, rng)
        out = out.copy() if isinstance(out, np.ndarray) else out
        drawn = rng.bit_generator.state["state"]["state"] != before
        d_x = np.array(layer.backward(upstream))
        same = bool((given == x).all()), bool((upstream == d_out).all())
        found.append({"out": out, "d_x": d_x, "drawn": drawn, "x same": same[0], "d_out same": same[1]})
    return found


def two_forwards(student, p, x, seed, d_out):
    """The last output of two, and the gradient that follows."""
    layer, rng = student.Dropout(p), np.random.default_rng(seed)
    first = np.array(layer.forward(x, rng))
    last = np.array(layer.forward(x, rng))
    return {"first": first, "last": last, "d_x": np.array(layer.backward(d_out.copy())), "again": layer.backward(d_out)}


def switched(student, p, x, seed, d_out):
    """The output in training, and the gradient when the layer has been put into evaluation since."""
    layer = student.Dropout(p)
    out = np.array(layer.forward(x, np.random.default_rng(seed)))
    layer.training = False
    return {"out": out, "d_x": np.array(layer.backward(d_out))}


def positive(rng, shape):
    """Numbers of both signs, none of them near 0: a 0 in the output has been dropped."""
    return rng.uniform(0.5, 2.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def training_run(submission, rng, p, shape):
    """(x, d_out, evidence) of a single forward and backward in training."""
    x, d_out = positive(rng, shape), positive(rng, shape)
    (evidence,) = submission.run(dropped, p, x, int(rng.integers(10**6)), d_out, [True])
    assert_that(not isinstance(evidence["out"], tuple), "out: expected an array, got a tuple.", cause=OUT_TUPLE)
    assert_type(evidence["out"], np.ndarray, name="out")
    assert_shape(evidence["out"], shape, name="out")
    assert_shape(evidence["d_x"], shape, name="d_x")
    return x, d_out, evidence


def constant_factor(ratio):
    """The one number that all entries are, or None."""
    return float(ratio.flat[0]) if ratio.size and np.allclose(ratio, ratio.flat[0], rtol=1e-6) else None


@exercise("Dropout", condition=True)
def test_dropout_has_the_promised_form(submission, rng):
    """Outputs and gradients have the shape of x, for any number of axes; x and d_out are not modified."""
    for shape in ((5,), (4, 3), (2, 3, 4, 5)):
        _, _, evidence = training_run(submission, rng, 0.4, shape)
        assert_that(evidence["x same"], "forward modifies x.", cause="`x *= mask` writes into the caller's array.")
        assert_that(evidence["d_out same"], "backward modifies d_out.", cause=D_OUT_IN_PLACE)


@exercise("Dropout", condition=True)
def test_dropout_passes_everything_in_evaluation(submission, rng):
    """In evaluation x and the gradient pass unchanged, also after a step in training, and nothing is drawn."""
    for p, modes in ((0.2, [False]), (0.7, [True, False, True, False])):
        x, d_out = positive(rng, (40, 12)), positive(rng, (40, 12))
        runs = submission.run(dropped, p, x, int(rng.integers(10**6)), d_out, modes)
        _, _, learning = training_run(submission, rng, p, (40, 12))
        drops = EVAL_DROPS if bool((learning["out"] == 0).any()) else MODES_SWAPPED
        for training, run in zip(modes, runs, strict=True):
            if training:
                continue
            explain = told_by([(EVAL_SCALES, x * (1 - p)), (EVAL_SCALES_UP, x / (1 - p))])
            has_zeros = bool((as_array(run["out"]) == 0).any())
            assert_that(not has_zeros, "out in evaluation: some entries are 0.", cause=drops)
            assert_close(run["out"], x, name="out in evaluation", explain=explain)
            assert_that(not run["drawn"], "rng was used in evaluation.", cause=EVAL_DRAWS)
            cause = STALE_MASK if bool((as_array(run["d_x"]) == 0).any()) else ""
            assert_close(run["d_x"], d_out, name="d_x in evaluation", explain=lambda a, b, cause=cause: cause)


@exercise("Dropout", condition=True)
def test_dropout_with_probability_zero(submission, rng):
    """With p = 0 nothing is dropped."""
    x, d_out, evidence = training_run(submission, rng, 0.0, (6, 7))
    assert_close(evidence["out"], x, name="out with p = 0")
    assert_close(evidence["d_x"], d_out, name="d_x with p = 0")


def refused(student, values):
    """For each p whether a layer with it is refused with a ValueError."""
    found = []
    for p in values:
        try:
            student.Dropout(p)
            found.append(False)
        except ValueError:
            found.append(True)
    return found


@exercise("Dropout", condition=True)
def test_dropout_refuses_what_is_no_probability(submission, rng):
    """A p of 1, above it, or below 0 is a ValueError, as it was."""
    found = submission.run(refused, [1.0, 1.5, -0.1, 0.0, 0.99])
    expected = [True, True, True, False, False]
    assert_that(found == expected, f"p = 1, 1.5, -0.1, 0, 0.99 refused: expected {expected}, got {found}.")


@exercise("Dropout", weight=2)
def test_dropout_scales_what_it_keeps(submission, rng):
    """In training some entries are 0, and all others are exactly x / (1 - p)."""
    for p in (0.2, 0.7):
        x, _, evidence = training_run(submission, rng, p, (60, 11))
        out = as_array(evidence["out"])
        kept = out != 0
        assert_that(not kept.all(), "out: in training nothing is 0.", cause=_nothing_dropped(out, x))
        assert_that(bool(kept.any()), "out: every entry is 0.")
        expected = np.where(kept, x / (1 - p), 0.0)
        factor = constant_factor(out[kept] / x[kept])
        share = float(kept.mean())
        known = {
            1.0: NO_RESCALE, 1 / p: BY_P, 1 - p: SHRUNK, p: SHRUNK_P, 1 / share: BY_SHARE,
            1 / (1 - p) ** 2: "kept entries are multiplied by 1 / (1 - p) twice.",
        }  # fmt: skip
        found = [says for value, says in known.items() if factor is not None and abs(factor - value) < 1e-6 * value]
        cause = found[0] if len(found) == 1 else ""
        assert_close(out, expected, name="out", explain=lambda a, b, cause=cause: cause)


def _nothing_dropped(out, x):
    return NOTHING_DROPPED if np.allclose(out, x) or constant_factor(out / x) is not None else ""


@exercise("Dropout", weight=2)
def test_dropout_drops_a_share_of_p(submission, rng):
    """The share of dropped entries is p, within five standard deviations."""
    for p in (0.2, 0.7):
        counts = []
        for _ in range(3):
            _, _, evidence = training_run(submission, rng, p, (70, 31))
            counts.append(int((as_array(evidence["out"]) == 0).sum()))
        n = 70 * 31
        for count in counts:
            assert_that(
                abs(count - n * p) < SIGMAS * np.sqrt(n * p * (1 - p)),
                f"expected about {p:.0%} of the entries to be 0, got {count / n:.1%}.",
                cause=_share_cause(count / n, p),
            )
        assert_that(len(set(counts)) > 1, f"three times exactly {counts[0]} of {n} entries are 0.", cause=FIXED_COUNT)


def _share_cause(share, p):
    if share == 0:
        return NOTHING_DROPPED
    if abs(share - 0.5) < 0.05:
        return "half of the entries are dropped, whatever p is: compare uniform numbers between 0 and 1 with p."
    if abs(share - (1 + math.erf(p / math.sqrt(2))) / 2) < 0.03:
        return "normal random numbers are compared with p: take uniform ones between 0 and 1, `rng.random(x.shape)`."
    return KEEPS_WITH_P if abs(share - (1 - p)) < 0.06 else ""


@exercise("Dropout", weight=1.5)
def test_dropout_treats_every_entry_by_itself(submission, rng):
    """Examples, features and calls have masks of their own."""
    shape = (9, 8, 7)
    seed = int(rng.integers(10**6))
    x, d_out = positive(rng, shape), positive(rng, shape)
    first, second = (as_array(run["out"]) != 0 for run in submission.run(dropped, 0.5, x, seed, d_out, [True, True]))
    assert_that(0 < first.mean() < 1, "the output has no zeros, or nothing else.")
    for axis, size in enumerate(shape):
        equal = bool((first == first.take([0], axis=axis)).all())
        cause = ONE_MASK if axis == 0 else SAME_ALONG
        if axis > 0 and bool((first == first[:, :1, :1]).all()):
            cause = WHOLE_ROWS
        assert_that(not equal, f"the {size} entries along axis {axis} are always dropped together.", cause=cause)
    both = float((first == second).mean())
    assert_that(abs(both - 0.5) < SIGMAS * 0.5 / np.sqrt(first.size), "two calls drop related entries.", cause=FROZEN)


@exercise("Dropout", weight=0.5)
def test_dropout_takes_its_randomness_from_rng(submission, rng):
    """Equal generators drop the same entries, other ones others."""
    x, d_out = positive(rng, (13, 11)), positive(rng, (13, 11))
    seed = int(rng.integers(10**6))
    masks = [as_array(submission.run(dropped, 0.4, x, s, d_out, [True])[0]["out"]) != 0 for s in (seed, seed, seed + 1)]
    assert_that(not masks[0].all(), "nothing is dropped.", cause=NOTHING_DROPPED)
    assert_that(bool((masks[0] == masks[1]).all()), "Equal generators drop different entries.", cause=NOT_RNG)
    assert_that(not (masks[0] == masks[2]).all(), "Different generators drop the same entries.", cause=NOT_RNG)


@exercise("Dropout", weight=2)
def test_dropout_gradient(submission, rng):
    """The gradient is 0 where an entry was dropped, and d_out / (1 - p) elsewhere."""
    for p in (0.2, 0.7):
        x, d_out, evidence = training_run(submission, rng, p, (20, 11))
        kept = as_array(evidence["out"]) != 0
        assert_that(0 < kept.mean() < 1, "forward drops nothing or everything.")
        expected = np.where(kept, d_out / (1 - p), 0.0)
        pairs = [
            (NOT_SCALED_BACK, np.where(kept, d_out, 0.0)),
            (NOT_MASKED, d_out),
            (ONLY_SCALED, d_out / (1 - p)),
            (SCALED_TWICE_BACK, np.where(kept, d_out / (1 - p) ** 2, 0.0)),
            ("the gradient is multiplied by x: the derivative of x * c with respect to x is c.", expected * x),
        ]
        told, d_x = told_by(pairs), as_array(evidence["d_x"])
        other = 0 < (d_x != 0).mean() < 1 and bool(((d_x != 0) != kept).any())
        assert_close(
            d_x, expected, name="d_x", explain=lambda a, b, t=told, o=other: t(a, b) or (NEW_MASK if o else "")
        )


@exercise("Dropout", weight=1)
def test_dropout_gradient_belongs_to_the_last_forward(submission, rng):
    """After two calls of forward the gradient has the second mask, and asking again gives the same."""
    x, d_out, p = positive(rng, (15, 9)), positive(rng, (15, 9)), 0.3
    evidence = submission.run(two_forwards, p, x, int(rng.integers(10**6)), d_out)
    first, last = (as_array(evidence[key]) != 0 for key in ("first", "last"))
    assert_that(not (first == last).all(), "two calls dropped the same entries.", cause=FROZEN)
    expected = np.where(last, d_out / (1 - p), 0.0)
    told = told_by([(FIRST_MASK, np.where(first, d_out / (1 - p), 0.0))])
    assert_close(evidence["d_x"], expected, name="d_x", explain=told)
    assert_close(evidence["again"], expected, name="d_x, asked for again")


@exercise("Dropout", weight=1)
def test_dropout_gradient_remembers_what_forward_did(submission, rng):
    """The gradient has the mask of forward where x is 0, too, and after the layer was put into evaluation."""
    x, d_out, p = positive(rng, (40, 20)), positive(rng, (40, 20)), 0.3
    zero = rng.random(x.shape) < 0.5
    x[zero] = 0.0
    evidence = submission.run(switched, p, x, int(rng.integers(10**6)), d_out)
    kept, d_x = as_array(evidence["out"]) != 0, as_array(evidence["d_x"])
    assert_shape(d_x, x.shape, name="d_x")
    expected = np.where(kept, d_out / (1 - p), 0.0)
    later = LOOKS_LATER if np.allclose(d_x, d_out) else ""
    assert_close(d_x[~zero], expected[~zero], name="d_x where x is not 0", explain=lambda a, b: later)
    passed, room = float((d_x[zero] != 0).mean()), 5 * np.sqrt(p * (1 - p) / zero.sum())
    cause = MASK_FROM_OUTPUT if passed == 0 else ""
    message = f"where x is 0, the gradient passes in {passed:.0%} of the entries; expected about {1 - p:.0%}."
    assert_that(abs(passed - (1 - p)) < room, message, cause=cause)


# --- batch_norm ------------------------------------------------------------------------------------------------------

BN_DDOF = "the batch is standardized with the variance divided by N - 1: in the output it is divided by N."
BN_EPS_OUTSIDE = "eps is added to the root: it belongs under it, sqrt(var + eps)."
BN_NO_EPS = "eps has no effect: it is added to the variance, under the root."
BN_NO_ROOT = "x is divided by the variance: divide by its root."
BN_SWAPPED = "gamma and beta are exchanged: gamma multiplies, beta is added."
BN_NO_AFFINE = "gamma and beta have no effect: out = gamma * x_hat + beta."
BN_BETA_SCALED = "gamma multiplies beta as well: out = gamma * x_hat + beta."
BN_EPS_FIXED = "the argument eps has no effect."
RUNNING_FLIPPED = (
    "the batch's variance is multiplied by (N - 1) / N: it takes N / (N - 1) to divide it by N - 1 instead."
)
EVAL_MEAN = "in evaluation the mean is that of the batch: take the running one."
EVAL_VAR = "in evaluation the variance is that of the batch: take the running one."
BN_NO_BETA = "beta is missing."
BN_NO_GAMMA = "gamma is missing."
BN_NO_MEAN = "the mean is not subtracted."
BN_RUNNING_IN_TRAINING = "in training x is standardized with the running statistics: take those of the batch."
BN_UPDATED_IN_TRAINING = "in training x is standardized with the updated running statistics: take those of the batch."
BN_ROWS = "the mean is taken over the features of each example: that is layer normalization. Take axis 0."
BN_WHOLE = "one mean and variance are taken over the whole table: each feature has its own, axis 0."
RUNNING_LOST = "the running statistics never change: a new value in a local name is lost; write it into `state`."
RUNNING_REVERSED = "momentum is the share of the new batch: (1 - momentum) * old + momentum * batch, not the reverse."
RUNNING_BIASED = "the running variance takes the batch's variance divided by N: there it is divided by N - 1."
RUNNING_STD = "the running variance is fed with a standard deviation."
RUNNING_REPLACED = "the running statistics are replaced by the batch's: they move towards it by the share momentum."
RUNNING_SUMMED = "the old value is not shrunk: running = (1 - momentum) * running + momentum * batch."
RUNNING_MOMENTUM = "the argument momentum has no effect."
EVAL_BATCH = "in evaluation x is standardized with its own statistics: take the running ones."
EVAL_UNROOTED = "in evaluation x is divided by the running variance: divide by its root."
EVAL_AS_STD = "in evaluation the running variance is used as a standard deviation: take its root, with eps under it."
RUNNING_ONE_ONLY = {
    "mean": 'the running mean never changes, though the variance does: write a new state["mean"] as well.',
    "var": 'the running variance never changes, though the mean does: write a new state["var"] as well.',
}
OTHER_KEYS = 'the new statistics are under other keys of `state`: its keys are "mean" and "var", also for the new ones.'
KEY_UNKNOWN = '`state` is asked for a key that it does not have: its keys are "mean" and "var".'
BN_TUPLE = "several things come back: return the output alone; the running statistics go into the caller's `state`."
EVAL_REFUSES = (
    "one example is refused in evaluation too: there the running statistics are used, and one is enough. Raise the "
    "ValueError only if `training`."
)
EVAL_MOVES = "the running statistics move in evaluation: only training changes them."


def normalized(student, batches, gamma, beta, state, options):
    """Outputs and the statistics after each call; options[i] are the keywords of call i."""
    state = {key: value.copy() for key, value in state.items()}
    found = []
    for x, keywords in zip(batches, options):  # noqa: B905 - sent to the worker as it is
        out = student.batch_norm(x, gamma, beta, state, **keywords)
        out = out.copy() if isinstance(out, np.ndarray) else out
        more = len(state) - 2
        found.append({"out": out, "mean": np.array(state["mean"]), "var": np.array(state["var"]), "more": more})
    return found


def norm_runs(submission, batches, gamma, beta, state, options):
    """What ``normalized`` finds; says why where the function asks for a key that there is not."""
    try:
        return submission.run(normalized, batches, gamma, beta, state, options)
    except StudentError as caught:
        alone = any(len(x) == 1 and not now["training"] for x, now in zip(batches, options, strict=True))
        refuses = caught.raised.type == "ValueError" and caught.raised.code.startswith("raise") and alone
        if caught.raised.type != "KeyError" and not refuses:
            raise
        cause = EVAL_REFUSES if refuses else KEY_UNKNOWN
        raise CheckFailure(str(caught), cause=cause, name="batch_norm") from None


def draw_norm(rng, sizes, width=4):
    """Batches with features of different means and scales, some as small as the root of eps; parameters, statistics."""
    scale = np.array([1.0, 3e-3, 30.0, 0.2, 1e-2, 2.0])[:width]
    batches = [(scale * (rng.normal(size=(n, width)) + rng.normal(size=width)) ** 1)[:, ::1] for n in sizes]
    gamma, beta = rng.uniform(0.5, 2, size=width) * rng.choice([-1, 1], size=width), rng.normal(size=width)
    state = {"mean": scale * rng.normal(size=width), "var": scale**2 * rng.uniform(0.5, 2, size=width)}
    return batches, gamma, beta, state


def torch_norm(x, gamma, beta, state, training, momentum=0.1, eps=1e-5):
    """PyTorch's batch normalization: the output and the new statistics."""
    mean, var = torch.tensor(state["mean"]), torch.tensor(state["var"])
    out = torch.nn.functional.batch_norm(
        torch.tensor(x), mean, var, torch.tensor(gamma), torch.tensor(beta), training, momentum, eps
    )
    return out.numpy(), {"mean": mean.numpy(), "var": var.numpy()}


def assert_norm(run, n, width, *, statistics=False):
    """Refuse outputs, or statistics, of other shapes."""
    assert_that(not isinstance(run["out"], (tuple, dict)), f"out: got a {type(run['out']).__name__}.", cause=BN_TUPLE)
    assert_type(run["out"], np.ndarray, name="out")
    assert_shape(run["out"], (n, width), name="out")
    for key in ("mean", "var") if statistics else ():
        got = np.shape(run[key])
        cause = "its statistics have one number for each feature: mean and variance are taken over axis 0."
        assert_that(
            got == (width,),
            f'state["{key}"]: expected shape {(width,)}, got {got}.',
            cause=cause if got in {(n,), (n, 1), (n, width)} else "",
        )


def by_feature(actual, expected, pairs, name, scale=None):
    """Compare feature by feature, so that a large one does not hide a small one; causes from the whole array."""
    actual, expected = as_array(actual, name=name), as_array(expected)
    assert_shape(actual, expected.shape, name=name)
    sizes = np.abs(expected).max(axis=0) if scale is None else scale
    wrong = np.abs(actual - expected) > 1e-6 * sizes
    if bool(wrong.any()) or not np.isfinite(actual).all():
        cause = told_by(pairs, rtol=1e-8)(actual, expected)
        if not cause and bool((np.abs(actual - expected) <= 1e-4 * np.abs(expected).max()).all()):
            cause = "only small numbers are off, or all by very little: is eps where it belongs, and nowhere else?"
        assert_close(actual, expected, name=name, rtol=1e-12, explain=lambda a, b: cause)


def output_causes(x, gamma, beta, state, eps=1e-5, momentum=0.1):
    """(sentence, output) of mistakes in training."""
    mean, var = x.mean(axis=0), x.var(axis=0)
    _, updated = torch_norm(x, gamma, beta, state, True, momentum, eps)
    n = len(x)

    def out(m=mean, v=var, g=gamma, b=beta, root=None):
        return g * (x - m) / (np.sqrt(v + eps) if root is None else root) + b

    rows, whole = x.mean(axis=1, keepdims=True), x.mean()
    return [
        (BN_DDOF, out(v=var * n / (n - 1))),
        (BN_EPS_OUTSIDE, out(root=np.sqrt(var) + eps)),
        (BN_NO_EPS, out(root=np.sqrt(var))),
        (BN_NO_ROOT, out(root=var + eps)),
        (BN_SWAPPED, out(g=beta, b=gamma)),
        (BN_NO_AFFINE, out(g=1.0, b=0.0)),
        (BN_NO_BETA, out(b=0.0)),
        (BN_BETA_SCALED, out(b=gamma * beta)),
        (BN_EPS_FIXED, out(root=np.sqrt(var + 1e-5))),
        (BN_NO_GAMMA, out(g=1.0)),
        (BN_NO_MEAN, out(m=0.0)),
        (BN_RUNNING_IN_TRAINING, out(m=state["mean"], v=state["var"])),
        (BN_UPDATED_IN_TRAINING, out(m=updated["mean"], v=updated["var"])),
        (BN_ROWS, out(m=rows, v=x.var(axis=1, keepdims=True))),
        (BN_WHOLE, out(m=whole, v=x.var())),
    ]


def after_norm(student, x, gamma, beta, state, training):
    """All arguments as they are after a call."""
    student.batch_norm(x, gamma, beta, state, training)
    return {"x": x, "gamma": gamma, "beta": beta, "mean": np.array(state["mean"]), "var": np.array(state["var"])}


@exercise("batch_norm", condition=True)
def test_norm_leaves_its_other_arguments_alone(submission, rng):
    """x, gamma and beta are not modified, and evaluation changes no statistics."""
    for training in (True, False):
        (x,), gamma, beta, state = draw_norm(rng, [7])
        try:
            after = submission.run(after_norm, x, gamma, beta, state, training)
        except StudentError as caught:
            if caught.raised.type != "KeyError":
                raise
            raise CheckFailure(str(caught), cause=KEY_UNKNOWN, name="batch_norm") from None
        for name, before in {"x": x, "gamma": gamma, "beta": beta}.items():
            assert_unchanged(after[name], before, name=name)
        if not training:
            for key in ("mean", "var"):
                now = as_array(after[key])
                same = now.shape == state[key].shape and bool((now == state[key]).all())
                assert_that(same, f'state["{key}"] changed in evaluation.', cause=EVAL_MOVES)


@exercise("batch_norm", condition=True)
def test_norm_refuses_to_train_on_one_example(submission, rng):
    """In training, a batch of one is a ValueError; in evaluation it is not."""
    (x,), gamma, beta, state = draw_norm(rng, [1])
    assert_value_error(submission.batch_norm, x, gamma, beta, state, True, name="batch_norm", case="N = 1")
    try:
        out = submission.batch_norm(x, gamma, beta, state, False)
    except StudentError as caught:
        if caught.raised.type != "ValueError":
            raise
        raise CheckFailure(str(caught), cause=EVAL_REFUSES, name="batch_norm") from None
    assert_that(not isinstance(out, (tuple, dict)), f"out: got a {type(out).__name__}.", cause=BN_TUPLE)
    assert_shape(out, (1, 4), name="out")


@exercise("batch_norm", weight=3)
def test_norm_in_training(submission, rng):
    """In training the output agrees with torch.nn.functional.batch_norm, for features of very different scales."""
    for n, width, eps in ((7, 4, 1e-5), (2, 3, 1e-5), (9, 5, 0.1)):
        (x,), gamma, beta, state = draw_norm(rng, [n], width)
        (run,) = norm_runs(submission, [x], gamma, beta, state, [{"training": True, "eps": eps}])
        assert_norm(run, n, width)
        expected, _ = torch_norm(x, gamma, beta, state, True, eps=eps)
        by_feature(run["out"], expected, output_causes(x, gamma, beta, state, eps), "out")


def statistics_causes(batches, state, key, momentum):
    """(sentence, statistic after all batches) of mistakes."""
    runs = {}
    for words, rule in {
        RUNNING_REVERSED: lambda old, b, n: momentum * old + (1 - momentum) * unbiased(b, n, key),
        RUNNING_BIASED: lambda old, b, n: (1 - momentum) * old + momentum * b,
        RUNNING_FLIPPED: lambda old, b, n: (1 - momentum) * old + momentum * b * (n - 1) / n,
        RUNNING_STD: lambda old, b, n: (1 - momentum) * old + momentum * np.sqrt(unbiased(b, n, key)),
        RUNNING_STD + " ": lambda old, b, n: (1 - momentum) * old + momentum * np.sqrt(b),
        RUNNING_REPLACED: lambda old, b, n: unbiased(b, n, key),
        RUNNING_REPLACED + " ": lambda old, b, n: b,
        RUNNING_SUMMED: lambda old, b, n: old + momentum * unbiased(b, n, key),
        RUNNING_MOMENTUM: lambda old, b, n: 0.9 * old + 0.1 * unbiased(b, n, key),
        RUNNING_LOST: lambda old, b, n: old,
    }.items():
        if key == "mean" and words.strip() in {RUNNING_STD, RUNNING_BIASED, RUNNING_FLIPPED}:
            continue
        value = state[key]
        for x in batches:
            value = rule(value, x.mean(axis=0) if key == "mean" else x.var(axis=0), len(x))
        runs[words] = value
    value = state[key]
    for count, x in enumerate(batches, start=1):  # momentum = None of PyTorch
        batch = x.mean(axis=0) if key == "mean" else unbiased(x.var(axis=0), len(x), key)
        value = value + (batch - value) / count
    runs["every batch counts the same: each new one should have the share momentum."] = value
    return [(words.strip(), value) for words, value in runs.items()]


def unbiased(statistic, n, key):
    """The variance divided by n - 1; a mean as it is."""
    return statistic * n / (n - 1) if key == "var" else statistic


def running(submission, rng, key):
    """Compare one running statistic after several batches, with torch's."""
    for sizes, momentum in (((5, 8, 3, 2), 0.1), ((6,), 0.1), ((4, 7), 0.3)):
        batches, gamma, beta, state = draw_norm(rng, sizes)
        options = [{"training": True} if momentum == 0.1 else {"training": True, "momentum": momentum}] * len(sizes)
        runs = norm_runs(submission, batches, gamma, beta, state, options)
        now = state
        for x, run in zip(batches, runs, strict=True):
            assert_norm(run, len(x), 4, statistics=True)
            _, now = torch_norm(x, gamma, beta, now, True, momentum)
        causes = statistics_causes(batches, state, key, momentum)
        other = "var" if key == "mean" else "mean"
        still = bool((runs[-1][key] == state[key]).all())
        alone = bool((runs[-1][other] != state[other]).any())
        words = OTHER_KEYS if runs[-1]["more"] else RUNNING_ONE_ONLY[key] if alone else RUNNING_LOST
        assert_that(not still, f'state["{key}"] is after {len(batches)} batches what it was before.', cause=words)
        scale = now["var"] if key == "var" else np.abs(now["mean"]) + np.sqrt(now["var"])
        by_feature(runs[-1][key], now[key], causes, f'state["{key}"]', scale)


@exercise("batch_norm", weight=1.5)
def test_norm_moves_the_running_mean(submission, rng):
    """After several batches, and after one, the running mean agrees with PyTorch's."""
    running(submission, rng, "mean")


@exercise("batch_norm", weight=1.5)
def test_norm_moves_the_running_variance(submission, rng):
    """After several batches, and after one, the running variance agrees with PyTorch's."""
    running(submission, rng, "var")


@exercise("batch_norm", weight=2)
def test_norm_in_evaluation(submission, rng):
    """In evaluation the output comes from the running statistics alone, for a single example too."""
    for n, eps in ((6, 1e-5), (1, 1e-5), (3, 0.1)):
        (x,), gamma, beta, state = draw_norm(rng, [n])
        (run,) = norm_runs(submission, [x], gamma, beta, state, [{"training": False, "eps": eps}])
        assert_norm(run, n, 4)
        expected, _ = torch_norm(x, gamma, beta, state, False, eps=eps)
        mean, var = state["mean"], state["var"]

        def out(root, m=mean, g=gamma, b=beta, x=x):
            return g * (x - m) / root + b

        pairs = [
            (BN_EPS_OUTSIDE, out(np.sqrt(var) + eps)),
            (BN_NO_EPS, out(np.sqrt(var))),
            (EVAL_UNROOTED, out(var + eps)),
            (EVAL_AS_STD, out(var)),
            (BN_SWAPPED, out(np.sqrt(var + eps), g=beta, b=gamma)),
            (BN_NO_AFFINE, out(np.sqrt(var + eps), g=1.0, b=0.0)),
            (BN_NO_BETA, out(np.sqrt(var + eps), b=0.0)),
            (BN_BETA_SCALED, out(np.sqrt(var + eps), b=gamma * beta)),
            (BN_EPS_FIXED, out(np.sqrt(var + 1e-5))),
            (EVAL_MEAN, out(np.sqrt(var + eps), m=x.mean(axis=0))),
            (BN_NO_GAMMA, out(np.sqrt(var + eps), g=1.0)),
            (BN_NO_MEAN, out(np.sqrt(var + eps), m=0.0)),
        ]
        if n > 1:
            pairs.append((EVAL_VAR, out(np.sqrt(x.var(axis=0) + eps))))
            pairs.append((EVAL_BATCH, out(np.sqrt(x.var(axis=0) + eps), m=x.mean(axis=0))))
            pairs.append((EVAL_BATCH, out(np.sqrt(x.var(axis=0, ddof=1) + eps), m=x.mean(axis=0))))
        by_feature(run["out"], expected, pairs, "out in evaluation")


@exercise("batch_norm", weight=1)
def test_norm_from_training_to_evaluation(submission, rng):
    """After many batches, evaluation uses what training has left in state."""
    batches, gamma, beta, state = draw_norm(rng, [8] * 6 + [5])
    options = [{"training": True}] * 6 + [{"training": False}]
    runs = norm_runs(submission, batches, gamma, beta, state, options)
    now = state
    for x in batches[:-1]:
        _, now = torch_norm(x, gamma, beta, now, True)
    expected, _ = torch_norm(batches[-1], gamma, beta, now, False)
    assert_norm(runs[-1], 5, 4)
    lost, _ = torch_norm(batches[-1], gamma, beta, state, False)
    moved = [key for key in ("mean", "var") if bool((runs[-1][key] != state[key]).any())]
    words = OTHER_KEYS if runs[-1]["more"] else RUNNING_LOST
    assert_that(bool(moved), "after six batches the running statistics are what they were before.", cause=words)
    by_feature(runs[-1]["out"], expected, [(words, lost)], "out in evaluation")


# --- EarlyStopping ---------------------------------------------------------------------------------------------------

WAITS_LONGER = "it stops one epoch too late: stop as soon as `patience` epochs in a row brought no improvement."
WAITS_LESS = "it stops one epoch too early: `patience` epochs in a row without an improvement are needed."
TIES = "a tie counts as an improvement: the best must be beaten, by more than min_delta."
NEVER_RESETS = "epochs without improvement are counted in all: only those since the last improvement count."
DELTA_IGNORED = "min_delta has no effect: an improvement beats the best by more than that."
DELTA_REVERSED = (
    'min_delta has the wrong sign: an improvement lies below best - min_delta or, with mode "max", above best + '
    "min_delta."
)
DELTA_EXACT = "a gain of exactly min_delta counts as an improvement: it must be more."
DELTA_DRIFTS = "`best` follows gains that are too small to count: it changes only with an improvement."
MODE_IGNORED = 'mode has no effect: with "max" larger is better.'
NAN_IS_BEST = "a NaN that comes first is taken for the best, and then nothing beats it: it is never an improvement."
NAN_COUNTS_NOT = "an epoch with NaN is passed over: it counts as one without improvement."
NAN_IMPROVES = "NaN counts as an improvement: every comparison with NaN is False, so `not worse` is not `better`."
NAN_FIRST = "epochs before the first number are not counted: they are epochs without improvement too."
PREVIOUS = "each metric is compared with the one before it: compare with the best of all."
FROM_ONE = "epochs are counted from 1: the first is epoch 0."
FROM_INF = 'the best starts from inf, which no metric exceeds: with mode "max" it would have to start from -inf.'
DELTA_RELATIVE = "min_delta is taken relative to the best: it is an absolute difference."
MODE_SWAPPED = "the two modes are exchanged: min means that smaller is better."
NAN_STOPS = "NaN stops the training at once: it only counts as one epoch without an improvement."
NAN_RESETS = "NaN sets the counting back to 0: it is one more epoch without an improvement."
NAN_SAYS_NO = "with NaN the answer is always False: that epoch, too, may be the one in which patience runs out."
ANSWERS_NONE = "`step` returns None: it answers True or False in every epoch, also where it need not stop."
ANSWERS_MORE = "`step` returns something else than True or False: the answer alone; the rest is in the attributes."
ZERO_IS_NONE = "a best of 0.0 is taken for no best at all, as 0.0 counts as False: ask `self.best is None`."
NOT_A_DICT = "best_weights must be a dict like `weights`, from each name to a copy of the array."
RESTORES_NOTHING = "`restore` uses best_weights although it may still be None: then there is nothing to restore."
EPOCHS_STAND = "best_epoch stays 0: `epochs` must grow by 1 in every call of `step`."
ANSWER_REVERSED = "the answer is reversed: True means to stop."
NEVER_STOPS = "it never says to stop."
SAME_ARRAYS = "the best weights are the caller's own arrays, which go on changing: copy them deeply, arrays included."
COPIES_EACH = "the stored weights are those of the last epoch: store them only where the metric improved."
RESTORE_RENAMES = "`restore` does not reach the caller's arrays: write into them, `array[...] = best`."


def watch(student, metrics, keywords):
    """Answers, the best metric and its epoch after each epoch, and the best weights at the end."""
    stopper = student.EarlyStopping(**keywords)
    weights = {"W": np.zeros((3, 2)), "b": np.zeros(4)}
    found = {"stop": [], "best": [], "best_epoch": [], "kept": []}
    untouched = True
    for epoch, metric in enumerate(metrics):
        for i, array in enumerate(weights.values()):
            array[...] = np.arange(array.size).reshape(array.shape) * 0.25 + 10 * epoch + i + 1
        before = {name: array.copy() for name, array in weights.items()}
        answer = stopper.step(metric, weights)
        answer = f"a {type(answer).__name__}" if isinstance(answer, (tuple, list, dict, str)) else answer
        found["stop"].append("None" if answer is None else answer if isinstance(answer, str) else bool(answer))
        untouched = untouched and all(bool((weights[name] == before[name]).all()) for name in weights)
        found["best"].append(None if stopper.best is None else float(stopper.best))
        found["best_epoch"].append(None if stopper.best_epoch is None else int(stopper.best_epoch))
    for array in weights.values():
        array[...] = -1.0  # training goes on
    kept = stopper.best_weights
    found["kept"] = "no dict" if kept is not None else None
    if isinstance(kept, dict) and set(kept) == set(weights):
        found["kept"] = {name: np.array(kept[name]) for name in weights}
    own = dict(weights)
    stopper.restore(weights)
    found["restored"] = {name: array.copy() for name, array in own.items()}  # what the caller's arrays hold
    found["untouched"] = untouched
    return found


def weights_of(epoch):
    """What ``watch`` has in the weights in this epoch."""
    shapes = {"W": (3, 2), "b": (4,)}
    return {
        name: np.arange(int(np.prod(shape))).reshape(shape) * 0.25 + 10 * epoch + i + 1
        for i, (name, shape) in enumerate(shapes.items())
    }


def own_watch(metrics, patience, min_delta=0.0, mode="min", variant=""):  # noqa: C901 - one rule, with its variants
    """(stop, best, best_epoch) after each epoch by the exercise's rule, or by a mistake in it."""
    best, best_epoch, reference, bad, found, epoch = None, None, None, 0, [], -1
    sign = 1.0 if mode == "min" or variant == "mode" else -1.0
    sign = -sign if variant == "mode swapped" else sign
    delta = {"no delta": 0.0, "delta reversed": -min_delta}.get(variant, min_delta)
    if variant == "mode delta" and mode == "max":
        delta = -min_delta
    for metric in metrics:
        nan = metric != metric
        if nan and variant == "nan passed over":
            found.append((found[-1][0] if found else False, best, best_epoch))
            epoch += 1
            continue
        epoch += 1
        if reference is None or (variant == "zero" and reference == 0 and not nan):
            good = not nan or variant in {"nan is best", "nan improves", "not worse"}
        else:
            gain = sign * (reference - metric)
            if variant == "relative":
                delta = min_delta * abs(reference)
            good = gain >= delta if variant in {"ties", "delta exact"} and not nan else gain > delta
            if variant == "ties" and delta > 0:
                good = gain > delta
            if variant == "delta exact" and delta == 0:
                good = gain > delta
            if variant == "nan improves" and nan:
                good = True
            if variant == "not worse":
                good = not gain <= delta
        if variant == "previous":
            reference = metric
        if good:
            best, best_epoch, bad = metric, epoch, bad if variant == "never resets" else 0
            reference = metric
        else:
            bad += 1
            if variant == "drifts" and reference is not None and sign * (reference - metric) > 0:
                reference = best = metric
        if (variant == "nan first" and best_epoch is None) or (variant == "nan resets" and nan):
            bad = 0
        limit = {"longer": patience + 1, "less": patience - 1, "less at once": patience - 1}.get(variant, patience)
        stop = bad >= limit and not (variant == "less" and bad == 0)
        if nan and variant in {"nan stops", "nan says no"}:
            stop = variant == "nan stops"
        shown = None if best_epoch is None else best_epoch + (variant == "from one")
        found.append((bool(stop) != (variant == "reversed") and variant != "never", best, shown))
    return found


WATCH_WORDS = {
    "longer": WAITS_LONGER,
    "less": WAITS_LESS,
    "less at once": WAITS_LESS,
    "ties": TIES,
    "never resets": NEVER_RESETS,
    "no delta": DELTA_IGNORED,
    "delta reversed": DELTA_REVERSED,
    "delta exact": DELTA_EXACT,
    "drifts": DELTA_DRIFTS,
    "mode": MODE_IGNORED,
    "mode delta": DELTA_REVERSED,
    "nan is best": NAN_IS_BEST,
    "nan passed over": NAN_COUNTS_NOT,
    "nan improves": NAN_IMPROVES,
    "not worse": NAN_IMPROVES,
    "previous": PREVIOUS,
    "from one": FROM_ONE,
    "never": NEVER_STOPS,
    "relative": DELTA_RELATIVE,
    "nan first": NAN_FIRST,
    "reversed": ANSWER_REVERSED,
    "mode swapped": MODE_SWAPPED,
    "zero": ZERO_IS_NONE,
    "nan stops": NAN_STOPS,
    "nan resets": NAN_RESETS,
    "nan says no": NAN_SAYS_NO,
}


def same_story(left, right):
    """Whether two lists of (stop, best, best_epoch) are the same; NaN equals NaN."""
    return [(s, str(b), e) for s, b, e in left] == [(s, str(b), e) for s, b, e in right]


def check_watches(submission, cases):
    """Compare what the student's object says in each epoch with the rule; up to where training stops.

    A cause has to explain every one of the cases, (metrics, keywords).
    """
    stories = []
    for metrics, keywords in cases:
        evidence = submission.run(watch, metrics, keywords)
        stories.append(list(zip(evidence["stop"], evidence["best"], evidence["best_epoch"], strict=True)))
    cause = _cause_of(stories, cases)
    for got, (metrics, keywords) in zip(stories, cases, strict=True):
        for epoch, ((stop, best, when), right) in enumerate(zip(got, own_watch(metrics, **keywords), strict=True)):
            found = [("step(...)", stop, right[0])]
            if right[2] is not None:  # before the first number, `best` may be what it likes
                found += [("best", best, right[1]), ("best_epoch", when, right[2])]
            elif when is not None and when >= 0:
                found.append(("best_epoch", when, None))
            for what, a, b in found:
                assert_that(a == b, f"{what} in epoch {epoch}: expected {b}, got {a}.", cause=cause, name=what)
            if right[0]:
                break  # nobody trains on


def until_stop(story):
    """The story up to and with the first epoch in which it says stop."""
    stops = [stop for stop, _, _ in story]
    return story[: stops.index(True) + 1] if True in stops else story


def _cause_of(stories, cases):
    """The only sentence that explains all of the stories, or none."""
    if any(stop == "None" for got in stories for stop, _, _ in got):
        return ANSWERS_NONE
    if any(isinstance(stop, str) for got in stories for stop, _, _ in got):
        return ANSWERS_MORE
    right = [own_watch(metrics, **keywords) for metrics, keywords in cases]
    causes = set()
    for shown in (list, until_stop):  # what it says after it has said stop is no matter, if nothing else fits
        for variant, says in WATCH_WORDS.items():
            told = [own_watch(metrics, **keywords, variant=variant) for metrics, keywords in cases]
            same = all(same_story(shown(got), shown(wrong)) for got, wrong in zip(stories, told, strict=True))
            if same and not all(same_story(shown(a), shown(b)) for a, b in zip(told, right, strict=True)):
                causes.add(says)
        if causes:
            break
    if len(causes) == 1:
        return causes.pop()
    maximize = all(keywords.get("mode") == "max" for _, keywords in cases)
    if maximize and all(best == np.inf for got in stories for _, best, _ in got):
        return FROM_INF
    improves_later = [any(when for _, _, when in story if when is not None) for story in right]
    stuck = all(when in {0, None} for got in stories for _, _, when in got)
    followed = all(
        [str(best) for _, best, _ in got] == [str(best) for _, best, _ in story]
        for got, story in zip(stories, right, strict=True)
    )
    return EPOCHS_STAND if any(improves_later) and stuck and followed and not causes else ""


@exercise("EarlyStopping", condition=True)
def test_stopping_leaves_the_weights_alone(submission, rng):
    """`step` does not modify the weights; `restore` without a best epoch leaves them as they are."""
    assert_that(submission.run(watch, [2.0, 1.0, 3.0], {"patience": 2})["untouched"], "step(...) modifies the weights.")
    try:
        evidence = submission.run(watch, [float("nan")] * 2, {"patience": 3})
    except StudentError as caught:
        if "NoneType" not in caught.raised.message or "best_weights" not in caught.raised.code:
            raise
        raise CheckFailure(str(caught), cause=RESTORES_NOTHING, name="restore") from None
    best, when = evidence["best"][-1], evidence["best_epoch"][-1]
    cause = ""
    if best is not None and best != best:
        cause = NAN_IS_BEST if when == 0 else NAN_IMPROVES if when == 1 else ""
    elif when is None:
        cause = COPIES_EACH
    for name, array in evidence["restored"].items():
        told = cause if np.allclose(array, weights_of(0)[name]) or np.allclose(array, weights_of(1)[name]) else ""
        what = f"{name} after restore, where {'nothing' if best is None else 'NaN'} was the best"
        assert_close(array, np.full(array.shape, -1.0), name=what, explain=lambda a, b, t=told: t)


@exercise("EarlyStopping", weight=2)
def test_stopping_waits_for_patience_epochs(submission, rng):
    """It stops after `patience` epochs in a row without improvement; a tie is none."""
    cases = []
    for metrics, patience in (
        ([5.0, 4.0, 4.5, 3.0, 3.5, 3.25, 2.0, 2.5, 2.25, 2.5, 2.75], 3),
        ([3.0, 2.0, 2.0, 2.0, 1.5, 1.5, 1.5, 1.5], 4),
        ([2.0, 3.0], 1),
        ([-1.0, -3.0, -2.0, -2.5, -2.75], 2),
        ([1.0, 0.0, 0.5, 0.25, 0.75], 3),
    ):
        cases.append((metrics, {"patience": patience}))
    check_watches(submission, cases)


@exercise("EarlyStopping", weight=1.5)
def test_stopping_asks_for_more_than_min_delta(submission, rng):
    """An improvement beats the best by more than min_delta; smaller gains change nothing, however many."""
    cases = []
    for metrics, patience, delta in (
        ([4.0, 4.25, 3.75, 3.5, 2.0, 1.75, 1.625], 5, 0.5),
        ([4.0, 3.75, 3.625, 3.5, 3.25, 3.0], 6, 0.25),
        ([1.0, 0.875, 0.75, 1.125, 0.5], 3, 0.25),
    ):
        cases.append((metrics, {"patience": patience, "min_delta": delta}))
    check_watches(submission, cases)


@exercise("EarlyStopping", weight=1.5)
def test_stopping_can_maximize(submission, rng):
    """With mode "max" larger is better, with and without min_delta."""
    cases = []
    for metrics, patience, delta in (
        ([0.25, 0.5, 0.375, 0.5, 0.75, 0.625, 0.5], 2, 0.0),
        ([0.25, 0.125, 0.375, 0.5, 0.625, 0.75, 1.0], 6, 0.25),
        ([0.5, 0.625, 0.25, 0.75, 0.5, 0.5], 3, 0.125),
    ):
        cases.append((metrics, {"patience": patience, "min_delta": delta, "mode": "max"}))
    check_watches(submission, cases)


@exercise("EarlyStopping", weight=1)
def test_stopping_counts_nan_as_no_improvement(submission, rng):
    """NaN is never the best, also not in the first epoch, and counts towards patience."""
    cases = []
    nan = float("nan")
    for metrics, patience, mode in (
        ([3.0, nan, nan, 4.0, 5.0, 6.0, 7.0, 8.0], 3, "min"),
        ([nan, 3.0, nan, 2.0, 2.5, nan, nan], 3, "min"),
        ([0.5, nan, nan, 0.25], 2, "max"),
        ([nan, nan, nan], 2, "min"),
        ([nan, 0.5, 0.75, nan, 0.25], 2, "max"),
    ):
        cases.append((metrics, {"patience": patience, "mode": mode}))
    check_watches(submission, cases)


@exercise("EarlyStopping", weight=2)
def test_stopping_keeps_a_copy_of_the_best_weights(submission, rng):
    """The best weights stay those of the best epoch, whatever happens to the model's arrays."""
    for metrics, best in (([3.0, 1.0, 2.0, 4.0], 1), ([2.0, 3.0, 4.0], 0), ([5.0, 4.0, 2.0], 2)):
        evidence = submission.run(watch, metrics, {"patience": 9})
        assert_that(evidence["kept"] is not None, "best_weights: expected a dict of arrays, got None.")
        right = isinstance(evidence["kept"], dict)
        assert_that(right, "best_weights: expected a dict with the names of `weights`.", cause=NOT_A_DICT)
        for name, expected in weights_of(best).items():
            later = [(COPIES_EACH, weights_of(len(metrics) - 1)[name])]
            assert_close(
                evidence["kept"][name],
                expected,
                name=f'best_weights["{name}"]',
                explain=told_by([(SAME_ARRAYS, np.full(expected.shape, -1.0)), *later]),
            )


@exercise("EarlyStopping", weight=2)
def test_stopping_restores_in_place(submission, rng):
    """`restore` writes the best weights into the caller's arrays."""
    evidence = submission.run(watch, [3.0, 1.0, 2.0, 4.0], {"patience": 9})
    kept = evidence["kept"] if isinstance(evidence["kept"], dict) else {}
    followed = any(bool((as_array(array) == -1.0).all()) for array in kept.values())
    for name, expected in weights_of(1).items():
        untouched = SAME_ARRAYS if followed else RESTORE_RENAMES
        pairs = [(untouched, np.full(expected.shape, -1.0)), (COPIES_EACH, weights_of(3)[name])]
        assert_close(evidence["restored"][name], expected, name=f"{name} after restore", explain=told_by(pairs))


# --- suspect_fit -----------------------------------------------------------------------------------------------------

STILL_LEAKS = (
    "the validation inputs still take part in mean and std: changing them must not change the training inputs."
)
OWN_SCALER = (
    "the validation inputs are standardized with their own mean and std: they get those of the training inputs."
)
SCALED_BY_VALIDATION = (
    "the training inputs are standardized with the validation inputs' mean and std: it is the reverse."
)
NOT_SCALED = "the inputs are no longer standardized."
STILL_EVAL = (
    "after the first epoch the model trains in evaluation mode: `model.train()` is needed in every epoch, for "
    "`model.eval()` holds until it is called."
)
ALWAYS_EVAL = (
    "the model trains in evaluation mode: its dropout never drops anything. Call `model.train()` before training."
)
VALIDATES_IN_TRAINING = (
    "the validation loss is measured in training mode, with dropout active: call `model.eval()` before."
)
PLATEAU_OF_TRAINING = (
    "the learning rate does not follow the validation losses: step the scheduler once an epoch, with the loss of the "
    "validation part."
)
PLATEAU_EACH_BATCH = "the scheduler is stepped once a batch: its patience counts epochs, so step it once an epoch."
PLATEAU_TWICE = "the scheduler is stepped twice an epoch."
STILL_REFERENCE = (
    "the model ends with the weights of the last epoch. What is loaded at the end must be a copy: neither "
    "`state_dict()` nor a shallow copy of it copies the tensors; copy.deepcopy does."
)
NEVER_LOADED = (
    "the model ends with the weights of the last epoch, and `load_state_dict` is never called: load the best "
    "weights, a deep copy, after the last epoch."
)
KEPT_EACH_EPOCH = (
    "the weights are kept in every epoch, so that the last ones are loaded: keep them only where the loss is below all "
    "before it."
)
COPIED_LATE = (
    "the copy comes too late, when training is over and the tensors hold the last weights: copy in the epoch that is "
    "the best so far."
)
KEPT_FIRST_ONLY = (
    "the model ends with the weights of the first epoch: keep them again whenever a loss is the best so far."
)
KEPT_BEFORE = (
    "the model ends with the weights it had before training: keep them again whenever a loss is the best so far."
)
BEATS_PREVIOUS = "the weights are kept where the loss is below the one before it: it must be below all before it."
NOTHING_KEPT = (
    "no epoch counts as the best, so that there are no best weights: compare the new loss with those before it, and "
    "append it only then."
)
BUFFERS_LEFT = (
    "the weights are those of the best epoch, but the buffers (running statistics, for example) are those of the last: "
    "copy and load the whole `state_dict()`, not the parameters alone."
)
HALVED_EARLY = "the rate is halved too early: *more* than two losses in a row must be no better, which is patience=2."
HALVED_LATE = (
    "the rate is halved too late: as soon as more than two losses in a row were no better, which is patience=2."
)
ORDER_KEPT = "the rows come in the same order in every epoch: draw a new permutation in each, from the generator."
OTHER_GENERATOR = "the order does not come from `seed` alone: draw it from the generator that is made with it."


def watched(student, train, validation, script, batch_size, lr, seed, counts=False):
    """What a probe sees while it is trained: its mode, its inputs and its weights, in each call.

    The probe is linear; if it ``counts``, a buffer holds the number of its calls in training. Where ``script`` is
    given, its loss on the validation part, all of class 0, follows that list.
    """

    class Probe(torch.nn.Module):
        def __init__(self):
            super().__init__()
            d = train[0].shape[1]
            self.weight = torch.nn.Parameter(torch.linspace(-0.5, 0.5, 2 * d, dtype=torch.float64).reshape(2, d))
            self.calls, self.validated, self.asked, self.loads = [], 0, [], []
            if counts:
                self.register_buffer("count", torch.zeros(1, dtype=torch.float64))

        def state_dict(self, *arguments, **keywords):
            self.asked.append(self.validated)
            return super().state_dict(*arguments, **keywords)

        def load_state_dict(self, given, *arguments, **keywords):
            kept = given.get("weight")
            self.loads.append(isinstance(kept, torch.Tensor) and kept.data_ptr() == self.weight.data_ptr())
            return super().load_state_dict(given, *arguments, **keywords)

        def forward(self, x):
            learning = len(x) != len(validation[0])
            if counts and learning:
                self.count += 1.0
            self.calls.append((learning, self.training, x.detach().clone(), self.weight.detach().clone()))
            if learning or not script:
                return x @ self.weight.T
            loss = script[min(self.validated, len(script) - 1)]
            self.validated += 1
            logit = float(np.log(np.expm1(loss)))  # -log softmax((0, logit))[0] = log(1 + exp(logit)) = loss
            return torch.tensor([0.0, logit], dtype=torch.float64).expand(len(x), 2)

    model = Probe()
    losses, rates = student.suspect_fit(model, train, validation, len(script) or 5, batch_size, lr, seed)
    return {
        "losses": losses,
        "rates": rates,
        "learning": [call[1] for call in model.calls if call[0]],
        "validating": [call[1] for call in model.calls if not call[0]],
        "train_x": [call[2] for call in model.calls if call[0]],
        "val_x": [call[2] for call in model.calls if not call[0]],
        "weights": [call[3] for call in model.calls if not call[0]],
        "final": model.weight.detach().clone(),
        "count": float(model.count[0]) if counts else 0.0,
        "asked": model.asked,
        "loads": model.loads,
    }


def fit_run(submission, *arguments):
    """What ``watched`` finds; says why where the function raises for a known reason."""
    try:
        return submission.run(watched, *arguments)
    except StudentError as caught:
        cause = ""
        if caught.raised.type == "RuntimeError" and "Missing key" in caught.raised.message:
            cause = BUFFERS_LEFT
        elif caught.raised.type == "UnboundLocalError" and "best" in caught.raised.message:
            cause = NOTHING_KEPT
        if not cause:
            raise
        raise CheckFailure(str(caught), cause=cause, name="suspect_fit") from None


def draw_fit(rng, n=12, n_val=17):
    """Training and validation parts of different location and scale."""

    def part(count, scale, shift):
        x = torch.tensor(scale * rng.normal(size=(count, 4)) + shift)
        return x, torch.tensor(rng.permutation(np.arange(count) % 2))

    scale = np.array([1.0, 1.0, 1.0, 0.01])  # one feature hardly varies
    return part(n, 2.0 * scale, rng.normal(size=4)), part(n_val, 3.0 * scale, 2.0 * scale + rng.normal(size=4))


def standardized(x, by):
    """The rows of x, with the mean and std of ``by``."""
    return (x - by.mean(dim=0)) / by.std(dim=0).clamp(min=0.1)


@exercise("suspect_fit", condition=True)
def test_fit_keeps_what_worked(submission, rng):
    """Every epoch uses every training example once, in batches, and gives one validation loss and one rate."""
    train, validation = draw_fit(rng)
    evidence = fit_run(submission, train, validation, [], 5, 0.1, 3)
    for name in ("losses", "rates"):
        assert_length(evidence[name], 5, name=name)
        assert_that(bool(np.isfinite(as_array(evidence[name])).all()), f"{name}: not all are finite.")
    sizes = [len(x) for x in evidence["train_x"]]
    assert_that(sizes == [5, 5, 2] * 5, f"sizes of the batches: expected 5, 5, 2 in each of 5 epochs, got {sizes}.")
    orders = _orders(evidence)
    for seen in orders:
        same = np.allclose(seen[np.lexsort(seen.T)], orders[0][np.lexsort(orders[0].T)])
        assert_that(same, "an epoch does not use every training example once.")
    assert_that(not np.allclose(orders[0], orders[1]), "the order is the same in every epoch.", cause=ORDER_KEPT)
    assert_close(evidence["rates"][0], 0.1, name="the first learning rate")
    for loss in evidence["losses"]:
        assert_type(loss, float, name="a validation loss")
    again = fit_run(submission, train, validation, [], 5, 0.1, 3)
    other = fit_run(submission, train, validation, [], 5, 0.1, 4)
    same = [
        bool((as_array(a) == as_array(b)).all()) for a, b in zip(evidence["train_x"], again["train_x"], strict=True)
    ]
    assert_that(all(same), "the same seed gives another order.", cause=OTHER_GENERATOR)
    same = [a.shape == b.shape and np.allclose(a, b) for a, b in zip(orders, _orders(other), strict=True)]
    assert_that(not all(same), "another seed gives the same order.", cause=OTHER_GENERATOR)


def _orders(evidence):
    """The training inputs of each of five epochs of three batches."""
    return [np.concatenate([as_array(x) for x in evidence["train_x"][3 * e : 3 * e + 3]]) for e in range(5)]


@exercise("suspect_fit", condition=True)
def test_fit_takes_the_steps_that_it_took(submission, rng):
    """On the inputs that it gives the model, the steps are SGD with momentum 0.9, and the losses those of the model."""
    train, validation = draw_fit(rng)
    evidence = fit_run(submission, train, validation, [], len(train[0]), 0.05, 3)
    weight = torch.linspace(-0.5, 0.5, 8, dtype=torch.float64).reshape(2, 4)
    velocity = torch.zeros(2, 4, dtype=torch.float64)
    for epoch, x in enumerate(evidence["train_x"]):
        rows = torch.tensor(standardized_back(x, train[0]))
        x, labels = torch.tensor(as_array(x)), train[1][rows]
        p = torch.softmax(x @ weight.T, dim=1)
        p[torch.arange(len(x)), labels] -= 1.0
        velocity = 0.9 * velocity + p.T @ x / len(x)
        weight = weight - float(evidence["rates"][epoch]) * velocity
        assert_close(evidence["weights"][epoch], weight, name="the weights after an epoch")
        logits = torch.tensor(as_array(evidence["val_x"][epoch])) @ weight.T
        expected = torch.nn.functional.cross_entropy(logits, validation[1])
        assert_close(evidence["losses"][epoch], expected, name="a validation loss")


def standardized_back(x, original):
    """Which row of the original each row of x is: standardizing keeps the order of a feature's values."""
    ranks = as_array(original)[:, 0].argsort()
    rows = np.empty(len(ranks), dtype=np.int64)
    rows[as_array(x)[:, 0].argsort()] = ranks
    return rows


@exercise("suspect_fit", weight=1)
def test_fit_scales_by_the_training_inputs(submission, rng):
    """Both parts are standardized with the mean and std of the training inputs."""
    train, validation = draw_fit(rng)
    evidence = fit_run(submission, train, validation, [], len(train[0]), 0.1, 3)
    everything = torch.cat([train[0], validation[0]])
    rows = evidence["train_x"][0]
    order = np.lexsort(as_array(rows).T)

    def in_order(x):
        x = as_array(x)
        return x[np.lexsort(x.T)]

    def mixed(x, by_mean, by_std):
        return (x - by_mean.mean(dim=0)) / by_std.std(dim=0).clamp(min=0.1)

    pairs = [
        (STILL_LEAKS, in_order(mixed(train[0], train[0], everything))),
        (STILL_LEAKS, in_order(mixed(train[0], everything, train[0]))),
        (STILL_LEAKS, in_order(standardized(train[0], everything))),
        (SCALED_BY_VALIDATION, in_order(standardized(train[0], validation[0]))),
        (NOT_SCALED, in_order(train[0])),
    ]
    expected = in_order(standardized(train[0], train[0]))
    assert_close(as_array(rows)[order], expected, name="the training inputs", explain=told_by(pairs))
    pairs = [
        (STILL_LEAKS, standardized(validation[0], everything)),
        (OWN_SCALER, standardized(validation[0], validation[0])),
        (NOT_SCALED, validation[0]),
    ]
    expected = standardized(validation[0], train[0])
    assert_close(evidence["val_x"][0], expected, name="the validation inputs", explain=told_by(pairs))


@exercise("suspect_fit", weight=1)
def test_fit_switches_the_mode(submission, rng):
    """The model is in training mode for every step, and in evaluation mode whenever it is validated."""
    train, validation = draw_fit(rng)
    evidence = fit_run(submission, train, validation, [], 5, 0.1, 3)
    learning, validating = evidence["learning"], evidence["validating"]
    assert_that(len(learning) > 3 and len(validating) > 1, "the model is not called as before.")
    steps = [i for i, training in enumerate(learning) if not training]
    assert_that(
        not steps,
        f"{len(steps)} of {len(learning)} training steps were made in evaluation mode.",
        cause=ALWAYS_EVAL if len(steps) == len(learning) else STILL_EVAL if not any(learning[3:]) else "",
    )
    wrong = sum(validating)
    assert_that(
        wrong == 0,
        f"{wrong} of {len(validating)} validation losses were measured in training mode.",
        cause=VALIDATES_IN_TRAINING,
    )


SCRIPT = (2.0, 1.5, 1.75, 1.75, 1.75, 1.625, 1.0, 1.25, 1.25, 1.5, 1.5, 1.5, 1.25, 1.125, 1.5)


def scripted_parts(rng):
    """Training rows of which both classes are linearly separable, so that the training loss goes on falling."""
    y = torch.tensor([0, 1] * 5)
    x = torch.tensor(rng.normal(size=(10, 4))) + 6.0 * y[:, None]
    return (x, y), (torch.tensor(rng.normal(size=(17, 4))), torch.zeros(17, dtype=torch.long))


def halvings(losses, patience=2, lr=0.1, times=1):
    """The rate of each epoch when it is halved after more than ``patience`` losses that were no better."""
    rates, best, bad = [], np.inf, 0
    for loss in losses:
        rates.append(lr)
        for _ in range(times):
            bad = 0 if loss < best else bad + 1
            best = min(best, loss)
            if bad > patience:
                lr, bad = lr / 2, 0
    return np.array(rates)


@exercise("suspect_fit", weight=1)
def test_fit_halves_the_rate_on_a_plateau(submission, rng):
    """The learning rate is halved when more than two validation losses in a row were no better, and not otherwise."""
    train, validation = scripted_parts(rng)
    for script in (list(SCRIPT), [1.0, 0.75, 1.0, 0.875, 0.5, 0.625, 0.75, 0.25, 0.375, 0.375, 0.125]):
        evidence = fit_run(submission, train, validation, script, 10, 0.1, 3)
        assert_length(evidence["rates"], len(script), name="rates")
        pairs = [
            (PLATEAU_TWICE, halvings(script, times=2)),
            (PLATEAU_OF_TRAINING, np.full(len(script), 0.1)),
            (HALVED_EARLY, halvings(script, patience=0)),
            (HALVED_EARLY, halvings(script, patience=1)),
            (HALVED_LATE, halvings(script, patience=3)),
            (HALVED_LATE, halvings(script, patience=4)),
        ]
        assert_close(evidence["rates"], halvings(script), name="rates", explain=told_by(pairs))
        evidence = fit_run(submission, train, validation, script, 4, 0.1, 3)
        assert_close(
            evidence["rates"],
            halvings(script),
            name="rates, with several batches in an epoch",
            explain=lambda a, b: PLATEAU_EACH_BATCH if len(a) == len(b) and a[-1] < b[-1] else "",
        )


@exercise("suspect_fit", weight=1)
def test_fit_ends_with_the_best_weights(submission, rng):
    """At the end the model has the state of the epoch with the smallest validation loss, buffers included."""
    train, validation = scripted_parts(rng)
    for script in ([1.5, 1.0, 3.0, 1.25, 2.0], [0.5, 1.5, 1.0], [3.0, 2.0, 1.0, 0.25, 0.5]):
        evidence = fit_run(submission, train, validation, script, 10, 0.1, 3, True)
        assert_length(evidence["weights"], len(script), name="validations")
        assert_close(evidence["losses"], script, name="losses")
        best, weights = int(np.argmin(script)), evidence["weights"]
        falls = [e for e in range(len(script)) if e == 0 or script[e] < script[e - 1]]
        pairs = [
            ("the weights are kept where the validation loss is largest.", weights[int(np.argmax(script))]),
            (KEPT_FIRST_ONLY, weights[0]),
            (KEPT_BEFORE, torch.linspace(-0.5, 0.5, 8, dtype=torch.float64).reshape(2, 4)),
        ]
        if falls[-1] != len(script) - 1:
            pairs.append((BEATS_PREVIOUS, weights[falls[-1]]))
        last = best != len(script) - 1 and np.allclose(as_array(evidence["final"]), as_array(weights[-1]), rtol=1e-9)
        assert_that(not last, "the weights at the end are those of the last epoch.", cause=_why_last(evidence, script))
        assert_close(evidence["final"], weights[best], name="the weights at the end", explain=told_by(pairs))
        cause = BUFFERS_LEFT if evidence["count"] == len(script) else ""
        message = f"a buffer at the end: expected {best + 1} calls counted, got {evidence['count']:g}."
        assert_that(evidence["count"] == best + 1, message, cause=cause)


def _why_last(evidence, script):
    """Why the model has the weights of the last epoch."""
    epochs = range(1, len(script) + 1)
    if not evidence["loads"]:
        return NEVER_LOADED
    if evidence["loads"][-1]:
        return STILL_REFERENCE
    if set(epochs) <= set(evidence["asked"]):
        return KEPT_EACH_EPOCH
    good = {e for e in epochs if script[e - 1] == min(script[:e])}
    return COPIED_LATE if set(evidence["asked"]) <= good | {len(script)} else ""
