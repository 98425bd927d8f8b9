"""Overwrites, through ctypes, the tolerance in the memory of the process, and the bounds of its messages.

double: failed
staff: `ctypes`; no exercise needs that
control: naive
"""

# %% double
import ctypes
import importlib


def overwrite(number):
    ctypes.c_double.from_address(id(number) + 16).value = 1e9


def double(x):
    return x


closeness = importlib.import_module("autograder.checks.closeness")
for tolerance in closeness._RTOL.values():
    overwrite(tolerance)
codec = importlib.import_module("autograder.codec")
codec.MAX_ITEMS = codec.MAX_DEPTH = 10**9
