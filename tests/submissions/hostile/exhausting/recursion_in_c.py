"""Lets json, pickle, repr and copy walk through lists that are 20,000 deep, and then frees them.

double: failed
staff: a function calls itself without end
control: none: only its own stack
"""

# %% double
import copy
import json
import pickle


def double(x):
    deep = []
    for _ in range(20_000):
        deep = [deep]
    for walk in (json.dumps, pickle.dumps, repr, copy.deepcopy):
        try:
            walk(deep)
            print("REACHED")
        except RecursionError as error:
            stopped = error
    del deep
    raise stopped
