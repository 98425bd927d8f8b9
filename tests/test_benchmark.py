"""The benchmark's unprotected ways reach the referee's marks, so that it compares like with like."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.authored import find_root, read_lesson
from autograder.referee import Referee
from autograder.verdict import Report

BENCHMARKS = find_root(Path(__file__).parent) / "benchmarks"


@pytest.fixture
def benchmark_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module
    for name in ("grading", "marking"):
        sys.modules.pop(name, None)


def marks_of(report: Report) -> dict[str, float | None]:
    return {verdict.exercise: verdict.points for verdict in report.exercises}


def test_the_floor_and_the_kernel_give_the_referees_marks(
    built_tiny_course: Path, benchmark_module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    grading, marking = benchmark_module("grading"), benchmark_module("marking")
    monkeypatch.setenv("BENCHMARK_COURSE", str(built_tiny_course))
    monkeypatch.setenv("BENCHMARK_LESSON", "L99")
    referee = Referee(read_lesson(built_tiny_course, "L99"), parent=None, secret=b"any")
    seen = []
    for number in range(10):  # every kind of student
        submission = referee.solution_with(grading.answers_of(referee, number))
        if number % 10 == 8:  # half done: the rest is as it was released
            submission = referee.solution_with({**referee.stubs, **grading.answers_of(referee, number)})
        floor = marking.points_of_all(referee, submission)
        sources = [cell.source for cell in submission.cells]
        names: dict[str, Any] = {"__name__": "__main__"}
        for source in sources:
            exec(source, names)
        kernel = {
            exercise.name: marking.mark(exercise.name, names, ["", *sources]) for exercise in referee.lesson.exercises
        }
        expected = marks_of(referee.judge(submission, f"student{number}").report)
        assert {name: points or 0.0 for name, points in expected.items()} == floor == kernel
        seen.append(sum(floor.values()))
    assert max(seen) == 100.0
    assert min(seen) < 100.0
