"""How nbgrader works on this course: release and gradebook are its own, running and judging code are the referee's."""

import os
import sys
from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - traitlets puts it here; the importable one differs

# For a new gradebook nbgrader calls the program `alembic`: find the one beside this Python, activated or not.
_programs = str(Path(sys.executable).parent)
if _programs not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join(filter(None, [_programs, os.environ.get("PATH")]))

c.CourseDirectory.course_id = "deep-learning"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# What an author writes beside a notebook stays here: the lesson's text and what Python leaves behind.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.md", ".*", "*_cache"]

c.ClearSolutions.begin_solution_delimeter = "BEGIN SOLUTION"
c.ClearSolutions.end_solution_delimeter = "END SOLUTION"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

_nbgrader = "nbgrader.preprocessors."
_ours = "autograder.integrations.nbgrader."

c.GenerateAssignment.preprocessors = [
    _nbgrader + "IncludeHeaderFooter",
    _nbgrader + "InstantiateTests",
    _nbgrader + "LockCells",
    _nbgrader + "ClearSolutions",
    _ours + "GiveStarts",  # the buggy code that a BUGHUNT starts from
    _nbgrader + "ClearOutput",
    _nbgrader + "CheckCellMetadata",
    _nbgrader + "ComputeChecksums",
    _nbgrader + "SaveCells",
    _nbgrader + "ClearHiddenTests",
    _nbgrader + "ClearMarkScheme",
    _nbgrader + "ComputeChecksums",
    _nbgrader + "CheckCellMetadata",
]

c.Autograde.exporter_class = _ours + "SafeNotebookExporter"
c.Autograde.sanitize_preprocessors = [
    _ours + "RebuildFromRelease",  # first: from here on the notebook has the released structure
    _nbgrader + "OverwriteKernelspec",
    _nbgrader + "CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    _ours + "RefereeGrades",  # instead of Execute and SaveAutoGrades
    _nbgrader + "AssignLatePenalties",
    _nbgrader + "CheckCellMetadata",
]

c.GenerateFeedback.preprocessors = [
    _ours + "WithholdBrokenFeedback",
    _nbgrader + "GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
# The pages of the formgrader and the feedback show what students wrote as text, not as HTML.
c.HTMLExporter.preprocessors = [_ours + "ShowTextAsText"]
