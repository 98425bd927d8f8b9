"""What an exercise asks for, as a digest: an answer that was right stays so until its stub or its checks change."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.desk import PublicLesson


def digest_of(*parts: str) -> str:
    """A short digest of some texts, whatever their line ends; "" of no text at all."""
    if not any(parts):
        return ""
    lines = ["\n".join(part.strip().splitlines()) for part in parts]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]


def task_digests(folder: Path, lesson: PublicLesson) -> Mapping[str, str]:
    """For each exercise of a lesson's folder, a digest of its stub, its rules and its public checks."""
    checks = checks_by_exercise(folder, lesson)
    return {
        name: digest_of(
            lesson.stubs.get(exercise.definition, ""),
            f"{exercise.points:g} {exercise.forbidden} {exercise.max_changed_lines}",
            *checks.get(name, ()),
        )
        for name, exercise in lesson.exercises.items()
    }


def checks_by_exercise(folder: Path, lesson: PublicLesson) -> Mapping[str, tuple[str, ...]]:
    """The text of each exercise's public checks, read and not run."""
    path = folder / f"test_{lesson.module}.py"
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    lines = text.splitlines()
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for name in _judges(node):
            found[name] = (*found.get(name, ()), "\n".join(lines[node.lineno - 1 : node.end_lineno]))
    return found


def _judges(node: ast.FunctionDef) -> list[str]:
    """The exercises that a check's decorators name."""
    calls = [one for one in node.decorator_list if isinstance(one, ast.Call) and ast.unparse(one.func) == "exercise"]
    names = [one.args[0].value for one in calls if one.args and isinstance(one.args[0], ast.Constant)]
    return [name for name in names if isinstance(name, str)]
