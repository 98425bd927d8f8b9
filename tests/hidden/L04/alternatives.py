"""A second correct answer to every exercise of L04, written in another style."""

from __future__ import annotations

import numpy as np
import torch


def folds(x, y, k, rng):
    labels = [int(label) for label in y]
    if k < 2 or any(labels.count(label) < k for label in set(labels)):
        raise ValueError("too many or too few folds")
    order = list(rng.permutation(len(labels)))
    order.sort(key=lambda row: labels[row])  # stable: within a class the order stays random
    parts = [order[i::k] for i in range(k)]  # dealing on from class to class
    result = []
    for i in range(k):
        train = np.array([row for j in range(k) if j != i for row in parts[j]])
        mean = np.sum(x[train], axis=0) / len(train)
        std = np.sqrt(np.sum((x[train] - mean) ** 2, axis=0) / len(train))
        std[std == 0] = 1.0
        result.append([train, np.array(parts[i]), mean, std])
    return result


def sgd_step(params, grads, state, lr, momentum=0.0, dampening=0.0, nesterov=False):
    velocities = state.setdefault("velocity", [None] * len(params))
    for i in range(len(params)):
        if grads[i] is not None:
            g = np.array(grads[i])
            if velocities[i] is None:
                velocities[i] = np.array(g)
            else:
                velocities[i] *= momentum
                velocities[i] += g - dampening * g
            change = velocities[i] if not nesterov else g + velocities[i] * momentum
            np.subtract(params[i], change * lr, out=params[i])


def adam_step(params, grads, state, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled=False):
    if not state:
        state.update(steps=0, m=[np.zeros_like(p) for p in params], v=[np.zeros_like(p) for p in params])
    state["steps"] += 1
    fix1, fix2 = (1 - beta ** state["steps"] for beta in betas)
    for p, grad, m, v in zip(params, grads, state["m"], state["v"], strict=True):
        lam = weight_decay * (p.ndim > 1)
        g = np.array(grad) if decoupled else grad + lam * p
        m += (1 - betas[0]) * (g - m)
        v += (1 - betas[1]) * (g * g - v)
        shrink = 1 - lr * lam if decoupled else 1
        p[...] = shrink * p - (lr / fix1) * m / (np.sqrt(v) / np.sqrt(fix2) + eps)


def learning_rates(  # noqa: C901 - three kinds in one
    kind, lr, epochs, *, every=10, factor=0.1, warmup=0, floor=0.0, patience=0, losses=None
):
    rates = []
    if kind == "step":
        rate = float(lr)
        for epoch in range(epochs):
            if epoch and epoch % every == 0:
                rate *= factor
            rates.append(rate)
    elif kind == "cosine":
        for epoch in range(epochs):
            if epoch < warmup:
                rates.append((epoch + 1) * lr / warmup)
            else:
                angle = np.pi * (epoch - warmup) / (epochs - warmup)
                rates.append(floor + (lr - floor) * np.cos(angle / 2) ** 2)
    elif kind == "plateau":
        last_change, falls = -1, 0
        for epoch in range(epochs):
            rates.append(float(lr * factor**falls))
            seen = [float(loss) for loss in losses[: epoch + 1]]
            if all(seen[-1] < before for before in seen[:-1]):
                last_change = epoch
            if epoch - last_change > patience:
                last_change, falls = epoch, falls + 1
    else:
        raise ValueError(kind)
    return np.array(rates)


class Dropout:
    def __init__(self, p):
        if not 0 <= p < 1:
            raise ValueError("p")
        self.p, self.training = p, True

    def forward(self, x, rng):
        self.dropped = np.zeros(x.shape, dtype=bool)
        if not self.training:
            self.keep = 1.0
            return x
        self.keep = 1.0 - self.p
        self.dropped = rng.binomial(1, self.p, size=x.shape) == 1
        return np.where(self.dropped, 0.0, x / self.keep)

    def backward(self, d_out):
        d_x = np.array(d_out) / self.keep
        d_x[self.dropped] = 0.0
        return d_x


def batch_norm(x, gamma, beta, state, training, momentum=0.1, eps=1e-5):
    n, width = x.shape
    if training and n == 1:
        raise ValueError("one example")
    out = np.empty((n, width))
    for j in range(width):
        column = [float(value) for value in x[:, j]]
        if training:
            centre = sum(column) / n
            square = sum((value - centre) ** 2 for value in column)
            spread = square / n
            state["mean"][j] += momentum * (centre - state["mean"][j])  # in the old array
            state["var"][j] += momentum * (square / (n - 1) - state["var"][j])
        else:
            centre, spread = state["mean"][j], state["var"][j]
        for i in range(n):
            out[i, j] = beta[j] + gamma[j] * (column[i] - centre) * (spread + eps) ** -0.5
    return out


class EarlyStopping:
    def __init__(self, patience, min_delta=0.0, mode="min"):
        self.patience, self.min_delta = patience, min_delta
        self.sign = {"min": 1.0, "max": -1.0}[mode]
        self.best = self.best_epoch = self.best_weights = None
        self.epochs = self.waited = 0

    def step(self, metric, weights):
        self.waited += 1
        if metric == metric and (self.best is None or self.sign * metric < self.sign * self.best - self.min_delta):
            self.best, self.best_epoch, self.waited = float(metric), self.epochs, 0
            self.best_weights = {name: np.array(array) for name, array in weights.items()}
        self.epochs += 1
        return self.waited >= self.patience

    def restore(self, weights):
        for name in self.best_weights or ():
            np.copyto(weights[name], self.best_weights[name])


def suspect_fit(
    model: torch.nn.Module,
    train: tuple[torch.Tensor, torch.Tensor],
    validation: tuple[torch.Tensor, torch.Tensor],
    epochs: int,
    batch_size: int,
    lr: float,
    seed: int,
) -> tuple[list[float], list[float]]:
    """Mended with other lines than the solution's; how many may change is limited, so the rest stays."""
    (train_x, train_y), (val_x, val_y) = train, validation
    inputs = train_x
    mean, std = inputs.mean(dim=0), inputs.std(dim=0).clamp(min=0.1)
    train_x, val_x = (train_x - mean) / std, (val_x - mean) / std
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    losses, rates = [], []
    model.train()
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for rows in torch.randperm(len(train_x), generator=generator).split(batch_size):
            loss = torch.nn.functional.cross_entropy(model(train_x[rows]), train_y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val_loss = torch.nn.functional.cross_entropy(model(val_x), val_y).item()
        model.train(True)
        scheduler.step(metrics=val_loss)
        if val_loss < min(losses, default=np.inf):
            best_weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        losses.append(val_loss)
    model.load_state_dict(best_weights)
    return losses, rates
