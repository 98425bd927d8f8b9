"""The fixture ``submission``, and the hosts that run student code for it.

A check talks to a :class:`Proxy`; where the student's code runs is the host's business: in this process
(:class:`InProcess`: the learner's pytest, the notebook, mistakes) or in a worker (``autograder.worker``).
"""

from __future__ import annotations

import builtins
import dis
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from types import CodeType, ModuleType, TracebackType
from typing import Any, Protocol, TypeAlias

from autograder.checks.failure import AUTHOR_ERROR, ForbiddenName, MissingAnswer, Raised, StudentError
from autograder.checks.forbidden import refused
from autograder.checks.names import misspelt_definition
from autograder.checks.plain import UnsupportedValue, described, plain_data
from autograder.checks.shapes import raised_from

Arguments: TypeAlias = tuple[tuple[Any, ...], dict[str, Any]]
GIVEN_GLOBALS = frozenset({"np", "numpy", "torch", "math"})  # what a function sent to the worker finds there


@dataclass(frozen=True)
class Returned:
    """What a call gave back. ``arguments``: (args, kwargs) after the call, when they were asked for."""

    value: Any
    arguments: Arguments | None = None


Outcome: TypeAlias = Returned | Raised


class Host(Protocol):
    """Something that runs student code and hands back plain data."""

    def call(self, name: str, calls: Sequence[Arguments], *, after: bool) -> list[Outcome]:
        """Call the student's function once for each (args, kwargs); with ``after``, hand the arguments back too."""
        ...

    def run(self, function: Callable[..., Any], args: Sequence[Any]) -> Any:
        """Evaluate a check author's function beside the student's code; its value, or an Outcome."""
        ...

    def apart(self, function: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """As ``run`` for each of many arguments, each beside a fresh copy of the student's code where one can be."""
        ...


class Proxy:
    """The fixture ``submission``: attributes are the student's functions, called wherever the host runs them."""

    def __init__(self, host: Host) -> None:
        """Talk to the student's code through ``host``."""
        self._host = host
        self._gave: list[tuple[str, Any]] = []  # (function, value), for words about a check that failed

    def __getattr__(self, name: str) -> Call:
        if name.startswith("__"):  # pytest and copy ask for these; no answer is called so
            raise AttributeError(name)
        return Call(self._host, name, self._gave)

    def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Evaluate ``function(student, *args)`` beside the student's code and return its evidence.

        The function's source travels, so it may use np, torch, math and what it imports inside itself.
        """
        __tracebackhide__ = True
        outcome = self._host.run(function, args)
        value = _value(outcome).value if isinstance(outcome, Returned | Raised) else outcome
        self._gave.append(("", value))
        return value

    def apart(self, function: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """Evaluate ``function(student, *args)`` for many ``args``, none of which can learn from another.

        Where a worker runs the student's code, each gets a worker of its own. What a call raised is returned too.
        """
        return self._host.apart(function, calls)


class Call:
    """One of the student's functions."""

    def __init__(self, host: Host, name: str, gave: list[tuple[str, Any]]) -> None:
        """Call ``name``, wherever ``host`` runs it, and note in ``gave`` what it gives."""
        self._host = host
        self._name = name
        self._gave = gave

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The student's value for these arguments."""
        __tracebackhide__ = True
        value = _value(self._host.call(self._name, [(args, kwargs)], after=False)[0]).value
        self._gave.append((self._name, value))
        return value

    def map(self, arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
        """The student's values for many tuples of arguments, in one message."""
        __tracebackhide__ = True
        calls: list[Arguments] = []
        for args in arguments:
            if not isinstance(args, tuple):
                raise TypeError(f"{self._name}.map takes tuples of arguments, got {described(args)}: write [(x,), ...]")
            calls.append((args, {}))
        return [_value(outcome).value for outcome in self._host.call(self._name, calls, after=False)]

    def after(self, *args: Any, **kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """The student's value, and the arguments as they are after the call (keyword ones last)."""
        __tracebackhide__ = True
        returned = _value(self._host.call(self._name, [(args, kwargs)], after=True)[0])
        assert returned.arguments is not None, "the host was asked for the arguments after the call"  # noqa: S101 - a host's promise
        self._gave.append((self._name, returned.value))
        args_after, kwargs_after = returned.arguments
        return returned.value, (*args_after, *kwargs_after.values())


def given_by(submission: Proxy) -> Sequence[tuple[str, Any]]:
    """What the student's functions gave a check so far: (function, value); "" for what ``run`` evaluated."""
    return submission._gave


def _value(outcome: Outcome) -> Returned:
    __tracebackhide__ = True
    if isinstance(outcome, Raised):
        error = StudentError(outcome)
        if outcome.exception is not None:
            raise error.with_traceback(outcome.exception.__traceback__) from None
        raise error
    return outcome


class InProcess:
    """A host for student code of this very process: tracebacks stay real, and nothing is locked down.

    Arguments are copied and values converted as if they crossed to a worker, so that checks behave alike.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any] | ModuleType,
        sources: Mapping[str, str] | None = None,
        *,
        refuse: Sequence[str] = (),
    ) -> None:
        """Host the definitions of a module or a namespace.

        Args:
            namespace: The student's names.
            sources: File name of the student's code (as in ``co_filename``) -> its text, for error messages.
            refuse: Dotted names that raise ForbiddenName while student code runs.
        """
        self._names: Mapping[str, Any] = vars(namespace) if isinstance(namespace, ModuleType) else namespace
        self._sources = sources or {}
        self._refuse = tuple(refuse)

    def call(self, name: str, calls: Sequence[Arguments], *, after: bool = False) -> list[Outcome]:
        """Call the student's function once for each (args, kwargs)."""
        __tracebackhide__ = True
        if name not in self._names:
            missing = MissingAnswer(name, misspelt_definition(name, self._names))
            return [Raised("MissingAnswer", str(missing)) for _ in calls]
        return [self._outcome(self._names[name], arguments, after=after) for arguments in calls]

    def run(self, function: Callable[..., Any], args: Sequence[Any]) -> Outcome:
        """Evaluate ``function(student, *args)`` with the student's own objects in reach."""
        __tracebackhide__ = True
        check_can_travel(function)
        student = StudentView(self._names)

        def evidence(*args: Any) -> Any:
            __tracebackhide__ = True
            return function(student, *args)

        return self._outcome(evidence, (tuple(args), {}), after=False, trusted=function.__code__.co_filename)

    def apart(self, function: Callable[..., Any], calls: Sequence[Sequence[Any]]) -> list[Outcome]:
        """Evaluate the function for each, one after another: the code of this process is nobody else's."""
        __tracebackhide__ = True
        return [self.run(function, args) for args in calls]

    def _outcome(
        self, function: Callable[..., Any], arguments: Arguments, *, after: bool, trusted: str = ""
    ) -> Outcome:
        __tracebackhide__ = True
        args, kwargs = _arguments_that_cross(arguments)
        try:
            with refused(self._refuse, namespaces=(self._names,), trusted=(trusted,)):
                value = function(*args, **kwargs)
            return Returned(plain_data(value), (plain_data(args), plain_data(kwargs)) if after else None)
        except UnsupportedValue as problem:
            return Raised("UnsupportedValue", f"returned {problem}; expected plain data (numbers, arrays, lists, ...)")
        except (Exception, SystemExit) as exception:  # noqa: BLE001 - whatever the student's code raises is evidence
            return self._raised(exception, of_a_check=bool(trusted))

    def _raised(self, exception: BaseException, *, of_a_check: bool) -> Raised:
        raised = raised_from(exception, self._sources)
        if of_a_check and not self._is_students(exception, raised):
            raised = replace(raised, type=f"{AUTHOR_ERROR}:{raised.type}")
        return replace(raised, exception=_without_library_frames(exception, self._sources))

    def _is_students(self, exception: BaseException, raised: Raised) -> bool:
        """Whether the student's code, not the check's function that uses it, is at fault; a worker decides alike."""
        if isinstance(exception, MissingAnswer | ForbiddenName | MemoryError) or raised.line or not self._sources:
            return True
        called = raised.message.partition("(")[0].partition(".")[0]  # "backward() takes 2 positional arguments but ..."
        return isinstance(exception, TypeError) and called in self._names


def _without_library_frames(exception: BaseException, sources: Mapping[str, str]) -> BaseException:
    """Leave only the student's frames in a traceback, if there are any."""
    links = []
    link = exception.__traceback__
    while link is not None:
        if link.tb_frame.f_code.co_filename in sources:
            links.append(link)
        link = link.tb_next
    kept: TracebackType | None = None
    for link in reversed(links):
        kept = TracebackType(kept, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return exception.with_traceback(kept) if kept is not None else exception


def _arguments_that_cross(arguments: Arguments) -> Arguments:
    try:
        return plain_data(arguments[0]), plain_data(arguments[1])
    except UnsupportedValue as problem:
        raise TypeError(f"a check passes {problem} to student code: only plain data can cross to a worker") from None


class StudentView:
    """The student's names for a function given to ``submission.run``; a missing one raises MissingAnswer."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        """Show these names as attributes."""
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self._names[name]
        except KeyError:
            raise MissingAnswer(name, misspelt_definition(name, self._names)) from None


def check_can_travel(function: Callable[..., Any]) -> None:
    """Refuse a function for ``submission.run`` that would not work in a worker.

    Raises:
        TypeError: If it is no plain top-level function, or uses a global that the worker does not have.
    """
    code = getattr(function, "__code__", None)
    if not inspect.isfunction(function) or code is None:
        raise TypeError(f"submission.run takes a plain function of the check file, got {described(function)}")
    if function.__name__ == "<lambda>" or "<locals>" in function.__qualname__ or code.co_freevars:
        raise TypeError(f"{function.__qualname__}: submission.run takes a top-level function (its source is sent)")
    unknown = sorted(_globals_used(code) - GIVEN_GLOBALS - {function.__name__} - set(dir(builtins)))
    if unknown:
        raise TypeError(
            f"{function.__name__} uses {', '.join(unknown)}, which its source does not bring along to the worker: "
            "pass it as an argument, or import it inside the function"
        )


@cache  # a check's function travels once for each submission
def _globals_used(code: CodeType) -> frozenset[str]:
    used = {step.argval for step in dis.get_instructions(code) if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}
    return frozenset(used).union(*(_globals_used(part) for part in code.co_consts if isinstance(part, CodeType)))


def source_that_travels(function: Callable[..., Any]) -> str:
    """The source of a function for ``submission.run``, as a worker executes it.

    Raises:
        TypeError: As :func:`check_can_travel`.
    """
    check_can_travel(function)
    return _source_of(function)


@cache
def _source_of(function: Callable[..., Any]) -> str:
    return textwrap.dedent(inspect.getsource(function))
