"""The four gates of an exercise: stubs earn nothing, correct answers everything, and every mistake is caught.

Each gate judges whole submissions with the lesson's own referee and returns what is wrong, with the checks or with the
solution, as findings; none is a pass. The suite tries a few seeds, ``autograder audit`` many. The seed of a hidden
check depends on the student's name, so a seed here is a student.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.checking import Check
from autograder.referee import KnownMistake, Referee
from autograder.submission import Submission, rebuild_from_release, submission_of
from autograder.verdict import ExerciseVerdict, Kind, Status

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Finding:
    """Something wrong with a lesson's checks, in words for its author."""

    gate: str  # "stub", "solution", "alternative", "mistake"
    exercise: str
    message: str
    seeds: tuple[int, ...] = ()  # with which it shows

    def __str__(self) -> str:
        """One line."""
        seeds = f" (seeds {', '.join(map(str, self.seeds))})" if self.seeds else ""
        return f"{self.gate}: {self.exercise}: {self.message}{seeds}"


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same finding with many seeds, told once."""
    by_text: dict[Finding, list[int]] = {}
    for finding in findings:
        by_text.setdefault(replace(finding, seeds=()), []).extend(finding.seeds)
    return tuple(replace(finding, seeds=tuple(sorted(set(seeds)))) for finding, seeds in by_text.items())


def without_training(referee: Referee) -> Referee:
    """The referee without training checks: they have a fixed seed, and take the longest."""
    return _with_checks(referee, [check for check in referee.checks if check.mark.kind is not Kind.TRAINING])


def only_training(referee: Referee) -> Referee:
    """The referee with the training checks alone, drawing other numbers for other students, as conditions do.

    A training check has one seed for everyone. Whether it is a fair one shows with others.
    """
    training = [check for check in referee.checks if check.mark.kind is Kind.TRAINING]
    return _with_checks(referee, [replace(check, mark=replace(check.mark, kind=Kind.CONDITION)) for check in training])


def only_concerned(referee: Referee, definition: str) -> Referee:
    """The referee with the checks of those exercises alone that a wrong answer in ``definition`` could cost something.

    They are the ones that do not pass when the definition only raises. The verdicts on others mean nothing.
    """
    raising = f"def {definition}(*args, **kwargs):\n    raise RuntimeError\n"
    report = referee.judge(referee.solution_with({definition: raising}), _student(0)).report
    concerned = {v.exercise for v in report.exercises if v.status is not Status.PASSED or v.judged_with != "own"}
    return _with_checks(referee, [check for check in referee.checks if check.mark.exercise in concerned])


def only_exercise(referee: Referee, name: str) -> Referee:
    """The referee with one exercise's checks alone; its verdicts on others mean nothing."""
    return _with_checks(referee, [check for check in referee.checks if check.mark.exercise == name])


def _with_checks(referee: Referee, checks: Iterable[Check]) -> Referee:
    other = copy.copy(referee)  # with all that it has read
    other.checks = tuple(checks)
    return other


def stub_findings(referee: Referee) -> tuple[Finding, ...]:
    """Exercises that earn something for what students start from, untouched or changed in a way that means nothing."""
    found = []
    for what, change in _STUB_CHANGES.items():
        judgement = referee.judge(changed_stubs(referee, change), _student(0))
        found += [
            Finding("stub", verdict.exercise, f"the stub {what} earns {_points(verdict)}, expected 0. {_ADVICE}")
            for verdict in judgement.report.exercises
            if verdict.points != 0
        ]
    return tuple(found)


def solution_findings(referee: Referee, seeds: Iterable[int]) -> tuple[Finding, ...]:
    """Exercises for which the solution does not earn everything."""
    return _short_of_full(referee, "solution", "the solution", referee.solution, seeds)


def alternative_findings(referee: Referee, seeds: Iterable[int]) -> tuple[Finding, ...]:
    """Exercises for which the alternative answers, all together, do not earn everything."""
    return _short_of_full(referee, "alternative", "all alternative answers", referee.alternative, seeds)


def lone_alternative_findings(referee: Referee, seeds: Sequence[int]) -> tuple[Finding, ...]:
    """Exercises for which one alternative answer, beside the solution's others, does not earn everything."""
    found: list[Finding] = []
    for name, source in referee.alternative.answers.items():
        submission = referee.solution_with({name: source})
        if submission != referee.solution:
            found += _short_of_full(referee, "alternative", f"the alternative {name}", submission, seeds)
    return tuple(found)


def mistake_findings(referee: Referee, mistake: KnownMistake, seeds: Iterable[int]) -> tuple[Finding, ...]:
    """What is wrong with how a mistake is judged.

    It must fail its exercise, cost no other exercise anything, and be told by its own sentence. A referee that is
    :func:`only_concerned` with the mistake's definition finds the same, in less time.
    """
    judged = {check.mark.exercise for check in referee.checks}
    return merged(
        Finding("mistake", verdict.exercise, f"mistake {mistake.name!r}: {problem}", (seed,))
        for seed in seeds
        for verdict in referee.judge(mistake.submission, _student(seed)).report.exercises
        if verdict.exercise in judged and (problem := _problem_with(mistake, verdict))
    )


def changed_stubs(referee: Referee, change: Callable[[str], str]) -> Submission:
    """What somebody hands in who changed every answer cell of the released notebook in the same way."""
    submitted = {**referee.released, "cells": [dict(cell) for cell in referee.released["cells"]]}
    for cell in submitted["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] == "code" and grade_id in referee.stubs:
            cell["source"] = change(referee.stubs[grade_id])
    return submission_of(rebuild_from_release(referee.released, submitted))


_ADVICE = "Make what it passes a condition, or ask for more."


def _student(seed: int) -> str:
    return f"audit-{seed}"


def _points(verdict: ExerciseVerdict) -> str:
    if verdict.points is None:
        return f"no mark ({_first_failure(verdict)})"
    passed = [check.check for check in verdict.checks if check.status is Status.PASSED and check.kind is Kind.VALUE]
    return f"{verdict.points:g} of {verdict.max_points:g} points (it passes {', '.join(passed)})"


def _short_of_full(
    referee: Referee, gate: str, what: str, submission: Submission, seeds: Iterable[int]
) -> tuple[Finding, ...]:
    judged = {check.mark.exercise for check in referee.checks}
    return merged(
        Finding(gate, verdict.exercise, f"{what} fails {_first_failure(verdict)}", (seed,))
        for seed in seeds
        for verdict in referee.judge(submission, _student(seed)).report.exercises
        if verdict.exercise in judged and not _is_full(referee, verdict)
    )


def _is_full(referee: Referee, verdict: ExerciseVerdict) -> bool:
    has_points = any(check.mark.kind is Kind.VALUE for check in referee.checks)  # those of training have none
    return verdict.status is Status.PASSED and (verdict.points == verdict.max_points or not has_points)


def _first_failure(verdict: ExerciseVerdict) -> str:
    for check in verdict.checks:
        if check.status is not Status.PASSED:
            return f"{check.check}: {check.status}: {check.message}"
    return f"without a check: {verdict.status}: {verdict.message}"


def _problem_with(mistake: KnownMistake, verdict: ExerciseVerdict) -> str:
    full = verdict.points == verdict.max_points
    if verdict.exercise != mistake.exercise:
        return "" if full else f"it costs another exercise points: {_first_failure(verdict)}"
    if full:
        return "it earns full points; no check notices it"
    if verdict.points is None:
        return f"it breaks a check: {_first_failure(verdict)}"
    if verdict.message != mistake.says:
        return f"the student reads {verdict.message!r}, not its sentence; it fails {_first_failure(verdict)}"
    return ""


def _with_comment(stub: str) -> str:
    return f"{stub}\n# my work\n"


def _with_statement(stub: str) -> str:
    """Every function does nothing first."""
    tree = ast.parse(stub)
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            node.body.insert(1 if ast.get_docstring(node) is not None else 0, ast.parse("nothing = None").body[0])
    return ast.unparse(ast.fix_missing_locations(tree))


def _with_pass(stub: str) -> str:
    """What is to be written does nothing."""
    return _with_blanks(stub, lambda _: ast.Pass())


def _with_input(stub: str) -> str:
    """What is to be written returns the function's first argument."""
    return _with_blanks(stub, _return_first_argument)


def _return_first_argument(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    return ast.Return(ast.Name(names[0], ast.Load())) if names else ast.Pass()


def _with_blanks(stub: str, fill: Callable[[ast.FunctionDef | ast.AsyncFunctionDef], ast.stmt]) -> str:
    tree = ast.parse(stub)
    blanks = 0
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            filled = [fill(node) if _is_blank(statement) else statement for statement in node.body]
            blanks += filled != node.body
            node.body = filled
    return ast.unparse(ast.fix_missing_locations(tree)) if blanks else stub


def _is_blank(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and any(
        isinstance(node, ast.Name) and node.id == "NotImplementedError" for node in ast.walk(statement)
    )


_STUB_CHANGES: Mapping[str, Callable[[str], str]] = {
    "untouched": str,
    "with a comment": _with_comment,
    "with a statement that does nothing": _with_statement,
    "with `pass` in the blanks": _with_pass,
    "that returns its first argument": _with_input,
}
