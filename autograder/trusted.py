"""A desk for code of the course's own (solutions, mistakes): the same interface as a worker, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from autograder.checks.host import InProcess
from autograder.checks.shapes import raised_from
from autograder.lesson import Limits
from autograder.outputs import CellRun
from autograder.submission import Cell


class TrustedDesk:
    """Executes cells in this process, without IPython and without any limit."""

    def __init__(self) -> None:
        """Start with an empty namespace."""
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._sources: dict[str, str] = {}

    def execute(
        self, cells: Sequence[Cell], *, protected: frozenset[str] = frozenset(), limits: Limits | None = None
    ) -> list[CellRun]:
        """Run cells in order; an answer changes, of the ``protected`` names, only its own. No limit is kept."""
        del limits
        runs = []
        for cell in cells:
            kept = {name: self._names[name] for name in protected - {cell.name} if name in self._names}
            runs.append(run_cell(cell, self._names, self._sources))
            self._names.update(kept)
        return runs

    def host(self, *, refuse: Sequence[str] = (), limits: Limits | None = None) -> InProcess:
        """A host for the fixture ``submission``; ``limits`` have no meaning here."""
        del limits
        return InProcess(self._names, self._sources, refuse=refuse)

    def close(self) -> None:
        """Nothing to end."""


def run_cell(cell: Cell, names: dict[str, Any], sources: dict[str, str]) -> CellRun:
    """Run a cell of the course's own code in a namespace, and remember its source for error messages."""
    key = f"{cell.role}:{cell.name}"
    sources[key] = cell.source
    try:
        exec(_compiled(cell.source, key), names)  # noqa: S102 - the course's own code
    except Exception as error:  # noqa: BLE001 - a mistake may raise when it is defined
        return CellRun(cell.name, (), raised_from(error, sources))
    return CellRun(cell.name, (), None)


@lru_cache(maxsize=4096)  # the same cells run again for every check that is explained
def _compiled(source: str, name: str) -> CodeType:
    return compile(source, name, "exec", dont_inherit=True)
