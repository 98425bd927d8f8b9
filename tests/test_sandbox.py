"""What this machine can enforce is said in sentences; work folders are watched and removed whatever is in them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from autograder import landlock, sandbox, system_calls, work_folder
from autograder.launch import _clean_environment
from autograder.lesson import Limits


def test_the_tier_says_a_sentence_for_each_part() -> None:
    sentences = sandbox.tier().sentences()
    assert [sentence.split(":")[0] for sentence in sentences] == ["own user id", "Landlock", "seccomp"]


@pytest.mark.parametrize(
    ("tier", "missing"),
    [
        (sandbox.Tier(own_uid=True, landlock=0, seccomp=""), "Landlock: no"),
        (sandbox.Tier(own_uid=True, landlock=6, seccomp="pyseccomp does not work here"), "seccomp: no"),
    ],
)
def test_grading_is_refused_where_a_worker_cannot_be_locked(
    monkeypatch: pytest.MonkeyPatch, tier: sandbox.Tier, missing: str
) -> None:
    monkeypatch.setattr(sandbox, "tier", lambda: tier)  # another kernel is no small real thing
    with pytest.raises(sandbox.SandboxUnavailable, match=missing) as problem:
        sandbox.require("full")
    assert "--sandbox none" in str(problem.value)
    assert sandbox.require("none") == tier


def test_an_ordinary_user_is_enough() -> None:
    assert sandbox.Tier(own_uid=False, landlock=1, seccomp="").is_enough


def test_the_repository_is_not_readable_and_the_package_is() -> None:
    package = Path(sandbox.__file__).resolve().parent
    paths = sandbox.readable_paths()
    assert package in paths
    hidden = package.parent / "tests" / "hidden" / "L06" / "test_mlp.py"
    assert not any(hidden.is_relative_to(path) for path in paths)
    assert not any(Path("/etc/shadow").is_relative_to(path) for path in paths)


def test_the_filter_compiles_to_whole_instructions_and_knows_its_calls() -> None:
    program = system_calls.filter_program(landlock_version=landlock.version())
    assert len(program) % 8 == 0
    assert len(system_calls.filter_program(landlock_version=2)) > len(program) or landlock.version() < 3  # truncate


def test_the_warm_parent_gets_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", "hush")
    environment = _clean_environment()
    assert "hush" not in environment.values()
    assert environment["OMP_NUM_THREADS"] == "1"


def _nested(folder: Path, depth: int) -> None:
    """Make folders deeper than any path can name."""
    start = os.open(folder, os.O_RDONLY)
    descriptor = os.dup(start)
    for _ in range(depth):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    os.close(start)


def test_three_thousand_nested_folders_are_removed(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    _nested(folder, 3000)
    work_folder.remove(folder)
    assert not folder.exists()


def test_removing_follows_no_link_and_needs_no_permission(tmp_path: Path) -> None:
    folder, precious = tmp_path / "work", tmp_path / "precious"
    (folder / "a" / "b").mkdir(parents=True)
    precious.mkdir()
    (precious / "gradebook.db").write_text("marks")
    (folder / "a" / "b" / "link").symlink_to(precious)
    (folder / "link").symlink_to(precious / "gradebook.db")
    (folder / "a" / "b").chmod(0)
    (folder / "a").chmod(0)
    work_folder.remove(folder)
    assert not folder.exists()
    assert (precious / "gradebook.db").read_text() == "marks"
    assert precious.stat().st_mode & 0o700 == 0o700


def test_a_removed_folder_can_be_removed_again(tmp_path: Path) -> None:
    work_folder.remove(tmp_path / "absent")


def test_too_many_files_too_deep_folders_and_too_much_are_excess(tmp_path: Path) -> None:
    assert work_folder.excess(tmp_path, os.getpid(), Limits()) == ""
    (tmp_path / "many").mkdir()
    for number in range(Limits.files + 1):
        (tmp_path / "many" / str(number)).touch()
    assert "more than 2000 files" in work_folder.excess(tmp_path, os.getpid(), Limits())
    deep = tmp_path / "deep"
    deep.mkdir()
    _nested(deep, work_folder.MAX_DEPTH + 2)
    assert "deep" in work_folder.excess(deep, os.getpid(), Limits())
    work_folder.remove(deep)


def test_a_sparse_file_is_no_excess_and_a_removed_one_is_counted(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    assert work_folder.excess(tmp_path, os.getpid(), Limits()) == ""
    with (tmp_path / "gone").open("wb") as file:
        (tmp_path / "gone").unlink()
        for _ in range(9):
            file.write(bytes(2**24))
        file.flush()
        assert "MB to disk" in work_folder.excess(tmp_path, os.getpid(), Limits())


def test_this_process_is_not_locked_by_asking() -> None:
    sandbox.tier()
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY
    assert Path("/etc/passwd").read_text()


@pytest.mark.parametrize("command", ["doctor", "grade L99"])
def test_on_another_system_grading_says_what_it_needs(command: str, tmp_path: Path) -> None:
    """The name of the system is the only thing of another one that can be had here."""
    program = "import sys; sys.platform = 'darwin'; from autograder.cli import main; main()"
    words = [sys.executable, "-c", program, *command.split()]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "grading needs Linux, and this is darwin" in done.stderr
