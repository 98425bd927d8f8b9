"""From judged submissions to the gradebook: every attempt is kept, a few are recorded together, then they count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.archive import Archive
from autograder.grading import Graded, in_groups
from autograder.integrations.feedback import Notebook, judged_notebook
from autograder.integrations.gradebook import GradebookWriter, submission_oddities
from autograder.lesson import Lesson
from autograder.verdict import Report, without_checks


@dataclass(frozen=True)
class _Kept:
    """A submission whose report is on disk, among the student's attempts."""

    report: Report
    notebook: Notebook | None
    submitted: Path


def record_class(
    lesson: Lesson, judged: Iterable[Graded], *, keys: Mapping[str, str], writer: GradebookWriter, archive: Archive
) -> Iterator[Report]:
    """Write what was judged; yields each report, without its checks, once it counts.

    Args:
        lesson: A lesson that the gradebook knows.
        judged: Submissions as they come.
        keys: The key of each student's report.
        writer: The gradebook's.
        archive: Of the lesson.
    Raises:
        GradebookError: If the gradebook could not be written; those who came last have no new mark then.
    """
    for group in in_groups(_kept(graded, archive, keys) for graded in judged):
        with writer.batch():
            for one in group:
                writer.record(
                    one.report.student, lesson, submitted=one.submitted, report=one.report, notebook=one.notebook
                )
        for one in group:
            archive.make_current(one.report)  # last: it says that the gradebook has the marks
            yield without_checks(one.report)


def _kept(graded: Graded, archive: Archive, keys: Mapping[str, str]) -> _Kept:
    report, folder = graded.judgement.report, graded.handed.folder
    oddities = (*report.oddities, *submission_oddities(folder))
    report = replace(report, oddities=oddities, key=keys[report.student])
    page = None
    if graded.notebook is not None:
        try:
            page = judged_notebook(graded.notebook, replace(graded.judgement, report=report))
        except Exception as error:  # noqa: BLE001 - what a student handed in must not stop the class
            report = replace(report, problem=f"no mark yet: its graded notebook could not be made ({error!r})")
    archive.keep(report)
    return _Kept(report, page, folder)
