"""The code that the BUGHUNT of L04 starts from: it runs, and four things are wrong with it."""

from __future__ import annotations

import numpy as np
import torch


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
    inputs = torch.cat([train_x, val_x])
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
        scheduler.step(loss.item())
        if val_loss < min(losses, default=np.inf):
            best_weights = model.state_dict().copy()
        losses.append(val_loss)
    model.load_state_dict(best_weights)
    return losses, rates
