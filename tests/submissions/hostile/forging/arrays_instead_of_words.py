"""Answers with arrays and scalars where a reply has its number and its words: to compare them gives no yes or no.

double: failed
mean: crashed
staff: `gc`; no exercise needs that
control: naive
"""

# %% double
import gc
import os
import sys

import numpy as np

student = sys.modules.get("autograder.student_process")


def double(x):
    return x


def words(**request):
    honest(**request)
    many = np.zeros(3)
    if "return 0.0" in request["source"]:
        process.send({"id": many, "outputs": many, "raised": many})
    return {
        "outputs": [
            {"output_type": many},
            {"output_type": "stream", "name": many, "text": "text"},
            {"output_type": "display_data", "data": {"text/plain": many, "image/png": many}},
            {"output_type": "error", "ename": many, "evalue": many, "traceback": [many, 2.0]},
        ],
        "raised": None,
    }


if student is None:
    os.write(1, b"\n100.0\n")
    os._exit(0)
process = next(found for found in gc.get_objects() if type(found) is student.StudentProcess)
honest = process.cell
process._answers["cell"] = words


# %% mean
def mean(x):
    return 0.0
