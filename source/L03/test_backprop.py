"""Checks for L03 that you may run and read. Small cases: the hidden ones take other sizes and values."""

import numpy as np

from autograder.checks import (
    Implementation,
    as_array,
    assert_accepts,
    assert_close,
    assert_length,
    assert_refuses,
    assert_shape,
    assert_that,
    assert_type,
    assert_unchanged,
    assert_vjp,
    exercise,
)

TOP = ("log_probs", "log_total", "total", "exps", "shifted", "row_max", "logits", "W2", "b2", "h")
BOTTOM = ("bn", "gamma", "beta", "x_hat", "inv_std", "var", "centered", "mean", "z1", "W1", "b1", "flat", "emb", "E")


def small_network(rng):
    """Parameters, tokens and labels: N = 4, T = 2, V = 6, D = 3, H = 5, C = 3; token 5 never occurs."""
    sizes = {"E": (6, 3), "W1": (6, 5), "b1": (5,), "gamma": (5,), "beta": (5,), "W2": (5, 3), "b2": (3,)}
    params = {name: rng.normal(size=size) for name, size in sizes.items()}
    return params, np.array([[0, 1], [1, 1], [2, 4], [3, 1]]), np.array([2, 0, 0, 1])


def with_nudges(params, ids, labels, nudge=None):
    """The loss and all the intermediates, as `forward` in the lesson gives them."""
    cache, nudge = {"ids": ids, "labels": labels}, nudge or {}

    def keep(name, value):
        cache[name] = value + nudge.get(name, 0)
        return cache[name]

    p = {name: keep(name, value) for name, value in params.items()}
    z1 = keep("z1", keep("flat", keep("emb", p["E"][ids]).reshape(len(ids), -1)) @ p["W1"] + p["b1"])
    centered = keep("centered", z1 - keep("mean", z1.mean(axis=0)))
    inv_std = keep("inv_std", 1 / np.sqrt(keep("var", (centered**2).mean(axis=0)) + 1e-5))
    h = keep("h", np.tanh(keep("bn", p["gamma"] * keep("x_hat", centered * inv_std) + p["beta"])))
    logits = keep("logits", h @ p["W2"] + p["b2"])
    shifted = keep("shifted", logits - keep("row_max", logits.max(axis=1, keepdims=True)))
    total = keep("total", keep("exps", np.exp(shifted)).sum(axis=1, keepdims=True))
    log_probs = keep("log_probs", shifted - keep("log_total", np.log(total)))
    return float(-log_probs[np.arange(len(labels)), labels].mean()), cache


def numerical_gradients(outcome, cache, names):
    """What `outcome(nudge)` does when each entry of each of these is nudged up and down."""
    found = {}
    for name in names:
        found[name] = np.zeros(cache[name].shape)
        for index in np.ndindex(cache[name].shape):
            nudge = np.zeros(cache[name].shape)
            nudge[index] = 1e-5
            found[name][index] = (outcome({name: nudge}) - outcome({name: -nudge})) / 2e-5
    return found


def assert_first_divergence(grads, expected):
    """Go through the gradients in backward order, and stop at the first that differs."""
    agree = []
    for name, wanted in expected.items():
        assert_that(f"d_{name}" in grads, f"the dict has no d_{name}.")
        got = as_array(grads[f"d_{name}"])
        before = f" (what comes before it, {', '.join(agree)}, agrees)" if agree else ""
        assert_shape(got, wanted.shape, name=f"d_{name}, the first to differ going backward{before}")
        apart = float(np.abs(got - wanted).max())
        assert_that(
            apart <= 1e-5 * max(float(np.abs(wanted).max()), 1e-3),
            f"d_{name} is the first to differ, going backward{before}: max-abs difference {apart:.3g}.",
        )
        agree.append(f"d_{name}")


# --- backprop_top


@exercise("backprop_top", condition=True)
def test_top_has_the_promised_form(submission, rng):
    """A dict with ten gradients, and the cache is not modified."""
    _, cache = with_nudges(*small_network(rng))
    grads, (after,) = submission.backprop_top.after(cache)
    assert_type(grads, dict, name="backprop_top")
    for name in TOP:
        assert_that(f"d_{name}" in grads, f"the dict has no d_{name}.")
        assert_shape(grads[f"d_{name}"], cache[name].shape, name=f"d_{name}")
    assert_unchanged(after, cache, name="cache")


@exercise("backprop_top")
def test_top_by_hand(submission, rng):
    """The example of the docstring: the gradient of the mean reaches the two labels."""
    params, ids, _ = small_network(rng)
    _, cache = with_nudges(params, ids[:2], np.array([2, 0]))
    assert_close(submission.backprop_top(cache)["d_log_probs"], [[0, 0, -0.5], [-0.5, 0, 0]], name="d_log_probs")


@exercise("backprop_top", weight=3)
def test_top_agrees_with_nudges(submission, rng):
    """Each named gradient is what the loss does when that very thing is nudged."""
    params, ids, labels = small_network(rng)
    _, cache = with_nudges(params, ids, labels)
    expected = numerical_gradients(lambda nudge: with_nudges(params, ids, labels, nudge)[0], cache, TOP)
    assert_first_divergence(submission.backprop_top(cache), expected)


# --- softmax_ce_backward


def softmax(logits):
    """The probabilities, row by row."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@exercise("softmax_ce_backward", condition=True)
def test_softmax_ce_has_the_promised_form(submission, rng):
    """An array like probs; the arguments are not modified."""
    arguments = softmax(rng.normal(size=(4, 3))), np.array([2, 0, 0, 1]), np.array([1.0, 0.5, 2.0, 3.0])
    d_logits, after = submission.softmax_ce_backward.after(*arguments)
    assert_shape(d_logits, (4, 3), name="d_logits")
    for now, before, name in zip(after, arguments, ("probs", "labels", "weights"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("softmax_ce_backward")
def test_softmax_ce_by_hand(submission, rng):
    """The example of the docstring."""
    d_logits = submission.softmax_ce_backward(
        np.array([[0.5, 0.5], [0.2, 0.8]]), np.array([0, 1]), np.array([1.0, 3.0])
    )
    assert_close(d_logits, [[-0.25, 0.25], [0.3, -0.3]], name="d_logits")


@exercise("softmax_ce_backward", weight=2)
def test_softmax_ce_agrees_with_central_differences(submission, rng):
    """Four examples with weights of their own."""
    logits, labels, weights = rng.normal(size=(4, 3)), np.array([2, 0, 0, 1]), np.array([1.0, 0.5, 2.0, 3.0])

    def losses(logits):
        return -np.log(softmax(logits)[np.arange(4), labels])

    actual = submission.softmax_ce_backward(softmax(logits), labels, weights)
    assert_vjp(losses, at=logits, cotangent=weights / 4, actual=actual, name="d_logits")


# --- backprop_bottom


@exercise("backprop_bottom", condition=True)
def test_bottom_has_the_promised_form(submission, rng):
    """A dict with fourteen gradients, and the arguments are not modified."""
    _, cache = with_nudges(*small_network(rng))
    d_h = rng.normal(size=(4, 5))
    grads, after = submission.backprop_bottom.after(cache, d_h)
    assert_type(grads, dict, name="backprop_bottom")
    for name in BOTTOM:
        assert_that(f"d_{name}" in grads, f"the dict has no d_{name}.")
        assert_shape(grads[f"d_{name}"], cache[name].shape, name=f"d_{name}")
    assert_unchanged(after[0], cache, name="cache")
    assert_unchanged(after[1], d_h, name="d_h")


@exercise("backprop_bottom", weight=3)
def test_bottom_agrees_with_nudges(submission, rng):
    """Each named gradient is what sum(d_h * h) does when that very thing is nudged."""
    params, ids, labels = small_network(rng)
    _, cache = with_nudges(params, ids, labels)
    d_h = rng.normal(size=(4, 5))
    expected = numerical_gradients(
        lambda nudge: float((d_h * with_nudges(params, ids, labels, nudge)[1]["h"]).sum()), cache, BOTTOM
    )
    assert_first_divergence(submission.backprop_bottom(cache, d_h), expected)


@exercise("backprop_bottom")
def test_bottom_leaves_unused_tokens_alone(submission, rng):
    """Token 5 does not occur: its row of d_E is exactly 0, and the others are not."""
    _, cache = with_nudges(*small_network(rng))
    d_E = as_array(submission.backprop_bottom(cache, rng.normal(size=(4, 5)))["d_E"])
    assert_shape(d_E, (6, 3), name="d_E")
    used = (d_E != 0).any(axis=1)
    assert_that(used.tolist() == [True] * 5 + [False], f"d_E: rows 0 to 4 are used, yours are {used.tolist()}.")


# --- batchnorm_backward


def batchnorm(x, gamma, beta):
    """Batch normalisation, and the cache."""
    centered = x - x.mean(axis=0)
    inv_std = 1 / np.sqrt((centered**2).mean(axis=0) + 1e-5)
    return gamma * centered * inv_std + beta, (centered * inv_std, gamma, inv_std)


@exercise("batchnorm_backward", condition=True)
def test_batchnorm_has_the_promised_form(submission, rng):
    """(d_x, d_gamma, d_beta), and nothing is modified."""
    _, cache = batchnorm(rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3))
    arguments = rng.normal(size=(4, 3)), cache
    result, after = submission.batchnorm_backward.after(*arguments)
    assert_length(result, 3, name="batchnorm_backward")
    for value, shape, name in zip(result, ((4, 3), (3,), (3,)), ("d_x", "d_gamma", "d_beta"), strict=True):
        assert_shape(value, shape, name=name)
    assert_unchanged(after[0], arguments[0], name="d_out")
    assert_unchanged(after[1], cache, name="cache")


@exercise("batchnorm_backward")
def test_batchnorm_by_hand(submission, rng):
    """The example of the docstring: two rows."""
    cache = np.array([[-1.0], [1.0]]), np.array([2.0]), np.array([0.5])
    _, d_gamma, d_beta = submission.batchnorm_backward(np.array([[1.0], [2.0]]), cache)
    assert_close(d_gamma, [1.0], name="d_gamma")
    assert_close(d_beta, [3.0], name="d_beta")


@exercise("batchnorm_backward", weight=3)
def test_batchnorm_agrees_with_central_differences(submission, rng):
    """All three gradients, for a random upstream gradient."""
    x, gamma, beta = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)
    d_out = rng.normal(size=(4, 3))
    d_x, d_gamma, d_beta = submission.batchnorm_backward(d_out, batchnorm(x, gamma, beta)[1])
    assert_vjp(lambda v: batchnorm(x, gamma, v)[0], at=beta, cotangent=d_out, actual=d_beta, name="d_beta")
    assert_vjp(lambda v: batchnorm(x, v, beta)[0], at=gamma, cotangent=d_out, actual=d_gamma, name="d_gamma")
    assert_vjp(lambda v: batchnorm(v, gamma, beta)[0], at=x, cotangent=d_out, actual=d_x, name="d_x")


# --- Dual


def two_duals(student, a, da, b, db):
    """What the six operations give, values and tangents."""
    x, y = student.Dual(a, da), student.Dual(b, db)
    results = {"+": x + y, "-": x - y, "*": x * y, "tanh": x.tanh(), "exp": x.exp(), "log": (x * x).log()}
    results |= {"@": student.Dual(a.T, da.T) @ y, "sum": x.sum(1)}
    return {name: (result.value, result.tangent) for name, result in results.items()}


@exercise("Dual", weight=2)
def test_dual_operations(submission, rng):
    """Each operation: its value, and its tangent by central differences."""
    a, da, b, db = rng.normal(size=(4, 4, 3))
    got = submission.run(two_duals, a, da, b, db)
    operations = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "@": lambda a, b: a.T @ b,
        "sum": lambda a, b: a.sum(axis=1, keepdims=True),
        "tanh": lambda a, b: np.tanh(a),
        "exp": lambda a, b: np.exp(a),
        "log": lambda a, b: np.log(a * a),
    }
    for name, f in operations.items():
        value, tangent = got[name]
        assert_close(value, f(a, b), name=f"value of {name}")
        ahead, behind = (f(a + step * da, b + step * db) for step in (1e-5, -1e-5))
        assert_close(tangent, (ahead - behind) / 2e-5, name=f"tangent of {name}", rtol=1e-5)


@exercise("Dual")
def test_dual_square_by_hand(submission, rng):
    """At x = 3, moving at speed 1: x * x is 9, and its tangent 6."""
    value, tangent = submission.run(squared, np.array([3.0]), np.array([1.0]))
    assert_close(value, [9.0], name="value")
    assert_close(tangent, [6.0], name="tangent")


def squared(student, value, tangent):
    """Value and tangent of x * x."""
    x = student.Dual(value, tangent)
    y = x * x
    return y.value, y.tangent


# --- gradient_flow


@exercise("gradient_flow", condition=True)
def test_flow_has_the_promised_form(submission, rng):
    """One number a layer; the arguments are not modified."""
    arguments = [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))], rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    norms, after = submission.gradient_flow.after(*arguments, "tanh")
    assert_shape(norms, (2,), name="norms")
    for now, before, name in zip(after, arguments, ("weights", "x", "d_out"), strict=False):
        assert_unchanged(now, before, name=name)


@exercise("gradient_flow")
def test_flow_by_hand(submission, rng):
    """The example of the docstring, and the same with a ReLU that is shut."""
    x, d_out = np.array([[3.0, 4.0]]), np.array([[10.0]])
    assert_close(submission.gradient_flow([np.array([[2.0], [0.0]])], x, d_out, "linear"), [50.0], name="norms")
    assert_close(submission.gradient_flow([np.array([[-2.0], [0.0]])], x, d_out, "relu"), [0.0], name="norms")


@exercise("gradient_flow", weight=2)
def test_flow_of_two_layers(submission, rng):
    """Two tanh layers: the norms of the gradients by central differences."""
    weights = [rng.normal(size=(3, 4)), rng.normal(size=(4, 2))]
    x, d_out = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    expected = []
    for i in (0, 1):
        gradient = np.zeros(weights[i].shape)
        for index in np.ndindex(gradient.shape):
            ends = []
            for h in (1e-5, -1e-5):
                moved = [W.copy() for W in weights]
                moved[i][index] += h
                ends.append((d_out * np.tanh(np.tanh(x @ moved[0]) @ moved[1])).sum())
            gradient[index] = (ends[0] - ends[1]) / 2e-5
        expected.append(np.sqrt((gradient**2).sum()))
    assert_close(submission.gradient_flow(weights, x, d_out, "tanh"), expected, name="norms")


# --- SuspectLayers


def called(student, name, arguments):
    """What one of the six functions returns."""
    return getattr(student.SuspectLayers, name)(*arguments)


@exercise("SuspectLayers")
def test_suspects_agree_with_central_differences(submission, rng):
    """Four of them are right, for batches of several rows and tokens that occur twice; are the other two?"""
    x, z, d_out = rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    table, ids = rng.normal(size=(5, 3)), np.array([[0, 1], [2, 1], [3, 3]])
    forwards = {
        "gate_backward": (lambda v: v / (1 + np.exp(-z)), x, d_out, (x, z)),
        "softmax_backward": (softmax, z, d_out, (softmax(z),)),
        "normalize_backward": (lambda v: v / np.sqrt((v * v).sum(axis=1, keepdims=True)), x, d_out, (x,)),
        "mean_backward": (lambda v: v.mean(axis=0), x, d_out[0], (4,)),
        "embedding_backward": (lambda v: v[ids], table, rng.normal(size=(3, 2, 3)), (ids, 5)),
    }
    wrong = 0
    for name, (f, at, upstream, arguments) in forwards.items():
        got = submission.run(called, name, (upstream, *arguments))
        got = as_array(got[0] if name == "gate_backward" else got)
        gradient = np.zeros(at.shape)
        for index in np.ndindex(at.shape):
            step = np.zeros(at.shape)
            step[index] = 1e-5
            gradient[index] = (upstream * (f(at + step) - f(at - step))).sum() / 2e-5
        assert_shape(got, at.shape, name=name)
        wrong += not np.allclose(got, gradient, rtol=1e-6, atol=1e-6)
    assert_that(wrong == 0, f"{wrong} of the six disagree with central differences. Which? Test them one by one.")


# --- check_backward

BY_AUTHOR = Implementation("""
def f(d_out, ids, E, W):
    m = E[ids].mean(axis=1)
    d_z = d_out * (1 - np.tanh(m @ W) ** 2)
    counts = np.eye(len(E))[ids].mean(axis=1)
    return counts.T @ (d_z @ W.T), m.T @ d_z
""")
NO_TANH = Implementation("""
def f(d_out, ids, E, W):
    counts = np.eye(len(E))[ids].mean(axis=1)
    return counts.T @ (d_out @ W.T), E[ids].mean(axis=1).T @ d_out
""")


@exercise("check_backward", condition=True)
def test_check_accepts_a_right_one(submission, rng):
    """Accepts a right implementation."""
    assert_accepts(submission, "check_backward", (BY_AUTHOR,), rng=rng)


@exercise("check_backward")
def test_check_refuses_a_missing_tanh(submission, rng):
    """Refuses an implementation that forgets the derivative of tanh."""
    assert_refuses(submission, "check_backward", NO_TANH, correct=(BY_AUTHOR,), rng=rng)
