"""What real notebooks do still works in a locked worker, displays what it should, and alarms nobody."""

from __future__ import annotations

import sys
import textwrap
from typing import Any

import pytest

from autograder.checks.host import Returned
from autograder.submission import Cell, Role
from autograder.unusual import refused, unusual
from autograder.worker import CellRun, Worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux")


def run(worker: Worker, source: str) -> CellRun:
    """Run a student's cell after the usual imports; staff must read nothing odd about it."""
    set_up = Cell(Role.GIVEN, "setup", "import numpy as np\nimport torch\n%matplotlib inline")
    cells = [set_up, Cell(Role.ANSWER, "answer", textwrap.dedent(source).strip())]
    runs = worker.execute(cells, protected=frozenset())
    assert unusual(cells) == ()
    assert refused(runs) == ()
    return runs[1]


def text_of(outcome: CellRun) -> str:
    return "".join(output.get("text", "") for output in outcome.outputs)


def data_of(outcome: CellRun) -> list[dict[str, Any]]:
    return [output["data"] for output in outcome.outputs if "data" in output]


# what a cell prints


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("import time\nstart = time.perf_counter()\ntime.sleep(0.01)\nprint(time.perf_counter() - start > 0)", "True\n"),  # noqa: E501 - one cell, one line
        ("import datetime\nprint(datetime.date(2024, 2, 29).isoformat())", "2024-02-29\n"),
        ("import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n    f.write('x'); f.seek(0)\n    print(f.read())", "x\n"),  # noqa: E501 - one cell, one line
        ("import os, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n    print(os.listdir(folder))", "[]\n"),
        ("torch.save({'w': torch.ones(2)}, 'model.pt')\nprint(torch.load('model.pt')['w'].tolist())", "[1.0, 1.0]\n"),
        ("np.save('x.npy', np.arange(3))\nprint(np.load('x.npy'))", "[0 1 2]\n"),
        ("np.savez('x.npz', a=np.arange(2))\nprint(np.load('x.npz')['a'])", "[0 1]\n"),
        ("np.savetxt('x.csv', np.eye(2), delimiter=',')\nprint(np.loadtxt('x.csv', delimiter=',').sum())", "2.0\n"),
        ("import os\nos.makedirs('out', exist_ok=True)\nos.makedirs('out', exist_ok=True)\nprint(os.listdir('.'))", "['out']\n"),  # noqa: E501 - one cell, one line
        ("from pathlib import Path\nPath('out').mkdir()\nPath('out', 'x.txt').write_text('hello')\nprint([p.name for p in Path().rglob('*.txt')])", "['x.txt']\n"),  # noqa: E501 - one cell, one line
        ("with open('x.txt', 'w') as f:\n    f.write('ä')\nprint(open('x.txt').read())", "ä\n"),
        ("import json\njson.dump({'a': [1]}, open('x.json', 'w'))\nprint(json.load(open('x.json')))", "{'a': [1]}\n"),
        ("import csv, io\nprint(next(csv.reader(io.StringIO('a,b'))))", "['a', 'b']\n"),
        ("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Point:\n    x: float\nprint(Point(1.0))", "Point(x=1.0)\n"),  # noqa: E501 - one cell, one line
        ("from typing import NamedTuple, Optional\nclass Pair(NamedTuple):\n    a: int\n    b: Optional[int] = None\nprint(Pair(1))", "Pair(a=1, b=None)\n"),  # noqa: E501 - one cell, one line
        ("from collections import Counter, defaultdict\nfrom functools import lru_cache, partial\nfrom itertools import product\nprint(Counter('aab').most_common(1), len(list(product('ab', 'cd'))))", "[('a', 2)] 4\n"),  # noqa: E501 - one cell, one line
        ("import copy\nlayer = torch.nn.Linear(2, 1)\nprint(torch.equal(copy.deepcopy(layer).weight, layer.weight))", "True\n"),  # noqa: E501 - one cell, one line
        ("import re\nprint(re.findall(r'\\d+', 'a1b22'))", "['1', '22']\n"),
        ("import threading\nthread = threading.Thread(target=print, args=('in a thread',))\nthread.start()\nthread.join()", "in a thread\n"),  # noqa: E501 - one cell, one line
        ("from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(4) as pool:\n    print(list(pool.map(abs, [-1, -2])))", "[1, 2]\n"),  # noqa: E501 - one cell, one line
        ("import warnings\nwarnings.warn('careful')", "answer:answer:2: UserWarning: careful\n  warnings.warn('careful')\n"),  # noqa: E501 - one cell, one line
        ("import logging\nlogging.basicConfig(level=logging.INFO, format='%(levelname)s %(message)s')\nlogging.info('told')", "INFO told\n"),  # noqa: E501 - one cell, one line
        ("import sys\nprint('to stderr', file=sys.stderr)\nprint(sys.version_info.major)", "to stderr\n3\n"),
        ("%%time\nprint('timed')", None),
        ("%timeit -n 2 -r 1 1 + 1", None),
        ("%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n%config InlineBackend.figure_format = 'retina'", ""),
        ("%%capture\nprint('captured')", ""),
        ("%%writefile helper.py\nx = 5", "Writing helper.py\n"),
        ("!ls", "(shell commands do not run while grading)\n"),
        ("%pip install tqdm", "(shell commands do not run while grading)\n"),
        ("assert 1 + 1 == 2, 'never'\nprint('fine')", "fine\n"),
    ],
)  # fmt: skip
def test_a_cell_prints_what_it_should(worker: Worker, source: str, printed: str | None) -> None:
    outcome = run(worker, source)
    assert outcome.raised is None
    if printed is None:
        assert text_of(outcome)
    else:
        assert text_of(outcome) == printed


@pytest.mark.parametrize("seed", ["random.seed(3)", "np.random.seed(3)", "torch.manual_seed(3)"])
def test_a_seed_gives_the_same_numbers_again(worker: Worker, seed: str) -> None:
    source = f"""
    import random
    def draw():
        {seed}
        return random.random(), np.random.rand(), torch.rand(1).item()
    print(sum(a == b for a, b in zip(draw(), draw())))
    """
    assert text_of(run(worker, source)) == "1\n"


def test_a_library_that_is_not_installed_is_a_clear_error(worker: Worker) -> None:
    raised = run(worker, "import no_such_library").raised
    assert raised is not None
    assert (raised.type, raised.message) == ("ModuleNotFoundError", "No module named 'no_such_library'")


# what a cell displays


def test_plots_are_displayed_and_saved(worker: Worker) -> None:
    source = """
    import os
    import matplotlib.pyplot as plt
    fig, axes = plt.subplots(1, 3, figsize=(6, 2))
    axes[0].plot([1, 2], label="loss")
    axes[0].legend()
    axes[1].imshow(np.eye(3), cmap="gray")
    axes[2].hist(np.arange(9))
    plt.tight_layout()
    plt.savefig("figure.png", dpi=50)
    plt.savefig("figure.pdf")
    plt.show()
    print(sorted(os.listdir()))
    """
    outcome = run(worker, source)
    assert outcome.raised is None
    assert text_of(outcome) == "['figure.pdf', 'figure.png']\n"
    assert [set(data) for data in data_of(outcome)] == [{"text/plain", "image/png"}]


@pytest.mark.parametrize(
    ("shown", "data"),
    [
        ("Table()", {"text/plain": "a table"}),
        ("display(Table())", {"text/plain": "a table"}),
        ("Picture()", {"text/plain": "a picture", "image/png": "iVBO"}),
        ("Own()", {"text/plain": "'displayed itself'"}),
        ("HTML('<b>x</b>')", {"text/plain": "<IPython.core.display.HTML object>"}),
        ("Markdown('# x')", {"text/plain": "<IPython.core.display.Markdown object>"}),
        ("Image(data=b'\\x89PN', format='png')", {"text/plain": "<IPython.core.display.Image object>", "image/png": "iVBO"}),  # noqa: E501 - one cell, one line
        ("torch.ones(2)", {"text/plain": "tensor([1., 1.])"}),
        ("np.ones(2)", {"text/plain": "array([1., 1.])"}),
    ],
)  # fmt: skip
def test_objects_are_displayed_in_the_forms_that_are_kept(worker: Worker, shown: str, data: dict[str, str]) -> None:
    source = f"""
    from IPython.display import HTML, Image, Markdown, clear_output, display
    class Table:
        def __repr__(self): return "a table"
        def _repr_html_(self): return "<table></table>"
    class Picture:
        def __repr__(self): return "a picture"
        def _repr_png_(self): return b"\\x89PN"
    class Own:
        def _ipython_display_(self): display("displayed itself")
    print("forgotten")
    clear_output(wait=True)
    {shown}
    """
    outcome = run(worker, source)
    assert outcome.raised is None
    assert text_of(outcome) == ""
    assert data_of(outcome) == [data]


# what loads data


LOADING = """
from torch.utils.data import DataLoader, IterableDataset, TensorDataset, get_worker_info, random_split

class Told(IterableDataset):
    def __iter__(self):
        return iter([get_worker_info() is None] * 2)

data = TensorDataset(torch.arange(10.0), torch.arange(10))
def batches(**options):
    generator = torch.Generator().manual_seed(1)
    loader = DataLoader(data, batch_size=4, shuffle=True, generator=generator, **options)
    return [[y.tolist() for _, y in loader] for _ in range(2)]
"""


@pytest.mark.parametrize(
    "options",
    [
        "num_workers=2",
        "num_workers=2, persistent_workers=True, prefetch_factor=2",
        "num_workers=1, timeout=5, pin_memory=False, multiprocessing_context='fork'",
        "num_workers=2, worker_init_fn=lambda number: None, drop_last=False",
    ],
)
def test_a_loader_with_processes_gives_the_same_batches_without(worker: Worker, options: str) -> None:
    source = f"{LOADING}\nprint(batches({options}) == batches(), len(batches()[0]))"
    outcome = run(worker, source)
    assert outcome.raised is None
    assert text_of(outcome) == "True 3\n"


def test_a_loader_takes_its_options_by_place_and_in_subclasses(worker: Worker) -> None:
    source = f"""{LOADING}
class Mine(DataLoader):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, num_workers=3, **kwargs)
print([y.tolist() for _, y in DataLoader(data, 5, False, None, None, 2, None, False)])
print([y.tolist() for _, y in Mine(data, batch_size=5)])
print(list(DataLoader(Told(), batch_size=None, num_workers=2)))"""
    outcome = run(worker, source)
    assert outcome.raised is None
    first, second, told = text_of(outcome).splitlines()
    assert first == second == "[[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]"
    assert told == "[True, True]"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ("num_workers=-1", "ValueError", "num_workers option should be non-negative"),
        ("prefetch_factor=2", "ValueError", "prefetch_factor option could only be specified in multiprocessing"),
        ("persistent_workers=True", "ValueError", "persistent_workers option needs num_workers > 0"),
        ("no_such_option=1", "TypeError", "DataLoader.__init__() got an unexpected keyword argument 'no_such_option'"),
    ],
)
def test_a_loader_with_wrong_options_says_what_torch_says(
    worker: Worker, options: str, error: str, message: str
) -> None:
    raised = run(worker, f"{LOADING}\nDataLoader(data, {options})").raised
    assert raised is not None
    assert raised.type == error
    assert message in raised.message


def test_the_digits_of_a_lesson_are_read(worker: Worker) -> None:
    source = "from autograder.data import digits\nimages, labels = digits()\nprint(images.shape, labels[:3])"
    worker.execute([Cell(Role.GIVEN, "setup", source)], protected=frozenset())  # how a lesson gets at its data
    outcome = worker.execute([Cell(Role.GIVEN, "setup", source)], protected=frozenset())[0]
    assert outcome.raised is None
    assert text_of(outcome) == "(1797, 64) [0 1 2]\n"


def test_a_whole_training_runs_as_students_write_it(worker: Worker) -> None:
    source = f"""{LOADING}
import time
import matplotlib.pyplot as plt

def train(epochs=2):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    losses, start = [], time.time()
    for epoch in range(epochs):
        for x, y in DataLoader(data, batch_size=5, shuffle=True, num_workers=2):
            loss = torch.nn.functional.mse_loss(model(x[:, None])[:, 0], y.float())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()
        print(f"epoch {{epoch}} ({{time.time() - start:.1f}} s)", end="\\r")
    torch.save(model.state_dict(), "best.pt")
    model.load_state_dict(torch.load("best.pt"))
    plt.plot(losses)
    plt.show()
    return losses

train();"""
    outcome = run(worker, source)
    assert outcome.raised is None
    assert "epoch 1" in text_of(outcome)
    first, second = worker.call("train", [((), {}), ((), {})])
    assert isinstance(first, Returned)
    assert first == second


def test_progress_bars_count_on_stderr(worker: Worker) -> None:
    source = """
    from tqdm import tqdm, trange
    from tqdm.auto import tqdm as auto
    total = 0
    for i in tqdm(range(5), desc="epoch"):
        total += i
    for i in trange(2, leave=False):
        total += i
    print(total)
    """
    outcome = run(worker, source)
    assert outcome.raised is None
    assert "11\n" in text_of(outcome)
