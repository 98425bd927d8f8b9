"""Reading what authors write: front matter, the lesson's text, definitions, checks. Wrong lessons stop here.

Every complaint is a :class:`~autograder.lesson.LessonError`: ``file:line: what, expected, what next``.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.checks.mistakes import Mistake, MistakeError, mistake_source
from autograder.checks.trace import computed_in
from autograder.lesson import Exercise, Form, Lesson, LessonError, Question, exercise_from_metadata

LESSON_KEY = re.compile(r"^L\d\d$")
FULL_POINTS = 100.0
TRACE_POINTS = 5.0  # everybody could run the program instead of predicting it
_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"
_DEFINITION = (ast.FunctionDef, ast.ClassDef)
_REQUIRED = ("lesson", "title", "block", "level", "difficulty", "minutes", "module", "exercises")


@dataclass(frozen=True)
class Definition:
    """A top-level function or class with the decorators and comments that belong to it."""

    name: str
    line: int  # of the file, from 1
    source: str

    @property
    def has_region(self) -> bool:
        """Whether something in it is for the student to write."""
        return _BEGIN in self.source


@dataclass(frozen=True)
class Module:
    """An authored Python file, cut into its top-level pieces."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        try:
            return ast.parse(self.text)
        except SyntaxError as error:
            raise LessonError(self.path, error.lineno or 1, f"Python cannot read it: {error.msg}") from error

    @cached_property
    def definitions(self) -> Mapping[str, Definition]:
        """The top-level functions and classes, by name."""
        return {definition.name: definition for definition in self._definitions()}

    def _definitions(self) -> Iterator[Definition]:
        lines = self.text.split("\n")
        firsts = [_first_line(lines, node) for node in self.tree.body]
        for node, first, following in zip(self.tree.body, firsts, [*firsts[1:], len(lines) + 1], strict=True):
            if isinstance(node, _DEFINITION):
                yield Definition(node.name, node.lineno, "\n".join(lines[first - 1 : following - 1]).rstrip())

    def with_definitions(self, replacements: Mapping[str, str]) -> str:
        """The file's text with some definitions replaced."""
        text = self.text
        for name, source in replacements.items():
            text = text.replace(self.definitions[name].source, source, 1)
        return text


@dataclass(frozen=True)
class AuthoredCell:
    """A cell of the lesson's text, with the line it stands on."""

    kind: str
    source: str
    metadata: Mapping[str, Any]
    line: int


@dataclass(frozen=True)
class AuthoredLesson:
    """A lesson with everything its authors wrote about it, checked."""

    lesson: Lesson
    cells: tuple[AuthoredCell, ...]
    solution: Module
    starts: Mapping[str, Definition]

    @property
    def answer_definitions(self) -> tuple[str, ...]:
        """The definitions that hold exercises, in the lesson's order."""
        return tuple(dict.fromkeys(exercise.definition for exercise in self.lesson.exercises))


def find_root(start: Path | None = None) -> Path:
    """The course folder: ``start`` or the nearest folder above it with ``source/`` and ``nbgrader_config.py``.

    Raises:
        LessonError: If there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "source").is_dir() and (folder / "nbgrader_config.py").is_file():
            return folder
    raise LessonError(here, 0, "no course here: expected source/ and nbgrader_config.py. Go to the course's folder.")


def lesson_keys(root: Path) -> tuple[str, ...]:
    """The keys of all lessons in the tree."""
    return tuple(sorted(path.name for path in (root / "source").iterdir() if LESSON_KEY.match(path.name)))


def copy_lesson(root: Path, key: str, course: Path) -> None:
    """Give another course folder everything of one lesson that grading needs, and the config."""
    for part in ("source", "release", "solutions", "tests/hidden"):
        shutil.copytree(root / part / key, course / part / key, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "nbgrader_config.py", course)


def read_lesson(root: Path, key: str) -> Lesson:
    """Read a lesson's front matter.

    Raises:
        LessonError: If it is malformed, or there is no such lesson.
    """
    import yaml

    folder = root / "source" / key
    texts = sorted(folder.glob("*.md")) if LESSON_KEY.match(key) else []
    if len(texts) != 1:
        known = ", ".join(lesson_keys(root)) or "none"
        raise LessonError(folder, 1, f"no lesson {key!r}: expected one .md file here. Lessons: {known}.")
    path = texts[0]
    text = path.read_text(encoding="utf-8")
    match = re.match(r"---\n(.*?\n)---\n", text, flags=re.DOTALL)
    if match is None:
        raise LessonError(path, 1, "no front matter. Begin the file with --- and end the facts with ---.")
    try:
        facts = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise LessonError(path, mark.line + 2 if mark else 1, f"front matter is no YAML: {error}") from error
    return _lesson_from_facts(root, path, text, facts)


def read_authored(root: Path, key: str) -> AuthoredLesson:
    """Read and check all that authors wrote for a lesson.

    Raises:
        LessonError: At the first thing that is wrong.
    """
    lesson = read_lesson(root, key)
    solution = _read_module(lesson.solution)
    starts = _read_module(lesson.starts).definitions if lesson.starts.exists() else {}
    authored = AuthoredLesson(lesson, _read_cells(lesson), solution, starts)
    _check_solution(authored)
    _check_places(authored)
    _check_checks(lesson, lesson.public_checks)
    _check_checks(lesson, lesson.hidden_checks)
    read_mistakes(lesson, solution)
    read_alternatives(lesson)
    return authored


def read_mistakes(lesson: Lesson, solution: Module) -> tuple[tuple[Mistake, str], ...]:
    """The lesson's known mistakes, each with the whole wrong definition.

    Raises:
        LessonError: If the file is missing, names an unknown exercise, or an edit does not apply.
    """
    path = lesson.mistakes
    namespace: dict[str, Any] = {"__name__": "mistakes"}
    exec(compile(_read_module(path).text, str(path), "exec"), namespace)  # noqa: S102 - the course's own file
    found = []
    for number, mistake in enumerate(namespace.get("MISTAKES", ()), start=1):
        line = _line_of(path, mistake.says[:40])
        if mistake.exercise not in lesson.by_name:
            raise LessonError(path, line, f"a mistake for {mistake.exercise!r}, which is no exercise of {lesson.key}.")
        definition = lesson.by_name[mistake.exercise].definition
        try:
            source = mistake_source(mistake, solution.definitions[definition].source)
            ast.parse(source)
        except (MistakeError, SyntaxError) as error:
            raise LessonError(path, line, f"mistake {number} of {mistake.exercise!r}: {error}") from error
        found.append((mistake, source))
    return tuple(found)


def read_alternatives(lesson: Lesson) -> Mapping[str, str]:
    """The second correct implementation of each answer, by definition.

    Raises:
        LessonError: If one is missing.
    """
    module = _read_module(lesson.alternatives)
    for exercise in lesson.exercises:
        if exercise.definition not in module.definitions:
            raise LessonError(module.path, 1, f"no alternative answer for {exercise.definition!r}. Add one.")
    return {exercise.definition: module.definitions[exercise.definition].source for exercise in lesson.exercises}


def _lesson_from_facts(root: Path, path: Path, text: str, facts: Any) -> Lesson:
    if not isinstance(facts, dict):
        raise LessonError(path, 1, "front matter holds no facts. Expected `lesson:`, `title:`, ...")
    for name in _REQUIRED:
        if name not in facts:
            raise LessonError(path, 1, f"front matter has no `{name}:`. Add it.")
    if facts["lesson"] != path.parent.name:
        raise LessonError(
            path, _line_in(text, "lesson:"), f"lesson is {facts['lesson']!r} in folder {path.parent.name}."
        )
    exercises = tuple(_exercise(path, text, name, data) for name, data in (facts["exercises"] or {}).items())
    total = sum(exercise.points for exercise in exercises)
    if total != FULL_POINTS:
        line = _line_in(text, "exercises:")
        raise LessonError(path, line, f"the points of the exercises sum to {total:g}, expected {FULL_POINTS:g}.")
    _check_needs(path, text, exercises)
    return Lesson(
        key=facts["lesson"],
        title=str(facts["title"]),
        block=int(facts["block"]),
        level=tuple(facts["level"]),
        difficulty=int(facts["difficulty"]),
        minutes=int(facts["minutes"]),
        prerequisites=tuple(facts.get("prerequisites") or ()),
        exercises=exercises,
        questions=tuple(Question(name, float(q["points"])) for name, q in (facts.get("questions") or {}).items()),
        root=root,
        notebook=path.stem,
        module=str(facts["module"]),
    )


def _exercise(path: Path, text: str, name: str, data: Any) -> Exercise:
    line = _line_in(text, f"{name}:")
    if not str(name).isidentifier():
        raise LessonError(path, line, f"exercise {name!r} is no Python name. Use letters, digits and underscores.")
    if not isinstance(data, dict) or "points" not in data:
        raise LessonError(path, line, f'exercise "{name}" has no points. Add `points:`.')
    try:
        exercise = exercise_from_metadata({**data, "name": name})
    except (TypeError, ValueError) as error:
        raise LessonError(path, line, f'exercise "{name}": {error}') from error
    if not 1 <= len(exercise.hints) <= 3:
        raise LessonError(path, line, f'exercise "{name}" has {len(exercise.hints) or "no"} hints. Give one to three.')
    if exercise.forbidden and not exercise.instead:
        raise LessonError(path, line, f'exercise "{name}" forbids names. Say under `instead:` what is allowed.')
    if (exercise.max_changed_lines is not None) != (exercise.form is Form.BUGHUNT):
        raise LessonError(path, line, f'exercise "{name}": `form: bughunt` and `max_changed_lines:` go together.')
    if exercise.form is Form.TRACE and exercise.points > TRACE_POINTS:
        raise LessonError(
            path, line, f'exercise "{name}" has {exercise.points:g} points; a trace has at most {TRACE_POINTS:g}.'
        )
    return exercise


def _check_needs(path: Path, text: str, exercises: Sequence[Exercise]) -> None:
    earlier: set[str] = set()
    for exercise in exercises:
        for need in exercise.needs:
            if need not in earlier:
                line = _line_in(text, f"{exercise.name}:")
                raise LessonError(
                    path, line, f'exercise "{exercise.name}" needs "{need}", which is no earlier exercise.'
                )
        earlier.add(exercise.name)


def _read_module(path: Path) -> Module:
    if not path.is_file():
        raise LessonError(path, 1, "this file is missing. A lesson cannot be built without it.")
    return Module(path, path.read_text(encoding="utf-8"))


def _read_cells(lesson: Lesson) -> tuple[AuthoredCell, ...]:
    from jupytext.myst import myst_to_notebook

    text = lesson.text.read_text(encoding="utf-8")
    try:
        notebook = myst_to_notebook(text, add_source_map=True)
    except Exception as error:  # jupytext raises many kinds, all about this file
        raise LessonError(lesson.text, 1, f"this is no MyST notebook text: {error}") from error
    lines = notebook.metadata.get("source_map") or [1] * len(notebook.cells)
    return tuple(
        AuthoredCell(cell.cell_type, cell.source, dict(cell.metadata), line)
        for cell, line in zip(notebook.cells, lines, strict=True)
    )


def _check_solution(authored: AuthoredLesson) -> None:
    lesson, module = authored.lesson, authored.solution
    _check_regions(module)
    answers = set(authored.answer_definitions)
    for exercise in lesson.exercises:
        definition = module.definitions.get(exercise.definition)
        if definition is None:
            line = _line_of(lesson.text, f"{exercise.name}:")
            raise LessonError(lesson.text, line, f'exercise "{exercise.name}" has no definition in {module.path.name}.')
        _check_form(authored, exercise, definition)
        if not definition.has_region and exercise.definition not in authored.starts:
            raise LessonError(module.path, definition.line, f"solution {definition.name!r} has no {_BEGIN} region.")
    for definition in module.definitions.values():
        if definition.has_region and definition.name not in answers:
            raise LessonError(module.path, definition.line, f"{definition.name!r} has a region but is no exercise.")
        if definition.name not in answers:
            _check_given(module, definition, answers)
    for name, start in authored.starts.items():
        if name not in answers:
            raise LessonError(lesson.starts, start.line, f"a start for {name!r}, which is no exercise.")


def _check_form(authored: AuthoredLesson, exercise: Exercise, definition: Definition) -> None:
    if exercise.form is Form.BUGHUNT and exercise.definition not in authored.starts:
        starts = authored.lesson.starts
        raise LessonError(starts, 1, f"bughunt {exercise.name!r} has no start. Define it here, with its bugs.")
    if exercise.form is Form.TRACE and (computed := computed_in(definition.source, definition.name)):
        path = authored.solution.path
        raise LessonError(path, definition.line, f"trace {exercise.name!r} computes `{computed}`. Type a literal.")


def _check_regions(module: Module) -> None:
    inside = {
        line
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for line in range(node.body[0].lineno, _end_with_comments(module.text, node) + 1)
    }
    open_line = 0
    for number, line in enumerate(module.text.split("\n"), start=1):
        if _BEGIN in line or _END in line:
            if number not in inside:
                raise LessonError(module.path, number, f"`{line.strip()}` outside a function. Put it into a body.")
            if (_BEGIN in line) == bool(open_line):
                raise LessonError(module.path, number, f"`{line.strip()}` has no partner. Regions do not nest.")
            open_line = number if _BEGIN in line else 0
    if open_line:
        raise LessonError(module.path, open_line, f"`{_BEGIN}` is never closed. Add {_END}.")


def _end_with_comments(text: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The last line of a function, counting a trailing indented comment: the syntax tree drops it."""
    lines = text.split("\n")
    end = node.end_lineno or node.lineno
    while end < len(lines) and re.match(rf"\s{{{node.col_offset + 1},}}#", lines[end]):
        end += 1
    return end


def _check_given(module: Module, definition: Definition, answers: set[str]) -> None:
    for node in ast.walk(ast.parse(definition.source)):
        if isinstance(node, ast.Name) and node.id in answers:
            raise LessonError(module.path, definition.line, f"given {definition.name!r} calls exercise {node.id!r}.")


def _check_places(authored: AuthoredLesson) -> None:
    lesson = authored.lesson
    placed: dict[str, list[tuple[str, AuthoredCell]]] = {"exercise": [], "check": [], "given": [], "question": []}
    for cell in authored.cells:
        for option, places in placed.items():
            if option in cell.metadata:
                places.append((str(cell.metadata[option]), cell))
    wanted: dict[str, tuple[str, ...]] = {
        "exercise": authored.answer_definitions,
        "check": tuple(lesson.by_name),
        "given": tuple(name for name in authored.solution.definitions if name not in authored.answer_definitions),
        "question": tuple(question.name for question in lesson.questions),
    }
    for option, names in wanted.items():
        for name, cell in placed[option]:
            if name not in names:
                raise LessonError(lesson.text, cell.line, f"`:{option}: {name}`: unknown {option}. Known: {names}.")
            if option in ("exercise", "check", "given") and cell.source.strip():
                raise LessonError(lesson.text, cell.line, f"the cell of `:{option}: {name}` must be empty.")
        found = [name for name, _ in placed[option]]
        for wanted_name in names:
            if found.count(wanted_name) != 1:
                times = "has no place" if wanted_name not in found else "is placed twice"
                raise LessonError(lesson.text, 1, f"{option} {wanted_name!r} {times} in the text. Place it once.")


def _check_checks(lesson: Lesson, path: Path) -> None:
    checked: set[str] = set()
    for node in _read_module(path).tree.body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        exercise = _judged_exercise(node)
        if exercise is None:
            raise LessonError(path, node.lineno, f"{node.name} does not say which exercise it judges: @exercise(...).")
        if exercise not in lesson.by_name:
            raise LessonError(path, node.lineno, f"{node.name} judges {exercise!r}, which is no exercise.")
        if not ast.get_docstring(node):
            raise LessonError(path, node.lineno, f"{node.name} has no docstring. Its first line is what people read.")
        checked.add(exercise)
    for name in lesson.by_name:
        if name not in checked:
            raise LessonError(path, 1, f"exercise {name!r} has no check here. Write at least one.")


def _judged_exercise(node: ast.FunctionDef) -> str | None:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "exercise":
            first = decorator.args[0] if decorator.args else None
            return str(first.value) if isinstance(first, ast.Constant) else None
    return None


def _first_line(lines: Sequence[str], node: ast.stmt) -> int:
    """The first line of a statement, with its decorators and the comments right above it."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return first


def _line_in(text: str, needle: str) -> int:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip().startswith(needle):
            return number
    return 1


def _line_of(path: Path, needle: str) -> int:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if needle in line:
            return number
    return 1
