"""Make the sample class of L06 anew: whole notebooks, as people hand them in.

Run it when the released notebook changes so much that nobody could have handed these in:
``python tests/submissions/make.py``. It leaves every ``report.json`` (what the case must get) alone.
"""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.authored import Module, find_root, read_alternatives, read_lesson, read_mistakes

Notebook = dict[str, Any]
ROOT = find_root(Path(__file__).parent)
LESSON = read_lesson(ROOT, "L06")
HERE = Path(__file__).parent / "L06"
RELEASED: Notebook = json.loads(LESSON.release_notebook.read_text(encoding="utf-8"))
SOLUTION = Module(LESSON.solution, LESSON.solution.read_text(encoding="utf-8"))
ANSWERS = list(dict.fromkeys(exercise.definition for exercise in LESSON.exercises))


def typed(source: str) -> str:
    """A definition as a student has it: without the marks around the solution."""
    return "\n".join(line for line in source.split("\n") if "### BEGIN" not in line and "### END" not in line)


RIGHT = {name: typed(SOLUTION.definitions[name].source) for name in ANSWERS}
MISTAKEN = [(mistake, typed(source)) for mistake, source in read_mistakes(LESSON, SOLUTION)]


def notebook(answers: dict[str, str] | None = None, *, metadata: bool = True) -> Notebook:
    """The released notebook with some cells' text replaced, by grade_id."""
    made = copy.deepcopy(RELEASED)
    for cell in made["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in (answers or {}):
            cell["source"] = (answers or {})[grade_id].splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["execution_count"] = 1
    if metadata:
        made["metadata"]["language_info"] = {"name": "python", "version": "3.11.7"}
    return made


def cell_of(made: Notebook, grade_id: str) -> Notebook:
    """The cell with a grade_id."""
    found: Notebook = next(c for c in made["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)
    return found


def code(source: str, **metadata: object) -> Notebook:
    """A cell that the student added."""
    return {
        "cell_type": "code",
        "execution_count": 3,
        "id": "own-" + re.sub(r"[^A-Za-z0-9]+", "-", source[:24]).strip("-"),
        "metadata": metadata,
        "outputs": [],
        "source": source.splitlines(keepends=True),
    }


def right_but(**answers: str) -> Notebook:
    """Everything right but these answers."""
    return notebook({**RIGHT, **answers})


def after_first_line(definition: str, line: str) -> str:
    """The right answer with a line put right behind its docstring."""
    source = RIGHT[definition]
    end = source.index('"""', source.index('"""') + 3) + 3
    return source[:end] + "\n    " + line + source[end:]


def half_done() -> Notebook:
    """The first half of the exercises, and a written answer."""
    made = notebook({name: RIGHT[name] for name in ANSWERS[: len(ANSWERS) // 2]})
    for question in LESSON.questions:
        text = "".join(cell_of(made, question.name)["source"]).replace("YOUR ANSWER HERE", "Because ReLU forgets.")
        cell_of(made, question.name)["source"] = text.splitlines(keepends=True)
    return made


def copied_cells() -> Notebook:
    """A check cell and an answer were copied and pasted: both keep their metadata."""
    made = right_but()
    for grade_id in ("check-forward", "forward"):
        twin = copy.deepcopy(cell_of(made, grade_id))
        twin["id"] = f"twin-{grade_id}"
        made["cells"].insert(made["cells"].index(cell_of(made, grade_id)) + 1, twin)
    return made


def split_cell() -> Notebook:
    """JupyterLab's *split cell* in the middle of an answer."""
    made = right_but()
    first = cell_of(made, "backward")
    second = copy.deepcopy(first)
    second["id"] = "second-half"
    lines = first["source"]
    first["source"], second["source"] = lines[:-4], lines[-4:]
    first["source"][-1] = first["source"][-1].rstrip("\n")
    made["cells"].insert(made["cells"].index(first) + 1, second)
    return made


def reordered() -> Notebook:
    """Somebody sorted the notebook: answers first, the rest behind."""
    made = right_but()
    made["cells"].sort(key=lambda cell: not cell["metadata"].get("nbgrader", {}).get("solution", False))
    return made


def changed_metadata() -> Notebook:
    """Half of it is wrong, and the metadata asks for more points and no execution."""
    made = notebook({name: RIGHT[name] for name in ANSWERS[:2]})
    for cell in made["cells"]:
        cell["metadata"]["tags"] = ["skip-execution"]
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["points"] = 1000
            cell["metadata"]["nbgrader"]["locked"] = False
    return made


def moved_answer() -> Notebook:
    """The answer stands in a cell of the student's own; its own cell still holds the stub."""
    made = right_but()
    cell_of(made, "forward")["source"] = cell_of(RELEASED, "forward")["source"]
    made["cells"].append(code("# here is mine\n" + RIGHT["forward"]))
    return made


def magics_and_plots() -> Notebook:
    """What notebooks are full of."""
    made = right_but(init_params="%matplotlib inline\n!pip install seaborn\n" + RIGHT["init_params"])
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 3], [1, 4, 9])\nplt.show()\nprint('plotted')"
    cell_of(made, "fit")["source"] = (RIGHT["fit"] + "\n\n" + plot).splitlines(keepends=True)
    made["cells"].insert(0, code("%load_ext autoreload\n%autoreload 2\n!nvidia-smi\nimport seaborn as sns"))
    return made


def stripped() -> Notebook:
    """Another editor dropped all metadata and cell ids."""
    made = right_but()
    made["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    made["nbformat_minor"] = 2
    for cell in made["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    return made


def forger() -> Notebook:
    """Tries to pass by patching what judges: comparisons, NumPy, the checks, its own class."""
    lies = """
import sys
import numpy as np

class Yes:
    def __eq__(self, other): return True
    def __array__(self, *args, **kwargs): raise SystemExit(0)

np.allclose = np.testing.assert_allclose = lambda *args, **kwargs: True
for module in list(sys.modules.values()):
    for name in ("assert_close", "run_check"):
        if hasattr(module, name):
            setattr(module, name, lambda *args, **kwargs: None)

def forward(params, x):
    return Yes(), [Yes()]
"""
    return notebook({"forward": lies, "init_params": RIGHT["init_params"]})


def non_ascii() -> Notebook:
    """Names and text in other scripts."""
    answer = RIGHT["init_params"].replace("std", "стандартное")
    made = right_but(init_params=answer + "\n\nprint('готово ✓ 完成')")
    made["cells"].append(code("größe = 3\ndef hilfe(α): return α  # ñandú"))
    return made


def with_loop() -> str:
    return after_first_line("train_step", "while True:\n        lr = lr * 1.0")


CASES: dict[str, Callable[[], Notebook]] = {
    "perfect": right_but,
    "other_style": lambda: notebook(dict(read_alternatives(LESSON))),
    "half_done": half_done,
    "untouched": notebook,
    "syntax_error": lambda: right_but(backward=RIGHT["backward"].replace("grads = []", "grads = [", 1)),
    "exception_at_import": lambda: right_but(forward="assert relu(np.zeros(3)).sum() > 0\n\n" + RIGHT["forward"]),
    "endless_loop": lambda: right_but(train_step=with_loop()),
    "fifty_gigabytes": lambda: right_but(forward=after_first_line("forward", "table = np.ones((50, 10**6, 125))")),
    "exit": lambda: right_but(init_params=after_first_line("init_params", "exit()")),
    "os_exit": lambda: right_but(backward=after_first_line("backward", "__import__('os')._exit(0)")),
    "million_lines": lambda: right_but(fit=RIGHT["fit"] + "\n\nfor line in range(10**6):\n    print('loss', line)"),
    "deleted_check": lambda: _without(right_but(), "check-backward"),
    "deleted_answer": lambda: _without(right_but(), "fit"),
    "copied_cells": copied_cells,
    "split_cell": split_cell,
    "reordered": reordered,
    "changed_metadata": changed_metadata,
    "moved_answer": moved_answer,
    "magics_and_plots": magics_and_plots,
    "stripped": stripped,
    "forger": forger,
    "Zoë_Ünal_学生": non_ascii,
    "forbidden_name": lambda: right_but(TorchMLP=FORBIDDEN),
}
FORBIDDEN = """class TorchMLP(torch.nn.Module):
    def __init__(self, sizes, generator=None):
        super().__init__()
        pairs = list(zip(sizes[:-1], sizes[1:]))
        self.layers = torch.nn.ModuleList([torch.nn.Linear(a, b) for a, b in pairs])

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)
"""


def _without(made: Notebook, grade_id: str) -> Notebook:
    made["cells"].remove(cell_of(made, grade_id))
    return made


def _mistaken() -> dict[str, Notebook]:
    """The first mistake of each exercise."""
    cases = {}
    for exercise in LESSON.exercises:
        source = next(source for mistake, source in MISTAKEN if mistake.exercise == exercise.name)
        cases[f"mistake_{exercise.name}"] = right_but(**{exercise.definition: source})
    return cases


def _write(case: str, name: str, text: str) -> None:
    folder = HERE / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Write every case."""
    name = f"{LESSON.notebook}.ipynb"
    made = {case: build() for case, build in CASES.items()} | _mistaken()
    for case, content in made.items():
        _write(case, name, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    _write("not_json", name, "<!DOCTYPE html><html><body>Sign in to continue</body></html>\n")
    _write("empty_file", name, "")
    other = {
        "cells": [code("x = 1")],
        "metadata": {"autograder": {"lesson": "L01"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    _write("another_lesson", name, json.dumps(other, indent=1) + "\n")
    _write("wrong_file", "01_Tensors_and_Autograd.ipynb", json.dumps(other, indent=1) + "\n")
    sys.stdout.write(f"{len(list(HERE.iterdir()))} cases in {HERE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
