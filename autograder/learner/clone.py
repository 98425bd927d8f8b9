"""The clone that a learner works in, as git knows it: the few questions and steps that `autograder update` needs.

Git is asked for facts only in forms meant for programs, so its language and version do not matter. Its own words are
shown where it refuses something: they name what this module cannot foresee.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")  # set where a hook of git runs us


class CloneError(Exception):
    """Git could not do what a step needs. The message says what happened, what was expected and what to do next."""


@dataclass(frozen=True)
class Clone:
    """A folder that is a git clone with a branch that follows another."""

    root: Path
    branch: str
    upstream: str  # "origin/main"

    @classmethod
    def at(cls, root: Path) -> Clone:
        """The clone in a folder.

        Raises:
            CloneError: If it is none, or there is no branch to pull into.
        """
        if not (root / ".git").exists():
            raise CloneError(
                f"{root} is no git clone, so there is nothing to pull. Expected the folder that `git clone` made. "
                "Clone the course anew, and copy your files of exercises/ into it."
            )
        inside = _git(root, "rev-parse", "--git-dir")
        if inside.returncode:
            raise CloneError(f"git cannot read the clone in {root}. {_said(inside)}")
        head = _git(root, "symbolic-ref", "--quiet", "--short", "HEAD")
        if head.returncode:
            raise CloneError(
                "no branch is checked out (git calls that a detached HEAD), so git does not know what to pull. "
                "Go back to the course's branch with `git switch main`, then run `autograder update` again."
            )
        branch = _text(head)
        upstream = _git(root, "rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{upstream}")
        if upstream.returncode:
            raise CloneError(
                f"the branch {branch} follows no branch of another repository, so git does not know what to pull. "
                f"Say which: `git branch --set-upstream-to=origin/{branch}`, then run `autograder update` again."
            )
        clone = cls(root, branch, _text(upstream))
        clone._refuse_unfinished_work()
        return clone

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self.commit("HEAD")

    def fetch(self) -> None:
        """Get what is new.

        Raises:
            CloneError: If the other repository cannot be reached.
        """
        done = _git(self.root, "fetch", "--quiet")
        if done.returncode:
            raise CloneError(
                f"git could not fetch what is new for {self.upstream}. {_said(done)} "
                "Is the network there? `git remote -v` shows the address. Then run `autograder update` again."
            )

    def commit(self, name: str) -> str:
        """The full hash of a commit."""
        return _text(self._ask("rev-parse", "--verify", f"{name}^{{commit}}"))

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether a commit is part of another's history."""
        return _git(self.root, "merge-base", "--is-ancestor", older, newer).returncode == 0

    def count(self, older: str, newer: str) -> int:
        """How many commits the newer one has and the older one has not."""
        return int(_text(self._ask("rev-list", "--count", f"{older}..{newer}")))

    def edited(self) -> tuple[str, ...]:
        """The files of the checked-out commit that were changed or removed, and staged new ones."""
        listed = self._ask("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames").stdout
        return tuple(os.fsdecode(entry[3:]) for entry in listed.split(b"\0") if entry)

    def differing(self, older: str, newer: str, *, only_added: bool = False) -> tuple[str, ...]:
        """The files that differ between two commits, or those that only the newer one has."""
        only = ("--diff-filter=A",) if only_added else ()
        listed = self._ask("diff", "--name-only", "--no-renames", "-z", *only, older, newer).stdout
        return tuple(os.fsdecode(entry) for entry in listed.split(b"\0") if entry)

    def read(self, commit: str, path: str) -> bytes | None:
        """A file as a commit has it; None if it has none."""
        done = _git(self.root, "cat-file", "blob", f"{commit}:{path}")
        return None if done.returncode else done.stdout

    def names(self, commit: str, folder: str) -> tuple[str, ...]:
        """The names of the files and folders in a folder, as a commit has it."""
        done = _git(self.root, "ls-tree", "-z", "--name-only", f"{commit}:{folder}")
        return () if done.returncode else tuple(os.fsdecode(name) for name in done.stdout.split(b"\0") if name)

    def restore(self, paths: Sequence[str]) -> None:
        """Bring files back to what the checked-out commit says; those it does not have are left alone."""
        known = [path for path in paths if self.read("HEAD", path) is not None]
        if known:
            self._ask("checkout", "--quiet", "HEAD", "--", *known)

    def discard(self, paths: Sequence[str]) -> None:
        """Bring files back to what the checked-out commit says; those it does not have are removed."""
        self.restore(paths)
        for path in paths:
            if self.read("HEAD", path) is None:
                self._ask("rm", "--quiet", "--cached", "--force", "--ignore-unmatch", "--", path)
                (self.root / path).unlink(missing_ok=True)

    def fast_forward(self, commit: str) -> None:
        """Check out a later commit of the branch."""
        self._ask("merge", "--quiet", "--ff-only", commit)

    def go_back(self, commit: str) -> None:
        """Make the branch, and every file that git knows, what they were at a commit. What was edited is lost."""
        self._ask("reset", "--quiet", "--hard", commit)

    def _refuse_unfinished_work(self) -> None:
        """Refuse a clone in the middle of a merge or a rebase.

        Raises:
            CloneError: If it is.
        """
        unfinished = {
            "MERGE_HEAD": ("merge", "git merge --abort"),
            "rebase-merge": ("rebase", "git rebase --abort"),
            "rebase-apply": ("rebase", "git rebase --abort"),
            "CHERRY_PICK_HEAD": ("cherry-pick", "git cherry-pick --abort"),
            "REVERT_HEAD": ("revert", "git revert --abort"),
        }
        for name, (what, command) in unfinished.items():
            if (self.root / _text(self._ask("rev-parse", "--git-path", name))).exists():
                raise CloneError(
                    f"a {what} of yours is not finished in this clone. Finish it, or give it up with `{command}`, "
                    "then run `autograder update` again."
                )

    def _ask(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        done = _git(self.root, *arguments)
        if done.returncode:
            raise CloneError(f"`git {arguments[0]}` failed. {_said(done)}")
        return done


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder.

    Raises:
        CloneError: If git is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _OURS}
    command = ["git", "--literal-pathspecs", "-c", "core.quotePath=false", *arguments]
    try:
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)  # noqa: S603 - words of ours, and names of files after `--`
    except FileNotFoundError as error:
        raise CloneError(
            "git is not installed, or not on the PATH. `autograder update` needs it: install it from https://git-scm.com."
        ) from error


def _text(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stdout.decode("utf-8", "replace").strip()


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    """Git's own words, on one line."""
    lines = done.stderr.decode("utf-8", "replace").split("\n")
    words = " ".join(line.strip() for line in lines if line.strip() and not line.startswith("hint:"))
    return f"It says: {words}" if words else "It does not say why."
