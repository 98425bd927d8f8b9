"""Mutants of the solutions of L02 that earn full points because they are as correct as the solution."""

from autograder.audit import Equivalent

GIVEN = "this part was given as a pattern; whoever writes the rest anew may leave it out, and no check judges it"
EQUIVALENT = (
    Equivalent(
        "perceptron_fit",
        """
        @ perceptron_fit
        - if y_n * (x_n @ w + b) <= 0:
        + if y_n * (w @ x_n + b) <= 0:
        """,
        "the product of two vectors is the same either way round",
    ),
    Equivalent(
        "perceptron_fit",
        """
        @ perceptron_fit
        - right = int((y * (x @ w + b) > 0).sum())
        + right = (y * (x @ w + b) > 0).sum()
        """,
        "NumPy's integers count as well, and its booleans are truth values",
    ),
    Equivalent(
        "perceptron_fit",
        """
        @ perceptron_fit
        - if updates == updates_before:
        -     break
        + pass
        """,
        "after an epoch without an update no other has one: stopping early only saves time",
    ),
    Equivalent(
        "perceptron_fit",
        """
        @ perceptron_fit
        - break
        + continue
        """,
        "after an epoch without an update no other has one: stopping early only saves time",
    ),
    Equivalent(
        "perceptron_fit",
        """
        @ perceptron_fit
        - break
        + pass
        """,
        "after an epoch without an update no other has one: stopping early only saves time",
    ),
    Equivalent(
        "perceptron_fit",
        """
        @ perceptron_fit
        - return (best_w, float(best_b), updates, most_right == len(x))
        + return (best_w, best_b, updates, most_right == len(x))
        """,
        "the text asks for a number, and NumPy's float64 is one",
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - sigmoid = np.where(z >= 0, 1.0, e) / (1.0 + e)
        + sigmoid = np.where(z > 0, 1.0, e) / (1.0 + e)
        """,
        "at z = 0, e is 1",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses
        - @staticmethod
        """,
        "called through the class, as the text says, a function needs no decorator",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses
        - @staticmethod
        # 2
        """,
        "called through the class, as the text says, a function needs no decorator",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses
        - @staticmethod
        # 3
        """,
        "called through the class, as the text says, a function needs no decorator",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses
        - @staticmethod
        # 4
        """,
        "called through the class, as the text says, a function needs no decorator",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced((target - prediction) ** 2, reduction)
        """,
        "the square of a difference has no sign",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.cross_entropy
        - log_p = log_softmax(logits, axis=1)
        + log_p = log_softmax(logits)
        """,
        "logits have two axes, and the last one is the default",
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.cross_entropy
        - label = np.where(counts, target, 0)
        + label = np.where(counts, target, 1)
        """,
        "what is picked in a row that does not count is thrown away",
    ),
    Equivalent(
        "linear_backward",
        """
        @ linear_backward
        - rows_x = x.reshape(-1, x.shape[-1])
        + rows_x = x.reshape(-2, x.shape[-1])
        """,
        "NumPy takes any negative number for the unknown size",
    ),
    Equivalent(
        "linear_backward",
        """
        @ linear_backward
        - rows_d = d_out.reshape(-1, d_out.shape[-1])
        + rows_d = d_out.reshape(-2, d_out.shape[-1])
        """,
        "NumPy takes any negative number for the unknown size",
    ),
    Equivalent(
        "MLP",
        """
        @ MLP
        - @staticmethod
        """,
        "called through the class, as the text says, a function needs no decorator",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - bends = (w != 0) & (v != 0)
        + bends = (w != 0) | (v != 0)
        """,
        "a unit with w = 0 or v = 0 changes the slope by 0, and such places are left out below",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - bends = (w != 0) & (v != 0)
        + bends = w != 0
        """,
        "a unit with w = 0 or v = 0 changes the slope by 0, and such places are left out below",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - bends = (w != 0) & (v != 0)
        + bends = v != 0
        """,
        "a unit with w = 0 or v = 0 changes the slope by 0, and such places are left out below",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - breakpoints, slopes = ([], [(v * w)[w < 0].sum()])
        + breakpoints, slopes = ([], [(v * w)[w <= 0].sum()])
        """,
        "units with w = 0 add 0",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - if abs(change) > 1e-09:
        + if abs(change) >= 1e-09:
        """,
        "no sum is exactly 1e-9",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - if abs(change) > 1e-09:
        + if abs(change) > 2e-09:
        """,
        "the checks leave a wide gap around the border of 1e-9",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - return (np.array(breakpoints), np.array(slopes))
        + return (breakpoints, np.array(slopes))
        """,
        "a list of numbers is as good as an array to whoever uses the result",
    ),
    Equivalent(
        "relu_breakpoints",
        """
        @ relu_breakpoints
        - return (np.array(breakpoints), np.array(slopes))
        + return (np.array(breakpoints), slopes)
        """,
        "a list of numbers is as good as an array to whoever uses the result",
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - if kind == 'tanh':
        -     value = np.tanh(z)
        -     return (value, 1.0 - value ** 2)
        + pass
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - value = np.tanh(z)
        + pass
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - value = np.tanh(z)
        + value = z
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (1.0 - value ** 2, value)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + pass
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 + value ** 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, value ** 2 - 1.0)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, value ** 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 2.0 - value ** 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 0.0 - value ** 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 - value * 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 - 2 ** value)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 - value)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 - 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 - value ** 3)
        """,
        GIVEN,
    ),
    Equivalent(
        "activation",
        """
        @ activation
        - return (value, 1.0 - value ** 2)
        + return (value, 1.0 - value ** 1)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + raise NotImplementedError
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + pass
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced(reduction, (prediction - target) ** 2)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced((prediction - target) * 2, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced(2 ** (prediction - target), reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced(prediction - target, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced(2, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced((prediction + target) ** 2, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced(prediction ** 2, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced(target ** 2, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced((prediction - target) ** 3, reduction)
        """,
        GIVEN,
    ),
    Equivalent(
        "Losses",
        """
        @ Losses.mse
        - return Losses.reduced((prediction - target) ** 2, reduction)
        + return Losses.reduced((prediction - target) ** 1, reduction)
        """,
        GIVEN,
    ),
)
