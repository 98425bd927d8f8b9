"""What stands in, in a worker, for parts of libraries that would start processes: a worker may start none.

Put in place in the warm parent, before anything of a student runs. A learner's own process keeps the originals.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import Any

_OF_PROCESSES = ("num_workers", "prefetch_factor", "persistent_workers", "multiprocessing_context", "timeout")


def load_data_in_one_process() -> None:
    """Let every ``torch.utils.data.DataLoader`` load in this process: the same batches, in the same order.

    What says how its processes work together is left out with them, because torch refuses it without.
    """
    from torch.utils.data import DataLoader

    loader: Any = DataLoader
    original = loader.__init__
    signature = inspect.signature(original)

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            given = signature.bind(self, *args, **kwargs)
        except TypeError:
            original(self, *args, **kwargs)  # it says the same about the arguments, in its own name
            return
        workers = given.arguments.get("num_workers")
        if isinstance(workers, int) and workers > 0:  # what else it may be, torch judges
            for name in _OF_PROCESSES:
                given.arguments.pop(name, None)
        original(*given.args, **given.kwargs)

    loader.__init__ = init
