"""What this machine can do to lock student code up: what the kernel offers, and what a worker then really is refused.

The second is no repetition of the first: a container may filter a call, or a kernel may promise what it does not keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograder import sandbox
from autograder.submission import Cell, Role
from autograder.worker import WarmParent

PROBES: Mapping[str, str] = {
    "read a file of this machine": "open('/etc/passwd').read()",
    "list the files of this machine": "import os; os.listdir('/')",
    "write outside of its folder": "open('../outside', 'w')",
    "read its parent's memory": "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
    "read its parent's environment": "import os; open(f'/proc/{os.getppid()}/environ').read()",
    "signal its parent": "import os; os.kill(os.getppid(), 0)",
    "limit its parent": "import os, resource; resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (9, 9))",
    "start a process": "import os; os.posix_spawn('/bin/true', ['true'], {})",
    "fork": "import os; os.fork() or os._exit(0)",
    "open a socket": "import socket; socket.socket()",
    "make shared memory": "import os; os.memfd_create('x')",
    "raise its own limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
}  # each must raise; what it does where it is allowed is undone by the end of the worker, or harms nobody


def examined() -> Iterator[str]:
    """A sentence for each part of the lock-down, then one on what a worker was refused.

    Raises:
        SandboxUnavailable: If grading refuses here, or a worker could do what it must not.
    """
    yield from sandbox.tier().sentences()
    sandbox.require()
    allowed = _allowed()
    if allowed:
        raise sandbox.SandboxUnavailable(
            f"a locked worker could {', '.join(allowed)}",
            "that the kernel refuses it",
            "Do not grade strangers' submissions here, and report it with this output",
        )
    yield f"tried: a locked worker was refused all of {len(PROBES)} attempts ({', '.join(PROBES)})"


def _allowed() -> list[str]:
    """What a locked worker can do and must not."""
    cells = [Cell(Role.ANSWER, name, source) for name, source in PROBES.items()]
    with WarmParent.start() as parent, parent.worker() as worker:
        runs = worker.execute(cells, protected=frozenset())
    return [run.name for run in runs if run.raised is None]
