"""Mutants of the solutions of L04 that earn full points because they are as correct as the solution."""

from autograder.audit import Equivalent

EQUIVALENT = (
    Equivalent(
        "folds",
        """
        @ folds
        - fold_of = np.empty(len(y), dtype=int)
        + fold_of = np.empty(len(y))
        """,
        "whole numbers are compared, and a float64 holds them exactly",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - share = (e - warmup) / max(epochs - warmup, 1)
        + share = (warmup - e) / max(epochs - warmup, 1)
        """,
        "the cosine is even",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - share = (e - warmup) / max(epochs - warmup, 1)
        + share = (e - warmup) / (epochs - warmup)
        """,
        "if all epochs are warm-up, the values that a division by 0 spoils are not used",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - share = (e - warmup) / max(epochs - warmup, 1)
        + share = (e - warmup) / max(epochs - warmup, 0)
        """,
        "if all epochs are warm-up, the values that a division by 0 spoils are not used",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - share = (e - warmup) / max(epochs - warmup, 1)
        + share = (e - warmup) / max(epochs - warmup, 2)
        """,
        "it matters only if a single epoch is left, whose share is 0",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - return np.where(e < warmup, lr * (e + 1) / max(warmup, 1), wave)
        + return np.where(e < warmup, lr * (e + 1) / warmup, wave)
        """,
        "without warm-up, the values that a division by 0 spoils are not used",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - return np.where(e < warmup, lr * (e + 1) / max(warmup, 1), wave)
        + return np.where(e < warmup, lr * (e + 1) / max(warmup, 0), wave)
        """,
        "without warm-up, the values that a division by 0 spoils are not used",
    ),
    Equivalent(
        "learning_rates",
        """
        @ learning_rates
        - rates, best, bad = (np.empty(epochs), np.inf, 0)
        + rates, best, bad = (np.empty(epochs), np.inf, 1)
        """,
        "the first loss is good, and sets the counter to 0",
    ),
    Equivalent(
        "Dropout",
        """
        @ Dropout.forward
        - keep = rng.random(x.shape) >= self.p
        + keep = rng.random(x.shape) > self.p
        """,
        "a uniform number equals p with probability 0",
    ),
    Equivalent(
        "suspect_fit",
        """
        @ suspect_fit
        - with torch.no_grad():
        -     val_loss = torch.nn.functional.cross_entropy(model(val_x), val_y).item()
        + val_loss = torch.nn.functional.cross_entropy(model(val_x), val_y).item()
        """,
        "it costs memory and changes no value",
    ),
    Equivalent(
        "suspect_fit",
        """
        @ suspect_fit
        - if val_loss < min(losses, default=np.inf):
        + if val_loss <= min(losses, default=np.inf):
        """,
        "of two epochs with the same smallest loss the text prefers none",
    ),
)
