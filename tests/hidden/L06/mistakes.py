"""Wrong answers that people give to the exercises of L06, each with one sentence for the person who gave it."""

from autograder.checks import Mistake

MISTAKES = (
    # --- init_params -------------------------------------------------------------------------------------------------
    Mistake(
        "init_params",
        "The standard deviation is sqrt(2 / fan_out): divide by the number of inputs of the layer, not of outputs.",
        edits=(("np.sqrt(2.0 / fan_in)", "np.sqrt(2.0 / fan_out)"),),
    ),
    Mistake(
        "init_params",
        "2 / fan_in is the variance; `rng.normal` takes its square root, the standard deviation.",
        edits=(("np.sqrt(2.0 / fan_in)", "2.0 / fan_in"),),
    ),
    Mistake(
        "init_params",
        "The variance is 1 / fan_in, half of what is asked for: a ReLU halves the second moment, hence the 2.",
        edits=(("np.sqrt(2.0 / fan_in)", "np.sqrt(1.0 / fan_in)"),),
    ),
    Mistake(
        "init_params",
        "That is Glorot's variance, 2 / (fan_in + fan_out), meant for tanh; He's for the ReLU has fan_in alone.",
        edits=(("np.sqrt(2.0 / fan_in)", "np.sqrt(2.0 / (fan_in + fan_out))"),),
    ),
    Mistake(
        "init_params",
        "The weights are not scaled: multiply standard normal numbers by sqrt(2 / fan_in).",
        edits=(("np.sqrt(2.0 / fan_in)", "1.0"),),
    ),
    Mistake(
        "init_params",
        "W is (fan_out, fan_in); in this course a layer is x @ W, so W is (fan_in, fan_out).",
        edits=(("size=(fan_in, fan_out)", "size=(fan_out, fan_in)"),),
    ),
    Mistake(
        "init_params",
        "layers of equal shape get equal weights: draw fresh numbers inside the loop, from the one `rng` passed in.",
        edits=(
            ("params = []", "params, start = [], rng.bit_generator.state"),
            ("W = rng.normal", "rng.bit_generator.state = start\n        W = rng.normal"),
        ),
    ),
    Mistake(
        "init_params",
        "two layers share one array: make a new one for each layer, inside the loop.",
        edits=(
            ("params = []", "params, biases = [], {n: np.zeros(n) for n in sizes}"),
            ("b = np.zeros(fan_out)", "b = biases[fan_out]"),
        ),
    ),
    Mistake(
        "init_params",
        "the numbers do not come from `rng`: `np.random.normal` and a generator made inside the function are other "
        "sources; call `rng.normal`.",
        edits=(("W = rng.normal", "W = np.random.normal"),),
    ),
    Mistake(
        "init_params",
        "another `rng` gives the same weights: a generator with a fixed seed inside the function replaces yours.",
        edits=(("params = []", "params, rng = [], np.random.default_rng(0)"),),
    ),
    Mistake(
        "init_params",
        "The weights are uniform between -1 and 1 (scaled); normal numbers are asked for: `rng.normal`.",
        edits=(("rng.normal(0.0, std, size", "rng.uniform(-std, std, size"),),
    ),
    Mistake(
        "init_params",
        "The biases are random: they start at 0.",
        edits=(("np.zeros(fan_out)", "rng.normal(0.0, std, size=fan_out)"),),
    ),
    Mistake(
        "init_params",
        "b is (1, fan_out): a row with two axes. A plain (fan_out,) broadcasts over the batch just as well.",
        edits=(("np.zeros(fan_out)", "np.zeros((1, fan_out))"),),
    ),
    # --- forward -----------------------------------------------------------------------------------------------------
    Mistake(
        "forward",
        "The logits went through a ReLU: scores may be negative, so there is none after the last layer.",
        edits=(("return z, cache", "return a, cache"),),
    ),
    Mistake(
        "forward",
        "The cache holds relu(z): the ReLU wrote into the array that was cached. Let it make a new one.",
        edits=(("a = relu(z)", "a = np.maximum(z, 0.0, out=z) if layer is not params[-1] else relu(z)"),),
    ),
    Mistake(
        "forward",
        "The cache holds (input, relu(z)): keep the z before the ReLU, whose sign the backward pass needs.",
        edits=(("cache.append((a, z))", "cache.append((a, relu(z)))"),),
    ),
    Mistake(
        "forward",
        "The cache holds each layer's output instead of its input: append before `a` is replaced.",
        edits=(("cache.append((a, z))", "cache.append((relu(z), z))"),),
    ),
    Mistake(
        "forward",
        "The tuples in the cache are (pre_activation, input): the input comes first.",
        edits=(("cache.append((a, z))", "cache.append((z, a))"),),
    ),
    Mistake(
        "forward",
        "The biases are missing: z = a @ W + b.",
        edits=((' + layer["b"]', ""),),
    ),
    Mistake(
        "forward",
        "There is no ReLU between the layers, so the whole net is one linear map.",
        edits=(("a = relu(z)", "a = z"),),
    ),
    Mistake(
        "forward",
        "The last layer is missing in the cache: the backward pass needs its input too.",
        edits=(("return z, cache", "return z, cache[:-1]"),),
    ),
    Mistake(
        "forward",
        "The cache is in reversed order: it goes from the input to the output, like params.",
        edits=(("return z, cache", "return z, cache[::-1]"),),
    ),
    # --- backward ----------------------------------------------------------------------------------------------------
    Mistake(
        "backward",
        "The ReLU mask comes from the input of the layer: it must come from the layer's own pre-activation z.",
        edits=(("d_out * (z > 0)", "d_out * (a > 0)"),),
    ),
    Mistake(
        "backward",
        "The ReLU mask is applied to d_logits too: the last layer has no ReLU.",
        edits=(("d_out if i == last else d_out * (z > 0)", "d_out * (z > 0)"),),
    ),
    Mistake(
        "backward",
        "There is no ReLU mask: the gradient must not pass where a hidden z is negative.",
        edits=(("d_out if i == last else d_out * (z > 0)", "d_out"),),
    ),
    Mistake(
        "backward",
        "d_out is multiplied by relu(z): the derivative of the ReLU is 1 where z > 0, not z.",
        edits=(("d_out * (z > 0)", "d_out * relu(z)"),),
    ),
    Mistake(
        "backward",
        "The mask is z >= 0: at exactly 0 the derivative counts as 0.",
        edits=(("(z > 0)", "(z >= 0)"),),
    ),
    Mistake(
        "backward",
        "The gradients come in the order in which they were computed: turn the list round before you return it.",
        edits=(("return grads[::-1], d_out", "return grads, d_out"),),
    ),
    Mistake(
        "backward",
        "d_x has been through a ReLU mask: the input of the net has no ReLU.",
        edits=(("return grads[::-1], d_out", "return grads[::-1], d_out * (cache[0][0] > 0)"),),
    ),
    Mistake(
        "backward",
        "The gradient that is passed on leaves out the ReLU mask: pass on d_z @ W.T, not d_out @ W.T.",
        edits=(("d_out = d_z @", "d_out = d_out @"),),
    ),
    Mistake(
        "backward",
        "d_logits reaches every layer as it is: on its way down the gradient goes through each layer, d_z @ W.T.",
        edits=(("d_out = d_z @ params", "d_x = d_z @ params"), ("grads[::-1], d_out", "grads[::-1], d_x")),
    ),
    Mistake(
        "backward",
        "The upstream gradient is ignored: the last layer starts from ones instead of d_logits.",
        edits=(("d_out = d_logits", "d_out = np.ones_like(d_logits)"),),
    ),
    Mistake(
        "backward",
        "The gradients are divided by the batch size here: the 1/N belongs to the loss and is in d_logits already.",
        edits=(
            (
                '{"W": a.T @ d_z, "b": d_z.sum(axis=0)}',
                '{"W": a.T @ d_z / len(a), "b": d_z.mean(axis=0)}',
            ),
        ),
    ),
    Mistake(
        "backward",
        "The gradient of b is averaged over the batch: it is the sum, for b is used once in every row.",
        edits=(("d_z.sum(axis=0)", "d_z.mean(axis=0)"),),
    ),
    Mistake(
        "backward",
        "The gradient of b is summed over the units: sum over the batch, axis 0, one number a unit.",
        edits=(("d_z.sum(axis=0)", "d_z.sum(axis=1)"),),
    ),
    Mistake(
        "backward",
        "The gradient of b is not summed over the batch: b is (fan_out,), d_z is (N, fan_out).",
        edits=(("d_z.sum(axis=0)", "d_z"),),
    ),
    Mistake(
        "backward",
        "The gradient of W is transposed: a.T @ d_z has the shape of W.",
        edits=(("a.T @ d_z", "d_z.T @ a"),),
    ),
    Mistake(
        "backward",
        "W is not transposed on the way back: d_z is (N, fan_out), and W.T takes it to (N, fan_in).",
        edits=(('params[i]["W"].T', 'params[i]["W"]'),),
    ),
    Mistake(
        "backward",
        "The gradient of b leaves out the ReLU mask: sum d_z, not d_out.",
        edits=(("d_z.sum(axis=0)", "d_out.sum(axis=0)"),),
    ),
    Mistake(
        "backward",
        "The gradient of W is taken with z instead of the layer's input: z of the layer below is before its ReLU.",
        edits=(('"W": a.T @ d_z', '"W": (cache[i - 1][1] if i else a).T @ d_z'),),
    ),
    # --- gradcheck_report --------------------------------------------------------------------------------------------
    Mistake(
        "gradcheck_report",
        "The error is a mean: one bad entry disappears among many good ones. Take the largest difference.",
        edits=(("np.abs(given - numerical).max() / scale", "np.abs(given - numerical).mean() / scale"),),
    ),
    Mistake(
        "gradcheck_report",
        "The difference is one-sided: its error shrinks with h; that of (loss(p + h) - loss(p - h)) / 2h, with h^2.",
        edits=(
            ("p[index] = old - h\n", "p[index] = old\n"),
            ("(above - below) / (2 * h)", "(above - below) / h"),
        ),
    ),
    Mistake(
        "gradcheck_report",
        "The difference is divided by h: from p - h to p + h it is 2h.",
        edits=(("/ (2 * h)", "/ h"),),
    ),
    Mistake(
        "gradcheck_report",
        "The error is absolute: divided by the largest entry it means the same for small and large gradients.",
        edits=(("np.abs(given - numerical).max() / scale", "np.abs(given - numerical).max()"),),
    ),
    Mistake(
        "gradcheck_report",
        "Each difference is divided by its own entry: divide the largest difference by the largest entry.",
        edits=(
            (
                "np.abs(given - numerical).max() / scale",
                "(np.abs(given - numerical) / np.maximum(np.abs(given), np.abs(numerical)).clip(1e-8)).max()",
            ),
        ),
    ),
    Mistake(
        "gradcheck_report",
        "The parameters stay moved by h: put every entry back after its two losses.",
        edits=(("                p[index] = old  # put back what was there; adding h again would round\n", ""),),
    ),
    Mistake(
        "gradcheck_report",
        "Adding h again does not give the old value back to the last bit: keep it, and write it back.",
        edits=(("p[index] = old  #", "p[index] += h  #"),),
    ),
    Mistake(
        "gradcheck_report",
        "The best parameter is named instead of the worst: the one with the largest error is asked for.",
        edits=(("max(errors, key", "min(errors, key"),),
    ),
    Mistake(
        "gradcheck_report",
        "The change is made in a copy (a copy, a flattened or contiguous array), which the loss does not see.",
        edits=(("p = layer[key]", "p = layer[key].ravel().reshape(layer[key].shape)"),),
    ),
    Mistake(
        "gradcheck_report",
        "the step must grow with the entry: h = 1e-5 * max(1, |p|).",
        edits=(("1e-5 * max(1.0, abs(old))", "1e-5"),),
    ),
    Mistake(
        "gradcheck_report",
        "a step of 0 divides by 0 where the entry is 0: h = 1e-5 * max(1, |p|).",
        edits=(("1e-5 * max(1.0, abs(old))", "1e-5 * abs(old)"),),
    ),
    Mistake(
        "gradcheck_report",
        "0 divided by 0 is NaN: the 1e-8 in the denominator prevents it.",
        edits=(("numerical).max(), 1e-8)", "numerical).max())"),),
    ),
    # --- train_step --------------------------------------------------------------------------------------------------
    Mistake(
        "train_step",
        "Layers are updated before the gradients of the others are computed: take all gradients first, then step.",
        answer="""
def train_step(params, x, y, lr):
    for i in reversed(range(len(params))):
        logits, cache = forward(params, x)
        loss, d_logits = softmax_cross_entropy(logits, y)
        grads, _ = backward(params, cache, d_logits)
        first = loss if i == len(params) - 1 else first
        params[i]["W"] -= lr * grads[i]["W"]
        params[i]["b"] -= lr * grads[i]["b"]
    return first
""",
    ),
    Mistake(
        "train_step",
        "The loss is computed after the step: the one before it is asked for.",
        edits=(("return loss", "return softmax_cross_entropy(forward(params, x)[0], y)[0]"),),
    ),
    Mistake(
        "train_step",
        "The parameters go uphill: subtract lr times the gradient.",
        edits=(('layer["W"] -= lr', 'layer["W"] += lr'), ('layer["b"] -= lr', 'layer["b"] += lr')),
    ),
    Mistake(
        "train_step",
        "Only the weights are updated: the biases learn too.",
        edits=(('        layer["b"] -= lr * grad["b"]\n', ""),),
    ),
    Mistake(
        "train_step",
        "The gradient is divided by the batch size once more: softmax_cross_entropy has done it already.",
        edits=(('lr * grad["W"]', 'lr / len(x) * grad["W"]'), ('lr * grad["b"]', 'lr / len(x) * grad["b"]')),
    ),
    Mistake(
        "train_step",
        "The new values stay in local variables: write them into the arrays of `params`, which the caller holds.",
        edits=(
            ('layer["W"] -= lr * grad["W"]', 'W = layer["W"] - lr * grad["W"]'),
            ('layer["b"] -= lr * grad["b"]', 'b = layer["b"] - lr * grad["b"]'),
        ),
    ),
    Mistake(
        "train_step",
        "The learning rate is applied twice: once to d_logits and once to the gradients.",
        edits=(("backward(params, cache, d_logits)", "backward(params, cache, lr * d_logits)"),),
    ),
    Mistake(
        "train_step",
        "The loss is the sum over the batch: the mean is asked for, as softmax_cross_entropy gives it.",
        edits=(("return loss", "return loss * len(x)"),),
    ),
    Mistake(
        "train_step",
        "The learning rate is missing in the step: subtract lr times the gradient.",
        edits=(('lr * grad["W"]', 'grad["W"]'), ('lr * grad["b"]', 'grad["b"]')),
    ),
    # --- fit ---------------------------------------------------------------------------------------------------------
    Mistake(
        "fit",
        "the last, smaller batch is left out.",
        edits=(("range(0, len(x), batch_size)", "range(0, max(1, len(x) - batch_size + 1), batch_size)"),),
    ),
    Mistake(
        "fit",
        "the order is drawn once and kept: draw a new permutation inside the loop over epochs.",
        edits=(
            ("    history = []\n", "    history = []\n    order = rng.permutation(len(x))\n"),
            ("        order = rng.permutation(len(x))  # (N,) inside the loop: a new order each time\n", ""),
        ),
    ),
    Mistake(
        "fit",
        "the examples are always taken in the same order: draw a permutation from `rng` in each epoch.",
        edits=(("rng.permutation(len(x))", "np.arange(len(x))"),),
    ),
    Mistake(
        "fit",
        "The examples are reordered and the labels are not: index x and y with the same batch.",
        edits=(("y[batch], lr)", "y[start : start + batch_size], lr)"),),
    ),
    Mistake(
        "fit",
        "The history is the mean over the batches: a small last batch then counts too much. Weight each by its size.",
        edits=(
            ("total += len(batch) * train_step", "total += train_step"),
            ("total / len(x)", "total / (-(-len(x) // batch_size))"),
        ),
    ),
    Mistake(
        "fit",
        "The history holds the sum over the examples: divide it by their number.",
        edits=(("history.append(total / len(x))", "history.append(total)"),),
    ),
    Mistake(
        "fit",
        "The history holds the loss of the last batch only: the mean over all examples of the epoch is asked for.",
        edits=(
            ("total += len(batch) * train_step", "total = train_step"),
            ("history.append(total / len(x))", "history.append(total)"),
        ),
    ),
    Mistake(
        "fit",
        "`rng.shuffle(x)` reorders the caller's own array, and leaves y as it is: shuffle indices instead.",
        edits=(("order = rng.permutation(len(x))", "rng.shuffle(x)\n        order = np.arange(len(x))"),),
    ),
    Mistake(
        "fit",
        "Examples are drawn with replacement: some come twice in an epoch and others never. Use a permutation.",
        edits=(("rng.permutation(len(x))", "rng.integers(len(x), size=len(x))"),),
    ),
    Mistake(
        "fit",
        "A copy of the parameters is trained: the caller's own `params` must hold the result.",
        edits=(
            (
                "    history = []\n",
                "    history = []\n    params = [{k: v.copy() for k, v in layer.items()} for layer in params]\n",
            ),
        ),
    ),
    # --- TorchMLP ----------------------------------------------------------------------------------------------------
    Mistake(
        "TorchMLP",
        "parameters in a plain Python list are invisible to `parameters()` and `state_dict()`: keep them in a "
        "`torch.nn.ParameterList`.",
        edits=(
            ("self.weights = torch.nn.ParameterList()", "self.weights = []"),
            ("self.biases = torch.nn.ParameterList()", "self.biases = []"),
        ),
    ),
    Mistake(
        "TorchMLP",
        "the weight is stored as (fan_in, fan_out): PyTorch's convention is (fan_out, fan_in).",
        edits=(("torch.randn(fan_out, fan_in,", "torch.randn(fan_in, fan_out,"), ("x @ weight.T", "x @ weight")),
    ),
    Mistake(
        "TorchMLP",
        "The logits go through a ReLU: there is none after the last layer.",
        edits=(("if i < last:", "if i <= last:"),),
    ),
    Mistake(
        "TorchMLP",
        "There is no ReLU between the layers, so the net is linear.",
        edits=(("x = torch.relu(x)", "x = x * 1.0"),),
    ),
    Mistake(
        "TorchMLP",
        "The biases are missing in the forward pass.",
        edits=(("x @ weight.T + bias", "x @ weight.T"),),
    ),
    Mistake(
        "TorchMLP",
        "The weights leave the graph (`.data`, `.detach()`, `no_grad`), so no gradient reaches them.",
        edits=(("x @ weight.T", "x @ weight.detach().T"),),
    ),
    Mistake(
        "TorchMLP",
        "The input leaves the graph (`.data`, `.detach()`), so no gradient reaches it.",
        edits=(("last = len", "x = x.detach()\n        last = len"),),
    ),
    Mistake(
        "TorchMLP",
        "The weights are drawn with variance 2 / fan_out: divide by the number of inputs.",
        edits=(("(2.0 / fan_in)", "(2.0 / fan_out)"),),
    ),
    Mistake(
        "TorchMLP",
        "The weights are multiplied by the variance 2 / fan_in: its square root is the standard deviation.",
        edits=(("(2.0 / fan_in) ** 0.5", "(2.0 / fan_in)"),),
    ),
    Mistake(
        "TorchMLP",
        "the numbers do not come from `generator`: pass it on, `torch.randn(..., generator=generator)`.",
        edits=((", generator=generator)", ")"),),
    ),
    Mistake(
        "TorchMLP",
        "The weights are uniform between 0 and 1 (`torch.rand`); normal numbers are asked for (`torch.randn`).",
        edits=(("torch.randn(", "torch.rand("),),
    ),
    # --- SuspectMLP --------------------------------------------------------------------------------------------------
    Mistake(
        "SuspectMLP",
        "The softmax still divides by a sum over the batch: the probabilities of one example sum to 1, along axis 1.",
        edits=(
            ("x.max(axis=1, keepdims=True)", "x.max(axis=0, keepdims=True)"),
            ("e.sum(axis=1, keepdims=True)", "e.sum(axis=0, keepdims=True)"),
        ),
    ),
    Mistake(
        "SuspectMLP",
        "The maximum is still taken over the batch: what is subtracted must be the same for a whole row.",
        edits=(("x.max(axis=1, keepdims=True)", "x.max(axis=0, keepdims=True)"),),
    ),
    Mistake(
        "SuspectMLP",
        "All probabilities of the batch together sum to 1: those of each example should, along axis 1.",
        edits=(("e.sum(axis=1, keepdims=True)", "e.sum()"),),
    ),
    Mistake(
        "SuspectMLP",
        "The learning rate is still applied twice: it is in d_out and once more in the update.",
        edits=(("d_out = d_out / len(y)", "d_out = lr * d_out / len(y)"),),
    ),
    Mistake(
        "SuspectMLP",
        "Now the learning rate is applied nowhere: one of the two factors had to stay.",
        edits=(("lr * d_W", "d_W"), ("lr * d_b", "d_b")),
    ),
    Mistake(
        "SuspectMLP",
        "Hidden layers of equal shape are still one array: a dict has one value for each key.",
        edits=(
            (
                "        for shape in shapes:\n"
                "            draw = rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape)\n",
                "        draws = {shape: rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape) for shape in shapes}\n"
                "        for shape in shapes:\n            draw = draws[shape]\n",
            ),
        ),
    ),
    Mistake(
        "SuspectMLP",
        "Layers of equal shape are copies now, with equal numbers: draw for each layer.",
        edits=(
            (
                "        for shape in shapes:\n"
                "            draw = rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape)\n",
                "        draws = {shape: rng.normal(0.0, np.sqrt(2.0 / shape[0]), size=shape) for shape in shapes}\n"
                "        for shape in shapes:\n            draw = draws[shape].copy()\n",
            ),
        ),
    ),
)
