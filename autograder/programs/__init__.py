"""The programs that TRACE exercises ask about: seeded, so that everyone can run them and nobody stores answers.

One module a topic. Lessons, public checks and hidden checks call the same generator; each returns an
``autograder.checks.Program``.
"""
