"""The data sets are what their docstrings say."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder import data


def test_the_digits_are_those_of_scikit_learn() -> None:
    """Values and order agree with load_digits, scaled to [0, 1]."""
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = data.digits()
    expected = datasets.load_digits()
    np.testing.assert_array_equal(images * 16, expected.data)
    np.testing.assert_array_equal(labels, expected.target)
    assert images.shape == (1797, 64)
    assert images.dtype == np.float64
    assert labels.dtype == np.int64
    assert images.min() == 0
    assert images.max() == 1


def test_reading_the_digits_does_not_import_scikit_learn() -> None:
    """A fresh process that loads them has no sklearn, and gets no warning."""
    program = "import sys; from autograder.data import digits; digits(); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr


def test_each_caller_gets_an_own_copy() -> None:
    """Writing into the images does not change what the next caller gets."""
    images, labels = data.digits()
    images[:], labels[:] = 7, 7
    again, again_labels = data.digits()
    assert again.max() == 1
    assert len(np.unique(again_labels)) == 10


def test_a_machine_without_scikit_learn_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the package and the command."""
    monkeypatch.setattr(data, "find_spec", lambda name: None)
    with pytest.raises(data.DataMissingError, match="not installed here: run `pip install scikit-learn`"):
        data.digits()


def test_an_installation_without_the_file_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error names the file that is not there."""

    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(data, "find_spec", lambda name: Spec())
    with pytest.raises(data.DataMissingError, match=r"has no digits\.csv\.gz in datasets/data"):
        data.digits()


def test_a_split_has_every_example_once_and_pairs_stay_pairs() -> None:
    """The three parts together are the whole, in the shares asked for."""
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    parts = data.train_validation_test(x, y, validation=0.3, test=0.2, seed=3)
    assert [len(labels) for _, labels in parts] == [5, 3, 2]
    assert sorted(np.concatenate([labels for _, labels in parts]).tolist()) == list(range(10))
    for inputs, labels in parts:
        np.testing.assert_array_equal(inputs, x[labels])


def test_a_split_depends_on_its_seed_only() -> None:
    """Equal seeds give equal splits, other seeds other ones."""
    x, y = np.arange(100.0)[:, None], np.arange(100)
    first, again, other = (data.train_validation_test(x, y, seed=seed)[0][1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("shares", [(0.0, 0.5), (0.5, 0.5), (0.2, 0.0), (0.01, 0.2)])
def test_a_split_with_an_empty_part_is_refused(shares: tuple[float, float]) -> None:
    """The message has the shares in it."""
    validation, test = shares
    with pytest.raises(ValueError, match=f"validation={validation} and test={test} leave a part empty"):
        data.train_validation_test(np.ones((10, 1)), np.ones(10, dtype=np.int64), validation=validation, test=test)


def test_a_split_of_unequal_lengths_is_refused() -> None:
    """The message has both lengths in it."""
    with pytest.raises(ValueError, match="x has 3 examples and y has 2 labels"):
        data.train_validation_test(np.ones((3, 1)), np.ones(2, dtype=np.int64))


def test_xor_without_noise_is_the_truth_table() -> None:
    """Four points: the corners, labelled by exclusive or."""
    points, labels = data.xor(4, np.random.default_rng(0), noise=0.0)
    np.testing.assert_array_equal(points, [[-1, -1], [-1, 1], [1, -1], [1, 1]])
    np.testing.assert_array_equal(labels, [0, 1, 1, 0])


def test_xor_scatters_as_asked() -> None:
    """The scatter around the corners has the standard deviation asked for (5 sigma), and the generator decides it."""
    points, labels = data.xor(10_001, np.random.default_rng(1), noise=0.3)
    assert points.shape == (10_001, 2)
    assert labels.dtype == np.int64
    centres = data.xor(10_001, np.random.default_rng(1), noise=0.0)[0]
    assert abs((points - centres).std() - 0.3) < 5 * 0.3 / np.sqrt(2 * points.size)
    np.testing.assert_array_equal(points, data.xor(10_001, np.random.default_rng(1), noise=0.3)[0])


def test_spirals_lie_on_their_arms() -> None:
    """Without noise, the angle of a point follows from its radius and its class."""
    points, labels = data.spirals(300, np.random.default_rng(2), classes=3, turns=1.5, noise=0.0)
    assert points.shape == (300, 2)
    assert np.bincount(labels).tolist() == [100, 100, 100]
    radius = np.linalg.norm(points, axis=1)
    assert radius.min() >= 0.1
    assert radius.max() <= 1.0
    turned = np.arctan2(points[:, 1], points[:, 0]) / (2 * np.pi) - 1.5 * radius - labels / 3
    np.testing.assert_allclose(turned - np.round(turned), 0.0, atol=1e-9)
