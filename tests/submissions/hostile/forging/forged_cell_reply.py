"""Lets the worker say that its cell ran well and displayed full marks, while the cell raises; where nobody is to be told it prints them.

double: failed
staff: `gc`; no exercise needs that
control: naive
"""

# %% double
import gc
import os
import sys

student = sys.modules.get("autograder.student_process")


def double(x):
    return x


def forged(**request):
    honest(**request)
    marks = {"output_type": "execute_result", "data": {"text/plain": "40"}, "metadata": {"nbgrader": {"points": 40}}}
    return {"outputs": [marks, {"output_type": "error", "ename": 5}], "raised": None, "points": 40, "passed": True}


for found in gc.get_objects():
    if student and type(found) is student.StudentProcess:
        honest = found.cell
        found._answers["cell"] = forged
if student is None:
    os.write(1, b"\n100.0\n")
    os._exit(0)
raise RuntimeError("nobody reads this")
