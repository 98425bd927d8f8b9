"""Checks for L06 that you may run and read. Small cases: the hidden ones take other sizes and values."""

import numpy as np
import torch

from autograder.checks import (
    assert_close,
    assert_dtype,
    assert_keys,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_type,
    assert_unchanged,
    assert_vjp,
    away_from_kinks,
    exercise,
)
from autograder.data import digits


def assert_params(actual, sizes, *, name="params"):
    """Refuse anything but a list of {"W": (fan_in, fan_out), "b": (fan_out,)}."""
    assert_type(actual, list, name=name)
    assert_length(actual, len(sizes) - 1, name=name)
    for i, layer in enumerate(actual):
        assert_keys(layer, ("W", "b"), name=f"{name}[{i}]")
        assert_shape(layer["W"], (sizes[i], sizes[i + 1]), name=f'{name}[{i}]["W"]')
        assert_shape(layer["b"], (sizes[i + 1],), name=f'{name}[{i}]["b"]')


def two_layers(rng):
    """Parameters for the sizes 3, 4, 2 and a batch of five, far from the kinks of the ReLU."""

    def draw(rng):
        params = [
            {"W": rng.normal(size=(m, n)) / np.sqrt(m), "b": 0.5 * rng.normal(size=n)} for m, n in ((3, 4), (4, 2))
        ]
        return params, rng.normal(size=(5, 3))

    return away_from_kinks(draw, lambda drawn: hidden(*drawn), margin=1e-3, rng=rng)


def hidden(params, x):
    """The hidden pre-activations."""
    return x @ params[0]["W"] + params[0]["b"]


def logits_of(params, x):
    """The logits of two layers."""
    return np.maximum(hidden(params, x), 0) @ params[1]["W"] + params[1]["b"]


def cache_of(params, x):
    """The cache of two layers."""
    z = hidden(params, x)
    return [(x, z), (np.maximum(z, 0), logits_of(params, x))]


def loss_of(params, x, y):
    """The mean cross-entropy of two layers."""
    return torch.nn.functional.cross_entropy(torch.tensor(logits_of(params, x)), torch.tensor(y)).item()


# --- init_params


@exercise("init_params", condition=True)
def test_init_has_the_promised_form(submission, rng):
    """One dict with W (fan_in, fan_out) and b (fan_out,) a layer, float64, biases 0."""
    params = submission.init_params([4, 3, 2], rng)
    assert_params(params, [4, 3, 2])
    for i, n in enumerate((3, 2)):
        assert_dtype(params[i]["W"], np.float64, name=f'params[{i}]["W"]')
        assert_close(params[i]["b"], np.zeros(n), name=f'params[{i}]["b"]')


@exercise("init_params")
def test_init_scale(submission, rng):
    """200 inputs: the weights of the first layer have standard deviation sqrt(2 / 200) = 0.1."""
    params = submission.init_params([200, 50, 5], rng)
    assert_params(params, [200, 50, 5])
    std = float(np.std(params[0]["W"]))
    assert_that(
        abs(std - 0.1) < 0.0036,  # five standard deviations of a standard deviation estimated from 10,000 numbers
        f"W of layer 0: expected a standard deviation of 0.1, got {std:.4f}.",
        cause="did you divide by the number of outputs?" if abs(std - 0.2) < 0.01 else "",
    )


@exercise("init_params")
def test_init_uses_the_generator(submission, rng):
    """Equal generators give equal weights, another one gives others."""
    generators = [np.random.default_rng(seed) for seed in (1, 1, 2)]
    first, again, other = submission.init_params.map([([3, 2], generator) for generator in generators])
    assert_close(again[0]["W"], first[0]["W"], name="W from an equal generator")
    differ = not np.allclose(first[0]["W"], other[0]["W"])
    assert_that(differ, "another generator gave the same weights.", cause="draw the numbers from the `rng` passed in.")


@exercise("init_params", condition=True)
def test_init_refuses_one_size(submission, rng):
    """A single size is a ValueError."""
    assert_raises(submission.init_params, [3], rng, error=ValueError, name="init_params", case="sizes=[3]")


# --- forward


@exercise("forward", condition=True)
def test_forward_has_the_promised_form(submission, rng):
    """(logits, cache), and x and params are not modified."""
    params, x = two_layers(rng)
    result, (params_after, x_after) = submission.forward.after(params, x)
    assert_length(result, 2, name="forward")
    assert_length(result[1], 2, name="cache")
    for i, entry in enumerate(result[1]):
        assert_type(entry, tuple, name=f"cache[{i}]")
        assert_length(entry, 2, name=f"cache[{i}]")
    assert_unchanged(x_after, x, name="x")
    assert_unchanged(params_after, params, name="params")


@exercise("forward")
def test_forward_one_layer_by_hand(submission, rng):
    """The example of the docstring: x = [[1, 3]] gives the logits [[-0.5]]."""
    logits, cache = submission.forward([{"W": np.array([[2.0], [-1.0]]), "b": np.array([0.5])}], np.array([[1.0, 3.0]]))
    assert_close(logits, [[-0.5]], name="logits", case="one layer, so no ReLU")
    assert_close(cache[0][0], [[1.0, 3.0]], name="cache[0][0] (the input)")
    assert_close(cache[0][1], [[-0.5]], name="cache[0][1] (the pre-activation)")


@exercise("forward")
def test_forward_two_layers(submission, rng):
    """Logits and cache of two layers and a batch of five."""
    params, x = two_layers(rng)
    logits, cache = submission.forward(params, x)
    case = "sizes 3, 4, 2 and a batch of five"
    assert_close(logits, logits_of(params, x), name="logits", case=case)
    for i, (a, z) in enumerate(cache_of(params, x)):
        assert_close(cache[i][0], a, name=f"cache[{i}][0] (the input)", case=case)
        assert_close(cache[i][1], z, name=f"cache[{i}][1] (the pre-activation)", case=case)


# --- backward


@exercise("backward", condition=True)
def test_backward_has_the_promised_form(submission, rng):
    """(grads, d_x), shaped like params and x, and nothing is modified."""
    params, x = two_layers(rng)
    arguments = params, cache_of(params, x), rng.normal(size=(5, 2))
    result, after = submission.backward.after(*arguments)
    assert_length(result, 2, name="backward")
    assert_params(result[0], [3, 4, 2], name="grads")
    assert_shape(result[1], (5, 3), name="d_x")
    for now, before, name in zip(after, arguments, ("params", "cache", "d_logits"), strict=True):
        assert_unchanged(now, before, name=name)


@exercise("backward")
def test_backward_one_layer_by_hand(submission, rng):
    """The example of the docstring: a layer without ReLU."""
    params, x = [{"W": np.array([[2.0], [-1.0]]), "b": np.array([0.5])}], np.array([[1.0, 3.0]])
    grads, d_x = submission.backward(params, [(x, np.array([[-0.5]]))], np.array([[10.0]]))
    assert_close(grads[0]["W"], [[10.0], [30.0]], name='grads[0]["W"]')
    assert_close(grads[0]["b"], [10.0], name='grads[0]["b"]')
    assert_close(d_x, [[20.0, -10.0]], name="d_x")


@exercise("backward", weight=3)
def test_backward_agrees_with_central_differences(submission, rng):
    """Both layers and the input, for a random upstream gradient."""
    params, x = two_layers(rng)
    d_logits = rng.normal(size=(5, 2))
    grads, d_x = submission.backward(params, cache_of(params, x), d_logits)
    for i in (1, 0):  # from the output back, as the gradient flows
        for key in ("W", "b"):

            def logits(value, i=i, key=key):
                return logits_of([{**layer, key: value} if j == i else layer for j, layer in enumerate(params)], x)

            assert_vjp(logits, at=params[i][key], cotangent=d_logits, actual=grads[i][key], name=f'grads[{i}]["{key}"]')
    assert_vjp(lambda x: logits_of(params, x), at=x, cotangent=d_logits, actual=d_x, name="d_x")


# --- gradcheck_report


def report_on_a_sum(student, values, grads):
    """The student's report for loss = sum of all entries squared, and the parameters after it."""
    params = [{"W": values.copy(), "b": np.zeros(2)}]

    def loss():
        return float((params[0]["W"] ** 2).sum() + params[0]["b"].sum())

    report = student.gradcheck_report(loss, params, grads)
    return {"report": report, "W": params[0]["W"]}


@exercise("gradcheck_report", condition=True)
def test_report_has_the_promised_form(submission, rng):
    """(name, errors), and the parameters are as they were."""
    values = rng.normal(size=(3, 2))
    evidence = submission.run(report_on_a_sum, values, [{"W": 2 * values, "b": np.ones(2)}])
    assert_length(evidence["report"], 2, name="gradcheck_report")
    assert_type(evidence["report"][0], str, name="worst")
    assert_keys(evidence["report"][1], ("W0", "b0"), name="errors")
    assert_unchanged(evidence["W"], values, name='params[0]["W"]')


@exercise("gradcheck_report")
def test_report_finds_one_wrong_entry(submission, rng):
    """For loss = sum of W squared, one entry of the gradient 2 W is 0.5 too large."""
    values = np.array([[1.0, 2.0], [-0.5, 0.25], [0.1, -1.5]])
    right = [{"W": 2 * values, "b": np.ones(2)}]
    wrong = [{"W": 2 * values + np.array([[0, 0], [0, 0.5], [0, 0]]), "b": np.ones(2)}]
    _, errors = submission.run(report_on_a_sum, values, right)["report"]
    assert_that(errors["W0"] < 1e-7, f"right gradient: expected an error of W0 below 1e-7, got {errors['W0']:.3g}.")
    worst, errors = submission.run(report_on_a_sum, values, wrong)["report"]
    expected = 0.5 / 4.0  # the largest difference over the largest entry
    close = abs(errors["W0"] - expected) < 1e-6
    assert_that(close, f"wrong gradient: expected an error of W0 of {expected}, got {errors['W0']:.5g}.")
    assert_that(worst == "W0", f"worst: expected 'W0', got {worst!r}.")


# --- train_step


def steps_taken(student, params, batches, lr):
    """The losses of some steps, and the parameters after them."""
    losses = [student.train_step(params, x, y, lr) for x, y in batches]
    return {"losses": losses, "params": params}


@exercise("train_step")
def test_step_returns_the_loss_before_it(submission, rng):
    """The mean cross-entropy at the old parameters."""
    params, x = two_layers(rng)
    y = np.array([0, 1, 1, 0, 1])
    evidence = submission.run(steps_taken, params, [(x, y)], 0.1)
    assert_close(evidence["losses"][0], loss_of(params, x, y), name="loss")


@exercise("train_step")
def test_step_agrees_with_torch(submission, rng):
    """One step of gradient descent, as autograd computes it."""
    params, x = two_layers(rng)
    y = np.array([0, 1, 1, 0, 1])
    leaves = [{key: torch.tensor(p, requires_grad=True) for key, p in layer.items()} for layer in params]
    h = torch.relu(torch.tensor(x) @ leaves[0]["W"] + leaves[0]["b"])
    torch.nn.functional.cross_entropy(h @ leaves[1]["W"] + leaves[1]["b"], torch.tensor(y)).backward()
    evidence = submission.run(steps_taken, params, [(x, y)], 0.1)
    assert_params(evidence["params"], [3, 4, 2])
    for i, layer in enumerate(evidence["params"]):
        for key, actual in layer.items():
            expected = (leaves[i][key] - 0.1 * leaves[i][key].grad).detach()
            unchanged = {
                "nothing has changed: the new values must be written into the arrays of `params`.": params[i][key]
            }
            assert_close(actual, expected, name=f'params[{i}]["{key}"]', explain=unchanged)


# --- fit


def fitted(student, params, x, y, epochs, batch_size, lr, rng):
    """History and parameters after training."""
    history = student.fit(params, x, y, epochs, batch_size, lr, rng)
    return {"history": history, "params": params}


@exercise("fit", condition=True)
def test_fit_has_the_promised_form(submission, rng):
    """One number an epoch; x and y are not modified."""
    params, x = two_layers(rng)
    y = np.array([0, 1, 1, 0, 1])
    history, after = submission.fit.after(params, x, y, 3, 2, 0.1, rng)
    assert_type(history, list, name="history")
    assert_length(history, 3, name="history")
    assert_unchanged(after[1], x, name="x")
    assert_unchanged(after[2], y, name="y")


@exercise("fit")
def test_fit_uses_every_example_once(submission, rng):
    """With learning rate 0, the history is the mean loss of all five, although batches have two."""
    params, x = two_layers(rng)
    y = np.array([0, 1, 1, 0, 1])
    evidence = submission.run(fitted, params, x, y, 3, 2, 0.0, rng)
    assert_close(evidence["history"], np.full(3, loss_of(params, x, y)), name="history", case="learning rate 0")


@exercise("fit")
def test_fit_with_one_batch(submission, rng):
    """An epoch with one large batch: the same as one step."""
    params, x = two_layers(rng)
    y = np.array([0, 1, 1, 0, 1])
    after = submission.run(fitted, params, x, y, 1, 5, 0.1, rng)["params"]
    assert_params(after, [3, 4, 2])
    d_logits = torch.softmax(torch.tensor(logits_of(params, x)), dim=1).numpy()
    d_logits[np.arange(5), y] -= 1
    expected = params[1]["b"] - 0.1 * d_logits.mean(axis=0)
    assert_close(after[1]["b"], expected, name='params[1]["b"]', case="one epoch, one batch of five")


@exercise("fit", training=True)
def test_fit_learns_the_digits(submission, rng):
    """Ten epochs on 600 digits: 400 others are read with at least 85 % accuracy."""
    x, y = digits()
    params = [{"W": rng.normal(0, np.sqrt(2 / m), size=(m, n)), "b": np.zeros(n)} for m, n in ((64, 32), (32, 10))]
    after = submission.run(fitted, params, x[:600], y[:600], 10, 32, 0.3, rng)["params"]
    accuracy = float((logits_of(after, x[600:1000]).argmax(axis=1) == y[600:1000]).mean())
    assert_that(accuracy >= 0.85, f"accuracy: expected at least 0.85, got {accuracy:.2f}.")


# --- TorchMLP


def model_of(student, sizes):
    """The names and shapes in a new model's state_dict."""
    model = student.TorchMLP(sizes)
    return {name: list(value.shape) for name, value in model.state_dict().items()}


def logits_and_gradients(student, params, x, upstream):
    """Logits of a model with the NumPy parameters, and the gradients of its parameters."""
    model = student.TorchMLP([3, 4, 2]).double()
    model.load_state_dict(student.params_to_state_dict(params))
    logits = model(torch.tensor(x))
    (logits * torch.tensor(upstream)).sum().backward()  # logits.backward(upstream) would import sympy: half a second
    return {"logits": logits.detach(), "grads": {name: p.grad for name, p in model.named_parameters()}}


@exercise("TorchMLP", condition=True)
def test_torch_state_dict(submission, rng):
    """The names and shapes in state_dict(): weights.i (fan_out, fan_in), biases.i (fan_out,)."""
    shapes = submission.run(model_of, [3, 4, 2])
    assert_keys(shapes, ("weights.0", "weights.1", "biases.0", "biases.1"), name="state_dict()")
    expected = {"weights.0": [4, 3], "weights.1": [2, 4], "biases.0": [4], "biases.1": [2]}
    for name, shape in expected.items():
        assert_that(shapes[name] == shape, f"{name}: expected shape {tuple(shape)}, got {tuple(shapes[name])}.")


@exercise("TorchMLP")
def test_torch_logits_and_gradients(submission, rng):
    """With the NumPy network's weights: its logits, and gradients for every parameter."""
    params, x = two_layers(rng)
    upstream = rng.normal(size=(5, 2))
    shapes = submission.run(model_of, [3, 4, 2])
    assert_keys(shapes, ("weights.0", "weights.1", "biases.0", "biases.1"), name="state_dict()")
    evidence = submission.run(logits_and_gradients, params, x, upstream)
    assert_close(evidence["logits"], logits_of(params, x), name="logits")
    leaves = [{key: torch.tensor(p, requires_grad=True) for key, p in layer.items()} for layer in params]
    h = torch.relu(torch.tensor(x) @ leaves[0]["W"] + leaves[0]["b"])
    ((h @ leaves[1]["W"] + leaves[1]["b"]) * torch.tensor(upstream)).sum().backward()
    expected = {f"weights.{i}": layer["W"].grad.T for i, layer in enumerate(leaves)}
    expected |= {f"biases.{i}": layer["b"].grad for i, layer in enumerate(leaves)}
    for name, gradient in expected.items():
        got = evidence["grads"][name]
        assert_that(got is not None, f"{name}.grad: expected a gradient, got None.")
        assert_close(got, gradient, name=f"{name}.grad")


# --- SuspectMLP


def suspect(student, x, y, lr):
    """Probabilities and a step of a small net with two equal hidden layers."""
    net = student.SuspectMLP([3, 4, 4, 4, 2], np.random.default_rng(0))
    before = [W.copy() for W in net.W]
    probabilities = net.probabilities(x)
    net.step(x, y, lr)
    return {"probabilities": probabilities, "before": before, "after": list(net.W)}


@exercise("SuspectMLP")
def test_suspect_probabilities_sum_to_one(submission, rng):
    """The probabilities of each example sum to 1."""
    p = submission.run(suspect, rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]), 0.1)["probabilities"]
    assert_shape(p, (5, 2), name="probabilities")
    assert_close(p.sum(axis=1), np.ones(5), name="the sum of each row")


@exercise("SuspectMLP")
def test_suspect_step_grows_with_the_learning_rate(submission, rng):
    """Twice the learning rate moves the last weights twice as far."""
    x, y = rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])
    once, twice = (submission.run(suspect, x, y, lr) for lr in (0.01, 0.02))
    moved = [run["after"][3] - run["before"][3] for run in (once, twice)]
    assert_close(moved[1], 2 * moved[0], name="the change of W[3]")


@exercise("SuspectMLP")
def test_suspect_layers_differ(submission, rng):
    """The two layers of shape (4, 4) start with different weights."""
    before = submission.run(suspect, rng.normal(size=(5, 3)), np.array([0, 1, 1, 0, 1]), 0.1)["before"]
    assert_shape(before[1], (4, 4), name="W[1]")
    assert_shape(before[2], (4, 4), name="W[2]")
    assert_that(not np.allclose(before[1], before[2]), "W[1] and W[2] start with the same numbers.")
