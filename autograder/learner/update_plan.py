"""What `autograder update` will write, worked out in memory before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.learner.clone import Clone
from autograder.learner.progress import Progress
from autograder.learner.putting_back import (
    PutBack,
    answered_in_module,
    answered_in_notebook,
    put_back_module,
    put_back_notebook,
)
from autograder.learner.upstream import LessonThen, what_changed
from autograder.submission import UnreadableSubmission, read_json_notebook

_IN_LESSON = re.compile(r"^(?:exercises|release)/(L\d\d)/")


class UpdateError(Exception):
    """The clone could not be updated; the learner's files are as they were. The message says why and what to do."""


@dataclass(frozen=True)
class Changed:
    """An exercise that the learner answered, and what of it is another now."""

    lesson: str
    exercise: str
    what: tuple[str, ...]  # "stub", "statement", "public checks", "rules"
    solved: bool  # an answer passed once


@dataclass
class Plan:
    """What will be written, worked out before anything is touched."""

    mine: dict[str, bytes | None] = field(default_factory=dict)  # the learner's files as they are; None if removed
    written: dict[str, bytes] = field(default_factory=dict)
    put_back: dict[str, tuple[str, ...]] = field(default_factory=dict)
    changed: list[Changed] = field(default_factory=list)
    without_place: list[tuple[str, str]] = field(default_factory=list)
    replaced: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def add(self, path: str, merged: PutBack, *, mine: str) -> None:
        """Write a merged file, made of the learner's."""
        self.written[path] = merged.text.encode()
        if merged.answers:
            self.put_back[path] = merged.answers
        self.without_place += [(mine, name) for name in merged.without_place]
        self.replaced += [(mine, name) for name in merged.replaced]


def planned(clone: Clone, *, base: str, target: str, edited: Sequence[str], differing: Sequence[str]) -> Plan:
    """Plan an update.

    Args:
        clone: The clone, with the learner's files as they are.
        base: The commit that they came from.
        target: The commit to move to.
        edited: The files that the learner changed, of those that git knows.
        differing: The files that differ between the two commits.

    Raises:
        UpdateError: If an answer cannot be told apart from the rest of its file.
    """
    plan, progress = Plan(), Progress.read(clone.root)
    plan.mine = {path: _bytes_of(clone.root / path) for path in edited}
    settled = set()
    for key in sorted(set(filter(None, map(_lesson_of, differing)))):
        before, after = LessonThen.read(clone, base, key), LessonThen.read(clone, target, key)
        if before is not None:
            settled.add(before.module)
            answered = _plan_module(plan, before, after)
            answered |= _plan_notebooks(clone.root, plan, before, after)
            plan.changed += _changes(before, after, answered, progress)
    for path in edited:
        if path not in settled:
            _plan_other(clone, plan, path, base=base, target=target)
    return plan


def _lesson_of(path: str) -> str:
    """The key of the lesson that a file of the desk or of a release belongs to; "" if it belongs to none."""
    found = _IN_LESSON.match(path)
    return found[1] if found else ""


def _plan_module(plan: Plan, before: LessonThen, after: LessonThen | None) -> frozenset[str]:
    """Plan the learner's module of a lesson, and say which definitions it answers."""
    data = plan.mine.get(before.module)
    if data is None:
        return frozenset()
    name = PurePosixPath(before.module).name
    try:
        mine = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UpdateError(
            f"{before.module} is not UTF-8 ({error}). Your files were not touched. Save it with that encoding, then "
            "run `autograder update` again."
        ) from error
    answered = answered_in_module(mine, before.public.stubs)
    if after is None:
        plan.without_place += [(before.module, definition) for definition in sorted(answered)]
    elif after.stub == before.stub and after.module == before.module:
        plan.written[before.module] = data
    else:
        answers = {*before.public.stubs, *after.public.stubs}
        try:
            merged = put_back_module(mine, old=before.stub, new=after.stub, answers=answers)
        except SyntaxError as error:
            raise UpdateError(
                f"{before.module}, line {error.lineno}: Python cannot read it ({error.msg}), so your answers in it "
                f"cannot be told apart, and its stub changed upstream. Your files were not touched. Mend that line, or "
                f"put {name} aside with `autograder reset {before.public.key}`; then run `autograder update` again."
            ) from error
        plan.add(after.module, merged, mine=before.module)
    return answered


def _plan_notebooks(root: Path, plan: Plan, before: LessonThen, after: LessonThen | None) -> frozenset[str]:
    """Plan the learner's notebooks of a lesson, which git does not know, and say which definitions they answer."""
    answered: frozenset[str] = frozenset()
    for file in sorted((root / "exercises" / before.public.key).glob("*.ipynb")):
        path = file.relative_to(root).as_posix()
        try:
            mine = read_json_notebook(file)
        except UnreadableSubmission:
            plan.unreadable.append(path)
            continue
        public = mine["metadata"].get("autograder")
        if path in plan.mine or not isinstance(public, dict) or public.get("lesson") != before.public.key:
            continue  # a notebook of another kind
        found = answered_in_notebook(mine, released=before.notebook)
        answered |= found
        if after is None or after.notebook == before.notebook:
            continue
        plan.mine[path] = file.read_bytes()
        plan.add(path, put_back_notebook(mine, old=before.notebook, new=after.notebook), mine=path)
    return answered


def _plan_other(clone: Clone, plan: Plan, path: str, *, base: str, target: str) -> None:
    """Plan a file of the desk that is no stub, such as public checks with a print in them."""
    data = plan.mine[path]
    if data is None:
        return  # removed by the learner, and there again
    after = clone.read(target, path)
    if after == clone.read(base, path):
        plan.written[path] = data
    else:
        plan.replaced.append((path, ""))


def _changes(
    before: LessonThen, after: LessonThen | None, answered: frozenset[str], progress: Progress
) -> Iterator[Changed]:
    """The answered exercises that are others now."""
    for name, exercise in before.public.exercises.items():
        if exercise.definition in answered and after is not None and name in after.public.exercises:
            what, key = what_changed(name, before, after), before.public.key
            if what:
                yield Changed(key, name, what, progress.standing(key, name).was_solved)


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
