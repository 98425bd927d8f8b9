"""The general diagnosis: which causes it names, and when it keeps silent."""

import numpy as np
import pytest

from autograder.checks import Context, diagnose
from autograder.checks.diagnosis import shape_cause

B = np.random.default_rng(3).normal(size=(6, 4))
POSITIVE = np.abs(B) + 0.1
SQUARE = np.random.default_rng(4).normal(size=(4, 4))
DIMS = Context(name="dW", dims={"batch": 6, "classes": 10})


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        (B * 6, B, "dW is exactly 6 times too large. Your batch has 6 rows: did you forget to divide by it?"),
        (B / 10, B, "dW is exactly 10 times too small. 10 is the number of classes"),
        (B * 60, B, "exactly 6 x 10 (rows of the batch x classes) times too large"),
        (B * 0.6, B, "divided by 10 (classes) instead of 6 (rows of the batch)"),
        (B * 10**0.5, B, "the square root of 10 (classes)"),
        (B * 2, B, "exactly twice too large"),
        (B / 2, B, "exactly half"),
        (B / np.log(2), B, "log2 was used"),
        (B / np.log(10), B, "log10 was used"),
        (B * 1.2345, B, "every entry of dW is 1.2345 times what was expected: a constant factor is wrong"),
        (B / 4, B, "every entry of dW is 0.25 times what was expected: is a factor 4 missing, or a division by 4 too"),
        (np.array([2.5, 3.5, 4.5]), np.array([5.0, 7.0, 9.0]), "a mean of 2 taken where their sum is meant"),
        (np.array([-0.5, -1000.0, 0.0]), np.array([0.5, 1000.0, 0.0]), "opposite sign"),
        (np.trunc(B * 9).astype(int), B * 9, "dW holds whole numbers only (int64)"),
        (-B, B, "opposite sign"),
        (B * -3, B, "every entry of dW is -3 times"),
        (B * 0, B, "every entry of dW is 0"),
        (B.T, B, "it is transposed: the values are right"),
        (SQUARE.T, SQUARE, "dW is transposed"),
        (B[::-1], B, "reversed order along axis 0 (its rows)"),
        (B[:, ::-1], B, "reversed order along axis 1 (its columns)"),
        (np.roll(B, 1, 0), B, "shifted by 1 along axis 0"),
        (B[[2, 0, 1, 5, 3, 4]], B, "the right rows, in another order"),
        (B.T.reshape(6, 4), B, "right values, in other places"),
        (B + 0.25, B, "every entry is 0.25 too large"),
        (B - B[0], B, "every row is off by the same vector"),
        (B - B[:, :1], B, "each row is off by a constant of its own"),
        (POSITIVE / POSITIVE.sum(1, keepdims=True), POSITIVE, "each row is off by a factor of its own"),
        (POSITIVE / POSITIVE.sum(0), POSITIVE, "each column is off by a factor of its own"),
        (np.abs(B), B, "absolute value"),
        (1 - B, B, "1 minus what was expected"),
        (POSITIVE**2, POSITIVE, "the square of"),
        (np.sqrt(POSITIVE), POSITIVE, "the square root of what"),
        (1 / POSITIVE, POSITIVE, "1 divided by"),
        (np.log(POSITIVE), POSITIVE, "the logarithm of"),
        (np.exp(B), B, "exp of"),
        (
            np.where(np.arange(6)[:, None] == 5, 0, B),
            B,
            "the last row of dW is 0: does a loop or slice stop one too early?",
        ),
        (np.maximum(B, 0), B, "every negative entry of dW has become 0"),
        (np.where(np.abs(B) > 0.8, 0, B), B, "the wrong entries of dW are all 0"),
        (B[:-1], B, "the last row is missing"),
        (B[1:], B, "the first row is missing"),
        (B[:, :-1], B, "the last column is missing"),
        (B, B.sum(0), "the sum over axis 0 (6 entries) is missing"),
        (B, B.mean(1), "the mean over axis 1 (4 entries) is missing"),
        (B, B.sum(0, keepdims=True), "the sum over axis 0"),
        (B.sum(1), B, "dW is summed over axis 1, which should have stayed"),
        (B[:, None], B, "only an axis of length 1 is too many"),
        (B[:, 0], B[:, :1], "the values are right: only an axis of length 1 is missing: `keepdims=True` keeps it"),
        (B.reshape(6, 4, 1), B.reshape(6, 1, 4), "right and in the right order: only the shape differs"),
        (B[:, :1].reshape(1, 6), B[:, :1], "right and in the right order: only the shape differs"),
        (B.reshape(4, 6), B, "right and in the right order: only the shape differs"),
        (
            np.arange(24.0).reshape(2, 3, 4).transpose(0, 2, 1),
            np.arange(24.0).reshape(2, 3, 4),
            "in the order (0, 2, 1)",
        ),
        (np.where(B > 1, np.nan, B), B, "dW contains NaN"),
        (np.where(B > 1, np.inf, B), B, "dW contains inf"),
        (np.array(0.123456 * 6), np.array(0.123456), "exactly 6 times too large"),
        (B.astype(np.float16), B, "it looks computed in float16"),
    ],
)
def test_causes_that_are_exact_are_named(actual, expected, words):
    assert words in diagnose(np.asarray(actual), np.asarray(expected), context=DIMS)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (B * 6 + 1e-3, B),  # not exact
        (B + np.random.default_rng(9).normal(size=B.shape), B),
        (np.array(6.0), np.array(1.0)),  # a round scalar: any factor could be an accident
        (np.array(0.5), np.array(0.25)),
        (np.array(0.987 * 0.1234), np.array(0.1234)),  # a scalar always has some factor
        (np.full((6, 4), 6.0), np.ones((6, 4))),  # six, or five more?
        (np.zeros((6, 4)), np.zeros((6, 4)) + 1),
        (np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])),  # too few to tell
        (np.array([-3.0]), np.array([3.0])),
        (np.array([1, 2]), np.array([1.5, 2.6])[::-1]),
        (np.array([1, 2, 4]), np.array([1.0, 2.0, 3.0])),  # whole numbers were expected
        (B * 6 + 0j, B + 0j),
        (np.empty((0, 3)), np.empty((0, 3))),
        (2 * np.arange(8).reshape(2, 4), np.arange(8).reshape(2, 4)),  # whole numbers are in proportion by accident
        (np.array([[-1.0, -1.0], [0.0, -5000.0]]), np.array([[-0.7, -0.6], [0.0, -5000.0]])),  # not rounded to float16
        (B, np.full_like(B, np.nan)),
    ],
)
def test_silence_where_the_cause_is_not_sure(actual, expected):
    assert diagnose(np.asarray(actual), np.asarray(expected), context=DIMS) == ""


def test_a_factor_with_two_meanings_is_not_explained():
    ambiguous = Context(dims={"batch": 6, "hidden": 6})
    assert diagnose(B * 6, B, context=ambiguous) == (
        "every entry of it is 6 times what was expected: is a division by 6 missing (a mean), or something counted 6 "
        "times?"
    )


def test_random_errors_are_never_explained():
    rng = np.random.default_rng(0)
    for _ in range(300):
        expected = rng.normal(size=(3, 4))
        actual = expected * rng.uniform(0.5, 1.5, size=(3, 4))
        assert diagnose(actual, expected, context=DIMS) == ""


@pytest.mark.parametrize(
    ("actual", "expected", "words"),
    [
        ((3, 4), (4, 3), "it is transposed."),
        ((2, 4, 3), (2, 3, 4), "axes are in another order"),
        ((5, 1), (5,), "an axis of length 1 is too many"),
        ((5,), (5, 1), "an axis of length 1 is missing"),
        ((5, 3), (3,), "axis 0 (of length 5) should be gone"),
        ((1, 3), (4, 1), "axis 0 is summed (or averaged), but axis 1 should be"),
        ((4, 4), (4,), "a square (4, 4) comes from a vector (4,) that meets a column (4, 1)"),
        ((4, 4), (4, 1), "a square (4, 4)"),
        ((4, 4), (5,), ""),
        ((3,), (5, 3), "axis 0 (of length 5) is gone"),
        ((6,), (10,), "one entry for each of the classes is expected, not of the rows of the batch"),
        ((7, 8), (5,), ""),
    ],
)
def test_shapes_alone(actual, expected, words):
    cause = shape_cause(actual, expected, dims=DIMS.dims)
    assert words in cause
    assert bool(words) == bool(cause)
