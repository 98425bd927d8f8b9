"""What was expected, what came and their difference as heat maps, where they say more than words.

Pixels and numbers only: titles and scales stand beside them as text of the page, in the colours of its theme.
matplotlib draws on a canvas of its own: pyplot, the student's figures and settings are not touched.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autograder.checks.failure import CheckFailure
from autograder.integrations.excerpts import PANEL, STRIP, Excerpt, Floats, difference_of, excerpt_of, thinned

NARROW = 70  # the least width of a scale with its two ends
THIN = 22  # the least height of a panel
SHARP = 2  # pixels of the picture for one of the page: screens are dense
NUMBER = 9  # the height of a digit's line in pixels of the page
DIGIT = 0.63  # the width of a digit in heights
_VALUES, _DIFFERENCE = "viridis", "coolwarm"
_LEADING_ZERO = re.compile(r"(?<![\d.])0(?=\.)")
_NOT_FINITE = (214, 51, 132)  # pink: in neither of these maps

Pixels = NDArray[np.uint8]  # (rows, columns, 3)


@dataclass(frozen=True)
class Panel:
    """One heat map, with what stands around it.

    Attributes:
        title: "expected", "yours" or "yours - expected".
        words: What the map shows, for who cannot see it.
        png: The picture.
        size: Its height and width in pixels of the page.
        scale: The colours from the lowest to the highest value as a picture; None for a colour image, and for a
            vector right above another of the same scale.
        ends: The lowest and the highest value.
    """

    title: str
    words: str
    png: bytes
    size: tuple[int, int]
    scale: bytes | None
    ends: tuple[str, str]


@dataclass(frozen=True)
class Picture:
    """Panels that belong together.

    Attributes:
        panels: Expected, yours and, where the shapes agree, the difference.
        caption: Which part of the arrays is shown, and what is marked.
        is_strip: Whether the panels are wide and flat, one under the other.
    """

    panels: tuple[Panel, ...]
    caption: str
    is_strip: bool


def picture_of(failure: CheckFailure) -> Picture | None:
    """The picture for a refused array; None where it would say no more than the words."""
    excerpt = excerpt_of(failure)
    if excerpt is None:
        return None
    excerpt = thinned(excerpt)
    return Picture(tuple(_panels(excerpt)), _caption(excerpt), excerpt.is_strip)


def _panels(excerpt: Excerpt) -> list[Panel]:
    expected, yours = (array.astype(np.float64) for array in (excerpt.expected, excerpt.yours))
    if excerpt.is_image:
        largest = 255.0 if excerpt.expected.dtype.kind in "iu" else 1.0
        shown = [_image_panel(title, a, largest, excerpt) for title, a in (("expected", expected), ("yours", yours))]
    else:
        ends = _ends(np.concatenate([expected.ravel(), yours.ravel()]))
        shown = [_panel(title, a, ends, excerpt, _VALUES) for title, a in (("expected", expected), ("yours", yours))]
    if excerpt.is_strip:
        shown[0] = replace(shown[0], scale=None)  # it is that of the vector right below
    if excerpt.wrong is None:
        return [
            replace(panel, title=f"{panel.title}, {a.shape}") for panel, a in zip(shown, (expected, yours), strict=True)
        ]
    difference = difference_of(excerpt)
    low, high = _ends(difference)
    most = max(-low, high) or 1.0
    return [*shown, _panel("yours − expected", difference, (-most, most), excerpt, _DIFFERENCE)]


def _ends(values: Floats) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _panel(title: str, values: Floats, ends: tuple[float, float], excerpt: Excerpt, colours: str) -> Panel:
    low, high = ends
    cell = _cell_size(values.shape[0], values.shape[1], excerpt)
    pixels = _coloured(_within(values, low, high), colours)
    pixels[~np.isfinite(values)] = _NOT_FINITE
    png = _drawn(pixels, cell, excerpt.first, _numbers(values, cell) if excerpt.has_numbers else None)
    scale = _drawn(_coloured(np.linspace(0, 1, 64)[None, :], colours), (3, 1), None, None)
    size = (values.shape[0] * cell[0] // SHARP, values.shape[1] * cell[1] // SHARP)
    return Panel(title, _in_words(title, values, excerpt), png, size, scale, (f"{low:.3g}", f"{high:.3g}"))


def _image_panel(title: str, values: Floats, largest: float, excerpt: Excerpt) -> Panel:
    cell = _cell_size(values.shape[0], values.shape[1], excerpt)
    finite = np.isfinite(values).all(axis=2)
    pixels = (np.clip(np.nan_to_num(values), 0, largest) * (255 / largest)).astype(np.uint8)
    pixels[~finite] = _NOT_FINITE
    png = _drawn(pixels, cell, excerpt.first, None)
    size = (values.shape[0] * cell[0] // SHARP, values.shape[1] * cell[1] // SHARP)
    return Panel(title, _in_words(title, values, excerpt), png, size, None, ("", ""))


def _in_words(title: str, values: Floats, excerpt: Excerpt) -> str:
    low, high = _ends(values)
    shape = " × ".join(map(str, values.shape))
    lost = int((~np.isfinite(values)).sum())
    odd = f", {lost} NaN or infinite" if lost else ""
    marked = f"; the first difference is at {list(excerpt.first)} of the picture" if excerpt.first else ""
    return f"{title}: {shape} entries from {low:.3g} to {high:.3g}{odd}{marked}"


def _cell_size(rows: int, columns: int, excerpt: Excerpt) -> tuple[int, int]:
    """Height and width of an entry, in pixels of the picture."""
    if excerpt.is_strip:
        return THIN * SHARP, max(1, STRIP * SHARP // columns)
    if excerpt.has_numbers:
        return 20 * SHARP, min(PANEL // columns, 44) * SHARP
    side = min(PANEL // max(rows, columns), 26)
    return max(side, THIN // rows) * SHARP, max(side, NARROW // columns) * SHARP


def _within(values: Floats, low: float, high: float) -> Floats:
    """Values from ``low`` to ``high`` as 0 to 1."""
    half_low, half_high = low / 2, high / 2  # their difference is finite even for the largest numbers
    spread = (half_high - half_low) or 1.0
    return np.clip((np.nan_to_num(values, nan=low, posinf=high, neginf=low) / 2 - half_low) / spread, 0, 1)


def _coloured(share: Floats, colours: str) -> Pixels:
    import matplotlib as mpl  # only a failing check pays for it

    return np.asarray(mpl.colormaps[colours](share, bytes=True)[..., :3], dtype=np.uint8).copy()


def _numbers(values: Floats, cell: tuple[int, int]) -> list[list[str]] | None:
    """What to write into the cells; None where it does not fit."""
    texts = [[_short(float(value)) for value in row] for row in values]
    without_zeros = [[_LEADING_ZERO.sub("", text) for text in row] for row in texts]
    fits = [written for written in (texts, without_zeros) if _longest(written) * DIGIT * NUMBER * SHARP <= cell[1]]
    return fits[0] if fits else None


def _longest(texts: list[list[str]]) -> int:
    return max(len(text) for row in texts for text in row)


def _short(value: float) -> str:
    """At most two digits that count, and whole numbers up to 999."""
    text = f"{value + 0.0:.2g}" if abs(value) < 100 or abs(value) >= 1000 else f"{value:.3g}"  # + 0.0: no minus zero
    return text.replace("-", "−")


def _drawn(
    pixels: Pixels, cell: tuple[int, int], framed: tuple[int, int] | None, numbers: list[list[str]] | None
) -> bytes:
    """A PNG with ``cell`` pixels an entry, one entry framed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    large = pixels.repeat(cell[0], axis=0).repeat(cell[1], axis=1)
    if framed is not None:
        _frame(large, cell, framed)
    height, width = large.shape[:2]
    figure = Figure(figsize=(width, height), dpi=1, frameon=False)
    figure.set_layout_engine("none")
    canvas = FigureCanvasAgg(figure)
    figure.figimage(large, origin="upper")
    for (row, column), colour in np.ndenumerate(_ink(pixels)) if numbers else ():
        figure.text(
            (column + 0.5) / pixels.shape[1],
            1 - (row + 0.5) / pixels.shape[0],
            numbers[row][column] if numbers else "",
            color=colour,
            fontsize=NUMBER * SHARP * 72,
            fontfamily="DejaVu Sans",
            ha="center",
            va="center_baseline",
        )
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # savefig would heed the student's settings
    return _png(drawn[..., :3], colours=64 if numbers else 256)


def _png(pixels: Pixels, *, colours: int) -> bytes:
    """A small file: with a palette, digits take a third of the room. Pillow comes with matplotlib, which needs it."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).quantize(colours).save(file, "png")
    return file.getvalue()


def _ink(pixels: Pixels) -> NDArray[np.str_]:
    """Black on light colours, white on dark ones."""
    return np.where(pixels @ np.array([0.299, 0.587, 0.114]) > 140, "black", "white")


def _frame(large: Pixels, cell: tuple[int, int], framed: tuple[int, int]) -> None:
    """Draw a frame that is seen on every colour: black outside, white inside."""
    for inset, colour in ((0, 0), (SHARP, 255)):
        top, left = (framed[axis] * cell[axis] for axis in (0, 1))
        bottom, right = top + cell[0], left + cell[1]
        grow = max(0, 7 * SHARP - min(cell)) // 2 - inset  # a tiny cell is framed from outside
        top, left = max(0, top - grow), max(0, left - grow)
        bottom, right = min(large.shape[0], bottom + grow), min(large.shape[1], right + grow)
        for edge in (
            (slice(top, top + SHARP), slice(left, right)),
            (slice(bottom - SHARP, bottom), slice(left, right)),
            (slice(top, bottom), slice(left, left + SHARP)),
            (slice(top, bottom), slice(right - SHARP, right)),
        ):
            large[edge] = colour


def _caption(excerpt: Excerpt) -> str:
    notes = list(excerpt.notes)
    if excerpt.is_image:
        notes.append("the difference is that of the colour that is farthest off")
    if not (np.isfinite(excerpt.expected).all() and np.isfinite(excerpt.yours).all()):
        notes.append("pink: NaN or infinite")
    if excerpt.first is not None:
        notes.append("framed: the first entry that differs")
    return "; ".join(notes)
