"""What NumPy 2.4 and torch 2.13 say about arrays: (pattern, sentence or what makes one); the first match wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from autograder.checks import array_sentences as sentences
from autograder.checks import array_values as values
from autograder.checks.failure import Raised

Explain: TypeAlias = str | Callable[[re.Match[str], Raised], str]
ARRAY_RULES: Sequence[tuple[str, Explain]] = (
    (r"matmul: .* core dimension .*\(size (?P<k_right>\d+) is different from (?P<k_left>\d+)\)", sentences.product),
    (r"^matmul: Input operand \d does not have enough dimensions \(has (?P<few>0)", sentences.product),
    (r"shapes (?P<left>\([\d,]*\)) and (?P<right>\([\d,]*\)) not aligned", sentences.product),
    (r"mat1 and mat2 shapes cannot be multiplied \((?P<left>\d+x\d+) and (?P<right>\d+x\d+)\)", sentences.linear),
    (r"size mismatch, got input \(\d+\), mat \((?P<left>\d+x\d+)\), vec \((?P<right>\d+)\)", sentences.product),
    (r"inconsistent tensor size, expected tensor \[(?P<left>\d+)\] and src \[(?P<right>\d+)\]", sentences.product),
    (
        r"first two dimensions of batch2 tensor to be: \[(?P<wanted>[\d, ]+)\] but got: \[(?P<got>[\d, ]+)\]",
        sentences.batched_product,
    ),
    (
        r"remapped shapes \[original->remapped\]: (?P<source>\([\d,]*\))\s+and requested shape (?P<target>\(.*?\))",
        sentences.assigned,
    ),
    (
        r"broadcast together with remapped shapes \[original->remapped\]: (?P<shapes>.*?)(?: and requested.*)?$",
        sentences.remapped,
    ),
    (
        r"^shape mismatch: indexing \w+ could not be broadcast together with shapes (?P<shapes>.*)",
        sentences.index_arrays,
    ),
    (r"operands could not be broadcast together with shapes (?P<shapes>.*)", sentences.broadcast),
    (
        r"size of tensor a \((?P<a>\d+)\) must match .* b \((?P<b>\d+)\) at .*dimension (?P<axis>\d+)",
        sentences.tensor_broadcast,
    ),
    (r"broadcast input array from shape (?P<source>\(.*?\)) into shape (?P<target>\(.*?\))", sentences.assigned),
    (
        r"The expanded size .* Target sizes: \[(?P<target>.*?)\]\.\s+Tensor sizes: \[(?P<source>.*?)\]",
        sentences.assigned,
    ),
    (
        r"output operand with shape (?P<out>\(.*?\)) doesn't match the broadcast shape (?P<result>\(.*?\))",
        sentences.in_place,
    ),
    (r"output with shape \[(?P<out>.*?)\] doesn't match the broadcast shape \[(?P<result>.*?)\]", sentences.in_place),
    (r"cannot reshape array of size (?P<size>\d+) into shape \(?(?P<shape>[-\d,]+)\)?", sentences.reshape),
    (r"shape '\[(?P<shape>.*?)\]' is invalid for input of size (?P<size>\d+)", sentences.reshape),
    (
        r"^view size is not compatible",
        "view needs a tensor whose entries lie in memory in row order; after .T, transpose or permute they do not. "
        "Use .reshape(...).",
    ),
    (
        r"along dimension (?P<axis>\d+), the array at index 0 has size (?P<first>\d+) and the array at index "
        r"(?P<index>\d+) has size (?P<second>\d+)",
        sentences.concatenate_sizes,
    ),
    (
        r"match except in dimension (?P<axis>\d+)\. Expected size (?P<first>\d+) but got size (?P<second>\d+) for "
        r"tensor number (?P<index>\d+)",
        sentences.cat_sizes,
    ),
    (r"same number of dimensions, .* index 0 has (?P<first>\d+) .* has (?P<second>\d+) dim", sentences.join_dimensions),
    (r"Tensors must have same number of dimensions: got (?P<first>\d+) and (?P<second>\d+)", sentences.join_dimensions),
    (r"all input arrays must have the same shape|stack expects each tensor to be equal size", sentences.stack),
    (r"axis (?P<axis>-?\d+) is out of bounds for array of dimension (?P<ndim>\d+)", sentences.axis),
    (r"Dimension out of range \(expected .* \[-?\d+, (?P<high>-?\d+)\], but got (?P<axis>-?\d+)\)", sentences.axis),
    (
        r"index (?P<index>-?\d+) is out of bounds for (?:axis|dimension) (?P<axis>\d+) with size (?P<size>\d+)",
        sentences.index,
    ),
    (r"too many indices for array: array is (?P<ndim>\d+)-dimensional, but (?P<count>\d+)", sentences.too_many_indices),
    (r"too many indices for tensor of dimension (?P<ndim>\d+)", sentences.too_many_indices),
    (
        r"boolean index did not match .* along axis (?P<axis>\d+); size of axis is (?P<size>\d+) but .* axis is "
        r"(?P<mask>\d+)",
        sentences.mask,
    ),
    (
        r"The shape of the mask \[(?P<mask>\d+)[\d, ]*\] at index (?P<axis>\d+) does not match .* tensor "
        r"\[(?P<size>\d+)",
        sentences.mask,
    ),
    (
        r"only integers, slices",
        "an index must be a whole number, a slice or an array of these: `//` divides to a whole number, `/` never "
        "does, and an array of indices needs an integer dtype.",
    ),
    (
        r"axes don't match array|permute.* does not match the length",
        "the new order must name each axis of the array once.",
    ),
    (r"cannot select an axis to squeeze out", "only an axis of length 1 can be squeezed out."),
    (r"inhomogeneous shape", values.different_lengths),
    (r"truth value of an array|Boolean value of Tensor with more than one", values.truth_value),
    (
        r"Cannot cast ufunc '.*' output from dtype\('float\d+'\) to dtype\('u?int",
        "the array holds integers, and an in-place operation cannot store floats in it: make it a float array first.",
    ),
    (
        r"result type Float can't be cast to the desired output type",
        "the tensor holds integers, and an in-place operation cannot store floats in it: convert it first, "
        "with .float().",
    ),
    (
        r"only 0-dimensional arrays can be converted|only one element tensors can be|elements cannot be converted to "
        r"Scalar|only length-1 arrays can be converted",
        values.single_number,
    ),
    (r"only integer scalar arrays can be converted to a scalar index", values.whole_number),
    (
        r"^cat\(\)|argument 'tensors' \(position 1\) must be tuple of Tensors",
        "torch.cat and torch.stack take one list or tuple of tensors: torch.cat([a, b]), not torch.cat(a, b).",
    ),
    (r"bitwise_xor", "powers are written `**`: `^` is an operation on the bits of whole numbers."),
    (r"(?P<name>\w+)\(\) received an invalid combination of arguments - got \((?P<got>[^)]*)\)", values.combination),
    (
        r'is missing the required "forward" function',
        "the class has no method `forward`: is its name spelled right, and is it indented so that it stands in the "
        "class?",
    ),
    (
        r"^Cannot interpret '.*' as a data type",
        "a shape is one argument, a tuple: np.zeros((3, 4)), not np.zeros(3, 4).",
    ),
    (r"too many subscripts for operand", "the subscripts have more letters than the operand has axes."),
    (
        r"subscript (?P<letter>\w) has size (?P<size>\d+) for operand (?P<index>\d+) .* previously seen size "
        r"(?P<seen>\d+)",
        sentences.einsum,
    ),
    (r"Last 2 dimensions of the array must be square", "only a square matrix has an inverse or a determinant."),
    (r"Singular matrix", "the matrix is singular: its rows are linearly dependent, so it has no inverse."),
    (
        r"^(?:mat1 and mat2 must|expected m1 and m2 to) have the same dtype, but got:? (?P<left>\w+) (?:and|!=) "
        r"(?P<right>\w+)",
        values.dtypes,
    ),
    (r"could not infer output dtype.* Got: (?P<got>\w+)", values.needs_float),
    (r"^\"\w+\" not implemented for '(?P<got>\w+)'", values.needs_float),
    (
        r"expected target dtype to be Long|expected scalar type Long",
        "class labels must be integers (dtype int64): convert them with .long().",
    ),
    (
        r"Expected tensor for argument #1 'indices'|only applicable to index tensor",
        "indices must be integers (dtype int64): convert them with .long().",
    ),
    (
        r"Expected input batch_size \((\d+)\) to match target batch_size \((\d+)\)",
        lambda match, raised: f"there are {match[1]} rows of scores but {match[2]} labels: one label for each row.",
    ),
    (
        r"^Target (-?\d+) is out of bounds",
        lambda match, raised: (
            f"a label is {match[1]}, but labels run from 0 to the number of columns of the scores minus 1."
        ),
    ),
    (
        r"index out of range in self",
        "an index is negative, or not smaller than the number of rows of the embedding table.",
    ),
    (
        r"weight of size \[(?P<weight>.*?)\], expected input\[(?P<image>.*?)\] to have (?P<wanted>\d+) channels",
        sentences.convolution,
    ),
    (r"normalized_shape=\[(?P<wanted>.*?)\], expected input .*got input of size\[(?P<got>.*?)\]", sentences.layer_norm),
    (
        r"does not require grad and does not have a grad_fn",
        "no gradient can flow here: nothing in this result was computed from a tensor with requires_grad=True. Was it "
        "detached, made with .item(), NumPy or torch.tensor(...), or computed under torch.no_grad()?",
    ),
    (
        r"differentiated Tensors does not require grad",
        "the tensor to differentiate by has requires_grad=False: set it before computing the result.",
    ),
    (
        r"differentiated Tensors? .*appears? to not have been used",
        "the result does not depend on this tensor: was a copy of it (detach, clone of data, NumPy) used instead?",
    ),
    (
        r"grad can be implicitly created only for scalar outputs",
        "backward() starts at a single number: reduce the loss with mean() or sum(), or pass the upstream gradient.",
    ),
    (
        r"leaf Variable that requires grad is being used in an in-place",
        "a parameter cannot be changed in place while gradients are recorded: update it inside "
        "`with torch.no_grad():`.",
    ),
    (
        r"Trying to backward through the graph a second time",
        "the graph was freed by an earlier backward(): compute the loss again before each backward(), and detach what "
        "is carried from one step to the next.",
    ),
    (
        r"needed for gradient computation has been modified by an inplace operation",
        "a tensor that backward() still needs was changed in place (`+=`, `x[...] = ...`, `relu_`): make a new tensor.",
    ),
    (
        r"Can't call numpy\(\) on Tensor that requires grad",
        "a tensor that records gradients becomes an array with .detach().numpy(); inside a model, use torch functions "
        "instead of NumPy's, or no gradient flows.",
    ),
    (
        r"must be Tensor, not numpy\.ndarray",
        "a NumPy array was given to a torch function: convert it with torch.from_numpy.",
    ),
    (
        r"must be Tensor, not NoneType",
        "None was given where a tensor is needed: a function without `return` gives None.",
    ),
    (
        r"must be Tensor, not (?:float|int)",
        "a number was given where a tensor is needed: wrap it in torch.tensor(...).",
    ),
    (
        r"'numpy\.ndarray' and 'Tensor'|Concatenation operation is not implemented for NumPy arrays",
        "a NumPy array meets a torch tensor: convert one of them first (torch.from_numpy, .detach().numpy()).",
    ),
)
