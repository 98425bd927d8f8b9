"""Whole submissions that attack the grader: none gains anything, hurts the next one, or leaves something behind.

The attacks are in ``tests/submissions/hostile`` (its README says how they are written). Each has a control: the same
submission where nothing is locked, or judged in the student's own process, does succeed. So the suite can fail.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.authored import read_lesson
from autograder.checking import run_check, verdict_of
from autograder.grading import Handed, grade_one
from autograder.integrations.feedback import judged_notebook
from autograder.referee import Judgement, Referee
from autograder.sandbox import Mode
from autograder.submission import Cell, read_notebook, submission_of
from autograder.trusted import TrustedDesk
from autograder.verdict import exercise_points, report_to_dict
from autograder.worker import WarmParent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux")

HOSTILE = Path(__file__).parent / "submissions" / "hostile"
FAMILIES = ("reading", "forging", "patching", "exhausting", "escaping", "same_user", "leaving", "looking_up")
EXERCISES = {"double": 40, "mean": 20, "Line": 40}
CANARY = f"canary-{secrets.token_hex(8)}"
REACHED, LEFT = "REACHED", "left-behind"
MOST_SECONDS, MOST_KB = 15.0, 400_000  # of the referee for one submission: it must not do a student's work
SYSV_KEY = 0x4C454654


@dataclass(frozen=True)
class Attack:
    """One file: its cells by name ("" for a student's own), and what must come of it."""

    name: str
    title: str
    facts: dict[str, str]
    cells: tuple[tuple[str, str], ...]

    @property
    def statuses(self) -> dict[str, str]:
        return {name: self.facts.get(name, "passed") for name in EXERCISES}

    @property
    def control(self) -> str:
        return self.facts["control"].split(":")[0].split()[0]


@cache
def attack(name: str) -> Attack:
    """Read an attack; the docstring holds its facts."""
    head, *parts = (HOSTILE / f"{name}.py").read_text(encoding="utf-8").split("# %%")
    title, _, rest = head.strip().strip('"').strip().partition("\n")
    facts = dict(line.strip().split(": ", 1) for line in rest.strip().splitlines() if line.strip())
    cells = [part.partition("\n") for part in parts]
    return Attack(name, title, facts, tuple((where.strip(), source.strip("\n")) for where, _, source in cells))


ATTACKS = tuple(str(path.relative_to(HOSTILE).with_suffix("")) for path in sorted(HOSTILE.glob("*/*.py")))


@pytest.fixture(scope="module")
def course(built_tiny_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with L98, and the canary in all that students must not see."""
    from autograder.build import build_lesson, write_built

    root = shutil.copytree(built_tiny_course, tmp_path_factory.mktemp("attacked") / "course")
    write_built(build_lesson(root, "L98"))
    for secret in ("tests/hidden/L98/test_locked.py", "tests/hidden/L98/mistakes.py", "solutions/L98/locked.py"):
        path = root / secret
        path.write_text(f"{path.read_text()}\n{'CANARY'} = {CANARY!r}\n")
    for secret in ("gradebook.db", "submitted/bea/L98/98_Locked.ipynb", ".autograder/secret"):
        path = root / secret
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
        path.chmod(0o666)  # only the lock-down keeps a worker from it
    return root


@dataclass
class Grader:
    """A referee of the attacked course with one warm parent for all attacks."""

    referee: Referee
    course: Path
    parent: WarmParent

    def grade(self, attack: Attack | None) -> tuple[Judgement, str]:
        """Judge as ``autograder grade`` does; also returns all that staff can read."""
        folder = self.course / "submitted" / "eve" / "L98"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "98_Locked.ipynb").write_text(json.dumps(self.handed_in(attack)), encoding="utf-8")
        graded = grade_one(self.referee, Handed("eve", folder))
        assert graded.notebook is not None, graded.judgement.report
        page = judged_notebook(graded.notebook, graded.judgement)
        return graded.judgement, json.dumps([report_to_dict(graded.judgement.report), page])

    def handed_in(self, attack: Attack | None) -> dict[str, Any]:
        answers = dict(self.referee.solution.answers)
        own = []
        for where, source in attack.cells if attack else ():
            text = source.replace("@COURSE@", str(self.course)).replace("@REFEREE@", str(os.getpid()))
            if where:
                answers[where] = text
            else:
                own.append(text)
        notebook: dict[str, Any] = json.loads(json.dumps(self.referee.released))
        for cell in notebook["cells"]:
            cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
        start = next(n for n, cell in enumerate(notebook["cells"]) if cell["metadata"].get("nbgrader"))
        code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
        notebook["cells"][start:start] = [{**code, "id": f"own-{n}", "source": text} for n, text in enumerate(own)]
        return notebook

    @classmethod
    def start(cls, course: Path, mode: Mode) -> Grader:
        parent = WarmParent.start(mode=mode)
        referee = Referee(read_lesson(course, "L98"), parent=parent, secret=CANARY.encode())
        referee.prepare()
        return cls(referee, course, parent)


@pytest.fixture(scope="module")
def graders(course: Path) -> Iterator[dict[Mode, Grader]]:
    """Those that are running; the secret is in their environment as well."""
    found: dict[Mode, Grader] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_SECRET", CANARY)
        yield found
    for grader in found.values():
        grader.parent.close()


def _healthy(graders: dict[Mode, Grader], course: Path, mode: Mode) -> Grader:
    """The one that is running, or a new one where an attack that succeeded spoilt it: one hole is one failure."""
    old = graders.get(mode)
    if old is not None and (old.parent._process.poll() is not None or leftovers(old)):
        graders.pop(mode).parent.close()
    return graders.get(mode) or graders.setdefault(mode, Grader.start(course, mode))


@pytest.fixture
def grader(graders: dict[Mode, Grader], course: Path) -> Grader:
    """The real thing."""
    return _healthy(graders, course, "full")


@pytest.fixture
def unlocked(graders: dict[Mode, Grader], course: Path) -> Grader:
    """The same without a lock-down."""
    return _healthy(graders, course, "none")


@pytest.fixture(scope="module")
def honest(graders: dict[Mode, Grader], course: Path) -> dict[str, Any]:
    """The report on somebody who did nothing but the exercises."""
    report = report_to_dict(_healthy(graders, course, "full").grade(None)[0].report)
    assert report["points"] == sum(EXERCISES.values())
    return report


def test_there_are_enough_attacks_in_every_family() -> None:
    assert len(ATTACKS) >= 60
    assert {name.split("/")[0] for name in ATTACKS} == set(FAMILIES)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_hurts_nobody(grader: Grader, honest: dict[str, Any], name: str) -> None:
    one, before, used = attack(name), surroundings(grader), resource.getrusage(resource.RUSAGE_SELF)
    judgement, read = grader.grade(one)
    uses = resource.getrusage(resource.RUSAGE_SELF)
    found = {verdict.exercise: str(verdict.status) for verdict in judgement.report.exercises}
    assert found == one.statuses, [verdict.message for verdict in judgement.report.exercises]
    for verdict in judgement.report.exercises:
        assert verdict.points == (EXERCISES[verdict.exercise] if verdict.status == "passed" else 0)
    assert CANARY not in read
    assert one.facts.get("never", CANARY) not in read
    assert REACHED not in shown(judgement)
    assert one.facts["staff"] in read, [verdict.message for verdict in judgement.report.exercises]
    assert leftovers(grader) == []
    assert surroundings(grader) == before
    assert uses.ru_utime - used.ru_utime < MOST_SECONDS
    assert uses.ru_maxrss - used.ru_maxrss < MOST_KB
    assert report_to_dict(grader.grade(None)[0].report) == honest


CONTROLLED = [name for name in ATTACKS if attack(name).control != "none"]


@pytest.mark.parametrize("name", CONTROLLED)
def test_the_attack_succeeds_where_nothing_stops_it(unlocked: Grader, name: str, tmp_path: Path) -> None:
    one = attack(name)
    if one.control == "unlocked":
        judgement, read = unlocked.grade(one)
        assert CANARY in read or REACHED in shown(judgement), read
    else:
        assert one.control == "naive"
        earned = naive_points(unlocked, one, tmp_path)
        assert earned > sum(points for name, points in EXERCISES.items() if one.statuses[name] == "passed")


def shown(judgement: Judgement) -> str:
    """What cells displayed and what verdicts say; not tracebacks, which quote the source."""
    outputs = [output for run in judgement.runs for output in run.outputs]
    messages = [check.message for verdict in judgement.report.exercises for check in verdict.checks]
    return json.dumps([messages, *(output for output in outputs if output["output_type"] != "error")])


def surroundings(grader: Grader) -> dict[str, Any]:
    """The course's files, and what others could change of the referee and the warm parent."""
    files = [path for path in sorted(grader.course.rglob("*")) if path.is_file() and "eve" not in path.parts]
    facts = [path.stat() for path in files]
    found: dict[str, Any] = {
        str(path): (path.read_bytes(), fact.st_mode, fact.st_mtime_ns, fact.st_uid)
        for path, fact in zip(files, facts, strict=True)
    }
    for pid in (os.getpid(), grader.parent._process.pid):
        process = psutil.Process(pid)
        limits = Path(f"/proc/{pid}/limits").read_text()
        found[f"process {pid}"] = (process.nice(), process.cpu_affinity(), process.ionice(), limits, _facts_of(pid))
    return found


def _facts_of(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kept = ("Uid", "Gid", "SigIgn", "SigCgt", "SigBlk", "Cap", "NoNewPrivs", "TracerPid", "Umask")
    return [line for line in lines if line.startswith(kept)] + [Path(f"/proc/{pid}/oom_score_adj").read_text()]


def leftovers(grader: Grader) -> list[str]:
    """What is left of a submission: processes, work folders, files, shared memory, sockets."""
    parent = grader.parent._process.pid
    left = [f"process {child.pid}" for child in psutil.Process(parent).children(recursive=True)]
    base = grader.parent._base
    assert base is not None
    left += [str(path) for path in base.iterdir() if path.name.startswith("work-")]
    for folder in (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), grader.course, Path.home()):
        left += [str(path) for path in folder.glob(f"*{LEFT}*")]
    for kind in ("shm", "sem", "msg"):
        lines = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
        left += [f"{kind} {line}" for line in lines if int(line.split()[0]) == SYSV_KEY]
    return left + [line for line in Path("/proc/net/unix").read_text().splitlines() if LEFT in line]


def naive_points(grader: Grader, one: Attack, folder: Path) -> float:
    """The points in a grader that runs cells and checks in one process, and believes what that process prints last."""
    path = folder / "98_Locked.ipynb"
    path.write_text(json.dumps(grader.handed_in(one)), encoding="utf-8")
    cells = submission_of(read_notebook(path, released=grader.referee.released)).cells
    said = folder / "said"
    assert grader.referee.checks
    pid = os.fork()
    if pid == 0:
        _be_naive(grader.referee, cells, said)
    os.waitpid(pid, 0)
    return float(json.loads(said.read_text(encoding="utf-8").splitlines()[-1]))


def _be_naive(referee: Referee, cells: tuple[Cell, ...], said: Path) -> None:
    """Grade in this process, print the points, and end it."""
    with said.open("w") as file:
        os.dup2(file.fileno(), 1)
    try:
        signal.alarm(20)
        _grade_here(referee, cells)
    finally:
        os._exit(0)


def _grade_here(referee: Referee, cells: tuple[Cell, ...]) -> None:
    desk = TrustedDesk()
    desk.execute(cells)
    total = 0.0
    for exercise in referee.lesson.exercises:
        checks = [check for check in referee.checks if check.mark.exercise == exercise.name]
        verdicts = [verdict_of(check, run_check(check, desk.host(), seed=1)) for check in checks]
        total += exercise_points(verdicts, exercise.points) or 0.0
    os.write(1, f"\n{total}\n".encode())
