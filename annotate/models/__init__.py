from annotate.models.adjudication import Adjudication
from annotate.models.allowance import Allowance
from annotate.models.assignment import Assignment
from annotate.models.call import JudgeCall
from annotate.models.draft import Draft
from annotate.models.flag import Flag
from annotate.models.gold import Gold
from annotate.models.image import Image
from annotate.models.importing import ImportRun, QuarantinedRow
from annotate.models.item import Candidate, Item
from annotate.models.job import Job, WorkerBeat
from annotate.models.judge import Judge
from annotate.models.judgment import Judgment, Submission
from annotate.models.keyboard import Keyboard
from annotate.models.project import Guideline, GuidelineReading, Membership, Project, Question

__all__ = [
    "Adjudication",
    "Allowance",
    "Assignment",
    "Candidate",
    "Draft",
    "Flag",
    "Gold",
    "Guideline",
    "GuidelineReading",
    "Image",
    "ImportRun",
    "Item",
    "Job",
    "Judge",
    "JudgeCall",
    "Judgment",
    "Keyboard",
    "Membership",
    "Project",
    "QuarantinedRow",
    "Question",
    "Submission",
    "WorkerBeat",
]
