"""Checks for L04 that you may run and read. Small cases: the hidden ones take other sizes and values."""

import numpy as np
import torch

from autograder.checks import (
    assert_close,
    assert_length,
    assert_raises,
    assert_shape,
    assert_that,
    assert_unchanged,
    exercise,
)

# --- folds


@exercise("folds")
def test_folds_split_every_class(submission, rng):
    """Six and nine examples of two classes, three folds: each validates on two and three of them."""
    x, y = rng.normal(size=(15, 4)), rng.permutation(np.repeat([0, 1], [6, 9]))
    result = submission.folds(x, y, 3, rng)
    assert_length(result, 3, name="folds")
    validated = []
    for fold in result:
        assert_length(fold, 4, name="a fold")
        train, validation = (np.asarray(part) for part in fold[:2])
        both = sorted([*train.tolist(), *validation.tolist()])
        assert_that(both == list(range(15)), "train and validation together: expected each row once.")
        counts = np.bincount(y[validation], minlength=2).tolist()
        assert_that(counts == [2, 3], f"examples of each class in validation: expected [2, 3], got {counts}.")
        validated += validation.tolist()
    assert_that(sorted(validated) == list(range(15)), "over the folds, every row is validated on once.")


@exercise("folds")
def test_scaler_is_fitted_on_train(submission, rng):
    """Mean and std are those of the rows of train; a constant feature has std 1."""
    x, y = rng.normal(size=(12, 4)), np.repeat([0, 1], 6)
    x[:, 2] = 0.0
    for fold in submission.folds(x, y, 2, rng):
        assert_length(fold, 4, name="a fold")
        train, _, mean, std = fold
        assert_close(mean, x[train].mean(axis=0), name="mean")
        expected = x[train].std(axis=0)
        expected[2] = 1.0
        assert_close(std, expected, name="std")


@exercise("folds", condition=True)
def test_folds_refuse_one_fold(submission, rng):
    """One fold (k = 1) is a ValueError."""
    assert_raises(submission.folds, rng.normal(size=(4, 2)), np.array([0, 0, 1, 1]), 1, rng, name="folds", case="k = 1")


# --- sgd_step and adam_step


def stepped(student, name, params, grads, options):
    """The parameters after some steps with the same gradients."""
    state = {}
    for keywords in options:
        getattr(student, name)(params, [None if g is None else g.copy() for g in grads], state, **keywords)
    return params


@exercise("sgd_step")
def test_sgd_example(submission, rng):
    """The example of the docstring: 1, then 0.8, then 0.5."""
    for steps, expected in ((1, 0.8), (2, 0.5)):
        options = [{"lr": 0.1, "momentum": 0.5}] * steps
        (p,) = submission.run(stepped, "sgd_step", [np.array([1.0])], [np.array([2.0])], options)
        assert_close(p, [expected], name=f"p after {steps} steps")


@exercise("sgd_step")
def test_sgd_agrees_with_torch(submission, rng):
    """Three steps with Nesterov's momentum, and three with dampening."""
    params, grads = [rng.normal(size=(3, 2)), rng.normal(size=4)], [rng.normal(size=(3, 2)), rng.normal(size=4)]
    for keywords in ({"nesterov": True}, {"dampening": 0.3}):
        leaves = [torch.tensor(p, requires_grad=True) for p in params]
        optimizer = torch.optim.SGD(leaves, lr=0.1, momentum=0.9, foreach=False, **keywords)
        for _ in range(3):
            for leaf, g in zip(leaves, grads, strict=True):
                leaf.grad = torch.tensor(g)
            optimizer.step()
        options = [{"lr": 0.1, "momentum": 0.9, **keywords}] * 3
        after = submission.run(stepped, "sgd_step", params, grads, options)
        for i, leaf in enumerate(leaves):
            assert_close(after[i], leaf, name=f"params[{i}]", case=str(keywords))


@exercise("sgd_step")
def test_sgd_skips_none(submission, rng):
    """A parameter whose gradient is None stays; the one after it moves."""
    params = [np.array([1.0, 2.0]), np.array([3.0, 4.0])]
    after = submission.run(stepped, "sgd_step", params, [None, np.array([1.0, -1.0])], [{"lr": 0.5}])
    assert_close(after, [[1.0, 2.0], [2.5, 4.5]], name="params")


@exercise("adam_step")
def test_adam_example(submission, rng):
    """The example of the docstring: the first step is as long as the learning rate, whatever the gradient."""
    for g in (4.0, 0.04):
        (p,) = submission.run(stepped, "adam_step", [np.array([[1.0]])], [np.array([[g]])], [{"lr": 0.1, "eps": 0.0}])
        assert_close(p, [[0.9]], name="p", case=f"g = {g}")


@exercise("adam_step", weight=2)
def test_adam_agrees_with_torch(submission, rng):
    """Three steps of a weight matrix: without decay, with coupled and with decoupled decay."""
    params, grads = [rng.normal(size=(3, 2))], [rng.normal(size=(3, 2))]
    for kind, keywords in (
        (torch.optim.Adam, {}),
        (torch.optim.Adam, {"weight_decay": 0.2}),
        (torch.optim.AdamW, {"weight_decay": 0.2}),
    ):
        leaf = torch.tensor(params[0], requires_grad=True)
        optimizer = kind([leaf], lr=0.1, eps=1e-3, foreach=False, **{"weight_decay": 0.0, **keywords})
        for _ in range(3):
            leaf.grad = torch.tensor(grads[0])
            optimizer.step()
        options = [{"lr": 0.1, "eps": 1e-3, "decoupled": kind is torch.optim.AdamW, **keywords}] * 3
        (after,) = submission.run(stepped, "adam_step", params, grads, options)
        assert_close(after, leaf, name="the weight", case=f"torch.optim.{kind.__name__} with {keywords}")


@exercise("adam_step")
def test_adam_does_not_decay_biases(submission, rng):
    """An array with one axis: the same with weight decay as without."""
    params, grads = [rng.normal(size=4)], [rng.normal(size=4)]
    without, *others = (
        submission.run(stepped, "adam_step", params, grads, [{"lr": 0.1, **keywords}])
        for keywords in ({}, {"weight_decay": 0.5}, {"weight_decay": 0.5, "decoupled": True})
    )
    assert_that(not np.allclose(without[0], params[0]), "the bias did not move.")
    for other in others:
        assert_close(other[0], without[0], name="the bias, with weight decay")


# --- learning_rates


@exercise("learning_rates")
def test_rates_step_example(submission, rng):
    """The step example of the docstring."""
    rates = submission.learning_rates("step", 1.0, 5, every=2, factor=0.1)
    assert_close(rates, [1, 1, 0.1, 0.1, 0.01], name="rates")


@exercise("learning_rates")
def test_rates_cosine_example(submission, rng):
    """The cosine example of the docstring, and one without warm-up."""
    rates = submission.learning_rates("cosine", 1.0, 6, warmup=2)
    assert_close(rates, [0.5, 1, 1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5], name="rates")
    rates = submission.learning_rates("cosine", 2.0, 2, floor=1.0)
    assert_close(rates, [2.0, 1.5], name="rates", case="lr 2, 2 epochs, floor 1")


@exercise("learning_rates")
def test_rates_plateau_example(submission, rng):
    """The plateau example of the docstring."""
    losses = np.array([3.0, 2.0, 2.0, 2.0, 1.0])
    rates = submission.learning_rates("plateau", 1.0, 5, factor=0.5, patience=1, losses=losses)
    assert_close(rates, [1, 1, 1, 1, 0.5], name="rates")


@exercise("learning_rates", condition=True)
def test_rates_refuse_another_kind(submission, rng):
    """A kind that is none of the three is a ValueError."""
    assert_raises(submission.learning_rates, "linear", 1.0, 5, name="learning_rates", case="'linear'")


# --- Dropout


def through(student, p, x, d_out, training):
    """Output and gradient of one call."""
    layer = student.Dropout(p)
    layer.training = training
    out = layer.forward(x, np.random.default_rng(0))
    return {"out": out, "d_x": layer.backward(d_out), "x": x}


@exercise("Dropout", weight=2)
def test_dropout_drops_and_scales(submission, rng):
    """With p = 0.75 each entry is 0 or four times what it was, and about three quarters are 0."""
    x = rng.uniform(1.0, 2.0, size=(40, 25))
    run = submission.run(through, 0.75, x, x, True)
    assert_shape(run["out"], (40, 25), name="out")
    dropped = run["out"] == 0
    assert_close(run["out"], np.where(dropped, 0.0, 4 * x), name="out")
    share = float(dropped.mean())
    assert_that(abs(share - 0.75) < 0.07, f"share of zeros: expected about 0.75, got {share:.3f}.")


@exercise("Dropout")
def test_dropout_gradient_has_the_same_mask(submission, rng):
    """The gradient is 0 exactly where the output is."""
    x, d_out = rng.uniform(1.0, 2.0, size=(8, 5)), rng.uniform(1.0, 2.0, size=(8, 5))
    run = submission.run(through, 0.75, x, d_out, True)
    assert_that(0 < (run["out"] != 0).mean() < 1, "out: expected some zeros, and some others.")
    assert_close(run["d_x"], np.where(run["out"] == 0, 0.0, 4 * d_out), name="d_x")


@exercise("Dropout", condition=True)
def test_dropout_in_evaluation(submission, rng):
    """In evaluation everything passes; x is never modified."""
    x, d_out = rng.normal(size=(8, 5)), rng.normal(size=(8, 5))
    run = submission.run(through, 0.75, x, d_out, False)
    assert_close(run["out"], x, name="out")
    assert_close(run["d_x"], d_out, name="d_x")
    assert_unchanged(submission.run(through, 0.75, x, d_out, True)["x"], x, name="x")


# --- batch_norm


@exercise("batch_norm")
def test_norm_example_in_training(submission, rng):
    """The example of the docstring, and what becomes of the running statistics."""
    state = {"mean": np.array([0.0]), "var": np.array([1.0])}
    out, after = submission.batch_norm.after(
        np.array([[1.0], [3.0]]), np.array([2.0]), np.array([0.5]), state, True, 0.1, 0.0
    )
    assert_close(out, [[-1.5], [2.5]], name="out")
    assert_close(after[3]["mean"], [0.2], name='state["mean"]')
    assert_close(after[3]["var"], [1.1], name='state["var"]')


@exercise("batch_norm")
def test_norm_example_in_evaluation(submission, rng):
    """The example of the docstring in evaluation; the statistics stay."""
    state = {"mean": np.array([0.0]), "var": np.array([1.0])}
    out, after = submission.batch_norm.after(
        np.array([[1.0], [3.0]]), np.array([2.0]), np.array([0.5]), state, False, 0.1, 0.0
    )
    assert_close(out, [[2.5], [6.5]], name="out")
    assert_unchanged(after[3], state, name="state")


@exercise("batch_norm")
def test_norm_agrees_with_torch(submission, rng):
    """Six examples of three features agree with PyTorch."""
    x, gamma, beta = rng.normal(size=(6, 3)), rng.normal(size=3), rng.normal(size=3)
    mean, var = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    expected = torch.nn.functional.batch_norm(
        torch.tensor(x), mean, var, torch.tensor(gamma), torch.tensor(beta), training=True
    )
    out, after = submission.batch_norm.after(x, gamma, beta, {"mean": np.zeros(3), "var": np.ones(3)}, True)
    assert_close(out, expected, name="out")
    assert_close(after[3]["mean"], mean, name='state["mean"]')
    assert_close(after[3]["var"], var, name='state["var"]')


@exercise("batch_norm", condition=True)
def test_norm_refuses_a_batch_of_one(submission, rng):
    """In training, one example is a ValueError."""
    state = {"mean": np.zeros(2), "var": np.ones(2)}
    assert_raises(submission.batch_norm, np.ones((1, 2)), np.ones(2), np.ones(2), state, True, name="batch_norm")


# --- EarlyStopping


def followed(student, metrics, keywords):
    """What an object says in each epoch; the best weights, and what `restore` makes of the model's array."""
    stopper, w = student.EarlyStopping(**keywords), np.zeros(4)
    answers = []
    for epoch, metric in enumerate(metrics):
        w[:] = np.arange(4) + epoch
        answers.append(bool(stopper.step(metric, {"w": w})))
    best, best_epoch = stopper.best, stopper.best_epoch
    w[:] = -1.0
    kept = np.array(stopper.best_weights["w"])
    stopper.restore({"w": w})
    return {"answers": answers, "best": best, "best_epoch": best_epoch, "kept": kept, "restored": w}


@exercise("EarlyStopping")
def test_stopping_example(submission, rng):
    """The example of the docstring."""
    run = submission.run(followed, [5.0, 3.0, 3.0, 4.0], {"patience": 2})
    got = run["answers"]
    assert_that(got == [False, False, False, True], f"answers: expected False, False, False, True, got {got}.")
    assert_that(run["best"] == 3.0, f"best: expected 3.0, got {run['best']}.")
    assert_that(run["best_epoch"] == 1, f"best_epoch: expected 1, got {run['best_epoch']}.")


@exercise("EarlyStopping")
def test_stopping_with_an_accuracy(submission, rng):
    """With mode "max", min_delta 0.25, and a NaN."""
    metrics = [float("nan"), 0.25, 0.5, 0.75, 0.5]
    run = submission.run(followed, metrics, {"patience": 3, "min_delta": 0.25, "mode": "max"})
    assert_that(run["best"] == 0.75, f"best: expected 0.75, got {run['best']}.")
    assert_that(run["best_epoch"] == 3, f"best_epoch: expected 3, got {run['best_epoch']}.")


@exercise("EarlyStopping")
def test_stopping_keeps_and_restores(submission, rng):
    """The best weights are a copy, and `restore` writes them into the model's array."""
    run = submission.run(followed, [5.0, 3.0, 3.0, 4.0], {"patience": 2})
    assert_close(run["kept"], [1.0, 2.0, 3.0, 4.0], name="best_weights")
    assert_close(run["restored"], [1.0, 2.0, 3.0, 4.0], name="the model's array after restore")


# --- suspect_fit


def probed(student, train_x, val_x):
    """The modes in which a linear probe is called, and what it is given to validate on."""
    calls = []

    class Probe(torch.nn.Linear):
        def forward(self, x):
            calls.append((len(x), self.training, x.detach().clone()))
            return super().forward(x)

    torch.manual_seed(0)
    probe = Probe(3, 2)
    parts = [(torch.tensor(x, dtype=torch.float32), torch.arange(len(x)) % 2) for x in (train_x, val_x)]
    losses, _ = student.suspect_fit(probe, *parts, 3, 4, 0.1, 0)
    return {
        "losses": losses,
        "modes": [training for _, training, _ in calls],
        "sizes": [size for size, _, _ in calls],
        "seen": next(x for size, _, x in calls if size == len(val_x)),
        "final": probe(calls[-1][2]).detach(),
    }


@exercise("suspect_fit")
def test_fit_standardizes(submission, rng):
    """The validation inputs are standardized by the training inputs."""
    train_x, val_x = rng.normal(size=(8, 3)), 2 + rng.normal(size=(5, 3))
    seen = submission.run(probed, train_x, val_x)["seen"]
    expected = (val_x - train_x.mean(axis=0)) / train_x.std(axis=0, ddof=1)
    assert_close(seen, expected.astype(np.float32), name="the validation inputs")


@exercise("suspect_fit")
def test_fit_uses_both_modes(submission, rng):
    """Two batches in training mode and one validation in evaluation mode, three times."""
    run = submission.run(probed, rng.normal(size=(8, 3)), rng.normal(size=(5, 3)))
    assert_that(run["sizes"] == [4, 4, 5] * 3, f"sizes of the calls: expected 4, 4, 5, ..., got {run['sizes']}.")
    expected = [True, True, False] * 3
    assert_that(run["modes"] == expected, f"training mode in the calls: expected {expected}, got {run['modes']}.")
