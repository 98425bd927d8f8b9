"""Forbidden names (being written)."""
from __future__ import annotations
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def refused(names: Sequence[str], *, namespaces: Sequence[Mapping[str, Any]] = ()) -> Iterator[None]:
    yield


def forbidden_in_source(source: str, forbidden: Sequence[str]) -> list[tuple[str, int]]:
    return []
