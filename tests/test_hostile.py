"""What hostile code tries in a worker, and that it fails, harms nobody, and never hangs the referee.

Every test ends with a worker that still answers, or with WorkerLost; and the warm parent lives on, for the next test.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder import codec
from autograder.checks.failure import Raised
from autograder.checks.host import Outcome, Returned
from autograder.launch import _clean_environment
from autograder.lesson import Limits
from autograder.submission import Cell, Role
from autograder.verdict import Status
from autograder.worker import CellRun, WarmParent, Worker, WorkerLost

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux")


@pytest.fixture
def hasty(warm_parent: WarmParent) -> Iterator[Worker]:
    """A worker with little time and memory."""
    with warm_parent.worker(limits=Limits(seconds=0.5, memory_mb=512)) as worker:
        yield worker


def run(worker: Worker, source: str) -> CellRun:
    return worker.execute([Cell(Role.ANSWER, "attack", textwrap.dedent(source))], protected=frozenset())[0]


def call(worker: Worker, body: str, setup: str = "") -> Outcome:
    outcome = run(worker, f"{textwrap.dedent(setup)}\ndef attack():\n{textwrap.indent(textwrap.dedent(body), '    ')}")
    assert outcome.raised is None
    return worker.call("attack", [((), {})])[0]


# what the kernel denies


@pytest.mark.parametrize(
    "attempt",
    [
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
        "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
        "import os; os.fork()",
        "import os; os.posix_spawn('/bin/sh', ['sh'], {})",
        "import os; os.execv('/bin/sh', ['sh'])",
        "import subprocess; subprocess.run(['true'])",
        "import multiprocessing; p = multiprocessing.Process(target=print); p.start()",
        "import os; os.kill(os.getppid(), 9)",
        "import os; os.kill(-1, 9)",
        "import os; os.killpg(0, 9)",
        "import os, signal; signal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)",
        "import os; os.setsid()",
        "import os; os.setpgid(0, 0)",
        "import os; os.setuid(0)",
        "import os; os.chroot('.')",
        "import os; os.sched_setaffinity(0, {0})",
        "import os; os.nice(-1)",
        "import os; os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "import os; os.memfd_create('x')",
        "import os; os.mkfifo('/tmp/fifo')",
        "import os; os.setxattr('.', 'user.x', b'1')",
        "import resource; resource.prlimit(1, resource.RLIMIT_NOFILE, (1, 1))",
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "open('/etc/shadow').read()",
        "open('/etc/passwd').read()",
        "open('/proc/1/environ').read()",
        "import os; open(f'/proc/{os.getppid()}/environ').read()",
        "import os; open(f'/proc/{os.getppid()}/mem', 'rb')",
        "import os; os.listdir('/')",
        "import os; os.listdir('/proc')",
        "import os; os.listdir('..')",
        "import os; os.listdir('/root')",
        "open('/tmp/outside', 'w')",
        "open('../outside', 'w')",
        "open('/dev/shm/x', 'w')",
        "open('/dev/tty')",
        "import os; os.symlink('/etc/shadow', 'link'); open('link').read()",
        "import os; os.link('/etc/passwd', 'link')",
        "import os; open('mine', 'w').close(); os.rename('mine', '../elsewhere')",
        "import os; os.rmdir(os.getcwd())",
        "import os; os.truncate('/etc/passwd', 0)",
    ],
)
def test_a_denied_attempt_is_an_error_in_the_students_code(worker: Worker, attempt: str) -> None:
    outcome = run(worker, attempt)
    assert outcome.raised is not None, attempt
    assert outcome.raised.type in {"PermissionError", "OSError", "ValueError"}, outcome.raised
    assert not Path("/tmp/outside").exists()


@pytest.mark.parametrize("call_number", [101, 310, 319, 323, 425, 250, 321, 272, 308, 165, 435, 452, 463])
def test_raw_system_calls_are_denied_too(worker: Worker, call_number: int) -> None:
    """Ptrace, process_vm_readv, memfd_create, userfaultfd, io_uring, keyctl, bpf, unshare, setns, mount, newer."""
    if os.uname().machine != "x86_64":
        pytest.skip("numbers of x86_64")
    source = f"import ctypes; libc = ctypes.CDLL(None, use_errno=True)\nprint(libc.syscall({call_number}, 0, 0, 0, 0), ctypes.get_errno())"  # noqa: E501 - one attempt, one line
    result, number = run(worker, source).outputs[0]["text"].split()
    assert result == "-1"
    assert int(number) in {1, 38}  # EPERM, ENOSYS


def test_hidden_checks_and_the_gradebook_cannot_be_read_or_changed(worker: Worker, tmp_path: Path) -> None:
    here = Path(__file__).resolve()
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("marks")
    gradebook.chmod(0o666)
    before = gradebook.stat()
    for attempt in (
        "open(HERE).read()",
        "open(BOOK).read()",
        "open(BOOK, 'a')",
        "os.truncate(BOOK, 0)",
        "os.unlink(BOOK)",
    ):
        outcome = run(worker, f"import os\nHERE, BOOK = {str(here)!r}, {str(gradebook)!r}\n{attempt}")
        assert outcome.raised is not None
        assert outcome.raised.type == "PermissionError"
    run(worker, "os.chmod(BOOK, 0); os.utime(BOOK, (0, 0)); os.chown(BOOK, 1, 1)")
    assert gradebook.read_text() == "marks"
    assert (gradebook.stat().st_mode, gradebook.stat().st_mtime) == (before.st_mode, before.st_mtime)


def test_a_worker_has_no_capability_it_does_not_need_and_no_group(worker: Worker) -> None:
    status = run(worker, "print(open('/proc/self/status').read())").outputs[0]["text"]
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) in {0, 1 << 2}  # CAP_DAC_READ_SEARCH, where the interpreter lies in /root
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    if os.geteuid() == 0:
        assert "0" not in fields["Uid"].split()
        assert not fields["Groups"].split()


def test_nothing_of_ours_is_open_in_a_worker(worker: Worker) -> None:
    source = "import os\nfor n in range(256):\n    try: print(n, os.readlink(f'/proc/self/fd/{n}').split(':')[0])\n    except OSError: pass"  # noqa: E501 - one attempt, one line
    open_files = run(worker, source).outputs[0]["text"].split("\n")
    assert open_files == ["0 /dev/null", "1 /dev/null", "2 /dev/null", "3 socket", "4 pipe", ""]


# what uses things up


def test_a_thread_bomb_is_bounded(hasty: Worker) -> None:
    body = """
    while True:
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
    """
    try:
        outcome = call(hasty, body, setup="import threading, time")
        assert isinstance(outcome, Raised)
        assert outcome.type == "TooManyThreads"
    except WorkerLost as lost:
        assert lost.status in {Status.LIMIT, Status.TIMEOUT}  # noqa: PT017 - either end is right


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        ("for i in range(10**6): open(f'{i}', 'w')", "files"),
        ("for i in range(100):\n    with open(f'{i}', 'wb') as f: f.write(bytes(2**24))", "MB to disk"),
        ("import os\nfor i in range(100_000): os.mkdir('d'); os.chdir('d')", "deep"),
        ("import os\nfiles = []\nfor i in range(100):\n    files.append(open(f'{i}', 'wb'))\n    os.unlink(f'{i}')\n    files[-1].write(bytes(2**24)); files[-1].flush()", "MB to disk"),  # noqa: E501 - one attempt, one line
    ],
    ids=["files", "bytes", "nested", "removed"],
)  # fmt: skip
def test_filling_the_disk_ends_the_worker_and_leaves_nothing(warm_parent: WarmParent, attempt: str, words: str) -> None:
    worker = warm_parent.worker()
    folder = run(worker, "import os; print(os.getcwd())").outputs[0]["text"].strip()
    with worker, pytest.raises(WorkerLost, match=words) as lost:
        run(worker, f"{attempt}\nimport time; time.sleep(100)")
    assert lost.value.status is Status.LIMIT
    assert words == "MB to disk" or "line " in lost.value.where  # one that waits for the disk may not answer
    assert Path(folder).parent.exists()
    assert not Path(folder).exists()


def test_one_file_cannot_be_large(worker: Worker) -> None:
    raised = run(worker, "f = open('x', 'wb')\nwhile True: f.write(bytes(2**20))").raised
    assert raised is not None
    assert raised.type == "FileTooLarge"


@pytest.mark.parametrize(
    "body",
    [
        "return bytearray(50 * 2**30)",
        "x = []\nwhile True: x.append(bytearray(2**20))",
        "import mmap; return len(mmap.mmap(-1, 50 * 2**30))",
        "def deeper(): return [deeper()]\nimport sys; sys.setrecursionlimit(10**8)\nreturn deeper()",
    ],
    ids=["at once", "bit by bit", "mapped", "recursion"],
)
def test_memory_is_bounded(hasty: Worker, body: str) -> None:
    try:
        outcome = call(hasty, body)
        assert isinstance(outcome, Raised)
        assert outcome.type in {"MemoryError", "OSError", "RecursionError"}
    except WorkerLost as lost:
        assert lost.status in {Status.MEMORY, Status.CRASHED, Status.TIMEOUT}  # noqa: PT017 - either end is right


def test_deep_recursion_is_the_students_error(worker: Worker) -> None:
    outcome = call(worker, "return attack()")
    assert isinstance(outcome, Raised)
    assert outcome.type == "RecursionError"


def test_a_million_lines_and_a_huge_text_are_cut(worker: Worker) -> None:
    outputs = run(worker, "for i in range(300_000): print('x' * 10)\nprint('y' * 10**8)\n'z' * 10**7").outputs
    assert sum(len(str(output)) for output in outputs) < 25_000


def test_many_figures_and_displays_are_cut(worker: Worker) -> None:
    outputs = run(
        worker,
        "from IPython.display import Image, display\nfor i in range(1000): display(Image(b'\\x89PNG' * 10**5, format='png'))",  # noqa: E501 - one attempt, one line
    ).outputs
    assert sum(len(str(output)) for output in outputs) < 5_000_000


# replies


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x04junk",
        b"\x00\x00\x00\x00",
        b"garbage" * 1000,
        codec.HEADER.pack(len(codec.encode({"id": 2, "outcomes": [b"x"]})))
        + codec.encode({"id": 2, "outcomes": [b"x"]}),
        codec.HEADER.pack(len(codec.encode({"id": 2}))) + codec.encode({"id": 2}),
        codec.HEADER.pack(len(codec.encode([1]))) + codec.encode([1]),
        codec.HEADER.pack(len(codec.encode({"id": 99}))) + codec.encode({"id": 99}),
    ],
    ids=["length", "junk", "empty", "garbage", "outcome", "none", "list", "id"],
)
def test_a_forged_reply_is_the_end_of_the_worker(hasty: Worker, frame: bytes) -> None:
    with pytest.raises(WorkerLost) as lost:
        call(hasty, f"import os, time; os.write(3, {frame!r}); time.sleep(100)")
    assert lost.value.status is Status.CRASHED


def test_a_reply_that_trickles_ends_with_the_deadline(hasty: Worker) -> None:
    with pytest.raises(WorkerLost) as lost:
        call(
            hasty,
            "import os, time\nos.write(3, b'\\x00\\x10\\x00\\x00')\nwhile True: os.write(3, b'x'); time.sleep(0.01)",
        )
    assert lost.value.status is Status.TIMEOUT


def test_forged_ahead_replies_cannot_shift_what_is_read(hasty: Worker) -> None:
    """A reply written early answers its own request only; the real one is then noticed."""
    early = codec.encode({"id": 2, "outcomes": [codec.encode(["returned", 1, None])]})
    outcome = call(hasty, f"import os; os.write(3, {codec.HEADER.pack(len(early)) + early!r}); return 2")
    assert outcome == Returned(1)
    with pytest.raises(WorkerLost, match="nobody asked for"):
        hasty.call("attack", [((), {})])


@pytest.mark.parametrize(
    "body",
    [
        "x = []; x.append(x); return x",
        "x = {}; x['x'] = x; return x",
        "x = []\nfor _ in range(100): x = [x, x]\nreturn x",
        "return [[0.5] * 1000] * 10_000_000",
        "return np.broadcast_to(1.0, (10**5, 10**5))",
        "return object()",
        "return lambda: 0",
        "return (i for i in range(3))",
        "class Evil:\n    __class__ = float\n    def __eq__(self, other): return True\n    def __reduce__(self): return print, ('!',)\nreturn Evil()",  # noqa: E501 - one attempt, one line
        "return type('Evil', (), {'__module__': property(lambda self: 1/0)})()",
    ],
    ids=["list in itself", "dict in itself", "doubled", "10 GB of lists", "huge view", "object", "lambda", "generator", "equal to all", "module"],  # noqa: E501 - one attempt, one line
)  # fmt: skip
def test_values_that_cannot_cross_are_named(worker: Worker, body: str) -> None:
    outcome = call(worker, body, setup="import numpy as np")
    assert isinstance(outcome, Raised)
    assert outcome.type in {"UnsupportedValue", "ReplyTooLarge"}


def test_an_array_with_its_own_equality_arrives_as_a_plain_array(worker: Worker) -> None:
    setup = """
    import numpy as np
    class AlwaysRight(np.ndarray):
        def __eq__(self, other): return True
        def __array_ufunc__(self, *args, **kwargs): return True
        def __array_function__(self, *args, **kwargs): return True
    """
    outcome = call(worker, "return np.zeros(3).view(AlwaysRight)", setup=setup)
    assert isinstance(outcome, Returned)
    assert type(outcome.value) is np.ndarray
    assert outcome.value.tolist() == [0, 0, 0]


# tricks inside the interpreter


@pytest.mark.parametrize(
    "attempt",
    [
        "import builtins\nfor name in ('len', 'isinstance', 'type', 'print', 'getattr', 'dict', 'list'):\n    setattr(builtins, name, None)",  # noqa: E501 - one attempt, one line
        "import numpy as np\nnp.asarray = np.array = np.ndarray = None",
        "import sys\nsys.modules.clear()",
        "import sys\nsys.settrace(lambda *a: 1/0)",
        "import gc\nfor o in gc.get_objects():\n    if type(o) is dict and '_sources' in o: o.clear()",
        "import sys, autograder.codec\nautograder.codec.encode = lambda value: b''",
        "import sys\nf = sys._getframe()\nwhile f.f_back: f = f.f_back\nf.f_locals.clear()",
        "import os\nos.write = os.read = None",
        "import sys\nsys.stdout = sys.stderr = None",
        "import sys\nsys.stdout.close(); sys.stdout.write = None",
        "import sys\nsys.setrecursionlimit(60)",
        "import atexit, threading, time\natexit.register(lambda: time.sleep(100))\nthreading.Thread(target=time.sleep, args=(100,)).start()",  # noqa: E501 - one attempt, one line
    ],
    ids=["builtins", "numpy", "modules", "trace", "gc", "codec", "frames", "os", "streams", "closed", "limit", "atexit"],  # noqa: E501 - one attempt, one line
)  # fmt: skip
def test_tricks_hurt_only_the_students_own_worker(warm_parent: WarmParent, attempt: str) -> None:
    with warm_parent.worker(limits=Limits(seconds=0.5, memory_mb=512)) as worker:
        try:
            run(worker, attempt)
            worker.call("attack", [((), {})])
        except WorkerLost as lost:
            assert lost.status in {Status.CRASHED, Status.TIMEOUT}  # noqa: PT017 - surviving is right, too
    with warm_parent.worker() as healthy:
        assert call(healthy, "return 5") == Returned(5)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1/0", None), ("raise SystemExit", None), ("return 5", None), ("while True: pass", Status.TIMEOUT)],
)
def test_an_exception_may_not_even_be_shown(hasty: Worker, text: str, kind: Status | None) -> None:
    setup = f"class Evil(Exception):\n    def __str__(self):\n        {text}\n    __repr__ = __str__"
    try:
        outcome = call(hasty, "raise Evil()", setup=setup)
        assert isinstance(outcome, Raised)
        assert kind is None
    except WorkerLost as lost:
        assert lost.status is kind  # noqa: PT017 - the outcome depends on the case


def test_ignored_signals_do_not_save_an_endless_loop(hasty: Worker) -> None:
    body = "for n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass"  # noqa: E501 - one attempt, one line
    with pytest.raises(WorkerLost) as lost:
        call(hasty, body, setup="import signal")
    assert lost.value.status is Status.TIMEOUT


def test_an_endless_loop_in_another_thread_does_not_outlive_its_call(hasty: Worker) -> None:
    setup = "import threading\ndef forever():\n    while True: pass"
    try:
        outcome = call(hasty, "threading.Thread(target=forever).start(); return 1", setup=setup)
        assert outcome == Returned(1)
    except WorkerLost as lost:
        assert lost.status is Status.TIMEOUT  # noqa: PT017 - either is right


def test_no_worker_survives_its_end(warm_parent: WarmParent) -> None:
    with warm_parent.worker() as worker:
        pid = int(run(worker, "import os; print(os.getpid())").outputs[0]["text"])
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


def test_a_warm_parent_that_is_killed_takes_its_workers_along() -> None:
    with WarmParent.start() as parent:
        worker = parent.worker()
        pid = int(run(worker, "import os; print(os.getpid())").outputs[0]["text"])
        os.kill(parent._process.pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            call(worker, "while True: pass")
        deadline = time.monotonic() + 10
        while _is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _is_running(pid)


def test_a_referee_that_is_killed_leaves_nothing() -> None:
    """The client dies by SIGKILL; its warm parent notices, ends its workers, and removes the folder."""
    script = """
    import os, signal
    from autograder.worker import WarmParent
    from autograder.submission import Cell, Role
    worker = WarmParent.start().worker()
    source = "import os; print(os.getpid(), os.getppid(), os.getcwd())"
    print(worker.execute([Cell(Role.GIVEN, "x", source)], protected=frozenset())[0].outputs[0]["text"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=environment, capture_output=True, text=True, check=False)  # fmt: skip  # noqa: E501
    worker, parent, folder = done.stdout.split()
    deadline = time.monotonic() + 10
    while (_is_running(int(parent)) or _is_running(int(worker))) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _is_running(int(worker))
    assert not _is_running(int(parent))
    assert not Path(folder).parent.exists()


def _is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_the_environment_holds_nothing_of_ours(worker: Worker) -> None:
    names = run(worker, "import os; print(' '.join(os.environ))").outputs[0]["text"].split()
    assert set(names) <= {*_clean_environment(), "TMPDIR", "USER", "LOGNAME", "IPYTHONDIR", "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "LC_CTYPE", "TORCHINDUCTOR_CACHE_DIR"}  # fmt: skip  # noqa: E501 - one attempt, one line
