"""Gradient checks: right ones pass however they were rounded, slightly wrong ones do not."""

import numpy as np
import pytest
import torch

from autograder.checks import CheckFailure, assert_vjp, away_from_kinks, numerical_vjp


@pytest.fixture
def case():
    rng = np.random.default_rng(11)
    x, W, d_out = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    return x, W, d_out, lambda W: np.tanh(x @ W) / 5


def exact(case):
    x, W, d_out, _ = case
    return x.T @ (d_out * (1 - np.tanh(x @ W) ** 2)) / 5


def cause(case, actual) -> str:
    _, W, d_out, f = case
    with pytest.raises(CheckFailure) as caught:
        assert_vjp(f, at=W, cotangent=d_out, actual=actual, name="dW")
    assert caught.value.message.startswith("dW: expected ")
    return caught.value.cause


def test_right_gradients_pass(case):
    x, W, d_out, f = case
    assert_vjp(f, at=W, cotangent=d_out, actual=exact(case), name="dW")
    assert_vjp(f, at=W, cotangent=d_out, actual=exact(case) * (1 + 1e-12), name="dW")
    weight = torch.tensor(W, requires_grad=True)
    (torch.tanh(torch.tensor(x) @ weight) / 5).backward(torch.tensor(d_out))
    assert_vjp(f, at=W, cotangent=d_out, actual=weight.grad, name="dW")


def test_slightly_wrong_gradients_are_refused(case):
    right = exact(case)
    one_entry = right.copy()
    one_entry[2, 1] *= 1.001
    assert cause(case, one_entry) == ""
    assert "1.0001 times" in cause(case, right * (1 + 1e-4))
    assert "opposite sign" in cause(case, -right)
    assert "transposed" in cause(case, right.T)
    assert "Your batch has 5 rows: did you forget to divide by it?" in cause(case, right * 5)
    assert "NaN" in cause(case, right * np.nan)
    assert "filled" in cause(case, right * 0)
    assert "is a `return` missing" in cause(case, None)


def test_an_ignored_upstream_gradient_is_recognised(case):
    x, W, _, _ = case
    assert "ignores the upstream gradient" in cause(case, x.T @ (1 - np.tanh(x @ W) ** 2) / 5)


def test_differences_do_not_change_the_input_nor_let_the_function_do_so():
    x = np.array([1.0, 1e3, 1e-3])
    before = x.copy()

    def doubling(values):
        values *= 2
        return values

    assert np.allclose(numerical_vjp(doubling, x, np.array([1.0, -2.0, 3.0])), [2, -4, 6], rtol=1e-9)
    assert (x == before).all()


def test_faults_of_the_check_are_no_fault_of_the_student(case):
    _, W, d_out, f = case
    with pytest.raises(ValueError, match=r"cotangent has shape \(3, 5\), but f\(x\) has shape \(5, 3\)"):
        assert_vjp(f, at=W, cotangent=d_out.T, actual=W, name="dW")
    with pytest.raises(ValueError, match="would prove nothing"):
        assert_vjp(f, at=W, cotangent=d_out * 0, actual=W * 0, name="dW")
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ValueError, match="not finite"),
    ):
        numerical_vjp(np.sqrt, np.array([-1.0]), np.ones(1))


def test_inputs_are_redrawn_until_no_kink_is_near():
    rng = np.random.default_rng(1)
    x = away_from_kinks(lambda rng: rng.normal(size=(6, 4)), lambda x: x, margin=0.05, rng=rng)
    assert np.abs(x).min() > 0.05
    with pytest.raises(ValueError, match="1000 draws"):
        away_from_kinks(lambda rng: np.zeros(2), lambda x: x, rng=rng)
