"""The IPython shell in which a worker runs cells: what it displays is collected, what it cannot do is said.

It differs from a notebook's kernel where grading must: no history (it starts a thread), no shell commands, no
colours, and a cell is compiled under a name that its reader knows ("answer:backward").
"""

from __future__ import annotations

import contextlib
import linecache
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.page import as_hook, display_page
from traitlets import Type
from traitlets.config import Config

from autograder.outputs import CapturedStream, Outputs

NO_COMMANDS = "(shell commands do not run while grading)"
_SCRIPT_MAGICS = ("bash", "sh", "script", "perl", "ruby", "pypy", "python", "python2", "python3", "js", "!", "sx")
_INSTALL_MAGICS = ("pip", "conda", "mamba", "micromamba", "uv")


class CellCompiler(CachingCompiler):  # type: ignore[misc]  # IPython is untyped
    """Compiles the next cell under the name it was given."""

    cell_name = "cell"

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """The file name that tracebacks and timeouts show."""
        return self.cell_name


class CellPublisher(DisplayPublisher):  # type: ignore[misc]  # IPython is untyped
    """Takes what ``display`` and ``plt.show`` give."""

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        """Collect one displayed thing."""
        _shell(self).outputs.display("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        """Forget what the cell displayed so far."""
        _shell(self).outputs.clear()


class CellResult(DisplayHook):  # type: ignore[misc]  # IPython is untyped
    """Takes the value of a cell's last line."""

    def __call__(self, result: Any = None) -> None:
        """Collect the value, unless the line ends with a semicolon."""
        shell = _shell(self)
        if result is None or shell.source.rstrip().endswith(";"):
            return
        shell.user_ns["_"] = result
        data, _ = shell.display_formatter.format(result)
        shell.outputs.display("execute_result", data)


class CellShell(InteractiveShell):  # type: ignore[misc]  # IPython is untyped
    """Runs cells for a worker. It is made in the warm parent, once."""

    compiler_class = CellCompiler
    display_pub_class = Type(CellPublisher)
    displayhook_class = Type(CellResult)
    outputs = Outputs()  # replaced for every cell; IPython's own classes look for it here
    source = ""

    @classmethod
    def make(cls) -> CellShell:
        """The shell of this process, with an empty ``__main__`` for the student."""
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.cache_size = 0
        untyped: Any = cls.instance(config=config, user_module=ModuleType("__main__", "The student's code."))
        show_page: Any = as_hook  # IPython is typed in places
        untyped.set_hook("show_in_pager", show_page(display_page), 90)
        untyped.user_ns.update(exit=_leave, quit=_leave)
        for name in _SCRIPT_MAGICS:
            untyped.register_magic_function(_no_script, "cell", name)
        for name in _INSTALL_MAGICS:
            untyped.register_magic_function(_no_script, "line", name)
        warnings.filterwarnings("ignore", message="To exit: use")  # IPython's advice to who called exit()
        shell: CellShell = untyped
        return shell

    @contextlib.contextmanager
    def capturing(self, outputs: Outputs) -> Iterator[None]:
        """Collect what is printed and displayed, whatever the student did to ``sys.stdout`` before."""
        self.outputs = outputs
        streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = CapturedStream(outputs, "stdout"), CapturedStream(outputs, "stderr")
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams
            sys.settrace(None)

    def run_named(self, file_name: str, source: str) -> BaseException | None:
        """Run one cell in ``__main__``; the exception that ended it."""
        untyped: Any = self
        untyped.compile.cell_name = file_name
        self.source = source
        result = untyped.run_cell(source, store_history=False)
        error: BaseException | None = result.error_before_exec or result.error_in_exec
        return error

    def enable_gui(self, gui: Any = None) -> None:
        """Figures are drawn into the cell's output; there is no screen."""

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Errors are shown by the worker, in few lines."""

    showsyntaxerror = showtraceback
    showindentationerror = showtraceback
    _showtraceback = showtraceback

    def system(self, cmd: str) -> None:
        """Answer ``!command`` and ``%pip``."""
        print(NO_COMMANDS)  # noqa: T201 - it is the cell's output

    system_piped = system
    system_raw = system

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Answer ``x = !command``."""
        self.system(cmd)
        return [] if split else ""

    @contextlib.contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """Keep no second copy of what is printed, as IPython does for its history."""
        yield


def remember_source(file_name: str, source: str) -> None:
    """Let ``inspect`` and tracebacks find the source of code that has no file."""
    linecache.cache[file_name] = (len(source), None, source.splitlines(keepends=True), file_name)


def _shell(part: Any) -> Any:
    return part.shell  # a CellShell; IPython says it may be none


def _no_script(line: str, cell: str = "") -> None:
    print(NO_COMMANDS)  # noqa: T201 - it is the cell's output


def _leave(code: object = None) -> None:
    raise SystemExit(code)
