"""Sentences about the shapes in a failed operation, made from the library's message and the student's expression.

Each function takes the match of the message's pattern and what is known of the error.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass
from typing import TypeAlias

from autograder.checks.failure import Raised

Shape: TypeAlias = tuple[int, ...]
Match: TypeAlias = re.Match[str]


@dataclass(frozen=True)
class Operand:
    """An array in the failing expression: its text ("" when unknown) and its shape."""

    text: str
    shape: Shape


def _both(left: Operand, right: Operand) -> str:
    return f"{left.text or 'the left side'} is {left.shape}, {right.text or 'the right side'} is {right.shape}."


def _two_operands(raised: Raised) -> tuple[Operand, Operand] | None:
    """Left and right of the failing operation, if both are expressions whose shapes are known."""
    shapes, texts = dict(raised.operands), _texts_of_sides(raised)
    if texts and all(text in shapes for text in texts):
        return Operand(texts[0], shapes[texts[0]]), Operand(texts[1], shapes[texts[1]])
    return None


def _texts_of_sides(raised: Raised) -> list[str]:
    """Left and right of the failing operation itself, not of one inside it; [] where it is unknown."""
    body = getattr(_tree(raised.code), "body", [])
    statement = body[0] if len(body) == 1 else ast.Pass()
    pair = _sides(statement) or _sides(getattr(statement, "value", None) or ast.Pass())
    return [ast.unparse(side) for side in pair] if pair else []


def _tree(code: str) -> ast.AST:
    try:
        return ast.parse(code.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _sides(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    match node:
        case ast.BinOp(left=left, right=right):
            return left, right
        case ast.AugAssign(target=left, value=right):
            return left, right
        case ast.Compare(left=left, comparators=[right]):
            return left, right
        case ast.Call(args=[left, right], func=ast.Attribute(value=ast.Name(id="np" | "numpy" | "torch"))):
            return left, right
        case ast.Call(args=[right], func=ast.Attribute(value=left)):
            return left, right
    return None


def _operands_matching(raised: Raised, left: Shape, right: Shape) -> tuple[Operand, Operand]:
    """The operands with these shapes: by the text of the failing expression if that agrees with the message."""
    pair = _two_operands(raised)
    if pair and (pair[0].shape, pair[1].shape) == (left, right):
        return pair
    names = [text if len(text) <= _QUOTED else "" for text in _texts_of_sides(raised)] or ["", ""]
    return Operand(names[0], left), Operand(names[1], right)


_QUOTED = 40  # characters of an operand that is quoted


def _numbers(text: str | None) -> Shape:
    return tuple(int(number) for number in re.findall(r"\d+", text or ""))


def product(match: Match, raised: Raised) -> str:
    """A matrix product whose inner sizes differ, or one with a number."""
    pair = _two_operands(raised)
    named = {key: _numbers(text) for key, text in match.groupdict().items() if text}
    message_pair = (named["left"], named["right"]) if {"left", "right"} <= named.keys() else None
    if pair is None and message_pair:
        pair = _operands_matching(raised, *message_pair)
    if "few" in named:
        return (
            f"{known(raised)}a matrix product needs arrays with axes on both sides, but one is a number or None, or a "
            "function: `*` multiplies by numbers."
        )
    if pair is None or not _product_clashes(pair[0].shape, pair[1].shape):
        return _product_by_sizes(named, raised)
    left, right = pair
    which = "first" if len(right.shape) <= 2 else "second to last"
    return (
        f"{_both(left, right)} A matrix product needs the last axis of the left ({left.shape[-1]}) to equal the "
        f"{which} of the right ({_inner(right.shape)}).{_transpose_hint(left, right)}"
    )


def known(raised: Raised) -> str:
    """The shapes on the line, as the beginning of a sentence."""
    return "".join(f"{text} is {shape}; " for text, shape in raised.operands)


def _product_by_sizes(named: dict[str, Shape], raised: Raised) -> str:
    if "k_left" in named and "k_right" in named:
        sizes = f" ({named['k_left'][0]}) to equal the first, or second to last, of the right ({named['k_right'][0]})"
        return f"{known(raised)}a matrix product needs the last axis of the left{sizes}."
    return ""


def _inner(shape: Shape) -> int:
    return shape[-2] if len(shape) > 1 else shape[0]


def _product_clashes(left: Shape, right: Shape) -> bool:
    return bool(left) and bool(right) and left[-1] != _inner(right)


def _transpose_hint(left: Operand, right: Operand) -> str:
    """The one transpose, or the exchange, that makes two matrices fit; "" when none or several do."""
    if len(left.shape) != 2 or len(right.shape) != 2 or not left.text or not right.text:
        return ""
    (a, b), (c, d) = left.shape, right.shape
    fits = [operand for operand, possible in ((left, a == c), (right, b == d)) if possible]
    if not fits and a == d:
        return f" They fit in the other order, {right.text} @ {left.text}: are two arguments exchanged?"
    if len(fits) != 1 or a == d:  # a == d: exchanging the two would fit as well
        return ""
    text = fits[0].text
    if text.endswith(".T"):
        return f" Did you mean {text[:-2]}, without .T?"
    return f" Did you mean {text}.T?"


def linear(match: Match, raised: Raised) -> str:
    """Torch's product of two matrices, which layers and F.linear use as well (with the weight transposed)."""
    explained = product(match, raised) if re.search(r"@|matmul|\bmm\b|dot", raised.code) else ""
    left, right = _numbers(match["left"]), _numbers(match["right"])
    return explained or (
        f"a {left} matrix is multiplied by a {right} matrix: the {left[-1]} columns of the left must equal the "
        f"{right[0]} rows of the right. A linear layer takes rows of in_features = {right[0]} numbers."
    )


def batched_product(match: Match, raised: Raised) -> str:
    """A product of two batches of matrices."""
    wanted, got = _numbers(match["wanted"]), _numbers(match["got"])
    pair = _two_operands(raised)
    start = f"{_both(*pair)} A" if pair else "a"
    if len(wanted) != 2 or len(got) != 2:
        return ""
    if wanted[0] != got[0]:
        return f"{start} product of batches of matrices needs as many matrices left ({wanted[0]}) as right ({got[0]})."
    return (
        f"{start} matrix product needs the last axis of the left ({wanted[1]}) to equal the second to last of the "
        f"right ({got[1]})."
    )


def broadcast(match: Match, raised: Raised) -> str:
    """NumPy could not broadcast the operands."""
    shapes = [_numbers(text) for text in re.findall(r"\(([\d, ]*)\)", match["shapes"])]
    if len(shapes) != 2:
        return f"the shapes {' and '.join(map(str, shapes))} do not fit together. {BROADCASTING}"
    return _clash(*_operands_matching(raised, shapes[0], shapes[1]), raised)


BROADCASTING = "Shapes are compared from the last axis; two sizes fit if they are equal or one of them is 1."


def _clash(left: Operand, right: Operand, raised: Raised) -> str:
    pairs = enumerate(zip(reversed(left.shape), reversed(right.shape), strict=False), start=1)
    clashes = [(-back, a, b) for back, (a, b) in pairs if a != b and 1 not in (a, b)]
    same = len(left.shape) == len(right.shape)  # otherwise only counting from the end names one axis of both
    where = "; ".join(f"axis {axis + len(left.shape) if same else axis} has {a} and {b}" for axis, a, b in clashes)
    hint = _square_hint(left, right, raised) or _new_axis_hint(left, right)
    return f"{_both(left, right)} {BROADCASTING} Here {where}.{hint}"


def _new_axis_hint(left: Operand, right: Operand) -> str:
    for matrix, vector in ((left, right), (right, left)):
        fits = len(matrix.shape) == 2 and len(vector.shape) == 1 and vector.shape[0] == matrix.shape[0]
        if fits and re.fullmatch(r"[\w.\[\]'\"]*", vector.text):
            name = vector.text or "the vector"
            return f" To give each row of {matrix.text or 'the matrix'} one number of {name}, write {name}[:, None]."
    return ""


def _square_hint(left: Operand, right: Operand, raised: Raised) -> str:
    """The one square matrix among other arrays of the expression: it may have come from a vector and a column."""
    named = {one.text: one for one in (left, right, *(Operand(*known) for known in raised.operands))}
    squares = [one for one in named.values() if len(one.shape) == 2 and one.shape[0] == one.shape[1] > 1]
    return square_of(squares[0]) if len(squares) == 1 and squares[0].text else ""


def square_of(square: Operand) -> str:
    """Where a square that nobody wants comes from."""
    n, name = square.shape[0], square.text or "the square one"
    return (
        f" {name} is ({n}, {n}). If it should not be square: ({n},) combined with ({n}, 1) gives ({n}, {n}). "
        "keepdims=True, where a sum or maximum was taken before, or x[:, None] avoids that."
    )


def tensor_broadcast(match: Match, raised: Raised) -> str:
    """Torch could not broadcast the operands."""
    pair = _two_operands(raised)
    a, b, axis = int(match["a"]), int(match["b"]), int(match["axis"])
    if pair and _sizes_at(pair, axis) == {a, b}:
        return _clash(*pair, raised)
    texts = _texts_of_sides(raised)
    both = " and ".join(texts) if texts and max(map(len, texts)) <= _QUOTED else "two tensors"
    return f"{both} do not fit together: axis {axis} has {a} and {b}. {BROADCASTING}"


def _sizes_at(pair: tuple[Operand, Operand], axis: int) -> set[int]:
    """The sizes that two shapes have at an axis of their broadcast result."""
    ndim = max(len(operand.shape) for operand in pair)
    aligned = [(1,) * (ndim - len(operand.shape)) + operand.shape for operand in pair]
    return {shape[axis] for shape in aligned} if axis < ndim else set()


def assigned(match: Match, raised: Raised) -> str:
    """Something does not fit the place or shape it should fill."""
    source, target = _numbers(match["source"]), _numbers(match["target"])
    return f"an array of shape {source} cannot fill the shape {target}. {BROADCASTING}"


def in_place(match: Match, raised: Raised) -> str:
    """An in-place operation whose result is larger than its place."""
    out, result = _numbers(match["out"]), _numbers(match["result"])
    return f"the result is {result}, but an in-place operation must store it in an array of shape {out}."


def reshape(match: Match, raised: Raised) -> str:
    """A reshape to another number of entries."""
    size = int(match["size"])
    shape = tuple(int(number) for number in re.findall(r"-?\d+", match["shape"]))
    sources = {text: old for text, old in raised.operands if math.prod(old) == size}
    source = f"{next(iter(sources))} is {next(iter(sources.values()))}: " if len(sources) == 1 else ""
    known = math.prod(number for number in shape if number >= 0)
    if -1 in shape or re.search(r"-1\b", raised.code):
        return f"{source}{size} entries cannot be divided into groups of {known}; reshape keeps every entry."
    return f"{source}it has {size} entries, shape {shape} needs {known}; reshape keeps every entry."


def concatenate_sizes(match: Match, raised: Raised) -> str:
    """NumPy joins arrays that differ in another axis."""
    return (
        f"arrays that are joined must agree in every axis but the one they are joined along: in axis {match['axis']} "
        f"the first has {match['first']} entries, number {match['index']} (counted from 0) has {match['second']}."
    )


def cat_sizes(match: Match, raised: Raised) -> str:
    """Torch joins tensors that differ in another axis."""
    return (
        f"tensors that are joined along axis {match['axis']} must agree in all others: "
        f"the first has {match['first']} entries in one, number {match['index']} (counted from 0) "
        f"has {match['second']}."
    )


def join_dimensions(match: Match, raised: Raised) -> str:
    """Joined arrays differ in their number of axes."""
    return (
        f"arrays that are joined need equally many axes: one has {match['first']}, another {match['second']}. "
        "x[None] or x[:, None] adds an axis of length 1."
    )


def stack(match: Match, raised: Raised) -> str:
    """Stacked arrays differ in shape."""
    shapes = [f"{text} is {shape}" for text, shape in raised.operands]
    listed = f" ({', '.join(shapes)})" if shapes else ""
    return (
        f"stacked arrays must all have the same shape{listed}. To join along an axis they have, use concatenate or cat."
    )


def axis(match: Match, raised: Raised) -> str:
    """An axis that the array does not have."""
    found = match.groupdict()
    ndim = int(found["ndim"]) if found.get("ndim") else int(found["high"]) + 1
    which = [text for text, shape in raised.operands if len(shape) == ndim]
    name = which[0] if len(which) == 1 else "the array"
    if not ndim:
        return f"{name} has no axes (it is a single number), so there is no axis {found['axis']}."
    numbered = "numbered 0" if ndim == 1 else f"numbered 0 {'and' if ndim == 2 else 'to'} {ndim - 1}"
    return f"{name} has {ndim} ax{'is' if ndim == 1 else 'es'}, {numbered}; there is no axis {found['axis']}."


def index(match: Match, raised: Raised) -> str:
    """An index beyond the end."""
    size, axis = int(match["size"]), match["axis"]
    if size == 0:
        return f"axis {axis} is empty, so it has no entry {match['index']}."
    return f"axis {axis} has {size} entries, numbered 0 to {size - 1}; there is no entry {match['index']}."


def too_many_indices(match: Match, raised: Raised) -> str:
    """More indices than axes."""
    count = f"{match['count']} were" if match.groupdict().get("count") else "more were"
    return f"the array has {match['ndim']} axes, but {count} indexed."


def mask(match: Match, raised: Raised) -> str:
    """A boolean mask of another size."""
    return (
        f"the boolean mask has {match['mask']} entries along axis {match['axis']}, the array {match['size']}: "
        "a mask must have the shape of the axes it selects from."
    )


def index_arrays(match: Match, raised: Raised) -> str:
    """Index arrays that do not go together."""
    shapes = [_numbers(text) for text in re.findall(r"[(\[]([\d, ]*)[)\]]", match["shapes"])]
    return (
        f"the index arrays have shapes {' and '.join(map(str, shapes))}: they are read together, entry by entry, so "
        "they must have one shape."
    )


def einsum(match: Match, raised: Raised) -> str:
    """One letter of an einsum for two sizes, in torch's words."""
    return (
        f"the letter {match['letter']} stands for {match['seen']} in one operand and for {match['size']} in operand "
        f"{match['index']} (counted from 0): one letter, one size."
    )


def remapped(match: Match, raised: Raised) -> str:
    """Batch axes of a product, or letters of an einsum, that clash, in NumPy's words."""
    shapes = [_numbers(text) for text in re.findall(r"(\([\d, ]*\))->", match["shapes"])]
    listed = " and ".join(map(str, shapes))
    if "einsum" in raised.code:
        return f"the operands have shapes {listed}: a letter of the subscripts stands for two different sizes."
    return f"the operands have shapes {listed}: the axes before the last two (the batch) must be equal or 1."


def convolution(match: Match, raised: Raised) -> str:
    """A convolution of the wrong number of channels."""
    weight, image = _numbers(match["weight"]), _numbers(match["image"])
    return (
        f"the weight is {weight} (out channels, in channels, ...), so the input needs {match['wanted']} channels in "
        f"axis 1, but its shape is {image}."
    )


def layer_norm(match: Match, raised: Raised) -> str:
    """A layer norm over other axes than the input's last."""
    return (
        f"the layer normalises the last axes, of shape {_numbers(match['wanted'])}, "
        f"but the input is {_numbers(match['got'])}."
    )
