"""Mutants of the solutions of L05 that earn full points because they are as correct as the solution."""

from autograder.audit import Equivalent

NUMBER = "the text asks for a number, and NumPy's float64 is one"
SYMMETRIC = "the operation is symmetric in its two arguments"
CENTRED = "the columns of A have mean zero (and its added rows meet zeros), so a constant in t changes nothing"

EQUIVALENT = (
    Equivalent(
        "linreg_closed_form",
        """
        @ linreg_closed_form
        - t = y - y_mean
        + t = y + y_mean
        """,
        CENTRED,
    ),
    Equivalent(
        "linreg_closed_form",
        """
        @ linreg_closed_form
        - t = y - y_mean
        + t = y
        """,
        CENTRED,
    ),
    Equivalent(
        "linreg_closed_form",
        """
        @ linreg_closed_form
        - w = np.linalg.lstsq(A, t, rcond=None)[0]
        + w = np.linalg.lstsq(A, t)[0]
        """,
        "None is the default since NumPy 2",
    ),
    Equivalent(
        "linreg_closed_form",
        """
        @ linreg_closed_form
        - return (w, float(y_mean - x_mean @ w))
        + return (w, y_mean - x_mean @ w)
        """,
        NUMBER,
    ),
    Equivalent(
        "linreg_closed_form",
        """
        @ linreg_closed_form
        - return (w, float(y_mean - x_mean @ w))
        + return (w, float(y_mean - w @ x_mean))
        """,
        SYMMETRIC,
    ),
    Equivalent(
        "linreg_loss_grad",
        """
        @ linreg_loss_grad
        - return (float(loss), d_w, float(d_b))
        + return (loss, d_w, float(d_b))
        """,
        NUMBER,
    ),
    Equivalent(
        "linreg_loss_grad",
        """
        @ linreg_loss_grad
        - return (float(loss), d_w, float(d_b))
        + return (float(loss), d_w, d_b)
        """,
        NUMBER,
    ),
    Equivalent(
        "logreg_loss_grad",
        """
        @ logreg_loss_grad
        - losses = np.logaddexp(0.0, z) - y * z
        + losses = np.logaddexp(z, 0.0) - y * z
        """,
        SYMMETRIC,
    ),
    Equivalent(
        "logreg_loss_grad",
        """
        @ logreg_loss_grad
        - return (float(s @ losses / s.sum()), X.T @ d_z)
        + return (s @ losses / s.sum(), X.T @ d_z)
        """,
        NUMBER,
    ),
    Equivalent(
        "logreg_loss_grad",
        """
        @ logreg_loss_grad
        - return (float(s @ losses / s.sum()), X.T @ d_z)
        + return (float(losses @ s / s.sum()), X.T @ d_z)
        """,
        SYMMETRIC,
    ),
    Equivalent(
        "fit_softmax",
        """
        @ fit_softmax
        - accuracy = float(((X_val @ W).argmax(axis=1) == y_val).mean())
        + accuracy = ((X_val @ W).argmax(axis=1) == y_val).mean()
        """,
        NUMBER,
    ),
    Equivalent(
        "fit_softmax",
        """
        @ fit_softmax
        - if accuracy > max(history, default=-1.0):
        + if accuracy > max(history, default=-2.0):
        """,
        "every accuracy is larger than either",
    ),
)
