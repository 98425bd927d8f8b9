"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.worker import WarmParent, Worker


@pytest.fixture(scope="session")
def warm_parent() -> Iterator[WarmParent]:
    """The one process that forks the workers of all tests; starting it takes seconds."""
    with WarmParent.start() as parent:
        yield parent


@pytest.fixture
def worker(warm_parent: WarmParent) -> Iterator[Worker]:
    """A fresh locked worker."""
    with warm_parent.worker() as worker:
        yield worker
