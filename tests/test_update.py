"""`autograder update` with real git repositories: a bare origin, and the clone of a learner in the middle of L01.

Upstream has one newer commit on the branch ``next``; publishing it moves ``main`` there. In it the stub of ``scale``, a
public check of ``center`` and given code are others, and ``mend`` is called ``repair``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULE = "exercises/L01/tiny.py"
NOTEBOOK = "exercises/L01/01_Tiny.ipynb"

ANSWERED = '''"""Mine."""

import math

import numpy as np

FACTOR = float(1)  # größer


def double(x):
    """Given: twice x."""
    return 2 * x


# my own scale
def scale(x, factor):
    """Multiply every row of x (N, D) by its factor (D,)."""
    return helper(x) * factor * math.cos(0)


def helper(x):
    return np.asarray(x) * FACTOR


def center(x):
    return scale(x - np.sum(x, axis=0) / len(x), np.ones(x.shape[1]))


def mend(x):
    """The sum of each row of x (N, D)."""
    y = np.asarray(x)
    return y.sum(axis=1)


if __name__ == "__main__":
    print(scale(np.ones(2), 3.0))
'''


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@dataclass(frozen=True)
class Learner:
    """A clone, and what somebody does in it."""

    root: Path
    origin: Path

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8", newline="\n")

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")

    def publish(self) -> None:
        git(self.origin, "update-ref", "refs/heads/main", "refs/heads/next")

    def update(self, **environment: str) -> str:
        return self.autograder("update", **environment)

    def autograder(self, *arguments: str, **environment: str) -> str:
        command = [sys.executable, "-c", "from autograder.cli import main; main()", *arguments]
        done = subprocess.run(
            command,
            cwd=self.root,
            capture_output=True,
            env={**os.environ, **environment},
            encoding="utf-8",
            check=False,
        )
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"

    def all_files(self) -> dict[str, bytes]:
        """Everything in the clone except git's own folder and ours."""
        files = [path for path in self.root.rglob("*") if path.is_file()]
        found = {path.relative_to(self.root).as_posix(): path.read_bytes() for path in files}
        return {path: data for path, data in found.items() if not path.startswith((".git/", ".autograder/"))}

    def backups(self) -> list[Path]:
        return sorted((self.root / ".autograder/backups").glob("*"))

    def answer_in_notebook(self, **answers: str) -> None:
        notebook = json.loads(self.read("release/L01/01_Tiny.ipynb"))
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id")
            cell["source"] = answers.get(name, cell["source"])
        notebook["cells"].append({"cell_type": "markdown", "id": "mine", "metadata": {}, "source": "My nötes."})
        self.write(NOTEBOOK, json.dumps(notebook))


@pytest.fixture(scope="session")
def published(built_tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bare origin with the tiny course on ``main``, and a newer version of it on ``next``."""
    from autograder.build import build_lesson, write_built

    work = shutil.copytree(built_tiny_course, tmp_path_factory.mktemp("published") / "work")
    for name in (".gitignore", ".gitattributes"):
        shutil.copy(HERE.parent / name, work)
    git(work, "init", "--quiet")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "one")
    git(work, "switch", "--quiet", "--create", "next")
    for path in [*work.glob("source/L01/*.md"), *work.glob("s*/L01/*.py"), *work.glob("tests/hidden/L01/*.py")]:
        text = path.read_text(encoding="utf-8").replace("mend", "repair")
        text = text.replace("Multiply every row of x (N, D) by", "Scale every row of x (N, D) by")
        text = text.replace("x - x.mean(axis=0)", "x - x.sum(axis=0) / len(x)").replace(
            "Given: twice", "Given: two times"
        )
        path.write_text(text, encoding="utf-8", newline="\n")
    write_built(build_lesson(work, "L01"))
    git(work, "commit", "--quiet", "--all", "--message", "two")
    git(work, "switch", "--quiet", "main")
    origin = work.parent / "origin.git"
    git(work, "clone", "--quiet", "--bare", str(work), str(origin))
    return origin


@pytest.fixture
def learner(published: Path, tmp_path: Path) -> Learner:
    """A fresh clone of a fresh origin, with nothing new in it yet."""
    origin = shutil.copytree(published, tmp_path / "origin.git")
    git(tmp_path, "clone", "--quiet", str(origin), "clone")
    return Learner(tmp_path / "clone", origin)


def test_without_anything_new_it_says_so_and_touches_nothing(learner: Learner) -> None:
    learner.write(MODULE, ANSWERED)
    before = learner.all_files()
    said = learner.update()
    assert said.startswith("exit 0")
    assert "nothing new" in said
    assert learner.all_files() == before
    assert not learner.backups()


def test_an_untouched_desk_is_simply_pulled(learner: Learner) -> None:
    learner.publish()
    assert learner.update().startswith("exit 0")
    assert git(learner.root, "rev-parse", "HEAD") == git(learner.origin, "rev-parse", "next")
    assert git(learner.root, "status", "--porcelain") == ""
    assert not learner.backups()


def test_answers_and_own_code_go_into_the_new_stub(learner: Learner) -> None:
    learner.write(MODULE, ANSWERED)
    assert learner.autograder("check", "L01", "scale").startswith("exit 0")
    learner.publish()
    said = learner.update()
    assert said.startswith("exit 0")
    text = learner.read(MODULE)
    for own in ("import math\n", "FACTOR = float(1)  # größer", "# my own scale\ndef scale", "def helper", "__main__"):
        assert text.count(own) == 1
    assert "Given: two times x" in text
    assert (
        'def scale(x, factor):\n    """Scale every row of x (N, D) by its factor (D,)."""\n    return helper(x)' in text
    )
    assert "def repair(x):" in text
    assert "def mend" not in text
    assert text.startswith('"""Mine."""\n')
    compile(text, "tiny.py", "exec")
    assert f"{MODULE}: scale, center" in said
    assert "L01 scale (solved): its stub" in said
    assert "L01 center: its public checks" in said
    assert "mend" in said
    backup = learner.backups()[0]
    assert (backup / MODULE).read_text(encoding="utf-8") == ANSWERED
    assert str(backup.relative_to(learner.root) / MODULE) in said
    assert git(learner.root, "status", "--porcelain").split() == ["M", MODULE]
    assert "nothing new" in learner.update()
    assert learner.read(MODULE) == text


def test_answers_in_a_notebook_go_into_the_new_notebook(learner: Learner) -> None:
    learner.answer_in_notebook(scale="def scale(x, factor):\n    return x * factor", mend="def mend(x):\n    return 1")
    mine = learner.read(NOTEBOOK)
    learner.publish()
    said = learner.update()
    assert said.startswith("exit 0")
    cells = json.loads(learner.read(NOTEBOOK))["cells"]
    sources = ["".join(cell["source"]) for cell in cells]
    assert "def scale(x, factor):\n    return x * factor" in sources
    assert "My nötes." in sources
    assert any("def repair" in source for source in sources)
    assert any("Given: two times" in source for source in sources)
    assert not any("Given: twice" in source for source in sources)
    released = json.loads(learner.read("release/L01/01_Tiny.ipynb"))["cells"]
    known = {cell["id"]: cell["metadata"] for cell in released}
    assert all(cell["metadata"] == known[cell["id"]] for cell in cells if cell["id"] in known)
    assert f"{NOTEBOOK}: scale" in said
    assert (learner.backups()[0] / NOTEBOOK).read_text(encoding="utf-8") == mine


def test_edited_checks_are_kept_where_upstream_left_them_and_named_where_not(learner: Learner) -> None:
    learner.write("exercises/pytest.ini", learner.read("exercises/pytest.ini") + "# mine\n")
    learner.write("exercises/L01/test_tiny.py", learner.read("exercises/L01/test_tiny.py") + "# mine\n")
    learner.publish()
    said = learner.update()
    assert said.startswith("exit 0")
    assert learner.read("exercises/pytest.ini").endswith("# mine\n")
    assert not learner.read("exercises/L01/test_tiny.py").endswith("# mine\n")
    assert "exercises/L01/test_tiny.py" in said
    assert (learner.backups()[0] / "exercises/L01/test_tiny.py").read_text(encoding="utf-8").endswith("# mine\n")


def test_line_ends_of_windows_cost_nothing(learner: Learner) -> None:
    (learner.root / MODULE).write_bytes(ANSWERED.replace("\n", "\r\n").encode())
    learner.publish()
    assert learner.update().startswith("exit 0")
    text = learner.read(MODULE)
    assert "# my own scale\ndef scale" in text
    compile(text, "tiny.py", "exec")


def away(learner: Learner) -> None:
    shutil.move(learner.origin, learner.origin.with_name("gone.git"))


def detached(learner: Learner) -> None:
    git(learner.root, "checkout", "--quiet", "--detach")


def no_clone(learner: Learner) -> None:
    shutil.move(learner.root / ".git", learner.root.parent / "git-of-the-clone")


def edited_elsewhere(learner: Learner) -> None:
    learner.write("nbgrader_config.py", learner.read("nbgrader_config.py") + "# mine\n")


def committed(learner: Learner) -> None:
    git(learner.root, "commit", "--quiet", "--all", "--message", "mine")


def unreadable(learner: Learner) -> None:
    learner.write(MODULE, ANSWERED.replace("def helper(x):", "def helper(x:"))


def no_upstream(learner: Learner) -> None:
    git(learner.root, "branch", "--unset-upstream")


def locked(learner: Learner) -> None:
    (learner.root / ".git/index.lock").touch()


def refused_by_a_hook(learner: Learner) -> None:
    """Git has written the new files when it comes to moving the branch."""
    hook = learner.root / ".git/hooks/reference-transaction"
    hook.write_text('#!/bin/sh\nif [ "$1" = prepared ] && grep -q " refs/heads/main$"; then exit 1; fi\n')
    hook.chmod(0o755)


@pytest.mark.parametrize(
    ("obstacle", "words"),
    [
        (away, ("could not fetch", "Is the network there?")),
        (detached, ("no branch is checked out", "git switch main")),
        (no_clone, ("is no git clone", "Clone the course anew")),
        (edited_elsewhere, ("you changed nbgrader_config.py", "git stash")),
        (committed, ("has 1 commit that origin/main does not have", "git pull --rebase")),
        (unreadable, (f"{MODULE}, line 21", "Python cannot read it", "Mend that line")),
        (no_upstream, ("follows no branch", "--set-upstream-to=origin/main")),
        (locked, ("`git checkout` failed", "index.lock", "Your files are as they were")),
        (refused_by_a_hook, ("`git merge` failed", "Your files are as they were")),
    ],
)
def test_whatever_stops_it_leaves_all_files_as_they_were_and_says_what_to_do(
    learner: Learner, obstacle: Callable[[Learner], None], words: tuple[str, ...]
) -> None:
    learner.write(MODULE, ANSWERED)
    learner.answer_in_notebook(center="def center(x):\n    return x")
    obstacle(learner)
    learner.publish() if learner.origin.exists() else None
    before = learner.all_files()
    said = learner.update()
    assert said.startswith("exit 1")
    assert "Traceback" not in said
    for word in words:
        assert word in said
    assert learner.all_files() == before
    if (learner.root / ".git").exists() and obstacle is not locked:
        assert git(learner.root, "rev-parse", "HEAD") != git(learner.root, "rev-parse", "refs/remotes/origin/next")


def test_a_file_of_ones_own_that_is_new_upstream_is_not_written_over(learner: Learner, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(learner.origin), "author")
    (tmp_path / "author/exercises/L01/notes.txt").write_text("the course's")
    git(tmp_path / "author", "add", "--all")
    git(tmp_path / "author", "commit", "--quiet", "--message", "notes")
    git(tmp_path / "author", "push", "--quiet")
    learner.write("exercises/L01/notes.txt", "mine")
    said = learner.update()
    assert said.startswith("exit 1")
    assert "exercises/L01/notes.txt" in said
    assert learner.read("exercises/L01/notes.txt") == "mine"


def kill_at(learner: Learner, moment: str) -> None:
    """An update that a hook of git kills: before it moves the branch, while it does, or after."""
    hook = learner.root / ".git/hooks" / moment
    kill = "kill -9 $(ps -o ppid= -p $PPID)"
    if moment == "reference-transaction":
        kill = f'if [ "$1" = prepared ] && grep -q " refs/heads/main$"; then {kill}; exit 1; fi'
    hook.write_text(f"#!/bin/sh\n{kill}\n")
    hook.chmod(0o755)
    assert learner.update().startswith("exit -9")
    assert learner.read(MODULE) != ANSWERED
    hook.unlink()


@pytest.mark.parametrize("moment", ["post-checkout", "reference-transaction", "post-merge"])
def test_an_update_that_was_killed_is_mended_by_the_next(learner: Learner, moment: str) -> None:
    learner.write(MODULE, ANSWERED)
    learner.answer_in_notebook(center="def center(x):\n    return x")
    learner.publish()
    kill_at(learner, moment)
    git(learner.root, "remote", "set-url", "origin", "nowhere")
    assert learner.update().startswith("exit 1")
    assert learner.read(MODULE) == ANSWERED
    git(learner.root, "remote", "set-url", "origin", str(learner.origin))
    said = learner.update()
    assert said.startswith("exit 0")
    assert "interrupted" in said
    text = learner.read(MODULE)
    assert "# my own scale\ndef scale" in text
    assert "def repair(x):" in text
    assert "def center(x):\\n    return x" in learner.read(NOTEBOOK)
    assert "nothing new" in learner.update()


def test_what_was_edited_after_an_update_was_killed_is_kept(learner: Learner) -> None:
    learner.write(MODULE, ANSWERED)
    learner.publish()
    kill_at(learner, "post-merge")
    learner.write(MODULE, ANSWERED.replace("def helper(x):", "def helper(x):  # since then"))
    assert learner.update().startswith("exit 0")
    assert "def helper(x):  # since then" in learner.read(MODULE)
    assert "def repair(x):" in learner.read(MODULE)


def test_it_speaks_on_a_windows_console(learner: Learner) -> None:
    learner.write(MODULE, ANSWERED)
    learner.publish()
    said = learner.update(PYTHONIOENCODING="cp1252", PYTHONUTF8="0", LC_ALL="C")
    assert said.startswith("exit 0")
    assert "größer" in learner.read(MODULE)
