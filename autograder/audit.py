"""Testing the tests of a lesson: the four gates with many seeds, and mutants of the solution.

A mutant that still earns full points is a survivor. It is killed by a better check, or listed in the lesson's
``tests/hidden/LNN/equivalent_mutants.py`` with the reason why it is as correct as the solution::

    EQUIVALENT = (Equivalent("backward", '''
        @ backward
        - last = len(params) - 1
        + last = len(cache) - 1
        ''', "cache and params have one entry a layer"),)
"""

from __future__ import annotations

import ast
import importlib.util
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from autograder.authored import Module, read_lesson
from autograder.checking import Check, run_check
from autograder.forked import Lost, one_thread, run_in_children
from autograder.gates import (
    Finding,
    alternative_findings,
    lone_alternative_findings,
    merged,
    mistake_findings,
    only_concerned,
    only_training,
    solution_findings,
    stub_findings,
    without_training,
)
from autograder.lesson import Exercise, Lesson
from autograder.mutants import Equivalent, Mutant, mutants_of
from autograder.referee import Referee
from autograder.trusted import TrustedDesk
from autograder.verdict import Kind, Status

SECRET = b"audit"  # no student is judged with it
FEWER = 10  # how many times fewer seeds are tried where each costs a whole training run, or there are many answers
_CHUNK = 10  # seeds that one child tries
_GATE_SECONDS = 1800.0


class SolutionFails(Exception):  # noqa: N818 - what happened, not a kind of error
    """A solution that does not pass its own checks. The message is for the lesson's author."""


@dataclass(frozen=True)
class AuditResult:
    """What an audit found out.

    Attributes:
        findings: Gates that do not hold.
        survivors: Mutants that earn full points and are not explained.
        explained: Those that are, with the entry that explains them.
        stale: Entries that explain no survivor.
        mutants: How many mutants were judged.
        lost: How many of them never ended, or crashed; they count as noticed.
    """

    findings: tuple[Finding, ...]
    survivors: tuple[Mutant, ...]
    explained: tuple[tuple[Mutant, Equivalent], ...]
    stale: tuple[Equivalent, ...]
    mutants: int
    lost: int

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.findings or self.survivors or self.stale)


def audit(root: Path, key: str, *, seeds: int, echo: Callable[[str], None]) -> bool:
    """Audit a lesson for its author and say what was found; True if nothing was."""
    result = run_audit(root, key, seeds=seeds, report=echo)
    for finding in result.findings:
        echo(str(finding))
    for mutant in result.survivors:
        echo(f"\nsurvivor: {mutant.definition}: {mutant.what}. No check notices:\n{mutant.diff}")
    for entry in result.stale:
        echo(f"\nstale: {entry.exercise}: no survivor is so; remove it from equivalent_mutants.py:\n{entry.diff}")
    echo(
        f"{key}: {len(result.findings)} findings; {result.mutants} mutants, {len(result.survivors)} survivors, "
        f"{len(result.explained)} explained, {len(result.stale)} stale explanations."
    )
    return result.is_clean


def run_audit(root: Path, key: str, *, seeds: int = 200, report: Callable[[str], None] = lambda _: None) -> AuditResult:
    """Try the gates and the mutants of a lesson.

    Args:
        root: The course.
        key: "L06".
        seeds: How often the solution and the alternative answers are judged; training checks and mistakes are a tenth.
        report: Told how far it is.
    Raises:
        LessonError: If the lesson is malformed.
        ChildFailed: If the engine fails (``forked.py``).
    """
    lesson = read_lesson(root, key)
    referee = Referee(lesson, parent=None, secret=SECRET)
    started = time.monotonic()
    findings = gate_findings(referee, seeds=seeds)
    report(f"{key}: gates tried with {seeds} seeds in {time.monotonic() - started:.0f} s: {len(findings)} findings.")
    started = time.monotonic()
    mutants = solution_mutants(lesson)
    try:
        alive, lost = surviving(referee, mutants)
    except SolutionFails as error:
        return AuditResult((*findings, Finding("mutants", key, str(error))), (), (), (), 0, 0)
    report(f"{key}: {len(mutants)} mutants in {time.monotonic() - started:.0f} s: {len(alive)} earn full points.")
    listed = {entry.key: entry for entry in read_equivalents(lesson)}
    explained = tuple((mutant, listed[_key(mutant)]) for mutant in alive if _key(mutant) in listed)
    return AuditResult(
        findings=findings,
        survivors=tuple(mutant for mutant in alive if _key(mutant) not in listed),
        explained=explained,
        stale=tuple(entry for entry in listed.values() if entry not in [used for _, used in explained]),
        mutants=len(mutants),
        lost=lost,
    )


def gate_findings(referee: Referee, *, seeds: int) -> tuple[Finding, ...]:
    """All gates, in forked children; findings in the order of the gates."""
    _ = referee.solution, referee.alternative, referee.stubs  # read here, so that the children need not
    quick, training = without_training(referee), only_training(referee)
    every, few = range(seeds), range(max(1, seeds // FEWER))
    tasks: list[Callable[[], tuple[Finding, ...]]] = [partial(stub_findings, referee)]
    tasks += [partial(solution_findings, referee, [0]), partial(alternative_findings, referee, [0])]
    for chunk in _chunks(every):
        tasks += [partial(solution_findings, quick, chunk), partial(alternative_findings, quick, chunk)]
    for chunk in _chunks(few):
        tasks += [partial(solution_findings, training, chunk), partial(alternative_findings, training, chunk)]
        tasks += [partial(lone_alternative_findings, quick, chunk)]
        tasks += [partial(_mistakes_of, referee, exercise.name, chunk) for exercise in referee.lesson.exercises]
    results: dict[int, list[Finding]] = {}
    for number, said in run_in_children([partial(_as_data, task) for task in tasks], seconds=_GATE_SECONDS):
        if isinstance(said, Lost):
            results[number] = [Finding("gate", referee.lesson.key, f"a gate could not be tried: {said.why}")]
        else:
            results[number] = [Finding(gate, name, message, tuple(seeds)) for gate, name, message, seeds in said]
    return merged(finding for number in sorted(results) for finding in results[number])


def solution_mutants(lesson: Lesson) -> tuple[Mutant, ...]:
    """The mutants of all answers of the solution."""
    module = Module(lesson.solution, lesson.solution.read_text(encoding="utf-8"))
    definitions = dict.fromkeys(exercise.definition for exercise in lesson.exercises)
    return tuple(mutant for name in definitions for mutant in mutants_of(module.definitions[name].source))


def surviving(referee: Referee, mutants: Sequence[Mutant]) -> tuple[tuple[Mutant, ...], int]:
    """The mutants that earn full points for every exercise they hold; also how many never ended.

    Raises:
        SolutionFails: If the solution itself, put through the same mill, earns less: nothing could be concluded.
    """
    _ = referee.checks, referee.solution  # read here, so that the children need not
    one_thread()
    ((_, needed),) = run_in_children([partial(_time_of_solution, referee)], seconds=_GATE_SECONDS)
    if not isinstance(needed, float):
        raise SolutionFails("the solution does not pass its own hidden checks, so mutants would tell nothing")
    _time_of_solution(referee)  # once here too: what it imports and reads for the first time, children then have
    seconds = 2.0 + 10.0 * needed
    tasks = [partial(earns_everything, referee, {mutant.definition: mutant.source}) for mutant in mutants]
    results = dict(run_in_children(tasks, seconds=seconds))
    alive = tuple(mutant for number, mutant in enumerate(mutants) if results[number] is True)
    return alive, sum(isinstance(result, Lost) for result in results.values())


def earns_everything(referee: Referee, answers: dict[str, str]) -> bool:
    """Whether the solution with some other answers passes every hidden check of theirs; stops at the first it fails.

    What the text of an answer alone decides (forbidden names in it, changed lines) is left aside.
    """
    submission = referee.solution_with(answers)
    desk = TrustedDesk()
    referee.execute(desk, submission.cells)
    return all(
        run_check(
            check, desk.host(refuse=exercise.forbidden), seed=referee.seed(check.name, submission, "audit-0")
        ).status
        is Status.PASSED
        for exercise, check in _quickest_first(referee)
        if exercise.definition in answers
    )


def read_equivalents(lesson: Lesson) -> tuple[Equivalent, ...]:
    """The lesson's list of mutants that are as correct as its solution; empty if it has none."""
    path = lesson.mistakes.with_name("equivalent_mutants.py")
    if not path.exists():
        return ()
    spec = importlib.util.spec_from_file_location(f"equivalent_mutants_{lesson.key}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.EQUIVALENT)


def _chunks(seeds: range) -> list[range]:
    return [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]


def _as_data(task: Callable[[], tuple[Finding, ...]]) -> list[list[Any]]:
    return [[finding.gate, finding.exercise, finding.message, finding.seeds] for finding in task()]


def _mistakes_of(referee: Referee, exercise: str, seeds: Iterable[int]) -> tuple[Finding, ...]:
    mistakes = [mistake for mistake in referee.mistakes if mistake.exercise == exercise]
    if not mistakes:
        return (Finding("mistake", exercise, "it has no mistake that shows that its checks can fail"),)
    concerned = only_concerned(referee, referee.lesson.by_name[exercise].definition)
    return tuple(finding for mistake in mistakes for finding in mistake_findings(concerned, mistake, seeds))


def _quickest_first(referee: Referee) -> list[tuple[Exercise, Check]]:
    pairs = [(referee.lesson.by_name[check.mark.exercise], check) for check in referee.checks]
    return sorted(pairs, key=lambda pair: pair[1].mark.kind is Kind.TRAINING)  # stable: else the file's order


def _time_of_solution(referee: Referee) -> float | None:
    """Processor seconds in which the solution, written as mutants are, passes all checks; None if it fails."""
    started = time.process_time()
    answers = {name: ast.unparse(ast.parse(source)) for name, source in referee.solution.answers.items()}
    passed = earns_everything(referee, answers)
    return time.process_time() - started if passed else None


def _key(mutant: Mutant) -> tuple[str, str]:
    return mutant.definition, mutant.diff
