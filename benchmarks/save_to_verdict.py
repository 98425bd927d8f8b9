"""How long a learner waits: from saving a file to the verdict that ``autograder watch`` prints.

    python benchmarks/save_to_verdict.py L06

In a copy of the course, the lesson's solution is saved again and again with one exercise wrong or right in turn.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.authored import find_root
from autograder.learner.curriculum import public_lesson

SAVES = 20
PAUSE = 0.5  # seconds between a verdict and the next save


def main(key: str) -> None:
    """Print the median and the longest of some waits."""
    root = find_root(Path(__file__).parent)
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        for part in ("source", "release", "exercises"):
            shutil.copytree(root / part / key, course / part / key)
        shutil.copy(root / "nbgrader_config.py", course)
        lesson = public_lesson(course, key)
        module = course / "exercises" / key / f"{lesson.module}.py"
        right = (root / "solutions" / key / module.name).read_text(encoding="utf-8")
        name = next(iter(lesson.exercises))
        wrong = right.replace(f"def {name}(", f"def no_{name}(").replace(f"class {name}", f"class No{name}")
        command = [sys.executable, "-c", "from autograder.cli import main; main()", "watch", key]
        with subprocess.Popen(command, cwd=course, stdout=subprocess.PIPE, text=True, encoding="utf-8") as watch:  # noqa: S603 - our own interpreter
            assert watch.stdout is not None  # noqa: S101 - it was opened as a pipe
            verdicts = (line for line in watch.stdout if line.startswith(key) and " of " in line)
            next(verdicts)
            waits = []
            for number in range(SAVES):
                time.sleep(PAUSE if number else 3.0)
                started = time.perf_counter()
                module.write_text(right if number % 2 else wrong, encoding="utf-8")
                next(verdicts)
                waits.append(time.perf_counter() - started)
            watch.terminate()
    print(f"{key}: {SAVES} saves, median {1000 * statistics.median(waits):.0f} ms, longest {1000 * max(waits):.0f} ms")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "L06")
