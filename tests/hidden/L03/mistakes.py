"""Wrong answers that people give to the exercises of L03, each with one sentence for the person who gave it."""

from autograder.checks import Mistake

TOP_END = "d_logits[rows, logits.argmax(axis=1)] += d_row_max[:, 0]"
SCATTER = "np.add.at(d_E, ids, d_emb)"
REFUSE = "if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-7 * np.abs(numerical).max():"

MISTAKES = (
    # --- backprop_top ------------------------------------------------------------------------------------------------
    Mistake(
        "backprop_top",
        "The 1/N is missing: the loss is a mean over the N examples, so each label gets -1/N.",
        edits=(("-1.0 / len(labels)", "-1.0"),),
    ),
    Mistake(
        "backprop_top",
        "The sign of d_log_probs: the more probable the label, the smaller the loss, so it is -1/N.",
        edits=(("-1.0 / len(labels)", "1.0 / len(labels)"),),
    ),
    Mistake(
        "backprop_top",
        "d_log_probs is divided by N C: the loss is a mean over the N examples, not over their classes.",
        edits=(("-1.0 / len(labels)", "-1.0 / logits.size"),),
    ),
    Mistake(
        "backprop_top",
        "Every class got -1/N in d_log_probs: only the log-probability of the label enters the loss.",
        edits=(("d_log_probs[rows, labels] = ", "d_log_probs[:, :] = "),),
    ),
    Mistake(
        "backprop_top",
        "-1/(N p) is the gradient with respect to the probabilities: log_probs are their logarithms already.",
        edits=(("-1.0 / len(labels)", "-1.0 / len(labels) / np.exp(cache['log_probs'][rows, labels])"),),
    ),
    Mistake(
        "backprop_top",
        "d_log_probs[:, labels] fills whole columns: the index [np.arange(N), labels] picks one entry of each row.",
        edits=(("d_log_probs[rows, labels] = ", "d_log_probs[:, labels] = "),),
    ),
    Mistake(
        "backprop_top",
        "d_log_total is not summed: log_total was subtracted from all C columns, so its gradient is the sum over them.",
        edits=(("d_log_total = -d_log_probs.sum(axis=1, keepdims=True)", "d_log_total = -d_log_probs"),),
    ),
    Mistake(
        "backprop_top",
        "The sign of d_log_total: it is subtracted in the forward pass, so a minus comes in.",
        edits=(("d_log_total = -d_log_probs", "d_log_total = d_log_probs"),),
    ),
    Mistake(
        "backprop_top",
        "d_log_total is a mean over the classes: each of the C columns used it once, so sum.",
        edits=(("-d_log_probs.sum(axis=1", "-d_log_probs.mean(axis=1"),),
    ),
    Mistake(
        "backprop_top",
        "d_total is multiplied by total: the derivative of log(total) is 1/total, so divide.",
        edits=(('d_log_total / cache["total"]', 'd_log_total * cache["total"]'),),
    ),
    Mistake(
        "backprop_top",
        "The derivative of the logarithm is missing in d_total: divide d_log_total by total.",
        edits=(('d_log_total / cache["total"]', "d_log_total.copy()"),),
    ),
    Mistake(
        "backprop_top",
        "d_exps has the shape of total: each of the C terms of a sum gets the gradient of the sum, so (N, C).",
        edits=(("d_exps = d_total * np.ones(exps.shape)", "d_exps = d_total"),),
    ),
    Mistake(
        "backprop_top",
        "d_exps is shared out over the classes: each term of a sum gets the whole gradient of the sum.",
        edits=(("d_total * np.ones(exps.shape)", "d_total * np.ones(exps.shape) / exps.shape[1]"),),
    ),
    Mistake(
        "backprop_top",
        "d_shifted has only the way through exps: shifted is used in log_probs as well, and the two gradients add up.",
        edits=(("d_shifted = d_log_probs + d_exps * exps", "d_shifted = d_exps * exps"),),
    ),
    Mistake(
        "backprop_top",
        "d_shifted has only the way through log_probs: shifted is used in exps as well, and the two gradients add up.",
        edits=(("d_shifted = d_log_probs + d_exps * exps", "d_shifted = d_log_probs.copy()"),),
    ),
    Mistake(
        "backprop_top",
        "The derivative of exp is missing in d_shifted: d_exps has to be multiplied by exps.",
        edits=(("d_log_probs + d_exps * exps", "d_log_probs + d_exps"),),
    ),
    Mistake(
        "backprop_top",
        "d_shifted multiplies d_exps by shifted: the derivative of exp is exp itself, which is in exps.",
        edits=(("d_log_probs + d_exps * exps", "d_log_probs + d_exps * cache['shifted']"),),
    ),
    Mistake(
        "backprop_top",
        "d_row_max is not summed: row_max was subtracted from all C columns of its row, so sum over them, to (N, 1).",
        edits=(
            ("d_row_max = -d_shifted.sum(axis=1, keepdims=True)", "d_row_max = -d_shifted"),
            (TOP_END, "d_logits[rows, logits.argmax(axis=1)] += d_row_max.sum(axis=1)"),
        ),
    ),
    Mistake(
        "backprop_top",
        "d_logits has only the way through row_max: logits is used in shifted as well.",
        edits=(("d_logits = d_shifted.copy()", "d_logits = np.zeros(logits.shape)"),),
    ),
    Mistake(
        "backprop_top",
        "d_W2 is transposed: W2 is (H, C), so h.T @ d_logits.",
        edits=(("h.T @ d_logits", "d_logits.T @ h"),),
    ),
    Mistake(
        "backprop_top",
        "d_W2 is divided by N again: the 1/N came in with d_log_probs, and is in d_logits already.",
        edits=(("h.T @ d_logits", "h.T @ d_logits / len(labels)"),),
    ),
    Mistake(
        "backprop_top",
        "d_b2 is averaged over the batch: every row used b2, so sum; the 1/N is in d_logits already.",
        edits=(("d_logits.sum(axis=0)", "d_logits.mean(axis=0)"),),
    ),
    Mistake(
        "backprop_top",
        "d_b2 is not summed over the batch: b2 is (C,), and was added to every row.",
        edits=(("d_b2 = d_logits.sum(axis=0)", "d_b2 = d_logits"),),
    ),
    Mistake(
        "backprop_top",
        "d_b2 is summed over the classes: sum over the batch, axis 0, one number for each class.",
        edits=(("d_b2 = d_logits.sum(axis=0)", "d_b2 = d_logits.sum(axis=1)"),),
    ),
    Mistake(
        "backprop_top",
        "W2 is not transposed on the way back: d_logits is (N, C), and W2.T takes it to (N, H).",
        edits=(('cache["W2"].T', 'cache["W2"]'),),
    ),
    Mistake(
        "backprop_top",
        "d_h went through the tanh already: that makes d_bn of it, which belongs to the lower half.",
        edits=(('d_logits @ cache["W2"].T', 'd_logits @ cache["W2"].T * (1 - h**2)'),),
    ),
    Mistake(
        "backprop_top",
        "an in-place operation (`x += ...`, `x[...] = ...`, `x.sort()`, `x.append(...)`) changes the caller's data: "
        "make a new array, or copy first.",
        edits=(
            (
                "d_exps = d_total",
                "exps /= cache['total']\n    exps *= cache['total']\n    exps += 1e-9\n    d_exps = d_total",
            ),
        ),
    ),
    # --- softmax_ce_backward -----------------------------------------------------------------------------------------
    Mistake(
        "softmax_ce_backward",
        "The 1/N is missing: the loss is divided by the number of examples.",
        edits=((" / len(labels)", ""),),
    ),
    Mistake(
        "softmax_ce_backward",
        "It is divided by the sum of the weights: this loss is divided by N, whatever the weights add up to.",
        edits=((" / len(labels)", " / weights.sum()"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "The weights are missing: each row is multiplied by its own.",
        edits=((" * weights[:, None]", ""),),
    ),
    Mistake(
        "softmax_ce_backward",
        "Only the one-hot labels are weighted: the weight multiplies p - y as a whole.",
        edits=(("-= 1.0", "-= weights"), (" * weights[:, None]", "")),
    ),
    Mistake(
        "softmax_ce_backward",
        "Only the probabilities are weighted: the weight multiplies p - y as a whole.",
        edits=(("probs.copy()", "probs * weights[:, None]"), (" * weights[:, None] / len", " / len")),
    ),
    Mistake(
        "softmax_ce_backward",
        "1 is subtracted from every class: only from that of the label.",
        edits=(("d_logits[np.arange(len(labels)), labels] -= 1.0", "d_logits -= 1.0"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "1 is subtracted from whole columns: the index [np.arange(N), labels] picks one entry of each row.",
        edits=(("d_logits[np.arange(len(labels)), labels]", "d_logits[:, labels]"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "1 is subtracted from whole rows: `d[labels]` picks rows; the index [np.arange(N), labels] one entry of each.",
        edits=(("d_logits[np.arange(len(labels)), labels]", "d_logits[labels]"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "The sign: it is p - y, not y - p.",
        edits=(("return d_logits *", "return -d_logits *"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "It is divided by N C: the loss is a mean over the examples, not over their classes.",
        edits=((" / len(labels)", " / probs.size"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "That is p, not p - y: 1 is subtracted at the labels.",
        edits=(("    d_logits[np.arange(len(labels)), labels] -= 1.0  # p - y, y one-hot\n", ""),),
    ),
    Mistake(
        "softmax_ce_backward",
        "probs went through the softmax once more: they are probabilities already.",
        edits=(("d_logits = probs.copy()", "d_logits = np.exp(probs) / np.exp(probs).sum(axis=1, keepdims=True)"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "The weights are (N,) and must be made a column, weights[:, None]: otherwise they meet the classes.",
        edits=(("weights[:, None]", "weights"),),
    ),
    Mistake(
        "softmax_ce_backward",
        "An argument is written into (`-=`, `*=` and `/=` change the array that came in): work on a copy.",
        edits=(("probs.copy()", "probs"),),
    ),
    # --- backprop_bottom ---------------------------------------------------------------------------------------------
    Mistake(
        "backprop_bottom",
        "The derivative of tanh is missing in d_bn: 1 - h^2.",
        edits=(('d_h * (1 - cache["h"] ** 2)', "d_h.copy()"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_bn has 1 - bn^2: the derivative of tanh is 1 - tanh^2, and tanh(bn) is h.",
        edits=(('cache["h"] ** 2', 'cache["bn"] ** 2'),),
    ),
    Mistake(
        "backprop_bottom",
        "The tanh is taken twice in d_bn: h is tanh(bn) already, so the derivative is 1 - h^2.",
        edits=(('cache["h"] ** 2', 'np.tanh(cache["h"]) ** 2'),),
    ),
    Mistake(
        "backprop_bottom",
        "The square is missing in d_bn: the derivative of tanh is 1 - h^2.",
        edits=(('cache["h"] ** 2', 'cache["h"]'),),
    ),
    Mistake(
        "backprop_bottom",
        "x_hat is missing in d_gamma: gamma multiplies x_hat, so d_bn does too, before the sum.",
        edits=(("(d_bn * x_hat).sum(axis=0)", "d_bn.sum(axis=0)"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_gamma is not summed over the batch: one gamma served all N rows, so their gradients add up.",
        edits=(("(d_bn * x_hat).sum(axis=0)", "d_bn * x_hat"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_beta is averaged over the batch: every row used it once, so sum. Factors of the loss are in d_h already.",
        edits=(("d_bn.sum(axis=0)", "d_bn.mean(axis=0)"),),
    ),
    Mistake(
        "backprop_bottom",
        "gamma is missing in d_x_hat.",
        edits=(('d_bn * cache["gamma"]', "d_bn.copy()"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_inv_std is not summed over the batch: one inv_std served all N rows, so their gradients add up.",
        edits=(("(d_x_hat * centered).sum(axis=0)", "d_x_hat * centered"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_inv_std is made with x_hat: inv_std multiplies centered, so d_x_hat * centered is summed.",
        edits=(("(d_x_hat * centered)", "(d_x_hat * x_hat)"),),
    ),
    Mistake(
        "backprop_bottom",
        "The sign of d_var: (var + eps)^(-1/2) falls when var grows, so its derivative has a minus.",
        edits=(("d_inv_std * -0.5", "d_inv_std * 0.5"),),
    ),
    Mistake(
        "backprop_bottom",
        "The factor 1/2 is missing in d_var: the derivative of v^(-1/2) is -1/2 v^(-3/2).",
        edits=(("d_inv_std * -0.5", "-d_inv_std"),),
    ),
    Mistake(
        "backprop_bottom",
        "The power in d_var is wrong: the derivative of v^(-1/2) is -1/2 v^(-3/2), which is -1/2 inv_std^3.",
        edits=(("inv_std**3", "inv_std"),),
    ),
    Mistake(
        "backprop_bottom",
        "eps is left out in d_var: inv_std^3 has it in it, var^(-3/2) has not.",
        edits=(("inv_std**3", 'cache["var"] ** -1.5'),),
    ),
    Mistake(
        "backprop_bottom",
        "d_centered has only the way through x_hat (the variance as a constant): centered is used in var as well.",
        edits=((" + d_var * 2 * centered / n", ""),),
    ),
    Mistake(
        "backprop_bottom",
        "d_centered has only the way through var: centered is used in x_hat as well, and the two gradients add up.",
        edits=(("d_x_hat * inv_std + d_var", "d_var"),),
    ),
    Mistake(
        "backprop_bottom",
        "The 1/N is missing in d_centered, in the way through var: var is a mean.",
        edits=(("d_var * 2 * centered / n", "d_var * 2 * centered"),),
    ),
    Mistake(
        "backprop_bottom",
        "The factor 2 is missing in d_centered, in the way through var: var is a mean of squares.",
        edits=(("d_var * 2 * centered / n", "d_var * centered / n"),),
    ),
    Mistake(
        "backprop_bottom",
        "N - 1 stands in d_centered: this variance is divided by N.",
        edits=(("centered / n", "centered / (n - 1)"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_mean is not summed over the batch: mean was subtracted from all N rows, so their gradients add up.",
        edits=(("d_mean = -d_centered.sum(axis=0)", "d_mean = -d_centered"),),
    ),
    Mistake(
        "backprop_bottom",
        "The sign of d_mean: mean is subtracted in the forward pass.",
        edits=(("d_mean = -d_centered", "d_mean = d_centered"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_z1 has only the way through centered (the mean as a constant): z1 is used in mean as well.",
        edits=(("d_z1 = d_centered + d_mean / n", "d_z1 = d_centered.copy()"),),
    ),
    Mistake(
        "backprop_bottom",
        "The 1/N is missing in d_z1, in the way through mean.",
        edits=(("d_mean / n", "d_mean"),),
    ),
    Mistake(
        "backprop_bottom",
        "d_W1 is transposed: W1 is (T D, H), so flat.T @ d_z1.",
        edits=(('cache["flat"].T @ d_z1', 'd_z1.T @ cache["flat"]'),),
    ),
    Mistake(
        "backprop_bottom",
        "d_b1 is not summed over the batch: b1 was added to every row.",
        edits=(("d_b1 = d_z1.sum(axis=0)", "d_b1 = d_z1"),),
    ),
    Mistake(
        "backprop_bottom",
        "W1 is not transposed on the way back: d_z1 is (N, H), and W1.T takes it to (N, T D).",
        edits=(('cache["W1"].T', 'cache["W1"]'),),
    ),
    Mistake(
        "backprop_bottom",
        "d_emb is reshaped with T and D in the wrong order: emb is (N, T, D), row by row as in flat.",
        edits=(
            (
                'd_flat.reshape(cache["emb"].shape)',
                "d_flat.reshape(n, -1, ids.shape[1]).transpose(0, 2, 1)",
            ),
        ),
    ),
    Mistake(
        "backprop_bottom",
        "of a token that comes more than once only the last gradient is left: `d_E[ids] = ...` and `d_E[ids] += ...` "
        "write each row once; `np.add.at` adds up.",
        edits=((SCATTER, "d_E[ids] += d_emb"),),
    ),
    Mistake(
        "backprop_bottom",
        "Gradients of a token that comes twice in one example are lost: np.add.at adds up all of them.",
        edits=((SCATTER, "[d_E.__setitem__(i, d_E[i] + d) for i, d in zip(ids, d_emb)]"),),
    ),
    Mistake(
        "backprop_bottom",
        "The gradients of a repeated token are averaged in d_E: they add up.",
        edits=(
            (SCATTER, SCATTER + "\n    d_E /= np.maximum(np.bincount(ids.ravel(), minlength=len(d_E)), 1)[:, None]"),
        ),
    ),
    Mistake(
        "backprop_bottom",
        "d_E has as many rows as the largest token that occurs: the table has V rows, those of cache['E'].",
        edits=(('np.zeros(cache["E"].shape)', 'np.zeros((ids.max() + 1, cache["E"].shape[1]))'),),
    ),
    Mistake(
        "backprop_bottom",
        "d_E starts from the table itself instead of zeros: unused rows must be exactly 0.",
        edits=(('np.zeros(cache["E"].shape)', 'cache["E"].copy()'),),
    ),
    # --- batchnorm_backward ------------------------------------------------------------------------------------------
    Mistake(
        "batchnorm_backward",
        "Mean and variance are treated as constants: both depend on every row of x.",
        edits=(("(d_out - d_beta / len(d_out) - x_hat * d_gamma / len(d_out))", "d_out"),),
    ),
    Mistake(
        "batchnorm_backward",
        "The variance is treated as a constant: the part of d_out along x_hat has to be taken out as well.",
        edits=((" - x_hat * d_gamma / len(d_out)", ""),),
    ),
    Mistake(
        "batchnorm_backward",
        "The mean is treated as a constant: the mean of d_out has to be taken out as well.",
        edits=((" - d_beta / len(d_out)", ""),),
    ),
    Mistake(
        "batchnorm_backward",
        "gamma is missing in d_x.",
        edits=(("d_x = gamma * inv_std", "d_x = inv_std"),),
    ),
    Mistake(
        "batchnorm_backward",
        "inv_std is missing in d_x: a narrow column has large gradients.",
        edits=(("gamma * inv_std *", "gamma *"),),
    ),
    Mistake(
        "batchnorm_backward",
        "d_x is divided by inv_std, which is 1 / std already: multiply.",
        edits=(("gamma * inv_std *", "gamma / inv_std *"),),
    ),
    Mistake(
        "batchnorm_backward",
        "The 1/N is missing in d_x: the two sums have to be means.",
        edits=(("d_beta / len(d_out) - x_hat * d_gamma / len(d_out)", "d_beta - x_hat * d_gamma"),),
    ),
    Mistake(
        "batchnorm_backward",
        "N - 1 stands where N should, in the part along x_hat: this variance is divided by N.",
        edits=(("x_hat * d_gamma / len(d_out)", "x_hat * d_gamma / (len(d_out) - 1)"),),
    ),
    Mistake(
        "batchnorm_backward",
        "The sign of the part along x_hat: it is taken out of d_out, not added.",
        edits=(("- x_hat * d_gamma", "+ x_hat * d_gamma"),),
    ),
    Mistake(
        "batchnorm_backward",
        "d_gamma is the sum of d_out: gamma multiplies x_hat, so sum d_out * x_hat.",
        edits=(("return d_x, d_gamma, d_beta", "return d_x, d_beta, d_beta"),),
    ),
    Mistake(
        "batchnorm_backward",
        "d_gamma and d_beta are returned in the wrong order: it is d_x, d_gamma, d_beta.",
        edits=(("return d_x, d_gamma, d_beta", "return d_x, d_beta, d_gamma"),),
    ),
    Mistake(
        "batchnorm_backward",
        "d_beta and d_gamma are averaged over the batch: every row used them, so sum.",
        edits=(("return d_x, d_gamma, d_beta", "return d_x, d_gamma / len(d_out), d_beta / len(d_out)"),),
    ),
    Mistake(
        "batchnorm_backward",
        "The sums run over the units: sum over the batch, axis 0, for each unit.",
        edits=(
            ("d_beta = d_out.sum(axis=0)", "d_beta = d_out.sum(axis=1, keepdims=True)"),
            ("d_gamma = (d_out * x_hat).sum(axis=0)", "d_gamma = (d_out * x_hat).sum(axis=1, keepdims=True)"),
        ),
    ),
    Mistake(
        "batchnorm_backward",
        "d_out is overwritten: the caller still needs it. Make a new array.",
        edits=(("d_x = gamma", "d_out -= d_beta / len(d_out)\n    d_x = gamma"),),
    ),
    # --- Dual --------------------------------------------------------------------------------------------------------
    Mistake(
        "Dual",
        "The tangents of a product are multiplied with each other: each has to meet the other's value.",
        edits=(("self.tangent * other.value + self.value * other.tangent", "self.tangent * other.tangent"),),
    ),
    Mistake(
        "Dual",
        "In x * y only x moves: the other half of the product rule, x times the tangent of y, is missing.",
        edits=((" + self.value * other.tangent", " + 0 * other.tangent"),),
    ),
    Mistake(
        "Dual",
        "In A @ B the tangents are multiplied with each other: the product rule is dA B + A dB.",
        edits=(("self.tangent @ other.value + self.value @ other.tangent", "self.tangent @ other.tangent"),),
    ),
    Mistake(
        "Dual",
        "In A @ B only A moves: the term A dB is missing.",
        edits=((" + self.value @ other.tangent", ""),),
    ),
    Mistake(
        "Dual",
        "In A @ B only B moves: the term dA B is missing.",
        edits=(("self.tangent @ other.value + self.value", "self.value"),),
    ),
    Mistake(
        "Dual",
        "A matrix product keeps its order in both terms: A dB, not dB A, which only square matrices allow.",
        edits=(("self.value @ other.tangent", "other.tangent @ self.value"),),
    ),
    Mistake(
        "Dual",
        "The tangents of a difference are added: where values are subtracted, tangents are too.",
        edits=(("self.tangent - other.tangent", "self.tangent + other.tangent"),),
    ),
    Mistake(
        "Dual",
        "The product rule is used for a sum: the tangents of a sum just add up.",
        edits=(("self.tangent + other.tangent", "self.tangent * other.value + self.value * other.tangent"),),
    ),
    Mistake(
        "Dual",
        "The derivative of tanh is missing: its tangent is (1 - tanh^2) times the tangent.",
        edits=(("(1 - y**2) * self.tangent", "self.tangent"),),
    ),
    Mistake(
        "Dual",
        "The tangent of tanh has 1 - x^2: the derivative is 1 - tanh(x)^2.",
        edits=(("(1 - y**2)", "(1 - self.value**2)"),),
    ),
    Mistake(
        "Dual",
        "The tanh of the tangent is no tangent: multiply the tangent by the derivative, 1 - tanh^2.",
        edits=(("(1 - y**2) * self.tangent", "np.tanh(self.tangent)"),),
    ),
    Mistake(
        "Dual",
        "The derivative of exp is missing: its tangent is exp(x) times the tangent.",
        edits=(("y * self.tangent", "self.tangent"),),
    ),
    Mistake(
        "Dual",
        "The tangent of log is multiplied by x: the derivative of log is 1/x, so divide.",
        edits=(("self.tangent / self.value", "self.tangent * self.value"),),
    ),
    Mistake(
        "Dual",
        "The derivative of log is missing: its tangent is the tangent divided by x.",
        edits=(("self.tangent / self.value", "self.tangent"),),
    ),
    Mistake(
        "Dual",
        "The tangent of a sum is not summed: it has the shape of the value.",
        edits=(("self.tangent.sum(axis=axis, keepdims=True)", "self.tangent"),),
    ),
    Mistake(
        "Dual",
        "The axis that is summed over disappears: it stays with size 1, `keepdims=True`.",
        edits=(
            (
                "self.value.sum(axis=axis, keepdims=True), self.tangent.sum(axis=axis, keepdims=True)",
                "self.value.sum(axis=axis), self.tangent.sum(axis=axis)",
            ),
        ),
    ),
    Mistake(
        "Dual",
        "An operand was changed, by `+=`, `out=` or `self.value = ...`: make new arrays, and a new Dual for the "
        "result.",
        edits=(
            (
                "return Dual(self.value + other.value, self.tangent + other.tangent)",
                "self.value += other.value\n        self.tangent += other.tangent\n        return self",
            ),
        ),
    ),
    # --- check_backward ----------------------------------------------------------------------------------------------
    Mistake(
        "check_backward",
        "It accepts an f that uses ones instead of d_out: call f with a random d_out. Ones, or a sum, hide it.",
        edits=(("rng.normal(size=(n, k))", "np.ones((n, k))"),),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that divides by N where T belongs: choose sizes that all differ. N equal to T hides it.",
        edits=(("n, t, v, d, k = 4, 5, 6, 3, 2", "n, t, v, d, k = 4, 4, 6, 3, 2"),),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that forgets the mean over the T tokens of a bag: compare all of d_E, with T above 1.",
        edits=(
            ("n, t, v, d, k = 4, 5, 6, 3, 2", "n, t, v, d, k = 4, 1, 6, 3, 2"),
            ("    ids[0, 1] = ids[0, 0]  # twice in one bag\n", ""),
        ),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that divides d_W by N as well: compare both gradients, with N above 1.",
        edits=(("zip(grads, (E, W), strict=True)", "zip(grads[:1], (E,), strict=True)"),),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that loses gradients of a token that comes more than once: let tokens occur several times.",
        edits=(
            ("n, t, v, d, k = 4, 5, 6, 3, 2", "n, t, v, d, k = 4, 5, 21, 3, 2"),
            ("rng.integers(v - 1, size=(n, t))", "rng.permutation(v - 1).reshape(n, t)"),
            ("    ids[0, 1] = ids[0, 0]  # twice in one bag\n", ""),
            ("    ids[1, 0] = ids[0, 0]  # and in another bag\n", ""),
        ),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that loses gradients of a token that comes twice in one bag: let a row of ids have one twice.",
        edits=(
            ("n, t, v, d, k = 4, 5, 6, 3, 2", "n, t, v, d, k = 4, 5, 7, 3, 2"),
            ("rng.integers(v - 1, size=(n, t))", "np.array([rng.permutation(v - 1)[:t] for _ in range(n)])"),
            ("    ids[0, 1] = ids[0, 0]  # twice in one bag\n", ""),
            ("    ids[1, 0] = ids[0, 0]  # and in another bag\n", ""),
        ),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that returns the right gradients and writes into d_out: compare the arguments with copies.",
        edits=(
            (
                "    if not all(map(np.array_equal, given, (d_out, ids, E, W))):\n"
                '        raise AssertionError("an argument was modified")\n',
                "",
            ),
        ),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that is off by about a thousandth: the tolerance is too wide. Central differences with h "
        "= 1e-5 are good to 1e-9, so 1e-6 of the largest entry will do.",
        edits=(("1e-7 * np.abs(numerical).max()", "1e-2 * np.abs(numerical).max()"),),
    ),
    Mistake(
        "check_backward",
        "It accepts an f whose d_W has its entries in wrong places: compare entry by entry, not a sum or a norm.",
        edits=(
            (
                "np.abs(grad - numerical).max() <= 1e-7 * np.abs(numerical).max()",
                "abs(np.linalg.norm(grad) - np.linalg.norm(numerical)) <= 1e-7 * np.linalg.norm(numerical)",
            ),
        ),
    ),
    Mistake(
        "check_backward",
        "It refuses right implementations: either the gradient that it compares with is not that of sum(d_out * "
        "out), or it asks for more than is promised, such as equality to the last bit. Allow 1e-7 of the largest "
        "entry.",
        edits=(("1e-7 * np.abs(numerical).max()", "0.0"),),
    ),
    Mistake(
        "check_backward",
        "Where d_W comes back with another shape, it ends with an error, and that is no verdict: compare shapes "
        "before values, `assert d_W.shape == W.shape`.",
        edits=(("np.shape(grad) != p.shape or not", "not"),),
    ),
    Mistake(
        "check_backward",
        "It accepts even an f that returns zeros: compare the values, and say no by raising AssertionError "
        "(`assert ...`). What a test returns or prints does not count.",
        answer="""
def check_backward(f):
    rng = np.random.default_rng(0)
    ids, E = rng.integers(4, size=(2, 3)), rng.normal(size=(5, 4))
    W, d_out = rng.normal(size=(4, 6)), rng.normal(size=(2, 6))
    d_E, d_W = f(d_out, ids, E, W)
    return d_E.shape == E.shape and d_W.shape == W.shape
""",
    ),
    Mistake(
        "check_backward",
        "It refuses right ones and accepts forward differences: it is one itself. Use (L(p + h) - L(p - h)) / 2h.",
        edits=(
            ("for h in (1e-5, -1e-5):", "for h in (1e-5, 0.0):"),
            ("(ends[0] - ends[1]) / 2e-5", "(ends[0] - ends[1]) / 1e-5"),
        ),
    ),
    Mistake(
        "check_backward",
        "It accepts an f that sorts each row of ids where it is: compare all four arguments with copies, and let "
        "the rows of ids be unsorted.",
        edits=(("all(map(np.array_equal, given, (d_out, ids, E, W)))", "np.array_equal(given[0], d_out)"),),
    ),
    Mistake(
        "check_backward",
        "It accepts an f whose d_E is not 0 for tokens that do not occur: leave some out of ids, and compare all rows.",
        edits=(
            ("n, t, v, d, k = 4, 5, 6, 3, 2", "n, t, v, d, k = 4, 5, 3, 6, 2"),
            ("rng.integers(v - 1, size=(n, t))", "np.arange(n * t).reshape(n, t) % v"),
        ),
    ),
    # --- gradient_flow -----------------------------------------------------------------------------------------------
    Mistake(
        "gradient_flow",
        "These are the norms of the activations: the gradients of the weights are asked for.",
        answer="""
def gradient_flow(weights, x, d_out, act):
    f, _ = activation(act)
    norms = []
    for W in weights:
        x = f(x @ W)
        norms.append(np.linalg.norm(x))
    return np.array(norms)
""",
    ),
    Mistake(
        "gradient_flow",
        "These are the norms of d_z: the gradient of the weights is input.T @ d_z.",
        edits=(("np.linalg.norm(inputs[i].T @ d_z)", "np.linalg.norm(d_z)"),),
    ),
    Mistake(
        "gradient_flow",
        "These are the norms of the gradients of the activations: those of the weights are asked for.",
        edits=(("np.linalg.norm(inputs[i].T @ d_z)", "np.linalg.norm(d_h)"),),
    ),
    Mistake(
        "gradient_flow",
        "These are the squares of the norms: take the square root.",
        edits=(("np.linalg.norm(inputs[i].T @ d_z)", "np.linalg.norm(inputs[i].T @ d_z) ** 2"),),
    ),
    Mistake(
        "gradient_flow",
        "The norms come from the output on: turn them round, so that the input comes first.",
        edits=(("return norms", "return norms[::-1]"),),
    ),
    Mistake(
        "gradient_flow",
        "The derivative of the activation is missing on the way back.",
        edits=(("d_z = d_h * slope(zs[i])", "d_z = d_h"),),
    ),
    Mistake(
        "gradient_flow",
        "The derivative is taken at the activations: it is a function of the pre-activation z.",
        edits=(("slope(zs[i])", "slope(f(zs[i]))"),),
    ),
    Mistake(
        "gradient_flow",
        "The derivative of the last layer is missing: here the activation comes after the last layer, too.",
        edits=(("d_h * slope(zs[i])", "d_h * (slope(zs[i]) if i < len(weights) - 1 else 1.0)"),),
    ),
    Mistake(
        "gradient_flow",
        "What is passed on leaves out the derivative of the activation: pass on d_z @ W.T, not d_h @ W.T.",
        edits=(("d_h = d_z @", "d_h = d_h @"),),
    ),
    Mistake(
        "gradient_flow",
        "The upstream gradient d_out is ignored: ones stand in its place.",
        edits=(("d_h = d_out", "d_h = np.ones_like(d_out)"),),
    ),
    Mistake(
        "gradient_flow",
        "It is the largest singular value (the 2-norm of a matrix): the root of the sum of all squares is asked for.",
        edits=(("inputs[i].T @ d_z)", "inputs[i].T @ d_z, 2)"),),
    ),
    Mistake(
        "gradient_flow",
        "The gradients are divided by the batch size: every factor of the loss is in d_out already.",
        edits=(("np.linalg.norm(inputs[i].T @ d_z)", "np.linalg.norm(inputs[i].T @ d_z) / len(x)"),),
    ),
    Mistake(
        "gradient_flow",
        "W is not transposed on the way back: d_z is (N, fan_out), and W.T takes it to (N, fan_in).",
        edits=(("weights[i].T", "weights[i]"),),
    ),
    Mistake(
        "gradient_flow",
        "The layer's output stands where its input should, in the gradient of the weights.",
        edits=(("inputs[i].T", "f(zs[i]).T"),),
    ),
    # --- SuspectLayers -----------------------------------------------------------------------------------------------
    Mistake(
        "SuspectLayers",
        "The sum in softmax_backward still runs over the whole batch: each row has a softmax, and a sum, of its own.",
        edits=(("(d_out * p).sum(axis=1, keepdims=True)", "(d_out * p).sum()"),),
    ),
    Mistake(
        "SuspectLayers",
        "The sum in softmax_backward runs over the batch now: the softmax is taken row by row, so sum over each row.",
        edits=(("(d_out * p).sum(axis=1, keepdims=True)", "(d_out * p).sum(axis=0, keepdims=True)"),),
    ),
    Mistake(
        "SuspectLayers",
        "The sum in softmax_backward lost its axis: with `keepdims=True` it is (N, 1), and meets the rows.",
        edits=(("(d_out * p).sum(axis=1, keepdims=True)", "(d_out * p).sum(axis=1)"),),
    ),
    Mistake(
        "SuspectLayers",
        "softmax_backward has a mean over each row now: the sum is needed.",
        edits=(("(d_out * p).sum(axis=1, keepdims=True)", "(d_out * p).mean(axis=1, keepdims=True)"),),
    ),
    Mistake(
        "SuspectLayers",
        "Of a repeated token embedding_backward still keeps only the last gradient: `d_table[ids] += ...` writes each "
        "row once.",
        edits=(("np.add.at(d_table, ids, d_out)", "d_table[ids] += d_out"),),
    ),
    Mistake(
        "SuspectLayers",
        "embedding_backward still loses repeats within one example: np.add.at adds up all of them.",
        edits=(
            (
                "np.add.at(d_table, ids, d_out)",
                "for row, grad in zip(ids, d_out):\n            d_table[row] += grad",
            ),
        ),
    ),
    Mistake(
        "SuspectLayers",
        "mean_backward was right as it was given: each of the n rows has a share of 1/n in the mean. Put it back.",
        edits=(("np.ones((n, 1)) * d_out / n", "np.ones((n, 1)) * d_out"),),
    ),
    Mistake(
        "SuspectLayers",
        "linear_backward was right as it was given: d_out carries every factor of the loss. Put it back.",
        edits=(("d_out.sum(axis=0)", "d_out.mean(axis=0)"),),
    ),
    Mistake(
        "SuspectLayers",
        "normalize_backward was right as it was given: the part along y has to be taken out. Put it back.",
        edits=(("(d_out - y * along) / length", "d_out / length"),),
    ),
)
