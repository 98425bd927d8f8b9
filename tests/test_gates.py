"""The four gates, for every exercise of every lesson there is: none needs to be named here.

What fails here is told to a lesson's author; ``autograder audit LNN`` tries many more seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch

from autograder.authored import lesson_keys, read_lesson
from autograder.gates import (
    Finding,
    alternative_findings,
    lone_alternative_findings,
    mistake_findings,
    only_concerned,
    only_exercise,
    solution_findings,
    stub_findings,
)
from autograder.referee import Referee
from autograder.verdict import Status
from autograder.worker import WarmParent

ROOT = Path(__file__).parent.parent
LESSONS = lesson_keys(ROOT)
EXERCISES = [(key, exercise.name) for key in LESSONS for exercise in read_lesson(ROOT, key).exercises]
SEEDS = range(5)
MISTAKE_SEEDS = range(3)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # mistakes overflow, and divide by 0

every_lesson = pytest.mark.parametrize("key", LESSONS)
every_exercise = pytest.mark.parametrize(("key", "exercise"), EXERCISES)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a worker; small networks take six times as long with two threads on two busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def referee(key: str) -> Referee:
    return Referee(read_lesson(ROOT, key), parent=None, secret=b"suite")


def told(findings: tuple[Finding, ...]) -> str:
    return "\n".join(map(str, findings))


@every_lesson
def test_the_stub_earns_nothing(key):
    assert not told(stub_findings(referee(key)))


@every_lesson
def test_the_solution_earns_everything(key):
    assert not told(solution_findings(referee(key), SEEDS))


@every_lesson
def test_the_alternative_answers_together_earn_everything(key):
    assert not told(alternative_findings(referee(key), SEEDS))


@every_lesson
def test_each_alternative_answer_alone_earns_everything(key):
    assert not told(lone_alternative_findings(referee(key), SEEDS[:1]))


@every_exercise
def test_an_exercise_has_mistakes_and_each_is_caught_and_named(key, exercise):
    """Each fails this exercise, costs no other anything, and its own sentence is what the student reads."""
    mistakes = [mistake for mistake in referee(key).mistakes if mistake.exercise == exercise]
    assert mistakes, f"{exercise} has no mistake that shows that its checks can fail"
    concerned = only_concerned(referee(key), referee(key).lesson.by_name[exercise].definition)
    alone = only_exercise(referee(key), exercise)
    for mistake in mistakes:
        assert not told(mistake_findings(concerned, mistake, MISTAKE_SEEDS[:1]))
        assert not told(mistake_findings(alone, mistake, MISTAKE_SEEDS[1:]))


@every_lesson
def test_the_gates_hold_in_a_real_worker(key, warm_parent: WarmParent):
    """The solution passes, and one mistake an exercise is named, where students are judged."""
    judge = Referee(referee(key).lesson, parent=warm_parent, secret=b"suite").judge
    report = judge(referee(key).solution, "solution").report
    assert {verdict.exercise: verdict.status for verdict in report.exercises} == dict.fromkeys(
        referee(key).lesson.by_name, Status.PASSED
    )
    first_of_each = {mistake.exercise: mistake for mistake in reversed(referee(key).mistakes)}
    for mistake in first_of_each.values():
        read = {v.exercise: v.message for v in judge(mistake.submission, "mistaken").report.exercises if v.message}
        assert read == {mistake.exercise: mistake.says}
