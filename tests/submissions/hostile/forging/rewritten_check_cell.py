"""Rewrites the locked cells of the notebook: its check cells hold functions and marks of its own.

double: failed
staff: the locked cell `check-double` was changed; the released text was graded
control: none: only what is rebuilt is ever executed, by a naive grader as well
"""


# %% double
def double(x):
    return x


# %% check-double
POINTS = 40
raise SystemExit(0)


# %% check-mean
def check_mean():
    return {"score": 20, "max_score": 20}


# %%
nbgrader = {"grade": True, "grade_id": "check-double", "points": 1000, "solution": False, "schema_version": 3}


class Score:
    import os

    os.environ["NBGRADER_SCORE"] = "100"
