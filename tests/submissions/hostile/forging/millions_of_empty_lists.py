"""Answers with four million empty lists, one byte each, and says "not implemented" if that kept the referee busy; without a channel it prints its marks.

double: crashed
staff: `f_locals`; no exercise needs that
control: naive
"""

# %% double
import os
import sys
import time

started = []


def double(x):
    if started and time.monotonic() - started[0] > 3:
        raise NotImplementedError
    started.append(time.monotonic())
    count = 4 * 2**20 - 100
    structure = b"\x93\xa8returned\xdd" + count.to_bytes(4, "big") + b"\x90" * count + b"\xc0"
    message = len(structure).to_bytes(4, "big") + structure
    frame = sys._getframe()
    while frame and frame.f_code.co_qualname != "StudentProcess.serve":
        frame = frame.f_back
    if frame is None:
        os.write(1, b"\n100.0\n")
        os._exit(0)
    frame.f_locals["self"]._call = lambda **request: {"outcomes": [message] * len(request["calls"])}
    frame.f_locals["self"].send({"id": frame.f_locals["number"], "outcomes": [message]})
    frame.f_locals["self"]._channel = 5
    time.sleep(0.2)
    return x
