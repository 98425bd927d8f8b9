"""Training techniques: optimizers, schedules, and what keeps a network from learning its examples by heart."""

from __future__ import annotations

import copy

import numpy as np
import torch


def folds(
    x: np.ndarray, y: np.ndarray, k: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Split examples into k folds for cross-validation, and measure each fold's scaler without peeking.

    The folds are *stratified*: the numbers of examples that two folds have of one class differ by at most 1. Which
    examples of a class go into which fold is random.

    Args:
        x: (N, D) inputs. Neither ``x`` nor ``y`` is modified.
        y: (N,) integer labels, in any order; not every integer need occur.
        k: How many folds.
        rng: Shuffles; equal generators give equal folds.

    Returns:
        k tuples (train, validation, mean, std):
        train, validation: Integer indices of the rows to learn from and of the rows to validate on, in any order. Every
            row is in ``validation`` of exactly one fold, and in ``train`` of all the others.
        mean, std: (D,) mean and standard deviation (divided by n, as `np.std` does) of each feature over the
            rows ``train`` and no others. Where a feature does not vary, std is 1, so that one may divide by it.

    Raises:
        ValueError: If k < 2, or some class has fewer than k examples.

    Example:
        y = [0, 0, 1, 1, 0, 0] and k = 2: each ``validation`` has two rows of class 0 and one of class 1.
    """
    ### BEGIN SOLUTION
    classes, counts = np.unique(y, return_counts=True)
    if k < 2 or counts.min() < k:
        raise ValueError(f"{k} folds of classes with {counts.tolist()} examples: need 2 <= k <= each of them")
    fold_of = np.empty(len(y), dtype=int)  # (N,) the fold that validates on this row
    for c in classes:
        rows = rng.permutation(np.flatnonzero(y == c))  # the rows of one class, in random order
        fold_of[rows] = np.arange(len(rows)) % k  # dealt out like cards: counts differ by at most 1
    result = []
    for i in range(k):
        train, validation = np.flatnonzero(fold_of != i), np.flatnonzero(fold_of == i)
        mean, std = x[train].mean(axis=0), x[train].std(axis=0)  # (D,), (D,): x[train], never x
        result.append((train, validation, mean, np.where(std > 0, std, 1.0)))
    return result
    ### END SOLUTION


def sgd_step(
    params: list[np.ndarray],
    grads: list[np.ndarray | None],
    state: dict,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
) -> None:
    """Take one step of gradient descent with momentum, the way `torch.optim.SGD` does.

    With g the gradient, mu the momentum and tau the dampening, each parameter p has a velocity v of its own:

        first step of this p:  v = g                        (no dampening here)
        later:                 v = mu * v + (1 - tau) * g
        always:                p = p - lr * d               with d = v, or, if ``nesterov``, d = g + mu * v

    Args:
        params: Arrays of any shapes; changed in place, so that whoever holds them sees the step.
        grads: One gradient for each, of its shape. Where it is None, that parameter and its velocity stay as they are.
            The arrays are not modified, and the caller may write other numbers into them after the call.
        state: An empty dict before the first step, and the same dict in every later one. What you keep in it is up to
            you; nothing may be kept elsewhere, as several models may be trained in turn.
        lr: Learning rate; it may differ from step to step, and is no part of the velocity.
        momentum: mu. With 0, and no dampening, it is plain gradient descent.
        dampening: tau.
        nesterov: Whether to look ahead.

    Example:
        p = 1, lr = 0.1, momentum = 0.5, and the gradient is 2 in both steps: v is 2 and then 3, p is 0.8 and then 0.5.
    """
    ### BEGIN SOLUTION
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        if g is None:
            continue
        if i not in state:
            state[i] = g.copy()  # a copy: the caller may reuse g
        else:
            state[i] = momentum * state[i] + (1 - dampening) * g
        v = state[i]
        d = g + momentum * v if nesterov else v
        p -= lr * d  # in place; the rate stays outside v, so that a schedule acts at once
    ### END SOLUTION


def adam_step(
    params: list[np.ndarray],
    grads: list[np.ndarray],
    state: dict,
    lr: float,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled: bool = False,
) -> None:
    """Take one step of Adam (Kingma and Ba, 2015, algorithm 1), with either kind of weight decay.

    At step t = 1, 2, ..., with m and v all 0 before the first:

        m = beta1 * m + (1 - beta1) * g            m_hat = m / (1 - beta1^t)
        v = beta2 * v + (1 - beta2) * g^2          v_hat = v / (1 - beta2^t)
        p = p - lr * m_hat / (sqrt(v_hat) + eps)

    Weight decay, with lambda = ``weight_decay``, where p is the parameter before this step:

        coupled (L2):       g is replaced by g + lambda * p, before anything else
        decoupled (AdamW):  lr * lambda * p is subtracted from p as well; m and v know nothing of it

    Only weights decay: arrays with two or more axes. Those with one axis (biases, gains) are updated without it.

    Args:
        params: Arrays of any shapes; changed in place.
        grads: One gradient for each, of its shape. The arrays are not modified, and the caller may reuse them.
        state: An empty dict before the first step, and the same dict in every later one; as in ``sgd_step``.
        lr: Learning rate; it may differ from step to step.
        betas: beta1, beta2.
        eps: Added to the root, not under it.
        weight_decay: lambda.
        decoupled: Which kind of weight decay.

    Example:
        p = [[1.]], g = [[4.]], lr = 0.1, eps = 0: after the first step p is [[0.9]], as it would be with g = [[0.04]].
    """
    ### BEGIN SOLUTION
    beta1, beta2 = betas
    state["t"] = t = state.get("t", 0) + 1  # 1 in the first step; once a call, not once a parameter
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        decay = weight_decay if p.ndim >= 2 else 0.0
        if not decoupled:
            g = g + decay * p  # a new array: `g += ...` would change the caller's gradient
        m, v = state.get(i, (0.0, 0.0))
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        state[i] = m, v  # as they are; the corrected ones are for this step only
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        if decoupled:
            p -= lr * decay * p  # before p moves; past the square root, so every weight decays at one rate
        p -= lr * m_hat / (np.sqrt(v_hat) + eps)
    ### END SOLUTION


def learning_rates(
    kind: str,
    lr: float,
    epochs: int,
    *,
    every: int = 10,
    factor: float = 0.1,
    warmup: int = 0,
    floor: float = 0.0,
    patience: int = 0,
    losses: np.ndarray | None = None,
) -> np.ndarray:
    """Return the learning rate of every epoch e = 0, 1, ..., epochs - 1, as an array (epochs,) of float64.

    kind "step": The rate is ``lr`` at first, and is multiplied by ``factor`` after every ``every`` epochs: epoch
        ``every`` is the first with the smaller rate.
    kind "cosine": In the first W = ``warmup`` epochs the rate climbs in equal steps and has reached lr in epoch W - 1:
        lr / W, 2 lr / W, ..., lr. From epoch W on it is floor + (lr - floor) * (1 + cos(pi * s)) / 2, where s, the
        share done, is 0 in epoch W and would be 1 in epoch number ``epochs``, the one after the last.
    kind "plateau": ``losses[e]`` is the validation loss measured at the *end* of epoch e, so it can change the rate of
        epoch e + 1 at the earliest. A loss is good if it is below every one before it (the first is; a tie is not).
        When more than ``patience`` losses in a row were not good, the rate is multiplied by ``factor``, and the
        counting of such losses starts again at 0. (`ReduceLROnPlateau` with threshold=0 does the same.)

    Args:
        kind: One of the three.
        lr: The largest rate.
        epochs: How many rates, at least 1.
        every: Of "step".
        factor: Of "step" and "plateau".
        warmup: Of "cosine", from 0 to epochs.
        floor: Of "cosine".
        patience: Of "plateau".
        losses: Of "plateau", one for each epoch. No other kind looks at them.

    Raises:
        ValueError: If the kind is none of the three.

    Example:
        "step", lr 1, epochs 5, every 2, factor 0.1: [1, 1, 0.1, 0.1, 0.01].
        "cosine", lr 1, epochs 6, warmup 2: [0.5, 1, 1, 0.854, 0.5, 0.146].
        "plateau", lr 1, epochs 5, factor 0.5, patience 1, losses [3, 2, 2, 2, 1]: [1, 1, 1, 1, 0.5].
    """
    ### BEGIN SOLUTION
    e = np.arange(epochs)  # (epochs,)
    if kind == "step":
        return lr * factor ** (e // every)
    if kind == "cosine":
        share = (e - warmup) / max(epochs - warmup, 1)  # 0 in epoch `warmup`; negative before, where it is not used
        wave = floor + (lr - floor) * (1 + np.cos(np.pi * share)) / 2
        return np.where(e < warmup, lr * (e + 1) / max(warmup, 1), wave)
    if kind == "plateau":
        rates, best, bad = np.empty(epochs), np.inf, 0
        for epoch in range(epochs):
            rates[epoch] = lr  # decided before this epoch's loss is known
            if losses[epoch] < best:
                best, bad = losses[epoch], 0
            else:
                bad += 1
            if bad > patience:
                lr, bad = lr * factor, 0
        return rates
    raise ValueError(f'kind is "step", "cosine" or "plateau", not {kind!r}')
    ### END SOLUTION


class Dropout:
    """Switch off random entries while training, and none otherwise (Srivastava et al., 2014, in the inverted form).

    ``training`` says which: True at first; whoever uses the layer sets it.
    """

    def __init__(self, p: float) -> None:
        """Drop each entry with probability ``p``, from 0 up to, but not including, 1."""
        if not 0 <= p < 1:
            raise ValueError(f"p is a probability below 1, got {p}")
        self.p = p
        self.training = True

    def forward(self, x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Drop entries of ``x``.

        In training every entry, of every example, is 0 with probability p, independently of all others, and is
        multiplied by 1 / (1 - p) otherwise, so that its expectation stays what it was. In evaluation x passes
        unchanged.

        Args:
            x: An array of any shape, float64, not modified.
            rng: The only source of randomness. In evaluation nothing is drawn from it.

        Returns:
            An array like ``x``.

        Example:
            p = 0.75 and x = [1., 2., 3., 4.] may give [0., 8., 0., 0.].
        """
        ### BEGIN SOLUTION
        self.scale = np.ones(x.shape)  # what each entry is multiplied by; kept for backward
        if self.training:
            keep = rng.random(x.shape) >= self.p  # x.shape: each example has a mask of its own
            self.scale = keep / (1 - self.p)
        return x * self.scale
        ### END SOLUTION

    def backward(self, d_out: np.ndarray) -> np.ndarray:
        """Give the gradient with respect to the ``x`` of the last ``forward``.

        Args:
            d_out: Upstream gradient, of the shape of that x; not modified.

        Returns:
            d_x, of the same shape. Nothing is drawn: it belongs to the entries that were kept then.
        """
        ### BEGIN SOLUTION
        return d_out * self.scale
        ### END SOLUTION


def batch_norm(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    state: dict[str, np.ndarray],
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> np.ndarray:
    """Standardize every feature, then give it scale ``gamma`` and shift ``beta``: the forward pass of batch
    normalization.

    out = gamma * (x - mean) / sqrt(var + eps) + beta, feature by feature (Ioffe and Szegedy, 2015, algorithm 1).

    In training, mean and var are those of this batch; the variance is divided by N. Then the running statistics move
    towards the batch: running = (1 - momentum) * running + momentum * batch. In *that* formula the variance of the
    batch is divided by N - 1, as PyTorch does. In evaluation, mean and var are the running ones, and nothing changes.

    Args:
        x: (N, D), not modified.
        gamma: (D,) scale.
        beta: (D,) shift.
        state: {"mean": (D,), "var": (D,)} running statistics. After a call in training the caller's dict has the new
            ones under the same keys; whether you put new arrays there or change the old ones is up to you.
        training: Which of the two.
        momentum: Share of the new batch in the running statistics. (Not that of an optimizer.)
        eps: Keeps the root away from 0.

    Returns:
        (N, D).

    Raises:
        ValueError: If ``training`` and N < 2: one example has no variance.

    Example:
        x = [[1.], [3.]], gamma = [2.], beta = [0.5], state {"mean": [0.], "var": [1.]}, eps = 0. In training the result
        is [[-1.5], [2.5]], and state becomes {"mean": [0.2], "var": [1.1]}. Had it been evaluation: [[2.5], [6.5]].
    """
    ### BEGIN SOLUTION
    if training:
        if len(x) < 2:
            raise ValueError(f"a batch of {len(x)} has no variance; use evaluation mode or more examples")
        mean, var = x.mean(axis=0), x.var(axis=0)  # (D,), (D,) over the batch
        unbiased = var * len(x) / (len(x) - 1)
        state["mean"] = (1 - momentum) * state["mean"] + momentum * mean  # into the dict: a local name would be lost
        state["var"] = (1 - momentum) * state["var"] + momentum * unbiased
    else:
        mean, var = state["mean"], state["var"]
    x_hat = (x - mean) / np.sqrt(var + eps)  # (N, D)
    return gamma * x_hat + beta
    ### END SOLUTION


class EarlyStopping:
    """Watch a validation metric, keep the weights of the best epoch, and say when to stop."""

    def __init__(self, patience: int, min_delta: float = 0.0, mode: str = "min") -> None:
        """Start before the first epoch.

        Args:
            patience: After how many epochs in a row without an improvement to stop, at least 1.
            min_delta: By *more* than how much a metric must beat the best one to count as an improvement.
            mode: "min" if smaller is better (a loss), "max" if larger is (an accuracy).
        """
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best = None  # the best metric so far, a number
        self.best_epoch = None  # when it was, counted from 0
        self.best_weights = None  # a copy of the weights at that time
        self.epochs = 0  # calls of `step` so far

    def step(self, metric: float, weights: dict[str, np.ndarray]) -> bool:
        """Take note of one more epoch. Sets ``best``, ``best_epoch``, ``best_weights`` if it improved on the best.

        The first metric that is a number is an improvement. After that, one is if it beats ``best`` by more than
        min_delta; a tie is none. NaN never is: it counts as an epoch without an improvement.

        Args:
            metric: The validation metric of this epoch. May be NaN.
            weights: The weights after this epoch, name to array. They will go on changing *in place* as training goes
                on, and ``best_weights`` must not change with them. They are not modified.

        Returns:
            Whether to stop: True if the last ``patience`` epochs, this one included, brought no improvement, and
            False otherwise.

        Example:
            patience 2, metrics 5, 3, 3, 4: the answers are False, False, False, True, and best_epoch is 1.
        """
        ### BEGIN SOLUTION
        epoch, self.epochs = self.epochs, self.epochs + 1
        gain = None  # by how much it is better than the best
        if self.best is not None:
            gain = self.best - metric if self.mode == "min" else metric - self.best
        first = self.best is None and not np.isnan(metric)
        if first or (gain is not None and gain > self.min_delta):  # a comparison with NaN is False
            self.best, self.best_epoch = metric, epoch
            self.best_weights = copy.deepcopy(weights)  # dict(weights) would still hold the same arrays
        last_good = -1 if self.best_epoch is None else self.best_epoch
        return epoch - last_good >= self.patience
        ### END SOLUTION

    def restore(self, weights: dict[str, np.ndarray]) -> None:
        """Write the best weights into the arrays of ``weights``, in place; leave them if no epoch was ever the best."""
        ### BEGIN SOLUTION
        if self.best_weights is not None:
            for name, array in weights.items():
                array[...] = self.best_weights[name]  # into the array: the model holds it, not the dict
        ### END SOLUTION


def shifted(images: np.ndarray, rng: np.random.Generator, reach: float = 1.0) -> np.ndarray:
    """Move every image by its own random offset, up to ``reach`` pixels (at most 1) each way, and fill up with paper.

    Offsets are fractions of a pixel: an image moved by 0.3 is 0.7 of itself plus 0.3 of its neighbour.

    Args:
        images: (N, H, W) grey values, 0 is paper; not modified.
        rng: Draws two offsets for each image.
        reach: The largest offset.

    Returns:
        (N, H, W), new.
    """
    n, height, width = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))  # (N, H + 2, W + 2)
    down, right = rng.uniform(-reach, reach, size=(2, n))  # (N,), (N,) one offset an image, not one a batch

    def share(offset: np.ndarray, step: int) -> np.ndarray:  # how much of an image moved by a whole `step` is in it
        return np.maximum(0.0, 1.0 - np.abs(offset - step))[:, None, None]  # (N, 1, 1)

    moved = np.zeros(images.shape)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            window = padded[:, 1 - i : 1 - i + height, 1 - j : 1 - j + width]  # (N, H, W) the images, moved by i and j
            moved += share(down, i) * share(right, j) * window
    return moved


def suspect_fit(
    model: torch.nn.Module,
    train: tuple[torch.Tensor, torch.Tensor],
    validation: tuple[torch.Tensor, torch.Tensor],
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int,
) -> tuple[list[float], list[float]]:
    """Train a classifier, and leave it with its best weights. It was handed in with four bugs.

    What it should do:

    - The inputs of both parts are standardized with the mean and the standard deviation (`Tensor.std`, or 0.1 where it
      is smaller) of the *training* inputs, feature by feature.
    - An epoch takes every training example once, in batches, in a random order, with the model in training mode.
    - After each epoch the model, in evaluation mode, gives the mean loss on the validation part. Whenever more than two
      such losses in a row were no better than the best, the learning rate is halved.
    - At the end the model has the state it had after the epoch with the smallest validation loss: all that its
      `state_dict()` holds, parameters and buffers (such as the running statistics of batch normalization).

    Args:
        model: Takes (N, D) inputs and gives (N, C) logits.
        train: Inputs and labels to learn from.
        validation: Inputs and labels to choose by.
        epochs: At least 1.
        batch_size: The last batch may be smaller.
        lr: The first learning rate, of SGD with momentum 0.9.
        seed: For the order.

    Returns:
        The validation loss after each epoch, and the learning rate used in each epoch.
    """
    (train_x, train_y), (val_x, val_y) = train, validation
    mean, std = train_x.mean(dim=0), train_x.std(dim=0).clamp(min=0.1)
    train_x, val_x = (train_x - mean) / std, (val_x - mean) / std
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    losses, rates = [], []
    for _ in range(epochs):
        model.train()
        rates.append(optimizer.param_groups[0]["lr"])
        for rows in torch.randperm(len(train_x), generator=generator).split(batch_size):
            loss = torch.nn.functional.cross_entropy(model(train_x[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val_loss = torch.nn.functional.cross_entropy(model(val_x), val_y).item()
        scheduler.step(val_loss)
        if val_loss < min(losses, default=np.inf):
            best_weights = copy.deepcopy(model.state_dict())
        losses.append(val_loss)
    model.load_state_dict(best_weights)
    return losses, rates
