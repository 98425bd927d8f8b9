"""Wrong answers that people give to the exercises of L04, each with one sentence for the person who gave it."""

from autograder.checks import Mistake

MISTAKES = (
    # --- folds -------------------------------------------------------------------------------------------------------
    Mistake(
        "folds",
        "mean and std are those of all rows: the validation rows have leaked in. Take them over the rows of "
        "`train` only.",
        edits=(
            ("mean, std = x[train].mean(axis=0), x[train].std(axis=0)", "mean, std = x.mean(axis=0), x.std(axis=0)"),
        ),
    ),
    Mistake(
        "folds",
        "mean and std are those of the validation rows: a scaler is fitted on what one learns from, `train`.",
        edits=(
            ("x[train].mean(axis=0), x[train].std(axis=0)", "x[validation].mean(axis=0), x[validation].std(axis=0)"),
        ),
    ),
    Mistake(
        "folds",
        "std is divided by n - 1: NumPy's default, division by n, is asked for.",
        edits=(("x[train].std(axis=0)", "x[train].std(axis=0, ddof=1)"),),
    ),
    Mistake(
        "folds",
        "that is the variance: std is its square root.",
        edits=(("x[train].std(axis=0)", "x[train].var(axis=0)"),),
    ),
    Mistake(
        "folds",
        "a feature that does not vary in `train` has std 0, and dividing by it gives NaN: use 1 there.",
        edits=(("np.where(std > 0, std, 1.0)", "std"),),
    ),
    Mistake(
        "folds",
        "a small number is added to std: where a feature does not vary, std is 1; elsewhere it is what np.std gives.",
        edits=(("np.where(std > 0, std, 1.0)", "std + 1e-8"),),
    ),
    Mistake(
        "folds",
        "that is one number for the whole table: one for each feature is asked for, along axis 0.",
        edits=(("x[train].mean(axis=0), x[train].std(axis=0)", "x[train].mean(), x[train].std()"),),
    ),
    Mistake(
        "folds",
        "the classes are not dealt out evenly: split the rows of each class on its own, then put them together.",
        answer="""
def folds(x, y, k, rng):
    classes, counts = np.unique(y, return_counts=True)
    if k < 2 or counts.min() < k:
        raise ValueError("k")
    result = []
    for validation in np.array_split(rng.permutation(len(y)), k):
        train = np.setdiff1d(np.arange(len(y)), validation)
        std = x[train].std(axis=0)
        result.append((train, validation, x[train].mean(axis=0), np.where(std > 0, std, 1.0)))
    return result
""",
    ),
    Mistake(
        "folds",
        "the folds do not depend on `rng`: shuffle the rows of each class with `rng.permutation`.",
        edits=(("rng.permutation(np.flatnonzero(y == c))", "np.flatnonzero(y == c)"),),
    ),
    Mistake(
        "folds",
        "equal generators gave different folds: all randomness must come from `rng`, not `np.random`.",
        edits=(("rng.permutation(np.flatnonzero(y == c))", "np.random.permutation(np.flatnonzero(y == c))"),),
    ),
    Mistake(
        "folds",
        "some rows are validated on more than once, others never: each row belongs to exactly one validation fold.",
        answer="""
def folds(x, y, k, rng):
    classes, counts = np.unique(y, return_counts=True)
    if k < 2 or counts.min() < k:
        raise ValueError("k")
    result = []
    for _ in range(k):
        drawn = [rng.permutation(np.flatnonzero(y == c))[: np.sum(y == c) // k] for c in classes]
        validation = np.concatenate(drawn)
        train = np.setdiff1d(np.arange(len(y)), validation)
        std = x[train].std(axis=0)
        result.append((train, validation, x[train].mean(axis=0), np.where(std > 0, std, 1.0)))
    return result
""",
    ),
    Mistake(
        "folds",
        "`train` contains rows of `validation`: it has all the other rows, and no others.",
        edits=(
            ("train, validation = np.flatnonzero(fold_of != i)", "train, validation = np.flatnonzero(fold_of != -1)"),
        ),
    ),
    Mistake(
        "folds",
        "train and validation are swapped: the small part, one k-th of the rows, is for validation.",
        edits=(
            (
                "np.flatnonzero(fold_of != i), np.flatnonzero(fold_of == i)",
                "np.flatnonzero(fold_of == i), np.flatnonzero(fold_of != i)",
            ),
        ),
    ),
    Mistake(
        "folds",
        "`train` and `validation` are masks of booleans: indices are asked for, `np.flatnonzero(mask)` gives them.",
        edits=(("np.flatnonzero(fold_of != i), np.flatnonzero(fold_of == i)", "fold_of != i, fold_of == i"),),
    ),
    Mistake(
        "folds",
        "some rows are validated on nowhere: where a class cannot be divided by k, the rows that are left over go to "
        "folds too.",
        edits=(
            ("fold_of = np.empty(len(y), dtype=int)", "fold_of = np.full(len(y), -1)"),
            (
                "        fold_of[rows] = np.arange(len(rows)) % k",
                ("        rows = rows[: len(rows) // k * k]\n        fold_of[rows] = np.arange(len(rows)) % k"),
            ),
        ),
    ),
    Mistake(
        "folds",
        "x or y, the caller's own arrays, are changed: shuffle and scale copies, or only work with indices.",
        edits=(("    fold_of = np.empty", "    rng.shuffle(y)\n    fold_of = np.empty"),),
    ),
    Mistake(
        "folds",
        "x or y, the caller's own arrays, are changed: shuffle and scale copies, or only work with indices.",
        edits=(("        result.append((train", "        x -= mean\n        result.append((train"),),
    ),
    # --- sgd_step ----------------------------------------------------------------------------------------------------
    Mistake(
        "sgd_step",
        "the parameters go uphill: subtract, don't add.",
        edits=(("p -= lr * d", "p += lr * d"),),
    ),
    Mistake(
        "sgd_step",
        "the caller's arrays have not changed: write into them (`p -= ...`). `p = p - ...` renames a local variable, "
        "and `params[i] = ...` only puts another array into the list.",
        edits=(("p -= lr * d", "p = p - lr * d"),),
    ),
    Mistake(
        "sgd_step",
        "the learning rate is missing: subtract lr times the direction.",
        edits=(("p -= lr * d", "p -= d"),),
    ),
    Mistake(
        "sgd_step",
        "v is an average, mu * v + (1 - mu) * g: in this formula nothing but dampening shrinks the gradient.",
        edits=(
            ("state[i] = g.copy()", "state[i] = (1 - momentum) * g"),
            ("(1 - dampening) * g", "(1 - momentum) * g"),
        ),
    ),
    Mistake(
        "sgd_step",
        "the learning rate is inside the velocity: keep v free of it, and multiply by lr when p is changed.",
        edits=(
            ("state[i] = g.copy()", "state[i] = lr * g"),
            ("(1 - dampening) * g", "lr * (1 - dampening) * g"),
            ("d = g + momentum * v", "d = lr * g + momentum * v"),
            ("p -= lr * d", "p -= d"),
        ),
    ),
    Mistake(
        "sgd_step",
        "dampening acts in the first step too: v starts as g itself.",
        edits=(("state[i] = g.copy()", "state[i] = (1 - dampening) * g"),),
    ),
    Mistake(
        "sgd_step",
        "nothing moves in the first step: v starts as g, not as 0.",
        edits=(("state[i] = g.copy()", "state[i] = 0 * g"),),
    ),
    Mistake(
        "sgd_step",
        "dampening has no effect: later gradients enter the velocity with the factor 1 - tau.",
        edits=(("(1 - dampening) * g", "g"),),
    ),
    Mistake(
        "sgd_step",
        "later gradients enter with the factor tau: it is 1 - tau.",
        edits=(("(1 - dampening) * g", "dampening * g"),),
    ),
    Mistake(
        "sgd_step",
        "dampening shrinks the old velocity: it belongs to the gradient, (1 - tau) * g.",
        edits=(("momentum * state[i] + (1 - dampening) * g", "(1 - dampening) * momentum * state[i] + g"),),
    ),
    Mistake(
        "sgd_step",
        "every step forgets the velocity: keep it in `state`, each parameter's under a key of its own, and use it.",
        edits=(("if i not in state:", "if True:"),),
    ),
    Mistake(
        "sgd_step",
        "that is plain momentum: Nesterov's d = g + mu * v takes the v that was just updated. With the old "
        "one, g + mu * v is nothing but the new v.",
        edits=(
            ("        if i not in state:", "        old = state.get(i, 0 * g)\n        if i not in state:"),
            ("d = g + momentum * v if", "d = g + momentum * old if"),
        ),
    ),
    Mistake(
        "sgd_step",
        "that is plain momentum: Nesterov's d = g + mu * v takes the v that was just updated. With the old "
        "one, g + mu * v is nothing but the new v.",
        edits=(("d = g + momentum * v if nesterov else v", "d = v"),),
    ),
    Mistake(
        "sgd_step",
        "the gradient is missing in Nesterov's d = g + mu * v: with mu * v alone the step looks back, not ahead.",
        edits=(("d = g + momentum * v if", "d = momentum * v if"),),
    ),
    Mistake(
        "sgd_step",
        "Nesterov's d is v + g; it should be g + mu * v.",
        edits=(("d = g + momentum * v if", "d = g + v if"),),
    ),
    Mistake(
        "sgd_step",
        "Nesterov's d is v + mu * v; it should be g + mu * v.",
        edits=(("d = g + momentum * v if", "d = v + momentum * v if"),),
    ),
    Mistake(
        "sgd_step",
        "the look-ahead is stored as the velocity: keep v itself, d is for this step only.",
        edits=(("        p -= lr * d", "        state[i] = d\n        p -= lr * d"),),
    ),
    Mistake(
        "sgd_step",
        "where the gradient is None nothing happens: neither the parameter nor its velocity changes.",
        edits=(("            continue", "            g = np.zeros(p.shape)"),),
    ),
    Mistake(
        "sgd_step",
        "a None gradient ends the step for the parameters after it: skip that one (`continue`), not the rest.",
        edits=(("            continue", "            break"),),
    ),
    Mistake(
        "sgd_step",
        "a None gradient makes the parameter forget its velocity: it should keep it for the next gradient.",
        edits=(("            continue", "            state.pop(i, None)\n            continue"),),
    ),
    Mistake(
        "sgd_step",
        "a parameter's first step is the first in which it has a gradient, not the first step of all.",
        answer="""
def sgd_step(params, grads, state, lr, momentum=0.0, dampening=0.0, nesterov=False):
    state["t"] = state.get("t", 0) + 1
    for i, (p, g) in enumerate(zip(params, grads, strict=True)):
        if g is None:
            continue
        if state["t"] == 1:
            state[i] = g.copy()
        else:
            state[i] = momentum * state.get(i, 0.0) + (1 - dampening) * g
        d = g + momentum * state[i] if nesterov else state[i]
        p -= lr * d
""",
    ),
    Mistake(
        "sgd_step",
        "the caller's gradient array is kept as the velocity, and changes when the caller writes into it: "
        "store a copy.",
        edits=(("state[i] = g.copy()", "state[i] = g"),),
    ),
    Mistake(
        "sgd_step",
        "something is remembered outside of `state`, so that one model disturbs another: keep it in `state`.",
        edits=(
            ("state: dict,", "state,"),
            ("    for i, (p, g)", "    state = sgd_step.__dict__\n    for i, (p, g)"),
        ),
    ),
    Mistake(
        "sgd_step",
        "an in-place `*=` or `+=` on v also changes the gradient that it started as: start v as a copy.",
        edits=(
            ("state[i] = g.copy()", "state[i] = g"),
            (
                "state[i] = momentum * state[i] + (1 - dampening) * g",
                "state[i] *= momentum\n            state[i] += (1 - dampening) * g",
            ),
        ),
    ),
    # --- adam_step ---------------------------------------------------------------------------------------------------
    Mistake(
        "adam_step",
        "the parameters go uphill: subtract, don't add.",
        edits=(("p -= lr * m_hat", "p += lr * m_hat"),),
    ),
    Mistake(
        "adam_step",
        "the bias correction is missing: divide m by 1 - beta1^t and v by 1 - beta2^t.",
        edits=(("m / (1 - beta1**t), v / (1 - beta2**t)", "m, v"),),
    ),
    Mistake(
        "adam_step",
        "only m is corrected: v started at 0 too, so divide it by 1 - beta2^t.",
        edits=(("v / (1 - beta2**t)", "v"),),
    ),
    Mistake(
        "adam_step",
        "only v is corrected: m started at 0 too, so divide it by 1 - beta1^t.",
        edits=(("m / (1 - beta1**t), v", "m, v"),),
    ),
    Mistake(
        "adam_step",
        "eps is under the root: it is added after the root, sqrt(v_hat) + eps.",
        edits=(("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)"),),
    ),
    Mistake(
        "adam_step",
        "eps is added to the root of the uncorrected v: correct v first, then take the root, then add eps.",
        edits=(("(np.sqrt(v_hat) + eps)", "((np.sqrt(v) + eps) / np.sqrt(1 - beta2**t))"),),
    ),
    Mistake(
        "adam_step",
        "eps has no effect: add it to sqrt(v_hat).",
        edits=(("(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)"),),
    ),
    Mistake(
        "adam_step",
        "t is one too large: it is 1 in the first step.",
        edits=(('state.get("t", 0) + 1', 'state.get("t", 1) + 1'),),
    ),
    Mistake(
        "adam_step",
        "NaN in the first step: with t = 0, 1 - beta^t is 0. The first step has t = 1.",
        edits=(('state["t"] = t = state.get("t", 0) + 1', 't = state.get("t", 0)\n    state["t"] = t + 1'),),
    ),
    Mistake(
        "adam_step",
        "t counts parameters instead of steps: raise it once in each call.",
        edits=(
            (
                (
                    '    state["t"] = t = state.get("t", 0) + 1  # 1 in the first step; once a call, not once a '
                    "parameter\n"
                ),
                "",
            ),
            (
                "        decay = weight_decay if",
                '        state["t"] = t = state.get("t", 0) + 1\n        decay = weight_decay if',
            ),
        ),
    ),
    Mistake(
        "adam_step",
        "the corrected m_hat and v_hat are stored as m and v: they are for this step only.",
        edits=(("        if decoupled:\n", "        state[i] = m_hat, v_hat\n        if decoupled:\n"),),
    ),
    Mistake(
        "adam_step",
        "v averages |g|: it averages the square, g^2.",
        edits=(("g**2", "np.abs(g)"),),
    ),
    Mistake(
        "adam_step",
        "the step is divided by v_hat: by its square root is asked for.",
        edits=(("np.sqrt(v_hat) + eps", "v_hat + eps"),),
    ),
    Mistake(
        "adam_step",
        "the new gradient enters m and v in full: with the factors 1 - beta1 and 1 - beta2.",
        edits=(
            ("m = beta1 * m + (1 - beta1) * g\n", "m = beta1 * m + g\n"),
            ("(1 - beta2) * g**2", "g**2"),
        ),
    ),
    Mistake(
        "adam_step",
        "the betas are exchanged: the first belongs to m, the second to v.",
        edits=(("beta1, beta2 = betas", "beta2, beta1 = betas"),),
    ),
    Mistake(
        "adam_step",
        "every step starts from m = v = 0: keep them in `state`, each parameter's under a key of its own.",
        edits=(("state.get(i, (0.0, 0.0))", "(0.0, 0.0)"),),
    ),
    Mistake(
        "adam_step",
        "v averages the square of m: of g is asked for.",
        edits=(("g**2", "m**2"),),
    ),
    Mistake(
        "adam_step",
        "the caller's arrays have not changed: write into them (`p -= ...`). `p = p - ...` renames a local variable, "
        "and `params[i] = ...` only puts another array into the list.",
        edits=(
            ("        p -= lr * m_hat", "        p = p - lr * m_hat"),
            ("            p -= lr * decay * p", "            p = p - lr * decay * p"),
        ),
    ),
    Mistake(
        "adam_step",
        "the decay is 2 * lambda: the gradient of lambda/2 * p^2 is lambda * p.",
        edits=(("decay = weight_decay if", "decay = 2 * weight_decay if"),),
    ),
    Mistake(
        "adam_step",
        "the coupled decay bypasses m and v: add lambda * p to the gradient, before m and v see it.",
        edits=(
            ("if not decoupled:\n            g = g + decay * p", "if False:\n            g = g + decay * p"),
            ("        if decoupled:\n", "        if True:\n"),
        ),
    ),
    Mistake(
        "adam_step",
        "the decoupled decay goes through m and v: it is subtracted from p directly, as lr * lambda * p.",
        edits=(
            ("if not decoupled:", "if True:"),
            ("        if decoupled:\n", "        if False:\n"),
        ),
    ),
    Mistake(
        "adam_step",
        "the decoupled decay is not multiplied by the learning rate: subtract lr * lambda * p.",
        edits=(("p -= lr * decay * p", "p -= decay * p"),),
    ),
    Mistake(
        "adam_step",
        "the decoupled decay takes p after Adam's step: take it as it was before this step.",
        edits=(
            (
                (
                    "        if decoupled:\n"
                    "            p -= lr * decay * p  # before p moves; past the square root, so every weight "
                    "decays at one rate\n"
                ),
                "",
            ),
            (
                "        p -= lr * m_hat / (np.sqrt(v_hat) + eps)\n",
                (
                    "        p -= lr * m_hat / (np.sqrt(v_hat) + eps)\n"
                    "        if decoupled:\n"
                    "            p -= lr * decay * p\n"
                ),
            ),
        ),
    ),
    Mistake(
        "adam_step",
        "the decay has the wrong sign: it pulls the weights towards 0.",
        edits=(("decay = weight_decay if", "decay = -weight_decay if"),),
    ),
    Mistake(
        "adam_step",
        "weight_decay has no effect on arrays with two axes: those with two or more decay, p.ndim >= 2.",
        edits=(("decay = weight_decay if p.ndim >= 2 else 0.0", "decay = 0.0"),),
    ),
    Mistake(
        "adam_step",
        "arrays with one axis decay too: biases and gains are left alone, only weights (two axes or more) decay.",
        edits=(("weight_decay if p.ndim >= 2 else 0.0", "weight_decay"),),
    ),
    Mistake(
        "adam_step",
        "`g += ...` changes the caller's array: write g = g + ..., which makes a new one.",
        edits=(("g = g + decay * p", "g += decay * p"),),
    ),
    Mistake(
        "adam_step",
        "something is remembered outside of `state`, so that one model disturbs another: keep it in `state`.",
        edits=(("    beta1, beta2 = betas\n", "    beta1, beta2 = betas\n    state = adam_step.__dict__\n"),),
    ),
    # --- learning_rates ----------------------------------------------------------------------------------------------
    Mistake(
        "learning_rates",
        "the rate falls one epoch too early: epoch number `every` is the first with the smaller one.",
        edits=(("lr * factor ** (e // every)", "lr * factor ** ((e + 1) // every)"),),
    ),
    Mistake(
        "learning_rates",
        "the rate falls one epoch too late: epoch number `every` is the first with the smaller one.",
        edits=(("lr * factor ** (e // every)", "lr * factor ** (np.maximum(e - 1, 0) // every)"),),
    ),
    Mistake(
        "learning_rates",
        "the factor is multiplied by the number of falls: it is raised to that power.",
        edits=(("lr * factor ** (e // every)", "lr * factor * (e // every)"),),
    ),
    Mistake(
        "learning_rates",
        "the rate falls once and then stays: it is multiplied by `factor` after every `every` epochs.",
        edits=(("lr * factor ** (e // every)", "np.where(e < every, lr, lr * factor)"),),
    ),
    Mistake(
        "learning_rates",
        "the rate falls in every epoch: e // every is how often it has fallen by epoch e.",
        edits=(("factor ** (e // every)", "factor ** (e * 1.0)"),),
    ),
    Mistake(
        "learning_rates",
        "e % every is the place within a stretch: e // every counts the stretches.",
        edits=(("(e // every)", "(e % every)"),),
    ),
    Mistake(
        "learning_rates",
        "the exponent e / every is a fraction: with // the rate stays level for `every` epochs.",
        edits=(("(e // every)", "(e / every)"),),
    ),
    Mistake(
        "learning_rates",
        "the floor is reached in the last epoch: s is 0 in epoch W and would be 1 one epoch after the last.",
        edits=(("max(epochs - warmup, 1)", "max(epochs - warmup - 1, 1)"),),
    ),
    Mistake(
        "learning_rates",
        "the half is missing: 1 + cos goes from 2 to 0.",
        edits=(("(1 + np.cos(np.pi * share)) / 2", "(1 + np.cos(np.pi * share))"),),
    ),
    Mistake(
        "learning_rates",
        "the floor is added to the full swing: only lr - floor is multiplied by the cosine's share.",
        edits=(("wave = floor + (lr - floor) *", "wave = floor + lr *"),),
    ),
    Mistake(
        "learning_rates",
        "the floor has no effect: the cosine goes down to it, not to 0.",
        edits=(("wave = floor + (lr - floor) *", "wave = lr *"),),
    ),
    Mistake(
        "learning_rates",
        "the cosine goes up: it starts at lr and ends near the floor.",
        edits=(("1 + np.cos", "1 - np.cos"),),
    ),
    Mistake(
        "learning_rates",
        "that is a whole period, down and up again: s runs from 0 to 1, the angle from 0 to pi.",
        edits=(("np.cos(np.pi * share)", "np.cos(2 * np.pi * share)"),),
    ),
    Mistake(
        "learning_rates",
        "the rate goes down on a straight line: a cosine is asked for.",
        edits=(("(1 + np.cos(np.pi * share)) / 2", "(1 - share)"),),
    ),
    Mistake(
        "learning_rates",
        "s is counted from epoch 0: it is 0 in epoch W, and runs over the epochs that are left.",
        edits=(("(e - warmup) / max(epochs - warmup, 1)", "e / epochs"),),
    ),
    Mistake(
        "learning_rates",
        "s is divided by all epochs: the cosine has only epochs - W of them.",
        edits=(("max(epochs - warmup, 1)", "epochs"),),
    ),
    Mistake(
        "learning_rates",
        "the warm-up starts at 0 and is one step behind: the rate of epoch 0 is lr / W.",
        edits=(("lr * (e + 1) / max(warmup, 1)", "lr * e / max(warmup, 1)"),),
    ),
    Mistake(
        "learning_rates",
        "the warm-up takes W + 1 steps: in epoch W - 1 the rate is lr already.",
        edits=(("lr * (e + 1) / max(warmup, 1)", "lr * (e + 1) / (warmup + 1)"),),
    ),
    Mistake(
        "learning_rates",
        "the warm-up starts from the floor: it starts from 0, with lr / W in epoch 0.",
        edits=(("lr * (e + 1) / max(warmup, 1)", "floor + (lr - floor) * (e + 1) / max(warmup, 1)"),),
    ),
    Mistake(
        "learning_rates",
        "the loss of an epoch changes that epoch's own rate: it is known only at its end, so the next one changes.",
        edits=(
            ("            rates[epoch] = lr  # decided before this epoch's loss is known\n", ""),
            ("lr, bad = lr * factor, 0\n", "lr, bad = lr * factor, 0\n            rates[epoch] = lr\n"),
        ),
    ),
    Mistake(
        "learning_rates",
        "the rate falls one loss too early: *more* than `patience` losses in a row are needed.",
        edits=(("if bad > patience:", "if bad >= max(patience, 1):"),),
    ),
    Mistake(
        "learning_rates",
        "after a fall the counting goes on, so the rate falls every epoch: start again at 0.",
        edits=(("lr, bad = lr * factor, 0", "lr = lr * factor"),),
    ),
    Mistake(
        "learning_rates",
        "a tie counts as good: only a loss below all before it is.",
        edits=(("if losses[epoch] < best:", "if losses[epoch] <= best:"),),
    ),
    Mistake(
        "learning_rates",
        "each loss is compared with the one before it: compare with the best of all.",
        edits=(
            (
                "                best, bad = losses[epoch], 0\n            else:",
                "                bad = 0\n            else:",
            ),
            ("            if bad > patience:", "            best = losses[epoch]\n            if bad > patience:"),
        ),
    ),
    Mistake(
        "learning_rates",
        "a good loss does not reset the counting: only losses in a row count.",
        edits=(("best, bad = losses[epoch], 0", "best = losses[epoch]"),),
    ),
    Mistake(
        "learning_rates",
        "after a fall the best loss is forgotten: it stays the best of all.",
        edits=(("lr, bad = lr * factor, 0", "lr, bad, best = lr * factor, 0, np.inf"),),
    ),
    Mistake(
        "learning_rates",
        "the first loss counts as not good: it is the best so far.",
        edits=(
            ("rates, best, bad = np.empty(epochs), np.inf, 0", "rates, best, bad = np.empty(epochs), losses[0], 0"),
        ),
    ),
    Mistake(
        "learning_rates",
        ("the best loss starts at 0, and no positive loss is below that: start from np.inf, or from the first loss."),
        edits=(("np.empty(epochs), np.inf, 0", "np.empty(epochs), 0.0, 0"),),
    ),
    Mistake(
        "learning_rates",
        "there is one rate too many: the epochs are e = 0, 1, ..., epochs - 1.",
        edits=(
            (
                "e = np.arange(epochs)",
                (
                    "epochs = epochs + 1\n    losses = None if losses is None else np.append(losses, "
                    "losses[-1])\n    e = np.arange(epochs)"
                ),
            ),
        ),
    ),
    # --- Dropout -----------------------------------------------------------------------------------------------------
    Mistake(
        "Dropout",
        "kept entries are unchanged: multiply them by 1 / (1 - p), so that the expectation stays.",
        edits=(("keep / (1 - self.p)", "keep * 1.0"),),
    ),
    Mistake(
        "Dropout",
        "kept entries are multiplied by 1 / p: it is 1 / (1 - p), one over the probability of being kept.",
        edits=(("keep / (1 - self.p)", "keep / max(self.p, 1e-9)"),),
    ),
    Mistake(
        "Dropout",
        "kept entries are multiplied by 1 - p: divide by it, so that the expectation stays.",
        edits=(("keep / (1 - self.p)", "keep * (1 - self.p)"),),
    ),
    Mistake(
        "Dropout",
        "kept entries are divided by the share that happened to be kept: divide by its expectation, 1 - p.",
        edits=(("keep / (1 - self.p)", "keep / max(keep.mean(), 1e-9)"),),
    ),
    Mistake(
        "Dropout",
        "entries are kept with probability p: p is the probability of being dropped.",
        edits=(("rng.random(x.shape) >= self.p", "rng.random(x.shape) < self.p"),),
    ),
    Mistake(
        "Dropout",
        "all examples have the same mask: draw numbers of the whole shape of x, not one row for the batch.",
        edits=(("rng.random(x.shape) >= self.p", "rng.random(x.shape[1:]) >= self.p"),),
    ),
    Mistake(
        "Dropout",
        "whole examples are dropped: every entry has its own fate.",
        edits=(("rng.random(x.shape) >= self.p", "rng.random((len(x),) + (1,) * (x.ndim - 1)) >= self.p"),),
    ),
    Mistake(
        "Dropout",
        "the mask does not come from `rng`: neither np.random nor a generator of your own.",
        edits=(("rng.random(x.shape)", "np.random.random(x.shape)"),),
    ),
    Mistake(
        "Dropout",
        "every call drops the same entries: draw anew in each `forward`.",
        edits=(("rng.random(x.shape)", "np.random.default_rng(0).random(x.shape)"),),
    ),
    Mistake(
        "Dropout",
        "always exactly the same number of entries is dropped: each is dropped independently of the others.",
        edits=(
            (
                "keep = rng.random(x.shape) >= self.p",
                "keep = (rng.permutation(x.size) >= round(self.p * x.size)).reshape(x.shape)",
            ),
        ),
    ),
    Mistake(
        "Dropout",
        "entries are dropped in evaluation too: when `training` is False, x passes unchanged.",
        edits=(("if self.training:", "if True:"),),
    ),
    Mistake(
        "Dropout",
        "in evaluation x is multiplied by 1 - p: that belongs to the other form, without 1 / (1 - p) in training.",
        edits=(("self.scale = np.ones(x.shape)", "self.scale = np.full(x.shape, 1 - self.p)"),),
    ),
    Mistake(
        "Dropout",
        "numbers are drawn from `rng` in evaluation: it is to be left alone there.",
        edits=(
            ("            keep = rng.random(x.shape) >= self.p", "            keep = noise >= self.p"),
            ("        if self.training:", "        noise = rng.random(x.shape)\n        if self.training:"),
        ),
    ),
    Mistake(
        "Dropout",
        "the gradient lacks the factor 1 / (1 - p): the kept entries were multiplied by it.",
        edits=(("return d_out * self.scale", "return d_out * (self.scale > 0)"),),
    ),
    Mistake(
        "Dropout",
        "the gradient passes where entries were dropped: use the mask of `forward`.",
        edits=(("return d_out * self.scale", "return d_out * 1.0"),),
    ),
    Mistake(
        "Dropout",
        "d_out is scaled, but not masked: where an entry was dropped, its gradient is 0.",
        edits=(("return d_out * self.scale", "return d_out / (1 - self.p) if self.training else d_out"),),
    ),
    Mistake(
        "Dropout",
        "the gradient depends on `training` at the time of `backward`: it belongs to the last `forward`, so keep what "
        "it did.",
        edits=(("return d_out * self.scale", "return d_out * self.scale if self.training else d_out"),),
    ),
    Mistake(
        "Dropout",
        "the mask is read off the output: where x is 0 the output is 0, too, though nothing was dropped. Keep the mask "
        "itself.",
        edits=(
            ("return x * self.scale", "self.out, self.was = x * self.scale, self.training\n        return self.out"),
            ("return d_out * self.scale", "return d_out * (self.out != 0) / (1 - self.p) if self.was else d_out"),
        ),
    ),
    Mistake(
        "Dropout",
        "the gradient is multiplied by 1 / (1 - p) twice.",
        edits=(("return d_out * self.scale", "return d_out * self.scale**2"),),
    ),
    Mistake(
        "Dropout",
        "after a `forward` in evaluation the gradient passes unchanged: an old mask of training is still used.",
        edits=(
            (
                (
                    "        self.scale = np.ones(x.shape)  # what each entry is multiplied by; kept for "
                    "backward\n"
                    "        if self.training:"
                ),
                (
                    "        self.scale = getattr(self, 'scale', np.ones(x.shape))\n"
                    "        if not self.training:\n"
                    "            return x\n"
                    "        if self.training:"
                ),
            ),
        ),
    ),
    Mistake(
        "Dropout",
        "the gradient belongs to an earlier `forward`: keep the mask of the last one.",
        edits=(
            (
                "            self.scale = keep / (1 - self.p)\n        return x * self.scale",
                (
                    "            self.scale = keep / (1 - self.p)\n"
                    "        self.first = getattr(self, 'first', self.scale)\n"
                    "        return x * self.scale"
                ),
            ),
            ("return d_out * self.scale", "return d_out * (self.first if self.training else 1.0)"),
        ),
    ),
    Mistake(
        "Dropout",
        "the gradient has another mask than the output: keep the mask of `forward`, and draw nothing in `backward`.",
        edits=(
            (
                "return d_out * self.scale",
                (
                    "return d_out * (np.random.default_rng().random(d_out.shape) >= self.p) / (1 - self.p) if "
                    "self.training else d_out"
                ),
            ),
        ),
    ),
    Mistake(
        "Dropout",
        "`x *= mask` writes into the caller's array.",
        edits=(("return x * self.scale", "x *= self.scale\n        return x"),),
    ),
    Mistake(
        "Dropout",
        "the two modes are exchanged: entries are dropped in evaluation, not in training.",
        edits=(("if self.training:", "if not self.training:"),),
    ),
    Mistake(
        "Dropout",
        ("`d_out *= ...` or `d_out[...] = ...` writes into the caller's array: make a new one, d_x = d_out * ..."),
        edits=(("return d_out * self.scale", "d_out *= self.scale\n        return d_out"),),
    ),
    Mistake(
        "Dropout",
        ("`forward` returns several things: it returns the output alone; keep what `backward` needs in `self`."),
        edits=(("return x * self.scale", "return x * self.scale, self.scale"),),
    ),
    # --- batch_norm --------------------------------------------------------------------------------------------------
    Mistake(
        "batch_norm",
        "the running statistics never change: a new value in a local name is lost; write it into `state`.",
        edits=(
            ('state["mean"] = (1 -', "running_mean = (1 -"),
            ('state["var"] = (1 -', "running_var = (1 -"),
        ),
    ),
    Mistake(
        "batch_norm",
        "momentum is the share of the new batch: (1 - momentum) * old + momentum * batch, not the reverse.",
        edits=(
            ('(1 - momentum) * state["mean"] + momentum * mean', 'momentum * state["mean"] + (1 - momentum) * mean'),
            (
                '(1 - momentum) * state["var"] + momentum * unbiased',
                'momentum * state["var"] + (1 - momentum) * unbiased',
            ),
        ),
    ),
    Mistake(
        "batch_norm",
        "the running variance takes the batch's variance divided by N: there it is divided by N - 1.",
        edits=(("unbiased = var * len(x) / (len(x) - 1)", "unbiased = var"),),
    ),
    Mistake(
        "batch_norm",
        "the running variance is fed with a standard deviation.",
        edits=(("unbiased = var * len(x) / (len(x) - 1)", "unbiased = np.sqrt(var * len(x) / (len(x) - 1))"),),
    ),
    Mistake(
        "batch_norm",
        "the running statistics are replaced by the batch's: they move towards it by the share momentum.",
        edits=(
            ('(1 - momentum) * state["mean"] + momentum * mean', "mean"),
            ('(1 - momentum) * state["var"] + momentum * unbiased', "unbiased"),
        ),
    ),
    Mistake(
        "batch_norm",
        "the old value is not shrunk: running = (1 - momentum) * running + momentum * batch.",
        edits=(
            ('(1 - momentum) * state["mean"]', 'state["mean"]'),
            ('(1 - momentum) * state["var"]', 'state["var"]'),
        ),
    ),
    Mistake(
        "batch_norm",
        "the argument momentum has no effect.",
        edits=(("    if training:\n        if", "    momentum = 0.1\n    if training:\n        if"),),
    ),
    Mistake(
        "batch_norm",
        "the batch is standardized with the variance divided by N - 1: in the output it is divided by N.",
        edits=(
            ("x.var(axis=0)  # (D,), (D,) over the batch", "x.var(axis=0, ddof=1)"),
            ("unbiased = var * len(x) / (len(x) - 1)", "unbiased = var"),
        ),
    ),
    Mistake(
        "batch_norm",
        "eps is added to the root: it belongs under it, sqrt(var + eps).",
        edits=(("np.sqrt(var + eps)", "(np.sqrt(var) + eps)"),),
    ),
    Mistake(
        "batch_norm",
        "eps has no effect: it is added to the variance, under the root.",
        edits=(("np.sqrt(var + eps)", "np.sqrt(var)"),),
    ),
    Mistake(
        "batch_norm",
        "x is divided by the variance: divide by its root.",
        edits=(("np.sqrt(var + eps)", "(var + eps)"),),
    ),
    Mistake(
        "batch_norm",
        "gamma and beta are exchanged: gamma multiplies, beta is added.",
        edits=(("gamma * x_hat + beta", "beta * x_hat + gamma"),),
    ),
    Mistake(
        "batch_norm",
        "gamma and beta have no effect: out = gamma * x_hat + beta.",
        edits=(("gamma * x_hat + beta", "x_hat"),),
    ),
    Mistake(
        "batch_norm",
        "beta is missing.",
        edits=(("gamma * x_hat + beta", "gamma * x_hat"),),
    ),
    Mistake(
        "batch_norm",
        "in training x is standardized with the running statistics: take those of the batch.",
        edits=(
            ('        state["mean"] = (1', '        old = state["mean"], state["var"]\n        state["mean"] = (1'),
            (
                '    else:\n        mean, var = state["mean"], state["var"]',
                '        mean, var = old\n    else:\n        mean, var = state["mean"], state["var"]',
            ),
        ),
    ),
    Mistake(
        "batch_norm",
        "in training x is standardized with the updated running statistics: take those of the batch.",
        edits=(
            (
                '    else:\n        mean, var = state["mean"], state["var"]',
                (
                    '        mean, var = state["mean"], state["var"]\n'
                    "    else:\n"
                    '        mean, var = state["mean"], state["var"]'
                ),
            ),
        ),
    ),
    Mistake(
        "batch_norm",
        "in evaluation x is standardized with its own statistics: take the running ones.",
        edits=(('mean, var = state["mean"], state["var"]', "mean, var = x.mean(axis=0), x.var(axis=0)"),),
    ),
    Mistake(
        "batch_norm",
        "the running statistics move in evaluation: only training changes them.",
        edits=(
            (
                '        mean, var = state["mean"], state["var"]',
                (
                    '        mean, var = state["mean"], state["var"]\n'
                    '        state["mean"] = 0.9 * mean + 0.1 * x.mean(axis=0)'
                ),
            ),
        ),
    ),
    Mistake(
        "batch_norm",
        "one mean and variance are taken over the whole table: each feature has its own, axis 0.",
        edits=(
            (
                "x.mean(axis=0), x.var(axis=0)  # (D,), (D,) over the batch",
                "np.full(len(gamma), x.mean()), np.full(len(gamma), x.var())",
            ),
        ),
    ),
    Mistake(
        "batch_norm",
        "`x -= ...` changes the caller's array: write x = x - ..., or use a new name.",
        edits=(("x_hat = (x - mean) / np.sqrt(var + eps)", "x -= mean\n    x_hat = x / np.sqrt(var + eps)"),),
    ),
    Mistake(
        "batch_norm",
        'the running variance never changes, though the mean does: write a new state["var"] as well.',
        edits=(('        state["var"] = (1 - momentum)', "        running_var = (1 - momentum)"),),
    ),
    Mistake(
        "batch_norm",
        'the running mean never changes, though the variance does: write a new state["mean"] as well.',
        edits=(('        state["mean"] = (1 - momentum)', "        running_mean = (1 - momentum)"),),
    ),
    Mistake(
        "batch_norm",
        ('the new statistics are under other keys of `state`: its keys are "mean" and "var", also for the new ones.'),
        edits=(
            ('        state["mean"] = (1 - momentum)', '        state["running_mean"] = (1 - momentum)'),
            ('        state["var"] = (1 - momentum)', '        state["running_var"] = (1 - momentum)'),
        ),
    ),
    Mistake(
        "batch_norm",
        (
            "one example is refused in evaluation too: there the running statistics are used, and one "
            "is enough. Raise the ValueError only if `training`."
        ),
        edits=(
            (
                "    if training:\n        if len(x) < 2:\n",
                (
                    '    if len(x) < 2:\n        raise ValueError("one example")\n    if '
                    "training:\n        if len(x) < 2:\n"
                ),
            ),
        ),
    ),
    Mistake(
        "batch_norm",
        ("several things come back: return the output alone; the running statistics go into the caller's `state`."),
        edits=(("return gamma * x_hat + beta", "return gamma * x_hat + beta, state"),),
    ),
    # --- EarlyStopping -----------------------------------------------------------------------------------------------
    Mistake(
        "EarlyStopping",
        "it stops one epoch too late: stop as soon as `patience` epochs in a row brought no improvement.",
        edits=(("epoch - last_good >= self.patience", "epoch - last_good > self.patience"),),
    ),
    Mistake(
        "EarlyStopping",
        "it stops one epoch too early: `patience` epochs in a row without an improvement are needed.",
        edits=(("epoch - last_good >= self.patience", "epoch - last_good >= max(1, self.patience - 1)"),),
    ),
    Mistake(
        "EarlyStopping",
        "a tie counts as an improvement: the best must be beaten, by more than min_delta.",
        edits=(("gain > self.min_delta)", "(gain > self.min_delta or gain == 0 == self.min_delta))"),),
    ),
    Mistake(
        "EarlyStopping",
        "a gain of exactly min_delta counts as an improvement: it must be more.",
        edits=(("gain > self.min_delta)", "(gain >= self.min_delta and gain > 0))"),),
    ),
    Mistake(
        "EarlyStopping",
        "epochs without improvement are counted in all: only those since the last improvement count.",
        edits=(
            (
                (
                    "last_good = -1 if self.best_epoch is None else self.best_epoch\n"
                    "        return epoch - last_good >= self.patience"
                ),
                (
                    'self.bad = getattr(self, "bad", 0) + (self.best_epoch != epoch)\n'
                    "        return self.bad >= self.patience"
                ),
            ),
        ),
    ),
    Mistake(
        "EarlyStopping",
        "min_delta has no effect: an improvement beats the best by more than that.",
        edits=(("gain > self.min_delta)", "gain > 0)"),),
    ),
    Mistake(
        "EarlyStopping",
        'min_delta has the wrong sign: an improvement lies below best - min_delta or, with mode "max", above '
        "best + min_delta.",
        edits=(("gain > self.min_delta)", "gain > -self.min_delta)"),),
    ),
    Mistake(
        "EarlyStopping",
        "`best` follows gains that are too small to count: it changes only with an improvement.",
        edits=(
            (
                "        last_good = -1",
                (
                    "        if gain is not None and 0 < gain <= self.min_delta:\n"
                    "            self.best = metric\n"
                    "        last_good = -1"
                ),
            ),
        ),
    ),
    Mistake(
        "EarlyStopping",
        'mode has no effect: with "max" larger is better.',
        edits=(('self.best - metric if self.mode == "min" else metric - self.best', "self.best - metric"),),
    ),
    Mistake(
        "EarlyStopping",
        'min_delta has the wrong sign: an improvement lies below best - min_delta or, with mode "max", above '
        "best + min_delta.",
        edits=(("gain > self.min_delta)", 'gain > (self.min_delta if self.mode == "min" else -self.min_delta))'),),
    ),
    Mistake(
        "EarlyStopping",
        "a NaN that comes first is taken for the best, and then nothing beats it: it is never an improvement.",
        edits=(("first = self.best is None and not np.isnan(metric)", "first = self.best is None"),),
    ),
    Mistake(
        "EarlyStopping",
        "an epoch with NaN is passed over: it counts as one without improvement.",
        edits=(
            (
                "return epoch - last_good >= self.patience",
                (
                    'self.bad = 0 if last_good == epoch else getattr(self, "bad", 0) + (not np.isnan(metric))\n'
                    "        self.said = self.bad >= self.patience if not np.isnan(metric) else getattr(self, "
                    '"said", False)\n'
                    "        return self.said"
                ),
            ),
        ),
    ),
    Mistake(
        "EarlyStopping",
        "each metric is compared with the one before it: compare with the best of all.",
        answer="""
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0, mode="min"):
        self.patience, self.min_delta, self.mode = patience, min_delta, mode
        self.best = self.best_epoch = self.best_weights = self.previous = None
        self.epochs = 0

    def step(self, metric, weights):
        epoch, self.epochs = self.epochs, self.epochs + 1
        sign = 1 if self.mode == "min" else -1
        if not np.isnan(metric) and (self.previous is None or sign * (self.previous - metric) > self.min_delta):
            self.best, self.best_epoch, self.best_weights = metric, epoch, copy.deepcopy(weights)
        self.previous = metric
        return epoch - (-1 if self.best_epoch is None else self.best_epoch) >= self.patience

    def restore(self, weights):
        if self.best_weights is not None:
            for name in weights:
                weights[name][...] = self.best_weights[name]
""",
    ),
    Mistake(
        "EarlyStopping",
        "epochs are counted from 1: the first is epoch 0.",
        edits=(
            ("self.best, self.best_epoch = metric, epoch\n", "self.best, self.best_epoch = metric, epoch + 1\n"),
            ("epoch - last_good >= self.patience", "epoch + 1 - max(last_good, 0) >= self.patience"),
        ),
    ),
    Mistake(
        "EarlyStopping",
        "it never says to stop.",
        edits=(("return epoch - last_good >= self.patience", "return False"),),
    ),
    Mistake(
        "EarlyStopping",
        "the best weights are the caller's own arrays, which go on changing: copy them deeply, arrays included.",
        edits=(("copy.deepcopy(weights)", "dict(weights)"),),
    ),
    Mistake(
        "EarlyStopping",
        "the stored weights are those of the last epoch: store them only where the metric improved.",
        edits=(
            ("        last_good = -1", "        self.best_weights = copy.deepcopy(weights)\n        last_good = -1"),
        ),
    ),
    Mistake(
        "EarlyStopping",
        "`restore` does not reach the caller's arrays: write into them, `array[...] = best`.",
        edits=(("array[...] = self.best_weights[name]", "weights[name] = self.best_weights[name]"),),
    ),
    Mistake(
        "EarlyStopping",
        "it stops one epoch too early: `patience` epochs in a row without an improvement are needed.",
        edits=(("return epoch - last_good >= self.patience", "return epoch - last_good >= self.patience - 1"),),
    ),
    Mistake(
        "EarlyStopping",
        "`step` returns something else than True or False: the answer alone; the rest is in the attributes.",
        edits=(("return epoch - last_good >= self.patience", "return epoch - last_good >= self.patience, self.best"),),
    ),
    # --- suspect_fit -------------------------------------------------------------------------------------------------
    Mistake(
        "suspect_fit",
        "the validation inputs still take part in mean and std: changing them must not change the training inputs.",
        edits=(
            (
                "mean, std = train_x.mean(dim=0), train_x.std(dim=0).clamp(min=0.1)",
                (
                    "inputs = torch.cat([train_x, val_x])\n"
                    "    mean, std = inputs.mean(dim=0), inputs.std(dim=0).clamp(min=0.1)"
                ),
            ),
        ),
    ),
    Mistake(
        "suspect_fit",
        "the validation inputs are standardized with their own mean and std: they get those of the training inputs.",
        edits=(("(val_x - mean) / std", "(val_x - val_x.mean(dim=0)) / val_x.std(dim=0)"),),
    ),
    Mistake(
        "suspect_fit",
        "after the first epoch the model trains in evaluation mode: `model.train()` is needed in every epoch, "
        "for `model.eval()` holds until it is called.",
        edits=(
            (
                "    for _ in range(epochs):\n        model.train()\n",
                "    model.train()\n    for _ in range(epochs):\n",
            ),
        ),
    ),
    Mistake(
        "suspect_fit",
        "the validation loss is measured in training mode, with dropout active: call `model.eval()` before.",
        edits=(("        model.eval()\n", ""),),
    ),
    Mistake(
        "suspect_fit",
        "the model trains in evaluation mode: its dropout never drops anything. Call `model.train()` before training.",
        edits=(("        model.train()\n", "        model.eval()\n"),),
    ),
    Mistake(
        "suspect_fit",
        "the learning rate does not follow the validation losses: step the scheduler once an epoch, with the "
        "loss of the validation part.",
        edits=(("scheduler.step(val_loss)", "scheduler.step(loss.item())"),),
    ),
    Mistake(
        "suspect_fit",
        "the scheduler is stepped once a batch: its patience counts epochs, so step it once an epoch.",
        edits=(
            (
                "            optimizer.step()\n",
                ("            optimizer.step()\n            scheduler.step(losses[-1] if losses else 1e9)\n"),
            ),
            ("        scheduler.step(val_loss)\n", ""),
        ),
    ),
    Mistake(
        "suspect_fit",
        "the scheduler is stepped twice an epoch.",
        edits=(("scheduler.step(val_loss)", "scheduler.step(val_loss)\n        scheduler.step(val_loss)"),),
    ),
    Mistake(
        "suspect_fit",
        "the model ends with the weights of the last epoch. What is loaded at the end must be a copy: neither "
        "`state_dict()` nor a shallow copy of it copies the tensors; copy.deepcopy does.",
        edits=(("copy.deepcopy(model.state_dict())", "model.state_dict().copy()"),),
    ),
    Mistake(
        "suspect_fit",
        (
            "the model ends with the weights of the last epoch, and `load_state_dict` is never "
            "called: load the best weights, a deep copy, after the last epoch."
        ),
        edits=(("    model.load_state_dict(best_weights)\n", ""),),
    ),
    Mistake(
        "suspect_fit",
        (
            "the weights are kept in every epoch, so that the last ones are loaded: keep them only "
            "where the loss is below all before it."
        ),
        edits=(
            (
                (
                    "        if val_loss < min(losses, default=np.inf):\n            best_weights = "
                    "copy.deepcopy(model.state_dict())"
                ),
                "        best_weights = copy.deepcopy(model.state_dict())",
            ),
        ),
    ),
    Mistake(
        "suspect_fit",
        (
            "the copy comes too late, when training is over and the tensors hold the last weights: "
            "copy in the epoch that is the best so far."
        ),
        edits=(
            ("best_weights = copy.deepcopy(model.state_dict())", "best_weights = model.state_dict()"),
            ("load_state_dict(best_weights)", "load_state_dict(copy.deepcopy(best_weights))"),
        ),
    ),
    Mistake(
        "suspect_fit",
        (
            "the weights are those of the best epoch, but the buffers (running statistics, for "
            "example) are those of the last: copy and load the whole `state_dict()`, not the "
            "parameters alone."
        ),
        edits=(
            (
                "best_weights = copy.deepcopy(model.state_dict())",
                "best_weights = {n: p.detach().clone() for n, p in model.named_parameters()}",
            ),
            ("load_state_dict(best_weights)", "load_state_dict(best_weights, strict=False)"),
        ),
    ),
    Mistake(
        "suspect_fit",
        "the weights are kept where the loss is below the one before it: it must be below all before it.",
        edits=(("if val_loss < min(losses, default=np.inf):", "if not losses or val_loss < losses[-1]:"),),
    ),
    Mistake(
        "suspect_fit",
        ("the rate is halved too late: as soon as more than two losses in a row were no better, which is patience=2."),
        edits=(("patience=2", "patience=3"),),
    ),
    Mistake(
        "suspect_fit",
        ("the rows come in the same order in every epoch: draw a new permutation in each, from the generator."),
        edits=(("torch.randperm(len(train_x), generator=generator)", "torch.arange(len(train_x))"),),
    ),
)
