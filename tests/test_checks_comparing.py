"""Comparisons: what they accept, what they refuse, and what they say."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from autograder.checks import (
    CheckFailure,
    InProcess,
    Proxy,
    StudentError,
    as_array,
    assert_close,
    assert_dtype,
    assert_keys,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_type,
    assert_unchanged,
    first_difference,
)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(5, 3))


def refusal(check, *args, **kwargs) -> CheckFailure:
    with pytest.raises(CheckFailure) as caught:
        check(*args, **kwargs)
    return caught.value


def test_importing_the_checks_does_not_import_torch():
    code = "import autograder.checks, sys; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_wrong_factor_reads_like_a_teacher():
    expected = np.random.default_rng(0).normal(size=(4, 3))
    failure = refusal(assert_close, expected * 32, expected, name="dW", case="batch of 32", dims={"batch": 32})
    assert str(failure) == (
        "dW: expected 0.1257 at [0, 0], got 4.023 (12 of 12 entries differ). Case: batch of 32.\n"
        "Likely cause: dW is exactly 32 times too large. Your batch has 32 rows: did you forget to divide by it?"
    )
    assert failure.name == "dW"
    assert failure.actual.shape == failure.expected.shape == (4, 3)


@pytest.mark.parametrize("change", [1 + 1e-5, 1 - 1e-5, -1.0, 0.0])
def test_slightly_wrong_values_are_refused(values, change):
    refusal(assert_close, values * change, values, name="y")


def test_one_slightly_wrong_entry_is_refused_and_named(values):
    wrong = values.copy()
    wrong[3, 1] += 1e-5
    failure = refusal(assert_close, wrong, values, name="y")
    assert "at [3, 1]" in failure.message
    assert "1 of 15 entries differs" in failure.message
    assert first_difference(wrong, values, 1e-6) == (3, 1)


def test_numbers_are_written_with_the_digits_that_show_the_difference():
    failure = refusal(assert_close, 1.00001, 1.0, name="loss")
    assert failure.message == "loss: expected 1, got 1.00001."


def test_rounding_is_accepted(values):
    assert_close(values * (1 + 1e-9), values, name="y")
    assert_close(values.astype(np.float32), values.astype(np.float32) * np.float32(1.00001), name="y")
    assert_close(torch.tensor(values, requires_grad=True), values, name="y")
    assert_close(values.tolist(), values, name="y")
    assert_close(2, 2.0, name="n")
    assert_close(torch.tensor(1.5), 1.5, name="loss")


def test_small_entries_are_compared_on_the_scale_of_the_array():
    assert_close(np.array([1.0, 1e-8]), np.array([1.0, 0.0]), name="y")
    refusal(assert_close, np.array([1.0, 1e-5]), np.array([1.0, 0.0]), name="y")


def test_where_zero_is_expected_everywhere_the_bound_is_absolute():
    assert_close(np.full(4, 1e-7), np.zeros(4), name="y")
    refusal(assert_close, np.full(4, 1e-5), np.zeros(4), name="y")


def test_nan_is_refused_even_where_nan_is_expected():
    failure = refusal(assert_close, np.array([1.0, np.nan]), np.array([1.0, 2.0]), name="y")
    assert "got nan" in failure.message
    assert "contains NaN" in failure.cause
    refusal(assert_close, np.array([np.nan]), np.array([np.nan]), name="y")


def test_infinity_equals_itself_only():
    infinite = np.array([np.inf, 1.0, -np.inf])
    assert_close(infinite.copy(), infinite, name="y")
    refusal(assert_close, -infinite, infinite, name="y")
    refusal(assert_close, np.array([1e300, 1.0, -np.inf]), infinite, name="y")
    assert "contains inf" in refusal(assert_close, np.array([np.inf, 1.0]), np.ones(2), name="y").cause


def test_integers_are_exact_whatever_their_size():
    refusal(assert_close, np.array([10**8, 6]), np.array([10**8, 5]), name="n")
    refusal(assert_close, np.array([1e8, 5.5]), np.array([10**8, 5]), name="n")
    assert_close(np.array([1e8, 5.0]), np.array([10**8, 5]), name="n")
    assert_close(np.array([True, False]), np.array([True, False]), name="mask")
    refusal(assert_close, np.array([True, True]), np.array([True, False]), name="mask")


def test_only_rounding_to_float32_is_named(values):
    wrong = values.astype(np.float32) * np.float32(1 + 3e-6)
    assert "it looks computed in float32" in refusal(assert_close, wrong, values, name="y").cause


def test_a_wrong_shape_names_both_shapes_and_the_transpose(values):
    failure = refusal(assert_close, values.T, values, name="dW")
    assert failure.message == "dW: expected shape (5, 3), got shape (3, 5)."
    assert failure.cause == "it is transposed: the values are right."
    scalar = refusal(assert_close, np.ones((1,)), 1.0, name="loss")
    assert scalar.message == "loss: expected a single number (shape ()), got shape (1,)."


def test_a_missing_return_is_recognised():
    failure = refusal(assert_close, None, 1.0, name="loss")
    assert failure.message == "loss: expected an array, got None."
    assert failure.cause == "it returns None: is a `return` missing, or is it not finished?"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "got a dict of 0 values"),
        ("text", "got a str"),
        (object(), "got an object"),
        (len, "got a function"),
        ([[1, 2], [3]], "values with different shapes: (2,), (1,)"),
        ([1, None], "y[1]: expected an array, got None"),
        (np.array([None, 1]), "got an array of shape (2,)"),
        (10**40, "an int too large"),
        (torch.nn.Linear(2, 2), "got a Linear"),
    ],
)
def test_what_is_no_array_is_named(value, words):
    assert words in refusal(as_array, value, name="y").message


def test_no_method_of_a_students_class_is_called():
    class Liar(np.ndarray):
        def __array__(self, *args, **kwargs):
            raise AssertionError("called")

        def __array_finalize__(self, obj):
            pass

        __eq__ = __getitem__ = __iter__ = __len__ = __array__  # type: ignore[assignment]

    class Pretender:
        __class__ = np.ndarray  # type: ignore[assignment]

        def __array__(self, *args, **kwargs):
            return np.ones(3)

    class LyingTensor(torch.Tensor):
        @classmethod
        def __torch_function__(cls, *args, **kwargs):
            raise AssertionError("called")

    class LyingList(list):
        def __iter__(self):
            return iter([9.0])

    array = np.ones(3).view(Liar)
    assert type(as_array(array)) is np.ndarray
    assert_close(array, np.ones(3), name="y")
    refusal(assert_close, Pretender(), np.ones(3), name="y")
    tensor = torch.ones(3).as_subclass(LyingTensor)
    assert as_array(tensor).tolist() == [1, 1, 1]
    assert as_array(LyingList([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_tensors_of_every_kind_become_arrays():
    assert as_array(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32
    assert as_array(torch.nn.Parameter(torch.ones(2))).tolist() == [1, 1]
    assert as_array(torch.eye(2).to_sparse()).tolist() == [[1, 0], [0, 1]]
    assert as_array([torch.tensor(1.0), torch.tensor(2.0)]).tolist() == [1, 2]


def test_an_author_can_foresee_causes(values):
    explain = {"the mean is taken over the wrong axis": values - values.mean(1, keepdims=True)}
    failure = refusal(
        assert_close, values - values.mean(1, keepdims=True), values - values.mean(0), name="y", explain=explain
    )
    assert failure.cause == "the mean is taken over the wrong axis"
    other = refusal(assert_close, values**3 + 1, values - values.mean(0), name="y", explain=explain)
    assert other.cause == ""
    called = refusal(assert_close, values**3 + 1, values, name="y", explain=lambda actual, expected: "so")
    assert called.cause == "so"


def test_where_the_differences_lie_is_said(values):
    last, column = values.copy(), values.copy()
    last[-1] += [1, 2, 5]
    column[:, 1] *= [2, 3, 4, 5, 6]
    assert "(3 of 15 entries differ: only the last row)" in refusal(assert_close, last, values, name="y").message
    assert "(5 of 15 entries differ: only column 1)" in refusal(assert_close, column, values, name="y").message


def test_shape_and_dtype_conditions(values):
    assert_shape(values, (5, 3), name="y")
    failure = refusal(assert_shape, values.T, (5, 3), name="y")
    assert str(failure) == "y: expected shape (5, 3), got shape (3, 5).\nLikely cause: it is transposed."
    assert_dtype(values, np.float64, name="y")
    assert_dtype(torch.ones(2), torch.float32, name="y")
    assert_dtype(torch.ones(2), "float32", name="y")
    assert_dtype(torch.ones(2, dtype=torch.bfloat16), torch.bfloat16, name="y")
    wrong = refusal(assert_dtype, values, torch.float32, name="y")
    assert wrong.message == "y: expected dtype float32, got float64."
    assert "NumPy computes in float64" in wrong.cause
    assert "integers" in refusal(assert_dtype, np.arange(3), "float64", name="y").cause
    assert "comparison" in refusal(assert_dtype, np.arange(3), "bool", name="y").cause


def test_modified_arguments_are_found(values):
    after = values.copy()
    assert_unchanged(after, values, name="x")
    assert_unchanged({"a": [np.nan, values]}, {"a": [np.nan, values.copy()]}, name="cache")
    after[2, 1] = 0
    failure = refusal(assert_unchanged, after, values, name="x")
    assert failure.message.startswith("x was modified: expected")
    assert "at [2, 1] as before the call, got 0 (1 of 15 entries differs)" in failure.message
    assert "in-place" in failure.cause
    assert "cache['a'][1] was modified" in str(
        refusal(assert_unchanged, {"a": [1, after]}, {"a": [1, values]}, name="cache")
    )
    assert "its shape was (5, 3) and is (3, 5)" in str(refusal(assert_unchanged, values.T, values, name="x"))
    assert "expected [1, 2] after the call, got [1, 2, 3]" in str(
        refusal(assert_unchanged, [1, 2, 3], [1, 2], name="items")
    )


def test_types_lengths_and_keys():
    assert_type({}, dict, name="cache")
    assert_type(True, (bool, int), name="flag")
    assert str(refusal(assert_type, [1], dict, name="cache")) == "cache: expected a dict, got a list of 1 value."
    assert "expected an int, got a bool" in str(refusal(assert_type, True, int, name="n"))
    assert "is a `return` missing" in str(refusal(assert_type, None, (list, tuple), name="c"))
    assert_length((1, 2), 2, name="result")
    assert "expected 2 values, got a tuple of 3 values" in str(refusal(assert_length, (1, 2, 3), 2, name="result"))
    two = refusal(assert_close, (np.eye(3), 1.0), np.ones((3, 3)), name="out")
    assert two.message == "out: expected an array, got a tuple of 2 values with different shapes: (3, 3), ()."
    assert two.cause == "is only one of them to be returned?"
    assert "a tuple of 2 values came" in refusal(assert_close, (np.eye(3),) * 2, np.ones((3, 3)), name="out").cause
    assert "a tuple of 2 values came" in refusal(assert_shape, (np.eye(3), np.eye(3)), (3, 3), name="out").cause
    assert "only one value is returned" in refusal(assert_length, np.ones(2), 2, name="result").cause
    assert refusal(assert_length, (1, 2, 3), 2, name="result").cause == ""
    assert_keys({"W": 1, "b": 2}, {"b", "W"}, name="params")
    failure = refusal(assert_keys, {"w": 1, "b": 2}, ["W", "b"], name="params")
    assert failure.message == "params: expected the keys 'W', 'b'; missing 'W'; not expected: 'w'."
    assert failure.cause == "keys are case-sensitive: 'w' is not 'W'."
    assert "the key '1' is a str, 1 is an int" in str(refusal(assert_keys, {"1": 0}, [1], name="layers"))


def test_an_authors_own_message():
    assert_that(True, "never seen")
    failure = refusal(assert_that, False, "the loss rose from 1 to 2", cause="the step goes uphill")
    assert str(failure) == "the loss rose from 1 to 2\nLikely cause: the step goes uphill"


def _raising(error: Exception | None) -> Proxy:
    def f(x):
        if error:
            raise error
        return x

    return Proxy(InProcess({"f": f}))


def test_expected_errors():
    assert_raises(_raising(ValueError("no rows")).f, 1, name="f")
    assert_raises(_raising(np.linalg.LinAlgError("singular")).f, 1, error=ValueError, name="f")
    assert_raises(_raising(IndexError()).f, 1, error=LookupError, name="f")
    silent = refusal(assert_raises, _raising(None).f, 3.5, name="f", case="an empty batch")
    assert silent.message == "f: expected a ValueError for an empty batch, got no error: it returned 3.5."
    other = refusal(assert_raises, _raising(TypeError("what")).f, 1, name="f")
    assert other.message.startswith("f: expected a ValueError, got a TypeError: ")
    with pytest.raises(StudentError):
        assert_raises(_raising(NotImplementedError()).f, 1, name="f")
    with pytest.raises(StudentError):
        assert_raises(_raising(None).g, 1, name="g")
