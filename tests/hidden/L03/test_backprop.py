"""Hidden checks of L03: other sizes and values of what the exercises promise."""

from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch

from autograder.checks import (
    CheckFailure,
    Context,
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
    away_from_kinks,
    diagnose,
    exercise,
)

# --- the named network: a trusted forward pass in PyTorch, whose autograd gives every named gradient ------------------

# N, T, V, D, H, C and eps. First square weights: a product the wrong way round then gives numbers, which tell more than
# the error that it raises elsewhere. In the others all sizes differ, so that no size can pass for another.
SIZES = (
    (8, 3, 9, 2, 6, 6, 1e-5),
    (8, 3, 9, 2, 5, 4, 1e-5),
    (5, 2, 11, 4, 3, 6, 1e-2),
)
PARAMS = ("E", "W1", "b1", "gamma", "beta", "W2", "b2")
TOP = ("log_probs", "log_total", "total", "exps", "shifted", "row_max", "logits", "W2", "b2", "h")
BOTTOM = ("bn", "gamma", "beta", "x_hat", "inv_std", "var", "centered", "mean", "z1", "W1", "b1", "flat", "emb", "E")
ZERO = ("row_max", "b1")  # their gradients are 0 up to rounding
RTOL, ATOL = 1e-6, 1e-9


def network(params, ids, labels, eps):
    """All that `forward` keeps, as tensors that keep their gradients, and the loss."""
    t = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    t["emb"] = t["E"][torch.tensor(ids)]
    t["flat"] = t["emb"].reshape(len(ids), -1)
    t["z1"] = t["flat"] @ t["W1"] + t["b1"]
    t["mean"] = t["z1"].mean(dim=0)
    t["centered"] = t["z1"] - t["mean"]
    t["var"] = (t["centered"] ** 2).mean(dim=0)
    t["inv_std"] = (t["var"] + eps) ** -0.5
    t["x_hat"] = t["centered"] * t["inv_std"]
    t["bn"] = t["gamma"] * t["x_hat"] + t["beta"]
    t["h"] = torch.tanh(t["bn"])
    t["logits"] = t["h"] @ t["W2"] + t["b2"]
    t["row_max"] = t["logits"].amax(dim=1, keepdim=True)
    t["shifted"] = t["logits"] - t["row_max"]
    t["exps"] = torch.exp(t["shifted"])
    t["total"] = t["exps"].sum(dim=1, keepdim=True)
    t["log_total"] = torch.log(t["total"])
    t["log_probs"] = t["shifted"] - t["log_total"]
    for tensor in t.values():
        tensor.retain_grad()
    return t, -t["log_probs"][torch.arange(len(labels)), torch.tensor(labels)].mean()


def draw_tokens(n, t, v, rng):
    """Tokens of which one comes twice in an example and again in another, one in both places, and some never."""
    ids = rng.integers(1, v - 2, size=(n, t))  # 0, v - 2 and v - 1 are left out
    ids[0, :2] = ids[2, 0] = ids[3, 1] = v - 2
    return ids


def draw_case(sizes, rng, *, scale=1.0):
    """A cache, the tensors behind it and the loss; no batch variance is tiny and no maximum is shared."""
    n, t, v, d, h, c, eps = sizes

    def draw(rng):
        params = {
            "E": rng.normal(size=(v, d)),
            "W1": rng.normal(size=(t * d, h)) / np.sqrt(t * d),
            "b1": rng.normal(size=h),
            "gamma": rng.choice([-1.0, 1.0], size=h) * rng.uniform(0.5, 1.5, size=h),
            "beta": 0.5 * rng.normal(size=h),
            "W2": scale * rng.normal(size=(h, c)),
            "b2": rng.normal(size=c),
        }
        ids, labels = draw_tokens(n, t, v, rng), rng.permutation(np.arange(n) % (c - 1))
        return ids, labels, *network(params, ids, labels, eps)

    def near(drawn):
        tensors = drawn[2]
        best = torch.topk(tensors["logits"], 2, dim=1).values
        spread = torch.cat([tensors["var"] - 0.1, best[:, 0] - best[:, 1]]).detach().numpy()
        return np.where(spread > 1e-2, spread, 0.0)

    ids, labels, tensors, loss = away_from_kinks(draw, near, margin=1e-2, rng=rng)
    cache = {"ids": ids, "labels": labels}
    cache |= {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}
    return cache, tensors, loss


def gradients(tensors, names):
    """The gradients that autograd has left, by name."""
    found = {name: tensors[name].grad.numpy() for name in names}
    return {name: np.zeros_like(grad) if name in ZERO else grad for name, grad in found.items()}


def top_cases(rng):
    """(cache, gradients of the loss) for three sets of sizes, and for scores so large that probabilities saturate."""
    cases = []
    for sizes, scale in ((SIZES[0], 1.0), (SIZES[1], 1.0), (SIZES[2], 0.3), (SIZES[1], 30.0)):
        cache, tensors, loss = draw_case(sizes, rng, scale=scale)
        loss.backward()
        cases.append((cache, gradients(tensors, TOP)))
    return cases


def bottom_cases(rng):
    """(cache, d_h, gradients of sum(d_h * h)) for three sets of sizes; d_h is not contiguous, and once large."""
    cases = []
    for sizes, scale in ((SIZES[0], 1.0), (SIZES[1], 1.0), (SIZES[2], 1e3)):
        cache, tensors, _ = draw_case(sizes, rng)
        d_h = scale * rng.normal(size=cache["h"].T.shape).T
        (tensors["h"] * torch.tensor(d_h.copy())).sum().backward()  # h.backward(d_h) imports sympy: half a second
        cases.append((cache, d_h, gradients(tensors, BOTTOM)))
    return cases


def close(got, wanted, name):
    """Whether a named gradient is right."""
    if not isinstance(got, np.ndarray) or got.shape != wanted.shape or not np.isfinite(got).all():
        return False
    largest = float(np.abs(wanted).max())
    return bool(np.abs(got - wanted).max() <= max(RTOL * largest, ATOL if name in ZERO else 0.0))


def as_arrays(grads):
    """The gradients of the student's dict that are arrays of numbers, without the d_."""
    found = {}
    for key, value in grads.items():
        if isinstance(key, str) and key.startswith("d_"):
            try:
                found[key[2:]] = as_array(value).astype(float)
            except (CheckFailure, TypeError, ValueError):
                continue
    return found


@contextmanager
def cause_where_none_is_known(cause):
    """Give a failure this cause, if it has none of its own."""
    try:
        yield
    except CheckFailure as failure:
        if failure.cause or not cause:
            raise
        raise CheckFailure(
            failure.message, cause=cause, name=failure.name, actual=failure.actual, expected=failure.expected
        ) from None


def assert_dict(grads):
    """Refuse what is no dict."""
    with cause_where_none_is_known("return one dict, with the names as its keys: `return {'d_...': d_..., ...}`."):
        assert_type(grads, dict, name="the result")


def key_cause(grads, name):
    """Why a key is missing."""
    if name in grads:
        return f"the key is '{name}': each key begins with d_, here 'd_{name}'."
    return (
        f"the answer leaves d_{name} out, or is not finished yet: the dict holds all the gradients that the text names."
    )


def assert_named(grads, names, order, expected, cache, *, local, causes, given=None):
    """Refuse the first of ``names`` that diverges from the truth, and from what the student's upstream gradients give.

    A gradient that is computed rightly from a wrong one is not wrong once more: one error costs once.
    """
    assert_dict(grads)
    own = {**as_arrays(grads), **(given or {})}
    truth = {**expected, **(given or {})}
    for name in names:
        key = f"d_{name}"
        assert_that(key in grads, f"the dict has no {key}.", cause=key_cause(grads, name), name=key)
        got, wanted = as_array(grads[key], name=key), expected[name]
        if close(got, wanted, name):
            continue
        earlier = [n for n in order[: order.index(name)] if n not in own or not close(own[n], expected[n], n)]
        upstream, basis = truth, wanted
        if earlier:
            with np.errstate(all="ignore"):
                computed = quietly(local[name], own, cache)
            if computed is not None and computed.shape == wanted.shape and np.isfinite(computed).all():
                if close(got, computed, name) and np.abs(computed).max() > ATOL:
                    continue
                upstream, basis = own, computed
        raise divergence(name, got, wanted, basis, earlier, causes(name, upstream, cache), cache)


def quietly(rule, *arguments):
    """The array that the rule gives, or None where the shapes of its arguments do not fit."""
    try:
        return np.asarray(rule(*arguments))
    except (KeyError, ValueError, IndexError, TypeError):
        return None


def divergence(name, got, wanted, basis, earlier, causes, cache):
    """The failure that names one gradient, how far it is off, and why."""
    key = f"d_{name}"
    place = (
        "differs as well, even from what your own gradients before it give"
        if earlier
        else ("is the first to differ, going backward")
    )
    if got.shape != wanted.shape:
        message = f"{key} {place}: expected shape {wanted.shape}, got {got.shape}."
    elif not np.isfinite(got).all():
        message = f"{key} {place}: it is not finite."
    else:
        message = f"{key} {place}: max-abs difference {float(np.abs(got - wanted).max()):.3g}."
    found = (
        foreseen(got, causes, basis, name)
        or not_a_gradient(name, got, cache)
        or one_axis(name, got, basis)
        or of_the_right_kind(name, got, basis, cache)
    )
    n = len(cache["ids"])
    cause = found or ("" if name in ZERO else diagnose(got, basis, context=Context(name=key, dims={"batch": n})))
    if cause and key not in cause:
        cause = f"{key}: {cause}"
    return CheckFailure(message, cause=cause, name=key, actual=got, expected=wanted)


def of_the_right_kind(name, got, wanted, cache):
    """A right form with another number in it: a factor of the labels, or a power of inv_std."""
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return ""
    if name == "log_probs":
        at, labels = got != 0, one_hot(cache) == 1
        if np.array_equal(at, labels) and np.ptp(got[labels]) <= RTOL * np.abs(got).max():
            return (
                "the entries of the labels are all alike, but not -1/N: N is the number of rows that came, len(labels)."
            )
    if name == "var" and len(got) > 2 and (got * wanted != 0).all():
        x, y = np.log(cache["inv_std"]), np.log(np.abs(got / wanted))
        slope, start = np.polyfit(x, y, 1)
        if abs(slope) > 0.1 and np.abs(y - slope * x - start).max() <= 1e-6:
            return (
                "the power of inv_std is wrong: d_var is d_inv_std times the derivative of v^(-1/2), -1/2 v^(-3/2), "
                "and v^(-3/2) is inv_std^3."
            )
    return ""


def not_a_gradient(name, got, cache):
    """Zeros, or the thing itself."""
    if got.size and not got.any():
        return "every entry is 0: was it ever computed?"
    if got.shape == cache[name].shape and np.abs(got - cache[name]).max() <= RTOL * np.abs(cache[name]).max():
        return f"that is {name} itself, as the forward pass kept it, and not its gradient."
    return ""


def one_axis(name, got, wanted):
    """The right values with an axis of length 1 too many or missing."""
    squeezed = [tuple(size for size in shape if size > 1) for shape in (got.shape, wanted.shape)]
    if got.shape == wanted.shape or squeezed[0] != squeezed[1] or not close(got.reshape(wanted.shape), wanted, name):
        return ""
    too_many = "has an axis of length 1 too many" if got.ndim > wanted.ndim else "lacks an axis of length 1"
    return f"it {too_many}: {name} has the shape {wanted.shape}, so mind `keepdims`."


def foreseen(got, causes, wanted, name):
    """The sentence of the wrong array that came, if there is one."""
    for sentence, make in causes.items():
        with np.errstate(all="ignore"):
            wrong = quietly(make)
        if wrong is None or wrong.shape != got.shape or not np.isfinite(wrong).all():
            continue
        if wrong.shape == wanted.shape and close(wrong, wanted, name):
            continue
        if np.abs(got - wrong).max() <= RTOL * np.abs(wrong).max():
            return sentence
    return ""


def one_hot(cache):
    """The labels, (N, C)."""
    found = np.zeros(cache["log_probs"].shape)
    found[np.arange(len(found)), cache["labels"]] = 1.0
    return found


# what each gradient of the upper half is, given those before it
LOCAL_TOP = {
    "log_probs": lambda g, c: -one_hot(c) / len(c["labels"]),
    "log_total": lambda g, c: -g["log_probs"].sum(axis=1, keepdims=True),
    "total": lambda g, c: g["log_total"] / c["total"],
    "exps": lambda g, c: g["total"] * np.ones(c["exps"].shape),
    "shifted": lambda g, c: g["log_probs"] + g["exps"] * c["exps"],
    "row_max": lambda g, c: -g["shifted"].sum(axis=1, keepdims=True),
    "logits": lambda g, c: g["shifted"] + g["row_max"] * (c["logits"] == c["row_max"]),
    "W2": lambda g, c: c["h"].T @ g["logits"],
    "b2": lambda g, c: g["logits"].sum(axis=0),
    "h": lambda g, c: g["logits"] @ c["W2"].T,
}


def top_causes(name, g, c):
    """Sentences for gradients of the upper half that people often get, each with what makes it."""
    y, p, n, k = one_hot(c), np.exp(c["log_probs"]), *c["log_probs"].shape
    return {
        "log_probs": {
            NO_MEAN: lambda: -y,
            "the sign: the more probable the label, the smaller the loss.": lambda: y / n,
            "it is divided by N C: the loss is a mean over the N examples, not over their classes.": lambda: (
                -y / (n * k)
            ),
            "that is (p - y)/N, the gradient of the logits: here only the label's own entry enters the loss.": lambda: (
                (p - y) / n
            ),
            "that is the gradient with respect to the probabilities: log_probs are their logarithms.": lambda: (
                -y / (n * p)
            ),
            "every class got -1/N: only the log-probability of the label enters the loss.": lambda: (
                -np.ones((n, k)) / n
            ),
        },
        "log_total": {
            LOG_TOTAL_NOT_SUMMED: lambda: -g["log_probs"],
            "the axis is gone: log_total is (N, 1), and `keepdims=True` keeps the sum like that.": lambda: (
                -g["log_probs"].sum(axis=1)
            ),
            "the sign: log_total is subtracted.": lambda: g["log_probs"].sum(axis=1, keepdims=True),
            "it is a mean over the columns: each of the C columns subtracts log_total, so sum.": lambda: (
                -g["log_probs"].mean(axis=1, keepdims=True)
            ),
            WRONG_AXIS: lambda: -g["log_probs"].sum(axis=0, keepdims=True),
            "the sum is over the batch, axis 0: log_total has one entry for each row, so axis 1.": lambda: (
                -g["log_probs"].sum(axis=0)
            ),
        },
        "total": {
            "it is multiplied by total: the derivative of log is 1/total.": lambda: g["log_total"] * c["total"],
            "the derivative of the logarithm, 1/total, is missing.": lambda: g["log_total"],
            "it is divided by log_total: the derivative of log(total) is 1/total.": lambda: (
                g["log_total"] / c["log_total"]
            ),
            "-1/total^2 is the derivative of 1/total; that of log(total) is 1/total.": lambda: (
                -g["log_total"] / c["total"] ** 2
            ),
        },
        "exps": {
            EXPS_NOT_BROADCAST: lambda: g["total"],
            "it is shared out over the classes: each term of a sum gets the whole gradient of the sum.": lambda: (
                g["total"] * np.ones((n, k)) / k
            ),
            "it is multiplied by exps: that is the derivative of exp, and belongs in d_shifted.": lambda: (
                g["total"] * c["exps"]
            ),
        },
        "shifted": {
            "only the way through log_probs is there: shifted is used in exps too, and the two add up.": lambda: g[
                "log_probs"
            ],
            "only the way through exps is there: shifted is used in log_probs too, and the two add up.": lambda: (
                g["exps"] * c["exps"]
            ),
            "the derivative of exp is missing: d_exps has to be multiplied by exps.": lambda: (
                g["log_probs"] + g["exps"]
            ),
            "d_exps is multiplied by shifted: the derivative of exp is exp, which is in exps.": lambda: (
                g["log_probs"] + g["exps"] * c["shifted"]
            ),
            "the two ways are subtracted: gradients of the same thing add up.": lambda: (
                g["log_probs"] - g["exps"] * c["exps"]
            ),
            "the way through log_probs is subtracted: gradients of the same thing add up.": lambda: (
                g["exps"] * c["exps"] - g["log_probs"]
            ),
            "the two ways are multiplied: gradients of the same thing add up.": lambda: (
                g["log_probs"] * g["exps"] * c["exps"]
            ),
            "that is d_exps: the derivative of exp and the way through log_probs are missing.": lambda: g["exps"],
        },
        "row_max": {
            "it is the largest entry of d_shifted: row_max was subtracted from all C columns, so sum.": lambda: (
                -g["shifted"].max(axis=1, keepdims=True)
            ),
            "it is d_shifted where the maximum is: row_max was subtracted from all C columns, so sum.": lambda: (
                -(g["shifted"] * (c["logits"] == c["row_max"])).sum(axis=1, keepdims=True)
            ),
            "it is not summed: row_max was subtracted from C columns, so sum over them, to (N, 1).": lambda: (
                -g["shifted"]
            ),
        },
        "logits": {
            "the 1/N is missing in it.": lambda: p - y,
            "row_max overwrites the way through shifted at the maximum: the two gradients add up.": lambda: np.where(
                c["logits"] == c["row_max"], g["row_max"], g["shifted"]
            ),
            "the way through shifted is missing: only the one through row_max is there.": lambda: (
                g["row_max"] * (c["logits"] == c["row_max"])
            ),
        },
        "W2": {
            "it is transposed: W2 is (H, C), so h.T @ d_logits.": lambda: g["logits"].T @ c["h"],
            DIVIDED_AGAIN: lambda: c["h"].T @ g["logits"] / n,
            "the input of that layer is h, after the tanh; this is made with bn.": lambda: c["bn"].T @ g["logits"],
        },
        "b2": {
            "it is summed over the classes: sum over the batch, axis 0, one number for each class.": lambda: g[
                "logits"
            ].sum(axis=1),
            "it is a mean over the batch: every row used b2, so sum. The 1/N is in d_logits already.": lambda: g[
                "logits"
            ].mean(axis=0),
            "it is not summed over the batch: b2 is (C,), and was added to every row.": lambda: g["logits"],
            "it is a row with two axes: b2 is (C,), so no `keepdims` here.": lambda: g["logits"].sum(
                axis=0, keepdims=True
            ),
        },
        "h": {
            "it went through the tanh already: that makes d_bn of it. d_h is before that.": lambda: (
                (g["logits"] @ c["W2"].T) * (1 - c["h"] ** 2)
            ),
            "it is divided by N again: the 1/N is in d_logits already.": lambda: (g["logits"] @ c["W2"].T) / n,
            "W2 is not transposed: d_logits is (N, C), and W2.T takes it to (N, H).": lambda: g["logits"] @ c["W2"],
        },
    }[name]


NO_MEAN = "the 1/N is missing: the loss is a mean over the N examples, so each label gets -1/N."
LOG_TOTAL_NOT_SUMMED = (
    "it is not summed: log_total was subtracted from all C columns of its row, so sum over them, to (N, 1)."
)
WRONG_AXIS = "the sum is over the batch: log_total has one entry for each row, so sum over the columns."
EXPS_NOT_BROADCAST = "it has the shape of total: each of the C terms of a sum gets the gradient of the sum, so (N, C)."
DIVIDED_AGAIN = "it is divided by N again: the 1/N is in d_logits already."


def tops(submission, rng):
    """One after the other: the student's dict, the cache and the truth."""
    for cache, expected in top_cases(rng):
        yield submission.backprop_top(cache), cache, expected


def check_top(submission, rng, *names):
    """These names, in all cases."""
    for grads, cache, expected in tops(submission, rng):
        assert_named(grads, names, TOP, expected, cache, local=LOCAL_TOP, causes=top_causes)


# --- backprop_top ----------------------------------------------------------------------------------------------------


@exercise("backprop_top", condition=True)
def test_top_is_a_dict_with_ten_gradients(submission, rng):
    """A dict with a gradient for each of the ten names."""
    for grads, _, _ in tops(submission, rng):
        assert_dict(grads)
        for name in TOP:
            assert_that(f"d_{name}" in grads, f"the dict has no d_{name}.", cause=key_cause(grads, name))


@exercise("backprop_top", condition=True)
def test_top_leaves_the_cache_alone(submission, rng):
    """The cache is as it was."""
    cache = top_cases(rng)[0][0]
    _, (after,) = submission.backprop_top.after(cache)
    assert_unchanged(after, cache, name="cache")


@exercise("backprop_top", weight=1.5)
def test_top_log_probs(submission, rng):
    """d_log_probs: the loss is the mean over the labels."""
    check_top(submission, rng, "log_probs")


@exercise("backprop_top", weight=1.5)
def test_top_log_total_and_total(submission, rng):
    """d_log_total and d_total, (N, 1)."""
    check_top(submission, rng, "log_total", "total")


@exercise("backprop_top")
def test_top_exps(submission, rng):
    """d_exps, (N, C)."""
    check_top(submission, rng, "exps")


@exercise("backprop_top", weight=2)
def test_top_shifted(submission, rng):
    """d_shifted: both of its uses."""
    check_top(submission, rng, "shifted")


@exercise("backprop_top", weight=1.5)
def test_top_row_max_and_logits(submission, rng):
    """d_row_max, (N, 1), and d_logits."""
    check_top(submission, rng, "row_max", "logits")


@exercise("backprop_top", weight=1.5)
def test_top_output_layer(submission, rng):
    """d_W2 and d_b2."""
    check_top(submission, rng, "W2", "b2")


@exercise("backprop_top")
def test_top_hidden(submission, rng):
    """d_h, which goes on to the lower half."""
    check_top(submission, rng, "h")


# --- softmax_ce_backward ---------------------------------------------------------------------------------------------


def ce_cases(rng):
    """(logits, labels, weights): square, other sizes, one row, repeated labels, weights of 0, scores that saturate."""
    cases = []
    for n, c, scale in ((5, 5, 1.0), (6, 4, 1.0), (1, 5, 2.0), (4, 7, 0.1), (5, 3, 900.0)):
        weights = rng.uniform(0.3, 4.0, size=n)
        if n > 1:
            weights[1] = 0.0
        labels = rng.permutation(np.arange(n) % (c - 1)) if n > 1 else np.array([2])
        cases.append((scale * rng.normal(size=(n, c)), labels, weights))
    return cases


def ce_truth(logits, labels, weights):
    """Probabilities, and the gradient by autograd."""
    z = torch.tensor(logits, requires_grad=True)
    losses = torch.nn.functional.cross_entropy(z, torch.tensor(labels), reduction="none")
    (losses * torch.tensor(weights)).mean().backward()
    return torch.softmax(z, dim=1).detach().numpy(), z.grad.numpy()


def left_to_others(actual, expected):
    """Whether only a factor is wrong in a square case: which of its two equal sizes it is shows in the other cases."""
    got = as_array(actual)
    if expected.shape[0] != expected.shape[1] or got.shape != expected.shape or not np.isfinite(got).all():
        return False
    factor = float((got * expected).sum() / (expected**2).sum())
    return bool(factor > 0 and np.abs(got - factor * expected).max() <= RTOL * factor * np.abs(expected).max())


@np.errstate(all="ignore")
def ce_wrong(p, labels, weights):
    """Sentences for gradients that people often get, with those gradients."""
    (n, c), w = p.shape, weights[:, None]
    y = np.eye(c)[labels]
    e = np.exp(p - p.max(axis=1, keepdims=True))
    again = e / e.sum(axis=1, keepdims=True)
    rows = p.copy()
    rows[labels[labels < n]] -= 1.0
    columns = p.copy()
    columns[:, labels] -= 1.0
    found = {
        "the 1/N is missing: the loss is divided by the number of examples.": (p - y) * w,
        # before those with two errors: where all weights are 1, they give the same
        "it is divided by N twice: one 1/N is enough.": (p - y) * w / n**2,
        "it is divided by the sum of the weights: the text divides by N, whatever the weights add up to.": (p - y)
        * w
        / (weights.sum() or 1.0),
        "the weights are missing: each row is multiplied by its own.": (p - y) / n,
        "only the probabilities are weighted: the weight multiplies p - y as a whole.": (w * p - y) / n,
        "only the one-hot labels are weighted: the weight multiplies p - y as a whole.": (p - w * y) / n,
        "1 is subtracted from every class: only from that of the label.": (p - 1) * w / n,
        "1 is subtracted from whole rows: `d[labels]` picks rows; `d[np.arange(N), labels]` one entry a row.": rows
        * w
        / n,
        "1 is subtracted from whole columns: `d[np.arange(N), labels]` picks one entry of each row.": columns * w / n,
        "the sign: it is p - y, not y - p.": (y - p) * w / n,
        "it is divided by N C: the loss is a mean over the examples, not over their classes.": (p - y) * w / (n * c),
        "it is divided by C: the loss is divided by the number of examples.": (p - y) * w / c,
        "the weights come in squared.": (p - y) * w**2 / n,
        "probs went through the softmax once more: they are probabilities already.": (again - y) * w / n,
        "1 is not subtracted at the labels: that is p, not p - y.": p * w / n,
        "each row is divided by its weight: multiply.": (p - y) / np.where(w == 0, np.inf, w) / n,
        "the entries of the labels are not weighted: the weight multiplies p - y as a whole.": (p - y)
        * np.where(y == 1, 1.0, w)
        / n,
        "the mean weight multiplies everything: each row has its own.": (p - y) * weights.mean() / n,
        "only the entries of the labels are there: the other classes have the gradient p.": (p - y) * y * w / n,
        "that is the gradient with respect to the probabilities; asked for is that of the logits.": -y
        / np.where(y == 1, p, 1.0)
        * w
        / n,
        "the logarithm of the probabilities stands where they should: it is p - y.": (np.log(p) - y) * w / n,
        "the probabilities are weighted twice, and the labels once: the weight multiplies p - y as a whole, once.": (
            (w * p - y) * w / n
        ),
        "the mean weight multiplies everything, and it is divided by N twice: each row has a weight of its own, and one"
        " 1/N is enough.": (p - y) * weights.mean() / n**2,
        "the weights are missing, and it is divided by N twice: each row is multiplied by its own, and one 1/N is"
        " enough.": (p - y) / n**2,
        "the weights and the 1/N are missing: each row is multiplied by its own weight, and divided by N.": p - y,
        "the sum of the weights multiplies everything: each row has its own.": (p - y) * weights.sum() / n,
        "the weights are divided by their sum first, and the 1/N comes on top: the text divides by N alone.": (p - y)
        * w
        / (weights.sum() or 1.0)
        / n,
        "the sign, and the 1/N is missing: it is (p - y) times the weight, divided by N.": (y - p) * w,
        "1 is not subtracted at the labels, and the weights are missing: each row is (p - y) times its weight.": p / n,
        "the root of the weights stands where the weights should.": (p - y) * np.sqrt(np.abs(w)) / n,
        "the one-hot vector marks the most probable class, not the label.": (p - np.eye(c)[p.argmax(axis=1)]) * w / n,
        "it is divided by the number of weights that are not 0: this loss is divided by N.": (p - y)
        * w
        / max(np.count_nonzero(w), 1),
        "each row was divided by its own probability of the label: that is the gradient of something else.": (p - y)
        * w
        / n
        / np.maximum((p * y).sum(axis=1, keepdims=True), 1e-300),
    }
    first = p.copy()
    first[0] = ((p - y) * w / n)[0]
    found["only the first row is done: does `return` stand inside the loop?"] = first
    if n == c:  # these shapes fit nowhere else
        found["the weights are looked up by class, weights[labels]: there is one for each example already."] = (
            (p - y) * weights[labels][:, None] / n
        )
        found["the weights are (N,) and meet the classes: make a column of them, weights[:, None]."] = (
            (p - y) * weights / n
        )
        found["the labels themselves are subtracted: subtract 1 at the label's place, which is a one-hot row."] = (
            (p - labels) * w / n
        )
    return {words: wrong for words, wrong in found.items() if np.isfinite(wrong).all()}


def ce_results(submission, rng):
    """One after the other: what came, probs (with gaps in memory), labels, weights, what is right."""
    for logits, labels, weights in ce_cases(rng):
        p, expected = ce_truth(logits, labels, weights)
        gaps = np.zeros((2 * len(p), p.shape[1]))[::2]
        gaps[:] = p
        yield submission.softmax_ce_backward(gaps, labels, weights), gaps, labels, weights, expected


def ce_shape(result, weights, classes):
    """Why it has another shape."""
    if isinstance(result, tuple):
        return "return the gradient alone, without the loss or anything else."
    if isinstance(result, np.ndarray) and result.shape == (np.count_nonzero(weights), classes):
        return "the rows with the weight 0 are left out: their gradient is a row of zeros, and d_logits is (N, C)."
    summed = isinstance(result, np.ndarray) and result.ndim < 2
    return "nothing is summed or averaged over the examples or the classes: the gradient is (N, C)." if summed else ""


@exercise("softmax_ce_backward", condition=True)
def test_ce_returns_an_array_like_probs(submission, rng):
    """An array of the shape of probs."""
    result, p, _, weights, _ = next(ce_results(submission, rng))  # the other sizes are for the values, which say more
    with cause_where_none_is_known(ce_shape(result, weights, p.shape[1])):
        assert_shape(result, p.shape, name="d_logits")


@exercise("softmax_ce_backward", condition=True)
def test_ce_leaves_its_arguments_alone(submission, rng):
    """Neither probs nor labels nor weights are modified."""
    logits, labels, weights = ce_cases(rng)[0]
    arguments = ce_truth(logits, labels, weights)[0], labels, weights
    _, after = submission.softmax_ce_backward.after(*arguments)
    for now, before, name in zip(after, arguments, ("probs", "labels", "weights"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("softmax_ce_backward", weight=3)
def test_ce_with_weights(submission, rng):
    """Each example with a weight of its own, some 0, divided by N."""
    for result, p, labels, weights, expected in ce_results(submission, rng):
        if left_to_others(result, expected):
            continue
        assert_close(result, expected, name="d_logits", explain=ce_wrong(p, labels, weights), dims={"batch": len(p)})


@exercise("softmax_ce_backward", weight=2)
def test_ce_with_equal_weights(submission, rng):
    """All weights 1: the mean cross-entropy of PyTorch."""
    for logits, labels, weights in ce_cases(rng):
        ones = np.ones_like(weights)
        p, expected = ce_truth(logits, labels, ones)
        actual = submission.softmax_ce_backward(p, labels, ones)
        if left_to_others(actual, expected):
            continue
        assert_close(actual, expected, name="d_logits", explain=ce_wrong(p, labels, ones), dims={"batch": len(p)})


@exercise("softmax_ce_backward")
def test_ce_row_by_row(submission, rng):
    """Every row on its own, with weights from 1e-3 to 1e3."""
    logits, labels = 3 * rng.normal(size=(8, 5)), rng.integers(5, size=8)
    weights = 10.0 ** rng.uniform(-3, 3, size=8)
    p, expected = ce_truth(logits, labels, weights)
    actual = as_array(submission.softmax_ce_backward(p, labels, weights), name="d_logits")
    assert_shape(actual, (8, 5), name="d_logits")
    for n in range(8):
        explain = {words: wrong[n] for words, wrong in ce_wrong(p, labels, weights).items()}
        assert_close(actual[n], expected[n], name="a row of d_logits", explain=explain)


# --- backprop_bottom -------------------------------------------------------------------------------------------------


def scattered(d_emb, c, how):
    """A wrong gradient of the embedding table."""
    d_E, ids = np.zeros(c["E"].shape), c["ids"]
    if how == "assigned":
        d_E[ids] = d_emb
        return d_E
    np.add.at(d_E, ids, d_emb)
    if how == "mean":
        return d_E / np.maximum(np.bincount(ids.ravel(), minlength=len(d_E)), 1)[:, None]
    if how == "first":
        d_E[:] = 0
        np.add.at(d_E, ids[:, 0], d_emb[:, 0])
        return d_E
    if how == "within":  # example by example: only repeats within one example are lost
        d_E[:] = 0
        for row, grad in zip(ids, d_emb, strict=True):
            d_E[row] += grad
        return d_E
    if how == "across":  # place by place: repeats in one place over the batch are lost
        d_E[:] = 0
        for t in range(ids.shape[1]):
            d_E[ids[:, t]] += d_emb[:, t]
        return d_E
    return d_E[: ids.max() + 1] if how == "cut" else d_E


def bottom_causes(name, g, c):
    """Sentences for gradients of the lower half that people often get, each with what makes it."""
    n = len(c["ids"])
    h, bn, x_hat, centered, inv_std = (c[key] for key in ("h", "bn", "x_hat", "centered", "inv_std"))
    not_summed = "it is not summed over the batch: one entry served all N rows, so their gradients add up."
    averaged = "it is a mean over the batch: every row used it once, so sum. Factors of the loss are in d_h already."
    return {
        "bn": {
            "the derivative of tanh is missing: 1 - h^2.": lambda: g["h"],
            "that is 1 - bn^2: the derivative of tanh is 1 - tanh^2, and tanh(bn) is h.": lambda: g["h"] * (1 - bn**2),
            "the tanh is taken twice: h is tanh(bn) already, so the derivative is 1 - h^2.": lambda: (
                g["h"] * (1 - np.tanh(h) ** 2)
            ),
            "the square is missing: the derivative of tanh is 1 - h^2.": lambda: g["h"] * (1 - h),
            "h (1 - h) is the derivative of the sigmoid; that of tanh is 1 - h^2.": lambda: g["h"] * h * (1 - h),
            "d_h is multiplied by h: the derivative of tanh is 1 - h^2.": lambda: g["h"] * h,
            "the upstream gradient d_h is missing: that is the derivative of tanh alone.": lambda: 1 - h**2,
            "that is the derivative of a ReLU; here it is tanh: 1 - h^2.": lambda: g["h"] * (bn > 0),
        },
        "gamma": {
            "x_hat is missing: gamma multiplies x_hat, so d_bn does too, before the sum.": lambda: g["bn"].sum(axis=0),
            "d_bn is multiplied by bn: gamma multiplies x_hat.": lambda: (g["bn"] * bn).sum(axis=0),
            "d_bn is multiplied by centered: gamma multiplies x_hat.": lambda: (g["bn"] * centered).sum(axis=0),
            "it is made with d_h: gamma is on the other side of the tanh, so with d_bn.": lambda: (g["h"] * x_hat).sum(
                axis=0
            ),
            not_summed: lambda: g["bn"] * x_hat,
            averaged: lambda: (g["bn"] * x_hat).mean(axis=0),
            "it is summed over the units: sum over the batch, axis 0, one number for each unit.": lambda: (
                g["bn"] * x_hat
            ).sum(axis=1),
        },
        "beta": {
            not_summed: lambda: g["bn"],
            averaged: lambda: g["bn"].mean(axis=0),
            "it is made with d_h: beta is on the other side of the tanh, so with d_bn.": lambda: g["h"].sum(axis=0),
            "it is summed over the units: sum over the batch, axis 0, one number for each unit.": lambda: g["bn"].sum(
                axis=1
            ),
        },
        "x_hat": {
            "gamma is missing.": lambda: g["bn"],
            "it is divided by gamma: multiply, as the forward pass does.": lambda: g["bn"] / c["gamma"],
            "it is made with d_h: x_hat is on the other side of the tanh, so with d_bn.": lambda: g["h"] * c["gamma"],
            "inv_std is in it already: that comes with d_centered.": lambda: g["bn"] * c["gamma"] * inv_std,
        },
        "inv_std": {
            not_summed: lambda: g["x_hat"] * centered,
            averaged: lambda: (g["x_hat"] * centered).mean(axis=0),
            "d_x_hat is multiplied by x_hat: inv_std multiplies centered.": lambda: (g["x_hat"] * x_hat).sum(axis=0),
            "d_x_hat is multiplied by z1: inv_std multiplies centered.": lambda: (g["x_hat"] * c["z1"]).sum(axis=0),
            "centered is missing: inv_std multiplies it, so d_x_hat does too, before the sum.": lambda: g["x_hat"].sum(
                axis=0
            ),
            "it is made with d_bn: gamma stands between, so with d_x_hat.": lambda: (g["bn"] * centered).sum(axis=0),
        },
        "var": {
            "the sign: (var + eps)^(-1/2) falls when var grows, so -1/2.": lambda: 0.5 * g["inv_std"] * inv_std**3,
            "the factor 1/2 is missing: the derivative of v^(-1/2) is -1/2 v^(-3/2).": lambda: (
                -g["inv_std"] * inv_std**3
            ),
            "the power is wrong: the derivative of v^(-1/2) is -1/2 v^(-3/2), and v^(-3/2) is inv_std^3.": lambda: (
                -0.5 * g["inv_std"] * inv_std
            ),
            "-1/v^2 is the derivative of 1/v; inv_std is v^(-1/2), whose derivative is -1/2 v^(-3/2).": lambda: (
                -g["inv_std"] * inv_std**2
            ),
            "the power is wrong: v^(-3/2) is inv_std^3, not inv_std^2.": lambda: -0.5 * g["inv_std"] * inv_std**2,
            "eps is left out: inv_std^3 has it in it, var^(-3/2) has not.": lambda: (
                -0.5 * g["inv_std"] * c["var"] ** -1.5
            ),
            "eps is taken as 1e-5: it may be another. inv_std^3 has the right one in it.": lambda: (
                -0.5 * g["inv_std"] * (c["var"] + 1e-5) ** -1.5
            ),
            "that is the derivative of a root, 1/2 v^(-1/2): inv_std is one over a root.": lambda: (
                0.5 * g["inv_std"] * inv_std
            ),
        },
        "centered": {
            "only the way through x_hat is there: centered is used in var as well, so two gradients add up.": lambda: (
                g["x_hat"] * inv_std
            ),
            "only the way through var is there: centered is used in x_hat as well, so two gradients add up.": lambda: (
                g["var"] * 2 * centered / n
            ),
            "the 1/N is missing in the way through var, which is a mean.": lambda: (
                g["x_hat"] * inv_std + g["var"] * 2 * centered
            ),
            "the factor 2 is missing in the way through var, a mean of squares.": lambda: (
                g["x_hat"] * inv_std + g["var"] * centered / n
            ),
            "the variance is divided by N here, not by N - 1.": lambda: (
                g["x_hat"] * inv_std + g["var"] * 2 * centered / (n - 1)
            ),
            "the way through var is divided by N T: var is a mean over the N rows.": lambda: (
                g["x_hat"] * inv_std + g["var"] * 2 * centered / c["ids"].size
            ),
            "the way through var is divided by the number of units: var is a mean over the N rows.": lambda: (
                g["x_hat"] * inv_std + g["var"] * 2 * centered / h.shape[1]
            ),
            "x_hat stands where centered should, in the way through var.": lambda: (
                g["x_hat"] * inv_std + g["var"] * 2 * x_hat / n
            ),
            "the two ways are subtracted: gradients of the same thing add up.": lambda: (
                g["x_hat"] * inv_std - g["var"] * 2 * centered / n
            ),
            "inv_std is missing in the way through x_hat.": lambda: g["x_hat"] + g["var"] * 2 * centered / n,
            "centered is missing in the way through var: the derivative of its square is 2 centered.": lambda: (
                g["x_hat"] * inv_std + g["var"] * 2 / n
            ),
        },
        "mean": {
            "it is not summed: mean was subtracted from all N rows, so their gradients add up.": lambda: -g["centered"],
            "it is made with d_x_hat: mean is subtracted to give centered, so with d_centered.": lambda: (
                -g["x_hat"].sum(axis=0)
            ),
            "the sign: mean is subtracted.": lambda: g["centered"].sum(axis=0),
            "it is a mean: mean was subtracted from all N rows, so sum. The 1/N comes with d_z1.": lambda: (
                -g["centered"].mean(axis=0)
            ),
        },
        "z1": {
            "only the way through centered is there: z1 is used in mean as well, so two gradients add up.": lambda: g[
                "centered"
            ],
            "mean and variance are treated as constants: z1 is used in centered and in mean, so d_centered and d_mean "
            "meet here.": lambda: g["x_hat"] * inv_std,
            "the 1/N is missing in the way through mean.": lambda: g["centered"] + g["mean"],
            "the two ways are subtracted: d_mean has its minus already, so they add up.": lambda: (
                g["centered"] - g["mean"] / n
            ),
            "only the way through mean is there: z1 is used in centered as well, so two gradients add up.": lambda: (
                g["mean"] / n * np.ones(centered.shape)
            ),
        },
        "W1": {
            "it is transposed: W1 is (T D, H), so flat.T @ d_z1.": lambda: g["z1"].T @ c["flat"],
            "it is divided by N: factors of the loss are in d_h already.": lambda: c["flat"].T @ g["z1"] / n,
            "it is made with d_centered: the batch norm's mean stands between, so with d_z1.": lambda: (
                c["flat"].T @ g["centered"]
            ),
            "it is made with d_bn: the whole batch norm stands between, so with d_z1.": lambda: c["flat"].T @ g["bn"],
        },
        "b1": {
            "it is not summed over the batch: b1 was added to every row, so sum d_z1 over the rows.": lambda: g["z1"],
            "it is made with d_centered: the mean takes b1 out again, so with d_z1.": lambda: g["centered"].sum(axis=0),
            "it is summed over the units: sum over the batch, axis 0, one number for each unit.": lambda: g["z1"].sum(
                axis=1
            ),
            "it is made with d_bn: the whole batch norm stands between, so with d_z1.": lambda: g["bn"].sum(axis=0),
        },
        "flat": {
            "W1 is not transposed: d_z1 is (N, H), and W1.T takes it to (N, T D).": lambda: g["z1"] @ c["W1"],
            "it is made with d_centered: the batch norm's mean stands between, so with d_z1.": lambda: (
                g["centered"] @ c["W1"].T
            ),
        },
        "emb": {
            "it is still flat: emb is (N, T, D), so reshape it.": lambda: g["flat"],
            "the reshape has T and D in the wrong order: emb is (N, T, D), row by row as in flat.": lambda: (
                g["flat"].reshape(n, c["emb"].shape[2], -1).transpose(0, 2, 1)
            ),
        },
        "E": {
            REPEATS_LOST: lambda: scattered(g["emb"], c, "assigned"),
            "gradients of a token that comes twice in one example are lost: np.add.at adds up all of them.": lambda: (
                scattered(g["emb"], c, "within")
            ),
            "gradients of a token that comes in two examples are lost: np.add.at adds up all of them.": lambda: (
                scattered(g["emb"], c, "across")
            ),
            "the gradients of a repeated token are averaged: they add up.": lambda: scattered(g["emb"], c, "mean"),
            "only the first token of each example is collected: take all T of them.": lambda: scattered(
                g["emb"], c, "first"
            ),
            "the table has V rows, also for tokens that do not occur: take its shape from cache['E'].": lambda: (
                scattered(g["emb"], c, "cut")
            ),
            "it is divided by N: factors of the loss are in d_h already.": lambda: scattered(g["emb"], c, "") / n,
            "the first example is left out: does the loop begin at 1?": lambda: scattered(
                g["emb"] * (np.arange(n) > 0)[:, None, None], c, ""
            ),
            "the last example is left out: does the loop end one too early?": lambda: scattered(
                g["emb"] * (np.arange(n) < n - 1)[:, None, None], c, ""
            ),
            "that is d_emb, a row for each place in the text: collect them in the rows of the table.": lambda: g["emb"],
        },
    }[name]


REPEATS_LOST = (
    "of a token that comes more than once only the last gradient is left: `d_E[ids] = ...` and `d_E[ids] += ...` write "
    "each row once; `np.add.at` adds up."
)


def looped_table(g, c):
    """The gradient of the table, token by token."""
    d_E = np.zeros(c["E"].shape)
    for i, token in enumerate(c["ids"].ravel()):
        d_E[token] += g["emb"].reshape(-1, d_E.shape[1])[i]
    return d_E


LOCAL_BOTTOM = {
    "bn": lambda g, c: g["h"] * (1 - c["h"] ** 2),
    "gamma": lambda g, c: (g["bn"] * c["x_hat"]).sum(axis=0),
    "beta": lambda g, c: g["bn"].sum(axis=0),
    "x_hat": lambda g, c: g["bn"] * c["gamma"],
    "inv_std": lambda g, c: (g["x_hat"] * c["centered"]).sum(axis=0),
    "var": lambda g, c: -0.5 * g["inv_std"] * c["inv_std"] ** 3,
    "centered": lambda g, c: g["x_hat"] * c["inv_std"] + 2 * g["var"] * c["centered"] / len(c["centered"]),
    "mean": lambda g, c: -g["centered"].sum(axis=0),
    "z1": lambda g, c: g["centered"] + g["mean"] / len(c["centered"]),
    "W1": lambda g, c: c["flat"].T @ g["z1"],
    "b1": lambda g, c: g["z1"].sum(axis=0),
    "flat": lambda g, c: g["z1"] @ c["W1"].T,
    "emb": lambda g, c: g["flat"].reshape(c["emb"].shape),
    "E": looped_table,
}


def bottoms(submission, rng):
    """One after the other: the student's dict, the cache, d_h and the truth."""
    for cache, d_h, expected in bottom_cases(rng):
        yield submission.backprop_bottom(cache, d_h), cache, d_h, expected


def check_bottom(submission, rng, *names):
    """These names, in all cases."""
    for grads, cache, d_h, expected in bottoms(submission, rng):
        given = {"h": d_h}
        assert_named(grads, names, BOTTOM, expected, cache, local=LOCAL_BOTTOM, causes=bottom_causes, given=given)


@exercise("backprop_bottom", condition=True)
def test_bottom_is_a_dict_with_fourteen_gradients(submission, rng):
    """A dict with a gradient for each of the fourteen names."""
    for grads, _, _, _ in bottoms(submission, rng):
        assert_dict(grads)
        for name in BOTTOM:
            assert_that(f"d_{name}" in grads, f"the dict has no d_{name}.", cause=key_cause(grads, name))


@exercise("backprop_bottom", condition=True)
def test_bottom_leaves_its_arguments_alone(submission, rng):
    """The cache and d_h are as they were."""
    cache, d_h, _ = bottom_cases(rng)[0]
    _, after = submission.backprop_bottom.after(cache, d_h)
    assert_unchanged(after[0], cache, name="cache")
    assert_unchanged(after[1], d_h, name="d_h")


@exercise("backprop_bottom")
def test_bottom_bn(submission, rng):
    """d_bn: through the tanh."""
    check_bottom(submission, rng, "bn")


@exercise("backprop_bottom")
def test_bottom_gamma_and_beta(submission, rng):
    """d_gamma and d_beta, (H,)."""
    check_bottom(submission, rng, "gamma", "beta")


@exercise("backprop_bottom")
def test_bottom_x_hat_and_inv_std(submission, rng):
    """d_x_hat, (N, H), and d_inv_std, (H,)."""
    check_bottom(submission, rng, "x_hat", "inv_std")


@exercise("backprop_bottom")
def test_bottom_var(submission, rng):
    """d_var: through one over the square root."""
    check_bottom(submission, rng, "var")


@exercise("backprop_bottom", weight=2)
def test_bottom_centered(submission, rng):
    """d_centered: both of its uses."""
    check_bottom(submission, rng, "centered")


@exercise("backprop_bottom", weight=2)
def test_bottom_mean_and_z1(submission, rng):
    """d_mean, and d_z1: both of its uses."""
    check_bottom(submission, rng, "mean", "z1")


@exercise("backprop_bottom", weight=1.5)
def test_bottom_first_layer(submission, rng):
    """d_W1, d_b1 and d_flat."""
    check_bottom(submission, rng, "W1", "b1", "flat")


@exercise("backprop_bottom", weight=2)
def test_bottom_embedding(submission, rng):
    """d_emb, and d_E: repeated tokens add up."""
    check_bottom(submission, rng, "emb", "E")


@exercise("backprop_bottom", condition=True)
def test_bottom_unused_rows(submission, rng):
    """The rows of d_E for tokens that do not occur are exactly 0."""
    for grads, cache, _, _ in bottoms(submission, rng):
        d_E = as_array(grads["d_E"], name="d_E")
        assert_shape(d_E, cache["E"].shape, name="d_E")
        unused = np.setdiff1d(np.arange(len(d_E)), cache["ids"])
        assert_that(not d_E[unused].any(), "d_E: a row of a token that does not occur is not exactly 0.", name="d_E")


# --- batchnorm_backward ----------------------------------------------------------------------------------------------


def batchnorm_cases(rng):
    """(d_out, cache, the three gradients) by autograd of PyTorch's batch norm; columns from 1e-3 to 1e3."""
    cases = []
    for n, h, eps, wide in ((5, 5, 1e-5, False), (5, 3, 1e-5, False), (8, 6, 1e-5, True), (4, 7, 1e-1, False)):

        def draw(rng, n=n, h=h):
            return rng.normal(size=(n, h))

        x = away_from_kinks(draw, lambda x: np.where(x.std(axis=0) > 0.3, 1.0, 0.0), margin=0.5, rng=rng)
        x = x * 10.0 ** np.linspace(-2, 3, h) if wide else x + rng.normal(size=h)
        leaves = [
            torch.tensor(v, requires_grad=True) for v in (x, rng.choice([-1, 1], size=h) * rng.uniform(0.5, 2, size=h))
        ]
        leaves.append(torch.tensor(rng.normal(size=h), requires_grad=True))
        d_out = rng.normal(size=(h, n)).T  # column by column in memory
        out = torch.nn.functional.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=eps)
        (out * torch.tensor(d_out.copy())).sum().backward()
        inv_std = 1 / np.sqrt(x.var(axis=0) + eps)
        cache = (x - x.mean(axis=0)) * inv_std, leaves[1].detach().numpy(), inv_std
        cases.append((d_out, cache, [leaf.grad.numpy() for leaf in leaves]))
    return cases


def batchnorm_results(submission, rng):
    """One after the other: what came, d_out, cache, what is right; the first case is square."""
    for d_out, cache, expected in batchnorm_cases(rng):
        result = submission.batchnorm_backward(d_out, cache)
        with cause_where_none_is_known(THREE_VALUES):
            assert_length(result, 3, name="batchnorm_backward")
        yield result, d_out, cache, expected


def batchnorm_wrong(d, cache):
    """Sentences for d_x that people often get, with it."""
    x_hat, gamma, inv_std = cache
    n = len(d)
    outer, m, mx = gamma * inv_std, d.mean(axis=0), (d * x_hat).mean(axis=0)
    right = d - m - x_hat * mx
    return {
        "mean and variance are treated as constants: both depend on every row of x.": outer * d,
        "the variance is treated as a constant: the part along x_hat is missing.": outer * (d - m),
        "the mean is treated as a constant: the mean of d_out is not taken out.": outer * (d - x_hat * mx),
        "gamma is missing.": inv_std * right,
        "inv_std is missing.": gamma * right,
        "it is divided by inv_std: a wide column has small gradients, so multiply.": gamma / inv_std * right,
        "the 1/N is missing: the sums of d_out and d_out * x_hat have to be means.": outer
        * (d - d.sum(axis=0) - x_hat * (d * x_hat).sum(axis=0)),
        "the 1/N is missing in the part along x_hat.": outer * (d - m - x_hat * (d * x_hat).sum(axis=0)),
        "the 1/N is missing in the mean of d_out.": outer * (d - d.sum(axis=0) - x_hat * mx),
        "N - 1 stands where N should: the variance is divided by N here.": outer * (d - m - x_hat * mx * n / (n - 1)),
        "N - 1 stands where N should, in both means.": outer * (d - m * n / (n - 1) - x_hat * mx * n / (n - 1)),
        "the sign of the part along x_hat: it is taken out.": outer * (d - m + x_hat * mx),
        "x_hat is missing in front of the mean of d_out * x_hat.": outer * (d - m - mx),
        "the means are taken over the units: take them over the batch, axis 0.": outer
        * (d - d.mean(axis=1, keepdims=True) - x_hat * (d * x_hat).mean(axis=1, keepdims=True)),
        "the sums run over the units, axis 1: take them over the batch, axis 0.": inv_std
        * (
            gamma * d
            - (gamma * d).sum(axis=1, keepdims=True) / n
            - x_hat * (gamma * d * x_hat).sum(axis=1, keepdims=True) / n
        ),
        "the mean of d_out stands where that of d_out * x_hat should.": outer * (d - m - x_hat * m),
        "d_out * x_hat is not averaged: the part along x_hat has one number for each column.": outer
        * (d - m - x_hat * d * x_hat / n),
        "the means are taken over all entries: take one for each column, axis 0.": outer
        * (d - d.mean() - x_hat * (d * x_hat).mean()),
        "inv_std comes in twice.": inv_std * outer * right,
        "inv_std comes in twice in the part along x_hat.": outer * (d - m - inv_std * x_hat * mx),
        "it is divided by gamma: multiply.": inv_std / gamma * right,
        "it is divided by the number of units: the means are over the N rows.": outer
        * (d - d.sum(axis=0) / d.shape[1] - x_hat * (d * x_hat).sum(axis=0) / d.shape[1]),
        "gamma comes in twice.": gamma * outer * right,
        "gamma multiplies d_out only: the two means have it as well.": inv_std * (gamma * d - m - x_hat * mx),
        "inv_std multiplies d_out only: the whole bracket is multiplied.": gamma * (inv_std * d - m - x_hat * mx),
    }


THREE_VALUES = "return a tuple of three arrays, `return d_x, d_gamma, d_beta`."


def batchnorm_parts(got, d, cache):
    """Say which part of d_x is wrong: each column is fitted by a multiple of d_out, of ones and of x_hat."""
    x_hat, gamma, inv_std = cache
    if got.shape != d.shape or len(d) < 5 or not np.isfinite(got).all():
        return ""
    found = []
    for j in range(d.shape[1]):
        basis = np.column_stack([d[:, j], np.ones(len(d)), x_hat[:, j]])
        target = got[:, j] / (gamma[j] * inv_std[j])
        fit = np.linalg.lstsq(basis, target, rcond=None)[0]
        if np.abs(basis @ fit - target).max() > 1e-8 * np.abs(target).max():
            return ""
        found.append((fit[0], fit[1] + d[:, j].mean(), fit[2] + (d[:, j] * x_hat[:, j]).mean()))
    factor, mean, along = np.abs(np.array(found)).max(axis=0)
    ones = np.abs(np.array(found)[:, 0] - 1).max() < 1e-8
    if ones and mean > 1e-8 and along < 1e-8:
        return (
            "the part along x_hat is right, that along (1, ..., 1) is not: what has to be taken out is the mean of "
            "d_out over the N rows, one number for each column, with gamma and inv_std in front of it."
        )
    if ones and mean < 1e-8 and along > 1e-8:
        return (
            "the mean is taken out rightly, the part along x_hat is not: it is x_hat times the mean of d_out * x_hat "
            "over the N rows, one number for each column, with gamma and inv_std in front of it."
        )
    if ones and mean > 1e-8 and along > 1e-8:
        return (
            "both parts that are taken out of d_out are wrong: they are the mean of d_out, and x_hat times the mean of "
            "d_out * x_hat, each over the N rows and for each column by itself."
        )
    if not factor > 1e-8:
        return "d_out itself is missing: the two parts are taken out of it."
    return ""


def batchnorm_causes(d, cache):
    """What explains a wrong d_x: the sentences of known ones, then its parts, then a factor of each column."""

    def explain(got, wanted):
        for sentence, wrong in batchnorm_wrong(d, cache).items():
            if got.shape == wrong.shape and np.abs(got - wrong).max() <= RTOL * np.abs(wrong).max():
                return sentence
        if found := batchnorm_parts(got, d, cache):
            return found
        if got.shape != wanted.shape:
            return SUMMED_D_X if got.ndim == 1 else ""
        if not np.isfinite(got).all():
            return ""
        over_all = np.abs(got - got.flat[0] / wanted.flat[0] * wanted).max() <= RTOL * np.abs(got).max()
        factor = (got * wanted).sum(axis=0) / (wanted**2).sum(axis=0)
        if not over_all and np.abs(got - factor * wanted).max() <= RTOL * np.abs(got).max():
            return (
                "each column is off by a factor of its own: those of a column are gamma and inv_std, as they stand in "
                "the cache. One of them is missing, comes in twice, or something else stands in its place."
            )
        constant = np.abs(np.diff(got / (cache[0] * cache[1]), axis=0)).max() <= 1e-6 * np.abs(got).max()
        return "that is gamma * x_hat, the forward pass: d_out is not in it." if constant else ""

    return explain


SUMMED_D_X = "it is summed over the batch: x is (N, H), and so is d_x."
TWO_AXES = "it is a row with two axes: gamma and beta are (H,), so no `keepdims` here."


@exercise("batchnorm_backward", condition=True)
def test_batchnorm_returns_three_gradients(submission, rng):
    """d_x like x, and two more."""
    for result, d_out, _, _ in batchnorm_results(submission, rng):
        last = isinstance(result[2], np.ndarray) and result[2].shape == d_out.shape
        with cause_where_none_is_known("d_x comes first: return d_x, d_gamma, d_beta." if last else ""):
            assert_shape(result[0], d_out.shape, name="d_x")


@exercise("batchnorm_backward", condition=True)
def test_batchnorm_leaves_its_arguments_alone(submission, rng):
    """Neither d_out nor the cache is modified."""
    d_out, cache, _ = batchnorm_cases(rng)[0]
    _, after = submission.batchnorm_backward.after(d_out, cache)
    assert_unchanged(after[0], d_out, name="d_out")
    assert_unchanged(after[1], cache, name="cache")


@exercise("batchnorm_backward")
def test_batchnorm_beta(submission, rng):
    """d_beta agrees with PyTorch's batch norm."""
    for result, d, (x_hat, gamma, _), expected in batchnorm_results(submission, rng):
        explain = {
            "that is d_gamma: the order is d_x, d_gamma, d_beta.": (d * x_hat).sum(axis=0),
            "that is d_x: the order is d_x, d_gamma, d_beta.": expected[0],
            "gamma is in it: beta is added after gamma has multiplied, so d_out is summed as it is.": (d * gamma).sum(
                axis=0
            ),
            "it is a mean over the batch: beta is added to every row, so sum.": d.mean(axis=0),
            "it is summed over the units: sum over the batch, axis 0.": d.sum(axis=1),
            TWO_AXES: d.sum(axis=0, keepdims=True),
            "it is not summed over the batch: beta is (H,), and was added to every row.": d,
            "the upstream gradient is ignored: that is the number of rows.": np.full(d.shape[1], float(len(d))),
        }
        assert_close(result[2], expected[2], name="d_beta", explain=explain)


@exercise("batchnorm_backward")
def test_batchnorm_gamma(submission, rng):
    """d_gamma agrees with PyTorch's batch norm."""
    for result, d, (x_hat, gamma, inv_std), expected in batchnorm_results(submission, rng):
        explain = {
            "that is d_beta: gamma multiplies x_hat, so d_out * x_hat is summed.": d.sum(axis=0),
            "it is a mean over the batch: gamma is used in every row, so sum.": (d * x_hat).mean(axis=0),
            "gamma itself is in it: d_out * x_hat is all that is summed.": (d * x_hat * gamma).sum(axis=0),
            "gamma stands where x_hat should: the cache is (x_hat, gamma, inv_std), in this order.": (d * gamma).sum(
                axis=0
            ),
            "inv_std stands where x_hat should: the cache is (x_hat, gamma, inv_std), in this order.": (
                d * inv_std
            ).sum(axis=0),
            "it is made with x minus its mean: gamma multiplies x_hat.": (d * x_hat / inv_std).sum(axis=0),
            TWO_AXES: (d * x_hat).sum(axis=0, keepdims=True),
            "it is not summed over the batch: gamma is (H,), and multiplied every row.": d * x_hat,
        }
        assert_close(result[1], expected[1], name="d_gamma", explain=explain)


@exercise("batchnorm_backward", weight=4)
def test_batchnorm_x(submission, rng):
    """d_x agrees with PyTorch's batch norm, for a random upstream gradient."""
    for result, d, cache, expected in batchnorm_results(submission, rng):
        if left_to_others(result[0], expected[0]):
            continue
        assert_close(result[0], expected[0], name="d_x", explain=batchnorm_causes(d, cache), dims={"batch": len(d)})


@exercise("batchnorm_backward")
def test_batchnorm_x_of_every_column(submission, rng):
    """Each column of d_x on its own, from very narrow to very wide ones."""
    d, cache, expected = batchnorm_cases(rng)[2]
    result = submission.batchnorm_backward(d, cache)
    with cause_where_none_is_known(THREE_VALUES):
        assert_length(result, 3, name="batchnorm_backward")
    got = as_array(result[0], name="d_x")
    assert_shape(got, expected[0].shape, name="d_x")
    for j in range(got.shape[1]):
        explain = {words: wrong[:, j] for words, wrong in batchnorm_wrong(d, cache).items()}
        assert_close(got[:, j], expected[0][:, j], name="a column of d_x", explain=explain)


# --- Dual ------------------------------------------------------------------------------------------------------------

BINARY = {"+": torch.add, "-": torch.sub, "*": torch.mul, "@": torch.matmul}
UNARY = {"tanh": torch.tanh, "exp": torch.exp, "log": torch.log}


def dual_results(student, calls):
    """What operations of two Duals give, and the operands afterwards."""
    found = []
    for operation, a, da, b, db in calls:
        x, y = student.Dual(a, da), student.Dual(b, db)
        kept = [v.copy() for v in (x.value, x.tangent, y.value, y.tangent)]
        result = x + y if operation == "+" else x - y if operation == "-" else x * y if operation == "*" else x @ y
        same = [bool(np.array_equal(v, k)) for v, k in zip((x.value, x.tangent, y.value, y.tangent), kept)]  # noqa: B905 - sent to the worker
        if not hasattr(result, "tangent"):
            found.append({"kind": type(result).__name__, "unchanged": all(same)})
            continue
        found.append({"value": result.value, "tangent": result.tangent, "unchanged": all(same)})
    return found


def dual_functions(student, calls):
    """What tanh, exp, log and sum of a Dual give."""
    found = []
    for name, a, da, axis in calls:
        x = student.Dual(a, da)
        kept = [x.value.copy(), x.tangent.copy()]
        result = x.sum(axis) if name == "sum" else getattr(x, name)()
        same = bool(np.array_equal(x.value, kept[0]) and np.array_equal(x.tangent, kept[1]))
        if not hasattr(result, "tangent"):
            found.append({"kind": type(result).__name__, "unchanged": same})
            continue
        found.append({"value": result.value, "tangent": result.tangent, "unchanged": same})
    return found


def dual_loss(student, x, params, d_x, d_params, labels):
    """Value and tangent of logits and mean cross-entropy of a small net."""
    Dual = student.Dual
    W1, b1, W2 = (Dual(p, d) for p, d in zip(params, d_params))  # noqa: B905 - sent to the worker
    h = (Dual(x, d_x) @ W1 + b1).tanh()
    logits = h @ W2 * Dual(np.array(2.0))
    log_probs = logits - logits.exp().sum(1).log()
    picked = (log_probs * Dual(labels / -len(labels))).sum(1).sum(0)
    return {"logits": (logits.value, logits.tangent), "loss": (picked.value, picked.tangent)}


def torch_jvp(f, primals, tangents):
    """The trusted value and tangent: f, and its directional derivative by two backward passes.

    Where r(u) = J^T u, which is linear in u, the gradient of <r(u), v> in u is J v.
    """
    inputs = [torch.tensor(p, requires_grad=True) for p in primals]
    value = f(*inputs)
    u = torch.zeros_like(value, requires_grad=True)
    pulled = torch.autograd.grad(value, inputs, u, create_graph=True, allow_unused=True)
    along = [(r * torch.tensor(t)).sum() for r, t in zip(pulled, tangents, strict=True) if r is not None]
    (tangent,) = torch.autograd.grad(sum(along), u)
    return value.detach().numpy(), tangent.numpy()


def binary_calls(operation, rng):
    """Operands with tangents: equal shapes and shapes that broadcast; for @ three different sizes; a constant."""
    if operation == "@":
        shapes = (((3, 3), (3, 3)), ((4, 3), (3, 5)), ((2, 6), (6, 3)), ((1, 3), (3, 4)))
    else:
        shapes = (((4, 3), (4, 3)), ((5, 3), (3,)), ((4, 1), (4, 6)), ((2, 3), ()))
    calls = [(operation, *(rng.normal(size=s) for s in (a, a, b, b))) for a, b in shapes]
    a, da, b, db = calls[0][1:]
    return [*calls, (operation, a, da, b, np.zeros_like(db)), (operation, a, np.zeros_like(da), b, db)]


def other_values(a, b):
    """Sentences for values of other operations."""
    others = {
        "the values are added.": lambda: a + b,
        "the values are multiplied entry by entry.": lambda: a * b,
        "the values are multiplied as matrices.": lambda: a @ b,
        "the values are multiplied in the wrong order.": lambda: b @ a,
    }
    made = {words: quietly(make) for words, make in others.items()}
    return {words: wrong for words, wrong in made.items() if wrong is not None}


def assert_dual(result, what):
    """Refuse what is no Dual."""
    assert_that(
        "kind" not in result,
        f"{what} gave no Dual: it is of type {result.get('kind')}.",
        cause="every operation makes a new Dual and returns it: `return Dual(value, tangent)`.",
    )


def check_binary(submission, rng, operation, causes):
    """Value and tangent of one operation, in all cases."""
    for call in binary_calls(operation, rng):  # one by one: the first shapes allow most of what is wrong
        (result,) = submission.run(dual_results, [call])
        _, a, da, b, db = call
        assert_dual(result, f"x {operation} y")
        value, tangent = torch_jvp(BINARY[operation], (a, b), (da, db))
        explain = other_values(a, b)
        assert_close(result["value"], value, name=f"value of x {operation} y", explain=explain)
        explain = {}
        for words, wrong in causes.items():
            with np.errstate(all="ignore"):
                made = quietly(wrong, a, da, b, db)
            if made is not None and np.shape(made) == tangent.shape:
                explain[words] = made
        assert_close(result["tangent"], tangent, name=f"tangent of x {operation} y", explain=explain)


TANGENTS_MULTIPLIED = "the tangents are multiplied with each other: by the product rule each meets the other's value."
FIRST_ONLY = "only the first operand moves: the other half of the product rule is missing."
SECOND_ONLY = "only the second operand moves: the other half of the product rule is missing."


@exercise("Dual", condition=True)
def test_dual_operands_are_left_alone(submission, rng):
    """No operation modifies its operands."""
    calls = [binary_calls(operation, rng)[0] for operation in BINARY]
    for result, (operation, *_) in zip(submission.run(dual_results, calls), calls, strict=True):
        assert_that(result["unchanged"], f"x {operation} y modified x or y.", cause=DUAL_IN_PLACE)
    a, da = 1 + rng.uniform(size=(4, 3)), rng.normal(size=(4, 3))
    calls = [(name, a, da, 1) for name in (*UNARY, "sum")]
    for result, (name, *_) in zip(submission.run(dual_functions, calls), calls, strict=True):
        assert_that(result["unchanged"], f"x.{name}() modified x.", cause=DUAL_IN_PLACE)


DUAL_IN_PLACE = (
    "an operand was changed, by `+=`, `out=` or `self.value = ...`: make new arrays, and a new Dual for the result."
)


@exercise("Dual")
def test_dual_add_and_subtract(submission, rng):
    """Sums and differences."""
    check_binary(
        submission,
        rng,
        "+",
        {
            "only the first operand's tangent is there: both move.": lambda a, da, b, db: da + 0 * b,
            "the tangents are multiplied: those of a sum add up.": lambda a, da, b, db: da * db,
            "the product rule is for products: the tangents of a sum add up.": lambda a, da, b, db: da * b + a * db,
            "the tangents are subtracted: those of a sum add up.": lambda a, da, b, db: da - db,
        },
    )
    check_binary(
        submission,
        rng,
        "-",
        {
            "the tangents are added: where values are subtracted, tangents are too.": lambda a, da, b, db: da + db,
            "the tangents are subtracted the wrong way round.": lambda a, da, b, db: db - da,
            "only the first operand's tangent is there: both move.": lambda a, da, b, db: da + 0 * b,
        },
    )


@exercise("Dual", weight=1.5)
def test_dual_multiply(submission, rng):
    """Products, entry by entry, also of broadcast shapes."""
    check_binary(
        submission,
        rng,
        "*",
        {
            TANGENTS_MULTIPLIED: lambda a, da, b, db: da * db,
            FIRST_ONLY: lambda a, da, b, db: da * b,
            SECOND_ONLY: lambda a, da, b, db: a * db,
            "each tangent meets its own value: it has to meet the other's.": lambda a, da, b, db: a * da + b * db,
            "the tangents are added: each has to be multiplied by the other's value.": lambda a, da, b, db: da + db,
            "the two halves of the product rule are subtracted: they add up.": lambda a, da, b, db: da * b - a * db,
            "a product of tangents was added: it is of second order, and drops out.": lambda a, da, b, db: (
                da * b + a * db + da * db
            ),
        },
    )


@exercise("Dual", weight=2.5)
def test_dual_matmul(submission, rng):
    """Matrix products, of shapes that differ."""
    check_binary(
        submission,
        rng,
        "@",
        {
            TANGENTS_MULTIPLIED: lambda a, da, b, db: da @ db,
            FIRST_ONLY: lambda a, da, b, db: da @ b,
            SECOND_ONLY: lambda a, da, b, db: a @ db,
            MATMUL_ORDER: lambda a, da, b, db: da @ b + db @ a,
            "a matrix product keeps its order in both terms: dA B + A dB, and here both are turned round.": (
                lambda a, da, b, db: b @ da + db @ a
            ),
            "the terms are products entry by entry: dA B + A dB are products of matrices.": (
                lambda a, da, b, db: da * b + a * db
            ),
            "a transposed factor has come in: the product rule is dA B + A dB, without any.": (
                lambda a, da, b, db: da @ b + db.T @ a.T
            ),
            "transposed factors have come in: the product rule is dA B + A dB; those with .T are for the way back.": (
                lambda a, da, b, db: da @ b.T + a.T @ db
            ),
            "a matrix product keeps its order in both terms: dA B, not B dA.": lambda a, da, b, db: b @ da + a @ db,
            "the two halves of the product rule are subtracted: they add up.": lambda a, da, b, db: da @ b - a @ db,
            "a product of tangents was added: it is of second order, and drops out.": lambda a, da, b, db: (
                da @ b + a @ db + da @ db
            ),
        },
    )


MATMUL_ORDER = "a matrix product keeps its order in both terms: A dB, not dB A."


@exercise("Dual", weight=1.5)
def test_dual_functions(submission, rng):
    """Logarithm, exponential and tanh, entry by entry."""
    a, da = rng.uniform(0.2, 3.0, size=(4, 5)), rng.normal(size=(4, 5))
    calls = [(name, a if name == "log" else a - 1.5, da, 1) for name in UNARY]
    wrong = {
        "tanh": {
            "the derivative of tanh is missing: (1 - tanh^2) times the tangent.": lambda x: da,
            "the square is missing: the derivative of tanh is 1 - tanh^2.": lambda x: (1 - np.tanh(x)) * da,
            "that is 1 - x^2: the derivative of tanh is 1 - tanh(x)^2.": lambda x: (1 - x**2) * da,
            "1/cosh is not squared: the derivative of tanh is 1 - tanh^2 = 1/cosh^2.": lambda x: da / np.cosh(x),
            "the tanh of the tangent is no tangent: multiply the tangent by the derivative, 1 - tanh^2.": lambda x: (
                np.tanh(da)
            ),
            "the derivative is taken at the tangent: it is 1 - tanh(value)^2, times the tangent.": lambda x: (
                1 - np.tanh(da) ** 2
            ),
            "the tangent is missing: the derivative has to be multiplied by it.": lambda x: 1 - np.tanh(x) ** 2,
        },
        "exp": {
            "the derivative of exp is missing: exp(x) times the tangent.": lambda x: da,
            "the exponential of the tangent is no tangent: multiply the tangent by exp(x).": lambda x: np.exp(da),
            "the tangent is missing: the derivative has to be multiplied by it.": lambda x: np.exp(x),
            "it is multiplied by x: the derivative of exp is exp itself.": lambda x: x * da,
            "it is divided by x, as that of the logarithm: the derivative of exp is exp itself.": lambda x: da / x,
        },
        "log": {
            "the derivative of log is missing: the tangent divided by x.": lambda x: da,
            "it is multiplied by x: the derivative of log is 1/x.": lambda x: x * da,
            "it is divided by log(x): the derivative of log is 1/x.": lambda x: da / np.log(x),
            "-1/x^2 is the derivative of 1/x; that of log is 1/x.": lambda x: -da / x**2,
            "it is multiplied by exp(x): the derivative of log is 1/x.": lambda x: da * np.exp(x),
            "the logarithm of the tangent is no tangent: divide the tangent by x.": lambda x: np.log(np.abs(da)),
            "the tangent is missing: the derivative has to be multiplied by it.": lambda x: 1 / x,
        },
    }
    for result, (name, x, _, _) in zip(submission.run(dual_functions, calls), calls, strict=True):
        assert_dual(result, f"x.{name}()")
        value, tangent = torch_jvp(UNARY[name], (x,), (da,))
        itself = {f"that is x itself: the value of x.{name}() is {name}(x), entry by entry.": x}
        assert_close(result["value"], value, name=f"value of {name}", explain=itself)
        explain = {words: make(x) for words, make in wrong[name].items()}
        assert_close(result["tangent"], tangent, name=f"tangent of {name}", explain=explain)


@exercise("Dual")
def test_dual_sum(submission, rng):
    """Sums along either axis, which stays with size 1."""
    for axis in (0, 1):
        a, da = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
        (result,) = submission.run(dual_functions, [("sum", a, da, axis)])
        assert_dual(result, "x.sum(axis)")
        explain = {
            "the sum runs along the other axis: the argument `axis` says which.": a.sum(axis=1 - axis, keepdims=True),
            "the sum runs over everything: the argument `axis` says along which axis.": a.sum(keepdims=True),
            "the sum runs over everything, to a single number: the argument `axis` says along which axis.": a.sum(),
            "it is a mean.": a.mean(axis=axis, keepdims=True),
        }
        assert_close(result["value"], a.sum(axis=axis, keepdims=True), name="value of sum", explain=explain)
        assert_close(
            result["tangent"],
            da.sum(axis=axis, keepdims=True),
            name="tangent of sum",
            explain={
                "the tangent is not summed: it has the shape of the value.": da,
                "the tangent is a mean: that of a sum is the sum of the tangents.": da.mean(axis=axis, keepdims=True),
            },
        )


@exercise("Dual", weight=1.5)
def test_dual_network(submission, rng):
    """<u, J v> = <J^T u, v> for a small net with cross-entropy: forward mode agrees with backward mode."""
    n, d, h, c = 5, 4, 3, 6
    x, params = rng.normal(size=(n, d)), [rng.normal(size=s) for s in ((d, h), (h,), (h, c))]
    d_x, d_params = rng.normal(size=(n, d)), [rng.normal(size=p.shape) for p in params]
    labels = np.eye(c)[rng.integers(c, size=n)]
    got = submission.run(dual_loss, x, params, d_x, d_params, labels)

    leaves = [torch.tensor(p, requires_grad=True) for p in (x, *params)]
    logits = 2.0 * torch.tanh(leaves[0] @ leaves[1] + leaves[2]) @ leaves[3]
    u = torch.tensor(rng.normal(size=(n, c)))
    loss = -(torch.log_softmax(logits, dim=1) * torch.tensor(labels)).sum() / n
    for name, value, cotangent in (("logits", logits, u), ("loss", loss, torch.ones((), dtype=torch.float64))):
        pulled = torch.autograd.grad(value, leaves, cotangent, retain_graph=True)
        right = sum(float((g.numpy() * v).sum()) for g, v in zip(pulled, (d_x, *d_params), strict=True))
        at = as_array(got[name][0]).reshape(value.shape if value.ndim else -1)
        assert_close(at, value.detach().numpy().reshape(at.shape), name=f"value of the {name}")
        left = float((cotangent.numpy() * as_array(got[name][1])).sum())
        assert_that(
            abs(left - right) <= 1e-6 * max(1.0, abs(right)),
            f"{name}: <u, J v> = {left:.6g}, <J^T u, v> = {right:.6g}; they must agree.",
        )


# --- gradient_flow ---------------------------------------------------------------------------------------------------

ACTIVATIONS = {"linear": lambda z: z, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


def flow_cases(rng):
    """(weights, x, d_out, act): one to four layers of different widths, each activation, scales from 1e-2 to 1e2."""
    cases = []
    shapes = (("tanh", (5, 5, 5, 5, 5)), ("relu", (4, 8, 6, 9, 3)), ("sigmoid", (3, 6, 5, 2)), ("tanh", (5, 4, 7)))
    shapes = (*shapes, ("linear", (4, 3)))
    for (act, sizes), n, scale in zip(shapes, (6, 7, 6, 2, 5), (1.0, 1.0, 1.0, 0.01, 100.0), strict=True):

        def draw(rng, sizes=sizes, n=n):
            weights = [rng.normal(size=s) for s in pairwise(sizes)]
            return weights, rng.normal(size=(n, sizes[0]))

        def alive(drawn):
            weights, h = drawn
            passed = [1.0]
            for W in weights:
                h = np.maximum(h @ W, 0)
                passed.append(h.max())
            return np.array(passed)

        weights, x = away_from_kinks(draw, alive, margin=1e-2, rng=rng)
        cases.append((weights, x, scale * rng.normal(size=(n, sizes[-1])), act))
    return cases


def flow_truth(weights, x, d_out, act):
    """The gradient of every layer by autograd, and what people measure instead."""
    leaves = [torch.tensor(W, requires_grad=True) for W in weights]
    h, inputs, zs, outputs = torch.tensor(x, requires_grad=True), [], [], []
    for W in leaves:
        inputs.append(h)
        zs.append(h @ W)
        h = ACTIVATIONS[act](zs[-1])
        outputs.append(h)
    for tensor in (*inputs, *zs, *outputs):
        tensor.retain_grad()
    (h * torch.tensor(d_out)).sum().backward()
    return leaves, inputs, zs, outputs


def flow_by_hand(
    weights, x, d_out, act, *, slope_at="z", through=True, slope=True, slope_of="", turned=False, forward="right"
):
    """Norms with a chosen error."""
    f = ACTIVATIONS[act]
    h, inputs, zs = torch.tensor(x), [], []
    for W in map(torch.tensor, weights):
        inputs.append(h)
        zs.append(h @ (W.T if forward == "turned" else W))
        h = zs[-1] if forward == "linear" else f(zs[-1])

    def derivative(at):
        at = at.detach().clone().requires_grad_(True)
        return torch.autograd.grad(ACTIVATIONS[slope_of if slope_of in ACTIVATIONS else act](at).sum(), at)[0]

    if forward == "again":
        inputs = [f(h) for h in inputs]
    norms, d = [], torch.tensor(d_out)
    for i in reversed(range(len(weights))):
        last = i == len(weights) - 1
        at = {
            "z": zs[i],
            "output": f(zs[i]),
            "input": inputs[i],
            "below": zs[i - 1],
            "hidden": zs[i],
            "other_end": zs[-1 - i],
            "not_first": zs[i],
        }[slope_at]
        h = f(zs[i])
        slopes = {"h(1-h)": h * (1 - h), "1-h^2": 1 - h**2, "f": h}
        if act in ("tanh", "sigmoid"):
            slopes["formula at z"] = 1 - zs[i] ** 2 if act == "tanh" else zs[i] * (1 - zs[i])
        slopes_here = slopes[slope_of] if slope_of in slopes else derivative(at)
        left_out = (last and slope_at == "hidden") or (i == 0 and slope_at == "not_first")
        d_z = d * slopes_here if slope and not left_out else d
        norms.append(float(torch.linalg.norm((zs[i] if forward == "z" else inputs[i]).T @ d_z)))
        W = torch.tensor(weights[i])
        d = (d_z if through else d) @ (W if turned else W.T)
    return norms[::-1]


def flow_wrong(weights, x, d_out, act):
    """Sentences for norms that people often get, with those norms."""
    leaves, inputs, zs, outputs = flow_truth(weights, x, d_out, act)
    grads = [leaf.grad for leaf in leaves]
    ones = flow_truth(weights, x, np.ones_like(d_out), act)[0]

    def norms(tensors):
        return [float(torch.linalg.norm(t.detach())) for t in tensors]

    return {
        "these are the norms of the activations: the gradients of the weights are asked for.": norms(outputs),
        "these are the norms of each layer's input: the gradients of the weights are asked for.": norms(inputs),
        "these are the norms of the pre-activations: the gradients of the weights are asked for.": norms(zs),
        "these are the norms of the weights: those of their gradients are asked for.": norms(leaves),
        "these are the norms of d_z: the gradient of the weights is input.T @ d_z.": norms([z.grad for z in zs]),
        "these are the norms of the gradients of the activations: those of the weights are asked for.": norms(
            [h.grad for h in outputs]
        ),
        "these are the norms of the gradients of the inputs: those of the weights are asked for.": norms(
            [h.grad for h in inputs]
        ),
        "these are standard deviations of activations: the norms of the gradients of the weights are asked for.": [
            float(h.detach().std(correction=0)) for h in outputs
        ],
        "the norms are divided by those of the weights: they are asked for as they are.": [
            n / float(torch.linalg.norm(W.detach())) for n, W in zip(norms(grads), leaves, strict=True)
        ],
        "these are logarithms of the norms: the norms themselves are asked for.": np.log10(norms(grads)),
        "these are the natural logarithms of the norms: the norms themselves are asked for.": np.log(norms(grads)),
        "these are squares of the norms, from the output on: take the root, and turn them round.": [
            n**2 for n in norms(grads)[::-1]
        ],
        "there is one norm too many, that of the gradient of x: only the weights are asked for.": norms(
            [inputs[0].grad, *grads]
        ),
        "the square root is missing: the norm is the root of the sum of squares.": [n**2 for n in norms(grads)],
        "the first layer is left out: does the loop stop one too early?": [0.0, *norms(grads)[1:]],
        "the norms are added up from layer to layer: each layer's own is asked for.": np.cumsum(norms(grads)),
        "the norms are added up, from the output on: each layer's own is asked for.": np.cumsum(norms(grads)[::-1])[
            ::-1
        ],
        "the norms come from the output on: turn them round, so that the input comes first.": norms(grads)[::-1],
        "the upstream gradient d_out is ignored: this is what ones would give.": norms([leaf.grad for leaf in ones]),
        "the layer's output stands where its input should, in the gradient of the weights.": [
            float(torch.linalg.norm(h.detach().T @ z.grad)) for h, z in zip(outputs, zs, strict=True)
        ],
        "the norms are divided by that of the last layer: they are asked for as they are.": [
            n / norms(grads)[-1] for n in norms(grads)
        ],
        "it is the standard deviation of the entries: the root of the sum of their squares is asked for.": [
            float(g.std(correction=0)) for g in grads
        ],
        "it is the largest singular value (the 2-norm of a matrix): the sum of all squares is asked for.": [
            float(torch.linalg.matrix_norm(g, 2)) for g in grads
        ],
        "it is the largest sum of magnitudes in a row (the order np.inf): the root of the sum of all squares is asked "
        "for.": [float(torch.linalg.matrix_norm(g, np.inf)) for g in grads],
        "it is the largest sum of magnitudes in a column (the order 1): the root of the sum of all squares is asked "
        "for.": [float(torch.linalg.matrix_norm(g, 1)) for g in grads],
        "it is the sum of the magnitudes: the root of the sum of squares is asked for.": [
            float(g.abs().sum()) for g in grads
        ],
        "it is the mean magnitude: the root of the sum of squares is asked for.": [
            float(g.abs().mean()) for g in grads
        ],
        "it is the largest entry: the root of the sum of squares is asked for.": [float(g.abs().max()) for g in grads],
        "it is the root of the mean square: the sum of the squares is asked for.": [
            float((g**2).mean().sqrt()) for g in grads
        ],
        "the gradients are divided by the batch size: every factor of the loss is in d_out already.": [
            n / len(x) for n in norms(grads)
        ],
    }


def check_flow(submission, rng, first, last):
    """The norms for some of the cases, one by one."""
    for case in flow_cases(rng)[first:last]:
        expected = [float(torch.linalg.norm(leaf.grad)) for leaf in flow_truth(*case)[0]]
        result = submission.gradient_flow(*case)
        assert_flow_kind(result, case[0])
        assert_close(result, expected, name="norms", explain=flow_explained(*case))


def assert_flow_kind(result, weights):
    """Refuse what is no array with one number for each layer, where it is clear what it is instead."""
    cause = flow_kind(result, weights)
    assert_that(not cause, f"norms: expected an array of the shape ({len(weights)},).", cause=cause, name="norms")


def flow_kind(result, weights):
    """Why it is no array with one number for each layer."""
    depth = len(weights)
    if isinstance(result, dict):
        return (
            "a dict came back: return one array (L,), with the norm of layer 0 first, such as "
            "np.array([norm_0, norm_1, ...])."
        )
    if not isinstance(result, list | tuple | np.ndarray):
        return ""
    parts = [] if isinstance(result, np.ndarray) and not result.ndim else list(result)
    shapes = [np.shape(part) if is_even(part) else None for part in parts]
    of_weights = [np.shape(W) for W in weights]
    if shapes and shapes in (of_weights, of_weights[::-1]):
        return "these are the gradients themselves: of each, the norm is asked for, one number."
    if isinstance(result, tuple) and len(parts) == 2 and (depth,) in shapes:
        return "more than the norms came back: return them alone, one array (L,)."
    if len(parts) == 1 and shapes == [()] and depth > 1:
        return "only one norm came back: does `return` stand inside the loop, or does the loop end too early?"
    if len(parts) == depth and set(shapes) == {(2,)}:
        return "a pair came back for each layer: return the norms alone, one number for each layer."
    return ""


def is_even(value):
    """Whether NumPy can make an array of numbers of it."""
    try:
        return np.asarray(value).dtype.kind in "fiub"
    except (ValueError, TypeError):  # a list of arrays with different shapes, or of something else
        return False


def flow_explained(*case):
    """Sentences for wrong norms, and those with shapes that do not fit left out."""
    errors = {
        "the derivative of the activation is missing.": {"slope": False},
        "the derivative of the last layer is missing: the activation comes after the last layer, too.": {
            "slope_at": "hidden"
        },
        "the derivative is taken at the activations: it is a function of the pre-activation z.": {"slope_at": "output"},
        "the derivative is taken at the layer's input: it is a function of its pre-activation z.": {
            "slope_at": "input"
        },
        "the derivative is taken at the z of the layer below: each layer has its own.": {"slope_at": "below"},
        "the derivative of the first layer is missing: its weights, too, get input.T @ d_z, with d_z = d_h * slope.": {
            "slope_at": "not_first"
        },
        "1 - h^2 and h (1 - h) are made with z: they are formulas for the output h; `activation(act)` gives functions "
        "of z.": {"slope_of": "formula at z"},
        "the derivatives come in the order of the way forward: on the way back, the last z comes first.": {
            "slope_at": "other_end"
        },
        "the layer's input goes through the activation once more, in the gradient of the weights: h_i as it is, times "
        "d_z.": {"forward": "again"},
        "what is passed on leaves out the derivative: pass on d_z @ W.T.": {"through": False},
        "there is no activation in the forward pass.": {"forward": "linear"},
        "W is transposed in the forward pass: z is h @ W.": {"forward": "turned", "turned": True},
        "the forward pass takes W transposed: z is h @ W.": {"forward": "turned"},
        "z stands where the layer's input should, in the gradient of the weights.": {"forward": "z"},
        "W is not transposed on the way back: d_z is (N, fan_out), and W.T takes it to (N, fan_in).": {"turned": True},
        "the derivative is that of tanh, whatever the activation: `activation(act)` gives the right one.": {
            "slope_of": "tanh"
        },
        "the derivative is that of the sigmoid, whatever the activation: `activation(act)` gives the right one.": {
            "slope_of": "sigmoid"
        },
        "1 - h^2 is the slope of tanh only: `activation(act)` gives that of each.": {"slope_of": "1-h^2"},
        "h (1 - h) is the slope of the sigmoid only: `activation(act)` gives that of each.": {"slope_of": "h(1-h)"},
        "the activation itself stands where its derivative should: `activation(act)` gives both, in this order.": {
            "slope_of": "f"
        },
        "the derivative is that of the ReLU, whatever the activation: `activation(act)` gives the right one.": {
            "slope_of": "relu"
        },
    }
    found = flow_wrong(*case)
    weights, x, d_out, act = case
    for other in ACTIVATIONS:
        if other != act:
            found[f"that is a net with {other}: the argument `act` says which activation it is."] = [
                float(torch.linalg.norm(leaf.grad)) for leaf in flow_truth(weights, x, d_out, other)[0]
            ]
    activated = ACTIVATIONS[act](torch.tensor(x)).numpy()
    found["the activation is applied to x as well: h_0 is x itself."] = [
        float(torch.linalg.norm(leaf.grad)) for leaf in flow_truth(weights, activated, d_out, act)[0]
    ]
    for words, options in errors.items():
        try:
            found[words] = flow_by_hand(*case, **options)
        except RuntimeError:  # shapes that do not fit
            continue
    no_slope = np.array(found["the derivative of the activation is missing."]) / len(x)
    found["the derivative of the activation is missing, and there is a division by N: d_out has every factor."] = (
        no_slope
    )
    return found


@exercise("gradient_flow", condition=True)
def test_flow_leaves_its_arguments_alone(submission, rng):
    """Neither weights nor x nor d_out is modified."""
    arguments = flow_cases(rng)[0]
    _, after = submission.gradient_flow.after(*arguments)
    for now, before, name in zip(after, arguments, ("weights", "x", "d_out", "act"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("gradient_flow")
def test_flow_of_a_square_net(submission, rng):
    """Four tanh layers of equal width."""
    check_flow(submission, rng, 0, 1)


@exercise("gradient_flow", weight=1.5)
def test_flow_of_a_deep_relu_net(submission, rng):
    """Four ReLU layers of different widths."""
    check_flow(submission, rng, 1, 2)


@exercise("gradient_flow", weight=1.5)
def test_flow_of_a_sigmoid_net(submission, rng):
    """Three sigmoid layers of different widths."""
    check_flow(submission, rng, 2, 3)


@exercise("gradient_flow")
def test_flow_of_small_nets(submission, rng):
    """Two tanh layers and one linear layer, with small and large upstream gradients."""
    check_flow(submission, rng, 3, 5)


@exercise("gradient_flow", weight=1)
def test_flow_over_many_layers(submission, rng):
    """Twenty layers: small sigmoid weights make the gradient vanish, He's weights with ReLU keep it level."""
    depth, width, n = 20, 12, 6
    for act, std in (("sigmoid", 1 / np.sqrt(width)), ("relu", np.sqrt(2 / width)), ("tanh", 1.0)):

        def draw(rng, std=std):
            return [std * rng.normal(size=(width, width)) for _ in range(depth)], rng.normal(size=(n, width))

        def alive(drawn):
            h = drawn[1]
            for W in drawn[0]:
                h = np.maximum(h @ W, 0)
            return np.array([h.max()])

        weights, x = away_from_kinks(draw, alive, margin=1e-3, rng=rng)
        d_out = rng.normal(size=(n, width))
        leaves = flow_truth(weights, x, d_out, act)[0]
        expected = np.array([float(torch.linalg.norm(leaf.grad)) for leaf in leaves])
        result = submission.gradient_flow(weights, x, d_out, act)
        assert_flow_kind(result, weights)
        got = as_array(result, name="norms")
        assert_shape(got, (depth,), name="norms")
        ratio = got / expected
        wrong = {w: np.array(v) for w, v in flow_explained(weights, x, d_out, act).items() if len(v) == depth}
        explain = {words: values / expected for words, values in wrong.items()}
        assert_close(ratio, np.ones(depth), name="norms, each divided by the right one", explain=explain)


# --- SuspectLayers ---------------------------------------------------------------------------------------------------


def suspect(student, name, calls):
    """What one of the six functions returns, and whether it left its arguments alone."""
    found = []
    for arguments in calls:
        kept = [np.copy(argument) for argument in arguments]
        value = getattr(student.SuspectLayers, name)(*arguments)
        same = all(bool(np.array_equal(a, k)) for a, k in zip(arguments, kept))  # noqa: B905 - sent to the worker
        found.append({"value": value, "unchanged": same})
    return found


def pulled(f, leaves, d_out):
    """The gradients of f at these arrays by autograd."""
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in leaves]
    (f(*tensors) * torch.tensor(d_out)).sum().backward()
    return [tensor.grad.numpy() for tensor in tensors]


def check_kept(submission, name, calls, expected, parts):
    """A function that was right must be right still."""
    for result, wanted in zip(submission.run(suspect, name, calls), expected, strict=True):
        values = result["value"] if len(parts) > 1 else [result["value"]]
        assert_length(list(values) if len(parts) == 1 else values, len(parts), name=name)
        for value, right, part in zip(values, wanted, parts, strict=True):
            assert_close(value, right, name=f"{part} of {name}", explain=lambda got, want: WAS_RIGHT.format(name))
        assert_that(result["unchanged"], f"{name} modified its arguments.", cause=WAS_RIGHT.format(name))


WAS_RIGHT = "{} was right as it was given: put it back, and look for the bug elsewhere."


@exercise("SuspectLayers", condition=True)
def test_suspect_linear_is_kept(submission, rng):
    """linear_backward is right, as it was."""
    calls, expected = [], []
    for n, i, o in ((5, 3, 4), (1, 2, 6)):
        x, W, b, d_out = rng.normal(size=(n, i)), rng.normal(size=(i, o)), rng.normal(size=o), rng.normal(size=(n, o))
        calls.append((d_out, x, W))
        expected.append(pulled(lambda x, W, b: x @ W + b, (x, W, b), d_out))
    check_kept(submission, "linear_backward", calls, expected, ("d_x", "d_W", "d_b"))


@exercise("SuspectLayers", condition=True)
def test_suspect_gate_is_kept(submission, rng):
    """gate_backward is right, as it was."""
    a, b, d_out = rng.normal(size=(3, 4, 5))
    expected = pulled(lambda a, b: a * torch.sigmoid(b), (a, b), d_out)
    check_kept(submission, "gate_backward", [(d_out, a, b)], [expected], ("d_a", "d_b"))


@exercise("SuspectLayers", condition=True)
def test_suspect_normalize_is_kept(submission, rng):
    """normalize_backward is right, as it was."""
    x, d_out = 3 * rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    expected = pulled(lambda x: x / torch.linalg.norm(x, dim=1, keepdim=True), (x,), d_out)
    check_kept(submission, "normalize_backward", [(d_out, x)], [expected], ("d_x",))


@exercise("SuspectLayers", condition=True)
def test_suspect_mean_is_kept(submission, rng):
    """mean_backward is right, as it was."""
    x, d_out = rng.normal(size=(6, 4)), rng.normal(size=4)
    expected = pulled(lambda x: x.mean(dim=0), (x,), d_out)
    check_kept(submission, "mean_backward", [(d_out, 6)], [expected], ("d_x",))


@exercise("SuspectLayers")
def test_suspect_softmax(submission, rng):
    """softmax_backward, for batches of several rows."""
    for n, c in ((5, 3), (4, 6), (3, 3)):
        z, d_out = rng.normal(size=(n, c)), rng.normal(size=(n, c))
        p = torch.softmax(torch.tensor(z), dim=1).numpy()
        (expected,) = pulled(lambda z: torch.softmax(z, dim=1), (z,), d_out)
        (result,) = submission.run(suspect, "softmax_backward", [(d_out, p)])
        explain = {
            STILL_OVER_ALL: p * (d_out - (d_out * p).sum()),
            "the sum is over the batch: the softmax is taken row by row, so sum over each row.": p
            * (d_out - (d_out * p).sum(axis=0)),
            "the mean is taken over each row: the sum is needed.": p
            * (d_out - (d_out * p).mean(axis=1, keepdims=True)),
            "p (1 - p) is the slope of one class by its own score: the others depend on that score, too.": (
                d_out * p * (1 - p)
            ),
            "d_out * p alone leaves out that the probabilities of a row share one sum.": p * d_out,
            "the sum still runs over all rows, and is divided by their number: each row has a sum of its own.": p
            * (d_out - (d_out * p).sum() / n),
            "the sum of a row is added: it has to be subtracted, as it was.": p
            * (d_out + (d_out * p).sum(axis=1, keepdims=True)),
            "the sum is over d_out alone: it is weighted with p.": p * (d_out - d_out.sum(axis=1, keepdims=True)),
        }
        if n == c:
            explain["row sums are subtracted along the wrong axis: keep them (N, 1), with `keepdims=True`."] = p * (
                d_out - (d_out * p).sum(axis=1)
            )
        assert_close(result["value"], expected, name="softmax_backward", explain=explain)
        assert_that(result["unchanged"], "softmax_backward modified its arguments.", cause=SUSPECT_IN_PLACE)


SUSPECT_IN_PLACE = "`+=`, `-=`, `*=` write into the array that came in: make a new one."
STILL_OVER_ALL = "the sum still runs over the whole batch: each row has a softmax, and so a sum, of its own."


@exercise("SuspectLayers")
def test_suspect_embedding(submission, rng):
    """embedding_backward, for tokens that come several times."""
    for n, t, v, d in ((5, 3, 9, 4), (4, 2, 7, 3)):
        ids, d_out = draw_tokens(n, t, v, rng), rng.normal(size=(n, t, d))
        (expected,) = pulled(lambda table, ids=ids: table[torch.tensor(ids)], (rng.normal(size=(v, d)),), d_out)
        (result,) = submission.run(suspect, "embedding_backward", [(d_out, ids, v)])
        cache = {"E": np.zeros((v, d)), "ids": ids}
        explain = {
            STILL_LOST: scattered(d_out, cache, "assigned"),
            "repeats within one example are still lost: np.add.at adds up all of them.": scattered(
                d_out, cache, "within"
            ),
            "repeats in several examples are still lost: np.add.at adds up all of them.": scattered(
                d_out, cache, "across"
            ),
            "the gradients of a repeated token are averaged: they add up.": scattered(d_out, cache, "mean"),
            "it is divided by the number of examples: every factor of the loss is in d_out already.": expected / n,
        }
        assert_close(result["value"], expected, name="embedding_backward", explain=explain)
        assert_that(result["unchanged"], "embedding_backward modified its arguments.", cause=SUSPECT_IN_PLACE)


STILL_LOST = (
    "of a repeated token only the last gradient is left: `d_table[ids] += ...` reads, adds and writes each row once."
)


# --- check_backward --------------------------------------------------------------------------------------------------

USUAL = """
def f(d_out, ids, E, W):
    m = E[ids].mean(axis=1)
    out = np.tanh(m @ W)
    d_z = d_out * (1 - out**2)
    d_E = np.zeros(E.shape)
    np.add.at(d_E, ids, (d_z @ W.T)[:, None, :] / ids.shape[1])
    return d_E, m.T @ d_z
"""


def usual(*changes):
    """The usual implementation with some changes."""
    source = USUAL
    for old, new in changes:
        if source.count(old) != 1:
            raise ValueError(f"{old!r} stands in it {source.count(old)} times")
        source = source.replace(old, new)
    return Implementation(source)


CORRECT = (
    Implementation(USUAL),
    Implementation("""
def f(d_out, ids, E, W):
    counts = np.eye(len(E))[ids[:, ::-1]].mean(axis=1)  # (N, V)
    m = counts @ E
    d_z = d_out / np.cosh(np.einsum("nd,dk->nk", m, W)) ** 2
    return counts.T @ np.einsum("nk,dk->nd", d_z, W), np.einsum("nk,nd->dk", d_z[::-1], m[::-1])
"""),
    Implementation("""
def f(d_out, ids, E, W):
    e, w = (torch.tensor(p.copy(), requires_grad=True) for p in (E, W))
    out = torch.tanh(e[torch.tensor(ids.copy()).long()].mean(dim=1) @ w)
    return tuple(g.numpy() for g in torch.autograd.grad((out * torch.tensor(d_out.copy())).sum(), (e, w)))
"""),
)
WRONG = {
    "upstream": usual(("d_z = d_out * (1 - out**2)", "d_z = 1 - out**2")),
    "no_1_over_t": usual((" / ids.shape[1]", "")),
    "batch": usual(("/ ids.shape[1]", "/ ids.shape[0]")),
    "mean_gradient": usual(("m.T @ d_z", "m.T @ d_z / len(ids)")),
    "assigned": usual(
        (
            "np.add.at(d_E, ids, (d_z @ W.T)[:, None, :] / ids.shape[1])",
            "d_E[ids] += (d_z @ W.T)[:, None, :] / ids.shape[1]",
        )
    ),
    "within": usual(
        (
            "np.add.at(d_E, ids, (d_z @ W.T)[:, None, :] / ids.shape[1])",
            "\n    for row, grad in zip(ids, d_z @ W.T / ids.shape[1]):\n        d_E[row] += grad",
        )
    ),
    "tanh": usual(("(1 - out**2)", "(1 - (m @ W)**2)")),
    "in_place": usual(("d_z = d_out * (1 - out**2)", "d_out *= 1 - out**2; d_z = d_out")),
    "transposed": usual(("m.T @ d_z", "d_z.T @ m")),
    "scrambled": usual(("m.T @ d_z", "(d_z.T @ m).reshape(W.shape)")),
    "forward_difference": Implementation("""
def f(d_out, ids, E, W):
    grads, h = [], 1e-3
    for p in (E, W):
        grad = np.zeros(p.shape)
        for index in np.ndindex(p.shape):
            moved = [q.copy() for q in (E, W)]
            (moved[0] if p is E else moved[1])[index] += h
            loss, other = (float((d_out * np.tanh(a[ids].mean(axis=1) @ b)).sum()) for a, b in ((E, W), moved))
            grad[index] = (other - loss) / h
        grads.append(grad)
    return tuple(grads)
"""),
    "unused": usual(("d_E = np.zeros(E.shape)", "d_E = np.full(E.shape, 0.01); d_E[ids] = 0.0")),
    "sorted": usual(("m = E[ids]", "ids.sort(axis=1); m = E[ids]")),
    "slightly": usual(("return d_E, m.T @ d_z", "return d_E * (1 + 3e-5), m.T @ d_z * (1 - 3e-5)")),
    "below": usual(
        (
            "return d_E, m.T @ d_z",
            "d_W = m.T @ d_z; return d_E - 0.01 * np.abs(d_E).max(), d_W - 0.01 * np.abs(d_W).max()",
        )
    ),
    "last_example": usual(("np.add.at(d_E, ids, (d_z @ W.T)", "np.add.at(d_E, ids[:-1], (d_z @ W.T)[:-1]")),
}
TRY = {
    "upstream": "It accepts an f that uses ones instead of d_out: call f with a random d_out. Ones, or a sum, hide it.",
    "no_1_over_t": "It accepts an f that forgets the mean over the T tokens of a bag: compare all of d_E, with"
    " T above 1.",
    "batch": "It accepts an f that divides by N where T belongs: choose sizes that all differ. N equal to T hides it.",
    "mean_gradient": "It accepts an f that divides d_W by N as well: compare both gradients, with N above 1.",
    "assigned": "It accepts an f that loses gradients of a token that comes more than once: let tokens "
    "occur several times.",
    "within": "It accepts an f that loses gradients of a token that comes twice in one bag: let a row of "
    "ids have one twice.",
    "tanh": "It accepts an f with the slope of tanh in the wrong variable: small numbers hide it, so "
    "take entries around 1.",
    "in_place": "It accepts an f that returns the right gradients and writes into d_out: compare the "
    "arguments with copies.",
    "transposed": "It accepts an f whose d_W has the shape (K, D): compare shapes first, with D and K different.",
    "scrambled": "It accepts an f whose d_W has its entries in wrong places: compare entry by entry, not a "
    "sum or a norm.",
    "forward_difference": "It accepts an f that is off by about a thousandth: the tolerance is too wide. Central "
    "differences with h = 1e-5 are good to 1e-9, so 1e-6 of the largest entry will do.",
    "unused": "It accepts an f whose d_E is not 0 for tokens that do not occur: leave some out of ids, and compare all "
    "rows.",
    "sorted": "It accepts an f that sorts each row of ids where it is: compare all four arguments with copies, and "
    "let the rows of ids be unsorted.",
    "slightly": "It accepts an f that is off by 3e-5 of the largest entry: the tolerance is too wide. Central "
    "differences with h = 1e-5 are good to 1e-9, so 1e-6 of the largest entry will do.",
    "below": "It accepts an f whose gradients are too small: the difference is negative then, so take "
    "its absolute value.",
    "last_example": "It accepts an f that leaves the last example out of d_E: compare all of d_E, for several "
    "examples.",
}
NOTHING = usual(("return d_E, m.T @ d_z", "return np.zeros(E.shape), np.zeros(W.shape)"))
NEVER_SAYS_NO = (
    "It accepts even an f that returns zeros: compare the values, and say no by raising AssertionError "
    "(`assert ...`). What a test returns or prints does not count."
)
ONE_SIDED = "It refuses right ones and accepts forward differences: it is one itself. Use (L(p + h) - L(p - h)) / 2h."
REFUSES_RIGHT_ONES = (
    "It refuses right implementations: either the gradient that it compares with is not that of sum(d_out"
    " * out), or it asks for more than is promised, such as equality to the last bit. Allow 1e-7 of the "
    "largest entry."
)


def forward_differences(h):
    """An implementation by one-sided differences."""
    return Implementation(WRONG["forward_difference"].source.replace("1e-3", str(h)))


def accepted(submission, rng, implementation):
    """Whether the test accepts this one."""
    try:
        assert_accepts(submission, "check_backward", (implementation,), rng=rng)
    except CheckFailure:
        return False
    return True


PROMISED = (
    "f(d_out, ids, E, W) gets d_out (N, K), ids (N, T) of whole numbers from 0 to V - 1, E (V, D) and W (D, K), and "
    "returns the pair (d_E, d_W)."
)
OTHER_SHAPE = (
    "Where d_W comes back with another shape, it ends with an error, and that is no verdict: compare shapes before "
    "values, `assert d_W.shape == W.shape`."
)
OWN_EXCEPTION = "It says no with another exception: raise AssertionError, most easily with `assert ..., message`."
BAG_FORWARD_ARGUMENTS = (
    "It ends with an error inside bag_forward, even for a right f: call bag_forward(ids, E, W), in this order, with "
    "ids (N, T) of whole numbers from 0 to V - 1, E (V, D) and W (D, K)."
)
F_ARGUMENTS = "It calls f in another way than is promised, and ends with an error. " + PROMISED


def error_cause(submission, rng, message):
    """Why the test ended with an error instead of a verdict."""
    where = message.partition("instead of a verdict: ")[2].rpartition("\n(")
    said = where[0] or where[2]
    line = said.partition("`")[2].partition("`")[0]
    if line.startswith("raise "):
        return OWN_EXCEPTION
    if accepted(submission, rng, CORRECT[0]):
        return OTHER_SHAPE if not decided(submission, rng, WRONG["transposed"]) else ""
    if ":given-bag_forward" in said:
        return BAG_FORWARD_ARGUMENTS
    if "f() missing" in message or "f() takes" in message or "f() got an" in message:
        return F_ARGUMENTS
    if not said:
        return ""
    end = "" if said.endswith("?") else "."
    return f"It ends with an error even for a right f: {said.rstrip('.')}{end} {PROMISED}"


def decided(submission, rng, implementation):
    """Whether the test comes to a verdict on this one."""
    try:
        assert_accepts(submission, "check_backward", (implementation,), rng=rng)
    except CheckFailure as failure:
        return " ended with an error" not in failure.message
    return True


def judged(submission, rng, judge, names=()):
    """Let ``judge`` try the test; where it fails, look for the cause with one implementation at a time."""
    try:
        judge()
    except CheckFailure as failure:
        cause = failure.cause
        if " ended with an error" in failure.message:
            cause = error_cause(submission, rng, failure.message) or cause
        if " accepts a wrong" in failure.message:
            found = [name for name in names if accepted(submission, rng, WRONG[name])]
            cause = NEVER_SAYS_NO if accepted(submission, rng, NOTHING) else TRY[found[0]] if found else ""
        if " refuses a correct" in failure.message:
            coarse = [forward_differences(h) for h in (1e-5, 1e-6, 1e-4, 1e-7, 1e-3, 1e-2)]
            one_sided = any(accepted(submission, rng, implementation) for implementation in coarse)
            cause = ONE_SIDED if one_sided else REFUSES_RIGHT_ONES
        raise CheckFailure(failure.message, cause=cause, name=failure.name) from None


def refuses(submission, rng, *names, coarser=()):
    """Wrong implementations of one kind, beside two right ones; ``coarser`` ones are tried only to find a cause."""
    wrong = [WRONG[name] for name in names]

    def judge():
        # each implementation costs a process of its own: where right ones are refused, the wrong ones are not tried
        assert_accepts(submission, "check_backward", CORRECT[:2], rng=rng)
        assert_refuses(submission, "check_backward", wrong, correct=CORRECT[:2], rng=rng)

    judged(submission, rng, judge, (*coarser, *names))


@exercise("check_backward", condition=True)
def test_check_accepts_right_ones(submission, rng):
    """Accepts three right implementations, which sum in different orders."""
    judged(submission, rng, lambda: assert_accepts(submission, "check_backward", CORRECT, rng=rng))


@exercise("check_backward")
def test_check_refuses_an_ignored_upstream_gradient(submission, rng):
    """Refuses an implementation that ignores d_out."""
    refuses(submission, rng, "upstream")


@exercise("check_backward", weight=2)
def test_check_refuses_a_wrong_mean(submission, rng):
    """Refuses an implementation without the 1/T, and one that takes N for T."""
    refuses(submission, rng, "no_1_over_t", "batch")


@exercise("check_backward", weight=2)
def test_check_looks_at_all_of_both_gradients(submission, rng):
    """Refuses an implementation that averages d_W over the batch, and one that leaves the last example out of d_E."""
    refuses(submission, rng, "mean_gradient", "last_example")


@exercise("check_backward")
def test_check_refuses_lost_repeats(submission, rng):
    """Refuses an implementation that loses repeated tokens."""
    refuses(submission, rng, "assigned")


@exercise("check_backward")
def test_check_refuses_lost_repeats_within_a_bag(submission, rng):
    """Refuses an implementation that loses only repeats within one bag."""
    refuses(submission, rng, "within")


@exercise("check_backward")
def test_check_refuses_a_wrong_tanh(submission, rng):
    """Refuses an implementation with the derivative of tanh in the wrong variable."""
    refuses(submission, rng, "tanh")


@exercise("check_backward", weight=2)
def test_check_refuses_damage(submission, rng):
    """Refuses an implementation that writes into d_out, and one that sorts ids in place."""
    refuses(submission, rng, "in_place", "sorted")


@exercise("check_backward", weight=2)
def test_check_refuses_entries_in_wrong_places(submission, rng):
    """Refuses an implementation that returns d_W transposed, and one whose d_W has misplaced entries."""
    refuses(submission, rng, "transposed", "scrambled")


@exercise("check_backward")
def test_check_refuses_a_coarse_gradient(submission, rng):
    """Refuses an implementation that is off by 3e-5 of the largest entry."""
    refuses(submission, rng, "slightly", coarser=("forward_difference",))


@exercise("check_backward")
def test_check_refuses_unused_rows(submission, rng):
    """Refuses an implementation that gives unused tokens a gradient, and one whose gradients are all too small."""
    refuses(submission, rng, "unused", "below")
