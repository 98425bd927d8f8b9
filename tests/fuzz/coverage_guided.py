"""Look for messages that break a promise of ``tests/test_fuzz.py``, guided by the lines they reach: ``make fuzz``.

Arguments go to libFuzzer: ``-max_total_time=300``, a folder to write to, folders to begin with. ``make fuzz`` then adds
to the corpus what reaches a branch that nothing in it reaches. A message that breaks a promise is written to
``build/fuzz-crash-...``: mend the fault, and move that file into the corpus, under a name that says what it tries.
"""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import atheris

HERE = Path(__file__).parent
ENGINE = ["autograder.codec", "autograder.replies", "autograder.outputs"]

sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]
with atheris.instrument_imports(include=ENGINE, enable_loader_override=False):
    for module in ENGINE:
        importlib.import_module(module)
test_fuzz = importlib.import_module("test_fuzz")  # after them: it imports them, too


def _varied(data: bytes, max_size: int, seed: int) -> bytes:
    """libFuzzer's own variations, which know no structure, and ours, which do."""
    rng = random.Random(seed)
    found = atheris.Mutate(data, len(data)) if rng.random() < 0.3 else test_fuzz.varied(data, rng)
    return found[:max_size]


def main() -> None:
    """Run until stopped."""
    command = f"{sys.executable} {Path(__file__).resolve()}"  # libFuzzer gives it to a shell when it merges
    limits = [f"-max_len={test_fuzz.LONGEST}", "-timeout=10", "-rss_limit_mb=1000"]
    atheris.Setup([command, *limits, *sys.argv[1:]], test_fuzz.assert_promises_kept, custom_mutator=_varied)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
