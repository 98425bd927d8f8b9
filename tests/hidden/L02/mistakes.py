"""Wrong answers that people give to the exercises of L02, each with one sentence for the person who gave it."""

from autograder.checks import Mistake

MISTAKES = (
    # --- perceptron_fit ----------------------------------------------------------------------------------------------
    Mistake(
        "perceptron_fit",
        "Rows that are right change the weights too: update only where y_n * score <= 0.",
        edits=(("if y_n * (x_n @ w + b) <= 0:", "if True:"),),
    ),
    Mistake(
        "perceptron_fit",
        "w is still 0: either no row ever counts as wrong (a score of exactly 0 does: y_n * score <= 0), or "
        "the best weights "
        "are never remembered.",
        edits=(("@ w + b) <= 0:", "@ w + b) < 0:"),),
    ),
    Mistake(
        "perceptron_fit",
        "The bias never changes: after a wrong row, b becomes b + y_n.",
        edits=(("                b = b + y_n\n", ""),),
    ),
    Mistake(
        "perceptron_fit",
        "`w += ...` changes the remembered best weights with it, since both names are one array: make a new "
        "w, or keep a "
        "copy.",
        edits=(("w = w + y_n * x_n", "w += y_n * x_n"),),
    ),
    Mistake(
        "perceptron_fit",
        "The last weights are returned: where no line separates, the best ones met on the way are asked for.",
        edits=(("return best_w, float(best_b)", "return w, float(b)"),),
    ),
    Mistake(
        "perceptron_fit",
        "All rows of an epoch are scored with the weights from its beginning: each row needs the newest ones.",
        edits=(
            ("updates_before = updates\n", "updates_before = updates\n        w_0, b_0 = w, b\n"),
            ("(x_n @ w + b) <= 0", "(x_n @ w_0 + b_0) <= 0"),
        ),
    ),
    Mistake(
        "perceptron_fit",
        "The rows are counted at the end of each epoch only: do it after every update.",
        answer="""
def perceptron_fit(x, y, max_epochs=100):
    w, b = np.zeros(x.shape[1]), 0.0
    best_w, best_b, most_right = w, b, 0
    updates = 0
    for _ in range(max_epochs):
        updates_before = updates
        for x_n, y_n in zip(x, y):
            if y_n * (x_n @ w + b) <= 0:
                w = w + y_n * x_n
                b = b + y_n
                updates += 1
        right = int((y * (x @ w + b) > 0).sum())
        if right > most_right:
            best_w, best_b, most_right = w, b, right
        if updates == updates_before:
            break
    return best_w, float(best_b), updates, most_right == len(x)
""",
    ),
    Mistake(
        "perceptron_fit",
        "Of equally good weights the last are returned: the first are asked for, so only a larger number "
        "replaces them.",
        edits=(("if right > most_right", "if right >= most_right"),),
    ),
    Mistake(
        "perceptron_fit",
        "With `separated` you claim more than was found: it is True only if all N rows are right, not "
        "because the epochs "
        "are over.",
        edits=(("most_right == len(x)", "True"),),
    ),
    Mistake(
        "perceptron_fit",
        "`separated` is never True: on a separable set all rows are right in the end, and it must say so.",
        edits=(("most_right == len(x)", "False"),),
    ),
    Mistake(
        "perceptron_fit",
        "The epochs are counted instead of the updates: count one for each wrong row.",
        edits=(
            ("                updates += 1\n", "                wrong += 1\n"),
            ("        updates_before = updates\n", "        wrong = 0\n        updates += 1\n"),
            ("if updates == updates_before", "if wrong == 0"),
        ),
    ),
    Mistake(
        "perceptron_fit",
        "The update has the wrong sign: y_n x_n is added, so that the row's own score moves towards its label.",
        edits=(("w = w + y_n * x_n", "w = w - y_n * x_n"), ("b = b + y_n", "b = b - y_n")),
    ),
    Mistake(
        "perceptron_fit",
        "The label is missing in the update: w becomes w + y_n x_n, and y_n is -1 for half of the rows.",
        edits=(("w = w + y_n * x_n", "w = w + x_n"),),
    ),
    Mistake(
        "perceptron_fit",
        "The update has a learning rate: w becomes w + y_n x_n and b becomes b + y_n, without a factor.",
        edits=(("w = w + y_n * x_n", "w = w + 0.1 * y_n * x_n"), ("b = b + y_n", "b = b + 0.1 * y_n")),
    ),
    Mistake(
        "perceptron_fit",
        "The rows are counted with the weights from before the update: count with the new ones.",
        answer="""
def perceptron_fit(x, y, max_epochs=100):
    w, b = np.zeros(x.shape[1]), 0.0
    best_w, best_b, most_right = w, b, 0
    updates = 0
    for _ in range(max_epochs):
        updates_before = updates
        for x_n, y_n in zip(x, y):
            if y_n * (x_n @ w + b) <= 0:
                right = int((y * (x @ w + b) > 0).sum())
                w = w + y_n * x_n
                b = b + y_n
                updates += 1
                if right > most_right:
                    best_w, best_b, most_right = w, b, right
        if updates == updates_before:
            break
    return best_w, float(best_b), updates, most_right == len(x)
""",
    ),
    Mistake(
        "perceptron_fit",
        "only one update is made in each epoch: go on with the next row after an update.",
        edits=(
            (
                "best_w, best_b, most_right = w, b, right\n",
                "best_w, best_b, most_right = w, b, right\n                break\n",
            ),
        ),
    ),
    Mistake(
        "perceptron_fit",
        "w is still 0: either no row ever counts as wrong (a score of exactly 0 does: y_n * score <= 0), or "
        "the best weights "
        "are never remembered.",
        edits=(
            (
                "                    best_w, best_b, most_right = w, b, right\n",
                "                    most_right = right\n",
            ),
        ),
    ),
    Mistake(
        "perceptron_fit",
        "two calls with the same arguments give different results: nothing is random here. Start with w = 0, and take "
        "the rows in the order given.",
        edits=(
            (
                "        updates_before = updates\n",
                "        updates_before = updates\n        p = np.random.permutation(len(x))\n",
            ),
            ("zip(x, y, strict=True)", "zip(x[p], y[p], strict=True)"),
        ),
    ),
    Mistake(
        "perceptron_fit",
        "the run ends too early (after one epoch, or when some weights are good enough): go on until an epoch makes no "
        "update.",
        edits=(
            (
                "        if updates == updates_before:\n",
                "        if most_right == len(x) or most_right >= len(x) // 2:\n",
            ),
        ),
    ),
    # --- activation --------------------------------------------------------------------------------------------------
    Mistake(
        "activation",
        "At z = 0 the derivative of relu is 1 here: the text says 0, so z > 0.",
        edits=(("(z > 0).astype(float)", "(z >= 0).astype(float)"),),
    ),
    Mistake(
        "activation",
        "The derivative of relu is -1 on the negative side here: the function is flat there, so it is 0.",
        edits=(("(z > 0).astype(float)", "np.sign(z)"),),
    ),
    Mistake(
        "activation",
        "The slopes are integers or booleans: return float64.",
        edits=(("(z > 0).astype(float)", "z > 0"),),
    ),
    Mistake(
        "activation",
        "an in-place operation (`x += ...`, `x[...] = ...`, `x.sort()`, `x.append(...)`) changes the caller's data: "
        "make a new array, or copy first.",
        edits=(
            (
                "return np.maximum(z, 0.0), (z > 0).astype(float)",
                "return np.maximum(z, 0.0, out=z), (z > 0).astype(float)",
            ),
        ),
    ),
    Mistake(
        "activation",
        "At z = 0 the derivative of leaky_relu is 1 here: the text says 0.01.",
        edits=(("np.where(z > 0, 1.0, 0.01)", "np.where(z >= 0, 1.0, 0.01)"),),
    ),
    Mistake(
        "activation",
        "The leak is 0.1; the text says 0.01.",
        edits=(("np.where(z > 0, 1.0, 0.01)", "np.where(z > 0, 1.0, 0.1)"),),
    ),
    Mistake(
        "activation",
        "The negative side of leaky_relu is 0: it is 0.01 z.",
        edits=(("return slope * z, slope", "return np.maximum(z, 0.0), slope"),),
    ),
    Mistake(
        "activation",
        "The derivative of leaky_relu is that of relu: on the negative side it is 0.01.",
        edits=(("return slope * z, slope", "return slope * z, (z > 0).astype(float)"),),
    ),
    Mistake(
        "activation",
        "the values are right, but an exponential overflows on the way, in the formula itself or in a branch that "
        "`np.where` computes and then drops: give it a power that is never positive, such as -np.abs(z).",
        edits=(
            ("np.where(z >= 0, 1.0, e) / (1.0 + e)", "1.0 / (1.0 + np.exp(-z))"),
            ("e / (1.0 + e) ** 2", "sigmoid * (1.0 - sigmoid)"),
        ),
    ),
    Mistake(
        "activation",
        "the values are right, but an exponential overflows on the way, in the formula itself or in a branch that "
        "`np.where` computes and then drops: give it a power that is never positive, such as -np.abs(z).",
        edits=(
            (
                "np.where(z >= 0, 1.0, e) / (1.0 + e)",
                "np.where(z >= 0, 1.0 / (1.0 + np.exp(-z)), np.exp(z) / (1.0 + np.exp(z)))",
            ),
        ),
    ),
    Mistake(
        "activation",
        "z (1 - z) is the derivative in terms of the wrong variable: it is s (1 - s), with s = sigmoid(z).",
        edits=(("e / (1.0 + e) ** 2", "z * (1.0 - z)"),),
    ),
    Mistake(
        "activation",
        "The derivative is that of sigmoid(s) instead of sigmoid(z): s (1 - s) with the s that you have.",
        edits=(("e / (1.0 + e) ** 2", "(1 / (1 + np.exp(-sigmoid))) * (1 - 1 / (1 + np.exp(-sigmoid)))"),),
    ),
    Mistake(
        "activation",
        "1 - s^2 is the pattern of tanh: for the sigmoid it is s (1 - s).",
        edits=(("e / (1.0 + e) ** 2", "1.0 - sigmoid**2"),),
    ),
    Mistake(
        "activation",
        "The sigmoid of a negative z is that of -z: for z < 0 the numerator is e = exp(z), not 1.",
        edits=(("np.where(z >= 0, 1.0, e) / (1.0 + e)", "1.0 / (1.0 + e)"),),
    ),
    Mistake(
        "activation",
        "Clipping z changes what large entries give: softplus(1000) is 1000.",
        edits=(
            (
                "return np.maximum(z, 0.0) + np.log1p(e), sigmoid",
                "return np.log1p(np.exp(np.clip(z, -500, 500))), sigmoid",
            ),
        ),
    ),
    Mistake(
        "activation",
        "log(1 + exp(z)) overflows for large z: it is max(z, 0) + log(1 + exp(-|z|)).",
        edits=(("np.maximum(z, 0.0) + np.log1p(e)", "np.log1p(np.exp(z))"),),
    ),
    Mistake(
        "activation",
        "1 + e^z rounds to 1 for very negative z, so its logarithm is 0: `np.log1p(t)` computes log(1 + t) without.",
        edits=(("np.log1p(e)", "np.log(1.0 + e)"),),
    ),
    Mistake(
        "activation",
        "max(z, 0) is missing in softplus: log1p(exp(-|z|)) alone is only the rest.",
        edits=(("np.maximum(z, 0.0) + np.log1p(e)", "np.log1p(e)"),),
    ),
    Mistake(
        "activation",
        "In softplus z is added everywhere: where it is negative, max(z, 0) adds nothing.",
        edits=(("np.maximum(z, 0.0) + np.log1p(e)", "z + np.log1p(e)"),),
    ),
    Mistake(
        "activation",
        "s (1 - s) is the derivative of the sigmoid; that of softplus is the sigmoid itself.",
        edits=(("np.log1p(e), sigmoid  #", "np.log1p(e), sigmoid * (1.0 - sigmoid)  #"),),
    ),
    Mistake(
        "activation",
        "that is z * sigmoid(1.702 z), a coarse approximation (off by up to 0.02): neither of the two asked for.",
        edits=(
            (
                "return z * cdf, cdf + z * density",
                "return z / (1 + np.exp(np.minimum(-1.702 * z, 700))), cdf + z * density",
            ),
        ),
    ),
    Mistake(
        "activation",
        "Kind 'gelu' uses the tanh formula, which is for 'gelu_tanh': 'gelu' is the exact one, with `erf`.",
        edits=(
            ('    if kind == "gelu":\n', '    if kind == "never":\n'),
            ('if kind == "gelu_tanh":', 'if kind in ("gelu", "gelu_tanh"):'),
        ),
    ),
    Mistake(
        "activation",
        "Kind 'gelu_tanh' uses the exact formula, which is for 'gelu': it is another function, with tanh.",
        edits=(('    if kind == "gelu":\n', '    if kind in ("gelu", "gelu_tanh"):\n'),),
    ),
    Mistake(
        "activation",
        "erf(z) is taken: it is erf(z / sqrt(2)).",
        edits=(("erf(z / np.sqrt(2.0))", "erf(z)"),),
    ),
    Mistake(
        "activation",
        "The derivative of gelu is Phi(z) alone here: the product rule has a second term, z times the bell curve.",
        edits=(("cdf + z * density", "cdf"),),
    ),
    Mistake(
        "activation",
        "The second term of the derivative of gelu lacks the factor z: Phi(z) + z phi(z).",
        edits=(("cdf + z * density", "cdf + density"),),
    ),
    Mistake(
        "activation",
        "The bell curve lacks its 1 / sqrt(2 pi).",
        edits=(("np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi)", "np.exp(-(z**2) / 2.0)"),),
    ),
    Mistake(
        "activation",
        "The bell curve is exp(-z^2 / 2), with the 1/2 in the exponent.",
        edits=(("np.exp(-(z**2) / 2.0)", "np.exp(-(z**2))"),),
    ),
    Mistake(
        "activation",
        "`-z**2 / 2` is fine, but (-z)**2 / 2 is positive: the exponential of the bell curve overflows.",
        edits=(("np.exp(-(z**2) / 2.0)", "np.exp(np.minimum((-z) ** 2 / 2.0, 1e4))"),),
    ),
    Mistake(
        "activation",
        "The derivative of gelu_tanh is (1 + tanh u) / 2 alone here: the product rule has a second term.",
        edits=((" + 0.5 * z * (1.0 - t**2) * d_u", ""),),
    ),
    Mistake(
        "activation",
        "The inner derivative u' is missing in gelu_tanh: tanh(u) has the derivative (1 - tanh(u)^2) u'.",
        edits=(("(1.0 - t**2) * d_u", "(1.0 - t**2)"),),
    ),
    Mistake(
        "activation",
        "The derivative of z^3 is 3 z^2: the 3 is missing in u'.",
        edits=(("1.0 + 3 * 0.044715", "1.0 + 0.044715"),),
    ),
    Mistake(
        "activation",
        "The cubic term is missing in gelu_tanh.",
        edits=(("(z + 0.044715 * z**3)", "z"), (" * (1.0 + 3 * 0.044715 * z**2)", "")),
    ),
    Mistake(
        "activation",
        "z^2 stands where the formula of gelu_tanh has z^3.",
        edits=(("0.044715 * z**3", "0.044715 * z**2"), ("3 * 0.044715 * z**2", "2 * 0.044715 * z")),
    ),
    Mistake(
        "activation",
        "the arguments are not checked, or nothing raises the error (`raise ValueError(...)`).",
        edits=(('raise ValueError(f"no activation is called {kind!r}")', "return None"),),
    ),
    Mistake(
        "activation",
        "value and slope are in the wrong order: the value comes first.",
        edits=(("return sigmoid, e / (1.0 + e) ** 2", "return e / (1.0 + e) ** 2, sigmoid"),),
    ),
    # --- log_softmax -------------------------------------------------------------------------------------------------
    Mistake(
        "log_softmax",
        "the logarithm is taken of probabilities, and small ones have become 0: work with logarithms all the way, "
        "z - max - log(sum of exp(z - max)).",
        edits=(
            ("log_sum = np.log(np.exp(shifted).sum(axis=axis, keepdims=True))", "e = np.exp(shifted)"),
            ("return shifted - log_sum", "return np.log(e / e.sum(axis=axis, keepdims=True))"),
        ),
    ),
    Mistake(
        "log_softmax",
        "exponentials overflow, or all become 0: subtract the maximum along the axis first (no other number will do), "
        "which changes nothing else.",
        edits=(("shifted = z - z.max(axis=axis, keepdims=True)", "shifted = z"),),
    ),
    Mistake(
        "log_softmax",
        "the argument `axis` is ignored: axis 1 is always used, which not every array has. Pass `axis=axis` on to "
        "`max` and `sum`.",
        edits=(("z.max(axis=axis,", "z.max(axis=1,"), (".sum(axis=axis,", ".sum(axis=1,")),
    ),
    Mistake(
        "log_softmax",
        "The argument `axis` is ignored: the last axis is always used.",
        edits=(("z.max(axis=axis,", "z.max(axis=-1,"), (".sum(axis=axis,", ".sum(axis=-1,")),
    ),
    Mistake(
        "log_softmax",
        "The maximum is taken along the axis, but the sum is always taken along the last.",
        edits=((".sum(axis=axis,", ".sum(axis=-1,"),),
    ),
    Mistake(
        "log_softmax",
        "The axis is lost (no keepdims): a maximum of shape (N,) does not line up with (N, C). Keep it with length 1.",
        edits=(("z.max(axis=axis, keepdims=True)", "z.max(axis=axis)"),),
    ),
    Mistake(
        "log_softmax",
        "The axis of the sum is lost (no keepdims): keep it with length 1, so that it lines up.",
        edits=((".sum(axis=axis, keepdims=True)", ".sum(axis=axis)"),),
    ),
    Mistake(
        "log_softmax",
        "One maximum of the whole array is subtracted: where all scores of a slice lie far below it, their "
        "exponentials are "
        "all 0. Take the maximum along the axis.",
        edits=(("z.max(axis=axis, keepdims=True)", "z.max()"),),
    ),
    Mistake(
        "log_softmax",
        "The exponentials of the whole array are summed: sum along the one axis.",
        edits=((".sum(axis=axis, keepdims=True)", ".sum()"),),
    ),
    Mistake(
        "log_softmax",
        "The probabilities are returned: their logarithms are asked for.",
        edits=(("return shifted - log_sum", "return np.exp(shifted - log_sum)"),),
    ),
    Mistake(
        "log_softmax",
        "The sum is subtracted, not its logarithm.",
        edits=(
            ("np.log(np.exp(shifted).sum(axis=axis, keepdims=True))", "np.exp(shifted).sum(axis=axis, keepdims=True)"),
        ),
    ),
    Mistake(
        "log_softmax",
        "The logarithm of the sum belongs to the shifted scores, but it is subtracted from the unshifted ones.",
        edits=(("return shifted - log_sum", "return z - log_sum"),),
    ),
    Mistake(
        "log_softmax",
        "A small number is added before the logarithm: it takes away the differences between improbable classes.",
        edits=(("return shifted - log_sum", "return np.log(np.exp(shifted - log_sum) + 1e-12)"),),
    ),
    Mistake(
        "log_softmax",
        "an in-place operation (`x += ...`, `x[...] = ...`, `x.sort()`, `x.append(...)`) changes the caller's data: "
        "make a new array, or copy first.",
        edits=(
            ("shifted = z - z.max(axis=axis, keepdims=True)", "z -= z.max(axis=axis, keepdims=True)\n    shifted = z"),
        ),
    ),
    Mistake(
        "log_softmax",
        "The mean of the exponentials is taken: it is their sum.",
        edits=((".sum(axis=axis, keepdims=True)", ".mean(axis=axis, keepdims=True)"),),
    ),
    Mistake(
        "log_softmax",
        "The logarithm has base 2: the natural one is meant.",
        edits=(("np.log(np.exp", "np.log2(np.exp"),),
    ),
    # --- Losses ------------------------------------------------------------------------------------------------------
    Mistake(
        "Losses",
        "the loss goes through the probability, and its logarithm: s or 1 - s becomes 0, and its logarithm is lost. "
        "Simplify -log s and -log(1 - s) on paper first.",
        edits=(
            (
                "softplus = np.maximum(logits, 0.0) + np.log1p(np.exp(-np.abs(logits)))",
                "e = np.exp(-np.abs(logits))\n        s = np.where(logits >= 0, 1.0, e) / (1.0 + e)",
            ),
            ("softplus - target * logits", "-target * np.log(s) - (1 - target) * np.log(1 - s)"),
        ),
    ),
    Mistake(
        "Losses",
        "the losses stop growing at some value: a clipped probability, or a small number added before the logarithm, "
        "hides how wrong the score is. Work with the score itself.",
        edits=(
            (
                "softplus = np.maximum(logits, 0.0) + np.log1p(np.exp(-np.abs(logits)))",
                "e = np.exp(-np.abs(logits))\n        s = np.where(logits >= 0, 1.0, e) / (1.0 + e)\n"
                "        s = np.clip(s, 1e-12, 1 - 1e-12)",
            ),
            ("softplus - target * logits", "-target * np.log(s) - (1 - target) * np.log(1 - s)"),
        ),
    ),
    Mistake(
        "Losses",
        "A sigmoid is applied before the formula that applies one itself: the binary loss takes the scores "
        "as they are.",
        edits=(
            (
                "softplus = np.maximum",
                "logits = 1 / (1 + np.exp(-np.clip(logits, -700, 700)))\n        softplus = np.maximum",
            ),
        ),
    ),
    Mistake(
        "Losses",
        "The target is turned round in the binary loss: t goes with log s, 1 - t with log(1 - s).",
        edits=(("softplus - target * logits", "softplus - (1 - target) * logits"),),
    ),
    Mistake(
        "Losses",
        "t z is added in the binary loss: it is subtracted.",
        edits=(("softplus - target * logits", "softplus + target * logits"),),
    ),
    Mistake(
        "Losses",
        "The sign of the binary loss is wrong: a loss is minus the log-probability.",
        edits=(("softplus - target * logits", "target * logits - softplus"),),
    ),
    Mistake(
        "Losses",
        "an exponential overflows on the way: only ever take e to a power that is not positive.",
        edits=(("np.maximum(logits, 0.0) + np.log1p(np.exp(-np.abs(logits)))", "np.log1p(np.exp(logits))"),),
    ),
    Mistake(
        "Losses",
        "The binary targets are rounded to 0 or 1: they may be any probability.",
        edits=(("softplus - target * logits", "softplus - np.round(target) * logits"),),
    ),
    Mistake(
        "Losses",
        'the reductions are mixed up: "none" gives one loss for each entry, "sum" their sum, "mean" their mean.',
        edits=(("Losses.reduced(softplus - target * logits, reduction)", "(softplus - target * logits).mean()"),),
    ),
    Mistake(
        "Losses",
        'each entry is a question of its own: "none" gives one loss for each, and "mean" divides by the number of '
        "entries, not of rows.",
        edits=(("softplus - target * logits, reduction", "(softplus - target * logits).sum(axis=-1), reduction"),),
    ),
    Mistake(
        "Losses",
        "The rows that are ignored are still counted in the mean: divide by the number of rows that count.",
        edits=(("return losses.sum() / counts.sum()", "return losses.mean()"),),
    ),
    Mistake(
        "Losses",
        "`ignore_index` is ignored: a row whose label it is has loss 0, and does not count in the mean.",
        edits=(("counts = target != ignore_index", "counts = target != -100"),),
    ),
    Mistake(
        "Losses",
        "`ignore_index` is used as an index: the row that is to be ignored has a loss (of another class, if negative).",
        answer="""
class Losses:
    @staticmethod
    def reduced(values, reduction):
        if reduction == "none":
            return values
        if reduction == "sum":
            return values.sum()
        if reduction == "mean":
            return values.mean()
        raise ValueError(reduction)

    @staticmethod
    def mse(prediction, target, reduction="mean"):
        return Losses.reduced((prediction - target) ** 2, reduction)

    @staticmethod
    def bce_with_logits(logits, target, reduction="mean"):
        softplus = np.maximum(logits, 0.0) + np.log1p(np.exp(-np.abs(logits)))
        return Losses.reduced(softplus - target * logits, reduction)

    @staticmethod
    def cross_entropy(logits, target, reduction="mean", ignore_index=-100):
        log_p = log_softmax(logits, axis=1)
        if target.ndim == 2:
            return Losses.reduced(-(target * log_p).sum(axis=1), reduction)
        return Losses.reduced(-log_p[np.arange(len(target)), target % logits.shape[1]], reduction)
""",
    ),
    Mistake(
        "Losses",
        'Ignored rows are left out of the result: with "none" there is one loss for each row, 0 for these.',
        edits=(
            (
                '        if reduction == "mean":\n            return losses.sum() / counts.sum()\n',
                "        losses = losses[counts]\n",
            ),
        ),
    ),
    Mistake(
        "Losses",
        "Negative labels are ignored instead of `ignore_index`: that may be any number, one of the classes too.",
        edits=(("counts = target != ignore_index", "counts = target >= 0"),),
    ),
    Mistake(
        "Losses",
        "The cross-entropy divides by N times C: the mean goes over the rows.",
        edits=(("return losses.sum() / counts.sum()", "return losses.sum() / (counts.sum() * logits.shape[1])"),),
    ),
    Mistake(
        "Losses",
        "For targets (N, C) the mean over the classes is taken: the loss of a row is the sum over its classes.",
        edits=(("-(target * log_p).sum(axis=1)", "-(target * log_p).mean(axis=1)"),),
    ),
    Mistake(
        "Losses",
        "For targets (N, C) the losses of the classes are not summed: one loss for each row.",
        edits=(("-(target * log_p).sum(axis=1)", "-(target * log_p)"),),
    ),
    Mistake(
        "Losses",
        "For targets (N, C) only the most probable class counts: all do, each with its probability.",
        edits=(("-(target * log_p).sum(axis=1)", "-log_p[np.arange(len(target)), target.argmax(axis=1)]"),),
    ),
    Mistake(
        "Losses",
        "The softmax runs over the batch (axis 0): each row has probabilities of its own, along axis 1.",
        edits=(("log_softmax(logits, axis=1)", "log_softmax(logits, axis=0)"),),
    ),
    Mistake(
        "Losses",
        "A softmax is applied before the cross-entropy that applies one itself: it takes the scores as they are.",
        edits=(("log_softmax(logits, axis=1)", "log_softmax(np.exp(log_softmax(logits, axis=1)), axis=1)"),),
    ),
    Mistake(
        "Losses",
        "The sign of the cross-entropy is wrong: a loss is minus the log-probability.",
        edits=(("np.where(counts, -log_p[", "np.where(counts, log_p["), ("-(target * log_p)", "(target * log_p)")),
    ),
    Mistake(
        "Losses",
        "the logarithm is taken of probabilities, and small ones have become 0: work with logarithms all the way, "
        "z - max - log(sum of exp(z - max)).",
        edits=(
            (
                "log_p = log_softmax(logits, axis=1)",
                "e = np.exp(logits - logits.max(axis=1, keepdims=True))\n"
                "        log_p = np.log(e / e.sum(axis=1, keepdims=True))",
            ),
        ),
    ),
    Mistake(
        "Losses",
        "The probability of the right class is returned: minus its logarithm is the loss.",
        edits=(
            (
                "np.where(counts, -log_p[np.arange(len(label)), label]",
                "np.where(counts, np.exp(log_p)[np.arange(len(label)), label]",
            ),
        ),
    ),
    Mistake(
        "Losses",
        "`log_p[:, label]` picks N columns for every row: row n needs its own entry, log_p[np.arange(N), label].",
        edits=(("-log_p[np.arange(len(label)), label]", "-log_p[:, label]"),),
    ),
    Mistake(
        "Losses",
        "The caller's target is changed: replace labels in a copy.",
        edits=(("label = np.where(counts, target, 0)", "target[~counts] = 0\n        label = target"),),
    ),
    Mistake(
        "Losses",
        "another word as reduction passes: it must raise a ValueError.",
        edits=(
            (
                "raise ValueError(f\"reduction must be 'none', 'sum' or 'mean', not {reduction!r}\")",
                "return values.mean()",
            ),
        ),
    ),
    # --- linear_backward ---------------------------------------------------------------------------------------------
    Mistake(
        "linear_backward",
        "d_W is transposed: rows_x.T @ rows_d has the shape of W, (fan_in, fan_out).",
        edits=(("rows_x.T @ rows_d", "rows_d.T @ rows_x"),),
    ),
    Mistake(
        "linear_backward",
        "d_W is divided by the number of rows: factors such as 1/N belong to the loss, and are in d_out already.",
        edits=(("d_W = rows_x.T @ rows_d", "d_W = rows_x.T @ rows_d / len(rows_x)"),),
    ),
    Mistake(
        "linear_backward",
        "All gradients are divided by the batch size here: the 1/N belongs to the loss, and is in d_out already.",
        edits=(
            ("d_W = rows_x.T @ rows_d", "d_W = rows_x.T @ rows_d / len(x)"),
            ("rows_d.sum(axis=0)", "rows_d.sum(axis=0) / len(x)"),
        ),
    ),
    Mistake(
        "linear_backward",
        "d_b is averaged: it is the sum over all positions, for b is used at each of them.",
        edits=(("rows_d.sum(axis=0)", "rows_d.mean(axis=0)"),),
    ),
    Mistake(
        "linear_backward",
        "d_b is not summed over the positions: b is (fan_out,), and its gradient has that shape.",
        edits=(("rows_d.sum(axis=0)", "d_out"),),
    ),
    Mistake(
        "linear_backward",
        "d_b is summed over the outputs: sum over the positions, and one number for each output is left.",
        edits=(("rows_d.sum(axis=0)", "rows_d.sum(axis=1)"),),
    ),
    Mistake(
        "linear_backward",
        "d_b is summed over the first axis only: with two batch axes, sum over both.",
        edits=(("rows_d.sum(axis=0)", "d_out.sum(axis=0)"),),
    ),
    Mistake(
        "linear_backward",
        "d_b is (1, fan_out): b has one axis.",
        edits=(("rows_d.sum(axis=0)", "rows_d.sum(axis=0, keepdims=True)"),),
    ),
    Mistake(
        "linear_backward",
        "Where b is None, d_b must be None: there is nothing to differentiate.",
        edits=(("None if b is None else rows_d.sum(axis=0)", "rows_d.sum(axis=0)"),),
    ),
    Mistake(
        "linear_backward",
        "d_b is always None: with a bias it is the sum of d_out over all positions.",
        edits=(("None if b is None else rows_d.sum(axis=0)", "None"),),
    ),
    Mistake(
        "linear_backward",
        "The upstream gradient is ignored in d_W: it has ones where d_out belongs.",
        edits=(("rows_x.T @ rows_d", "rows_x.T @ np.ones_like(rows_d)"),),
    ),
    Mistake(
        "linear_backward",
        "The upstream gradient is ignored in d_x: it has ones where d_out belongs.",
        edits=(("d_x = d_out @ W.T", "d_x = np.ones_like(d_out) @ W.T"),),
    ),
    Mistake(
        "linear_backward",
        "W is not transposed in d_x: d_out is (..., fan_out), and W.T takes it to (..., fan_in).",
        edits=(("d_out @ W.T", "d_out @ W"),),
    ),
    Mistake(
        "linear_backward",
        "x.T turns all axes round: with two batch axes, reshape x to (M, fan_in) and d_out to (M, fan_out) first.",
        edits=(("rows_x.T @ rows_d", "x.T @ d_out"),),
    ),
    Mistake(
        "linear_backward",
        "d_W has a batch axis left: W is used in all sequences, so sum over both batch axes.",
        edits=(("d_W = rows_x.T @ rows_d", "d_W = np.swapaxes(x, -1, -2) @ d_out"),),
    ),
    Mistake(
        "linear_backward",
        "d_x comes as (M, fan_in): it has the shape of x, with all its batch axes.",
        edits=(("d_x = d_out @ W.T", "d_x = rows_d @ W.T"),),
    ),
    Mistake(
        "linear_backward",
        "The gradients are returned in the order d_W, d_x, d_b: the text says d_x, d_W, d_b.",
        edits=(("return d_x, d_W, d_b", "return d_W, d_x, d_b"),),
    ),
    Mistake(
        "linear_backward",
        "The bias is added to d_x: it plays no part in the gradient of x.",
        edits=(("return d_x, d_W, d_b", "return d_x if b is None else d_x + (W @ b), d_W, d_b"),),
    ),
    # --- MLP ---------------------------------------------------------------------------------------------------------
    Mistake(
        "MLP",
        "The activation is applied after the last layer too: the scores leave the net as they are.",
        edits=(
            (
                "            if i > 0:\n                x = self.act(x)  # between layers: before each but the first\n",
                "",
            ),
            ("x = linear_forward(x, W, b)", "x = self.act(linear_forward(x, W, b))"),
        ),
    ),
    Mistake(
        "MLP",
        "The activation is applied before the first layer too: it stands between the layers.",
        edits=(("if i > 0:", "if i >= 0:"),),
    ),
    Mistake(
        "MLP",
        "There is no activation between the layers, so the whole net is one linear map.",
        edits=(("if i > 0:\n                x = self.act(x)", "if i > 0:\n                x = x * 1.0"),),
    ),
    Mistake(
        "MLP",
        "Only the last hidden layer has an activation: it stands between all layers.",
        edits=(("if i > 0:", "if i == len(self.params) - 1 and i > 0:"),),
    ),
    Mistake(
        "MLP",
        "Only the first hidden layer has an activation: it stands between all layers.",
        edits=(("if i > 0:", "if i == 1:"),),
    ),
    Mistake(
        "MLP",
        "tanh is used whatever was asked for: use `self.act`.",
        edits=(("x = self.act(x)", "x = np.tanh(x)"),),
    ),
    Mistake(
        "MLP",
        "A ReLU is used whatever was asked for: use `self.act`.",
        edits=(("x = self.act(x)", "x = np.maximum(x, 0.0)"),),
    ),
    Mistake(
        "MLP",
        "The biases are missing in the scores.",
        edits=(("linear_forward(x, W, b)", "linear_forward(x, W, None)"),),
    ),
    Mistake(
        "MLP",
        "`return` stands inside the loop: only the first layer is computed.",
        edits=(("        return x\n        ### END", "            return x\n        ### END"),),
    ),
    Mistake(
        "MLP",
        "A layer whose b is None fails: add the bias only where there is one.",
        edits=(("linear_forward(x, W, b)", "x @ W + b"),),
    ),
    Mistake(
        "MLP",
        "The last layer is left out of the scores.",
        edits=(("enumerate(self.params)", "enumerate(self.params[:-1])"),),
    ),
    Mistake(
        "MLP",
        "A layer gets an input of the wrong width: take the layers in the order of the list, and give each what the "
        "one before it gave away.",
        edits=(("enumerate(self.params)", "enumerate(self.params[::-1])"),),
    ),
    Mistake(
        "MLP",
        "the argument `bias` is turned round: with bias=True the biases count, with bias=False they do not.",
        edits=(("            if bias:\n", "            if not bias:\n"),),
    ),
    Mistake(
        "MLP",
        "only the weights are counted: each layer has one bias for each of its outputs.",
        edits=(("            if bias:\n                total += fan_out  # one for each output\n", ""),),
    ),
    Mistake(
        "MLP",
        "A layer has as many biases as outputs: here it gets as many as inputs.",
        edits=(("total += fan_out  #", "total += fan_in  #"),),
    ),
    Mistake(
        "MLP",
        "A layer has one bias for each of its outputs: here it gets a single one.",
        edits=(("total += fan_out  #", "total += 1  #"),),
    ),
    Mistake(
        "MLP",
        "biases are counted although there are none: bias=False.",
        edits=(("            if bias:\n                total", "            if True:\n                total"),),
    ),
    Mistake(
        "MLP",
        "The last layer is missing in the count: n widths make n - 1 layers.",
        edits=(("pairwise(sizes)", "pairwise(sizes[:-1])"),),
    ),
    Mistake(
        "MLP",
        "The units are counted: a layer has fan_in * fan_out weights.",
        edits=(("total += fan_in * fan_out", "total += fan_in"),),
    ),
    Mistake(
        "MLP",
        "fan_in + fan_out is counted: a layer has fan_in * fan_out weights.",
        edits=(("total += fan_in * fan_out", "total += fan_in + fan_out"),),
    ),
    Mistake(
        "MLP",
        "The input has no biases: count one for each output of a layer, and none for the first width.",
        edits=(("        total = 0\n", "        total = sizes[0] if bias else 0\n"),),
    ),
    # --- relu_breakpoints --------------------------------------------------------------------------------------------
    Mistake(
        "relu_breakpoints",
        "A unit with w = 0 is counted: it is constant, and bends nowhere (b / 0 is no place).",
        edits=(("(w != 0) & (v != 0)", "v != 0"), ("if abs(change) > 1e-9:", "if True:")),
    ),
    Mistake(
        "relu_breakpoints",
        "A unit with v = 0 is counted: it bends, but the output does not hear it.",
        edits=(("(w != 0) & (v != 0)", "w != 0"), ("if abs(change) > 1e-9:", "if True:")),
    ),
    Mistake(
        "relu_breakpoints",
        "Units that bend at one place are counted one by one: that is one breakpoint, with the sum of their changes.",
        edits=(
            ("np.unique(places)", "np.sort(places)"),
            ("changes[places == place].sum()", "changes[np.argsort(places, kind='stable')][len(breakpoints)]"),
        ),
    ),
    Mistake(
        "relu_breakpoints",
        "where several units bend at one place, only one of them counts: their changes add up.",
        edits=(("changes[places == place].sum()", "changes[places == place][0]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "a place is counted where the changes of the units add up to 0: the slope does not change there.",
        edits=(("if abs(change) > 1e-9:", "if True:"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The sign of the places is wrong: w x + b = 0 at x = -b / w.",
        edits=(("-b_0[bends] / w[bends]", "b_0[bends] / w[bends]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The places are -w / b: w x + b = 0 at x = -b / w.",
        edits=(("-b_0[bends] / w[bends]", "-w[bends] / b_0[bends]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The breakpoints are in the order of the units: they are asked for in ascending order.",
        edits=(("np.unique(places)", "dict.fromkeys(places.tolist())"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The change of slope is v |w|, also for a unit with w < 0: that one is switched off there.",
        edits=(("(v * np.abs(w))[bends]", "(v * w)[bends]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The change of slope is v |w|: the factor |w| is missing.",
        edits=(("(v * np.abs(w))[bends]", "v[bends]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The leftmost slope is not 0: units with w < 0 are on far on the left.",
        edits=(("[(v * w)[w < 0].sum()]", "[0.0]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The leftmost slope adds up the units with w > 0: far on the left those with w < 0 are on.",
        edits=(("[(v * w)[w < 0].sum()]", "[(v * w)[w > 0].sum()]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The leftmost slope adds up all units: far on the left only those with w < 0 are on.",
        edits=(("[(v * w)[w < 0].sum()]", "[(v * w).sum()]"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The changes of slope are returned: the slopes themselves are asked for, one more than breakpoints.",
        edits=(
            ("slopes.append(slopes[-1] + change)", "slopes.append(change)"),
            ("np.array(slopes)", "np.array(slopes[1:])"),
        ),
    ),
    Mistake(
        "relu_breakpoints",
        "The slope of the rightmost piece is missing: K breakpoints make K + 1 pieces.",
        edits=(("np.array(slopes)", "np.array(slopes[:-1])"),),
    ),
    Mistake(
        "relu_breakpoints",
        "The slope of the leftmost piece is missing: K breakpoints make K + 1 pieces.",
        edits=(("np.array(slopes)", "np.array(slopes[1:])"),),
    ),
    Mistake(
        "relu_breakpoints",
        "only units with w > 0 are counted: one with w < 0 bends at -b / w as well.",
        edits=(("(w != 0) & (v != 0)", "(w > 0) & (v != 0)"),),
    ),
    Mistake(
        "relu_breakpoints",
        "changes that add up to 0 except for rounding, such as 0.1 + 0.2 - 0.3, are counted: a sum below 1e-9 counts "
        "as 0.",
        edits=(("if abs(change) > 1e-9:", "if change != 0:"),),
    ),
    # --- trace_starts ------------------------------------------------------------------------------------------------
    Mistake(
        "trace_starts",
        "the nets of this program have no biases: count fan_in * fan_out for each layer.",
        edits=((": 79,", ": 95,"),),
    ),
    Mistake(
        "trace_starts",
        "these are the units of a hidden layer: the scores come from the last matrix.",
        edits=(("(11, 7)", "(11, 5)"),),
    ),
    Mistake(
        "trace_starts",
        "every layer multiplies by 3, so the factor is a power of it: the weights of all layers were multiplied.",
        edits=((": 27.0,", ": 3.0,"),),
    ),
    Mistake(
        "trace_starts",
        "every layer multiplies by 3, the last one too: the exponent is the number of weight matrices.",
        edits=((": 27.0,", ": 9.0,"),),
    ),
    Mistake(
        "trace_starts",
        "the scores of all classes are 0, so all are equally probable: how many classes are there?",
        edits=((": 0.142857,", ": 0.5,"),),
    ),
    Mistake(
        "trace_starts",
        "a loss of 0 means that the right class is certain: here all are equally probable.",
        edits=((": 1.94591,", ": 0.0,"),),
    ),
    Mistake(
        "trace_starts",
        "all columns of the weights are equal, so all hidden units give the same: np.unique leaves one.",
        edits=((": (11, 1),", ": (11, 4),"),),
    ),
    Mistake(
        "trace_starts",
        "1024 is the variance of z, a sum of 1024 products; its standard deviation is the root of that.",
        edits=((": 5,", ": 10,"),),
    ),
    Mistake(
        "trace_starts",
        "that is 0.5 ** 5: s * (1 - s) at 0 is 0.25.",
        edits=((": 0.000976563,", ": 0.03125,"),),
    ),
)
