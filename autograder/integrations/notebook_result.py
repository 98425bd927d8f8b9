"""How ``check("name")`` shows its result: as HTML in a notebook, as plain text elsewhere, in the same words.

The colours are read on white and on black, nothing is loaded or executed, and what a student's code said or returned
is escaped. A picture never costs a verdict: where it cannot be drawn, there is none.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

from autograder.checks.failure import CheckFailure
from autograder.integrations.excerpts import STRIP
from autograder.integrations.feedback import BAD, MAX_TITLE, coloured_sign, escaped
from autograder.integrations.heat_maps import NARROW, Panel, Picture, picture_of
from autograder.verdict import CheckVerdict, Status
from autograder.wording import describe_check, sign

MOST_WORDS = 5_000  # characters of a message; the box scrolls
MOST_PICTURES = 2  # the first failing checks have one: the others mostly fail for the same reason
_LINE = "rgba(128, 128, 128, .45)"
_MONOSPACE = "var(--jp-code-font-family, var(--vscode-editor-font-family, monospace))"
_BOX = "margin: 0 0 0 1.4em"
_PRE = (
    f"margin: .2em 0; padding: .1em 0 .1em .7em; border: none; border-left: 2px solid {_LINE}; max-height: 15em; "
    f"overflow: auto; white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; background: transparent; "
    f"color: inherit; font: .92em/1.4 {_MONOSPACE}"
)
_CAUSE = (
    f"margin: .3em 0; padding: .25em .7em; border-left: 2px solid {BAD}; background: rgba(217, 72, 15, .1); "
    "max-height: 15em; overflow: auto; overflow-wrap: anywhere"
)
_CODE = (
    "background: rgba(128, 128, 128, .15); border-radius: 3px; padding: 0 .2em; color: inherit; "
    f"font-family: {_MONOSPACE}"
)
_NAME = re.compile(r"`([^`\n]+)`")
_SMALL = "font-size: .8em; line-height: 1.35; opacity: .8"


@dataclass(frozen=True)
class Ended:
    """How a check ended, with its exception if it did not pass: a :class:`CheckFailure` brings its arrays."""

    verdict: CheckVerdict
    error: BaseException | None = None


@dataclass(frozen=True)
class CheckResult:
    """What the checks of an exercise amount to.

    Attributes:
        exercise: Its name.
        status: How it ended.
        words: One line that begins with the name.
        failures: The checks to look at.
        offer: How to get a hint.
    """

    exercise: str
    status: Status
    words: str
    failures: tuple[Ended, ...] = ()
    offer: str = ""

    def __str__(self) -> str:
        parts = [f"{sign(self.status)} {self.words}", *(describe_check(ended.verdict) for ended in self.failures)]
        return "\n\n".join([*parts, self.offer] if self.offer else parts)

    def __repr__(self) -> str:
        return str(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Plain text in IPython, line by line."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """The same words for a notebook, with pictures."""
        drawn, parts = 0, [_headline(self)]
        for ended in self.failures:
            picture = _picture(ended.error) if drawn < MOST_PICTURES else ""
            drawn += bool(picture)
            parts.append(_check(ended.verdict, picture))
        if self.offer:
            parts.append(f'<div style="{_BOX}; opacity: .8">{escaped(self.offer, MAX_TITLE)}</div>')
        style = "max-width: 56em; line-height: 1.45; padding: .2em 0"
        return f'<div class="autograder-check tex2jax_ignore mathjax_ignore" style="{style}">{"".join(parts)}</div>'


def _headline(result: CheckResult) -> str:
    rest = _with_code(result.words.removeprefix(result.exercise), MOST_WORDS)
    name = escaped(result.exercise, MAX_TITLE)
    return f'<div style="overflow-wrap: anywhere">{coloured_sign(result.status)} <strong>{name}</strong>{rest}</div>'


def _check(verdict: CheckVerdict, picture: str) -> str:
    parts = [f"<div>{coloured_sign(verdict.status)} {_with_code(verdict.title, MAX_TITLE)}</div>"]
    if verdict.message:
        parts.append(f'<pre style="{_PRE}">{escaped(verdict.message, MOST_WORDS)}</pre>')
    if verdict.cause:
        words = _with_code(verdict.cause, MOST_WORDS)
        parts.append(f'<div style="{_CAUSE}"><strong>Likely cause:</strong> {words}</div>')
    return f'<div style="{_BOX}; padding: .35em 0">{"".join(parts)}{picture}</div>'


def _with_code(text: str, most: int) -> str:
    """Escaped text in which `names` look like code."""
    return _NAME.sub(rf'<code style="{_CODE}">\1</code>', escaped(text, most))


def _picture(error: BaseException | None) -> str:
    if not isinstance(error, CheckFailure):
        return ""
    try:
        picture = picture_of(error)
        return "" if picture is None else _picture_html(picture)
    except Exception:  # noqa: BLE001 - a picture must not cost a verdict, whatever matplotlib is or finds
        return ""


def _picture_html(picture: Picture) -> str:
    panels = "".join(_panel(panel, picture) for panel in picture.panels)
    caption = f'<div style="{_SMALL}">{escaped(picture.caption, MAX_TITLE)}</div>' if picture.caption else ""
    row = "display: flex; flex-wrap: wrap; gap: .3em 16px; align-items: flex-start"
    return (
        f'<div style="margin: .5em 0 .2em; max-width: {STRIP + 20}px"><div style="{row}">{panels}</div>{caption}</div>'
    )


def _panel(panel: Panel, picture: Picture) -> str:
    height, width = panel.size
    image = _image(panel.png, panel.words, height, width)
    title = f'<div style="{_SMALL}; opacity: 1">{escaped(panel.title, MAX_TITLE)}</div>'
    return f'<div style="min-width: {NARROW}px">{title}{image}{_scale(panel, max(width, NARROW))}</div>'


def _scale(panel: Panel, width: int) -> str:
    if panel.scale is None:  # a colour image, or a vector right above another of the same scale
        return ""
    low, high = (f"<span>{escaped(end, MAX_TITLE)}</span>" for end in panel.ends)
    ends = f'<div style="display: flex; justify-content: space-between; width: {width}px; {_SMALL}">{low}{high}</div>'
    return f"{_image(panel.scale, '', 5, width)}{ends}"


def _image(png: bytes, words: str, height: int, width: int) -> str:
    data = base64.b64encode(png).decode()
    style = f"display: block; width: {width}px; height: {height}px; max-width: none; margin: 2px 0"
    return (
        f'<img src="data:image/png;base64,{data}" alt="{escaped(words, MOST_WORDS)}" width="{width}" '
        f'height="{height}" style="{style}">'
    )
