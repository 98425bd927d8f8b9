"""Mutants of the solutions of L06 that earn full points because they are as correct as the solution."""

from autograder.audit import Equivalent

EQUIVALENT = (
    Equivalent(
        "gradcheck_report",
        """
        @ gradcheck_report
        - numerical = np.zeros(p.shape)
        + numerical = np.ones(p.shape)
        """,
        "every entry is overwritten",
    ),
    Equivalent(
        "gradcheck_report",
        """
        @ gradcheck_report
        - h = 1e-05 * max(1.0, abs(old))
        + h = 2e-05 * max(1.0, abs(old))
        """,
        "a step twice as large differences as well; no check may ask for errors below those of the method",
    ),
    Equivalent(
        "gradcheck_report",
        """
        @ gradcheck_report
        - h = 1e-05 * max(1.0, abs(old))
        + h = 1e-05 * max(2.0, abs(old))
        """,
        "a step at most twice as large differences as well",
    ),
    Equivalent(
        "gradcheck_report",
        """
        @ gradcheck_report
        - errors[f'{key}{i}'] = float(np.abs(given - numerical).max() / scale)
        + errors[f'{key}{i}'] = np.abs(given - numerical).max() / scale
        """,
        "the text asks for a number, and NumPy's float64 is one",
    ),
    Equivalent(
        "gradcheck_report",
        """
        @ gradcheck_report
        - errors[f'{key}{i}'] = float(np.abs(given - numerical).max() / scale)
        + errors[f'{key}{i}'] = float(np.abs(numerical - given).max() / scale)
        """,
        "|a - b| = |b - a|",
    ),
    Equivalent(
        "TorchMLP",
        """
        @ TorchMLP.__init__
        - self.weights.append(torch.nn.Parameter(weight))
        + self.weights.append(weight)
        """,
        "a ParameterList makes parameters of the tensors it is given",
    ),
    Equivalent(
        "TorchMLP",
        """
        @ TorchMLP.__init__
        - self.biases.append(torch.nn.Parameter(torch.zeros(fan_out)))
        + self.biases.append(torch.zeros(fan_out))
        """,
        "a ParameterList makes parameters of the tensors it is given",
    ),
)
