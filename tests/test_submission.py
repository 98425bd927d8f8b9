"""Rebuilding a submission from the release, whatever happened to the notebook."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.submission import (
    Role,
    Submission,
    UnreadableSubmission,
    definitions_only,
    parse_cell,
    read_json_notebook,
    read_module,
    read_notebook,
    rebuild_from_release,
    submission_of,
)

SCALE = "def scale(x, factor):\n    return x * factor"
CENTER = "def center(x):\n    return x - np.sum(x, axis=0) / len(x)"
Notebook = dict[str, Any]


@pytest.fixture
def released(built_tiny_course: Path) -> Notebook:
    return read_json_notebook(built_tiny_course / "release/L01/01_Tiny.ipynb")


@pytest.fixture
def solved(released: Notebook) -> Notebook:
    return answered(released, scale=SCALE, center=CENTER)


def answered(notebook: Notebook, **answers: str) -> Notebook:
    changed = copy.deepcopy(notebook)
    for cell in changed["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    return changed


def code(source: str, **metadata: object) -> Notebook:
    return {"cell_type": "code", "id": "mine", "metadata": metadata, "source": source, "outputs": []}


def cell_of(notebook: Notebook, grade_id: str) -> Notebook:
    found: Notebook = next(
        c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )
    return found


def judged(released: Notebook, submitted: Notebook) -> Submission:
    return submission_of(rebuild_from_release(released, submitted))


def test_the_release_itself_answers_nothing(released: Notebook) -> None:
    submission = judged(released, released)
    assert submission.answered == frozenset()
    assert submission.oddities == ()
    assert [cell.role for cell in submission.cells] == [Role.GIVEN, Role.GIVEN, Role.ANSWER, Role.ANSWER, Role.ANSWER]


def test_answers_are_taken_and_demos_are_not_executed(released: Notebook, solved: Notebook) -> None:
    submission = judged(released, solved)
    assert submission.answered == {"scale", "center"}
    assert submission.answers["scale"] == SCALE
    assert not any("a demo" in cell.source for cell in submission.cells)


def test_rebuilding_twice_changes_nothing(released: Notebook, solved: Notebook) -> None:
    solved["cells"].insert(4, code("import math\nEPS = 1e-8\nprint('hello')"))
    once = rebuild_from_release(released, solved)
    twice = rebuild_from_release(released, once.notebook)
    assert once.notebook == twice.notebook
    assert submission_of(once).digest == submission_of(twice).digest


def test_metadata_tags_and_points_change_nothing(released: Notebook, solved: Notebook) -> None:
    plain = judged(released, solved)
    for cell in solved["cells"]:
        cell["metadata"]["tags"] = ["skip-execution"]
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"points": 1000, "grade": False, "locked": False}
    submission = judged(released, solved)
    assert submission.cells == plain.cells
    assert any("points of the cell `check-scale`" in oddity for oddity in submission.oddities)


@pytest.mark.parametrize("stripped", ["metadata", "ids", "both"])
def test_cells_are_recognised_without_metadata_or_ids(released: Notebook, solved: Notebook, stripped: str) -> None:
    for cell in solved["cells"]:
        if stripped in ("metadata", "both"):
            cell["metadata"] = {}
        if stripped in ("ids", "both"):
            del cell["id"]
    assert judged(released, solved).answers.keys() == judged(released, released).answers.keys()
    assert {"scale", "center"} <= judged(released, solved).answered


def test_reordered_cells_are_executed_in_the_lessons_order(released: Notebook, solved: Notebook) -> None:
    plain = judged(released, solved)
    solved["cells"].reverse()
    submission = judged(released, solved)
    assert submission.cells == plain.cells
    assert any("another order" in oddity for oddity in submission.oddities)


def test_a_deleted_check_cell_comes_back(released: Notebook, solved: Notebook) -> None:
    solved["cells"].remove(cell_of(solved, "check-scale"))
    rebuilt = rebuild_from_release(released, solved)
    assert cell_of(rebuilt.notebook, "check-scale")["source"] == 'check("scale")'


def test_a_deleted_answer_is_missing_and_reported(released: Notebook, solved: Notebook) -> None:
    solved["cells"].remove(cell_of(solved, "scale"))
    submission = judged(released, solved)
    assert submission.answered == {"center"}
    assert "the answer cell of `scale` is missing" in submission.oddities


def test_an_answer_in_another_cell_counts(released: Notebook) -> None:
    moved = copy.deepcopy(released)
    moved["cells"].append(code(f"%matplotlib inline\n# my try\n{SCALE}\nprint(scale(1, 2))"))
    submission = judged(released, moved)
    assert submission.answers["scale"] == SCALE
    assert "the answer to `scale` was found in another cell" in submission.oddities


def test_an_answer_in_the_cell_of_another_answer_counts(released: Notebook) -> None:
    submission = judged(released, answered(released, center=f"{SCALE}\n\n{CENTER}"))
    assert submission.answered == {"scale", "center"}
    assert submission.answers["scale"] == SCALE


def test_another_cell_never_replaces_an_answer_or_given_code(released: Notebook, solved: Notebook) -> None:
    solved["cells"].append(
        code("def scale(x, f):\n    return 0\ndef double(x):\n    return 0\ndef helper():\n    return 1")
    )
    submission = judged(released, solved)
    assert submission.answers["scale"] == SCALE
    extra = [cell.source for cell in submission.cells if cell.role is Role.EXTRA]
    assert extra == ["def helper():\n    return 1"]


def test_a_split_answer_is_joined_in_order(released: Notebook) -> None:
    halves = answered(released, scale="def scale(x, factor):")
    second = copy.deepcopy(cell_of(halves, "scale"))
    second |= {"source": "    return x * factor", "id": "split"}
    halves["cells"].insert(halves["cells"].index(cell_of(halves, "scale")) + 1, second)
    submission = judged(released, halves)
    assert submission.answers["scale"] == SCALE
    assert "the cell `scale` is there more than once" in submission.oddities


def test_an_untouched_copy_of_the_stub_is_dropped(released: Notebook, solved: Notebook) -> None:
    solved["cells"].append(copy.deepcopy(cell_of(released, "scale")))
    assert judged(released, solved).answers["scale"] == SCALE


def test_a_comment_does_not_make_the_stub_an_answer(released: Notebook) -> None:
    stub = cell_of(released, "mend")["source"]
    assert judged(released, answered(released, mend=f"# done!\n{stub}\n")).answered == frozenset()


def test_a_changed_locked_cell_is_restored_and_its_text_kept(released: Notebook, solved: Notebook) -> None:
    cell_of(solved, "check-scale")["source"] = "print('full marks')"
    rebuilt = rebuild_from_release(released, solved)
    assert cell_of(rebuilt.notebook, "check-scale")["source"] == 'check("scale")'
    assert any(cell["source"] == "print('full marks')" for cell in rebuilt.notebook["cells"])
    assert any("`check-scale` was changed" in oddity for oddity in rebuilt.oddities)


def test_only_what_defines_something_runs_from_the_students_own_cells(released: Notebook, solved: Notebook) -> None:
    source = "import math\nEPS = 1e-8\nstate = expensive()\nprint(EPS)\nclass Helper:\n    pass\n!pip install evil"
    solved["cells"].insert(0, code(source))
    extras = [cell.source for cell in judged(released, solved).cells if cell.role is Role.EXTRA]
    assert extras == ["import math\n\nEPS = 1e-8\n\nclass Helper:\n    pass"]


def test_the_digest_depends_on_the_code_only(released: Notebook, solved: Notebook) -> None:
    other = copy.deepcopy(solved)
    other["metadata"]["language_info"] = {"version": "3.12"}
    for cell in other["cells"]:
        cell["execution_count"] = 7
        cell["source"] = cell["source"].splitlines(keepends=True)
    assert judged(released, solved).digest == judged(released, other).digest
    assert judged(released, solved).digest != judged(released, answered(solved, scale=SCALE + "  # mine")).digest


UNREADABLE = {
    "empty": ("", "is empty"),
    "not JSON": ("PK\x03\x04 a zip", "not JSON"),
    "no notebook": ('{"answer": 42}', "no list of cells"),
    "a list": ("[1, 2]", "no list of cells"),
    "another lesson": ('{"cells": [], "metadata": {"autograder": {"lesson": "L02"}}}', "notebook of L02, expected L01"),
    "nothing of it": ('{"cells": [{"cell_type": "code", "source": "1"}], "metadata": {}}', "holds nothing of L01"),
    "deep": ("[" * 100_000, "not JSON"),
}


@pytest.mark.parametrize("case", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_graded_says_why(tmp_path: Path, released: Notebook, case: tuple[str, str]) -> None:
    path = tmp_path / "01_Tiny.ipynb"
    path.write_text(case[0])
    with pytest.raises(UnreadableSubmission, match=case[1]):
        read_notebook(path, released=released)


ODD_CELLS: list[Any] = [
    None,
    3,
    {},
    {"cell_type": "code"},
    {"cell_type": 5, "source": 7, "metadata": []},
    {"cell_type": "code", "source": ["a", 1], "metadata": {"nbgrader": 3}, "id": {}},
    {"cell_type": "code", "source": "x", "metadata": {"nbgrader": {"grade_id": ["scale"]}}, "outputs": 3},
]


@pytest.mark.parametrize("odd", ODD_CELLS, ids=range(len(ODD_CELLS)))
def test_odd_cells_do_not_stop_grading(released: Notebook, solved: Notebook, odd: Any) -> None:
    solved["cells"].insert(3, odd)
    assert judged(released, solved).answered == {"scale", "center"}


def test_a_notebook_of_format_3_is_read(tmp_path: Path, released: Notebook, solved: Notebook) -> None:
    cells = [{"cell_type": c["cell_type"], "input": c["source"], "metadata": c["metadata"]} for c in solved["cells"]]
    path = tmp_path / "01_Tiny.ipynb"
    path.write_text(json.dumps({"worksheets": [{"cells": cells}], "metadata": {}, "nbformat": 3}))
    assert read_notebook(path, released=released).answered == {"scale", "center"}


def test_a_module_is_read_like_a_notebook(tmp_path: Path, released: Notebook, built_tiny_course: Path) -> None:
    stub = (built_tiny_course / "exercises/L01/tiny.py").read_text()
    path = tmp_path / "tiny.py"
    path.write_text(stub.replace("# YOUR CODE HERE\n    raise NotImplementedError()", "return x * factor", 1))
    submission = read_module(path, released=released)
    assert submission.answered == {"scale"}
    assert submission.oddities == ()
    path.write_text("def scale(:\n")
    with pytest.raises(UnreadableSubmission, match="line 1"):
        read_module(path, released=released)


def test_hand_in_fixture_of_the_other_lesson_is_refused(hand_in: Callable[..., Path], released: Notebook) -> None:
    with pytest.raises(UnreadableSubmission, match="notebook of L99"):
        read_notebook(hand_in("ann"), released=released)


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\ndef f(x):\n        y = x\n    return y",  # IPython's own reader raises for this
        "a = !ls\n" * 200,
        "\n" * 50_000 + "(",
        "x = " + "-" * 50_000 + "1",
        "x = '\0'",
    ],
    ids=["indent", "commands", "empty lines", "nested", "null"],
)
def test_a_cell_that_nobody_can_read_is_no_python(source: str) -> None:
    assert parse_cell(source)[0] is None
    assert definitions_only(source, []) == ""


def test_of_several_statements_on_a_line_only_those_that_count_are_kept() -> None:
    kept = definitions_only("a = 1; print(a); b = [2, 3]; scale = 4\nimport os; os.getcwd()", ["scale"])
    assert kept == "a = 1\n\nb = [2, 3]\n\nimport os"
    assert len(definitions_only("a = 1; " * 5000, [])) < 100_000


def test_a_file_too_large_for_a_notebook_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(2**40)  # a hole
    with pytest.raises(UnreadableSubmission, match="expected at most 100"):
        read_json_notebook(path)
