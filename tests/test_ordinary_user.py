"""The lock-down holds for whom it is started by: root, an ordinary user, root of a container that may do little.

The rest of the suite runs as whoever started it, in CI as root; here it is nobody, and a user namespace with one id.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux")


@pytest.fixture(scope="module")
def python() -> Iterator[Path]:
    """An interpreter that everybody may run, which finds what this one finds."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [Path(sys.executable).resolve(), Path("/usr/bin") / version, Path("/usr/local/bin") / version]
    open_to_all = [path for path in candidates if path.exists() and _others_can_reach(path)]
    if not open_to_all:
        pytest.skip(f"no {version} here that an ordinary user may run")
    folder = Path("/tmp") / f"autograder-everybody-{os.getpid()}"
    subprocess.run([open_to_all[0], "-m", "venv", "--without-pip", folder], check=True)
    libraries = [str(ROOT), *(path for path in sys.path if path.endswith(("site-packages", "dist-packages")))]
    (folder / "lib" / version / "site-packages" / "course.pth").write_text("\n".join(libraries))
    yield folder / "bin" / "python"
    shutil.rmtree(folder, ignore_errors=True)


def _others_can_reach(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


def run_as(
    user: int | None, python: Path, *words: str, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    home = python.parent.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"}
    identity = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    if user is not None:
        os.chown(home, user, user)
    return subprocess.run(
        [*prefix, python, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, **identity
    )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody; else the suite ran as an ordinary user")
def test_no_attack_succeeds_when_an_ordinary_user_grades(python: Path) -> None:
    base = python.parent.parent / "home" / "pytest"
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={base}", "tests/test_attacks.py")
    done = run_as(NOBODY, python, *words, "-k", "gains_nothing")
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 60


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become nobody")
def test_the_doctor_of_an_ordinary_user_says_what_that_means_and_tries_it(python: Path) -> None:
    done = run_as(NOBODY, python, "-c", "from autograder.cli import main; main()", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "own user id: no" in done.stdout
    assert "was refused all of" in done.stdout


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_root_of_a_container_that_maps_one_user_is_enough(python: Path) -> None:
    one_user = ("unshare", "--user", "--map-root-user")
    if subprocess.run([*one_user, "true"], capture_output=True, check=False).returncode:
        pytest.skip("user namespaces are not allowed here")
    done = run_as(None, python, "-c", "from autograder.cli import main; main()", "doctor", prefix=one_user)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "own user id: no" in done.stdout
    assert "was refused all of" in done.stdout


@pytest.mark.skipif(shutil.which("setpriv") is None or os.geteuid() != 0, reason="setpriv, and root to drop from")
def test_root_without_capabilities_is_enough(python: Path) -> None:
    nothing = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
    done = run_as(None, python, "-c", "from autograder.cli import main; main()", "doctor", prefix=nothing)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "own user id: no" in done.stdout
    assert "was refused all of" in done.stdout
