"""The pytest plugin of the learner's desk: ``pytest exercises/L06``.

It gives checks the fixtures ``submission`` (the learner's own code, in this process) and ``rng``, skips what depends
on an unsolved exercise, and ends with the points of each exercise. ``exercises/pytest.ini`` loads it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.checking import Check as CollectedCheck
from autograder.checking import Ending, ending_of, generator_for, source_verdicts, title_of, verdict_of
from autograder.checks.failure import CheckFailure, StudentError
from autograder.checks.host import Proxy
from autograder.checks.marking import MARK, CheckMark
from autograder.desk import Attempt, DeskError, PublicLesson, differing_answers, load_attempt, refused_source
from autograder.integrations.notebook import PUBLIC_SEED
from autograder.lesson import Exercise
from autograder.submission import UnreadableSubmission
from autograder.verdict import CheckVerdict, Status, exercise_points
from autograder.wording import sign

_STATE = pytest.StashKey["State"]()
_ENDING = pytest.StashKey[Ending]()


@dataclass
class Desk:
    """One lesson's folder on the desk, while its checks run."""

    lesson: PublicLesson
    attempts: dict[Path, Attempt | Ending]
    judged_in: dict[str, Path]  # definition -> the file it is judged in
    verdicts: dict[str, list[CheckVerdict]] = field(default_factory=dict)
    declined: dict[str, Ending] = field(default_factory=dict)  # what the text of an answer alone decides

    def attempt(self, exercise: Exercise) -> Attempt | Ending | None:
        """The file an exercise is judged in, or None if it is untouched everywhere."""
        path = self.judged_in.get(exercise.definition)
        return self.attempts[path] if path else None

    def obstacle(self, exercise: Exercise) -> str:
        """Why an exercise is not judged now; "" if it can be."""
        for need in exercise.needs:
            if self.attempt(self.lesson.exercises[need]) is None:
                return f"it needs {need}, which is not implemented yet"
            ended = self.verdicts.get(need, [])
            if any(verdict.status is not Status.PASSED for verdict in ended):
                return f"it needs {need}, which does not pass yet"
        return ""


@dataclass
class State:
    """All folders on the desk that this run judges."""

    desks: dict[Path, Desk] = field(default_factory=dict)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--submission``."""
    help_text = "judge this notebook or module instead of the file on the desk"
    parser.addoption("--submission", metavar="FILE", type=Path, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty desk."""
    config.stash[_STATE] = State()


@pytest.fixture
def submission(request: pytest.FixtureRequest) -> Proxy:
    """The learner's code, as a check calls it."""
    desk, exercise = _desk_of(request.node), _exercise_of(request.node)
    attempt = desk.attempt(exercise)
    assert isinstance(attempt, Attempt), "pytest_runtest_setup skips what cannot be judged"  # noqa: S101 - its promise
    return Proxy(attempt.host(exercise))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A generator with the seed of the public checks."""
    return generator_for(_mark_of(request.node), PUBLIC_SEED)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a check whose exercise, or one that it needs, is not there yet; refuse what its text alone decides."""
    __tracebackhide__ = True
    if _mark_of(item) is None:
        return
    desk, exercise = _desk_of(item), _exercise_of(item)
    attempt = desk.attempt(exercise)
    if attempt is None:
        _end(item, Ending(Status.MISSING, "not implemented yet"))
        pytest.skip(f"{exercise.name} is not implemented yet")
    if isinstance(attempt, Ending):
        _end(item, attempt)
        pytest.fail(attempt.message, pytrace=False)
    obstacle = desk.obstacle(exercise)
    if obstacle:
        _end(item, Ending(Status.SKIPPED, obstacle))
        pytest.skip(obstacle)
    if exercise.name not in desk.declined:
        declined = refused_source(exercise, attempt, desk.lesson)
        desk.declined[exercise.name] = declined or Ending(Status.PASSED)
    declined = desk.declined[exercise.name]
    if declined.status is not Status.PASSED:
        _end(item, declined)
        pytest.fail(f"{exercise.name}: {declined.message}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Put our words in place of pytest's stack."""
    report = yield
    if _mark_of(item) is None or call.when != "call":
        return report
    ending = Ending(Status.PASSED) if call.excinfo is None else ending_of(call.excinfo.value)
    if report.skipped:
        return report
    _end(item, ending)
    if ending.status is Status.MISSING:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Skipped: {_exercise_of(item).name} is {ending.message}")
    elif report.failed and ending.status is not Status.BROKEN:
        report.longrepr = _words(item, ending)
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the points of each exercise, and what to do next."""
    for folder, desk in config.stash[_STATE].desks.items():
        lines = list(_summary(folder, desk))
        terminalreporter.section(f"{desk.lesson.key} {desk.lesson.facts['title']}")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Unsolved exercises are no success."""
    desks = session.config.stash[_STATE].desks.values()
    unsolved = any(
        verdict.status is not Status.PASSED for desk in desks for ended in desk.verdicts.values() for verdict in ended
    )
    if exitstatus == pytest.ExitCode.OK and unsolved:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _mark_of(item: pytest.Item) -> Any:
    return getattr(getattr(item, "function", None), MARK, None)


def _desk_of(item: pytest.Item) -> Desk:
    """The desk of a check's folder, set up at the first check."""
    desks = item.config.stash[_STATE].desks
    folder = item.path.parent
    if folder not in desks:
        try:
            desks[folder] = _set_up(folder, item.config.getoption("submission"))
        except (DeskError, UnreadableSubmission) as error:
            raise pytest.UsageError(str(error)) from error
    return desks[folder]


def _exercise_of(item: pytest.Item) -> Exercise:
    mark: CheckMark = _mark_of(item)
    return _desk_of(item).lesson.exercises[mark.exercise]


def _set_up(folder: Path, chosen: Path | None) -> Desk:
    lesson = PublicLesson.beside(folder.parent.parent / "release" / folder.name)
    if chosen is not None:
        return _judged_in_one(lesson, chosen)
    module = folder / f"{lesson.module}.py"
    notebooks = sorted(path for path in folder.glob("*.ipynb"))
    if not module.is_file() and not notebooks:
        raise DeskError(f"{module} is missing. `autograder build {lesson.key}` makes a new one.")
    judged: dict[str, Path] = {}
    attempts: dict[Path, Attempt | Ending] = {}
    for path in notebooks:
        attempts[path] = _load(path, lesson)
        loaded = attempts[path]
        judged |= dict.fromkeys(loaded.answers if isinstance(loaded, Attempt) else lesson.stubs, path)
    if module.is_file():
        attempts[module] = _load(module, lesson)
        loaded = attempts[module]
        broken = isinstance(loaded, Ending)
        judged |= dict.fromkeys(_differing(module, lesson) if broken else loaded.answers, module)  # type: ignore[union-attr]
    return Desk(lesson, attempts, judged)


def _judged_in_one(lesson: PublicLesson, path: Path) -> Desk:
    if not path.is_file():
        raise DeskError(f"--submission {path}: there is no such file.")
    attempt = _load(path, lesson)
    answers = attempt.answers if isinstance(attempt, Attempt) else lesson.stubs
    return Desk(lesson, {path: attempt}, dict.fromkeys(answers, path))


def _differing(module: Path, lesson: PublicLesson) -> frozenset[str]:
    """What the learner changed in a module that cannot be loaded; everything, if it cannot even be parsed."""
    return differing_answers(module, lesson) or frozenset(lesson.stubs)


def _load(path: Path, lesson: PublicLesson) -> Attempt | Ending:
    """Load a file, or say why it cannot be: that is the learner's error, told as all others are."""
    try:
        return load_attempt(path, lesson)
    except UnreadableSubmission as error:
        return Ending(Status.FAILED, str(error), error=error)
    except Exception as error:  # noqa: BLE001 - importing runs the learner's code, which may raise anything
        frames = [
            frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == path.name
        ]
        where = f", line {frames[-1].lineno}: `{frames[-1].line}`" if frames else ""
        return Ending(Status.FAILED, f"{path.name}{where} raises {type(error).__name__}: {error}", error=error)


def _end(item: pytest.Item, ending: Ending) -> None:
    mark: CheckMark = _mark_of(item)
    title = title_of(item.function)  # type: ignore[attr-defined]
    check = CollectedCheck(item.name, title, mark, item.function)  # type: ignore[attr-defined]
    _desk_of(item).verdicts.setdefault(mark.exercise, []).append(verdict_of(check, ending))


def _words(item: pytest.Item, ending: Ending) -> str:
    """What a learner reads about a failed check."""
    exercise = _exercise_of(item)
    lines = [f"{exercise.name}: {title_of(item.function)}", ""]  # type: ignore[attr-defined]
    lines += [f"  {line}" for line in ending.message.splitlines()]
    if ending.cause:
        lines += ["", f"  Likely cause: {ending.cause}"]
    if isinstance(ending.error, StudentError) and ending.error.raised.exception is not None:
        lines += ["", *_frames(ending.error.raised.exception)]
    if exercise.hints and isinstance(ending.error, (CheckFailure, StudentError)):
        lines += ["", f"  Stuck? autograder hint {_desk_of(item).lesson.key} {exercise.name}"]
    return "\n".join(lines)


def _frames(exception: BaseException) -> list[str]:
    """The learner's own frames."""
    frames = traceback.extract_tb(exception.__traceback__)
    return [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]


def _summary(folder: Path, desk: Desk) -> Iterator[str]:
    lesson = desk.lesson
    total, following = 0.0, ""
    width = max(len(name) for name in lesson.exercises)
    for name, exercise in lesson.exercises.items():
        verdicts = desk.verdicts.get(name)
        if verdicts is None:
            yield f"    {name:<{width}}  not run"
            continue
        points = exercise_points([*verdicts, *_source_verdicts(exercise, desk)], exercise.points) or 0.0
        total += points
        failed = next((verdict for verdict in verdicts if verdict.status is not Status.PASSED), None)
        note = "" if failed is None else (failed.cause or failed.message).split("\n")[0]
        status = Status.PASSED if failed is None else failed.status
        file = desk.judged_in.get(exercise.definition)
        where = f"  [{file.name}]" if file else ""
        yield f"  {sign(status)} {name:<{width}}  {points:5.1f} / {exercise.points:g}{where}  {note}".rstrip()
        if failed is not None and not following:
            following = name
    yield f"  {total:g} of {sum(exercise.points for exercise in lesson.exercises.values()):g} points"
    if following:
        file = desk.judged_in.get(lesson.exercises[following].definition, folder / f"{lesson.module}.py")
        yield f"  Next: {following}, in {file}. A hint: autograder hint {lesson.key} {following}"


def _source_verdicts(exercise: Exercise, desk: Desk) -> list[CheckVerdict]:
    attempt = desk.attempt(exercise)
    if not isinstance(attempt, Attempt):
        return []
    answer, start = attempt.answers.get(exercise.definition, ""), desk.lesson.stubs.get(exercise.definition, "")
    return source_verdicts(exercise, answer, start)
