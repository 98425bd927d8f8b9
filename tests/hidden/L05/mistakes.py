"""Wrong answers that people give to the exercises of L05, each with one sentence for the person who gave it."""

from autograder.checks import Mistake

CLOSED_FORM = """
def linreg_closed_form(X, y, l2):
    N, D = X.shape
    {body}
"""

MISTAKES = (
    # --- linreg_closed_form ------------------------------------------------------------------------------------------
    Mistake(
        "linreg_closed_form",
        "X.T @ X squares the condition number, and half of the digits are lost: give X itself to `np.linalg.lstsq`.",
        answer=CLOSED_FORM.format(
            body="""A = X - X.mean(axis=0)
    w = np.linalg.inv(A.T @ A / N + l2 * np.eye(D)) @ (A.T @ (y - y.mean()) / N)
    return w, y.mean() - X.mean(axis=0) @ w"""
        ),
        name="explicit-inverse",
    ),
    Mistake(
        "linreg_closed_form",
        "X.T @ X squares the condition number, and half of the digits are lost: give X itself to `np.linalg.lstsq`.",
        answer=CLOSED_FORM.format(
            body="""A = X - X.mean(axis=0)
    w = np.linalg.pinv(A.T @ A / N + l2 * np.eye(D)) @ (A.T @ (y - y.mean()) / N)
    return w, y.mean() - X.mean(axis=0) @ w"""
        ),
        name="pseudo-inverse-of-the-square",
    ),
    Mistake(
        "linreg_closed_form",
        "The bias is penalised like a weight: only the weights are in the ridge penalty.",
        answer=CLOSED_FORM.format(
            body="""A = np.hstack([X, np.ones((N, 1))])
    A = np.vstack([A, np.sqrt(N * l2) * np.eye(D + 1)])
    v = np.linalg.lstsq(A, np.append(y, np.zeros(D + 1)), rcond=None)[0]
    return v[:-1], v[-1]"""
        ),
    ),
    Mistake(
        "linreg_closed_form",
        "This is the w of a model without a bias, a fit through the origin: centre X and y first, or append ones to X.",
        answer=CLOSED_FORM.format(
            body="""A = np.vstack([X, np.sqrt(N * l2) * np.eye(D)])
    return np.linalg.lstsq(A, np.append(y, np.zeros(D)), rcond=None)[0], 0.0"""
        ),
    ),
    Mistake(
        "linreg_closed_form",
        "The l2 is added to X.T @ X without the factor N: in J the squares are divided by N, and the penalty is not.",
        edits=(("np.sqrt(N * l2)", "np.sqrt(l2)"),),
    ),
    Mistake(
        "linreg_closed_form",
        "The rows added to X hold N l2 instead of its root: their squares must add up to N l2 ||w||^2.",
        edits=(("np.sqrt(N * l2)", "(N * l2)"),),
    ),
    Mistake(
        "linreg_closed_form",
        "The penalty is twice too strong: J has l2/2 times the squared norm, beside 1/(2N) times the squares.",
        edits=(("np.sqrt(N * l2)", "np.sqrt(2 * N * l2)"),),
    ),
    Mistake(
        "linreg_closed_form",
        "The penalty has no effect: this is the solution for l2 = 0.",
        edits=(("np.sqrt(N * l2)", "0.0"),),
    ),
    Mistake(
        "linreg_closed_form",
        "Only one of X and y is centred: subtract the mean of X from X, too.",
        edits=(("A = X - x_mean ", "A = X "),),
    ),
    Mistake(
        "linreg_closed_form",
        "That is the mean of y: the weights have taken x_mean . w of it already.",
        edits=(("float(y_mean - x_mean @ w)", "float(y_mean)"),),
    ),
    Mistake(
        "linreg_closed_form",
        "b is y_mean + x_mean . w: what the weights give at the mean of X must be subtracted.",
        edits=(("y_mean - x_mean @ w", "y_mean + x_mean @ w"),),
    ),
    Mistake(
        "linreg_closed_form",
        "b is 0: the model has a bias.",
        edits=(("float(y_mean - x_mean @ w)", "0.0"),),
    ),
    Mistake(
        "linreg_closed_form",
        "This is the solution for which ||w||^2 + b^2 is smallest: b does not count in the norm. Centre X and y first, "
        "and there is no column of ones any more.",
        answer=CLOSED_FORM.format(
            body="""A = np.hstack([X, np.ones((N, 1))])
    A = np.vstack([A, np.sqrt(N * l2) * np.eye(D + 1)[:-1]])
    v = np.linalg.lstsq(A, np.append(y, np.zeros(D)), rcond=None)[0]
    return v[:-1], v[-1]"""
        ),
    ),
    Mistake(
        "linreg_closed_form",
        "`X -= ...` changes the caller's array: make a new one, X - x_mean.",
        edits=(("A = X - x_mean ", "X -= x_mean; A = X "),),
    ),
    # --- linreg_loss_grad --------------------------------------------------------------------------------------------
    Mistake(
        "linreg_loss_grad",
        "The gradient has 2/N: the 1/2 in J cancels the 2 of the square, and 1/N is left.",
        edits=(("X.T @ r / N", "2 * X.T @ r / N"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The gradient is not divided by N: J is a mean over the examples.",
        edits=(("X.T @ r / N", "X.T @ r"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The 1/2 before the squared residuals is missing.",
        edits=(("r @ r / (2 * N)", "r @ r / N"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "Both factors 1/2 are missing.",
        edits=(("r @ r / (2 * N) + l2 / 2", "r @ r / N + l2"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The 1/2 before the penalty is missing.",
        edits=(("l2 / 2", "l2"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The loss is without the penalty.",
        edits=((" + l2 / 2 * (w @ w)", ""),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The bias is in the penalty: only w is.",
        edits=(("(w @ w)", "(w @ w + b * b)"), ("d_b = r.mean()", "d_b = r.mean() + l2 * b")),
    ),
    Mistake(
        "linreg_loss_grad",
        "The bias is in the penalty: only w is, so d_b has no l2.",
        edits=(("d_b = r.mean()", "d_b = r.mean() + l2 * b"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The penalty's gradient, l2 w, is missing.",
        edits=(("X.T @ r / N + l2 * w", "X.T @ r / N"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The penalty's gradient is 2 l2 w: the 1/2 in J cancels that 2.",
        edits=(("X.T @ r / N + l2 * w", "X.T @ r / N + 2 * l2 * w"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The residual is y - (X w + b): the gradient needs it the other way round.",
        edits=(("X @ w + b - y", "y - X @ w - b"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "The bias is missing in the predictions.",
        edits=(("X @ w + b - y", "X @ w - y"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "d_b is the sum of the residuals: it is their mean, for J is a mean.",
        edits=(("d_b = r.mean()", "d_b = r.sum()"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "d_b has a factor 2: the 1/2 in J cancels the 2 of the square.",
        edits=(("d_b = r.mean()", "d_b = 2 * r.mean()"),),
    ),
    Mistake(
        "linreg_loss_grad",
        "A column (N, 1) minus a row (N,) is an (N, N) table of all differences: keep every vector (N,).",
        answer="""
def linreg_loss_grad(w, b, X, y, l2):
    r = X @ w[:, None] + b - y
    loss = np.mean(r**2) / 2 + l2 / 2 * np.sum(w**2)
    return loss, (X.T @ r).mean(axis=1) + l2 * w, np.mean(r)
""",
    ),
    # --- minibatches -------------------------------------------------------------------------------------------------
    Mistake(
        "minibatches",
        "The last, smaller batch is left out: its examples would never be used.",
        edits=(("range(0, n, batch_size)", "range(0, n - batch_size + 1, batch_size)"),),
    ),
    Mistake(
        "minibatches",
        "The last batch is filled up with indices that have been used already: leave it smaller.",
        edits=(("order[start : start + batch_size]", "np.take(order, range(start, start + batch_size), mode='wrap')"),),
    ),
    Mistake(
        "minibatches",
        "The batches are of nearly equal size (`np.array_split`): all but the last have exactly batch_size indices.",
        answer="""
def minibatches(n, batch_size, rng):
    return np.array_split(rng.permutation(n), -(-n // batch_size))
""",
    ),
    Mistake(
        "minibatches",
        "Some indices come twice and others never: draw one permutation, and cut it.",
        edits=(("rng.permutation(n)", "rng.integers(n, size=n)"),),
    ),
    Mistake(
        "minibatches",
        "Some indices come twice and others never: draw one permutation, and cut it.",
        edits=(("order[start : start + batch_size]", "rng.permutation(n)[: min(batch_size, n - start)]"),),
    ),
    Mistake(
        "minibatches",
        "The order is always the same: draw a permutation from `rng`.",
        edits=(("rng.permutation(n)", "np.arange(n)"),),
    ),
    Mistake(
        "minibatches",
        "The order does not come from `rng`: a generator made inside the function, or none, replaces it.",
        edits=(("rng.permutation(n)", "np.random.default_rng(0).permutation(n)"),),
        name="own-seed",
    ),
    Mistake(
        "minibatches",
        "The order comes from NumPy's global generator (`np.random...`): draw it from `rng`.",
        edits=(("rng.permutation(n)", "np.random.permutation(n)"),),
    ),
    Mistake(
        "minibatches",
        "Some indices never come into one batch: the natural order is cut, and shuffled only afterwards (or it is only "
        "reversed, or moved on). Shuffle the indices, then cut.",
        answer="""
def minibatches(n, batch_size, rng):
    parts = [np.arange(i, min(i + batch_size, n)) for i in range(0, n, batch_size)]
    head = parts[:-1]
    order = rng.permutation(len(head))
    return [rng.permutation(head[i]) for i in order] + parts[-1:]
""",
    ),
    Mistake(
        "minibatches",
        "There is an empty batch at the end: where batch_size divides n, nothing is left over.",
        edits=(("range(0, n, batch_size)", "range(0, n + 1, batch_size)"),),
    ),
    Mistake(
        "minibatches",
        "There are batch_size batches: batch_size is how many indices each of them has.",
        answer="""
def minibatches(n, batch_size, rng):
    return [part for part in np.array_split(rng.permutation(n), batch_size) if len(part)]
""",
    ),
    # --- logreg_loss_grad --------------------------------------------------------------------------------------------
    Mistake(
        "logreg_loss_grad",
        "The loss of an example is infinite or NaN: p has rounded to 0 or 1 before its logarithm is taken, or e^z has "
        "overflowed. Write -log p as log(1 + e^-z), and let `np.logaddexp(0, -z)` compute that.",
        edits=(
            (
                "np.logaddexp(0.0, z) - y * z",
                "-(y * np.log(sigmoid(z)) + (1 - y) * np.log(1 - sigmoid(z)))",
            ),
        ),
    ),
    Mistake(
        "logreg_loss_grad",
        "The loss of an example is infinite or NaN: p has rounded to 0 or 1 before its logarithm is taken, or e^z has "
        "overflowed. Write -log p as log(1 + e^-z), and let `np.logaddexp(0, -z)` compute that.",
        edits=(("np.logaddexp(0.0, z) - y * z", "np.log(1 + np.exp(z)) - y * z"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "The loss of an example stops growing: p (or z) is clipped, or a small number is added inside the logarithm. "
        "Write the loss as a function of z instead: -log p is log(1 + e^-z).",
        edits=(
            (
                "losses = np.logaddexp(0.0, z) - y * z",
                "p = np.clip(sigmoid(z), 1e-12, 1 - 1e-12)\n    losses = -(y * np.log(p) + (1 - y) * np.log(1 - p))",
            ),
        ),
    ),
    Mistake(
        "logreg_loss_grad",
        "That is the formula for labels -1 and 1, log(1 + e^(-y z)): here labels are 0 and 1.",
        edits=(("np.logaddexp(0.0, z) - y * z", "np.logaddexp(0.0, -y * z)"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "That is the gradient for labels -1 and 1; here they are 0 and 1.",
        edits=(("s * (sigmoid(z) - y) /", "s * -y * sigmoid(-y * z) /"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "inf / inf is NaN: e^z overflows for z = 1000. The given `sigmoid` is safe for every z.",
        edits=(("(sigmoid(z) - y)", "(np.exp(z) / (1 + np.exp(z)) - y)"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "The gradient has the opposite sign: it is X.T (p - y), not X.T (y - p).",
        edits=(("(sigmoid(z) - y)", "(y - sigmoid(z))"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "There is a factor p (1 - p) too many: in the derivative of -log p it has cancelled.",
        edits=(("(sigmoid(z) - y)", "(sigmoid(z) - y) * sigmoid(z) * (1 - sigmoid(z))"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "The scores z stand where the probabilities p = sigmoid(z) belong.",
        edits=(("(sigmoid(z) - y)", "(z - y)"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "The loss is weighted and its gradient is not.",
        edits=(("d_z = s * (sigmoid(z) - y) / s.sum()", "d_z = (sigmoid(z) - y) / len(y)"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "The sum is divided by N: a weighted mean is divided by the sum of the weights.",
        edits=(("s @ losses / s.sum()", "s @ losses / len(y)"), ("- y) / s.sum()", "- y) / len(y)")),
    ),
    Mistake(
        "logreg_loss_grad",
        "The gradient is divided by N: a weighted mean is divided by the sum of the weights.",
        edits=(("- y) / s.sum()", "- y) / len(y)"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "sample_weight has no effect on the loss.",
        edits=(("np.ones(len(y)) if sample_weight is None else sample_weight", "np.ones(len(y))"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "The losses are added up: a mean divides by the sum of the weights, which is N where there are none.",
        edits=(("s @ losses / s.sum()", "s @ losses"), ("- y) / s.sum()", "- y)")),
    ),
    Mistake(
        "logreg_loss_grad",
        "The gradient is the sum over the examples: the loss is a mean.",
        edits=(("- y) / s.sum()", "- y)"),),
    ),
    Mistake(
        "logreg_loss_grad",
        "Only the examples with label 1 count: those with label 0 have the loss -log(1 - p).",
        edits=(("np.logaddexp(0.0, z) - y * z", "y * np.logaddexp(0.0, -z)"),),
    ),
    # --- newton_step -------------------------------------------------------------------------------------------------
    Mistake(
        "newton_step",
        "The weights p (1 - p) are missing in H: X.T @ X alone is the Hessian of least squares.",
        edits=(("((p * (1 - p))[:, None] * X)", "X"),),
    ),
    Mistake(
        "newton_step",
        "H is the sum over the examples, not divided by N: the loss is their mean.",
        edits=((" / len(y) + np.diag", " + np.diag"),),
    ),
    Mistake(
        "newton_step",
        "The penalty is missing in H: it adds l2 to the diagonal, except for the bias.",
        edits=((" + np.diag(penalty)", ""),),
    ),
    Mistake(
        "newton_step",
        "The penalty is on the bias, too: the last entry of the diagonal has no l2.",
        edits=(("    penalty[-1] = 0.0  # the bias only says where the boundary is\n", ""),),
    ),
    Mistake(
        "newton_step",
        "The gradient of the step leaves out the penalty: l2 w, except for the bias.",
        edits=(("[1] + penalty * w", "[1]"),),
    ),
    Mistake(
        "newton_step",
        "The gradient of the step has the penalty on the bias, too.",
        edits=(("[1] + penalty * w", "[1] + l2 * w"),),
    ),
    Mistake(
        "newton_step",
        "The step goes the wrong way: subtract H^-1 times the gradient.",
        edits=(("return w - np", "return w + np"),),
    ),
    Mistake(
        "newton_step",
        "That is the step alone, H^-1 times the gradient: w_new is w minus it.",
        edits=(("return w - np", "return np"),),
    ),
    Mistake(
        "newton_step",
        "H multiplies the gradient: its inverse should (`np.linalg.solve`).",
        edits=(("np.linalg.solve(H, gradient)", "H @ gradient"),),
    ),
    Mistake(
        "newton_step",
        "H has p (1 - p) squared: once is right.",
        edits=(("(p * (1 - p))[:, None]", "((p * (1 - p)) ** 2)[:, None]"),),
    ),
    Mistake(
        "newton_step",
        "l2 is added to every entry of H: it belongs on the diagonal.",
        edits=(("np.diag(penalty)", "l2"),),
    ),
    Mistake(
        "newton_step",
        "The gradient is the sum over the examples, and H is their mean.",
        edits=(("logreg_loss_grad(w, X, y)[1]", "len(y) * logreg_loss_grad(w, X, y)[1]"),),
    ),
    Mistake(
        "newton_step",
        "`w -= ...` changes the caller's array: return a new one, w - step.",
        answer="""
def newton_step(w, X, y, l2):
    penalty = np.append(np.full(len(w) - 1, l2), 0.0)
    gradient = logreg_loss_grad(w, X, y)[1] + penalty * w
    p = sigmoid(X @ w)
    H = (X.T * (p * (1 - p))) @ X / len(y) + np.diag(penalty)
    w -= np.linalg.solve(H, gradient)
    return w, H
""",
    ),
    # --- trace_separation --------------------------------------------------------------------------------------------
    Mistake(
        "trace_separation",
        "at w = 0 every p is 1/2; the loss is -log(1/2), with the natural logarithm.",
        edits=(("0.6931,", "1.0,"),),
    ),
    Mistake(
        "trace_separation",
        "w moves against the gradient X.T (p - y) / N: your signs are turned round.",
        edits=(("[-0.35, -0.5]", "[0.35, 0.5]"),),
    ),
    Mistake(
        "trace_separation",
        "the gradient is divided by the number of points.",
        edits=(("[-0.35, -0.5]", "[-1.4, -2.0]"),),
    ),
    Mistake(
        "trace_separation",
        "on separable classes a longer w of the same direction always has a smaller loss, so no finite w is best.",
        edits=(('(long - short) < 1e-6": False', '(long - short) < 1e-6": True'),),
    ),
    Mistake(
        "trace_separation",
        "the loss of separable classes comes as close to 0 as you like and never reaches it; it falls like 1 / steps.",
        edits=(('"loss(long) > 0": True', '"loss(long) > 0": False'),),
    ),
    Mistake(
        "trace_separation",
        "that is where the first step points, and the long run does not remember it.",
        edits=(("[0.0, -1.0]", "[-1.0, -1.0]"),),
    ),
    Mistake(
        "trace_separation",
        "a ridge makes J strictly convex, with one finite minimiser: descent settles there, at a loss well above 0.",
        edits=(('(ridge_long - ridge_short) < 1e-6": True', '(ridge_long - ridge_short) < 1e-6": False'),),
    ),
    Mistake(
        "trace_separation",
        "with the fifth point the classes overlap: a longer w costs more there than it gains, so a best w exists.",
        edits=(('(more_long - more_short) < 1e-6": True', '(more_long - more_short) < 1e-6": False'),),
    ),
    # --- softmax_epoch -----------------------------------------------------------------------------------------------
    Mistake(
        "softmax_epoch",
        "The gradient of a batch is divided by N: its loss is the mean over the batch.",
        edits=(("d_logits) / len(labels)", "d_logits) / len(X)"),),
    ),
    Mistake(
        "softmax_epoch",
        "The last batch is divided by batch_size, and it has fewer rows: divide by how many there are.",
        edits=(("d_logits) / len(labels)", "d_logits) / batch_size"),),
    ),
    Mistake(
        "softmax_epoch",
        "The gradient is summed over the batch: the loss is the mean over the batch.",
        edits=(("d_logits) / len(labels)", "d_logits)"),),
    ),
    Mistake(
        "softmax_epoch",
        "W has not changed: after `W = ...` the name W means another array, and the caller still has the old one (what "
        "is returned is not looked at). Write into the caller's: `W -= ...` or `W[:] = ...`.",
        edits=(("W -= lr * (x.T @ d_logits) / len(labels)", "W = W - lr * (x.T @ d_logits) / len(labels)"),),
    ),
    Mistake(
        "softmax_epoch",
        "All batches' gradients are taken at the first W: each batch starts from what the one before has left.",
        edits=(
            ("    for start", "    first = W.copy()\n    for start"),
            ("logits = x @ W ", "logits = x @ first "),
        ),
    ),
    Mistake(
        "softmax_epoch",
        "The last, smaller batch is left out.",
        edits=(("range(0, len(X), batch_size)", "range(0, max(1, len(X) - batch_size + 1), batch_size)"),),
    ),
    Mistake(
        "softmax_epoch",
        "The softmax runs over the batch: the probabilities of one row sum to 1, along axis 1.",
        edits=(("logits.max(axis=1", "logits.max(axis=0"), ("e.sum(axis=1", "e.sum(axis=0")),
    ),
    Mistake(
        "softmax_epoch",
        "W goes uphill: subtract lr times the gradient.",
        edits=(("W -= lr", "W += lr"),),
    ),
    Mistake(
        "softmax_epoch",
        "Every exp of some row is infinite, or every one is 0: subtract the largest logit of each row (not of the "
        "whole batch) first, which leaves the softmax as it is.",
        edits=(("np.exp(logits - logits.max(axis=1, keepdims=True))", "np.exp(logits)"),),
    ),
    Mistake(
        "softmax_epoch",
        "There is a factor p (1 - p) too many: it has cancelled in the gradient of -log p.",
        edits=(
            ("d_logits = e / e.sum(axis=1, keepdims=True)", "p = e / e.sum(axis=1, keepdims=True)"),
            (
                "d_logits[np.arange(len(labels)), labels] -= 1.0",
                "d_logits = (p - np.eye(W.shape[1])[labels]) * p * (1 - p)",
            ),
        ),
    ),
    Mistake(
        "softmax_epoch",
        "The rows are taken in another order than they come: shuffling is the caller's business.",
        edits=(("    for start", "    order = np.arange(len(X))[::-1]\n    X, y = X[order], y[order]\n    for start"),),
    ),
    # --- fit_softmax -------------------------------------------------------------------------------------------------
    Mistake(
        "fit_softmax",
        "This W is that of the last epoch. If you keep the best one, keep a copy: `softmax_epoch` goes on writing "
        "into W.",
        edits=(("best = W.copy()", "best = W"),),
    ),
    Mistake(
        "fit_softmax",
        "This W did best on the training data: choose by the validation accuracy.",
        edits=(
            ("    history = []\n", "    history, top = [], -1.0\n"),
            (
                "if accuracy > max(history, default=-1.0):",
                "own = ((X @ W).argmax(axis=1) == y).mean()\n        if own > top:\n            top = own",
            ),
        ),
    ),
    Mistake(
        "fit_softmax",
        "This is the accuracy on the training data.",
        edits=(("((X_val @ W).argmax(axis=1) == y_val)", "((X @ W).argmax(axis=1) == y)"),),
    ),
    Mistake(
        "fit_softmax",
        "Of several equally good epochs the first counts: replace the best only by a better one (>, not >=).",
        edits=(("accuracy > max", "accuracy >= max"),),
    ),
    Mistake(
        "fit_softmax",
        "the rows are reordered, and their labels are not: index X and y with the same order.",
        edits=(("softmax_epoch(X[order], y[order],", "softmax_epoch(X[order], y[rng.permutation(len(y))],"),),
    ),
    Mistake(
        "fit_softmax",
        "The rows are always taken in the same order: draw a permutation from `rng` in each epoch.",
        edits=(("rng.permutation(len(X))", "np.arange(len(X))"),),
    ),
    Mistake(
        "fit_softmax",
        "The order does not come from `rng`: a generator made inside the function, or none, replaces it.",
        edits=(("rng.permutation(len(X))", "np.random.permutation(len(X))"),),
    ),
    Mistake(
        "fit_softmax",
        "Some indices come twice and others never: draw one permutation, and cut it.",
        edits=(("rng.permutation(len(X))", "rng.integers(len(X), size=len(X))"),),
    ),
    Mistake(
        "fit_softmax",
        "an accuracy of 0 is an accuracy, too: start the comparison below 0, so that the first epoch counts.",
        edits=(("default=-1.0", "default=0.0"),),
    ),
    Mistake(
        "fit_softmax",
        "The whole training set is one batch: pass batch_size on.",
        edits=(("W, lr, batch_size)", "W, lr, len(X))"),),
    ),
    Mistake(
        "fit_softmax",
        "The order is drawn once and kept: draw a new one in each epoch.",
        edits=(
            ("        order = rng.permutation(len(X))  # (N,) one order for X and y: pairs stay pairs\n", ""),
            ("    history = []\n", "    history = []\n    order = rng.permutation(len(X))\n"),
        ),
    ),
    Mistake(
        "fit_softmax",
        "This W is that of the epoch with the lowest validation accuracy.",
        edits=(("accuracy > max(history, default=-1.0)", "accuracy < min(history, default=2.0)"),),
    ),
    Mistake(
        "fit_softmax",
        "the rows are reordered, and their labels are not: index X and y with the same order.",
        edits=(("order = rng.permutation(len(X)) ", "rng.shuffle(X); order = np.arange(len(X)) "),),
    ),
    Mistake(
        "fit_softmax",
        "W is still 0 after an epoch: train W itself (not a copy of it), and keep it only afterwards.",
        edits=(
            ("        softmax_epoch(X[order], y[order], W, lr, batch_size)\n", ""),
            (
                "        history.append(accuracy)\n",
                "        history.append(accuracy)\n        softmax_epoch(X[order], y[order], W, lr, batch_size)\n",
            ),
        ),
    ),
)
