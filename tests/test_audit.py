"""The audit finds what checks do not notice, and says nothing where there is nothing."""

from __future__ import annotations

import ast
import json
import os
import time
from pathlib import Path

import pytest

from autograder.audit import AuditResult, audit, read_equivalents, run_audit, surviving
from autograder.authored import read_lesson
from autograder.forked import ChildFailed, Lost, run_in_children
from autograder.gates import (
    Finding,
    alternative_findings,
    lone_alternative_findings,
    mistake_findings,
    only_concerned,
    only_training,
    solution_findings,
    stub_findings,
)
from autograder.mutants import Equivalent, mutants_of
from autograder.referee import Referee

STRONG = '''"""Checks that notice everything."""

import numpy as np

from autograder.checks import assert_close, exercise


@exercise("double")
def test_doubles(submission, rng):
    """Every entry is doubled."""
    x = rng.normal(size=5)
    assert_close(submission.double(x), 2 * x, name="double(x)")


@exercise("shift")
def test_shifts(submission, rng):
    """Every entry is shifted."""
    x = rng.normal(size=7)
    assert_close(submission.shift(x, 1.5), x + 1.5, name="shift(x, 1.5)")
'''
WEAK = STRONG.replace("submission.double(x), 2 * x", "np.sign(submission.double(x)), np.sign(x)")
MISTAKES = "tests/hidden/L99/mistakes.py"
CHECKS = "tests/hidden/L99/test_tiny.py"
ALTERNATIVES = "tests/hidden/L99/alternatives.py"
LIST = "tests/hidden/L99/equivalent_mutants.py"
SURVIVOR = "@ double\n- return 2 * x\n+ return 3 * x"


def referee(root: Path) -> Referee:
    return Referee(read_lesson(root, "L99"), parent=None, secret=b"suite")


def put(root: Path, name: str, text: str) -> None:
    (root / name).write_text(text)


def edit(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text()
    assert old in text
    put(root, name, text.replace(old, new))


def listing(diff: str) -> str:
    entry = Equivalent("double", diff, "three is nearly two")
    return f"from autograder.mutants import Equivalent\n\nEQUIVALENT = ({entry!r},)\n"


# --- gates -----------------------------------------------------------------------------------------------------------


def test_good_checks_have_no_findings(tiny_course):
    judge = referee(tiny_course)
    found = [stub_findings(judge), solution_findings(judge, [0]), alternative_findings(judge, [0])]
    found += [mistake_findings(judge, mistake, [0, 1]) for mistake in judge.mistakes]
    assert found == [()] * 5


def test_a_check_that_cannot_fail_is_found_by_the_stub(tiny_course):
    """The stub of `double` raises, but one that returns its input passes a check of the shape."""
    edit(
        tiny_course, CHECKS, "assert_close(submission.double(x), 2 * x", "assert_close(submission.double(x) * 0, 0 * x"
    )
    assert {str(finding) for finding in stub_findings(referee(tiny_course))} == {
        "stub: double: the stub that returns its first argument earns 60 of 60 points (it passes test_doubles, "
        "test_doubles_negative_numbers), expected 0. Make what it passes a condition, or ask for more."
    }


def test_a_start_with_a_statement_that_does_nothing_is_judged(tiny_course):
    """The buggy start of a BUGHUNT runs: were it right, the stub would earn points once it is touched."""
    edit(tiny_course, CHECKS, "x + 1.5", "x - 1.5")
    changed = "the stub with a statement that does nothing earns 40 of 40 points"
    assert changed in "\n".join(map(str, stub_findings(referee(tiny_course))))


def test_a_check_that_fails_the_solution_is_named_with_its_seeds(tiny_course):
    edit(tiny_course, CHECKS, "x = rng.normal(size=7)", "x = rng.normal(size=7)\n    assert x[0] > 0, 'too cold'")
    (finding,) = solution_findings(referee(tiny_course), range(8))
    assert finding.exercise == "shift"
    assert "test_shifts: failed: too cold" in finding.message
    assert 0 < len(finding.seeds) < 8


def test_a_wrong_alternative_answer_is_found_alone_and_with_the_others(tiny_course):
    edit(tiny_course, ALTERNATIVES, "by + x", "by - x")
    judge = referee(tiny_course)
    told = [str(finding) for finding in (*alternative_findings(judge, [3]), *lone_alternative_findings(judge, [3]))]
    assert [line.split(" fails ")[0] for line in told] == [
        "alternative: shift: all alternative answers",
        "alternative: shift: the alternative shift",
    ]
    assert all("seeds 3" in line for line in told)


def test_a_mistake_that_no_check_notices_is_found(tiny_course):
    edit(tiny_course, MISTAKES, '("2 * x", "x * x")', '("2 * x", "x + x")')
    judge = referee(tiny_course)
    assert mistake_findings(judge, judge.mistakes[0], [0, 1]) == (
        Finding("mistake", "double", "mistake 'double-1': it earns full points; no check notices it", (0, 1)),
    )


def test_a_mistake_that_costs_another_exercise_points_is_found(tiny_course):
    """`shift` calls `double` in the solution and does not say so under `needs`."""
    notebook = tiny_course / "source/L99/99_Tiny.ipynb"
    notebook.write_text(notebook.read_text().replace("return x + by", "return double(x) / 2 + by"))
    text = next((tiny_course / "source/L99").glob("*.md"))
    text.write_text(text.read_text().replace("    needs: [double]\n", ""))
    judge = referee(tiny_course)
    for judging in (judge, only_concerned(judge, "double")):
        (finding,) = mistake_findings(judging, judge.mistakes[0], [0])
        assert finding.exercise == "shift"
        assert "mistake 'double-1': it costs another exercise points: test_shifts" in finding.message


def test_a_mistake_told_by_another_sentence_is_found(tiny_course):
    """Two mistakes that return the same cannot be told apart."""
    twin = 'Mistake("double", "that multiplies x by itself", edits=(("2 * x", "x**2"),)),\n    Mistake("shift"'
    edit(tiny_course, MISTAKES, 'Mistake("shift"', twin)
    judge = referee(tiny_course)
    (finding,) = mistake_findings(judge, judge.mistakes[0], [0])
    assert "mistake 'double-1': the student reads" in finding.message
    assert "not its sentence; it fails test_doubles" in finding.message


def test_only_exercises_that_call_a_definition_are_concerned_with_it(tiny_course):
    concerned = only_concerned(referee(tiny_course), "double")
    assert {check.mark.exercise for check in concerned.checks} == {"double"}


def test_training_checks_are_tried_with_other_seeds(tiny_course):
    """For students their seed is fixed; the audit finds one that passes by luck."""
    lucky = '''

@exercise("shift", training=True)
def test_trains(submission, rng):
    """It trains."""
    assert rng.random() < 0.8, "no luck"
'''
    put(tiny_course, CHECKS, (tiny_course / CHECKS).read_text() + lucky)
    (finding,) = solution_findings(only_training(referee(tiny_course)), range(20))
    assert "test_trains: failed: no luck" in finding.message
    assert 0 < len(finding.seeds) < 20


# --- mutants ---------------------------------------------------------------------------------------------------------


def test_strong_checks_leave_no_survivor(tiny_course):
    put(tiny_course, CHECKS, STRONG)
    told: list[str] = []
    assert audit(tiny_course, "L99", seeds=10, echo=told.append)
    assert told[-1] == "L99: 0 findings; 12 mutants, 0 survivors, 0 explained, 0 stale explanations."


def test_weak_checks_leave_survivors_and_each_is_printed_with_its_diff(tiny_course):
    put(tiny_course, CHECKS, WEAK)
    told: list[str] = []
    assert not audit(tiny_course, "L99", seeds=1, echo=told.append)
    assert f"survivor: double: constant. No check notices:\n{SURVIVOR}" in "\n".join(told)


def test_an_equivalent_mutant_is_explained(tiny_course):
    put(tiny_course, CHECKS, WEAK)
    before = run_audit(tiny_course, "L99", seeds=1)
    put(tiny_course, LIST, listing(f"\n{SURVIVOR}\n".replace("\n", "\n        ")))
    after = run_audit(tiny_course, "L99", seeds=1)
    assert [entry.reason for _, entry in after.explained] == ["three is nearly two"]
    assert len(after.survivors) == len(before.survivors) - 1
    assert SURVIVOR not in [mutant.diff for mutant in after.survivors]


def test_an_explanation_of_a_mutant_that_does_not_survive_is_stale(tiny_course):
    put(tiny_course, CHECKS, STRONG)
    put(tiny_course, LIST, listing(SURVIVOR))
    result = run_audit(tiny_course, "L99", seeds=1)
    assert result.stale == read_equivalents(read_lesson(tiny_course, "L99"))
    assert not result.is_clean


def test_a_mutant_that_never_ends_counts_as_noticed(tiny_course):
    source = "def double(x):\n    while x.size:\n        return 2 * x\n"
    mutant = next(mutant for mutant in mutants_of(source) if "while x.size:\n        pass" in mutant.source)
    alive, _ = surviving(referee(tiny_course), [mutant])
    assert alive == ()


def test_mutants_prove_nothing_where_the_solution_fails(tiny_course):
    put(tiny_course, CHECKS, STRONG.replace("2 * x, name", "3 * x, name"))
    result = run_audit(tiny_course, "L99", seeds=1)
    assert result.mutants == 0
    assert "mutants would tell nothing" in str(result.findings[-1])


def diffs(source: str) -> set[str]:
    mutants = mutants_of(source)
    for mutant in mutants:
        ast.parse(mutant.source)
    assert len({mutant.diff for mutant in mutants}) == len(mutants)
    return {line[2:].strip() for mutant in mutants for line in mutant.diff.splitlines() if line.startswith("+ ")}


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("return a - b", {"return a + b", "return b - a", "return a", "return b"}),
        ("return a * b", {"return a / b", "return a", "return b"}),  # not b * a
        ("return a < b", {"return a <= b", "return a >= b"}),
        ("return a and b", {"return a or b", "return a", "return b"}),
        ("return -a", {"return a"}),
        ("return a.sum(axis=0, keepdims=True)", {"return a.sum(axis=1, keepdims=True)", "return a.sum(axis=0)"}),
        ("return a.T", {"return a"}),
        ("return a.copy()", {"return a"}),
        ("return f(a, b)", {"return f(b, a)"}),
        ("return [i for i in range(a)]", {"return [i for i in range(a - 1)]", "return [i for i in range(1, a)]"}),
        ("return a[1:]", {"return a[:]", "return a[0:]", "return a[2:]"}),
        ("return a, b", {"return (b, a)"}),
        ("return a + 0.5", {"return a + 1.0", "return a + 0.0"}),
        ("a -= b", {"a += b", "a = b", "pass"}),
        ("for i in a: g(i)", {"break", "pass"}),
        ("return np.maximum(a, b)", {"return np.minimum(a, b)", "return a"}),  # not np.maximum(b, a)
    ],
)
def test_what_is_mutated(line, mutated):
    assert mutated <= diffs(f"def f(a, b):\n    {line}\n")
    assert {"return b * a", "return np.maximum(b, a)"}.isdisjoint(diffs(f"def f(a, b):\n    {line}\n"))


def test_what_is_not_mutated():
    """Docstrings, annotations, what is raised, zip's assertion of equal lengths."""
    source = '''
class Net:
    """1 + 1."""

    size: int = other
    def act(self, x: Literal[1] = other) -> Literal[2]:
        """Returns 3."""
        raise ValueError(f"got {x + 1}", 7)
    def zipped(self):
        return zip(a, strict=True)
'''
    assert diffs(source) == {"pass", "raise NotImplementedError", "return a"}


def test_a_diff_names_the_method_and_tells_equal_lines_apart():
    found = mutants_of("class Net:\n    def f(self, x):\n        x = x + 1\n        x = x + 1\n        return x\n")
    dropped = [mutant.diff for mutant in found if mutant.what == "dropped statement"][:2]
    assert dropped == ["@ Net.f\n- x = x + 1\n+ pass", "@ Net.f\n- x = x + 1\n+ pass\n# 2"]


# --- children --------------------------------------------------------------------------------------------------------


def test_children_give_results_by_number():
    results = dict(run_in_children([lambda n=n: {"square": n * n} for n in range(5)], seconds=5.0))
    assert results == {n: {"square": n * n} for n in range(5)}


def test_a_child_that_loops_sleeps_or_ends_is_lost():
    def loops() -> None:
        while True:
            pass

    tasks = [loops, lambda: time.sleep(60), lambda: os._exit(3), lambda: "well"]
    results = dict(run_in_children(tasks, seconds=0.5, jobs=4))
    assert [isinstance(results[n], Lost) for n in range(3)] == [True] * 3
    assert results[3] == "well"


def test_a_child_that_raises_is_a_fault_of_the_course():
    with pytest.raises(ChildFailed, match="KeyError: 'gone'"):
        list(run_in_children([lambda: {}["gone"]], seconds=5.0))


def test_a_long_result_arrives_whole():
    (result,) = dict(run_in_children([lambda: "x" * 10**6], seconds=5.0)).values()
    assert len(json.dumps(result)) == 10**6 + 2


def test_a_result_without_findings_survivors_and_stale_entries_is_clean():
    assert AuditResult((), (), (), (), mutants=3, lost=0).is_clean
    assert not AuditResult((Finding("stub", "double", "earns"),), (), (), (), mutants=3, lost=0).is_clean
