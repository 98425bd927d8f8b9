"""The pytest plugin of the learner's desk: ``pytest exercises/L06``.

It gives checks the fixtures ``submission`` (the learner's own code, in this process) and ``rng``, skips what depends
on an unsolved exercise, and ends with the points of each exercise. ``exercises/pytest.ini`` loads it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authored import find_root
from autograder.checking import Check, Ending, generator_for, title_of
from autograder.checks.failure import CheckFailure, StudentError
from autograder.checks.host import Proxy
from autograder.checks.marking import MARK, CheckMark
from autograder.desk import DeskError
from autograder.learner.endings import ending_on_the_desk
from autograder.learner.practice import PUBLIC_SEED, Desk, set_up, words_of
from autograder.learner.progress import record
from autograder.learner.tasks import checks_by_exercise
from autograder.lesson import Exercise, LessonError
from autograder.submission import UnreadableSubmission
from autograder.verdict import Status
from autograder.wording import print_anything, sign

_STATE = pytest.StashKey["State"]()


@dataclass
class State:
    """All folders on the desk that this run judges."""

    desks: dict[Path, Desk] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)  # with the learner's progress


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--submission``."""
    help_text = "judge this notebook or module instead of the file on the desk"
    parser.addoption("--submission", metavar="FILE", type=Path, help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Start with an empty desk."""
    print_anything(sys.stdout)
    config.stash[_STATE] = State()


@pytest.fixture
def submission(request: pytest.FixtureRequest) -> Proxy:
    """The learner's code, as a check calls it."""
    return Proxy(_desk_of(request.node).host(_exercise_of(request.node)))


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
    ending = desk.ending_before(exercise)
    if ending is None:
        return
    desk.add(_check_of(item), ending)
    if ending.status is Status.MISSING:
        pytest.skip(f"{exercise.name} is {ending.message}")
    if ending.status is Status.SKIPPED:
        pytest.skip(ending.message)
    of_the_file = ending is desk.attempt(exercise)
    pytest.fail(ending.message if of_the_file else f"{exercise.name}: {ending.message}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Put our words in place of pytest's stack."""
    report = yield
    if _mark_of(item) is None or call.when != "call":
        return report
    ending = Ending(Status.PASSED) if call.excinfo is None else _ending(item, call.excinfo.value)
    if report.skipped:
        return report
    _desk_of(item).add(_check_of(item), ending)
    if ending.status is Status.MISSING:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Skipped: {_exercise_of(item).name} is {ending.message}")
    elif report.failed and ending.status is not Status.BROKEN:
        report.longrepr = _words(item, ending)
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the points of each exercise, and what to do next."""
    state = config.stash[_STATE]
    for desk in state.desks.values():
        terminalreporter.section(f"{desk.lesson.key} {desk.lesson.facts['title']}")
        for line in _summary(desk):
            terminalreporter.write_line(line)
    for problem in state.problems:
        terminalreporter.write_line(problem)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Unsolved exercises are no success. What was judged is remembered in the clone."""
    state = session.config.stash[_STATE]
    desks = state.desks.values()
    unsolved = any(
        ending.status is not Status.PASSED for desk in desks for ended in desk.ended.values() for _, ending in ended
    )
    if session.config.getoption("submission") is None:
        state.problems += filter(None, dict.fromkeys(map(_record, desks)))
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
            desks[folder] = set_up(folder, chosen=item.config.getoption("submission"))
        except (DeskError, UnreadableSubmission) as error:
            raise pytest.UsageError(str(error)) from error
    return desks[folder]


def _exercise_of(item: pytest.Item) -> Exercise:
    mark: CheckMark = _mark_of(item)
    return _desk_of(item).lesson.exercises[mark.exercise]


def _check_of(item: pytest.Item) -> Check:
    function: Callable[..., None] = item.function  # type: ignore[attr-defined]
    return Check(item.name, title_of(function), _mark_of(item), function)


def _ending(item: pytest.Item, error: BaseException) -> Ending:
    answer = _desk_of(item).answer(_exercise_of(item))
    return ending_on_the_desk(error, item.funcargs["submission"], answer)  # type: ignore[attr-defined]


def _words(item: pytest.Item, ending: Ending) -> str:
    """What a learner reads about a failed check."""
    exercise = _exercise_of(item)
    words = words_of(_check_of(item), ending, exercise)
    if exercise.hints and isinstance(ending.error, (CheckFailure, StudentError)):
        words += f"\n\n  Stuck? autograder hint {_desk_of(item).lesson.key} {exercise.name}"
    return words


def _summary(desk: Desk) -> Iterator[str]:
    lesson = desk.lesson
    total, following = 0.0, ""
    width = max(len(name) for name in lesson.exercises)
    for name, exercise in lesson.exercises.items():
        judged = desk.judged(name)
        if judged is None:
            yield f"    {name:<{width}}  not run"
            continue
        verdict = judged.verdict
        points = verdict.points or 0.0
        total += points
        where = f"  [{judged.file.name}]" if judged.file else ""
        note = verdict.message
        yield f"  {sign(verdict.status)} {name:<{width}}  {points:5.1f} / {exercise.points:g}{where}  {note}".rstrip()
        if verdict.status is not Status.PASSED and not following:
            following = name
    yield f"  {total:g} of {sum(exercise.points for exercise in lesson.exercises.values()):g} points"
    if following:
        file = desk.judged_in.get(lesson.exercises[following].definition, desk.folder / f"{lesson.module}.py")
        yield f"  Next: {following}, in {file}. A hint: autograder hint {lesson.key} {following}"


def _record(desk: Desk) -> str:
    """Remember in the clone what was judged completely; the learner's reason why not, if that fails."""
    try:
        root = find_root(desk.folder)
    except LessonError:
        return ""  # no clone: somebody's copy of a lesson
    checks = checks_by_exercise(desk.folder, desk.lesson)
    whole = [name for name, ended in desk.ended.items() if len(ended) >= len(checks.get(name, ()))]
    return record(root, desk.folder, desk.lesson, filter(None, map(desk.judged, whole)))
