"""``autograder status``, ``hint``, ``solution``, ``reset``, ``open``: each run as a process, as a learner would."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authored import find_root
from autograder.learner.curriculum import lessons_there, public_lesson
from autograder.learner.fresh_start import stub_text

ROOT = find_root(Path(__file__).parent)
MODULE = "exercises/L01/tiny.py"
Say = Callable[..., str]


@pytest.fixture
def say(tiny_course: Path) -> Say:
    """Runs a command in the tiny course and gives what it prints, on either stream, in a given encoding."""

    def say(*arguments: str, encoding: str = "utf-8", cwd: Path = tiny_course) -> str:
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        command = [sys.executable, "-c", "from autograder.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding=encoding, check=False)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return say


@pytest.fixture
def stub(tiny_course: Path) -> str:
    return (tiny_course / MODULE).read_text(encoding="utf-8")


def answered(stub: str, definition: str, answer: str) -> str:
    """A module with the first line to write in a definition written."""
    before, start, after = stub.partition(f"def {definition}(")
    return before + start + re.sub(r"# YOUR CODE HERE\n *raise NotImplementedError\(\)", answer, after, count=1)


def test_status_of_the_course_is_there_from_the_beginning(say: Say) -> None:
    said = say("status")
    assert "L01  A tiny lesson" in said
    assert "0.0 of 100, 0 of 3 solved" in said
    assert "Next: L01 scale, in exercises/L01/tiny.py. To work on it: autograder watch L01" in said


def test_status_lists_lessons_to_come_in_one_line_a_block(say: Say) -> None:
    said = say("status", cwd=ROOT)
    assert "Block 1: Foundations" in said
    assert re.search(r"L39 to L42 +Practical and deployment", said)
    assert re.search(r"L42 .*solved", said) is None


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_every_command_prints_in_every_encoding(say: Say, tiny_course: Path, stub: str, encoding: str) -> None:
    (tiny_course / MODULE).write_text(answered(stub, "scale", "return x  # ✓ → é"), encoding="utf-8")
    said = say("status", "L01", encoding=encoding)
    assert ("○ scale" if encoding == "utf-8" else "o scale") in said
    say("solution", "L01", "scale", encoding=encoding)
    assert "+    return x * factor" in say("solution", "L01", "scale", encoding=encoding)
    assert "Hint 1 of 2" in say("hint", "L01", "scale", encoding=encoding)
    assert "Yours is kept as tiny.py.yours" in say("reset", "L01", "scale", encoding=encoding)
    assert (tiny_course / f"{MODULE}.yours").read_text(encoding="utf-8").count("✓ → é") == 1


def test_hints_come_one_after_another_and_are_remembered(say: Say) -> None:
    first = say("hint", "L01", "scale")
    assert first == "Hint 1 of 2: Look at the shapes.\nNext: autograder hint L01 scale\n"
    assert say("hint", "L01", "scale") == "Hint 2 of 2: Broadcasting does it.\n"
    assert "There are no more" in say("hint", "L01", "scale")
    assert say("hint", "L01", "scale", "1").startswith("Hint 1 of 2: ")
    assert "there is no hint 7" in say("hint", "L01", "scale", "7")
    assert "2 of 2 hints" in say("status", "L01")


def test_a_misspelt_name_finds_the_one_that_was_meant(say: Say) -> None:
    for command in ("hint", "solution", "reset"):
        assert "is `scael` meant to be `scale`?" in say(command, "L01", "scael")
    assert "It has: scale, center, mend." in say("hint", "L01", "nothing_like_it")
    for said in ("l01", "1", "L1", "L01/"):
        assert "A tiny lesson" in say("status", said)
    assert "is `LO1` meant to be `L01`?" in say("status", "LO1")
    assert "there is no lesson L42. Lessons: L01, L99." in say("watch", "L42")
    assert "L42 is not written yet" in say("open", "42", cwd=ROOT)


def test_the_solution_is_shown_when_it_is_solved_or_asked_for_twice(say: Say, tiny_course: Path, stub: str) -> None:
    first = say("solution", "L01", "scale")
    assert "not solved yet" in first
    assert "2 hints that you have not seen" in first
    assert "return x * factor" not in first
    second = say("solution", "L01", "scale")
    assert "return x * factor" in second
    assert "SOLUTION" not in second
    (tiny_course / MODULE).write_text(answered(stub, "scale", "return factor * x"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "exercises/L01", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=tiny_course, capture_output=True, check=False)
    beside = say("solution", "L01", "scale")
    assert "-    return factor * x" in beside
    assert "+    return x * factor" in beside
    assert "solution seen" not in say("status", "L01")


def test_reset_puts_one_stub_back_and_leaves_the_rest(say: Say, tiny_course: Path, stub: str) -> None:
    module = tiny_course / MODULE
    both = answered(answered(stub, "scale", "return x * factor"), "center", "return x") + "\n\nMINE = 'é'\n"
    module.write_text(both, encoding="utf-8")
    said = say("reset", "L01", "scale")
    assert "scale starts anew in exercises/L01/tiny.py. Yours is kept as tiny.py.yours." in said
    assert module.read_text(encoding="utf-8") == answered(stub, "center", "return x") + "\n\nMINE = 'é'\n"
    assert module.with_name("tiny.py.yours").read_text(encoding="utf-8") == both
    assert "scale is as it was given already" in say("reset", "L01", "scale")
    assert "tiny.py.yours2" in say("reset", "L01")
    assert module.read_text(encoding="utf-8") == stub


def test_reset_of_a_lesson_gives_what_a_fresh_clone_has(say: Say, tiny_course: Path) -> None:
    """Of the real course too: the stub is made from the same parts as the build makes it from."""
    for key in lessons_there(ROOT):
        lesson = public_lesson(ROOT, key)
        recorded = (ROOT / "exercises" / key / ".stub").read_text(encoding="utf-8").strip()
        assert hashlib.sha256(stub_text(ROOT, lesson).encode()).hexdigest() == recorded
    (tiny_course / MODULE).unlink()
    assert "exercises/L01/tiny.py starts anew.\n" in say("reset", "L01")
    assert "as it was given already" in say("reset", "L01")


def test_reset_puts_a_lost_definition_back(say: Say, tiny_course: Path, stub: str) -> None:
    module = tiny_course / MODULE
    module.write_text(stub.replace("def scale(", "def scael("), encoding="utf-8")
    say("reset", "L01", "scale")
    text = module.read_text(encoding="utf-8")
    assert text.startswith(stub.replace("def scale(", "def scael(").rstrip())
    assert "def scale(" in text


def test_reset_of_an_exercise_in_a_file_that_python_cannot_read_says_what_to_do(
    say: Say, tiny_course: Path, stub: str
) -> None:
    (tiny_course / MODULE).write_text(stub + "\ndef f(:\n", encoding="utf-8")
    said = say("reset", "L01", "scale")
    assert "Mend that line first, or: `autograder reset L01`" in said
    assert not (tiny_course / f"{MODULE}.yours").exists()


def test_reset_knows_the_notebook_on_the_desk(say: Say, tiny_course: Path) -> None:
    assert "jupyter lab exercises/L01/01_Tiny.ipynb" in say("open", "L01")
    path = tiny_course / "exercises/L01/01_Tiny.ipynb"
    fresh = path.read_bytes()
    notebook = json.loads(fresh)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "scale":
            stub = "".join(cell["source"])
            cell["source"] = ["def scale(x, factor):\n", "    return 'é'"]
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["old"]}]
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    said = say("reset", "L01", "scale")
    assert "scale starts anew in exercises/L01/01_Tiny.ipynb" in said
    assert "Reload Notebook from Disk" in said
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    mine = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade_id") == "scale"]
    assert ["".join(cell["source"]) for cell in mine] == [stub]
    assert mine[0]["outputs"] == []
    assert path.read_bytes() == fresh
    path.write_text("{}", encoding="utf-8")
    assert "01_Tiny.ipynb starts anew. Yours is kept as 01_Tiny.ipynb.yours2." in say("reset", "L01")
    assert path.read_bytes() == fresh


def test_outside_of_a_course_it_says_where_to_go(say: Say, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert "Go to the course's folder" in say("status", cwd=tmp_path / "elsewhere")


def test_help_is_quick_because_it_imports_nothing_large() -> None:
    script = (
        "import sys\nfrom autograder.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "print({'torch', 'rich', 'watchfiles', 'nbgrader', 'IPython', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
    assert all(f"\n  {command} " in done.stdout for command in ("status", "watch", "hint", "solution", "reset", "open"))
