"""A real worker: cells run as in a notebook, functions are called with plain data, and every end is told."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from autograder.checks.failure import Raised
from autograder.checks.host import Proxy, Returned
from autograder.lesson import Limits
from autograder.submission import Cell, Role
from autograder.verdict import Status
from autograder.worker import CellRun, WarmParent, Worker, WorkerLost

DEFINITIONS = frozenset({"forward", "backward", "loss"})


def given(source: str, name: str = "setup") -> Cell:
    return Cell(Role.GIVEN, name, source)


def answer(name: str, source: str) -> Cell:
    return Cell(Role.ANSWER, name, source)


def extra(source: str, number: int = 1) -> Cell:
    return Cell(Role.EXTRA, f"extra-{number}", source)


def run(worker: Worker, *cells: Cell) -> list[CellRun]:
    return worker.execute(cells, protected=DEFINITIONS)


def text_of(outcome: CellRun) -> str:
    return "".join(output.get("text", "") for output in outcome.outputs)


def value_of(worker: Worker, name: str, *args: object) -> object:
    outcome = worker.call(name, [(args, {})])[0]
    assert isinstance(outcome, Returned), outcome
    return outcome.value


# cells


def test_students_functions_find_each_other_and_the_given_names(worker: Worker) -> None:
    runs = run(
        worker,
        given("import numpy as np\nSCALE = 3"),
        answer("forward", "def forward(x):\n    return SCALE * helper(x)"),
        extra("def helper(x):\n    return np.sum(x)"),
    )
    assert [outcome.raised for outcome in runs] == [None, None, None]
    assert value_of(worker, "forward", np.ones(4)) == 12


def test_a_cell_that_raises_does_not_stop_the_others_and_shows_only_its_own_lines(worker: Worker) -> None:
    source = "import numpy as np\ndef broken():\n    return np.ones(2) @ np.ones(3)\nbroken()"
    runs = run(worker, answer("forward", source), answer("loss", "def loss(): return 5"))
    raised = runs[0].raised
    assert raised is not None
    assert (raised.type, raised.cell, raised.line) == ("ValueError", "forward", 3)
    shown = runs[0].outputs[-1]
    assert shown["output_type"] == "error"
    assert shown["traceback"][:4] == [
        "forward, line 4",
        "    broken()",
        "forward, line 3, in broken",
        "    return np.ones(2) @ np.ones(3)",
    ]
    assert value_of(worker, "loss") == 5


def test_a_syntax_error_names_its_line(worker: Worker) -> None:
    raised = run(worker, answer("forward", "def forward(x):\n    return (x"))[0].raised
    assert raised is not None
    assert (raised.type, raised.cell, raised.line) == ("SyntaxError", "forward", 2)


def test_an_answer_replaces_no_other_answer_and_extra_cells_replace_none(worker: Worker) -> None:
    run(
        worker,
        answer("forward", "def forward(): return 'forward'"),
        answer("backward", "def backward(): return 'backward'\ndef forward(): return 'replaced'\ndef loss(): return 0"),
        extra("def backward(): return 'replaced'\ndef other(): return 'other'"),
    )
    assert value_of(worker, "forward") == "forward"
    assert value_of(worker, "backward") == "backward"
    assert value_of(worker, "other") == "other"
    assert worker.call("loss", [((), {})]) == [Raised("MissingAnswer", worker.call("loss", [((), {})])[0].message)]  # type: ignore[union-attr]


def test_a_cell_that_needs_a_later_one_runs_again_at_the_end(worker: Worker) -> None:
    runs = run(
        worker,
        answer("forward", "DEFAULT = later()\ndef forward(): return DEFAULT"),
        extra("def later(): return 7"),
        answer("loss", "undefined"),
    )
    assert runs[0].raised is None
    assert value_of(worker, "forward") == 7
    assert runs[2].raised is not None
    assert runs[2].raised.type == "NameError"


@pytest.mark.parametrize(
    "source", ["exit()", "quit()", "import sys\nsys.exit(3)", "raise SystemExit", "raise KeyboardInterrupt"]
)
def test_exit_ends_the_cell_and_not_the_worker(worker: Worker, source: str) -> None:
    runs = run(worker, answer("forward", source), answer("loss", "def loss(): return 5"))
    assert runs[0].raised is not None
    assert runs[0].raised.type in {"SystemExit", "KeyboardInterrupt"}
    assert value_of(worker, "loss") == 5


def test_shell_commands_and_installs_only_say_that_they_do_not_run(worker: Worker) -> None:
    for source in ("!ls", "%pip install x", "!pip install x", "files = !ls", "%%bash\nls", "%system ls", "%sx ls"):
        outcome = run(worker, extra(source))[0]
        assert outcome.raised is None
        assert text_of(outcome) == "(shell commands do not run while grading)\n", source


def test_figures_and_values_are_displayed_as_in_a_notebook(worker: Worker) -> None:
    setup = "%matplotlib inline\nimport matplotlib.pyplot as plt\n"
    source = setup + "plt.plot([1, 2])\nplt.show()\nplt.figure()\nplt.plot([3])\n[1.5]"
    outputs = run(worker, given(source))[0].outputs
    assert [output["output_type"] for output in outputs] == ["display_data", "execute_result", "display_data"]
    assert outputs[1]["data"] == {"text/plain": "[1.5]"}
    assert all(outputs[index]["data"]["image/png"].startswith("iVBOR") for index in (0, 2))


def test_html_and_scripts_are_not_kept(worker: Worker) -> None:
    source = "from IPython.display import HTML, Javascript, display\ndisplay(HTML('<b>x</b>'), Javascript('alert(1)'))"
    for output in run(worker, given(source))[0].outputs:
        assert set(output["data"]) == {"text/plain"}


def test_what_is_printed_is_cut_and_says_so(worker: Worker) -> None:
    outcome = run(worker, answer("forward", "for i in range(1_000_000):\n    print(i)\n1/0"))[0]
    assert len(text_of(outcome)) < 20_200
    assert "more characters were cut while grading" in text_of(outcome)
    assert outcome.outputs[-1]["output_type"] == "error"


def test_print_and_stderr_arrive_in_order(worker: Worker) -> None:
    outputs = run(worker, given("import sys\nprint('a')\nprint('b')\nprint('c', file=sys.stderr)\nprint('\\ud800')"))[
        0
    ].outputs
    assert [(output["name"], output["text"]) for output in outputs] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c\n"),
        ("stdout", "?\n"),
    ]


def test_libraries_work_inside(worker: Worker) -> None:
    """Training, convolution, SVD, fonts, data files of scikit-learn, pickling to the own folder, threads."""
    source = """
import numpy as np, torch, tempfile, threading, inspect
from sklearn.datasets import load_digits
assert load_digits().data.shape == (1797, 64)
model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2))
optimizer = torch.optim.Adam(model.parameters())
for _ in range(3):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(torch.randn(5, 1, 8, 8)), torch.ones(5).long()).backward()
    optimizer.step()
torch.save(model.state_dict(), "weights.pt"); torch.load("weights.pt")
np.linalg.svd(np.random.randn(200, 200)); np.random.randn(500, 500) @ np.random.randn(500, 500)
list(torch.utils.data.DataLoader(torch.arange(10), batch_size=2))
with tempfile.NamedTemporaryFile("w") as file: file.write("x")
thread = threading.Thread(target=print, args=(1,)); thread.start(); thread.join()
def function(): pass
assert "pass" in inspect.getsource(function)
"""
    outcome = run(worker, given(source))[0]
    assert outcome.raised is None
    assert text_of(outcome) == "1\n"


# calls


def test_calls_return_values_of_the_same_type_and_arguments_after(worker: Worker) -> None:
    run(
        worker,
        answer("forward", "def forward(x, by=2):\n    x *= by\n    return x, [None, True, 1, 'a'], {'k': (1.5,)}"),
    )
    array, tensor = np.ones((2, 3)).T, torch.ones(2, requires_grad=False)
    outcomes = worker.call("forward", [((array,), {}), ((tensor,), {"by": 3})], after=True)
    first, second = outcomes
    assert isinstance(first, Returned)
    assert isinstance(second, Returned)
    assert first.value[1:] == ([None, True, 1, "a"], {"k": (1.5,)})
    assert first.arguments is not None
    np.testing.assert_array_equal(first.arguments[0][0], 2 * np.ones((3, 2)))
    assert array.max() == 1  # the student worked on a copy
    assert second.arguments is not None
    assert second.arguments[1] == {"by": 3}


def test_each_outcome_is_as_it_was_when_its_call_ended(worker: Worker) -> None:
    run(worker, answer("forward", "BUFFER = []\ndef forward(x):\n    BUFFER.append(x)\n    return BUFFER"))
    outcomes = worker.call("forward", [((1,), {}), ((2,), {})])
    assert outcomes == [Returned([1]), Returned([1, 2])]


def test_an_error_in_a_call_names_the_students_line(worker: Worker) -> None:
    run(worker, answer("backward", "def backward(d_out, W):\n    return d_out @ W"))
    raised = worker.call("backward", [((np.ones((2, 3)), np.ones((4, 5))), {})])[0]
    assert isinstance(raised, Raised)
    assert (raised.type, raised.cell, raised.line) == ("ValueError", "backward", 2)
    assert raised.operands == (("d_out", (2, 3)), ("W", (4, 5)))


def test_missing_unfinished_and_unsupported_answers_are_told_apart(worker: Worker) -> None:
    run(
        worker,
        answer("forward", "def forward():\n    raise NotImplementedError"),
        answer("loss", "def loss(): return print"),
    )
    names = {name: worker.call(name, [((), {})])[0] for name in ("forward", "loss", "backward")}
    assert {name: raised.type for name, raised in names.items() if isinstance(raised, Raised)} == {
        "forward": "NotImplementedError",
        "loss": "UnsupportedValue",
        "backward": "MissingAnswer",
    }
    assert names["loss"].message == "returned a function; expected plain data (numbers, arrays, lists, ...)"  # type: ignore[union-attr]


def test_a_forbidden_name_is_refused_during_the_call_only(worker: Worker) -> None:
    run(worker, given("import torch"), answer("forward", "def forward(x):\n    return torch.relu(x)"))
    call = [((torch.ones(1),), {})]
    refused = worker.call("forward", call, refuse=["torch.relu"])[0]
    assert isinstance(refused, Raised)
    assert refused.type == "ForbiddenName"
    assert isinstance(worker.call("forward", call)[0], Returned)


def train_weights(student, steps):  # type: ignore[no-untyped-def]  # it travels as a student would write it
    layer = student.Net(3)
    for _ in range(steps):
        layer.weights += np.ones(3)
    return {"weights": layer.weights, "pi": math.pi, "torch": torch.ones(1)}


def misspelt(student):  # type: ignore[no-untyped-def]
    return np.no_such_function()


def test_an_authors_function_runs_beside_the_students_code(worker: Worker) -> None:
    run(
        worker,
        given("import numpy as np"),
        answer("Net", "class Net:\n    def __init__(self, n):\n        self.weights = np.zeros(n)"),
    )
    evidence = Proxy(worker.host()).run(train_weights, 4)
    np.testing.assert_array_equal(evidence["weights"], [4, 4, 4])
    assert evidence["pi"] == math.pi


def test_an_error_of_the_author_is_not_blamed_on_the_student(worker: Worker) -> None:
    outcome = worker.host().run(misspelt, ())
    assert isinstance(outcome, Raised)
    assert outcome.type == "AuthorError:AttributeError"
    assert "line 2 of misspelt" in outcome.message


def test_errors_of_the_student_in_an_authors_function_are_the_students(worker: Worker) -> None:
    missing = worker.host().run(train_weights, (1,))
    run(worker, answer("Net", "class Net:\n    def __init__(self):\n        pass"))
    wrong_signature = worker.host().run(train_weights, (1,))
    run(worker, answer("Net", "class Net:\n    def __init__(self, n):\n        1 / 0"))
    inside = worker.host().run(train_weights, (1,))
    types = [outcome.type for outcome in (missing, wrong_signature, inside) if isinstance(outcome, Raised)]
    assert types == ["MissingAnswer", "TypeError", "ZeroDivisionError"]


def test_a_check_that_passes_what_cannot_cross_is_the_authors_fault(worker: Worker) -> None:
    with pytest.raises(TypeError, match="a check passes a value of type object"):
        worker.call("forward", [((object(),), {})])


# ends


@pytest.fixture
def hasty(warm_parent: WarmParent) -> Iterator[Worker]:
    """A worker with half a second for a call."""
    with warm_parent.worker(limits=Limits(seconds=0.4, memory_mb=512)) as worker:
        yield worker


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("while True: pass", "line 2 of loss"),
        ("x = 1\n    while True:\n        x = x + 1", "line 4 of loss"),
        ("sum(range(10**12))", "line 2 of loss"),
        ("return helper()\ndef helper():\n    return [i for i in iter(int, 1)]", "line 4 of loss"),
        ("import time; time.sleep(1000)", "line 2 of loss"),
    ],
    ids=["python", "growing", "C", "helper", "asleep"],
)
def test_an_endless_call_ends_and_its_line_is_named(hasty: Worker, body: str, line: str) -> None:
    run(hasty, answer("loss", f"def loss():\n    {body}"))
    with pytest.raises(WorkerLost) as lost:
        hasty.call("loss", [((), {})])
    assert lost.value.status is Status.TIMEOUT
    _, last = line.split(" of ")
    assert lost.value.where.endswith(last)
    if "growing" not in body and body.count("\n") < 2:
        assert lost.value.where == line
    with pytest.raises(WorkerLost):  # the worker is gone for good
        hasty.call("loss", [((), {})])


def test_an_endless_cell_names_itself_and_keeps_the_runs_before(warm_parent: WarmParent) -> None:
    cells = [given("print('hello')"), answer("forward", "while True: pass"), answer("loss", "def loss(): return 5")]
    with warm_parent.worker() as worker, pytest.raises(WorkerLost) as lost:
        worker.execute(cells, protected=DEFINITIONS, limits=Limits(seconds=0.4))
    assert (lost.value.status, lost.value.cell, lost.value.where) == (Status.TIMEOUT, "forward", "line 1 of forward")
    assert [outcome.name for outcome in lost.value.runs] == ["setup"]


@pytest.mark.parametrize(
    "expression", ["bytearray(50 * 10**9)", "np.ones(50 * 10**9)", "torch.ones(50 * 10**9)", "[0] * 10**10"]
)
def test_an_allocation_beyond_the_limit_is_a_memory_error(worker: Worker, expression: str) -> None:
    run(worker, given("import numpy as np, torch"), answer("loss", f"def loss():\n    return {expression}"))
    raised = worker.call("loss", [((), {})])[0]
    assert isinstance(raised, Raised)
    assert raised.type == "MemoryError"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import ctypes; ctypes.string_at(0)", "SIGSEGV"),
        ("import signal; signal.setitimer(signal.ITIMER_REAL, 0.01)\nwhile True: pass", "SIGALRM"),
        ("import os; os.closerange(0, 100)", "exit code 1"),
        ("import os, time; os.closerange(0, 100); time.sleep(100)", "closed the channel"),
    ],
)  # fmt: skip
def test_a_worker_that_ends_says_how(worker: Worker, source: str, words: str) -> None:
    with pytest.raises(WorkerLost, match=words) as lost:
        run(worker, answer("forward", source))
    assert lost.value.status is Status.CRASHED
    assert lost.value.cell == "forward"


def test_every_worker_starts_with_the_same_random_numbers(warm_parent: WarmParent) -> None:
    source = "import random, numpy as np, torch\nprint(random.random(), np.random.rand(), torch.rand(1).item())"
    texts = []
    for _ in range(2):
        with warm_parent.worker() as worker:
            texts.append(text_of(run(worker, given(source))[0]))
    assert texts[0] == texts[1]


def test_workers_share_nothing(warm_parent: WarmParent) -> None:
    with warm_parent.worker() as first, warm_parent.worker() as second:
        run(first, given("import numpy\nnumpy.mine = 1\nmine = 1"))
        outcome = run(second, given("import numpy\nprint(hasattr(numpy, 'mine'), 'mine' in globals())"))[0]
    assert text_of(outcome) == "False False\n"
