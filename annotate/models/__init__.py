from annotate.models.assignment import Assignment
from annotate.models.importing import ImportRun, QuarantinedRow
from annotate.models.item import Candidate, Item
from annotate.models.job import Job, WorkerBeat
from annotate.models.judge import Judge
from annotate.models.judgment import Judgment, Submission
from annotate.models.project import Guideline, Membership, Project, Question

__all__ = [
    "Assignment",
    "Candidate",
    "Guideline",
    "ImportRun",
    "Item",
    "Job",
    "Judge",
    "Judgment",
    "Membership",
    "Project",
    "QuarantinedRow",
    "Question",
    "Submission",
    "WorkerBeat",
]
