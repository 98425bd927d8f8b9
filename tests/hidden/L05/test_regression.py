"""Hidden checks of L05: other sizes and values of what the exercises promise."""

import re
from contextlib import contextmanager
from itertools import combinations, permutations, product

import numpy as np
import torch

from autograder.checks import (
    CheckFailure,
    StudentError,
    as_array,
    assert_close,
    assert_length,
    assert_shape,
    assert_that,
    assert_trace,
    assert_type,
    assert_unchanged,
    exercise,
    numerical_vjp,
)
from autograder.data import digits, train_validation_test
from autograder.programs.regression import separation_program

SIGMAS = 5.0  # how far a random quantity may be from its mean


def assert_count(result, names, *, name):
    """Refuse anything but one value for each of ``names``."""
    wanted = ", ".join(names)
    if isinstance(result, np.ndarray) and result.ndim:
        found, counted = f"one array of shape {result.shape}", len(result) == len(names)
    else:
        counted = not isinstance(result, list | tuple) or len(result) == len(names)
        found = "" if counted else f"{len(result)} values"
    assert_that(
        counted,
        f"{name}: expected {len(names)} values, got {found}.",
        cause=f"{name} returns {len(names)} values, {wanted}, in this order; here come {found}.",
    )
    assert_length(result, len(names), name=name)


def assert_values(result, shapes, *, name):
    """Refuse anything but as many values as ``shapes`` names, each of its shape, in that order."""
    assert_count(result, shapes, name=name)
    got = [as_array(value, name=key).shape for key, value in zip(shapes, result, strict=True)]
    wanted = list(shapes.values())
    in_order = ", ".join(shapes)
    assert_that(
        got == wanted or sorted(got) != sorted(wanted) or len(set(wanted)) == 1,
        f"{name}: expected the shapes {wanted}, got {got}.",
        cause=f"the values come in another order: it is {in_order}.",
        name=name,
    )
    for key, value in zip(shapes, result, strict=True):
        assert_shape(value, shapes[key], name=key)


def is_close(a, b):
    """Whether two arrays of one shape are equal up to rounding."""
    return a.shape == b.shape and bool(np.abs(a - b).max() <= 1e-6 * np.abs(b).max())


@contextmanager
def causes(explain):
    """Give an error of the student's code the cause that ``explain`` finds in what was raised, if it finds one."""
    try:
        yield
    except StudentError as error:
        words = explain(error.raised)
        if not words:
            raise
        raise CheckFailure(str(error), cause=words) from error


def shapes_in(raised):
    """The shapes of the arrays in the expression that failed."""
    return [tuple(shape) for _, shape in raised.operands]


# --- linreg_closed_form ----------------------------------------------------------------------------------------------

BIAS_PENALISED = "The bias is penalised like a weight: only the weights are in the ridge penalty."
NO_BIAS = (
    "This is the w of a model without a bias, a fit through the origin: centre X and y first, or append ones to X."
)
L2_WITHOUT_N = (
    "The l2 is added to X.T @ X without the factor N: in J the squares are divided by N, and the penalty is not."
)
L2_DOUBLE = "The penalty is twice too strong: J has l2/2 times the squared norm, beside 1/(2N) times the squares."
L2_HALF = "The penalty is half as strong as it should be: J has 1/(2N) and l2/2, so both halves cancel."
L2_SQUARED = (
    "The rows added to X hold l2 (times sqrt(N)) instead of its root: their squares must add up to N l2 ||w||^2."
)
NO_L2 = "The penalty has no effect: this is the solution for l2 = 0."
SQUARED_CONDITION = (
    "X.T @ X squares the condition number, and half of the digits are lost: give X itself to `np.linalg.lstsq`."
)
CUT_OFF = "Small singular values of X are cut off: at a condition number of 10^6 they still count (`rcond=None`)."
NOT_LEAST_NORM = "This w fits as well as the best, but a shorter one does too: `np.linalg.lstsq` finds the shortest."
NORM_WITH_BIAS = (
    "This is the solution for which ||w||^2 + b^2 is smallest: b does not count in the norm. Centre X and y first, "
    "and there is no column of ones any more."
)
NOT_A_FIT = (
    "The fit is not the best: something that is 0 but for rounding (a singular value, a pivot) has been divided by. "
    "`np.linalg.lstsq` with `rcond=None` leaves such directions out."
)
B_IS_MEAN = "That is the mean of y: the weights have taken x_mean . w of it already."
B_OTHER_SIGN = "b is x_mean . w - y_mean: the sign is turned round."
B_ADDED = "b is y_mean + x_mean . w: what the weights give at the mean of X must be subtracted."


def ridge(X, y, l2, *, penalise_bias=False):
    """w and b of the ridge."""
    return penalised(X, y, [*[l2] * X.shape[1], l2 if penalise_bias else 0.0])


def penalised(X, y, penalty):
    """w and b from the normal equations of the model with a column of ones: another way than the solution's."""
    N = len(y)
    A = np.hstack([X, np.ones((N, 1))])
    v = torch.linalg.solve(torch.tensor(A.T @ A / N + np.diag(penalty)), torch.tensor(A.T @ y / N)).numpy()
    return v[:-1], v[-1]


def closed_form_error(raised):
    """Why the closed form raised."""
    if "Incompatible dimensions" in raised.message:
        return (
            "The matrix and the right side given to `lstsq` have different numbers of rows: each row that is added "
            "to the one needs a number (which?) in the other."
        )
    if "inhomogeneous" in raised.message and "shape was (4,)" in raised.message:
        return "`np.linalg.lstsq` returns four things, of which the solution is the first: take `[0]`."
    return ""


def wrong_ridge(X, y, l2):
    """Sentences for weights that people often get, with those weights."""
    N, D = X.shape
    through_origin = np.linalg.solve(X.T @ X / N + l2 * np.eye(D), X.T @ y / N)

    def moved(A):
        return np.linalg.pinv(A.T @ A / N + l2 * np.eye(D), rcond=1e-10) @ (A.T @ (y - y.mean()) / N)

    stacked = np.vstack([X, np.sqrt(N * l2) * np.eye(D)])  # centred only after the penalty's rows were added
    target = np.append(y, np.zeros(D))
    foreseen = {
        NO_BIAS: through_origin,
        "The bias acts on the penalty's rows, too: centre X and y first (or give those rows a 0 in the column of "
        "ones), then put the rows under them.": np.linalg.lstsq(
            stacked - stacked.mean(axis=0), target - target.mean(), rcond=None
        )[0],
        "Only one of X and y is centred: subtract the mean of X from X, too.": np.linalg.solve(
            X.T @ X / N + l2 * np.eye(D), X.T @ (y - y.mean()) / N
        ),
        "X is centred along its rows: each column has its mean subtracted, X.mean(axis=0).": (
            moved(X - X.mean(axis=1, keepdims=True))
        ),
        "One mean of all of X is subtracted: each column has its own, X.mean(axis=0).": moved(X - X.mean()),
    }
    if l2:
        foreseen |= {
            BIAS_PENALISED: ridge(X, y, l2, penalise_bias=True)[0],
            L2_WITHOUT_N: ridge(X, y, l2 / N)[0],
            "The bias is penalised like a weight, and the factor N is missing before l2.": ridge(
                X, y, l2 / N, penalise_bias=True
            )[0],
            L2_DOUBLE: ridge(X, y, 2 * l2)[0],
            L2_HALF: ridge(X, y, l2 / 2)[0],
            L2_SQUARED: ridge(X, y, l2**2)[0],
            "The rows added to X hold N l2 instead of its root: their squares must add up to N l2 ||w||^2.": ridge(
                X, y, N * l2**2
            )[0],
            NO_L2: least_norm(X, y, min(N - 1, D)),
            "There is one factor N too many before l2.": ridge(X, y, N * l2)[0],
            "The l2 is multiplied by N - 1: J has 1/(2N), so the factor is N.": ridge(X, y, l2 * (N - 1) / N)[0],
            "The penalty leaves out the last weight and counts the bias: where did you put the column of ones?": (
                penalised(X, y, [*[l2] * (D - 1), 0.0, l2])[0]
            ),
            "The penalty leaves out the first weight and counts the bias: where did you put the column of ones?": (
                penalised(X, y, [0.0, *[l2] * D])[0]
            ),
        }
        spread = X.std(axis=0)
        foreseen["The penalty is on the weights of standardised columns: J has those of X as it is."] = (
            ridge(X / spread, y, l2)[0] / spread
        )
    standardised = ridge(X / X.std(axis=0), y, l2)[0]
    foreseen["These are the weights of standardised columns: divide them by the standard deviations."] = standardised
    return foreseen


def jitter_cause(X, y, l2):
    """A function of (got, expected) that looks at the foreseen weights, then for a small number on the diagonal."""
    foreseen = wrong_ridge(X, y, l2)

    def cause(got, expected):
        for words, value in foreseen.items():
            if is_close(got, value) and not is_close(value, expected):
                return words
        for small in 10.0 ** np.arange(-12, -2):
            for added in (small, small / len(y)):
                if is_close(got, ridge(X, y, l2 + added)[0]) and np.abs(got - expected).max() > 0:
                    return "A small number is added to the diagonal, so that this is a ridge even for l2 = 0."
        gap = float(np.abs(got - expected).max() / np.abs(expected).max())
        if l2 == 0 and 1e-5 < gap < 0.05:
            return (
                "Close to the minimum, but not at it: an iteration that stops on the way, or a number that is cut off, "
                "is not enough. Solve the equations."
            )
        return ""

    return cause


def draw_regression(N, D, rng, *, scale=1.0):
    """Inputs with a mean that is not 0 and gaps in memory, and targets that are no linear function of them."""
    X = scale * (rng.normal(size=(N, 2 * D)) + rng.uniform(0.5, 2.0, size=2 * D))[:, ::2]
    return X, 3.0 + X @ rng.normal(size=D) / scale + rng.normal(size=N)


def fits(submission, cases):
    """What the student's closed form gives for each case, in the promised form."""
    with causes(closed_form_error):
        results = submission.linreg_closed_form.map(cases)
    for (X, _, _), result in zip(cases, results, strict=True):
        assert_values(result, {"w": (X.shape[1],), "b": ()}, name="linreg_closed_form")
    return results


@exercise("linreg_closed_form", condition=True)
def test_closed_form_returns_weights_and_a_number(submission, rng):
    """A pair (w, b) of shapes (D,) and (), and nothing is modified."""
    for l2 in (0.0, 0.3):
        X, y = draw_regression(7, 3, rng)
        with causes(closed_form_error):
            result, (X_after, y_after, _) = submission.linreg_closed_form.after(X, y, l2)
        assert_that(
            not (isinstance(result, list | tuple) and result and isinstance(result[0], tuple)),
            "w: expected an array, got a tuple.",
            cause="w is a tuple: `np.linalg.lstsq` returns four things, of which the solution is the first, `[0]`.",
        )
        assert_values(result, {"w": (3,), "b": ()}, name="linreg_closed_form")
        assert_unchanged(X_after, X, name="X")
        assert_unchanged(y_after, y, name="y")


@exercise("linreg_closed_form", weight=2)
def test_closed_form_least_squares(submission, rng):
    """Without a penalty, w is that of least squares with a bias."""
    cases = [
        (*draw_regression(N, D, rng, scale=scale), 0.0) for N, D, scale in ((9, 4, 1.0), (12, 5, 1e3), (8, 3, 0.01))
    ]
    for (X, y, l2), (w, _) in zip(cases, fits(submission, cases), strict=True):
        assert_close(w, ridge(X, y, l2)[0], name="w", explain=jitter_cause(X, y, l2))


@exercise("linreg_closed_form", weight=3)
def test_closed_form_ridge(submission, rng):
    """With a penalty, w minimises J, in which the bias is free."""
    cases = [(*draw_regression(N, D, rng), l2) for N, D, l2 in ((9, 4, 0.4), (11, 5, 3.7), (6, 8, 0.05))]
    for (X, y, l2), (w, _) in zip(cases, fits(submission, cases), strict=True):
        assert_close(w, ridge(X, y, l2)[0], name="w", explain=jitter_cause(X, y, l2))


@exercise("linreg_closed_form", weight=2)
def test_closed_form_bias(submission, rng):
    """With this w, b is the best bias: the residuals have mean zero."""
    cases = [(*draw_regression(N, D, rng), l2) for N, D, l2 in ((9, 4, 0.0), (11, 5, 0.8))]
    for (X, y, _), (w, b) in zip(cases, fits(submission, cases), strict=True):
        explain = {
            B_IS_MEAN: y.mean(),
            B_OTHER_SIGN: X.mean(axis=0) @ as_array(w) - y.mean(),
            B_ADDED: X.mean(axis=0) @ as_array(w) + y.mean(),
            "b is 0: the model has a bias.": 0.0,
            "b is the sum of the residuals y - X w: it is their mean.": (y - X @ as_array(w)).sum(),
            "b is taken from the first example alone: it is the mean of y - X w over all of them.": (
                y[0] - X[0] @ as_array(w)
            ),
        }
        assert_close(b, y.mean() - X.mean(axis=0) @ as_array(w), name="b", explain=explain)


def centred_basis(N, k, rng):
    """k orthonormal columns (N, k) that are orthogonal to the ones."""
    return np.linalg.qr(np.hstack([np.ones((N, 1)), rng.normal(size=(N, k))]))[0][:, 1:]


@exercise("linreg_closed_form", weight=2)
def test_closed_form_keeps_its_digits(submission, rng):
    """At a condition number of a million, w is right to six digits."""
    for N, D in ((14, 4), (17, 5), (11, 3)):
        right = np.linalg.qr(rng.normal(size=(D, D)))[0]
        X = centred_basis(N, D, rng) @ np.diag(np.geomspace(2.0, 2e-6, D)) @ right + rng.uniform(-1, 1, size=D)
        w = rng.uniform(1, 2, size=D) * rng.choice([-1, 1], size=D)
        y = X @ w - (X @ w).mean()  # no noise, so that w is the minimiser to the last digits
        ((got, _),) = fits(submission, [(X, y, 0.0)])
        got = as_array(got, name="w")
        error = float(np.abs(got - w).max() / np.abs(w).max())
        u, s, vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
        cut = vt[:-1].T @ (u[:, :-1].T @ y / s[:-1])
        cause = SQUARED_CONDITION if error < 10 else ""  # not so for infinity and NaN
        if np.abs(got - cut).max() < 1e-3:
            cause = CUT_OFF
        assert_that(error < 1e-6, f"w: expected a relative error below 1e-6, got {error:.2g}.", cause=cause, name="w")


def least_norm(X, y, rank):
    """The shortest of the best w, by singular values of which the first ``rank`` are not 0."""
    u, s, vt = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    return vt[:rank].T @ (u[:, :rank].T @ (y - y.mean()) / s[:rank])


def least_norm_cause(X, y):
    """A function of (got, expected) that says what is wrong with a w where there are many."""
    with_ones = np.hstack([X, np.ones((len(y), 1))])
    u, s, vt = np.linalg.svd(with_ones, full_matrices=False)
    keep = s > 1e-10 * s[0]
    counted = vt[keep].T @ (u[:, keep].T @ y / s[keep])
    origin = np.linalg.pinv(X, rcond=1e-10) @ y

    def cause(got, expected):
        if np.abs(got - expected).max() < 1e-3 * np.abs(expected).max():
            return ""
        if np.abs(got - counted[:-1]).max() < 1e-6 * np.abs(counted).max():
            return NORM_WITH_BIAS
        if np.abs(got - origin).max() < 1e-6 * np.abs(origin).max():
            return NO_BIAS
        if not np.isfinite(got).all():
            return NOT_A_FIT
        residual = (X - X.mean(axis=0)) @ (got - expected)
        return NOT_A_FIT if np.abs(residual).max() > 1e-6 * np.abs(y).max() else NOT_LEAST_NORM

    return cause


def draw_dependent(draw, rank, rng):
    """Inputs of a rank below full, for which every sound solver sees the rank: what should be 0 is below rounding."""
    while True:
        X = draw(rng)
        A = X - X.mean(axis=0)
        padded = np.vstack([A, np.zeros((X.shape[1], X.shape[1]))])
        sizes = [np.linalg.svd(M, compute_uv=False) for M in (A, padded, A / np.sqrt(len(X)))]
        if all(s[rank:].max(initial=0.0) < 1e-16 * s[0] and s[rank - 1] > 0.03 * s[0] for s in sizes):
            return X


def repeated_columns(rng):
    """Three columns, the first of them once more, and a difference of two."""
    X = rng.integers(-4, 5, size=(10, 3)) + 1.0
    return np.hstack([X, X[:, :1], X[:, :1] - 2 * X[:, 1:2]])


def indicator_columns(rng):
    """Three indicators that add up to 1, and a fourth column."""
    return np.hstack([np.eye(3)[rng.permutation(np.arange(12) % 3)], rng.integers(-4, 5, size=(12, 1)) + 1.0])


def wide(rng):
    """Fewer rows than columns."""
    return rng.normal(size=(4, 6)) + 1.0


@exercise("linreg_closed_form", weight=2)
def test_closed_form_of_dependent_columns(submission, rng):
    """Where a column is a combination of others, w is the shortest of the best."""
    X = draw_dependent(repeated_columns, 3, rng)
    y = 3.0 + X @ rng.normal(size=5) + rng.normal(size=10)
    ((w, _),) = fits(submission, [(X, y, 0.0)])
    assert_close(w, least_norm(X, y, 3), name="w", explain=least_norm_cause(X, y))


@exercise("linreg_closed_form", weight=2)
def test_closed_form_where_a_bias_could_hide(submission, rng):
    """Indicators that add up to one, and fewer rows than columns: w is the shortest, whatever b is."""
    indicators = draw_dependent(indicator_columns, 3, rng)
    y = indicators @ [2.0, 5.0, 11.0, 0.7] + rng.normal(size=12)
    for X, target in ((indicators, y), (draw_dependent(wide, 3, rng), rng.normal(size=4) + 2.0)):
        ((w, _),) = fits(submission, [(X, target, 0.0)])
        assert_close(w, least_norm(X, target, 3), name="w", explain=least_norm_cause(X, target))


# --- linreg_loss_grad ------------------------------------------------------------------------------------------------

TWO_OVER_N = "The gradient has 2/N: the 1/2 in J cancels the 2 of the square, and 1/N is left."
NOT_DIVIDED = "The gradient is not divided by N: J is a mean over the examples."
DIVIDED_TWICE = "The gradient is divided by N twice."
PENALTY_MISSING = "The penalty's gradient, l2 w, is missing."
PENALTY_DOUBLE = "The penalty's gradient is 2 l2 w: the 1/2 in J cancels that 2."
PENALTY_HALF = "The penalty's gradient is l2/2 w: the square's 2 cancels the 1/2."
PENALTY_OVER_N = "The penalty's gradient is divided by N: in J the penalty is not."
RESIDUAL_TURNED = "The residual is y - (X w + b): the gradient needs it the other way round."
BIAS_IN_PENALTY = "The bias is in the penalty: only w is."
COLUMN_MINUS_ROW = "A column (N, 1) minus a row (N,) is an (N, N) table of all differences: keep every vector (N,)."


def linear_loss(w, b, X, y, l2):
    """J, as the exercise defines it."""
    return float(np.mean((X @ w + b - y) ** 2) / 2 + l2 / 2 * np.sum(w**2))


def linear_case(N, D, l2, rng):
    """Weights, a bias, inputs with gaps in memory, targets, and the strength of the penalty."""
    X, y = draw_regression(N, D, rng)
    w = rng.uniform(0.5, 2.0, size=D) * np.where(np.arange(D) % 2, 1.0, -1.0)  # both signs
    return w, float(rng.uniform(-2.0, -0.5)), X, y, l2


def linear_cases(rng):
    """Few and many examples, one without a penalty, one with large targets."""
    cases = [linear_case(N, D, l2, rng) for N, D, l2 in ((7, 4, 0.3), (5, 6, 0.0), (9, 5, 2.1))]
    w, b, X, y, l2 = linear_case(6, 4, 0.5, rng)
    return [*cases, (w, b, 1e3 * X, 1e3 * y, l2)]


def linear_error(raised):
    """Why the loss and its gradient raised."""
    shapes = shapes_in(raised)
    product_of_two = "mismatch" in raised.message and len(shapes) == 2
    if product_of_two and len(shapes[0]) == 2 and shapes[1] == shapes[0][:1]:
        return "For d_w each column of X meets the residuals, and here each row does: X.T @ r is (D, N) @ (N,) -> (D,)."
    return ""


def linear_results(submission, rng):
    """(case, result) for each case, in the promised form."""
    cases = linear_cases(rng)
    with causes(linear_error):
        results = submission.linreg_loss_grad.map(cases)
    for case, result in zip(cases, results, strict=True):
        assert_values(result, {"loss": (), "d_w": case[0].shape, "d_b": ()}, name="linreg_loss_grad")
    return list(zip(cases, results, strict=True))


@exercise("linreg_loss_grad", condition=True)
def test_linear_gradient_leaves_its_arguments_alone(submission, rng):
    """Three values, and no argument is modified."""
    case = linear_case(6, 3, 0.4, rng)
    with causes(linear_error):
        result, after = submission.linreg_loss_grad.after(*case)
    assert_count(result, ("loss", "d_w", "d_b"), name="linreg_loss_grad")
    for now, before, name in zip(after, case, ("w", "b", "X", "y", "l2"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("linreg_loss_grad", weight=2)
def test_linear_loss(submission, rng):
    """The loss is J, with its 1/2, its 1/N and its penalty on w alone."""
    for (w, b, X, y, l2), (loss, d_w, _) in linear_results(submission, rng):
        r, squares = X @ w + b - y, np.sum(w**2)
        N, mean = len(y), float(np.mean((X @ w + b - y) ** 2))
        explain = {
            "The 1/2 before the squared residuals is missing.": mean + l2 / 2 * squares,
            "Both factors 1/2 are missing.": mean + l2 * squares,
            "The squared residuals are not divided by N.": np.sum(r**2) / 2 + l2 / 2 * squares,
            "The loss is without the penalty.": mean / 2,
            "The 1/2 before the penalty is missing.": mean / 2 + l2 * squares,
            "The penalty has ||w||, not its square.": mean / 2 + l2 / 2 * np.sqrt(squares),
            "The penalty is divided by N: in J it is not.": mean / 2 + l2 / 2 * squares / N,
            "The penalty has the mean of the squared weights: J has their sum.": mean / 2 + l2 / 2 * np.mean(w**2),
            BIAS_IN_PENALTY: mean / 2 + l2 / 2 * (squares + b * b),
            "The squares are divided by N - 1: J has 1/(2N).": mean / 2 * N / (N - 1) + l2 / 2 * squares,
            "The bias is missing in the predictions.": linear_loss(w, 0.0, X, y, l2),
            "The residuals are not squared: these are their absolute values.": np.abs(r).mean() / 2 + l2 / 2 * squares,
            "That has the root of the mean square: J has the mean square itself.": np.sqrt(mean) / 2 + l2 / 2 * squares,
            "The penalty is l2 ||w||: J has l2/2 times the square of the norm.": mean / 2 + l2 * np.sqrt(squares),
            "The penalty has the sum of the weights, not of their squares.": mean / 2 + l2 / 2 * w.sum(),
            COLUMN_MINUS_ROW: np.mean(((X @ w + b)[:, None] - y) ** 2) / 2 + l2 / 2 * squares,
            COLUMN_MINUS_ROW + " The loss adds them all up.": (
                np.sum(((X @ w + b)[:, None] - y) ** 2) / (2 * N) + l2 / 2 * squares
            ),
            "The penalty is added once for each example: it is added once in all, outside of the loop.": (
                mean / 2 + N * l2 / 2 * squares
            ),
            "The squares are divided by the number of columns: N is the number of rows.": (
                mean / 2 * N / len(w) + l2 / 2 * squares
            ),
            "That has the root of the mean square: J has half of the mean square.": np.sqrt(mean) + l2 / 2 * squares,
            "The penalty has the absolute values of w: J has their squares.": mean / 2 + l2 / 2 * np.abs(w).sum(),
            "The penalty has the absolute values of w: J has half of their squares.": mean / 2 + l2 * np.abs(w).sum(),
            "The penalty of the loss has d_w in the place of w: has w been overwritten before?": (
                mean / 2 + l2 / 2 * np.sum(as_array(d_w) ** 2)
            ),
            "The residuals are summed before they are squared: square each of them.": (
                r.sum() ** 2 / (2 * N) + l2 / 2 * squares
            ),
            "That is the square of the mean residual: J has the mean of the squares.": (
                r.mean() ** 2 / 2 + l2 / 2 * squares
            ),
        }
        assert_close(loss, linear_loss(w, b, X, y, l2), name="loss", explain=explain)


@exercise("linreg_loss_grad", weight=3)
def test_linear_gradient_of_the_weights(submission, rng):
    """d_w agrees with central differences of J."""
    for (w, b, X, y, l2), (_, d_w, _) in linear_results(submission, rng):
        expected = numerical_vjp(
            lambda w, b=b, X=X, y=y, l2=l2: np.array(linear_loss(w, b, X, y, l2)), w, np.array(1.0)
        )
        r, N = X @ w + b - y, len(y)
        data = X.T @ r / N
        table = np.sum((X @ w + b)[:, None] - y, axis=1)
        explain = {
            TWO_OVER_N: 2 * data + l2 * w,
            "The gradient is that of a loss without either 1/2: J has both.": 2 * (data + l2 * w),
            NOT_DIVIDED: N * data + l2 * w,
            "The data's part is 2 X.T r: it is 1/N X.T r, for J is half of a mean.": 2 * N * data + l2 * w,
            DIVIDED_TWICE: data / N + l2 * w,
            PENALTY_DOUBLE: data + 2 * l2 * w,
            PENALTY_HALF: data + l2 / 2 * w,
            PENALTY_OVER_N: data + l2 / N * w,
            RESIDUAL_TURNED: -data + l2 * w,
            "The penalty's gradient has the wrong sign.": data - l2 * w,
            "The bias is missing in the predictions.": X.T @ (X @ w - y) / N + l2 * w,
            COLUMN_MINUS_ROW: X.T @ table / N + l2 * w,
            "The penalty's gradient is added once for each example: it is added once in all, outside of the loop.": (
                data + N * l2 * w
            ),
            "The penalty's gradient is the same number for every weight: it is l2 times w itself.": data + l2 * w.sum(),
            "The data's part is one number, a mean over everything: it has one entry for each weight.": (
                np.mean(X * r[:, None]) + l2 * w
            ),
            "The data's part is one number for all weights: X.T @ r has one entry for each, to be divided by N.": (
                np.mean(X.T @ r) + l2 * w
            ),
            "The data's part is one number, a sum over everything: it has one entry for each weight.": (
                np.sum(X.T @ r) / N + l2 * w
            ),
            "The products of residuals and inputs are averaged over the columns, too.": data / len(w) + l2 * w,
            "The gradient is divided by the number of columns: it is the number of rows, N.": N * data / len(w)
            + l2 * w,
            "The gradient is divided by N - 1: J has 1/(2N).": data * N / (N - 1) + l2 * w,
            "The penalty's gradient has the absolute values of w: it is l2 w, with its signs.": data + l2 * np.abs(w),
            "The penalty's gradient has the signs of w: it is l2 w.": data + l2 * np.sign(w),
            PENALTY_MISSING: data,
        }
        assert_close(d_w, expected, name="d_w", explain=explain, dims={"examples": N})


@exercise("linreg_loss_grad", weight=2)
def test_linear_gradient_of_the_bias(submission, rng):
    """d_b agrees with central differences of J."""
    for (w, b, X, y, l2), (_, _, d_b) in linear_results(submission, rng):
        r, N = X @ w + b - y, len(y)
        expected = (linear_loss(w, b + 1e-4, X, y, l2) - linear_loss(w, b - 1e-4, X, y, l2)) / 2e-4  # J is quadratic
        explain = {
            "d_b is the sum of the residuals: it is their mean, for J is a mean.": r.sum(),
            "d_b has a factor 2: the 1/2 in J cancels the 2 of the square.": 2 * r.mean(),
            "d_b is 2 times the sum of the residuals: it is their mean.": 2 * r.sum(),
            RESIDUAL_TURNED: -r.mean(),
            "The bias is in the penalty: only w is, so d_b has no l2.": r.mean() + l2 * b,
            "d_b is 0: the bias moves every prediction, so it has a derivative.": 0.0,
            "d_b is divided by N twice.": r.mean() / N,
            "The bias is missing in the predictions.": (X @ w - y).mean(),
            "d_b is the mean of the absolute residuals: their signs matter.": np.abs(r).mean(),
            "d_b is the loss's mean squared residual.": np.mean(r * r),
        }
        assert_close(d_b, expected, name="d_b", explain=explain)


# --- minibatches -----------------------------------------------------------------------------------------------------

TAIL_DROPPED = "The last, smaller batch is left out: its examples would never be used."
TAIL_PADDED = "The last batch is filled up with indices that have been used already: leave it smaller."
EQUAL_PARTS = (
    "The batches are of nearly equal size (`np.array_split`): all but the last have exactly batch_size indices."
)
REPLACEMENT = "Some indices come twice and others never: draw one permutation, and cut it."
NOT_SHUFFLED = "The order is always the same: draw a permutation from `rng`."
OWN_SEED = "The order does not come from `rng`: a generator made inside the function, or none, replaces it."
GLOBAL_STATE = "The order comes from NumPy's global generator (`np.random...`): draw it from `rng`."
BLOCKS_KEPT = (
    "Some indices never come into one batch: the natural order is cut, and shuffled only afterwards (or it is only "
    "reversed, or moved on). Shuffle the indices, then cut."
)
EMPTY_LAST = "There is an empty batch at the end: where batch_size divides n, nothing is left over."


def all_batches(student, requests):
    """The batches of one epoch for each (n, batch_size, rng), and whether NumPy's global generator was used."""
    found = []
    for n, batch_size, rng in requests:
        np.random.seed(12345)
        batches = list(student.minibatches(n, batch_size, rng))
        found.append({"batches": batches, "global": np.random.random() != 0.9296160928171479})
    return found


def epochs_of(student, n, batch_size, epochs, rng):
    """The batches of many epochs, drawn from one generator."""
    return [list(student.minibatches(n, batch_size, rng)) for _ in range(epochs)]


def generator(rng):
    """A new generator, drawn from the check's."""
    return np.random.default_rng(int(rng.integers(2**32)))


def empty_cause(batches, i, batch_size):
    """Why batch i is empty, and not the last."""
    sizes = [np.size(batch) for batch in batches]
    if sizes[0] == batch_size - 1:
        return "A batch has one index too few: a slice leaves out its end, start : start + batch_size."
    if sizes[0] == batch_size and not any(sizes[i:]):
        return "Only the first batch holds anything: a slice goes from start to start + batch_size."
    return ""


def assert_batches(batches, n, batch_size):
    """Refuse anything but arrays of integers; give them."""
    for i, batch in enumerate(batches):
        assert_that(
            not isinstance(batch, tuple),
            f"batch {i}: expected an array of indices, got a tuple.",
            cause="A batch is one array of indices, and nothing beside it: here a tuple comes.",
        )
        if np.size(batch) == 0 and i + 1 < len(batches):
            raise CheckFailure(f"batch {i}: it is empty.", cause=empty_cause(batches, i, batch_size))
        array = as_array(batch, name=f"batch {i}")
        assert_that(
            array.ndim == 1,
            f"batch {i}: expected a one-dimensional array of indices, got shape {array.shape}.",
            cause="The batches are single numbers, so what comes back is one array of indices: is there a `return` (or "
            "a `yield from`) in the place of one `yield`, or one list entry, for each slice?"
            if array.ndim == 0
            else "",
        )
        assert_that(array.size > 0, f"batch {i}: it is empty.", cause=EMPTY_LAST)
        assert_that(
            array.dtype.kind in "iu",
            f"batch {i}: expected integers, got dtype {array.dtype}.",
            cause="an array of floats cannot pick rows." if array.dtype.kind == "f" else "",
        )
    return [as_array(batch) for batch in batches]


def through_returning_shuffle(student, n, batch_size, seed):
    """How many batches come if `rng.shuffle` returned what it shuffles."""
    import numpy as np

    class Returning(np.random.Generator):
        def shuffle(self, x, axis=0):
            super().shuffle(x, axis)
            return x

    return len(list(student.minibatches(n, batch_size, Returning(np.random.PCG64(seed)))))


def batches_error(submission):
    """A function of what was raised that says why `minibatches` did."""

    def explain(raised):
        if "cannot reshape" in raised.message:
            return "Only full batches have the shape of a table: the last may be smaller, so cut slices from the order."
        if "equal division" in raised.message:
            return "`np.split` with a number wants equal parts: the last batch may be smaller. Cut slices instead."
        if "NoneType" in raised.message:
            try:
                submission.run(through_returning_shuffle, 11, 4, 0)
            except StudentError:
                return ""
            return (
                "`rng.shuffle(x)` changes x itself and returns None: call it on a line of its own, or use what "
                "`rng.permutation(n)` returns."
            )
        return ""

    return explain


CUTS = ((11, 4), (12, 4), (3, 5), (7, 1), (9, 2), (10, 4), (6, 6))


@exercise("minibatches", condition=True)
def test_batches_are_arrays_of_integers(submission, rng):
    """One-dimensional arrays of integers, none of them empty; the global random state is left alone."""
    requests = [(n, size, generator(rng)) for n, size in CUTS]
    with causes(batches_error(submission)):
        results = submission.run(all_batches, requests)
    for (n, size, _), found in zip(requests, results, strict=True):
        assert_batches(found["batches"], n, size)
        assert_that(
            not any(isinstance(batch, list) for batch in found["batches"]),
            "batch 0: expected an array of integers, got a list.",
            cause="A batch is a list of integers: make it an array (slice the array of `rng.permutation` itself).",
        )
        assert_that(not found["global"], "NumPy's global random state was used.", cause=GLOBAL_STATE)


@exercise("minibatches", weight=3)
def test_batches_cover_every_index_once(submission, rng):  # noqa: C901 - one short branch for each cause
    """Together the batches hold every index from 0 to n - 1, each once."""
    requests = [(n, size, generator(rng)) for n, size in CUTS]
    for (n, size, _), found in zip(requests, submission.run(all_batches, requests), strict=True):
        batches = assert_batches(found["batches"], n, size)
        got = np.concatenate([*batches, np.empty(0, int)]).astype(int)
        counts = np.bincount(got[(got >= 0) & (got < n)], minlength=n)
        outside = (got < 0) | (got >= n)
        missing, twice = int((counts == 0).sum()), int((counts > 1).sum())
        cause = ""
        if len(got) < n and missing == n % size and not twice and not outside.any():
            cause = TAIL_DROPPED
        elif outside.any() and got.min() == 1 and got.max() == n:
            cause = "The indices go from 1 to n: Python counts from 0."
        elif twice and not missing and len(got) % size == 0 and n % size:
            cause = TAIL_PADDED
        elif twice and not missing and not outside.any() and len(batches) == n and len(batches[0]) == size > 1:
            cause = "A batch begins at every index: the beginnings are batch_size apart, range(0, n, batch_size)."
        elif twice and missing and not outside.any():
            cause = REPLACEMENT
        elif len(batches) == 1 and n > size and len(got) == size:
            cause = "Only one batch comes: an epoch has as many as it takes to use every index."
        elif not outside.any() and missing == 1 and not twice and size == 1:
            cause = (
                "The last entry of the order is left out where it is a batch of its own: does the loop stop at n - 1?"
            )
        elif not outside.any() and missing == 1 and not twice and counts[-1] == 0:
            cause = "The last index, n - 1, never comes."
        elif len(batches) > 1 and len(batches[0]) == size - 1:
            cause = "A batch has one index too few: a slice leaves out its end, start : start + batch_size."
        elif len(batches) > 1 and len(batches[0]) == size + 1:
            cause = "A batch has one index too many: start : start + batch_size are batch_size entries."
        assert_that(
            not missing and not twice and not outside.any(),
            f"of the n indices, {missing} are missing and {twice} come more than once; "
            f"{int(outside.sum())} are outside 0 .. n - 1.",
            cause=cause,
        )


@exercise("minibatches", weight=2)
def test_batches_have_the_right_sizes(submission, rng):
    """All batches have batch_size indices, except that the last may have fewer."""
    requests = [(n, size, generator(rng)) for n, size in CUTS]
    for (n, size, _), found in zip(requests, submission.run(all_batches, requests), strict=True):
        sizes = [len(batch) for batch in assert_batches(found["batches"], n, size)]
        expected = [size] * (n // size) + [n % size] * (n % size > 0)
        cause = ""
        if sizes == expected[: n // size] and len(sizes) < len(expected):
            cause = TAIL_DROPPED
        elif sizes != expected and sorted(sizes) == sorted(expected):
            cause = "The smaller batch is not the last one: shuffle indices, not batches, and cut from the beginning."
        elif len(expected) > 1 and sizes == [*expected[:-2], expected[-2] + expected[-1]]:
            cause = "What is left over has been added to the batch before: it is a batch of its own."
        elif sizes == [len(part) for part in np.array_split(np.arange(n), max(1, -(-n // size)))] or sizes == [
            len(part) for part in np.array_split(np.arange(n), max(1, n // size))
        ]:
            cause = EQUAL_PARTS
        elif len(sizes) == size != len(expected):
            cause = "There are batch_size batches: batch_size is how many indices each of them has."
        elif sizes and set(sizes) == {size} and n % size:
            cause = TAIL_PADDED
        shown = f"expected the sizes {expected}, got {sizes}." if len(sizes) < 15 else f"got {len(sizes)} batches."
        assert_that(sizes == expected, f"n = {n}, batch_size = {size}: {shown}", cause=cause)


@exercise("minibatches", weight=2)
def test_batches_come_from_the_generator(submission, rng):
    """Equal generators give equal batches; another one, and a second epoch with the same, gives others."""
    seed = int(rng.integers(2**32))
    generators = [np.random.default_rng(s) for s in (seed, seed, seed + 1)]
    first, again, other = submission.run(all_batches, [(23, 5, g) for g in generators])
    two = submission.run(epochs_of, 23, 5, 2, np.random.default_rng(seed))
    orders = [
        np.concatenate(assert_batches(b, 23, 5)) for b in (first["batches"], again["batches"], other["batches"], *two)
    ]
    assert_that(all(len(order) for order in orders), "there are no batches.")

    def equal(i, j):
        return np.array_equal(orders[i], orders[j])

    in_order = all(np.array_equal(order, np.sort(order)) for order in orders)
    assert_that(not in_order, "The indices come in their natural order.", cause=NOT_SHUFFLED)
    assert_that(equal(0, 1), "Two generators in the same state gave different batches.", cause=OWN_SEED)
    assert_that(not equal(0, 2), "Another generator gave the same batches.", cause=OWN_SEED)
    assert_that(
        not equal(3, 4),
        "Two epochs with one generator have the same order.",
        cause="The order must be new at every call: is it stored, or is `rng` copied or seeded anew?",
    )


@exercise("minibatches", weight=2)
def test_batches_are_uniformly_random(submission, rng):
    """Over many epochs, each index is equally often in each batch, and with each other index."""
    n, size, epochs = 5, 2, 900
    drawn = submission.run(epochs_of, n, size, epochs, generator(rng))
    first, together = np.zeros(n), np.zeros((n, n))
    for batches in drawn:
        arrays = assert_batches(batches, n, size)
        start = arrays[0][:size] if arrays else np.empty(0, int)
        assert_that(bool((start < n).all()), "an index is n or larger.")
        first[start] += 1
        together[np.ix_(start, start)] += 1
    p = size / n
    apart = SIGMAS * np.sqrt(epochs * p * (1 - p))
    pair = size * (size - 1) / (n * (n - 1))
    bound = SIGMAS * np.sqrt(epochs * pair * (1 - pair))
    pairs = together[np.triu_indices(n, 1)]
    blocks = bool((pairs == 0).any() and len(drawn) and first.any())
    fair = np.abs(first - epochs * p).max() < apart and np.abs(pairs - epochs * pair).max() < bound
    always_same = len({tuple(np.concatenate(b).tolist()) for b in drawn if b}) == 1
    assert_that(
        bool(fair),
        f"in {epochs} epochs of five indices in batches of two, the first batch held the indices "
        f"{first.astype(int).tolist()} times, expected about {epochs * p:.0f} each; "
        f"two given ones are in it together between {int(pairs.min())} and {int(pairs.max())} times, "
        f"expected about {epochs * pair:.0f}.",
        cause=NOT_SHUFFLED if always_same else BLOCKS_KEPT if blocks else "",
    )


# --- logreg_loss_grad ------------------------------------------------------------------------------------------------

NOT_FINITE = (
    "The loss of an example is infinite or NaN: p has rounded to 0 or 1 before its logarithm is taken, or e^z has "
    "overflowed. Write -log p as log(1 + e^-z), and let `np.logaddexp(0, -z)` compute that."
)
CLIPPED = (
    "The loss of an example stops growing: p (or z) is clipped, or a small number is added inside the logarithm. "
    "Write the loss as a function of z instead: -log p is log(1 + e^-z)."
)
SUM_NOT_MEAN = "The losses are added up: a mean divides by the sum of the weights, which is N where there are none."
PLUS_MINUS_ONE = "That is the formula for labels -1 and 1, log(1 + e^(-y z)): here labels are 0 and 1."
BY_N = "The sum is divided by N: a weighted mean is divided by the sum of the weights."
WEIGHTS_IGNORED = "sample_weight has no effect on the loss."


def log1pexp(z):
    """log(1 + e^z), entry by entry, for any z."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def logistic_losses(w, X, y):
    """The loss of each example: log(1 + e^-z) for label 1, log(1 + e^z) for label 0."""
    return log1pexp(np.where(y == 1, -(X @ w), X @ w))


def logistic_loss(w, X, y, s=None):
    """The weighted mean."""
    return float(np.average(logistic_losses(w, X, y), weights=s))


def logistic_gradient(w, X, y, s=None):
    """The gradient of the trusted loss by central differences."""
    return numerical_vjp(lambda w: np.array(logistic_loss(w, X, y, s)), w, np.array(1.0))


def draw_labelled(N, D, rng):
    """Weights, inputs with gaps in memory, and labels of which both kinds occur."""
    X = rng.normal(size=(N, 2 * D))[:, ::2] + 0.3
    y = rng.permutation((np.arange(N) % 3 == 0).astype(np.int64))
    return rng.normal(size=D), X, y


def logistic_results(submission, cases):
    """What comes back for each case, in the promised form."""
    with causes(logistic_error):
        results = submission.logreg_loss_grad.map(cases)
    for case, result in zip(cases, results, strict=True):
        assert_count(result, ("loss", "d_w"), name="logreg_loss_grad")
        assert_that(
            as_array(result[1], name="d_w").shape != (len(case[0]) + 1,),
            "d_w: it has one entry more than w.",
            cause="A column of ones is added to X: it is there already where a bias is wanted, and none is added here.",
        )
        assert_values(result, {"loss": (), "d_w": case[0].shape}, name="logreg_loss_grad")
    return results


def logistic_error(raised):
    """Why the logistic loss raised."""
    if "truth value of an array" in raised.message and "sample_weight" in raised.code:
        return "An array is neither true nor false: ask whether `sample_weight is None`."
    if "Axis must be specified" in raised.message:
        return "`np.average` is given a table here and one weight a row: `axis=0` makes one mean for each column."
    return ""


def wrong_logistic_losses(w, X, y, s=None):
    """Sentences for losses that people often get, with those losses."""
    each = logistic_losses(w, X, y)
    weights, N = np.ones(len(y)) if s is None else s, len(y)
    z = X @ w
    foreseen = {
        PLUS_MINUS_ONE: np.average(log1pexp(-y * z), weights=weights),
        "The labels are turned round: -log p belongs to label 1.": np.average(
            log1pexp(np.where(y == 0, -z, z)), weights=weights
        ),
        "log(1 + e^-z) and - y z do not belong together: it is log(1 + e^z) - y z.": np.average(
            log1pexp(-z) - y * z, weights=weights
        ),
        "The sign of y z is turned round: the loss is log(1 + e^z) - y z.": np.average(
            log1pexp(z) + y * z, weights=weights
        ),
        "Every example is treated as if its label were 1.": np.average(log1pexp(-z), weights=weights),
        "Every example is treated as if its label were 0.": np.average(log1pexp(z), weights=weights),
        "Only the examples with label 1 count: those with label 0 have the loss -log(1 - p).": np.average(
            each * (y == 1), weights=weights
        ),
        "The sign is wrong: a loss is -log p, which is positive.": -np.average(each, weights=weights),
        "That is the mean squared error of p: the logistic loss is -log p of the right class.": np.average(
            (1 / (1 + np.exp(-z)) - y) ** 2, weights=weights
        ),
        "That is the hinge loss, max(0, 1 - margin): the logistic loss is -log p.": np.average(
            np.maximum(0, 1 - (2 * y - 1) * z), weights=weights
        ),
        "`np.logaddexp2` is log2(2^a + 2^b): here powers and logarithms are natural (`np.logaddexp`).": np.average(
            log1pexp(np.where(y == 1, -z, z) * np.log(2)) / np.log(2), weights=weights
        ),
        "The logarithm is to the base 2: here logarithms are natural.": np.average(each, weights=weights) / np.log(2),
    }
    if s is None:
        foreseen[SUM_NOT_MEAN] = each.sum()
    else:
        foreseen |= {
            BY_N: (s * each).sum() / N,
            WEIGHTS_IGNORED: each.mean(),
            SUM_NOT_MEAN: (s * each).sum(),
            "The roots of the weights are used: the weights themselves are wanted.": np.average(
                each, weights=np.sqrt(s)
            ),
            "The weights are squared: is each example weighted twice?": np.average(each, weights=s * s),
            "The weights multiply the scores: they multiply the losses.": logistic_loss(w, s[:, None] * X, y),
        }
    return foreseen


def wrong_logistic_gradients(w, X, y, s=None):
    """Sentences for gradients that people often get, with those gradients."""
    weights, N = np.ones(len(y)) if s is None else s, len(y)
    z = X @ w
    p = 1 / (1 + np.exp(-z))

    def gradient(d_z):
        return X.T @ (weights * d_z) / weights.sum()

    right = gradient(p - y)
    foreseen = {
        "The gradient has the opposite sign: it is X.T (p - y), not X.T (y - p).": -right,
        "There is a factor p (1 - p) too many: in the derivative of -log p it has cancelled.": gradient(
            (p - y) * p * (1 - p)
        ),
        "That is the gradient for the squared error of p: the logistic loss has no factor p (1 - p).": gradient(
            2 * (p - y) * p * (1 - p)
        ),
        "The scores z stand where the probabilities p = sigmoid(z) belong.": gradient(z - y),
        "The thresholded prediction (0 or 1) stands where the probability belongs.": gradient((z > 0) - y),
        "That is the gradient for labels -1 and 1; here they are 0 and 1.": gradient(-y * (1 / (1 + np.exp(y * z)))),
    }
    if s is None:
        foreseen["The gradient is the sum over the examples: the loss is a mean."] = right * N
        foreseen["The gradient is divided by N twice."] = right / N
    else:
        foreseen |= {
            "The gradient is divided by N: a weighted mean is divided by the sum of the weights.": right * s.sum() / N,
            "The loss is weighted and its gradient is not.": X.T @ (p - y) / N,
            "The gradient's weighted sum is not divided by the sum of the weights.": right * s.sum(),
            "The weights are squared in the gradient: is each example weighted twice?": (
                X.T @ (s * s * (p - y)) / (s * s).sum()
            ),
            "The weights stand twice in the gradient's sum.": X.T @ (s * s * (p - y)) / s.sum(),
            "The gradient is weighted, but divided by the number of examples and the weights' sum.": right / N,
        }
    return foreseen


def assert_none_stands_for_ones(submission, case):
    """Refuse a function that cannot do without weights, and could with them."""
    try:
        submission.logreg_loss_grad(*case)
    except StudentError:
        submission.logreg_loss_grad(*case, np.ones(len(case[2])))  # where this raises, too, it says why
        assert_that(
            False,
            "without sample_weight it raises an error, with weights of 1 it does not.",
            cause="sample_weight is None unless it is given: None stands for ones.",
        )


@exercise("logreg_loss_grad", condition=True)
def test_logistic_leaves_its_arguments_alone(submission, rng):
    """Two values, and no argument is modified."""
    w, X, y = draw_labelled(7, 3, rng)
    case = w, X, y, rng.uniform(0.5, 2.0, size=7)
    with causes(logistic_error):
        result, after = submission.logreg_loss_grad.after(*case)
    assert_count(result, ("loss", "d_w"), name="logreg_loss_grad")
    for now, before, name in zip(after, case, ("w", "X", "y", "sample_weight"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("logreg_loss_grad", weight=2)
def test_logistic_loss(submission, rng):
    """The loss is the mean of -log p of the right class."""
    cases = [draw_labelled(N, D, rng) for N, D in ((7, 4), (5, 6), (9, 3))]
    assert_none_stands_for_ones(submission, cases[0])
    for case, (loss, _) in zip(cases, logistic_results(submission, cases), strict=True):
        w, X, y = case
        reference = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor(X @ w), torch.tensor(y) * 1.0)
        assert_close(loss, reference, name="loss", explain=wrong_logistic_losses(*case))


@exercise("logreg_loss_grad", weight=3)
def test_logistic_gradient(submission, rng):
    """d_w agrees with central differences of the loss."""
    cases = [draw_labelled(N, D, rng) for N, D in ((7, 4), (5, 6), (9, 5))]
    for case, (_, d_w) in zip(cases, logistic_results(submission, cases), strict=True):
        explain = wrong_logistic_gradients(*case)
        assert_close(d_w, logistic_gradient(*case), name="d_w", explain=explain, dims={"examples": len(case[2])})


def extreme_losses(student, cases):
    """The loss of one example for each (score, label); infinity and NaN as text, for no two of them are alike."""
    found = []
    for z, label in cases:
        w, X = np.array([z / 4, 0.5 * z / 4]), np.array([[2.0, 4.0]])
        loss = float(student.logreg_loss_grad(w, X, np.array([label]))[0])
        found.append(loss if np.isfinite(loss) else str(loss))
    return found


@exercise("logreg_loss_grad", weight=3)
def test_logistic_loss_of_extreme_scores(submission, rng):
    """Scores of +1000 and -1000, right and wrong, have the losses 0 and 1000."""
    wanted = ((1000.0, 0, 1000.0), (-1000.0, 1, 1000.0), (1000.0, 1, 0.0), (-1000.0, 0, 0.0))
    losses = submission.run(extreme_losses, [(z, label) for z, label, _ in wanted])
    for (z, label, expected), got in zip(wanted, map(float, losses), strict=True):
        cause = ""
        if not np.isfinite(got):
            cause = NOT_FINITE
        elif expected and 5 < got < 990:
            cause = CLIPPED
        elif got > 1e200:
            cause = (
                "An infinite loss is replaced by the largest number (`np.nan_to_num`): it is 1000. Write the loss as a "
                "function of z: -log p is log(1 + e^-z)."
            )
        assert_that(
            abs(got - expected) < 1e-6 * max(expected, 1.0),
            f"loss for z = {z:g} and label {label}: expected {expected:g}, got {got:.6g}.",
            cause=cause,
            name="loss of extreme scores",
        )


@exercise("logreg_loss_grad", weight=2)
def test_logistic_gradient_of_extreme_scores(submission, rng):
    """Where scores are extreme, the gradient is the mean of x times (0, 1 or -1)."""
    X = rng.normal(size=(8, 3))
    w = rng.normal(size=3)
    X = X * (rng.uniform(800, 1200, size=8) / np.abs(X @ w))[:, None]  # every |z| between 800 and 1200
    y = rng.permutation(np.arange(8) % 2)
    ((_, d_w),) = logistic_results(submission, [(w, X, y)])
    expected = X.T @ ((X @ w > 0) * 1.0 - y) / 8

    def cause(got, _):
        if np.isnan(got).any():
            return "inf / inf is NaN: e^z overflows for z = 1000. The given `sigmoid` is safe for every z."
        return ""

    assert_close(d_w, expected, name="d_w", explain=cause)


@exercise("logreg_loss_grad", weight=2)
def test_logistic_weighted_loss(submission, rng):
    """The loss is the weighted mean, also for weights of 0 and for weights that do not add up to N."""
    for case in weighted_cases(rng):
        ((loss, _),) = logistic_results(submission, [case])
        assert_close(loss, logistic_loss(*case), name="weighted loss", explain=wrong_logistic_losses(*case))


@exercise("logreg_loss_grad", weight=2)
def test_logistic_weighted_gradient(submission, rng):
    """The gradient is that of the weighted mean."""
    for case in weighted_cases(rng):
        ((_, d_w),) = logistic_results(submission, [case])
        explain = wrong_logistic_gradients(*case)
        assert_close(d_w, logistic_gradient(*case), name="weighted d_w", explain=explain)


def weighted_cases(rng):
    """Weights all different; some 0; whole numbers, as counts are."""
    found = []
    for N, D in ((7, 4), (8, 5), (6, 4)):
        w, X, y = draw_labelled(N, D, rng)
        found.append((w, X, y, rng.uniform(0.2, 5.0, size=N)))
    found[1][3][[0, 3]] = 0.0
    found[2][3][:] = rng.permutation(np.arange(1.0, 7.0))
    return found


# --- newton_step -----------------------------------------------------------------------------------------------------

NO_CURVATURE = "The weights p (1 - p) are missing in H: X.T @ X alone is the Hessian of least squares."
H_IS_SUM = "H is the sum over the examples, not divided by N: the loss is their mean."
H_WITHOUT_RIDGE = "The penalty is missing in H: it adds l2 to the diagonal, except for the bias."
H_BIAS = "The penalty is on the bias, too: the last entry of the diagonal has no l2."
GRADIENT_WITHOUT_RIDGE = "The gradient of the step leaves out the penalty: l2 w, except for the bias."
GRADIENT_BIAS = "The gradient of the step has the penalty on the bias, too."


def newton_pieces(w, X, y, l2):
    """The gradient of the mean loss, p, and the penalty of each weight."""
    p = 1 / (1 + np.exp(-(X @ w)))
    penalty = np.append(np.full(len(w) - 1, float(l2)), 0.0)
    return X.T @ (p - y) / len(y), p, penalty


def torch_newton(w, X, y, l2):
    """The Hessian of J and the step, by autograd."""
    penalised = torch.ones(len(w), dtype=torch.float64)
    penalised[-1] = 0.0
    inputs, labels = torch.tensor(X.copy()), torch.tensor(y) * 1.0

    def J(v):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(inputs @ v, labels)
        return loss + l2 / 2 * (penalised * v * v).sum()

    at = torch.tensor(w, requires_grad=True)
    (gradient,) = torch.autograd.grad(J(at), at)
    H = torch.autograd.functional.hessian(J, torch.tensor(w))
    return w - torch.linalg.solve(H, gradient).numpy(), H.numpy()


def draw_newton(N, D, l2, rng, *, scale=1.0):
    """Weights, inputs whose last column is ones, labels of an overlapping kind, and l2."""
    X = np.hstack([rng.normal(size=(N, D - 1)) + 0.5, np.ones((N, 1))])
    y = rng.permutation((np.arange(N) % 3 == 0).astype(np.int64))
    return scale * rng.normal(size=D), X, y, l2


def newton_cases(rng):
    """Two with a ridge and one without, all of another size."""
    return [draw_newton(N, D, l2, rng) for N, D, l2 in ((14, 3, 0.3), (17, 4, 0.07), (26, 3, 0.0))]


ONES_TWICE = "A column of ones is added to X, which has one already: its last column."


def newton_error(submission, cases):
    """A function of what was raised that says why the step did, in one of these cases."""

    def explain(raised):
        shapes = shapes_in(raised)
        if "ingular" in raised.message:
            w, X, y, l2 = cases[0]
            unlike = X.copy()
            unlike[:, -1] = np.arange(len(X)) / len(X)  # no column of ones
            try:
                submission.newton_step(w, unlike, y, l2)
            except StudentError:
                return ""
            return "H is singular because X has its column of ones twice: it has one already, and none is added here."
        if "1-dimensional array given" in raised.message:
            return "A vector stands where a matrix is needed: in `np.linalg.solve(H, g)` the matrix comes first."
        for _, X, _, _ in cases:
            N, D = X.shape
            if (N, D + 1) in shapes or (D + 1, N) in shapes:
                return ONES_TWICE
            if "mismatch" in raised.message and (N,) in shapes and (D, N) in shapes and (N, D) in shapes:
                return (
                    "p (1 - p) is a vector (N,) and no matrix: multiply each row of X by its number "
                    "(`s[:, None] * X`), and take X.T @ of that."
                )
        return ""

    return explain


def newton_results(submission, cases):
    """What comes back for each case, in the promised form."""
    with causes(newton_error(submission, cases)):
        results = submission.newton_step.map(cases)
    for case, result in zip(cases, results, strict=True):
        D = len(case[0])
        assert_count(result, ("w_new", "H"), name="newton_step")
        assert_that(
            as_array(result[0], name="w_new").shape != (D, D) or as_array(result[1], name="H").shape != (D, D),
            "w_new: expected shape (D,), got a matrix (D, D).",
            cause="w_new is a matrix: `*` multiplies entry by entry (a matrix product is `@`), or a column (D, 1) "
            "meets a row (D,).",
            name="w_new",
        )
        assert_values(result, {"w_new": (D,), "H": (D, D)}, name="newton_step")
    return results


@exercise("newton_step", condition=True)
def test_newton_leaves_its_arguments_alone(submission, rng):
    """A pair of shapes (D,) and (D, D), and no argument is modified."""
    case = draw_newton(12, 4, 0.2, rng)
    with causes(newton_error(submission, [case])):
        result, after = submission.newton_step.after(*case)
    assert_count(result, ("w_new", "H"), name="newton_step")
    assert_that(
        as_array(result[0], name="w_new").shape != (5,),
        "w_new: it has one entry more than w.",
        cause=ONES_TWICE,
    )
    assert_values(result, {"w_new": (4,), "H": (4, 4)}, name="newton_step")
    for now, before, name in zip(after, case, ("w", "X", "y", "l2"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("newton_step", weight=3)
def test_newton_hessian(submission, rng):
    """H is the Hessian of J at the old w, as autograd finds it."""
    cases = newton_cases(rng)
    for case, (w_new, H) in zip(cases, newton_results(submission, cases), strict=True):
        w, X, y, l2 = case
        of_data, p, penalty = newton_pieces(*case)
        N, D = X.shape
        curved = X.T @ ((p * (1 - p))[:, None] * X) / N
        after = 1 / (1 + np.exp(-(X @ as_array(w_new))))
        explain = {
            NO_CURVATURE: X.T @ X / N + np.diag(penalty),
            H_IS_SUM: N * curved + np.diag(penalty),
            "H has p (1 - p) squared: once is right.": X.T @ (((p * (1 - p)) ** 2)[:, None] * X) / N + np.diag(penalty),
            "H has p instead of p (1 - p).": X.T @ (p[:, None] * X) / N + np.diag(penalty),
            "H has (p - y) in the place of p (1 - p).": X.T @ ((p - y)[:, None] * X) / N + np.diag(penalty),
            "H is the outer product of the gradient with itself: the Hessian is X.T S X / N.": (
                np.outer(of_data + penalty * w, of_data + penalty * w) + np.diag(penalty)
            ),
            "H is the outer product of the loss's gradient with itself: the Hessian is X.T S X / N.": (
                np.outer(of_data, of_data) + np.diag(penalty)
            ),
            "H has (p - y)^2 in the place of p (1 - p).": X.T @ (((p - y) ** 2)[:, None] * X) / N + np.diag(penalty),
            "H is taken at the new w: the step, and what is returned, are those of the old.": (
                X.T @ ((after * (1 - after))[:, None] * X) / N + np.diag(penalty)
            ),
            H_BIAS: curved + l2 * np.eye(D),
            "The penalty in H is l2/2: the second derivative of l2/2 w^2 is l2.": curved + np.diag(penalty) / 2,
            "The penalty in H is 2 l2: the second derivative of l2/2 w^2 is l2.": curved + 2 * np.diag(penalty),
            "The penalty in H is divided by N: in J it is not.": curved + np.diag(penalty) / N,
            "l2 is added to every entry of H: it belongs on the diagonal.": curved + l2,
            "The penalties are a vector, and H + vector adds it to every row: `np.diag` puts it on the diagonal.": (
                curved + penalty
            ),
            "The penalties are a column, added to every column of H: `np.diag` puts them on the diagonal.": (
                curved + penalty[:, None]
            ),
            "H has the mean of p (1 - p): each example counts with its own.": (
                np.mean(p * (1 - p)) * X.T @ X / N + np.diag(penalty)
            ),
            "H has mean(p) (1 - mean(p)): each example counts with its own p (1 - p).": (
                np.mean(p) * (1 - np.mean(p)) * X.T @ X / N + np.diag(penalty)
            ),
            "The penalty in H is N times too strong: only the data's part is a mean.": curved + N * np.diag(penalty),
            "H has only its diagonal: the weights are not independent.": np.diag(np.diag(curved)) + np.diag(penalty),
            "H has the wrong sign.": -curved - np.diag(penalty),
            "H has 1/4 in the place of p (1 - p): that is its value at w = 0 only.": X.T @ X / (4 * N)
            + np.diag(penalty),
            "H has the root of p (1 - p): that is right for rows that are squared, as in A.T @ A.": (
                X.T @ (np.sqrt(p * (1 - p))[:, None] * X) / N + np.diag(penalty)
            ),
            "The penalty leaves out the first weight: the bias is the last.": (
                curved + l2 * np.diag(np.append(0.0, np.ones(D - 1)))
            ),
            "The penalty is on the bias alone: it is on all weights but that.": (
                curved + l2 * np.diag(np.append(np.zeros(D - 1), 1.0))
            ),
            "The data's part of H is divided by N - 1: the loss has 1/N.": curved * N / (N - 1) + np.diag(penalty),
            "The whole H is summed over the examples: it is that of J, a mean.": N * (curved + np.diag(penalty)),
            "That is the inverse of H.": np.linalg.inv(curved + np.diag(penalty)),
            H_WITHOUT_RIDGE: curved,
        }

        def cause(got, expected, explain=explain):
            for words, value in explain.items():
                if is_close(got, value) and not is_close(value, expected):
                    return words
            extra = got - expected
            if is_close(extra, np.trace(extra) / len(extra) * np.eye(len(extra))):
                return (
                    "A number is added to the whole diagonal of H, the bias's place included: besides l2 for the "
                    "weights nothing belongs there."
                )
            return ""

        assert_close(H, torch_newton(*case)[1], name="H", explain=cause)


@exercise("newton_step", weight=3)
def test_newton_step(submission, rng):
    """w_new is w minus the inverse Hessian times the gradient of J."""
    cases = newton_cases(rng)
    for case, (w_new, _) in zip(cases, newton_results(submission, cases), strict=True):
        assert_close(w_new, torch_newton(*case)[0], name="w_new", explain=step_cause(*case))


def wrong_steps(w, X, y, l2):
    """Sentences for steps that people often take, with where they lead."""
    gradient, p, penalty = newton_pieces(w, X, y, l2)
    N, D = X.shape
    curved = X.T @ ((p * (1 - p))[:, None] * X) / N
    right, H = gradient + penalty * w, curved + np.diag(penalty)

    def step(hessian, g):
        return w - np.linalg.solve(hessian, g)

    foreseen = {
        "The step goes the wrong way: subtract H^-1 times the gradient.": 2 * w - step(H, right),
        "That is the step alone, H^-1 times the gradient: w_new is w minus it.": w - step(H, right),
        "That is minus the step: w_new is w minus H^-1 times the gradient.": step(H, right) - w,
        NO_CURVATURE: step(X.T @ X / N + np.diag(penalty), right),
        "The gradient is the sum over the examples, and H is their mean.": step(H, N * gradient + penalty * w),
        H_IS_SUM: step(N * curved + np.diag(penalty), right),
        "That is a step of gradient descent: divide by the Hessian.": w - right,
        "H is used without its entries off the diagonal.": step(np.diag(np.diag(H)), right),
        "H multiplies the gradient: its inverse should (`np.linalg.solve`).": w - H @ right,
        "The gradient is divided by the entries of H one by one: solve with H (`np.linalg.solve`).": (
            w - right / np.diag(H)
        ),
        "Each entry of H is inverted by itself: solve with the matrix (`np.linalg.solve`).": w - (1 / H) @ right,
        "The data's part of the gradient has the wrong sign: it is X.T (p - y) / N.": step(H, penalty * w - gradient),
        "The loss stands where its gradient belongs: `logreg_loss_grad` returns both, the loss first.": step(
            H, logistic_loss(w, X, y) + penalty * w
        ),
        "The scores stand where the probabilities p = sigmoid(X w) belong.": step(
            H, X.T @ (X @ w - y) / N + penalty * w
        ),
    }
    if l2:
        foreseen |= {
            "The penalty is missing in the gradient and in H.": step(curved, gradient),
            GRADIENT_WITHOUT_RIDGE: step(H, gradient),
            "H of the step leaves out the penalty.": step(curved, right),
            GRADIENT_BIAS: step(H, gradient + l2 * w),
            "The step has the penalty on the bias, too: in the gradient and in H.": step(
                curved + l2 * np.eye(D), gradient + l2 * w
            ),
            "H of the step has the penalty on the bias, too.": step(curved + l2 * np.eye(D), right),
            "The penalty's gradient is 2 l2 w: the 1/2 in J cancels that 2.": step(H, gradient + 2 * penalty * w),
            "The penalty's gradient is l2/2 w: the square's 2 cancels the 1/2.": step(H, gradient + penalty * w / 2),
            "The penalty's gradient has the wrong sign.": step(H, gradient - penalty * w),
        }
    return foreseen


def step_cause(w, X, y, l2):
    """A function of (got, expected): the foreseen steps, then one of another length."""
    foreseen = wrong_steps(w, X, y, l2)

    def cause(got, expected):
        for words, value in foreseen.items():
            if is_close(got, value) and not is_close(value, expected):
                return words
        step = expected - w
        share = float((got - w) @ step / (step @ step))
        if share > 1e-3 and is_close(got - w, share * step):
            return f"The step is {share:.4g} times as long as Newton's: a full step has no learning rate."
        return ""

    return cause


@exercise("newton_step", weight=1)
def test_newton_first_step_is_least_squares(submission, rng):
    """From w = 0 without a penalty, one step is the least-squares fit to the targets 4 (y - 1/2)."""
    _, X, y, _ = draw_newton(15, 4, 0.0, rng)
    ((w_new, _),) = newton_results(submission, [(np.zeros(4), X, y, 0.0)])
    expected = np.linalg.lstsq(X, 4 * (y - 0.5), rcond=None)[0]
    assert_close(w_new, expected, name="w_new", explain=wrong_steps(np.zeros(4), X, y, 0.0))


def many_steps(student, X, y, l2, steps):
    """The weights after some steps of the student's, from 0."""
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        w = np.asarray(student.newton_step(w, X, y, l2)[0])
    return w


@exercise("newton_step", weight=2)
def test_newton_converges_in_eight_steps(submission, rng):
    """Eight steps from 0 reach a gradient below 1e-10, on overlapping and on separable classes."""
    for N, D, l2 in ((60, 4, 0.01), (40, 3, 0.1)):
        _, X, y, _ = draw_newton(N, D, l2, rng)
        if D == 3:
            y = (X[:, 0] > 0.5).astype(np.int64)  # separable: without the ridge there is no minimum
        w = as_array(submission.run(many_steps, X, y, l2, 8), name="w")
        assert_shape(w, (D,), name="w")
        gradient, _, penalty = newton_pieces(w, X, y, l2)
        got = float(np.abs(gradient + penalty * w).max())
        assert_that(
            got < 1e-10,
            f"after eight steps: expected a gradient of J below 1e-10, got {got:.2g}.",
            cause="Newton's method squares the error at each step near the minimum; if yours does not, the gradient "
            "or H is wrong."
            if np.isfinite(got)
            else "",
        )


ZERO_OR_ONE_AT_LEAST = 0.99  # the worst of 100 splits: 1.0; one wrong answer of 72 would be 0.986


@exercise("newton_step", training=True)
def test_newton_tells_zero_from_one(submission, rng):
    """Trained on zeros and ones of the digits, it tells held-out ones apart."""
    x, y = digits()
    x, y = x[y < 2], y[y < 2]
    (train_x, train_y), _, (test_x, test_y) = train_validation_test(x, y, seed=int(rng.integers(1000)))
    X = np.hstack([train_x, np.ones((len(train_x), 1))])
    w = as_array(submission.run(many_steps, X, train_y, 0.01, 8), name="w")
    assert_shape(w, (65,), name="w")
    got = float(((test_x @ w[:-1] + w[-1] > 0) == test_y).mean())
    assert_that(got >= ZERO_OR_ONE_AT_LEAST, f"accuracy: expected at least {ZERO_OR_ONE_AT_LEAST}, got {got:.3f}.")


# --- trace_separation ------------------------------------------------------------------------------------------------

TRACE_SEED = 5
FIRST_STEP = "work the first step out by hand: at w = 0 every p is 1/2."
LOSS_AT_ZERO = "at w = 0 every p is 1/2; the loss is -log(1/2), with the natural logarithm."
PREDICTIONS = (
    "some line separates the four points, so in the end all of them are on their own side: think of the labels."
)
GROWS = "on separable classes a longer w of the same direction always has a smaller loss, so no finite w is best."
FALLS = "the loss of separable classes comes as close to 0 as you like and never reaches it; it falls like 1 / steps."
DIRECTION = "in the long run the direction is that of the widest margin: draw the four points, each times its sign."
RIDGE_STOPS = (
    "a ridge makes J strictly convex, with a finite minimiser: descent settles there, above the smallest loss."
)
MORE_STOPS = "with the fifth point the classes overlap: a longer w costs more there than it gains, so a best w exists."


def assert_predicted(submission, keys, *, known=(), cause=""):
    """Compare some entries of the prediction with what the program gives."""
    expected = separation_program(TRACE_SEED).run()
    chosen = [key for i, key in enumerate(expected) if i in keys]
    listed = [(list(expected)[i], value, says) for i, value, says in known]
    predicted = submission.trace_separation()
    missing = [key for key in chosen if isinstance(predicted, dict) and key not in predicted]
    assert_that(
        not missing or len(predicted) >= len(expected),
        f"your prediction: there is no entry {missing[0]!r}." if missing else "",
        cause="The dictionary has one entry for each expression that the program asks: some are not there yet.",
    )
    assert_trace(predicted, expected, keys=chosen, known=listed, cause=cause)


@exercise("trace_separation", weight=1)
def test_trace_first_step(submission, rng):
    """The loss at 0, and w after one step."""
    once = np.array(separation_program(TRACE_SEED).run()["once.tolist()"])
    known = (
        (0, 1.0, LOSS_AT_ZERO),
        (0, 0.0, LOSS_AT_ZERO),
        (0, 0.5, LOSS_AT_ZERO),
        (0, 4 * np.log(2), "the loss is the mean over the points."),
        (0, "0.6931", "that is text: type the number without quotes."),
        (0, 0.693, "four digits are needed: yours are the first of them."),
        (0, 0.69, "four digits are needed: yours are the first of them."),
        (1, (-once).tolist(), "w moves against the gradient X.T (p - y) / N: your signs are turned round."),
        (1, (4 * once).tolist(), "the gradient is divided by the number of points."),
        (1, (once / 0.4).tolist(), "the gradient is multiplied by the learning rate, 0.4."),
        (1, (10 * once).tolist(), "the gradient is divided by the number of points, and multiplied by 0.4."),
        (1, (2 * once).tolist(), "at w = 0 every p is 1/2, so each point pulls with 1/2, not with 1."),
        (1, [0.0, 0.0], "that is w before the first step: the gradient there is not 0."),
    )
    assert_predicted(submission, (0, 1), known=known, cause=FIRST_STEP)


@exercise("trace_separation", weight=1)
def test_trace_growth(submission, rng):
    """Whether w settles without a ridge, and what becomes of the loss."""
    known = ((2, True, GROWS), (3, False, FALLS), (4, False, FALLS))
    assert_predicted(submission, (2, 3, 4), known=known, cause=GROWS)


@exercise("trace_separation", weight=0.5)
def test_trace_predictions(submission, rng):
    """What is predicted in the end."""
    right = separation_program(TRACE_SEED).run()["(X @ long > 0).tolist()"]
    known = (
        (5, [int(value) for value in right], "a comparison gives True and False, not 1 and 0."),
        (5, [not value for value in right], "x . w is positive for label 1: yours are turned round."),
    )
    assert_predicted(submission, (5,), known=known, cause=PREDICTIONS)


@exercise("trace_separation", weight=1)
def test_trace_direction(submission, rng):
    """Where w points in the end."""
    once = np.array(separation_program(TRACE_SEED).run()["once.tolist()"])
    first = np.round(once / np.linalg.norm(once)).tolist()
    final = np.array(separation_program(TRACE_SEED).run()["np.round(long / np.linalg.norm(long)).tolist()"])
    known = (
        (6, first, "that is where the first step points, and the long run does not remember it."),
        (6, (-final).tolist(), "w points to the side of label 1: yours is turned round."),
    )
    assert_predicted(submission, (6,), known=known, cause=DIRECTION)


@exercise("trace_separation", weight=1)
def test_trace_ridge_and_overlap(submission, rng):
    """What a ridge changes, and what a fifth point does."""
    known = ((7, False, RIDGE_STOPS), (8, True, RIDGE_STOPS), (9, False, MORE_STOPS))
    assert_predicted(submission, (7, 8, 9), known=known, cause=RIDGE_STOPS)


# --- softmax_epoch ---------------------------------------------------------------------------------------------------

NOTHING_CHANGED = (
    "W has not changed: after `W = ...` the name W means another array, and the caller still has the old one (what is "
    "returned is not looked at). Write into the caller's: `W -= ...` or `W[:] = ...`."
)
BY_ALL = "The gradient of a batch is divided by N: its loss is the mean over the batch."
BY_BATCH_SIZE = "The last batch is divided by batch_size, and it has fewer rows: divide by how many there are."
NOT_DIVIDED_BATCH = "The gradient is summed over the batch: the loss is the mean over the batch."
OLD_W = "All batches' gradients are taken at the first W: each batch starts from what the one before has left."
TAIL_UNUSED = "The last, smaller batch is left out."
WRONG_AXIS = "The softmax runs over the batch: the probabilities of one row sum to 1, along axis 1."
OVERFLOW = (
    "Every exp of some row is infinite, or every one is 0: subtract the largest logit of each row (not of the whole "
    "batch) first, which leaves the softmax as it is."
)
ONE_BATCH = (
    "Only one batch's step is in W: an epoch goes through all rows, batch after batch, in the order in which they come "
    "(is there a `return` in the loop, or an update after it?)."
)
UPHILL = "W goes uphill: subtract lr times the gradient."


def numpy_softmax(logits, axis=1):
    """Softmax, with the maximum subtracted."""
    e = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def descended(X, y, W, lr, batch_size, *, slip=""):  # noqa: C901 - one short branch for each slip
    """W after one epoch; ``slip`` names what people do differently."""
    start_W, W, N, kept = W.copy(), W.copy(), len(X), 0.0 * W
    stop = N - N % batch_size if slip == "tail" else N
    for start in range(0, stop, batch_size):
        x, labels = X[start : start + batch_size], y[start : start + batch_size]
        at = start_W if slip == "old W" else W
        p = numpy_softmax(x @ at, axis=0 if slip == "axis" else 1)
        e = np.exp(x @ at - (x @ at).max(axis=0 if slip == "maximum" else 1, keepdims=True))
        with np.errstate(all="ignore"):
            if slip == "maximum":
                p = e / e.sum(axis=1, keepdims=True)
            if slip == "sum over batch":
                p = e / e.sum(axis=0)
            if slip == "sum of all":
                p = e / e.sum()
        if slip == "sigmoid":
            p = 1 / (1 + np.exp(-np.clip(x @ at, -700, 700)))
        if slip == "logits":
            p = x @ at
        hot = np.eye(W.shape[1])[labels]
        if slip == "numbers":
            hot = np.repeat(labels[:, None], W.shape[1], axis=1)
        d = p if slip == "no labels" else -hot if slip == "labels alone" else p - hot
        if slip == "first labels":
            d = p - np.eye(W.shape[1])[y[: len(labels)]]
        if slip == "columns":
            d = p - hot.max(axis=0)
        if slip == "all rows":
            x, d = X, numpy_softmax(X @ W) - np.eye(W.shape[1])[y]
        if slip == "right column":
            d = hot * (p - 1)
        if slip == "squared error":
            d = 2 * p * (p - hot - ((p - hot) * p).sum(axis=1, keepdims=True))
        if slip == "jacobian":
            d = (p - hot) * p * (1 - p)
        if slip == "squares":
            d = 2 * (p - hot)
        if slip == "row by row":
            for row, label in zip(x, labels, strict=True):
                W -= lr * np.outer(row, numpy_softmax(row[None] @ W)[0] - np.eye(W.shape[1])[label]) / len(labels)
            continue
        if slip == "kept":
            kept += x.T @ d / len(labels)
            W -= lr * kept
            continue
        if slip == "last batch" and stop > start + batch_size:
            continue
        divide_by = {"N": N, "all rows": N, "sum": 1, "batch_size": batch_size, "classes": len(labels) * W.shape[1]}
        W -= (lr if slip != "no lr" else 1.0) * x.T @ d / divide_by.get(slip, len(labels))
        if slip == "first batch":
            break
    return 2 * start_W - W if slip == "uphill" else W


SLIPS = {
    "N": BY_ALL,
    "sum": NOT_DIVIDED_BATCH,
    "batch_size": BY_BATCH_SIZE,
    "old W": OLD_W,
    "tail": TAIL_UNUSED,
    "axis": WRONG_AXIS,
    "uphill": UPHILL,
    "classes": "The gradient is divided by the number of classes, too: the mean is over the rows alone.",
    "no labels": "The labels have no effect: the gradient of the logits is p minus one-hot labels.",
    "labels alone": "The probabilities are missing: the gradient of the logits is p minus one-hot labels.",
    "right column": "Only the right class gets a gradient: those of the other classes are p.",
    "jacobian": "There is a factor p (1 - p) too many: it has cancelled in the gradient of -log p.",
    "sigmoid": "Each logit goes through a sigmoid: the softmax couples the classes of a row.",
    "logits": "The logits stand where their softmax belongs.",
    "squares": "The gradient is twice too large.",
    "squared error": "That is the gradient for the squared error of p: that of -log p is p minus one-hot labels.",
    "maximum": "The maximum is taken over the batch, which shifts each class by another number: take each row's.",
    "sum over batch": "The softmax's sum runs over the batch: the probabilities of one row sum to 1, along axis 1.",
    "sum of all": "All probabilities of the batch together sum to 1: those of each row should, along axis 1.",
    "first labels": "Every batch gets the labels of the first rows: cut X and y alike.",
    "columns": "p[:, labels] -= 1 subtracts from every row: each row has its own label, p[np.arange(B), labels].",
    "all rows": "Every step uses all rows: a step has the gradient of its batch alone.",
    "numbers": "The labels' numbers are subtracted from all probabilities: make them one-hot first, (B, C).",
    "row by row": "W changes after each row: the gradients of all rows of a batch are taken at the same W.",
    "kept": "The gradient of earlier batches is still in that of the later ones: each batch's sum begins at 0.",
    "last batch": ONE_BATCH,
    "no lr": "The learning rate is missing.",
    "first batch": ONE_BATCH,
}


def wrong_epochs(X, y, W, lr, batch_size):
    """Sentences for weights that people often get, with those weights."""
    foreseen = {NOTHING_CHANGED: W}
    single = batch_size >= len(X)
    if batch_size > 1:
        foreseen["Each row is a batch of its own: all rows of a batch make one step together."] = descended(
            X, y, W, lr, 1
        )
    for slip, words in SLIPS.items():
        if single and slip in ("N", "old W", "first batch", "first labels", "all rows", "last batch", "kept"):
            continue  # with one batch these are no slips, or others
        if slip == "batch_size" and len(X) % batch_size == 0:
            continue
        foreseen[words] = descended(X, y, W, lr, batch_size, slip=slip)
    if not single:
        foreseen["batch_size has no effect: all rows are used as one batch, in one step."] = descended(
            X, y, W, lr, len(X)
        )
    return foreseen


def rows_of_one_step(got, X, y, W, lr, B):
    """How often each row counts in a single step from W with the mean over B rows; None if it is no such step."""
    d = numpy_softmax(X @ W) - np.eye(W.shape[1])[y]
    each = np.stack([np.outer(row, part).ravel() for row, part in zip(X, d, strict=True)], axis=1)  # (D C, N)
    counts = np.linalg.lstsq(each, (W - got).ravel() * B / lr, rcond=None)[0]
    whole = np.round(counts)
    if np.abs(counts - whole).max() > 1e-6 or whole.min() < 0 or whole.sum() != B:
        return None
    return whole if is_close(W - lr * (each @ whole).reshape(W.shape) / B, got) else None


ROWS_REPEATED = "Some rows count more than once and others never: an epoch takes each row once."


def epoch_cause(X, y, W, lr, batch_size):
    """A function of (got, expected): the foreseen weights, then a W that shrinks as well, then other orders."""
    foreseen = wrong_epochs(X, y, W, lr, batch_size)

    def cause(got, expected):
        for words, value in foreseen.items():
            if is_close(got, value) and not is_close(value, expected):
                return words
        B = min(batch_size, len(X))
        counts = rows_of_one_step(got, X, y, W, lr, B) if np.isfinite(got).all() else None
        if counts is not None:
            return ONE_BATCH if len(X) > B else ROWS_REPEATED
        if batch_size >= len(X) and is_close(got - expected, ((got - expected) * W).sum() / (W * W).sum() * W):
            return "W is made smaller (or larger) besides: there is no penalty in this exercise."
        if len(X) == 3:
            for order in permutations(range(3)):
                if is_close(got, descended(X[list(order)], y[list(order)], W, lr, batch_size)):
                    return "The rows are taken in another order than they come: shuffling is the caller's business."
        return ""

    return cause


def draw_classes(N, D, C, rng):
    """Inputs, labels of which every class occurs if it can, weights."""
    return rng.normal(size=(N, D)), rng.permutation(np.arange(N) % C), rng.normal(size=(D, C))


def trained_in_place(student, X, y, W, lr, batch_size):
    """The array that W is a view of, after an epoch: W is every other column."""
    base = np.zeros((W.shape[0], 2 * W.shape[1]))
    base[:, ::2] = W
    student.softmax_epoch(X, y, base[:, ::2], lr, batch_size)
    return base


def epoch_error(X, y, W):
    """A function of what was raised that says why the epoch did."""
    (N, D), C = X.shape, W.shape[1]

    def explain(raised):
        found = re.search(r"shapes \((\d+),(\d+)\) \((\d+),(\d+)\)", raised.message)
        a, b, c, d = map(int, found.groups()) if found else (0, 0, 0, 0)
        if found and (a, b, c, d) == (D, C, C, D):
            return "The gradient is transposed: X.T @ (P - Y) is (D, B) @ (B, C) -> (D, C), like W."
        if found and a == c <= N and C in (b, d) and min(b, d) < C and D not in (b, d):
            return (
                "The one-hot labels of a batch have a column for each class, W.shape[1] of them: the largest label may "
                "be missing in a batch."
            )
        if "indexing arrays could not be broadcast" in raised.message:
            return "The last batch may have fewer rows than batch_size: count its rows, np.arange(len(labels))."
        return ""

    return explain


def epoch_after(submission, X, y, W, lr, batch_size):
    """The caller's W after the call, and what else the call changed is refused elsewhere."""
    with causes(epoch_error(X, y, W)):
        _, (_, _, W_after, _, _) = submission.softmax_epoch.after(X, y, W, lr, batch_size)
    assert_shape(W_after, W.shape, name="W after the epoch")
    return W_after


@exercise("softmax_epoch", condition=True)
def test_epoch_leaves_the_data_alone(submission, rng):
    """Neither X nor y is modified."""
    X, y, W = draw_classes(7, 4, 3, rng)
    with causes(epoch_error(X, y, W)):
        _, (X_after, y_after, _, _, _) = submission.softmax_epoch.after(X, y, W, 0.1, 3)
    assert_unchanged(X_after, X, name="X")
    assert_unchanged(y_after, y, name="y")


@exercise("softmax_epoch", weight=3)
def test_epoch_of_one_batch_is_one_step(submission, rng):
    """With one batch, (W before - W after) / lr is the gradient of the mean loss, by central differences."""
    for N, D, C, batch_size in ((7, 4, 3, 7), (6, 3, 5, 6)):
        X, y, W = draw_classes(N, D, C, rng)
        after = epoch_after(submission, X, y, W, 0.3, batch_size)

        def loss(W, X=X, y=y):
            z = X @ W
            shifted = z - z.max(axis=1, keepdims=True)
            return np.array(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y]))

        expected = W - 0.3 * numerical_vjp(loss, W, np.array(1.0))
        assert_close(after, expected, name="W after one batch", explain=epoch_cause(X, y, W, 0.3, batch_size))


@exercise("softmax_epoch", weight=1)
def test_epoch_of_single_rows(submission, rng):
    """With batches of one row, each row is a step, in the order in which they come."""
    X, y, W = draw_classes(3, 4, 3, rng)
    after = epoch_after(submission, X, y, W, 0.5, 1)
    expected = descended(X, y, W, 0.5, 1)
    assert_close(after, expected, name="W after the epoch", explain=epoch_cause(X, y, W, 0.5, 1))


@exercise("softmax_epoch", weight=3)
def test_epoch_of_ragged_batches(submission, rng):
    """With a smaller last batch, W agrees with PyTorch's gradient descent, batch after batch."""
    for N, D, C, batch_size in ((11, 4, 3, 4), (8, 3, 5, 3), (9, 5, 4, 2)):
        X, y, W = draw_classes(N, D, C, rng)
        after = epoch_after(submission, X, y, W, 0.5, batch_size)
        expected = torch.tensor(W, requires_grad=True)
        for start in range(0, N, batch_size):
            part = slice(start, start + batch_size)
            loss = torch.nn.functional.cross_entropy(torch.tensor(X[part]) @ expected, torch.tensor(y[part]))
            (gradient,) = torch.autograd.grad(loss, expected)
            expected = (expected - 0.5 * gradient).detach().requires_grad_(True)
        assert_close(after, expected, name="W after the epoch", explain=epoch_cause(X, y, W, 0.5, batch_size))


@exercise("softmax_epoch", weight=1)
def test_epoch_of_fewer_rows_than_a_batch(submission, rng):
    """Where batch_size is larger than N, all rows are one batch."""
    X, y, W = draw_classes(5, 3, 6, rng)
    after = epoch_after(submission, X, y, W, 0.4, 12)
    explain = {
        "Nothing happens where batch_size is larger than N: then all rows are one batch.": W,
        BY_BATCH_SIZE: descended(X, y, W, 0.4, 12, slip="batch_size"),
    }
    assert_close(after, descended(X, y, W, 0.4, 12), name="W after the epoch", explain=explain)


@exercise("softmax_epoch", weight=2)
def test_epoch_writes_into_the_callers_array(submission, rng):
    """W may be a view: its values change where they lie, and nothing beside them."""
    X, y, W = draw_classes(8, 4, 3, rng)
    base = as_array(submission.run(trained_in_place, X, y, W, 0.5, 3), name="W")
    beside = base[:, 1::2]
    assert_that(not beside.any(), "the call wrote beside the view W.")
    explain = wrong_epochs(X, y, W, 0.5, 3)
    assert_close(base[:, ::2], descended(X, y, W, 0.5, 3), name="W after the epoch", explain=explain)


def clipped_cause(X, y, W, lr, batch_size):
    """A function of (got, expected) that looks for logits cut off at some bound, then at what was foreseen."""
    foreseen = epoch_cause(X, y, W, lr, batch_size)

    def cause(got, expected):
        for bound in (20, 30, 50, 88, 100, 200, 300, 500, 600, 700, 709):
            clipped = W.copy()
            for start in range(0, len(X), batch_size):
                x, labels = X[start : start + batch_size], y[start : start + batch_size]
                p = numpy_softmax(np.clip(x @ clipped, -bound, bound))
                clipped -= lr * x.T @ (p - np.eye(W.shape[1])[labels]) / len(x)
            if is_close(got, clipped) and not is_close(clipped, expected):
                return "Clipped logits have another softmax: subtract the largest of each row, which changes nothing."
        return foreseen(got, expected)

    return cause


@exercise("softmax_epoch", weight=2)
def test_epoch_of_scores_in_the_thousands(submission, rng):
    """Logits of several thousand give the right step, not NaN."""
    X, y, W = draw_classes(9, 4, 3, rng)
    X, W = 60 * X, 60 * W
    after = epoch_after(submission, X, y, W, 0.01, 4)

    def cause(got, _):
        if np.isnan(got).any():
            return OVERFLOW
        return ""

    expected = descended(X, y, W, 0.01, 4)
    foreseen = cause if np.isnan(as_array(after)).any() else clipped_cause(X, y, W, 0.01, 4)
    assert_close(after, expected, name="W after the epoch", explain=foreseen)


# --- fit_softmax -----------------------------------------------------------------------------------------------------

LAST_RETURNED = (
    "This W is that of the last epoch. If you keep the best one, keep a copy: `softmax_epoch` goes on writing into W."
)
BY_TRAINING = "This W did best on the training data: choose by the validation accuracy."
LATER_OF_EQUALS = "Of several equally good epochs the first counts: replace the best only by a better one (>, not >=)."
WORST_RETURNED = "This W is that of the epoch with the lowest validation accuracy."
LABELS_LEFT = "the rows are reordered, and their labels are not: index X and y with the same order."
ORDER_FIXED = "The rows are always taken in the same order: draw a permutation from `rng` in each epoch."
ZERO_IS_AN_ACCURACY = (
    "an accuracy of 0 is an accuracy, too: start the comparison below 0, so that the first epoch counts."
)
NOT_TRAINED_YET = "W is still 0 after an epoch: train W itself (not a copy of it), and keep it only afterwards."
EPOCH_RETURNS_NONE = (
    "`softmax_epoch` returns nothing: it changes the W that it is given. Call it on a line of its own; after "
    "`W = softmax_epoch(...)` W is None."
)
ORDER_KEPT = "The order is drawn once and kept: draw a new one in each epoch."


def accuracy(W, X, y):
    """The share of rows whose largest logit is the right one."""
    return float(((X @ W).argmax(axis=1) == y).mean())


def full_batch_path(X, y, epochs, lr, classes):
    """W after each epoch with one batch: the order of the rows does not matter."""
    W, path = np.zeros((X.shape[1], classes)), []
    for _ in range(epochs):
        W = descended(X, y, W, lr, len(X))
        path.append(W)
    return path


def draw_telling_fit(rng, *, tie=False):
    """Data whose validation accuracy is best in the middle, where other choices lead elsewhere.

    Margins are wide: no accuracy hangs on rounding. Gives the data, the path of W, the history and the best epoch.
    """
    while True:
        X, y, _ = draw_classes(14, 3, 3, rng)
        X_val, y_val = rng.normal(size=(11, 3)), rng.integers(3, size=11)
        path = full_batch_path(X, y, 9, 2.0, 3)
        history = [accuracy(W, X_val, y_val) for W in path]
        chosen = epochs_chosen(X, y, path, history)
        logits = np.sort(np.stack([np.vstack([X_val, X]) @ W for W in path]))
        clear = (logits[..., -1] - logits[..., -2]).min() > 1e-3
        if not tie:
            del chosen[LATER_OF_EQUALS]
        telling = len(set(chosen.values())) == len(chosen)  # every wrong choice is another epoch
        if chosen[""] and clear and telling and (history.count(max(history)) > 1) == tie:
            return (X, y, X_val, y_val), path, history, chosen


def epochs_chosen(X, y, path, history):
    """The epoch that is right (its key is ""), and those that people choose, by the sentence for them."""
    on_training = [accuracy(W, X, y) for W in path]
    equals = [i for i, value in enumerate(history) if value == max(history)]
    return {
        "": equals[0],
        LATER_OF_EQUALS: equals[-1],
        LAST_RETURNED: len(path) - 1,
        BY_TRAINING: int(np.argmax(on_training)),
        WORST_RETURNED: int(np.argmin(history)),
    }


def wrong_choices(path, chosen):
    """Sentences for weights that people often return, with those weights."""
    foreseen = {words: path[epoch] for words, epoch in chosen.items() if words}
    taken = set(chosen.values())
    others = {
        "This W is that of the first epoch.": 0,
        "This W is that of the epoch before the best: measure after training, not before.": chosen[""] - 1,
        "This W is that of the epoch after the best: has it been trained on since, or not been copied?": chosen[""] + 1,
    }
    foreseen |= {words: path[i] for words, i in others.items() if 0 <= i < len(path) and i not in taken}
    return {**foreseen, "W is 0, as at the start.": 0 * path[0]}


def no_w(history):
    """Why there may be no W, by the history."""
    if isinstance(history, list) and history and not np.any(history[0]):
        return ZERO_IS_AN_ACCURACY
    return (
        "No epoch's weights have been kept, W is None: keep a copy of the array whenever an epoch is the best so far."
    )


def assert_fit(result, data, epochs, classes, *, cause_of_none=""):
    """Refuse anything but (W, history); give them."""
    assert_count(result, ("W", "history"), name="fit_softmax")
    in_use = cause_of_none or no_w(result[1])
    assert_that(result[0] is not None, "fit_softmax: expected W (D, C), got None.", cause=in_use)
    swapped = type(result[0]) is list and as_array(result[1], name="history").ndim == 2
    assert_that(not swapped, "fit_softmax: a list came first.", cause="the values come in another order: W, history.")
    assert_shape(result[0], (data[0].shape[1], classes), name="W")
    assert_that(
        not isinstance(result[1], np.ndarray),
        "history: expected a list, got an array.",
        cause="history is an array: a list of numbers is asked for (`history.append(...)`, or `.tolist()`).",
    )
    assert_type(result[1], list, name="history")
    count, cause = len(result[1]), ""
    if count == epochs + 1:
        cause = "history has one entry too many: the accuracy is measured after each epoch, not before the first."
    elif count == 1 < epochs:
        cause = "history has one entry: is there a `return` in the loop, or only the best accuracy in it?"
    elif 0 < count < epochs:
        cause = "Training stops early: all epochs are run, also after one that was worse."
    assert_that(count == epochs, f"history: expected {epochs} values, got {count}.", cause=cause)
    for i, value in enumerate(result[1]):
        assert_shape(value, (), name=f"history[{i}]")
    return result


@exercise("fit_softmax", condition=True)
def test_fit_leaves_the_data_alone(submission, rng):
    """W (D, C) and one number an epoch; no array is modified."""
    X, y, _ = draw_classes(9, 4, 3, rng)
    data = X, y, rng.normal(size=(5, 4)), rng.integers(3, size=5)
    for epochs in (1, 4):
        with labels_fit(submission):
            result, after = submission.fit_softmax.after(*data, epochs, 4, 0.1, rng)
        none = isinstance(result, list | tuple) and len(result) == 2 and result[0] is None
        words = EPOCH_RETURNS_NONE if none and wants_a_returned_w(submission) else ""
        assert_fit(result, data, epochs, 3, cause_of_none=words)
        for i, name in ((1, "y"), (0, "X"), (2, "X_val"), (3, "y_val")):
            assert_unchanged(after[i], data[i], name=name)


def fitted_with_returned_w(student, X, y, X_val, y_val, epochs, batch_size, lr, rng):
    """The W that comes if `softmax_epoch` returned what it has trained."""
    names = getattr(student.fit_softmax, "__wrapped__", student.fit_softmax).__globals__
    real = names["softmax_epoch"]

    def returning(X, y, W, *rest, **named):
        real(X, y, W, *rest, **named)
        return W

    names["softmax_epoch"] = returning
    try:
        return student.fit_softmax(X, y, X_val, y_val, epochs, batch_size, lr, rng)[0]
    finally:
        names["softmax_epoch"] = real


def wants_a_returned_w(submission):
    """Whether the answer would give a W if `softmax_epoch` returned it."""
    X, y = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.3]]), np.array([0, 1, 0])
    try:
        W = submission.run(fitted_with_returned_w, X, y, X, y, 2, 2, 0.1, np.random.default_rng(0))
    except StudentError:
        return False
    return W is not None and np.shape(W) == (2, 2)


@contextmanager
def labels_fit(submission):
    """Say why the training raised, where that is clear."""

    def explain(raised):
        if "out of bounds" in raised.message:
            return "W has too few columns: C is the largest label plus 1, also where some label does not occur."
        if "same_kind" in raised.message:
            return "W holds integers, and the steps are fractions: make it of floats, as `np.zeros((D, C))` does."
        if "float" in raised.message and "integer" in raised.message and raised.cell.endswith("softmax_epoch"):
            return "Mind the order of the arguments: `softmax_epoch(X, y, W, lr, batch_size)`."
        if any(len(shape) == 2 and shape == (3, 4) for shape in shapes_in(raised)) and "mismatch" in raised.message:
            return "W is (C, D) here: it is (D, C), a column for each class, np.zeros((X.shape[1], C))."
        return EPOCH_RETURNS_NONE if wants_a_returned_w(submission) else ""

    with causes(explain):
        yield


def one_step(X, y, lr, rows, labels):
    """W after one step from 0 on chosen rows, each with the label of a chosen row."""
    hot = np.eye(y.max() + 1)[y[list(labels)]]
    return -lr * X[list(rows)].T @ (1 / hot.shape[1] - hot) / len(rows)


def first_step_cause(X, y, X_val, y_val, lr, batch_size, large):
    """A function of (got, expected) that says what the first epoch was trained on; ``large`` is W of large batches."""

    def cause(got, _):
        for order in permutations(range(4)):
            if is_close(got, one_step(X, y, lr, range(4), order)):
                return LABELS_LEFT
        for rows in product(range(4), repeat=4):
            if is_close(got, one_step(X, y, lr, rows, rows)):
                return REPLACEMENT
        if not got.any():
            return NOT_TRAINED_YET
        if is_close(got, descended(X, y, one_step(X, y, lr, range(4), range(4)), lr, 99)):
            return "There are two steps where one is expected: one epoch uses each row once."
        both = np.vstack([X, X_val]), np.append(y, y_val)
        on_both = descended(*both, np.zeros(got.shape), lr, 99)
        after = descended(X_val, y_val, one_step(X, y, lr, range(4), range(4)), lr, batch_size)
        if is_close(got, on_both) or is_close(got, after) or is_close(large, on_both):
            return "The validation data are trained on: they are there to choose by."
        return ""

    return cause


@exercise("fit_softmax", weight=2)
def test_fit_first_epoch(submission, rng):
    """One epoch with one batch is one step on the training rows, each with its own label, whatever the order."""
    for batch_size in (4, 7):
        X, y = rng.normal(size=(4, 3)), rng.permutation([0, 1, 2, 2])
        y_val, expected = rng.permutation([0, 1, 2, 0, 1]), one_step(X, y, 0.7, range(4), range(4))
        X_val = rng.normal(size=(5, 3))
        while accuracy(expected, X_val, y_val) == 0:  # where nothing is right is another check's business
            X_val = rng.normal(size=(5, 3))
        data, seed = (X, y, X_val, y_val), int(rng.integers(2**32))
        runs = ((batch_size, 0.0), (batch_size, 0.7), (20, 0.7))
        cases = [(*data, 1, size, lr, np.random.default_rng(seed)) for size, lr in runs]
        with labels_fit(submission):
            results = submission.fit_softmax.map(cases)
        (start, _), (W, _), (large, _) = (assert_fit(result, data, 1, 3) for result in results)
        from_zeros = not as_array(start).any()
        assert_that(from_zeros, "learning rate 0: W is not 0.", cause="W starts as zeros, not as other numbers.")
        explain = first_step_cause(*data, 0.7, batch_size, as_array(large))
        assert_close(W, expected, name="W after one epoch", explain=explain)


def steps_of_one(W, X, y):
    """Which rows the only step of an epoch has used, in words."""
    if is_close(W, one_step(X, y, 0.7, range(4), range(4))):
        return "The whole training set is one batch: pass batch_size on."
    if any(is_close(W, one_step(X, y, 0.7, rows, rows)) for rows in product(range(4), repeat=2)):
        return "Only one batch is used in an epoch: reorder all rows, and let `softmax_epoch` cut them into batches."
    return ""


@exercise("fit_softmax", weight=1)
def test_fit_passes_the_batch_size_on(submission, rng):
    """Five equal rows in batches of two are three steps an epoch."""
    X, y = np.tile(rng.normal(size=3), (5, 1)), np.array([1, 1, 1, 1, 1])
    X_val, y_val = np.vstack([X[:1], -X[:1]]), np.array([1, 1])
    with labels_fit(submission):
        result = submission.fit_softmax(X, y, X_val, y_val, 1, 2, 0.7, generator(rng))
    W, _ = assert_fit(result, (X, y), 1, 2)
    zeros, one = np.zeros((3, 2)), descended(X, y, np.zeros((3, 2)), 0.7, 5)  # one step, whichever its rows
    often = zeros
    for _ in range(3):
        often = descended(X, y, often, 0.7, 2)
    if is_close(as_array(W), one):
        other = rng.normal(size=(4, 3)), np.array([0, 1, 1, 0])
        with labels_fit(submission):
            result = submission.fit_softmax(*other, X_val, y_val, 1, 2, 0.7, generator(rng))
        words = steps_of_one(as_array(assert_fit(result, other, 1, 2)[0]), *other)
        assert_that(False, "W is that of one step: five rows in batches of two are three steps.", cause=words)
    explain = {
        "All rows are used several times in an epoch: `softmax_epoch` goes through all batches itself, so it is "
        "called once an epoch.": often,
        "The last, smaller batch is left out.": descended(X[:4], y[:4], zeros, 0.7, 2),
        "Each row is a batch: pass batch_size on.": descended(X, y, zeros, 0.7, 1),
    }
    assert_close(W, descended(X, y, zeros, 0.7, 2), name="W after one epoch", explain=explain)


@exercise("fit_softmax", weight=2)
def test_fit_history_is_the_validation_accuracy(submission, rng):
    """The history holds the accuracy on the validation data after each epoch."""
    data, path, history, _ = draw_telling_fit(rng)
    X, y, X_val, y_val = data
    with labels_fit(submission):
        result = submission.fit_softmax(*data, 9, 14, 2.0, generator(rng))
    assert_fit(result, data, 9, 3)
    explain = {
        "This is the accuracy on the training data.": [accuracy(W, X, y) for W in path],
        "This is the share of wrong answers: the accuracy is that of right ones.": [1 - value for value in history],
        "These are counts of right answers: divide by their number.": [11 * value for value in history],
        "This is in percent: the share is a number up to 1.": [100 * value for value in history],
        "This is measured before each epoch: measure after it.": [
            accuracy(W, X_val, y_val) for W in [0 * path[0], *path[:-1]]
        ],
        "All accuracies are 0: are predictions compared with labels row by row, argmax(axis=1) with y_val?": np.zeros(
            9
        ),
        "One argmax over all logits is compared with every label: there is one for each row (axis=1).": [
            float(np.mean((X_val @ W).argmax() == y_val)) for W in path
        ],
        "Every epoch gives the same: does each start again from zeros?": np.full(9, history[0]),
        "This is the best accuracy so far: each epoch's own is asked for.": np.maximum.accumulate(history),
    }
    assert_close(result[1], history, name="history", explain=explain)


@exercise("fit_softmax", weight=3)
def test_fit_returns_the_best_epoch(submission, rng):
    """W is what it was after the epoch that did best on the validation data."""
    data, path, _, chosen = draw_telling_fit(rng)
    result = submission.fit_softmax(*data, 9, 14, 2.0, generator(rng))
    assert_fit(result, data, 9, 3)
    assert_close(result[0], path[chosen[""]], name="W", explain=wrong_choices(path, chosen))


@exercise("fit_softmax", weight=1)
def test_fit_returns_the_first_of_equals(submission, rng):
    """Of equally good epochs the first one counts."""
    data, path, _, chosen = draw_telling_fit(rng, tie=True)
    result = submission.fit_softmax(*data, 9, 20, 2.0, generator(rng))
    assert_fit(result, data, 9, 3)
    assert_close(result[0], path[chosen[""]], name="W", explain=wrong_choices(path, chosen))


@exercise("fit_softmax", weight=1)
def test_fit_where_nothing_is_right(submission, rng):
    """Where no epoch gets a validation example right, all are equally good: W is that of the first."""
    X, y = np.tile(rng.normal(size=3), (4, 1)), np.array([1, 1, 1, 1])
    with labels_fit(submission):
        result = submission.run(fitted_or_text, X, y, X[:2], np.array([0, 0]), 3, 4, 0.7, generator(rng))
    assert_that(
        not isinstance(result, str),
        f"no validation example is ever right: expected the W of the first epoch, got {result}.",
        cause=ZERO_IS_AN_ACCURACY,
    )
    W, _ = assert_fit(result, (X, y), 3, 2)
    # a comparison that starts at 0 leaves what W was set to before: zeros, or the array that goes on being trained
    path = full_batch_path(X, y, 3, 0.7, 2)
    left = not as_array(W).any() or is_close(as_array(W), path[-1])
    assert_that(
        not left, "no validation example is ever right: W is not that of the first epoch.", cause=ZERO_IS_AN_ACCURACY
    )
    assert_close(W, path[0], name="W")


def fitted_or_text(student, X, y, X_val, y_val, epochs, batch_size, lr, rng):
    """The result; or what came instead of W, or was raised because there is none, as text."""
    try:
        result = student.fit_softmax(X, y, X_val, y_val, epochs, batch_size, lr, rng)
    except UnboundLocalError:
        return "an UnboundLocalError"
    return "None" if result[0] is None else result


def draw_orders(rng):
    """Three examples, one validation example, and where each order of two epochs in batches of two leads.

    An order is named by the example that is alone in each epoch. The validation example is wrong after one epoch and
    right after two, whatever the order, so the W of the second is the best.
    """
    y = np.array([0, 1, 1])
    while True:
        X = np.array([[4.0], [1.0], [1.0]]) * rng.normal(size=(3, 3))
        epochs = [np.array([*(i for i in range(3) if i != alone), alone]) for alone in range(3)]
        firsts = [descended(X[order], y[order], np.zeros((3, 2)), 1.0, 2) for order in epochs]
        ends = {
            (i, j): descended(X[epochs[j]], y[epochs[j]], firsts[i], 1.0, 2) for i, j in product(range(3), repeat=2)
        }
        gaps = [np.abs(a - b).max() for a, b in combinations([*firsts, *ends.values()], 2)]
        candidates = rng.normal(size=(2000, 3))
        late = (candidates @ np.array([W[:, 1] - W[:, 0] for W in firsts]).T < -1e-3).all(axis=1)
        late &= (candidates @ np.array([W[:, 1] - W[:, 0] for W in ends.values()]).T > 1e-3).all(axis=1)
        if min(gaps) > 1e-4 and late.any():
            return (X, y, candidates[late][:1], np.array([1])), ends


def fits_of(student, X, y, X_val, y_val, epochs, batch_size, lr, generators):
    """The W of one run for each generator."""
    data = X, y, X_val, y_val
    return [student.fit_softmax(*(a.copy() for a in data), epochs, batch_size, lr, g)[0] for g in generators]


@exercise("fit_softmax", weight=3)
def test_fit_draws_a_new_order_each_epoch(submission, rng):
    """W is that of one of the possible orders, pairs stay pairs, and each epoch has its own order."""
    data, ends = draw_orders(rng)
    seeds = rng.integers(2**32, size=16).tolist()
    generators = [np.random.default_rng(seed) for seed in [*seeds, *seeds]]
    twice = submission.run(fits_of, *data, 2, 2, 1.0, generators)
    found, again = twice[:16], twice[16:]
    orders = []
    for W in found:
        assert_shape(W, (3, 2), name="W")
        orders += [pair for pair, end in ends.items() if np.abs(as_array(W) - end).max() < 1e-8]
    assert_that(
        len(orders) == len(found), "Three rows in batches of two, two epochs: no order of the rows gives this W."
    )
    same = all(is_close(as_array(a), as_array(b)) for a, b in zip(found, again, strict=True))
    assert_that(len(set(orders)) > 1, "Sixteen generators, and always the same order.", cause=ORDER_FIXED)
    assert_that(same, "Generators in the same state gave different orders.", cause=OWN_SEED)
    assert_that(any(i != j for i, j in orders), "Both epochs always have the same order.", cause=ORDER_KEPT)


def fitted_digits(student, train, validation, rng):
    """W after training on the digits."""
    return student.fit_softmax(*train, *validation, 40, 32, 1.0, rng)[0]


DIGITS_AT_LEAST = 0.95  # the worst of 60 seeds of the reference reached 0.969


@exercise("fit_softmax", training=True)
def test_fit_reads_the_digits(submission, rng):
    """It reads held-out digits, all ten of them."""
    parts = train_validation_test(*digits())
    train, validation, (test_x, test_y) = [(np.hstack([x, np.ones((len(x), 1))]), y) for x, y in parts]
    W = as_array(submission.run(fitted_digits, train, validation, generator(rng)), name="W")
    assert_shape(W, (65, 10), name="W")
    got = accuracy(W, test_x, test_y)
    assert_that(got >= DIGITS_AT_LEAST, f"accuracy: expected at least {DIGITS_AT_LEAST}, got {got:.3f}.")
