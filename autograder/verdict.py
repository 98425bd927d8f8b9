"""What grading decides, as frozen data: verdicts of checks and exercises, and the report of a submission.

The JSON form of a :class:`Report` is documented in ``docs/report.md`` and carries its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

REPORT_VERSION = 2
CONDITION_COST = 0.2  # each failed condition takes this share of what the value checks earned


class Status(StrEnum):
    """How a check or an exercise ended. Only PASSED earns points; the rest say why not."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # not run: an exercise it needs did not pass, or its exercise was stopped before
    MISSING = "missing"  # not implemented yet
    FORBIDDEN = "forbidden"  # uses a name the exercise forbids
    TIMEOUT = "timeout"
    MEMORY = "memory"
    LIMIT = "limit"  # of files, threads or replies
    CRASHED = "crashed"  # the worker process ended
    BROKEN = "broken"  # a fault of the course: no mark is recorded


class Kind(StrEnum):
    """What a check counts for. VALUE checks share an exercise's points, the others only take from them."""

    VALUE = "value"
    CONDITION = "condition"
    TRAINING = "training"  # a condition with a fixed seed


@dataclass(frozen=True)
class CheckVerdict:
    """What one check found."""

    check: str
    title: str
    kind: Kind
    weight: float
    status: Status
    message: str = ""  # expected, got, first difference
    cause: str = ""  # the likely cause, empty when none is sure enough


@dataclass(frozen=True)
class ExerciseVerdict:
    """What all checks of an exercise amount to. ``points`` is None when the course is at fault."""

    exercise: str
    status: Status
    points: float | None
    max_points: float
    message: str = ""  # one line for the student: the likely cause, or what failed first
    mistake: str = ""  # identifier of the known mistake, if one was recognised
    judged_with: str = "own"  # "own" answers to earlier exercises, or the "solution"'s
    checks: tuple[CheckVerdict, ...] = ()


@dataclass(frozen=True)
class Report:
    """The verdicts on one submission."""

    lesson: str
    student: str
    submission: str  # SHA-256 of what was graded
    exercises: tuple[ExerciseVerdict, ...]
    oddities: tuple[str, ...] = ()  # what was strange about the notebook, for staff and student
    problem: str = ""  # why nothing could be graded at all ("missing: ...")
    engine: str = ""
    lesson_digest: str = ""
    key: str = ""  # SHA-256 of all that the marks depend on (``archive.py``); empty outside of ``autograder grade``
    version: int = REPORT_VERSION

    @property
    def points(self) -> float:
        """The sum of what the exercises earned; those without a mark count nothing yet."""
        return round(sum(verdict.points or 0.0 for verdict in self.exercises), 4)

    @property
    def max_points(self) -> float:
        """What a perfect submission earns."""
        return sum(verdict.max_points for verdict in self.exercises)

    @property
    def is_broken(self) -> bool:
        """Whether a check of ours crashed, so that feedback must be withheld."""
        return any(verdict.status is Status.BROKEN for verdict in self.exercises)


def exercise_points(checks: Sequence[CheckVerdict], max_points: float) -> float | None:
    """Turn the verdicts of an exercise's checks into points; None if a check of ours crashed.

    The exercise earns the share of its value weight that passed. Each failed condition takes a fifth of
    that. A forbidden name, or an exercise without any value check, earns nothing.
    """
    if any(check.status is Status.BROKEN for check in checks):
        return None
    if any(check.status is Status.FORBIDDEN for check in checks):
        return 0.0
    total = sum(check.weight for check in checks if check.kind is Kind.VALUE)
    earned = sum(check.weight for check in checks if check.kind is Kind.VALUE and check.status is Status.PASSED)
    lost = sum(CONDITION_COST for check in checks if check.kind is not Kind.VALUE and check.status is not Status.PASSED)
    share = earned / total if total else 0.0
    return round(max_points * share * max(0.0, 1.0 - lost), 2)


def exercise_status(checks: Sequence[CheckVerdict]) -> Status:
    """The status of an exercise: the first of its checks' that is worst, PASSED only if all passed."""
    stopped = (Status.CRASHED, Status.MEMORY, Status.TIMEOUT, Status.LIMIT)
    found = [check.status for check in checks]
    for status in (Status.BROKEN, Status.FORBIDDEN, *stopped, Status.MISSING, Status.FAILED, Status.SKIPPED):
        if status in found:
            return status
    return Status.PASSED if found else Status.BROKEN


def report_to_dict(report: Report) -> dict[str, Any]:
    """The JSON form of a report, with the sums that readers want."""
    return {**asdict(report), "points": report.points, "max_points": report.max_points}


def report_from_dict(data: dict[str, Any]) -> Report:
    """Read a report back.

    Raises:
        ValueError: If the version is not one this engine knows.
    """
    if data.get("version") != REPORT_VERSION:
        raise ValueError(f"report version {data.get('version')!r}, expected {REPORT_VERSION}: grade again to renew it")
    fields = {key: value for key, value in data.items() if key not in {"points", "max_points"}}
    exercises = tuple(exercise_from_dict(item) for item in fields.pop("exercises"))
    return Report(**{**fields, "oddities": tuple(fields["oddities"])}, exercises=exercises)


def exercise_from_dict(data: dict[str, Any]) -> ExerciseVerdict:
    """Read one exercise of a report back."""
    checks = tuple(
        CheckVerdict(**{**check, "kind": Kind(check["kind"]), "status": Status(check["status"])})
        for check in data["checks"]
    )
    return ExerciseVerdict(**{**data, "status": Status(data["status"]), "checks": checks})


def without_checks(report: Report) -> Report:
    """The report as a student may see it in one line an exercise."""
    return replace(report, exercises=tuple(replace(verdict, checks=()) for verdict in report.exercises))
