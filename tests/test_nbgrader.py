"""nbgrader's own commands, with the repository's config, on a real course with a real gradebook."""

from __future__ import annotations

import csv
import json
import logging
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import PyFileConfigLoader

from autograder.checks.failure import Raised
from autograder.integrations.feedback import (
    NO_MARK,
    judged_notebook,
    oddities_cell,
    verdict_html,
    verdict_output,
)
from autograder.integrations.nbgrader import show_as_text
from autograder.referee import Judgement
from autograder.verdict import CheckVerdict, ExerciseVerdict, Kind, Report, Status
from autograder.worker import CellRun

DOUBLE = "def double(x):\n    return 2 * x"
SQUARE = "def double(x):\n    return x * x"
SHIFT = "def shift(x, by):\n    return x + by"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"

HandIn = Callable[..., Path]


@pytest.fixture
def api(tiny_course: Path, registered_gradebook: Path, monkeypatch: pytest.MonkeyPatch) -> NbGraderAPI:
    """nbgrader's API on the tiny course, L99 registered."""
    monkeypatch.chdir(tiny_course)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tiny_course / "jupyter"))
    config = PyFileConfigLoader("nbgrader_config.py", path=str(tiny_course)).load_config()
    shutil.copy(registered_gradebook, tiny_course)
    return NbGraderAPI(config=config, log_level=logging.ERROR)


def marks(api: NbGraderAPI, student: str) -> dict[str, float | None]:
    with api.gradebook as gradebook:
        notebook = gradebook.find_submission_notebook("99_Tiny", "L99", student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def waiting(api: NbGraderAPI, student: str) -> set[str]:
    with api.gradebook as gradebook:
        notebook = gradebook.find_submission_notebook("99_Tiny", "L99", student)
        return {grade.name for grade in notebook.grades if grade.needs_manual_grade}


def graded(course: Path, student: str) -> Any:
    return nbformat.read(course / "autograded" / student / "L99" / "99_Tiny.ipynb", as_version=4)


def cell_of(notebook: Any, grade_id: str) -> Any:
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def verdict(points: float | None, **facts: Any) -> ExerciseVerdict:
    status = facts.pop("status", Status.PASSED if points else Status.FAILED)
    return ExerciseVerdict("double", status, points, 60.0, **facts)


@pytest.mark.parametrize("points", [0.0, 60.0, 17.14, 1 / 3, 59.999999])
def test_nbgrader_reads_the_mark_of_a_verdict(points: float) -> None:
    facts = {"grade": True, "solution": False, "locked": True, "grade_id": "check-double", "points": 60.0}
    cell = nbformat.v4.new_code_cell("", outputs=[nbformat.from_dict(verdict_output(verdict(points)))])
    cell.metadata["nbgrader"] = facts
    assert utils.determine_grade(cell) == (points, 60.0)


def test_a_broken_check_is_never_read_as_full_marks() -> None:
    output = nbformat.from_dict(verdict_output(verdict(None, status=Status.BROKEN)))
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "locked": True, "grade_id": "c", "points": 60.0}
    assert NO_MARK in "".join(output.traceback)
    assert utils.determine_grade(cell)[0] == 0


def test_what_students_decide_is_escaped_and_bounded() -> None:
    check = CheckVerdict("c", "Title " + EVIL, Kind.CONDITION, 1, Status.FAILED, EVIL + "x" * 10**6, "\x1b[31m\u202e")
    html = verdict_html(verdict(0.0, message=EVIL, checks=(check,) * 1000))
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert len(html) < 300_000


def test_a_verdict_names_checks_and_causes() -> None:
    checks = (
        CheckVerdict("a", "Every entry is doubled.", Kind.VALUE, 1, Status.FAILED, "expected 2, got 3", "you added"),
        CheckVerdict("b", "The input is unchanged.", Kind.CONDITION, 1, Status.PASSED, "not shown"),
    )
    html = verdict_html(verdict(0.0, message="you added", checks=checks, judged_with="solution"))
    for text in ("Every entry is doubled.", "expected 2, got 3", "you added", "0 of 60 points", "course's solutions"):
        assert text in html
    assert "not shown" not in html


def test_oddities_cannot_leave_their_note() -> None:
    source = oddities_cell([f"file\n\n{EVIL}\n\n[x](javascript:alert(1))", *["odd"] * 100])["source"]
    assert "<script" not in source
    assert "\n\n" not in source  # inside HTML, Markdown starts again after an empty line
    assert "and 71 more" in source


@pytest.mark.parametrize(
    "text",
    [EVIL, "[x](javascript:alert(1))", "[x](&#106;avascript:alert(1))", "[x]\n\n[x]: javascript:alert(1)",
     "$\\href{javascript:alert(1)}{x}$", "<a href='javascript:alert(1)'>x</a>", "<javascript:alert(1)>"],
)  # fmt: skip
def test_students_markdown_does_nothing_on_a_page(text: str) -> None:
    from nbconvert.filters import markdown2html

    page = _Tags()
    page.feed(markdown2html(show_as_text(text)))
    assert {tag for tag, _ in page.found} <= {"p", "a", "ul", "li"}
    assert not [value for _, names in page.found for name, value in names if name in ("href", "src")]
    assert "\\href{" not in show_as_text(text)


class _Tags(HTMLParser):
    """Collects the tags that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def test_students_markdown_keeps_links_formulas_and_quotes() -> None:
    text = "> a quote, $x < y$, `a <b`, [a link](https://example.org), **bold**"
    assert show_as_text(text).replace("\u200b", "") == text
    assert "](https://example.org)" in show_as_text(text)


def test_displayed_outputs_are_filtered_and_kept() -> None:
    png = "iVBORw0KGgo="
    outputs = [
        {"output_type": "display_data", "data": {"text/html": EVIL, "text/plain": ["a", "b"]}, "metadata": {}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}, "metadata": {}},
        {"output_type": "display_data", "data": {"image/png": png}, "metadata": {"image/png": {"width": '"><script>'}}},
        {"output_type": "display_data", "data": {"image/png": '"><script>'}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
        "no output",
    ]
    demo = {"cell_type": "code", "id": "d", "metadata": {}, "source": "", "execution_count": 3, "outputs": outputs}
    raw = {"cell_type": "raw", "id": "r", "metadata": {}, "source": EVIL}
    notebook = {"cells": [demo, raw], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    judged = judged_notebook(notebook, Judgement(Report("L99", "ann", "", ())))
    nbformat.validate(nbformat.from_dict(judged))
    shown = judged["cells"][0]["outputs"]
    assert [output.get("data", output.get("text")) for output in shown] == [
        {"text/plain": "ab"}, {"image/png": png}, "one\ntwo\n"]  # fmt: skip
    assert shown[1]["metadata"] == {}
    assert judged["cells"][1]["metadata"]["raw_mimetype"] == "text/plain"


def test_executed_cells_show_what_the_worker_displayed() -> None:
    metadata = {"nbgrader": {"grade_id": "double", "solution": True, "grade": False}}
    old = [{"output_type": "stream", "name": "stdout", "text": "claimed by the student"}]
    cell = {"cell_type": "code", "id": "double", "metadata": metadata, "source": "", "outputs": old}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    seen = {"output_type": "stream", "name": "stdout", "text": "seen"}
    run = CellRun("double", (seen,), Raised("E", "", "", 0, "", ()))
    judged = judged_notebook(notebook, Judgement(Report("L99", "ann", "", ()), (run,)))
    assert [output["text"] for output in judged["cells"][0]["outputs"]] == ["seen"]


def test_generate_assignment_gives_the_release_that_was_built(api: NbGraderAPI, tiny_course: Path) -> None:
    before = {path: path.read_bytes() for path in (tiny_course / "release").rglob("*.*")}
    result = api.generate_assignment("L99", force=True)
    assert result["success"], result
    assert before == {path: path.read_bytes() for path in (tiny_course / "release").rglob("*.*")}
    notebook = nbformat.read(tiny_course / "release/L99/99_Tiny.ipynb", as_version=4)
    assert "return x - by" in cell_of(notebook, "shift").source  # the start of a BUGHUNT
    assert "autograder" not in cell_of(notebook, "shift").metadata


def test_autograde_writes_the_referees_marks(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    hand_in("ann", double=DOUBLE, shift=SHIFT, why="Because!")
    hand_in("bob", double=SQUARE)
    result = api.autograde("L99", "*")
    assert result["success"], result
    assert marks(api, "ann") == {"check-double": 60.0, "check-shift": 40.0, "why": None}
    assert marks(api, "bob") == {"check-double": 0.0, "check-shift": 0.0, "why": 0.0}
    assert waiting(api, "ann") == {"why"}
    assert waiting(api, "bob") == set()
    with api.gradebook as gradebook:
        comment = gradebook.find_comment("shift", "99_Tiny", "L99", "bob")
        assert comment.auto_comment == "No response."
        assert gradebook.find_comment("double", "99_Tiny", "L99", "bob").auto_comment is None
    output = cell_of(graded(tiny_course, "bob"), "check-double").outputs[0]
    assert output.data["text/plain"] == "0"
    assert "squares x instead of doubling it" in output.data["text/html"]


def test_a_file_that_is_no_notebook_fails_alone(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    hand_in("a1").write_text("")
    hand_in("a2").write_text("hello")
    hand_in("a3").write_text(json.dumps({"cells": [], "metadata": {"autograder": {"lesson": "L07"}}}))
    hand_in("a4").write_bytes(b"\xff\xfe\x00{")
    (link := hand_in("a5")).unlink()
    link.symlink_to(tiny_course / "source/L99/99_Tiny.ipynb")
    hand_in("zoe", double=DOUBLE)
    result = api.autograde("L99", "*")
    assert not result["success"]
    for student in ("a1", "a2", "a3", "a4", "a5"):
        assert set(marks(api, student).values()) == {None}
        assert f"for student '{student}'" in result["log"]
        assert not (tiny_course / "autograded" / student / "L99").exists()
    assert marks(api, "zoe")["check-double"] == 60.0
    assert "There was an error processing assignment" in result["log"]


def test_a_failed_regrade_takes_the_old_mark_back(api: NbGraderAPI, hand_in: HandIn) -> None:
    path = hand_in("ann", double=DOUBLE)
    assert api.autograde("L99", "ann")["success"]
    path.write_text("not a notebook any more")
    assert not api.autograde("L99", "ann")["success"]
    assert set(marks(api, "ann").values()) == {None}
    assert waiting(api, "ann") == {"check-double", "check-shift", "why"}


def test_mangled_metadata_stops_nothing(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    path = hand_in("ann", double=DOUBLE, shift=SHIFT)
    notebook = json.loads(path.read_text())
    for cell in list(notebook["cells"]):
        grading = cell["metadata"].get("nbgrader")
        if grading:
            grading.update(schema_version=1, points=1000)
            cell["metadata"]["tags"] = ["skip-execution"]
            notebook["cells"].append(cell)  # a copy with the same grade_id
    notebook["cells"][2]["outputs"] = [{"output_type": "nonsense"}, 7]
    path.write_text(json.dumps(notebook))
    result = api.autograde("L99", "*")
    assert result["success"], result
    assert marks(api, "ann")["check-double"] == 60.0
    note = graded(tiny_course, "ann").cells[0]
    assert "more than once" in note.source
    assert "nbgrader" not in note.metadata


def test_a_linked_file_does_not_reach_the_graded_folder(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    folder = hand_in("ann", double=DOUBLE).parent
    (folder / "stolen.txt").symlink_to(tiny_course / "solutions/L99/tiny.py")
    (folder / "mine.txt").write_text("mine")
    (folder / "test_tiny.py").symlink_to(tiny_course / "solutions/L99/tiny.py")
    assert api.autograde("L99", "*")["success"]
    place = tiny_course / "autograded/ann/L99"
    assert not (place / "stolen.txt").exists()
    assert (place / "mine.txt").read_text() == "mine"
    assert (place / "test_tiny.py").read_text() == (tiny_course / "source/L99/test_tiny.py").read_text()
    assert not list(place.glob("*.md"))
    assert "stolen.txt is a link" in graded(tiny_course, "ann").cells[0].source


def test_a_broken_check_gives_no_mark_and_no_feedback(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    hand_in("ann", double=DOUBLE, shift=SHIFT)
    checks = tiny_course / "tests/hidden/L99/test_tiny.py"
    text = checks.read_text()
    checks.write_text(text.replace("    x = rng.normal(size=7)", "    x = {}['oops']"))
    assert api.autograde("L99", "*")["success"]
    assert marks(api, "ann") == {"check-double": 60.0, "check-shift": None, "why": 0.0}
    assert waiting(api, "ann") == {"check-shift"}
    assert NO_MARK in "".join(cell_of(graded(tiny_course, "ann"), "check-shift").outputs[0].traceback)
    result = api.generate_feedback("L99", "ann")
    assert not result["success"]
    assert "feedback withheld from ann" in result["log"]
    assert not list(tiny_course.glob("feedback/ann/L99/*.html"))
    checks.write_text(text)
    assert api.autograde("L99", "ann")["success"]
    assert marks(api, "ann")["check-shift"] == 40.0
    assert api.generate_feedback("L99", "ann")["success"]


def test_feedback_shows_verdicts_and_no_secrets(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    script = {"cell_type": "markdown", "id": "m1", "metadata": {}, "source": EVIL}
    raw = {"cell_type": "raw", "id": "m2", "metadata": {"raw_mimetype": "text/html"}, "source": EVIL}
    code = {"cell_type": "code", "id": "m3", "metadata": {}, "source": f"x = '{EVIL}'", "execution_count": 1,
            "outputs": [{"output_type": "execute_result", "data": {"text/html": EVIL}, "metadata": {},
                         "execution_count": 1}]}  # fmt: skip
    hand_in("ann", double=SQUARE, shift=SHIFT, why=f"Well. {EVIL}", extra=(script, raw, code))
    assert api.autograde("L99", "*")["success"]
    assert api.generate_feedback("L99")["success"]
    page = (tiny_course / "feedback/ann/L99/99_Tiny.html").read_text()
    assert "squares x instead of doubling it" in page
    assert "Negative numbers are doubled, too." in page
    assert "40 of 40 points" in page
    assert "SECRET_OF_THE_COURSE" not in page
    assert "7_654_321" not in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_formgrader_and_export_find_everything(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    hand_in("ann", double=DOUBLE, shift=SHIFT, why=f"Well. {EVIL}")
    assert api.autograde("L99", "*")["success"]
    (submission,) = api.get_submissions("L99")
    assert (submission["student"], submission["score"], submission["max_score"]) == ("ann", 100.0, 110.0)
    assert submission["autograded"]
    assert submission["needs_manual_grade"]
    (notebook,) = api.get_notebook_submissions("L99", "99_Tiny")
    assert notebook["code_score"] == 100.0
    (notebook,) = api.get_student_notebook_submissions("ann", "L99")
    assert notebook["score"] == 100.0
    assert _formgrader_page(api, tiny_course, "ann").count("<script>alert") == 0
    assert _exported(api, tiny_course)[0]["score"] == "100.0"


def _formgrader_page(api: NbGraderAPI, course: Path, student: str) -> str:
    from nbconvert.exporters import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    config = api.config.copy()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    facts = {"assignment_id": "L99", "submission_id": "1", "notebook_id": "99_Tiny", "index": 0, "total": 1,
             "base_url": "/", "mathjax_url": "", "student": student, "last_name": "", "first_name": "",
             "notebook_path": "x"}  # fmt: skip
    path = course / "autograded" / student / "L99" / "99_Tiny.ipynb"
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=facts)
    assert "60 of 60 points" in page
    return str(page)


def _exported(api: NbGraderAPI, course: Path) -> list[dict[str, str]]:
    from nbgrader.plugins import CsvExportPlugin

    plugin = CsvExportPlugin(config=api.config)
    plugin.to = str(course / "grades.csv")
    with Gradebook(api.coursedir.db_url, api.course_id) as gradebook:
        plugin.export(gradebook)
    with (course / "grades.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_graded_notebook_can_be_handed_in_again(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    path = hand_in("ann", double=DOUBLE, extra=("no cell",))  # type: ignore[arg-type]
    assert api.autograde("L99", "ann")["success"]
    first = graded(tiny_course, "ann")
    assert "a cell that is no cell" in first.cells[0].source
    first.cells.append(first.cells[3])
    path.write_text(nbformat.writes(first))
    assert api.autograde("L99", "ann")["success"]
    again = graded(tiny_course, "ann")
    assert marks(api, "ann")["check-double"] == 60.0
    assert "more than once" in again.cells[0].source
    assert len({cell.id for cell in again.cells}) == len(again.cells)


def test_text_that_utf8_cannot_say_costs_nothing(api: NbGraderAPI, tiny_course: Path, hand_in: HandIn) -> None:
    odd = "\ud800 \x00 \x1b[31m"
    code = {"cell_type": "code", "id": "m1", "metadata": {}, "source": f"# {odd}", "execution_count": 1,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": odd}]}  # fmt: skip
    hand_in("ann", double=f"{DOUBLE}  # \ud800", why=odd, extra=(code,))
    result = api.autograde("L99", "*")
    assert result["success"], result
    assert marks(api, "ann") == {"check-double": 60.0, "check-shift": 0.0, "why": None}
    assert api.generate_feedback("L99")["success"]
    assert (tiny_course / "feedback/ann/L99/99_Tiny.html").exists()
