"""Judging submissions of the tiny lesson, with real workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.authored import read_lesson
from autograder.checking import collect_checks, run_check
from autograder.checks import CheckFailure
from autograder.lesson import Limits
from autograder.records import RecordingHost, same_failing_value, same_record
from autograder.referee import Referee
from autograder.submission import Role, Submission
from autograder.trusted import TrustedDesk
from autograder.verdict import (
    CheckVerdict,
    ExerciseVerdict,
    Kind,
    Report,
    Status,
    exercise_points,
    report_from_dict,
    report_to_dict,
)
from autograder.worker import WarmParent

SCALE = "def scale(x, factor):\n    return {}"
CENTER = "def center(x):\n    return {}"
Judge = Callable[..., Report]


@pytest.fixture(scope="module")
def referee(built_tiny_course: Path, warm_parent: WarmParent) -> Referee:
    return Referee(read_lesson(built_tiny_course, "L01"), parent=warm_parent, secret=b"a secret")


@pytest.fixture
def judge(referee: Referee) -> Judge:
    """The report on the solution with some answers replaced."""

    def judge(**answers: str) -> Report:
        return referee.judge(referee.solution_with(answers), "ann").report

    return judge


def verdict(report: Report, exercise: str) -> ExerciseVerdict:
    return next(verdict for verdict in report.exercises if verdict.exercise == exercise)


def test_the_solution_earns_everything(judge: Judge) -> None:
    report = judge()
    assert report.points == report.max_points == 100
    assert {verdict.status for verdict in report.exercises} == {Status.PASSED}


def test_one_error_costs_once(judge: Judge) -> None:
    center = CENTER.format("scale(x - np.sum(x, 0) / len(x), np.ones(x.shape[1]))")
    report = judge(scale=SCALE.format("x / factor"), center=center)
    assert (verdict(report, "scale").points, verdict(report, "center").points) == (0, 40)
    broken = judge(scale=SCALE.format("None"))
    assert verdict(broken, "center").points == 40
    assert verdict(broken, "center").judged_with == "solution"


def test_a_known_mistake_is_named(judge: Judge) -> None:
    found = verdict(judge(center=CENTER.format("x - x.sum(axis=0)")), "center")
    assert found.message == "You subtract the sum; divide it by the number of rows."
    assert found.mistake == "center-1"


def test_a_failed_condition_takes_a_fifth(judge: Judge) -> None:
    found = verdict(judge(scale="def scale(x, factor):\n    y = x * factor\n    x += 1\n    return y"), "scale")
    assert (found.status, found.points) == (Status.FAILED, 32)


ENDINGS = {
    "loop": ("while True: pass", Status.TIMEOUT, "line 2 of scale"),
    "memory": ("return np.ones(10**11)", Status.MEMORY, "memory"),
    "crash": ("import os; os._exit(7)", Status.CRASHED, "exit code 7"),
    "exit": ("exit()", Status.FAILED, "exit()"),
    "not begun": ("raise NotImplementedError", Status.MISSING, "not started"),
    "none": ("pass", Status.FAILED, "None"),
    "object": ("return object()", Status.FAILED, "object"),
    "raises": ("return x @ x", Status.FAILED, "x is (7, 5)"),
    "undefined": ("return undefined_name", Status.FAILED, "undefined_name"),
}


@pytest.mark.parametrize("case", ENDINGS.values(), ids=ENDINGS.keys())
def test_how_an_answer_can_end_and_what_it_costs(judge: Judge, case: tuple[str, Status, str]) -> None:
    body, status, words = case
    report = judge(scale=f"def scale(x, factor):\n    {body}")
    found = verdict(report, "scale")
    assert (found.status, found.points) == (status, 0)
    assert words in found.message
    assert report.points == 60


def test_an_endless_loop_at_import_costs_its_own_exercise_only(judge: Judge) -> None:
    report = judge(scale="while True:\n    pass\n" + SCALE.format("x * factor"))
    assert verdict(report, "scale").status is Status.TIMEOUT
    assert report.points == 60


def test_a_syntax_error_costs_its_own_exercise_only(judge: Judge) -> None:
    report = judge(center="def center(x:\n    return x")
    assert "opened here and never closed" in verdict(report, "center").message
    assert report.points == 60


def test_a_forbidden_name_is_found_in_the_source_and_while_running(judge: Judge) -> None:
    assert verdict(judge(center=CENTER.format("x - np.mean(x, axis=0)")), "center").status is Status.FORBIDDEN
    hidden = CENTER.format("x - getattr(np, 'me' + 'an')(x, axis=0)")
    found = verdict(judge(center=hidden), "center")
    assert (found.status, found.points) == (Status.FORBIDDEN, 0)
    assert "Use np.sum instead" in found.message


def test_a_rewritten_bughunt_loses_a_fifth(judge: Judge) -> None:
    found = verdict(judge(mend="def mend(x):\n    z = np.array(x)\n    return z.sum(axis=1)"), "mend")
    assert (found.status, found.points) == (Status.FAILED, 16)


def test_a_check_that_crashes_gives_no_mark_and_blames_the_course(tiny_course: Path, warm_parent: WarmParent) -> None:
    path = tiny_course / "tests/hidden/L01/test_tiny.py"
    path.write_text(
        path.read_text().replace("assert_close(submission.mend(x), x.sum(axis=1)", "assert_close(undefined, x")
    )
    referee = Referee(read_lesson(tiny_course, "L01"), parent=warm_parent, secret=b"")
    report = referee.judge(referee.solution, "ann").report
    assert verdict(report, "mend").status is Status.BROKEN
    assert verdict(report, "mend").points is None
    assert report.is_broken
    assert report.points == 80


def test_what_a_check_cannot_use_is_the_students_error_when_the_solution_passes(
    tiny_course: Path, warm_parent: WarmParent
) -> None:
    path = tiny_course / "tests/hidden/L01/test_tiny.py"
    path.write_text(
        path.read_text().replace("assert_close(submission.mend(x), ", "assert_close(submission.mend(x) + 0, ")
    )
    referee = Referee(read_lesson(tiny_course, "L01"), parent=warm_parent, secret=b"")
    report = referee.judge(referee.solution_with({"mend": "def mend(x):\n    return 'text'"}), "ann").report
    assert verdict(report, "mend").status is Status.FAILED
    assert "cannot be used" in verdict(report, "mend").message


def test_the_same_submission_gets_the_same_report_and_others_other_numbers(referee: Referee) -> None:
    wrong = referee.solution_with({"scale": SCALE.format("x + factor")})
    assert referee.judge(wrong, "ann") == referee.judge(wrong, "ann")
    check = referee.checks[0].name
    other = referee.solution_with({"scale": SCALE.format("x + factor # again")})
    seeds = {referee.seed(check, wrong, "ann"), referee.seed(check, wrong, "bob"), referee.seed(check, other, "ann")}
    assert len(seeds) == 3


def test_untouched_exercises_are_missing(referee: Referee) -> None:
    submission = replace(referee.solution, answered=frozenset({"scale"}))
    report = referee.judge(submission, "ann").report
    assert [verdict.status for verdict in report.exercises] == [Status.PASSED, Status.MISSING, Status.MISSING]


def test_the_worker_and_this_process_agree(built_tiny_course: Path, referee: Referee) -> None:
    here = Referee(referee.lesson, parent=None, secret=b"a secret")
    for mistake in here.mistakes:
        assert here.judge(mistake.submission, "ann").report == referee.judge(mistake.submission, "ann").report


def test_the_worker_sees_no_secret(judge: Judge, built_tiny_course: Path) -> None:
    """Nothing of the course's folder can be read by student code, and hidden checks are never imported there."""
    spy = (
        "def scale(x, factor):\n    import sys, pathlib\n"
        "    found = [m for m in sys.modules if 'autograder_checks' in m or 'referee' in m]\n"
        f"    secret = pathlib.Path({str(built_tiny_course / 'tests/hidden/L01/test_tiny.py')!r})\n"
        "    try:\n        found.append(secret.read_text())\n"
        "    except OSError:\n        pass\n    raise ValueError(str(found))"
    )
    assert "ValueError: []" in verdict(judge(scale=spy), "scale").checks[0].message


def test_points_fail_closed() -> None:
    def check(kind: Kind, status: Status, weight: float = 1.0) -> CheckVerdict:
        return CheckVerdict("c", "t", kind, weight, status)

    passed, failed = Status.PASSED, Status.FAILED
    assert exercise_points([], 10) == 0
    assert exercise_points([check(Kind.CONDITION, passed)], 10) == 0
    assert exercise_points([check(Kind.VALUE, passed, 3), check(Kind.VALUE, failed, 1)], 10) == 7.5
    assert exercise_points([check(Kind.VALUE, passed), *[check(Kind.CONDITION, failed)] * 2], 10) == 6
    assert exercise_points([check(Kind.VALUE, passed), *[check(Kind.TRAINING, failed)] * 6], 10) == 0
    assert exercise_points([check(Kind.VALUE, passed), check(Kind.CONDITION, Status.FORBIDDEN)], 10) == 0
    assert exercise_points([check(Kind.VALUE, passed), check(Kind.VALUE, Status.BROKEN)], 10) is None
    for status in Status:
        if status not in (passed, Status.BROKEN):
            assert exercise_points([check(Kind.VALUE, status)], 10) == 0


def test_a_report_survives_json(judge: Judge) -> None:
    report = judge(scale=SCALE.format("x / factor"))
    data = report_to_dict(report)
    assert report_from_dict(data) == report
    with pytest.raises(ValueError, match="version 99, expected 2"):
        report_from_dict({**data, "version": 99})


def test_nan_none_and_booleans_never_name_a_mistake() -> None:
    for value in (None, True, float("nan"), [None, False], 0.0):
        assert not same_record([value], [value])
    failure = CheckFailure("m", name="flag", actual=True)
    assert not same_failing_value(failure, failure)
    short = CheckFailure("m", name="x", actual=[1.0, 2.0])
    assert not same_failing_value(short, short)
    loss = CheckFailure("m", name="loss", actual=0.73)
    assert same_failing_value(loss, loss)


def test_an_infinity_is_only_like_itself() -> None:
    """A clipped loss is not that of somebody whose loss is infinite."""
    inf = float("inf")
    assert not same_record([34.5, 2.5], [inf, 2.5])
    assert not same_record([[1.0, 2.0, 3.0, 34.5]], [[1.0, 2.0, 3.0, inf]])
    assert same_record([inf, 2.5], [inf, 2.5])
    assert not same_record([inf, 2.5], [-inf, 2.5])


def test_the_minimal_runner_agrees_with_pytest(built_tiny_course: Path, referee: Referee, tmp_path: Path) -> None:
    """Every hidden check, called by us and by pytest, on the solution and on every mistake."""
    path = referee.lesson.hidden_checks
    for submission in (referee.solution, *(mistake.submission for mistake in referee.mistakes)):
        ours = {}
        for check in collect_checks(path):
            desk = TrustedDesk()
            desk.execute(submission.cells)
            ours[check.name] = run_check(check, RecordingHost(desk.host()), seed=6).status is Status.PASSED
        assert ours == _by_pytest(path, submission)


def _by_pytest(path: Path, submission: Submission) -> dict[str, bool]:
    class Bridge:
        def __init__(self) -> None:
            self.passed: dict[str, bool] = {}

        @pytest.fixture
        def submission(self) -> object:
            from autograder.checks import Proxy

            desk = TrustedDesk()
            desk.execute(submission.cells)
            return Proxy(desk.host())

        @pytest.fixture
        def rng(self) -> object:
            import numpy as np

            return np.random.default_rng(6)

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.when == "call":
                self.passed[report.nodeid.split("::")[-1]] = report.passed

    bridge = Bridge()
    options = ["-p", "no:terminal", "-p", "no:cacheprovider", "--import-mode=importlib", "-c", "/dev/null"]
    pytest.main([*options, "--rootdir", str(path.parent), str(path)], plugins=[bridge])
    return bridge.passed


def test_roles_are_kept_in_the_solution(referee: Referee) -> None:
    assert [cell.name for cell in referee.solution.cells if cell.role is Role.ANSWER] == ["scale", "center", "mend"]


LIMITS = {
    "thread": ("import threading\n    for _ in range(100):\n        threading.Thread(target=time.sleep, args=(9,)).start()", "thread"),  # noqa: E501 - one answer, one line
    "file": ("with open('x', 'wb') as file:\n        file.write(bytes(3 * 2**20))", "File too large"),
    "reply": ("return np.ones((500, 500))", "more than 1 MB"),
    "files": ("for n in range(60):\n        open(f'{n}', 'w').close()\n    time.sleep(9)", "more than 50 files"),
}  # fmt: skip


@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS.keys())
def test_a_limit_of_the_lesson_that_is_hit_is_said_with_the_line(
    tiny_course: Path, warm_parent: WarmParent, case: tuple[str, str]
) -> None:
    body, words = case
    lesson = read_lesson(tiny_course, "L01")
    limits = Limits(seconds=2, threads=20, file_mb=2, reply_mb=1, files=50)
    exercises = tuple(replace(exercise, limits=limits) for exercise in lesson.exercises)
    referee = Referee(replace(lesson, exercises=exercises), parent=warm_parent, secret=b"")
    report = referee.judge(referee.solution_with({"scale": f"import time\ndef scale(x, factor):\n    {body}"}), "ann")
    found = verdict(report.report, "scale")
    assert (found.status, found.points) == (Status.LIMIT, 0)
    assert words in found.message
    assert "line " in found.message or words == "more than 1 MB"  # nothing was too much before it was returned
    assert report.report.points == 60


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"files": -1}, {"reply_mb": 65}, {"seconds": "3"}, {"bytes": 3}])
def test_limits_that_mean_nothing_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError), match=next(iter(limits))):
        Limits(**limits)
