"""``check("name")`` and ``hint("name")`` in a lesson's notebook."""

from __future__ import annotations

import difflib
import linecache
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

from autograder.authored import find_root
from autograder.checking import Check, collect_checks, shortened, source_verdicts, verdict_of
from autograder.checks.failure import StudentError
from autograder.checks.host import InProcess
from autograder.desk import DeskError, PublicLesson
from autograder.integrations.feedback import MEANING
from autograder.integrations.notebook_result import CheckResult, Ended
from autograder.learner.endings import run_on_the_desk
from autograder.learner.practice import PUBLIC_SEED, Judged
from autograder.learner.progress import record
from autograder.learner.tasks import digest_of
from autograder.lesson import Exercise, LessonError
from autograder.submission import find_definition
from autograder.verdict import ExerciseVerdict, Status, exercise_status
from autograder.wording import describe_exercise, hint_text, nearest, print_anything


class NotYet(Exception):  # noqa: N818 - what a learner reads above the words of the check
    """The exercise does not pass yet. IPython shows no stack, only words; few where they are shown already."""

    def __init__(self, words: str, *, shown: str = "") -> None:
        """Tell the ``words``, or ``shown`` in their place."""
        super().__init__(words)
        self._shown = shown or words

    def _render_traceback_(self) -> list[str]:
        return self._shown.splitlines()


def check(exercise: str = "") -> None:
    """Run the public checks of an exercise on what this notebook defines.

    Raises:
        NotYet: If it does not pass, with what was expected, what came and the likely cause.
        DeskError: If there is no such exercise, or the files that were released with the notebook are not beside it.
    """
    lesson = PublicLesson.beside(Path.cwd())
    asked, names = _exercise(lesson, exercise), _notebook_names()
    result = _judged(asked, lesson, names)
    _remember(result, asked, lesson, names)
    _show(result)


def hint(exercise: str, number: int = 1) -> None:
    """Show a hint for an exercise: 1 says where to look, the last names the idea."""
    lesson = PublicLesson.beside(Path.cwd())
    print_anything(sys.stdout)
    print(hint_text(_exercise(lesson, exercise), number, again=f'hint("{exercise}", {{}})'))  # noqa: T201 - this is the notebook's answer


def _exercise(lesson: PublicLesson, name: object) -> Exercise:
    """The exercise of that name; a function is taken for its name.

    Raises:
        DeskError: With the names there are.
    """
    said = name if isinstance(name, str) else str(getattr(name, "__name__", name))
    if said in lesson.exercises:
        return lesson.exercises[said]
    there_are = f"The exercises of {lesson.key}: {', '.join(_nearest_first(said, lesson.exercises))}."
    if not said:
        raise DeskError(f'Which exercise? Write its name, as in check("{next(iter(lesson.exercises))}"). {there_are}')
    meant = nearest(said, lesson.exercises)
    guess = f": is `{said}` meant to be `{meant}`?" if meant else "."
    raise DeskError(f"{lesson.key} has no exercise {said!r}{guess} {there_are}")


def _nearest_first(said: str, names: Iterable[str]) -> list[str]:
    if not said:
        return list(names)
    return sorted(names, key=lambda name: -difflib.SequenceMatcher(None, said.lower(), name.lower()).ratio())


def _judged(exercise: Exercise, lesson: PublicLesson, names: Mapping[str, Any]) -> CheckResult:
    name = exercise.name
    checks = _public_checks(lesson)
    for need in exercise.needs:
        if any(ended.verdict.status is not Status.PASSED for ended in _ended(lesson.exercises[need], checks, names)):
            words = f"{name} is skipped: it needs {need}, which does not pass yet. Run that check first."
            return CheckResult(name, Status.SKIPPED, words)
    start = lesson.facts.get("starts", {}).get(exercise.definition, "")
    source = _source_of(names, exercise)
    found = [] if source is None else [Ended(verdict) for verdict in source_verdicts(exercise, source, start)]
    found += _ended(exercise, checks, names)
    failures = tuple(ended for ended in found if ended.verdict.status is not Status.PASSED)
    if not failures:
        _, _, words = describe_exercise(name, len(found), exercise.points).partition(" ")
        return CheckResult(name, Status.PASSED, words)
    offer = f'Stuck? hint("{name}") shows a hint.' if exercise.hints else ""
    not_started = _why_not_started(exercise, failures, names)
    if not_started:
        return CheckResult(name, Status.MISSING, f"{name}: not started yet. {not_started}", offer=offer)
    status = exercise_status([ended.verdict for ended in failures])
    words = f"{name}: {MEANING[status]}, {len(found) - len(failures)} of {len(found)} public checks pass."
    return CheckResult(name, status, words, failures, offer)


def _why_not_started(exercise: Exercise, failures: Sequence[Ended], names: Mapping[str, Any]) -> str:
    """What to do first; "" if there is an answer."""
    if exercise.definition not in names:
        kinds = (FunctionType, type)
        mine = [name for name, value in names.items() if isinstance(value, kinds) and value.__module__ == "__main__"]
        meant = nearest(exercise.definition, mine)
        guess = f" Is `{meant}` meant to be `{exercise.definition}`?" if meant else ""
        return f"There is no `{exercise.definition}` here: run the cell that defines it, then this one.{guess}"
    raised = [ended.error.raised for ended in failures if isinstance(ended.error, StudentError)]
    stubs = [one for one in raised if one.type == "NotImplementedError" and not one.message]  # torch's have a message
    if not stubs:
        return ""
    return "Write your answer in place of `raise NotImplementedError()`, run that cell, then this one."


def _remember(result: CheckResult, exercise: Exercise, lesson: PublicLesson, names: Mapping[str, Any]) -> None:
    """Count a result for the learner's progress, if this notebook lies on the desk of a clone."""
    folder = Path.cwd()
    try:
        root = find_root(folder)
    except LessonError:
        return
    if folder.parent == root / "exercises":
        points = exercise.points if result.status is Status.PASSED else 0.0
        verdict = ExerciseVerdict(exercise.name, result.status, points, exercise.points)
        record(root, folder, lesson, [Judged(verdict, answer=digest_of(_source_of(names, exercise) or ""))])


def _show(result: CheckResult) -> None:
    """Show a result where HTML can be shown, print or raise its words elsewhere; what does not pass ends the cell."""
    shows_html = _shows_html()
    if shows_html:
        from IPython.display import display

        display(result)
    elif result.status is Status.PASSED:
        print_anything(sys.stdout)
        print(result)  # noqa: T201 - this is the notebook's answer
    if result.status is not Status.PASSED:
        short = f"{result.exercise}: {'not started' if result.status is Status.MISSING else 'does not pass'} yet"
        raise NotYet(str(result), shown=short if shows_html else "")


def _public_checks(lesson: PublicLesson) -> tuple[Check, ...]:
    """The checks in the file beside the notebook.

    Raises:
        DeskError: If it is not there, or is no longer the one that was released.
    """
    path = Path.cwd() / f"test_{lesson.module}.py"
    if not path.is_file():
        raise DeskError(f"{path.name} is not in {path.parent}. It was released with the notebook: put it beside it.")
    try:
        return collect_checks(path)
    except Exception as error:  # importing a file that somebody changed may raise anything
        reason = f"{type(error).__name__}: {error}"
        raise DeskError(f"{path.name} cannot be loaded ({reason}). Take the one that was released.") from error


def _ended(exercise: Exercise, checks: tuple[Check, ...], names: Mapping[str, Any]) -> list[Ended]:
    sources = _cell_sources()
    host = InProcess(names, sources, refuse=exercise.forbidden)
    ended: list[Ended] = []
    for one in [check for check in checks if check.mark.exercise == exercise.name]:
        ending = run_on_the_desk(one, host, seed=PUBLIC_SEED, answer=_source_of(names, exercise) or "")
        again = any(_same_error(ending.error, other.error) for other in ended)
        message = "the same error again, in the same line." if again else _of_your_cell(ending.message, sources)
        ended.append(Ended(replace(verdict_of(one, ending), message=shortened(message)), ending.error))
        if ending.status is Status.MISSING:
            break  # the others would say the same
    return ended


def _same_error(error: BaseException | None, other: BaseException | None) -> bool:
    """Whether two checks ended at one place of the student's code: a beginner reads the shapes once."""
    if not isinstance(error, StudentError) or not isinstance(other, StudentError) or not error.raised.line:
        return False
    first, second = ((one.type, one.cell, one.line, one.code) for one in (error.raised, other.raised))
    return first == second


def _of_your_cell(message: str, sources: Iterable[str]) -> str:
    """A message without the file names that Jupyter gives to cells: "line 4 of 1565302276.py" tells nobody where."""
    for name in sources:
        message = message.replace(f" of {Path(name).name}", " of your cell")
    return message


def _shows_html() -> bool:
    """Whether a notebook is in front: JupyterLab's kernel, and those of VS Code, Colab and others made from it."""
    return any(kind.__name__ == "ZMQInteractiveShell" for kind in type(_shell()).__mro__)


def _notebook_names() -> Mapping[str, Any]:
    shell = _shell()
    names: Mapping[str, Any] = shell.user_ns if shell else vars(sys.modules["__main__"])
    return names


def _shell() -> Any:
    """IPython's shell, if this runs in one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _cell_sources() -> dict[str, str]:
    """The texts of the cells that were run, by the file names their code objects carry."""
    cells = [name for name in linecache.cache if "ipykernel" in name or name.startswith("<ipython-input")]
    return {name: "".join(linecache.getlines(name)) for name in cells}


def _source_of(names: Mapping[str, Any], exercise: Exercise) -> str | None:
    """The text of an answer as its cell has it; None if it is not known."""
    answer = names.get(exercise.definition)
    functions = [answer, *vars(answer).values()] if isinstance(answer, type) else [answer]
    codes = [getattr(function, "__code__", None) for function in functions]
    files = [code.co_filename for code in codes if code is not None]
    text = _cell_sources().get(files[0]) if files else None
    return None if text is None else find_definition(text, exercise.definition)


__all__ = ["NotYet", "check", "hint", "hint_text"]
