"""Every lesson as its reader meets it: all cells run, every check passes, figures are drawn."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.authored import find_root, lesson_keys, read_authored, read_lesson

ROOT = find_root(Path(__file__).parent)
KEYS = lesson_keys(ROOT)
LIMIT = 120  # seconds for one cell; a lesson's cells should take less in all


@pytest.mark.parametrize("key", KEYS)
def test_every_cell_of_the_solution_notebook_runs(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # two kernels that each want every core wait for each other
    lesson = read_lesson(ROOT, key)
    shutil.copy(lesson.public_checks, tmp_path)
    shutil.copy(lesson.release_notebook, tmp_path)  # check() reads the lesson's facts from it
    notebook = nbformat.read(lesson.source_notebook, as_version=4)
    NotebookClient(notebook, timeout=LIMIT, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    figures = [output for output in outputs if "image/png" in output.get("data", {})]
    printed = "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)
    assert len(figures) >= 2
    for exercise in lesson.exercises:
        assert f"✓ {exercise.name}:" in printed
    assert "Warning" not in printed


@pytest.mark.parametrize("key", KEYS)
def test_a_lesson_has_what_every_lesson_has(key: str) -> None:
    """Enough text, 6 to 8 exercises, two cells to predict, a question with a model answer, closing sections."""
    authored = read_authored(ROOT, key)
    text = authored.lesson.text.read_text(encoding="utf-8")
    prose = " ".join(cell.source for cell in authored.cells if cell.kind == "markdown")
    assert len(prose.split()) >= 1500
    assert 6 <= len(authored.lesson.exercises) <= 8
    assert len(re.findall(r"predict", prose, flags=re.IGNORECASE)) >= 2
    assert any(exercise.form for exercise in authored.lesson.exercises), "a TRACE, BUGHUNT or TESTWRITE"
    assert authored.lesson.questions
    assert "### BEGIN SOLUTION" in text
    for heading in ("What you can now do", "Further reading"):
        assert re.search(rf"^#+ .*{heading}", text, flags=re.MULTILINE | re.IGNORECASE), heading


INDEX_ROW = re.compile(r"\| (L\d\d) \| `(.+)` \| (.+) \| (\d) \| (.+) \| ?(.*) \|")


def test_the_index_lists_all_lessons_and_which_are_there() -> None:
    text = (ROOT / "docs/lessons.md").read_text(encoding="utf-8")
    rows = {row[0]: row[1:] for row in INDEX_ROW.findall(text)}
    assert list(rows) == [f"L{number:02d}" for number in range(1, 43)]
    assert [key for key, row in rows.items() if row[4].strip() == "yes"] == list(KEYS)
    for key in KEYS:
        lesson = read_lesson(ROOT, key)
        file, _, difficulty, level, _ = rows[key]
        assert (file, int(difficulty), level) == (lesson.text.name, lesson.difficulty, ", ".join(lesson.level))
        assert f"## Block {lesson.block}:" in text[: text.index(f"| {key} |")]
