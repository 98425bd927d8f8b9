"""The learner's desk at work: judging it without pytest, progress, watching, hints and solutions, updating.

It knows the engine and no integration. The pytest plugin and the notebook's ``check`` judge and remember through it.
"""
