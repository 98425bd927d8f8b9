"""A class on the workers of a Dask cluster, each with its own warm parent; the marks come back to one writer.

Theory of operation
===================

A Dask worker plays the part of the referee, so it is trusted: it gets the hidden checks and the course secret. Both
travel in a plugin (:class:`Referees`), which the scheduler hands to every worker, also to one that joins later. It
unpacks the lesson into a folder of its own and starts a warm parent: a fresh process, as everywhere. Student code
runs in workers of that parent, locked up as on one machine; a Dask worker itself never runs any.

A task is one submission: the notebook's bytes go there, the verdicts and displayed outputs come back. A Dask worker
that dies is replaced by the scheduler, which gives its tasks to others; marks depend on the submission and the
secret alone, so it does not matter which. Nothing is written to the gradebook or the reports there.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from distributed import Client, Worker, WorkerPlugin, as_completed, get_worker

from autograder.archive import engine_digest
from autograder.authored import read_lesson
from autograder.grading import Graded, Handed, grade_one, is_plain_file
from autograder.lesson import Lesson
from autograder.referee import Referee
from autograder.sandbox import Mode
from autograder.secret import course_secret
from autograder.worker import WarmParent

CONNECT_SECONDS = 20
AHEAD = 4  # submissions sent to each thread of the cluster before the first comes back
RETRIES = 3  # how often a submission is tried again after the worker that had it died


class ClusterError(Exception):
    """The cluster cannot grade. The message is for staff: what happened, what was expected, what next."""


class Referees(WorkerPlugin):  # type: ignore[misc]  # distributed is untyped
    """What a Dask worker needs to grade submissions of one lesson."""

    def __init__(self, lesson: Lesson, *, mode: Mode) -> None:
        """Pack the lesson's files, and the secret."""
        self.name = f"autograder-{lesson.key}-{engine_digest()[:12]}"
        self._key = lesson.key
        self._files = {str(path.relative_to(lesson.root)): path.read_bytes() for path in _files_of(lesson)}
        self._secret = course_secret(lesson.root)
        self._engine = engine_digest()
        self._mode = mode

    def setup(self, worker: Worker) -> None:
        """Unpack the lesson and warm a parent, on the worker's machine."""
        if engine_digest() != self._engine:
            raise ClusterError(
                f"the worker {worker.address} has another version of the engine or of what it computes with. Expected "
                "the same package and constraints.txt as here. Install them there and start the worker again."
            )
        self._folder = Path(tempfile.mkdtemp(prefix="autograder-lesson-"))
        for name, data in self._files.items():
            (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self._folder / name).write_bytes(data)
        self._lesson = read_lesson(self._folder, self._key)
        self._parent = WarmParent.begin(mode=self._mode)
        Referee(self._lesson, parent=None, secret=b"").prepare()  # the imports; each thread's own reads the checks
        self._parent.wait_until_warm()
        self._of_thread = threading.local()

    def teardown(self, worker: Worker) -> None:
        """End the parent, and leave no hidden check behind."""
        if hasattr(self, "_parent"):
            self._parent.close()
        if hasattr(self, "_folder"):
            shutil.rmtree(self._folder, ignore_errors=True)

    def grade(self, student: str, files: Mapping[str, bytes]) -> Graded:
        """Judge one submission: the names in its folder, with the bytes of the notebook."""
        if not hasattr(self._of_thread, "referee"):
            self._of_thread.referee = Referee(self._lesson, parent=self._parent, secret=self._secret)
        with tempfile.TemporaryDirectory(prefix="submitted-", dir=self._folder) as folder:
            for name, data in files.items():
                (Path(folder) / name).write_bytes(data)
            return grade_one(self._of_thread.referee, Handed(student, Path(folder)))


def grade_on_cluster(lesson: Lesson, handed: Sequence[Handed], *, address: str, mode: Mode) -> Iterator[Graded]:
    """Judge submissions on an existing cluster, each result as soon as it is there.

    Args:
        lesson: The lesson.
        handed: What was handed in.
        address: Of the scheduler, "tcp://HOST:8786".
        mode: The sandbox on the workers.
    Raises:
        ClusterError: If there is no such cluster, it has no workers, or they cannot grade.
    """
    with _connected(address) as client:
        plugin = Referees(lesson, mode=mode)
        threads = sum(client.nthreads().values())
        if not threads:
            raise ClusterError(
                f"the scheduler at {address} has no workers. Expected one at least. Start `dask worker`."
            )
        try:
            client.register_plugin(plugin)
        except Exception as error:  # whatever a worker's setup raised, from another process
            raise ClusterError(f"the workers of {address} cannot grade: {error}") from error
        try:
            yield from _results(client, plugin.name, lesson, handed, ahead=AHEAD * threads)
        finally:
            client.unregister_worker_plugin(plugin.name)


def _connected(address: str) -> Client:
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {address} ({error}). Expected an address as tcp://HOST:8786. "
            "Start `dask scheduler`, or see the README."
        ) from error


def _results(client: Client, plugin: str, lesson: Lesson, handed: Sequence[Handed], *, ahead: int) -> Iterator[Graded]:
    waiting = iter(handed)
    by_key: dict[str, Handed] = {}

    def send(one: Handed) -> Any:
        future = client.submit(
            _grade_there, plugin, one.student, _files_in(one.folder, lesson), pure=False, retries=RETRIES
        )
        by_key[future.key] = one
        return future

    results = as_completed([send(one) for one in islice(waiting, ahead)], loop=client.loop)
    for future in results:
        one = by_key.pop(future.key)
        try:
            graded: Graded = future.result()
        except Exception as error:  # the worker died again and again, or the scheduler is gone
            raise ClusterError(
                f"{one.student}'s submission could not be graded on the cluster ({type(error).__name__}: {error}). "
                "Look at the workers' logs, then grade again: what is done is kept."
            ) from error
        future.release()
        following = next(waiting, None)
        if following is not None:
            results.add(send(following))
        yield replace(graded, handed=one)


def _grade_there(plugin: str, student: str, files: Mapping[str, bytes]) -> Graded:
    """Runs on a Dask worker."""
    referees: Referees = get_worker().plugins[plugin]
    return referees.grade(student, files)


def _files_in(folder: Path, lesson: Lesson) -> dict[str, bytes]:
    """The names of the plain files in a submission; of the notebook, its bytes too: nothing else is judged."""
    notebook = f"{lesson.notebook}.ipynb"
    found = sorted(path for path in folder.iterdir() if is_plain_file(path))
    return {path.name: path.read_bytes() if path.name == notebook else b"" for path in found}


def _files_of(lesson: Lesson) -> list[Path]:
    """Everything of a lesson that judging reads."""
    folders = (lesson.text.parent, lesson.release_notebook.parent, lesson.solution.parent, lesson.hidden_checks.parent)
    found = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    return [lesson.root / "nbgrader_config.py", *sorted(found)]
