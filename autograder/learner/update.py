"""`autograder update`: pull what is new without losing, or mixing up, a line that the learner wrote.

Git refuses to pull when a file that was edited changed upstream, and stubs are files that learners edit. So, in this
order, each step leaving the clone as it was if it fails:

1. look: a clone on a branch, nothing edited outside of ``exercises/``; fetch; the branch can simply move forward;
2. plan: from the stub as it was, the learner's file, and the stub as it will be, work out every new file in memory;
3. keep: copy the learner's files to ``.autograder/backups/DATE``, and note there where the clone stood;
4. act: bring the edited files back to what git knows, move the branch forward, write the planned files.

Step 4 takes a moment. If it fails, the branch goes back and the learner's files are written again; if it is cut off
(a killed process, an empty battery), the note is still there, and the next update begins with the same repair.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.learner.clone import Clone, CloneError
from autograder.learner.update_plan import Changed, Plan, UpdateError, planned

_ENGINE = ("autograder/", "pyproject.toml", "constraints.txt")
MOST_NAMED = 8  # files in a message


@dataclass(frozen=True)
class Updated:
    """What an update did."""

    commits: int
    put_back: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # file -> the definitions answered in it
    changed: tuple[Changed, ...] = ()
    without_place: tuple[tuple[str, str], ...] = ()  # (file, definition): gone, so the answer has no place
    replaced: tuple[tuple[str, str], ...] = ()  # (file, definition or ""): both changed it, and upstream's stands
    unreadable: tuple[str, ...] = ()  # notebooks that were left alone
    backup: Path | None = None  # where the learner's files are kept as they were
    engine_changed: bool = False
    repaired: Path | None = None  # the backup of an interrupted earlier update that was put back first


@dataclass(frozen=True)
class _Unfinished:
    """The note that step 4 began: where the clone stood, and where the learner's files are kept."""

    base: str  # the commit that the learner's files came from
    target: str  # the commit to move to
    backup: str  # the name of the folder in .autograder/backups
    files: Mapping[str, str]  # of the learner: each with the digest of what was to be written; "" if nothing was

    @staticmethod
    def path(root: Path) -> Path:
        return root / ".autograder" / "update.json"

    @classmethod
    def read(cls, root: Path) -> _Unfinished | None:
        try:
            data = json.loads(cls.path(root).read_text(encoding="utf-8"))
            return cls(data["base"], data["target"], data["backup"], dict(data["files"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise UpdateError(
                f"{cls.path(root)} tells of an interrupted update and cannot be read ({error}). Your files of then are "
                f"in the newest folder of {root / '.autograder' / 'backups'}: compare them with exercises/, remove "
                "that note, then run `autograder update` again."
            ) from error

    def write(self, root: Path) -> None:
        _write(root, self.path(root), (json.dumps(asdict(self), indent=1) + "\n").encode())


def update(root: Path) -> Updated:
    """Pull what is new, and put the learner's answers into it.

    Raises:
        UpdateError: If it cannot be done; nothing of the learner's changed then.
    """
    try:
        clone = Clone.at(root)
        unfinished = _Unfinished.read(root)
        repaired = _repair(clone, unfinished) if unfinished is not None else None
        return _update(clone, unfinished, repaired)
    except CloneError as error:
        raise UpdateError(str(error)) from error
    except OSError as error:
        raise UpdateError(f"a file could not be read or written ({error}). Your files are as they were.") from error


def _update(clone: Clone, unfinished: _Unfinished | None, repaired: Path | None) -> Updated:
    edited = clone.edited()
    _refuse_edits_elsewhere(edited)
    clone.fetch()
    target, base = clone.commit("@{upstream}"), unfinished.base if unfinished else clone.head
    if clone.is_ancestor(target, base):
        _Unfinished.path(clone.root).unlink(missing_ok=True)
        return Updated(0, repaired=repaired)
    if not clone.is_ancestor(clone.head, target):
        count = clone.count(target, "HEAD")
        raise UpdateError(
            f"your branch {clone.branch} has {_commits(count)} that {clone.upstream} does not have, so it cannot "
            "simply move forward. Your files were not touched. If you commit your answers, combine both yourself with "
            "`git pull --rebase`; git shows where they meet."
        )
    _refuse_files_in_the_way(clone, target)
    differing = clone.differing(base, target)
    plan = planned(clone, base=base, target=target, edited=edited, differing=differing)
    backup = _back_up(clone.root, plan.mine) if plan.mine else None
    files = {path: _digest(plan.written.get(path)) for path in plan.mine}
    _Unfinished(base, target, backup.name if backup else "", files).write(clone.root)
    _act(clone, plan, base=base, target=target, edited=edited)
    _Unfinished.path(clone.root).unlink(missing_ok=True)
    return Updated(
        commits=clone.count(base, target),
        put_back=plan.put_back,
        changed=tuple(plan.changed),
        without_place=tuple(plan.without_place),
        replaced=tuple(plan.replaced),
        unreadable=tuple(plan.unreadable),
        backup=backup,
        engine_changed=any(path.startswith(_ENGINE) for path in differing),
        repaired=repaired,
    )


def _act(clone: Clone, plan: Plan, *, base: str, target: str, edited: Sequence[str]) -> None:
    """Move the branch forward and write the planned files; all or nothing."""
    before = clone.head
    try:
        clone.restore(edited)
        clone.fast_forward(target)
        for path, data in plan.written.items():
            _write(clone.root, clone.root / path, data)
    except BaseException as error:
        undone = _undo(clone, before, plan.mine)
        if undone and before == base:
            _Unfinished.path(clone.root).unlink(missing_ok=True)
        if isinstance(error, KeyboardInterrupt):
            raise UpdateError("stopped by you (Ctrl-C). Your files are as they were.") from error
        if isinstance(error, (OSError, CloneError)):
            raise UpdateError(f"{error} Your files are as they were. Run `autograder update` again.") from error
        raise


def _undo(clone: Clone, before: str, mine: Mapping[str, bytes | None]) -> bool:
    """Go back to the commit from before, and write the learner's files again; whether git could."""
    try:
        clone.go_back(before)
    except CloneError:
        return False  # what stopped the update may stop this too: the note stays
    finally:
        for path, data in mine.items():
            _write(clone.root, clone.root / path, data)
    return True


def _repair(clone: Clone, unfinished: _Unfinished) -> Path | None:
    """Undo what an interrupted update did, except to files that the learner has edited since."""
    backup = clone.root / ".autograder" / "backups" / unfinished.backup
    half_done = {*clone.edited(), *clone.differing("HEAD", unfinished.target, only_added=True)} - {*unfinished.files}
    clone.discard([path for path in half_done if _bytes_of(clone.root / path) == clone.read(unfinished.target, path)])
    for path, planned_digest in unfinished.files.items():
        now, before = _bytes_of(clone.root / path), _bytes_of(backup / path)
        made_by_us = (clone.read(unfinished.base, path), clone.read(unfinished.target, path), None)
        if before is not None and (now in made_by_us or _digest(now) == planned_digest):
            _write(clone.root, clone.root / path, before)
    return backup if unfinished.files else None


def _refuse_edits_elsewhere(edited: Sequence[str]) -> None:
    elsewhere = [path for path in edited if not path.startswith("exercises/")]
    if elsewhere:
        raise UpdateError(
            f"you changed {_named(elsewhere)}, and only what is in exercises/ can be put back by itself. Your files "
            "were not touched. Set these changes aside with `git stash`, run `autograder update` again, then "
            "`git stash pop`; or give them up with `git restore --staged --worktree FILE`."
        )


def _refuse_files_in_the_way(clone: Clone, target: str) -> None:
    """Refuse to write over a file of the learner's that git does not know and that is new upstream."""
    added = clone.differing("HEAD", target, only_added=True)
    present = [path for path in added if (clone.root / path).exists()]
    if present:
        raise UpdateError(
            f"you have files that are new in the course too: {_named(present)}. They would be written over. Your files "
            "were not touched. Give yours other names, then run `autograder update` again."
        )


def _back_up(root: Path, files: Mapping[str, bytes | None]) -> Path:
    """Copy the learner's files to a new folder."""
    day = time.strftime("%Y-%m-%dT%H-%M-%S")  # without colons: Windows has them in no name
    backup = _free(root / ".autograder" / "backups" / day)
    for path, data in files.items():
        _write(root, backup / path, data)
    return backup


def _free(path: Path) -> Path:
    names = (path, *(path.with_name(f"{path.name}-{number}") for number in range(2, 1000)))
    return next(one for one in names if not one.exists())


def _bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _digest(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()


def _write(root: Path, path: Path, data: bytes | None) -> None:
    """Write a file in one step, or remove it for None."""
    if data is None:
        path.unlink(missing_ok=True)
        return
    draft = root / ".autograder" / "update.draft"
    for folder in (draft.parent, path.parent):
        folder.mkdir(parents=True, exist_ok=True)
    draft.write_bytes(data)
    draft.replace(path)


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(paths[:MOST_NAMED]) + more


def _commits(count: int) -> str:
    return "1 commit" if count == 1 else f"{count} commits"
