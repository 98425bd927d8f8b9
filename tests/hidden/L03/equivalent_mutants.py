"""Mutants of the solutions of L03 that earn full points because they are as correct as the solution."""

from autograder.mutants import Equivalent

EQUIVALENT = (
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_exps = d_total * np.ones(exps.shape)
        + d_exps = d_total / np.ones(exps.shape)
        """,
        "divides by ones instead of multiplying by them",
    ),
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_row_max = -d_shifted.sum(axis=1, keepdims=True)
        + d_row_max = d_shifted.sum(axis=1, keepdims=True)
        """,
        "d_row_max is 0 up to rounding, so neither its factor nor its place matters",
    ),
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_row_max = -d_shifted.sum(axis=1, keepdims=True)
        + d_row_max = -d_shifted.mean(axis=1, keepdims=True)
        """,
        "d_row_max is 0 up to rounding, so neither its factor nor its place matters",
    ),
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_logits = d_shifted.copy()
        + d_logits = d_shifted
        """,
        "d_shifted and d_logits are equal up to rounding, so one array may serve as both",
    ),
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_logits[rows, logits.argmax(axis=1)] += d_row_max[:, 0]
        + d_logits[rows, logits.argmax(axis=1)] -= d_row_max[:, 0]
        """,
        "d_row_max is 0 up to rounding, so neither its factor nor its place matters",
    ),
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_logits[rows, logits.argmax(axis=1)] += d_row_max[:, 0]
        + pass
        """,
        "d_row_max is 0 up to rounding, so neither its factor nor its place matters",
    ),
    Equivalent(
        "backprop_top",
        """
        @ backprop_top
        - d_logits[rows, logits.argmax(axis=1)] += d_row_max[:, 0]
        + d_logits[rows, logits.argmin(axis=1)] += d_row_max[:, 0]
        """,
        "d_row_max is 0 up to rounding, so neither its factor nor its place matters",
    ),
    Equivalent(
        "backprop_bottom",
        """
        @ backprop_bottom
        - d_b1 = d_z1.sum(axis=0)
        + d_b1 = d_z1.mean(axis=0)
        """,
        "d_b1 is 0 up to rounding, so its factor does not matter",
    ),
    Equivalent(
        "Dual",
        """
        @ Dual.__init__
        - self.value = np.asarray(value, dtype=float)
        + self.value = np.asarray(value)
        """,
        "checks pass float64 arrays, as the text says; __init__ is given",
    ),
    Equivalent(
        "Dual",
        """
        @ Dual.__init__
        - self.value = np.asarray(value, dtype=float)
        + self.value = value
        """,
        "checks pass float64 arrays, as the text says; __init__ is given",
    ),
    Equivalent(
        "Dual",
        """
        @ Dual.__init__
        - self.tangent = np.zeros(self.value.shape) if tangent is None else np.asarray(tangent, dtype=float)
        + self.tangent = np.zeros(self.value.shape) if tangent is None else np.asarray(tangent)
        """,
        "checks pass float64 arrays, as the text says; __init__ is given",
    ),
    Equivalent(
        "Dual",
        """
        @ Dual.__init__
        - self.tangent = np.zeros(self.value.shape) if tangent is None else np.asarray(tangent, dtype=float)
        + self.tangent = np.zeros(self.value.shape) if tangent is None else tangent
        """,
        "checks pass float64 arrays, as the text says; __init__ is given",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - rng = np.random.default_rng(0)
        + rng = np.random.default_rng(1)
        """,
        "any seed will do",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (3, 5, 6, 3, 2)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (4, 6, 6, 3, 2)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (4, 5, 7, 3, 2)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (4, 5, 5, 3, 2)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (4, 5, 6, 4, 2)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (4, 5, 6, 2, 2)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - n, t, v, d, k = (4, 5, 6, 3, 2)
        + n, t, v, d, k = (4, 5, 6, 3, 3)
        """,
        "other sizes that hide nothing in the implementations tried",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids = rng.integers(v - 1, size=(n, t))
        + ids = rng.integers(v, size=(n, t))
        """,
        "other tokens, with one that does not occur among them and others repeated",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids = rng.integers(v - 1, size=(n, t))
        + ids = rng.integers(v - 0, size=(n, t))
        """,
        "other tokens, with one that does not occur among them and others repeated",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids = rng.integers(v - 1, size=(n, t))
        + ids = rng.integers(v - 2, size=(n, t))
        """,
        "other tokens, with one that does not occur among them and others repeated",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[0, 1] = ids[0, 0]
        + pass
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[0, 1] = ids[0, 0]
        + ids[1, 1] = ids[0, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[0, 1] = ids[0, 0]
        + ids[0, 0] = ids[0, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[0, 1] = ids[0, 0]
        + ids[0, 2] = ids[0, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[0, 1] = ids[0, 0]
        + ids[0, 1] = ids[1, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[0, 1] = ids[0, 0]
        + ids[0, 1] = ids[0, 1]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[1, 0] = ids[0, 0]
        + pass
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[1, 0] = ids[0, 0]
        + ids[0, 0] = ids[0, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[1, 0] = ids[0, 0]
        + ids[2, 0] = ids[0, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[1, 0] = ids[0, 0]
        + ids[1, 1] = ids[0, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[1, 0] = ids[0, 0]
        + ids[1, 0] = ids[1, 0]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - ids[1, 0] = ids[0, 0]
        + ids[1, 0] = ids[0, 1]
        """,
        "20 draws from 5 tokens repeat some within a bag and across bags anyway; these lines make it certain",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - given = [d_out.copy(), ids.copy(), E.copy(), W.copy()]
        + given = [d_out, ids.copy(), E.copy(), W.copy()]
        """,
        "the numerical derivative is taken after the call, so a damaged d_out, E or W gives other numbers",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - given = [d_out.copy(), ids.copy(), E.copy(), W.copy()]
        + given = [d_out.copy(), ids.copy(), E, W.copy()]
        """,
        "the numerical derivative is taken after the call, so a damaged d_out, E or W gives other numbers",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - given = [d_out.copy(), ids.copy(), E.copy(), W.copy()]
        + given = [d_out.copy(), ids.copy(), E.copy(), W]
        """,
        "the numerical derivative is taken after the call, so a damaged d_out, E or W gives other numbers",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if not all(map(np.array_equal, given, (d_out, ids, E, W))):
        + if not all(map(np.array_equal, (d_out, ids, E, W), given)):
        """,
        "equality is symmetric",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - numerical = np.zeros(p.shape)
        + numerical = np.ones(p.shape)
        """,
        "every entry is overwritten",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * np.abs(numerical).max():
        + if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() < 1e-07 * np.abs(numerical).max():
        """,
        "the same up to a tie",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * np.abs(numerical).max():
        + if np.shape(grad) != p.shape or not np.abs(numerical - grad).max() <= 1e-07 * np.abs(numerical).max():
        """,
        "the same up to a tie",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * np.abs(numerical).max():
        + if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 / np.abs(numerical).max():
        """,
        "a tolerance between the rounding of right ones and the smallest error of wrong ones, for entries around 1",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * np.abs(numerical).max():
        + if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07:
        """,
        "a tolerance between the rounding of right ones and the smallest error of wrong ones, for entries around 1",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * np.abs(numerical).max():
        + if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 2e-07 * np.abs(numerical).max():
        """,
        "a tolerance between the rounding of right ones and the smallest error of wrong ones, for entries around 1",
    ),
    Equivalent(
        "check_backward",
        """
        @ check_backward
        - if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * np.abs(numerical).max():
        + if np.shape(grad) != p.shape or not np.abs(grad - numerical).max() <= 1e-07 * numerical.max():
        """,
        "a tolerance between the rounding of right ones and the smallest error of wrong ones, for entries around 1",
    ),
    Equivalent(
        "gradient_flow",
        """
        @ gradient_flow
        - norms = np.zeros(len(weights))
        + norms = np.ones(len(weights))
        """,
        "every entry is overwritten",
    ),
    Equivalent(
        "SuspectLayers",
        """
        @ SuspectLayers
        - @staticmethod
        """,
        "called on the class, a plain function does the same",
    ),
    Equivalent(
        "SuspectLayers",
        """
        @ SuspectLayers
        - @staticmethod
        # 2
        """,
        "called on the class, a plain function does the same",
    ),
    Equivalent(
        "SuspectLayers",
        """
        @ SuspectLayers
        - @staticmethod
        # 3
        """,
        "called on the class, a plain function does the same",
    ),
    Equivalent(
        "SuspectLayers",
        """
        @ SuspectLayers
        - @staticmethod
        # 4
        """,
        "called on the class, a plain function does the same",
    ),
    Equivalent(
        "SuspectLayers",
        """
        @ SuspectLayers
        - @staticmethod
        # 5
        """,
        "called on the class, a plain function does the same",
    ),
    Equivalent(
        "SuspectLayers",
        """
        @ SuspectLayers
        - @staticmethod
        # 6
        """,
        "called on the class, a plain function does the same",
    ),
)
