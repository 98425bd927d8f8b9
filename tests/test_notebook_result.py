"""What ``check("name")`` shows in a notebook: in a real kernel, as HTML and as plain text, with pictures."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
import timeit
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.image
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from autograder.checks import assert_close, assert_unchanged
from autograder.checks.failure import CheckFailure
from autograder.integrations import notebook_result
from autograder.integrations.excerpts import STRIP, excerpt_of
from autograder.integrations.heat_maps import picture_of
from autograder.integrations.notebook_result import CheckResult, Ended
from autograder.verdict import CheckVerdict, Kind, Status

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
SETUP = """
import sys
import numpy as np
from autograder import check, hint
def scale(x, factor):
    return x * factor
def center(x):
    return x - np.sum(x, axis=0) / len(x)
"""
CELLS = {  # what a cell does, by the name of the case
    "setup": SETUP,
    "right": 'check("scale")\nprint("matplotlib" in sys.modules)',
    "wrong": 'def center(x):\n    return x - x.sum(axis=0)\ncheck("center")',
    "misshapen": 'def center(x):\n    return x[:, 0]\ncheck("center")',
    "raising": f'def center(x):\n    raise ValueError("{HOSTILE}\\x1b[31m")\ncheck("center")',
    "forbidden": 'def center(x):\n    return x - np.mean(x, axis=0)\ncheck("center")',
    "bughunt": 'check("mend")',
    "misspelt": 'check("scal")',
    "unnamed": "check()",
    "of the function": "check(scale)",
    "not started": 'def scale(x, factor):\n    # YOUR CODE HERE\n    raise NotImplementedError()\ncheck("scale")',
    "skipped": 'check("center")',
    "renamed": 'del scale\ndef scales(x, factor):\n    return x * factor\ncheck("scale")',
    "without checks": 'import os\nos.rename("test_tiny.py", "gone.py")\ncheck("scale")',
    "broken checks": 'open("test_tiny.py", "w").write("import nothing_of_that_name")\ncheck("scale")',
    "elsewhere": 'os.mkdir("empty")\nos.chdir("empty")\ncheck("scale")',
}


@pytest.fixture(scope="module")
def ran(built_tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Any]]:
    """The outputs of every cell, from one kernel in a folder that holds what is released and nothing else."""
    folder = tmp_path_factory.mktemp("student")
    for name in ("01_Tiny.ipynb", "test_tiny.py"):
        (folder / name).write_bytes((built_tiny_course / "release/L01" / name).read_bytes())
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3", resources=resources).execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def shown(outputs: list[Any]) -> tuple[str, str]:
    """The two forms of the one result that was displayed."""
    (data,) = [output.data for output in outputs if output.output_type == "display_data"]
    assert set(data) == {"text/plain", "text/html"}
    return data["text/plain"], data["text/html"]


def error_of(outputs: list[Any]) -> Any:
    return next((output for output in outputs if output.output_type == "error"), None)


def pictures(page: str) -> list[np.ndarray[Any, Any]]:
    """The pictures of a page that have a text for who cannot see them: not the scales below."""
    found = re.findall(r'src="data:image/png;base64,([A-Za-z0-9+/=]+)" alt="[^"]', page)
    return [matplotlib.image.imread(io.BytesIO(base64.b64decode(data)), format="png") for data in found]


def test_a_passed_exercise_is_one_line_and_loads_no_matplotlib(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["right"])
    assert text == "✓ scale: all 1 public checks pass (40 points, if the hidden checks agree)."
    assert "<strong>scale</strong>: all 1 public checks pass (40 points" in page
    assert error_of(ran["right"]) is None
    assert [output.text for output in ran["right"] if output.output_type == "stream"] == ["False\n"]


def test_a_wrong_matrix_says_and_shows_it(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["wrong"])
    assert text.startswith("✗ center: not right yet, 2 of 3 public checks pass.\n\n✗ Every column has mean zero.\n")
    assert "result: expected" in text
    assert "Likely cause: " in text
    assert 'Stuck? hint("center") shows a hint.' in text
    for words in ("2 of 3 public checks pass", "Every column has mean zero.", "result: expected", "Likely cause:"):
        assert words in page
    assert [picture.shape[2] for picture in pictures(page)] == [4, 4, 4]
    assert "expected: 4 × 3 entries from" in page


def test_what_does_not_pass_ends_the_cell_as_an_error_without_a_stack(ran: Mapping[str, list[Any]]) -> None:
    """nbgrader's validation and "run all" see it; the words stand there once."""
    error = error_of(ran["wrong"])
    assert error.traceback == ["center: does not pass yet"]
    assert "Every column has mean zero." in error.evalue
    for case in ("raising", "misshapen", "forbidden", "not started", "skipped"):
        assert len(error_of(ran[case]).traceback) == 1


def test_a_wrong_shape_is_told_in_words_only(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["misshapen"])
    assert "expected shape (4, 3), got shape (4,)" in text
    assert "expected shape (4, 3), got shape (4,)" in page
    assert pictures(page) == []


def test_what_the_students_code_says_is_escaped(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["raising"])
    assert "ValueError" in text
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_error_is_told_once_with_the_line_of_the_cell(ran: Mapping[str, list[Any]]) -> None:
    text, _ = shown(ran["raising"])
    assert text.count("line 2 of your cell") == 1
    assert "the same error again, in the same line." in text
    assert ".py" not in text


def test_rules_of_the_text_are_shown_alike(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["forbidden"])
    assert "uses a forbidden name" in text
    assert "Use np.sum instead." in page


def test_an_exercise_not_started_says_so(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["not started"])
    assert text.startswith("○ scale: not started yet. Write your answer in place of `raise NotImplementedError()`")
    assert "<strong>scale</strong>: not started yet." in page
    assert error_of(ran["not started"]).traceback == ["scale: not started yet"]
    text, _ = shown(ran["bughunt"])
    assert "There is no `mend` here: run the cell that defines it" in text
    text, _ = shown(ran["renamed"])
    assert "Is `scales` meant to be `scale`?" in text


def test_an_exercise_that_needs_another_says_which(ran: Mapping[str, list[Any]]) -> None:
    text, page = shown(ran["skipped"])
    assert text == "· center is skipped: it needs scale, which does not pass yet. Run that check first."
    assert "<strong>center</strong> is skipped: it needs scale" in page


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("misspelt", "L01 has no exercise 'scal': is `scal` meant to be `scale`?"),
        ("misspelt", "The exercises of L01: scale, "),
        ("unnamed", 'Which exercise? Write its name, as in check("scale"). The exercises of L01: scale, center, mend.'),
        ("without checks", "test_tiny.py is not in "),
        (
            "broken checks",
            "test_tiny.py cannot be loaded (ModuleNotFoundError: No module named 'nothing_of_that_name')",
        ),
        ("elsewhere", "holds no lesson's notebook."),
    ],
)
def test_what_cannot_be_checked_is_told_without_a_stack(ran: Mapping[str, list[Any]], case: str, words: str) -> None:
    (line,) = error_of(ran[case]).traceback
    assert words in line


def test_a_function_is_taken_for_its_name(ran: Mapping[str, list[Any]]) -> None:
    assert shown(ran["of the function"])[0].startswith("✓ scale")


class Tags(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_a_page_brings_no_script_loads_nothing_and_has_no_background_of_its_own(ran: Mapping[str, list[Any]]) -> None:
    for case in ("right", "wrong", "raising", "not started", "skipped"):
        for tag, attributes in Tags(shown(ran[case])[1]).found:
            assert tag in {"div", "pre", "span", "strong", "code", "img"}
            assert set(attributes) <= {"class", "style", "src", "alt", "width", "height"}
            assert (attributes.get("src") or "data:image/png;base64,").startswith("data:image/png;base64,")
            style = attributes.get("style") or ""
            assert "url(" not in style
            assert not re.search(
                r"(?<![-\w])color: (?!inherit|#2b9348|#d9480f|#808080)|background: (?!transp|rgba)", style
            )


def test_plain_python_reads_plain_text(built_tiny_course: Path, tmp_path: Path) -> None:
    """A notebook converted with ``jupyter nbconvert --to script``, or a session in a terminal."""
    for name in ("01_Tiny.ipynb", "test_tiny.py"):
        (tmp_path / name).write_bytes((built_tiny_course / "release/L01" / name).read_bytes())
    script = tmp_path / "session.py"
    script.write_text(f'{SETUP}\ncheck("scale")\ndef center(x):\n    return x - x.sum(axis=0)\ncheck("center")\n')
    done = subprocess.run([sys.executable, script.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "✓ scale: all 1 public checks pass (40 points, if the hidden checks agree).\n"
    assert done.returncode == 1
    assert "NotYet: ✗ center: not right yet, 1 of 2 public checks pass." in done.stderr
    assert "Likely cause:" in done.stderr
    assert "<div" not in done.stdout + done.stderr


def test_it_needs_nothing_that_only_instructors_have() -> None:
    probe = "import sys, autograder.integrations.notebook\nprint(sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    for heavy in ("nbformat", "nbgrader", "nbconvert", "jupytext", "IPython", "msgspec", "yaml", "matplotlib", "torch"):
        assert f"'{heavy}'" not in done.stdout


# --- Pictures: which arrays have one, and what it shows.


def refused(actual: Any, expected: Any, **options: Any) -> CheckFailure:
    with pytest.raises(CheckFailure) as caught:
        assert_close(np.asarray(actual), np.asarray(expected), name="dW", **options)
    return caught.value


def matrix(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("shape", [(2, 3), (4, 3), (30, 10), (12, 12), (600, 400), (2000, 3), (8,), (500,), (1, 9)])
def test_arrays_that_a_picture_explains_have_three_panels(shape: tuple[int, ...]) -> None:
    picture = picture_of(refused(-matrix(*shape), matrix(*shape)))
    assert picture is not None
    assert [panel.title for panel in picture.panels] == ["expected", "yours", "yours − expected"]
    assert picture.is_strip == (1 in (len(shape), shape[0]))
    expected, yours, difference = picture.panels
    assert expected.ends == yours.ends
    assert float(difference.ends[0]) == -float(difference.ends[1])
    height, width = expected.size
    assert width <= (STRIP if picture.is_strip else 150)
    assert height <= 180


@pytest.mark.parametrize(
    ("actual", "expected"),
    [(1.0, 2.0), (matrix(3), -matrix(3)), (matrix(2, 2), -matrix(2, 2)), (matrix(3, 4), matrix(12)), (1j, 1 - 1j)],
)
def test_what_words_say_better_has_none(actual: Any, expected: Any) -> None:
    assert picture_of(refused(actual, expected)) is None


def test_a_transposed_matrix_shows_both_without_a_difference() -> None:
    picture = picture_of(refused(matrix(4, 6).T, matrix(4, 6)))
    assert picture is not None
    assert [panel.title for panel in picture.panels] == ["expected, (4, 6)", "yours, (6, 4)"]


def test_of_many_images_the_first_that_differs_is_shown() -> None:
    expected, actual = matrix(2, 3, 10, 10), matrix(2, 3, 10, 10)
    actual[1, 0, 4, 7] += 1
    actual[1, 2] *= 2
    excerpt = excerpt_of(refused(actual, expected))
    assert excerpt is not None
    assert excerpt.notes == ("dW[1, 0], the first of 2 that differ",)
    assert excerpt.first == (4, 7)
    assert (excerpt.expected == expected[1, 0]).all()
    assert (excerpt.yours == actual[1, 0]).all()


def test_colour_images_keep_their_colours() -> None:
    expected = np.random.default_rng(1).random((12, 12, 3))
    picture = picture_of(refused(expected[..., ::-1], expected))
    assert picture is not None
    assert picture.panels[0].scale is None
    assert picture.panels[2].scale is not None


def test_the_first_difference_is_the_one_that_the_words_name() -> None:
    """Entries within the check's own tolerance are no difference, however small it is elsewhere."""
    expected, actual = matrix(6, 5), matrix(6, 5) * 1.001
    actual[3, 2] += 1
    failure = refused(actual, expected, rtol=0.01)
    excerpt = excerpt_of(failure)
    assert "at [3, 2]" in failure.message
    assert excerpt is not None
    assert excerpt.first == (3, 2)


def test_a_thinned_matrix_keeps_its_largest_difference() -> None:
    expected, actual = np.zeros((600, 400)), np.zeros((600, 400))
    actual[333, 77] = 5
    picture = picture_of(refused(actual, expected))
    assert picture is not None
    assert picture.panels[1].ends == ("0", "5")
    assert "the largest difference of 5 × 5 entries" in picture.caption


def test_not_a_number_is_marked_and_does_not_spoil_the_scale() -> None:
    actual = matrix(5, 4)
    actual[1, 2], actual[3, 0] = np.nan, np.inf
    picture = picture_of(refused(actual, matrix(5, 4)))
    assert picture is not None
    assert "pink: NaN or infinite" in picture.caption
    assert "2 NaN or infinite" in picture.panels[1].words
    assert not {"nan", "inf"} & {end for panel in picture.panels for end in panel.ends}


@pytest.mark.parametrize("large", [1e308, 1e-310])
def test_the_largest_and_smallest_numbers_can_be_drawn(large: float) -> None:
    assert picture_of(refused(np.full((3, 3), -large), np.full((3, 3), large), rtol=0.0)) is not None


def test_a_modified_argument_is_shown_too() -> None:
    before = matrix(4, 3)
    with pytest.raises(CheckFailure) as caught:
        assert_unchanged(before * 2, before, name="x")
    assert picture_of(caught.value) is not None


def test_the_students_figures_and_settings_are_not_touched() -> None:
    settings = {"axes.grid": True, "image.cmap": "gray", "figure.dpi": 31, "savefig.bbox": "tight", "text.color": "red"}
    plain = picture_of(refused(-matrix(4, 3), matrix(4, 3)))
    with mpl.rc_context(settings):
        before = dict(mpl.rcParams)
        again = picture_of(refused(-matrix(4, 3), matrix(4, 3)))
        assert dict(mpl.rcParams) == before
    assert again == plain


def result_of(*failures: CheckFailure) -> CheckResult:
    ended = (
        Ended(CheckVerdict("check", HOSTILE, Kind.VALUE, 1.0, Status.FAILED, failure.message, failure.cause), failure)
        for failure in failures
    )
    return CheckResult("exercise", Status.FAILED, "exercise: not right yet", tuple(ended))


def test_a_picture_that_cannot_be_drawn_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of(refused(-matrix(4, 3), matrix(4, 3)))
    assert "<img" in result._repr_html_()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # what an import finds where there is none
    assert "<img" not in result._repr_html_()
    assert "opposite sign" in result._repr_html_()


def test_drawing_takes_less_than_300_ms() -> None:
    result = result_of(refused(-matrix(8, 5), matrix(8, 5)))  # 120 numbers: the slowest picture there is
    assert min(timeit.repeat(result._repr_html_, number=1, repeat=3)) < 0.3


def test_many_failures_stay_a_short_page() -> None:
    page = result_of(*[refused(-matrix(4, 3), matrix(4, 3))] * 5)._repr_html_()
    assert len(pictures(page)) == 3 * notebook_result.MOST_PICTURES
    assert page.count("Likely cause:") == 5
    assert "<script" not in page
    long = CheckFailure("x" * 100_000)
    assert len(result_of(long)._repr_html_()) < 10_000
