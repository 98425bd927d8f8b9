"""The data sets that lessons and checks use: bundled with a dependency, or generated. Nothing is downloaded.

Points are rows: inputs have shape (N, D), labels (N,). Whatever is random is drawn from the generator passed in.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
SIDE = 8  # pixels
LARGEST_INK = 16  # a pixel counts the black ones of a 4 x 4 block of the scan


class DataMissingError(Exception):
    """A data set is not on this machine. The message says what to install."""


def digits() -> tuple[Floats, Labels]:
    """Load 1797 handwritten digits, real ones, in 8 x 8 pixels.

    Scikit-learn ships the file; it is read without importing scikit-learn, which alone takes a second.

    Returns:
        images: (1797, 64) grey values from 0 (paper) to 1 (ink), the rows of each image one after another.
        labels: (1797,) the digits, 0 to 9. Both are the caller's own copies.

    Raises:
        DataMissingError: If scikit-learn, or its copy of the file, is not installed.

    Source:
        E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository
        (the test part of the set).
    """
    images, labels = _read_digits(_digits_file())
    return images.copy(), labels.copy()


def _digits_file() -> Path:
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise DataMissingError(
            "the digits come with scikit-learn, which is not installed here: run `pip install scikit-learn`"
        )
    file = Path(spec.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
    if not file.is_file():
        raise DataMissingError(
            f"scikit-learn is installed, but has no {file.name} in datasets/data: "
            "run `pip install --force-reinstall scikit-learn`"
        )
    return file


@lru_cache(maxsize=1)
def _read_digits(file: Path) -> tuple[Floats, Labels]:
    # a file of bytes from 0 to 16 between commas: fromstring reads it 10 times faster than loadtxt
    text = gzip.decompress(file.read_bytes()).decode("ascii")
    table = np.fromstring(text.replace("\n", ","), sep=",").reshape(-1, SIDE * SIDE + 1)
    return table[:, :-1] / LARGEST_INK, table[:, -1].astype(np.int64)


def train_validation_test(
    x: Floats, y: Labels, *, validation: float = 0.2, test: float = 0.2, seed: int = 0
) -> tuple[tuple[Floats, Labels], tuple[Floats, Labels], tuple[Floats, Labels]]:
    """Split examples into three parts, the same for the same seed: to learn from, to choose by, to report on.

    Args:
        x: (N, ...) inputs.
        y: (N,) labels.
        validation: Share of the examples to choose models by.
        test: Share of the examples to measure the chosen model on.
        seed: Which of the many splits.

    Returns:
        (x, y) of the training, validation and test part. Each example is in exactly one.

    Raises:
        ValueError: If x and y differ in length, or a part would be empty.
    """
    if len(x) != len(y):
        raise ValueError(f"x has {len(x)} examples and y has {len(y)} labels: they must be as many")
    order = np.random.default_rng(seed).permutation(len(x))
    first, second = round(len(x) * (1 - validation - test)), round(len(x) * (1 - test))
    if not 0 < first < second < len(x):
        raise ValueError(
            f"{len(x)} examples with shares validation={validation} and test={test} leave a part empty: "
            "use more examples or other shares"
        )
    train, held_out, last = order[:first], order[first:second], order[second:]
    return (x[train], y[train]), (x[held_out], y[held_out]), (x[last], y[last])


def xor(n: int, rng: np.random.Generator, *, noise: float = 0.2) -> tuple[Floats, Labels]:
    """Draw points around the corners (+-1, +-1); the label is 1 where exactly one coordinate of the corner is +1.

    Args:
        n: How many points; the four corners take turns, so n = 4 has each of them once.
        rng: Draws the scatter.
        noise: Standard deviation around the corner, in each direction.

    Returns:
        points: (n, 2).
        labels: (n,) 0 or 1. No straight line separates them.
    """
    corner = np.arange(n) % 4
    first, second = corner // 2, corner % 2
    centres = np.stack([2.0 * first - 1.0, 2.0 * second - 1.0], axis=1)  # (n, 2)
    return centres + noise * rng.normal(size=(n, 2)), (first ^ second).astype(np.int64)


def spirals(
    n: int, rng: np.random.Generator, *, classes: int = 2, turns: float = 1.0, noise: float = 0.04
) -> tuple[Floats, Labels]:
    """Draw points on interleaved spiral arms that start near the origin and end at radius 1.

    Args:
        n: How many points; the classes take turns.
        rng: Draws where on its arm a point lies, and the scatter.
        classes: How many arms.
        turns: How often an arm goes round.
        noise: Standard deviation around the arm, in each direction.

    Returns:
        points: (n, 2).
        labels: (n,) the arm, from 0 to classes - 1.
    """
    labels = np.arange(n) % classes
    radius = np.sqrt(rng.uniform(0.01, 1.0, size=n))  # the root spreads the points evenly along the arm's area
    angle = 2 * np.pi * (turns * radius + labels / classes)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (n, 2)
    return points + noise * rng.normal(size=(n, 2)), labels.astype(np.int64)
