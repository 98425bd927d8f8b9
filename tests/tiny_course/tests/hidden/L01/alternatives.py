"""The tiny lesson's answers, written otherwise."""


def scale(x, factor):
    return np.stack([row * factor for row in x])


def center(x):
    return x - np.add.reduce(x, 0) / x.shape[0]


def mend(x):
    y = np.asarray(x)
    return y.sum(axis=-1)
