"""Words for states and kinds, and the tables of legal moves between states."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a member may do in one project; each role includes those after it."""

    LEAD = "lead", "Lead"
    REVIEWER = "reviewer", "Reviewer"
    ANNOTATOR = "annotator", "Annotator"


# A lead may do what a reviewer may, a reviewer what an annotator may.
ROLES_AT_LEAST = {
    Role.LEAD: frozenset({Role.LEAD}),
    Role.REVIEWER: frozenset({Role.LEAD, Role.REVIEWER}),
    Role.ANNOTATOR: frozenset({Role.LEAD, Role.REVIEWER, Role.ANNOTATOR}),
}


class QuestionKind(models.TextChoices):
    PREFERENCE = "preference", "Preference"
    TEXT = "text", "Text"


class JudgeKind(models.TextChoices):
    PERSON = "person", "Person"
    MODEL = "model", "Model"


class Origin(models.TextChoices):
    IMPORTED = "imported", "Imported"
    GENERATED = "generated", "Generated"
    PERSON = "person", "Written by a person"


class AssignmentState(models.TextChoices):
    """LEASED is the only open state.

    leased: someone is reading it; leaves by a judgment (done), a skip, a lapse (expired) or a lead (revoked).
    done: answered; an undo leads back to leased.
    skipped: the judge passed; an undo leads back to leased.
    expired: the lease lapsed and the seat was given back; the same judge may take it again.
    revoked: a lead took it away; final.
    """

    LEASED = "leased", "Leased"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"


ASSIGNMENT_MOVES: dict[AssignmentState, frozenset[AssignmentState]] = {
    AssignmentState.LEASED: frozenset(
        {AssignmentState.DONE, AssignmentState.SKIPPED, AssignmentState.EXPIRED, AssignmentState.REVOKED}
    ),
    AssignmentState.DONE: frozenset({AssignmentState.LEASED}),
    AssignmentState.SKIPPED: frozenset({AssignmentState.LEASED}),
    AssignmentState.EXPIRED: frozenset({AssignmentState.LEASED}),
    AssignmentState.REVOKED: frozenset(),
}

# States in which the assignment occupies one of its item's seats.
SEATED_STATES = (AssignmentState.LEASED, AssignmentState.DONE)


class JudgmentState(models.TextChoices):
    """current counts; replaced and withdrawn are history; unparseable never was a verdict."""

    CURRENT = "current", "Current"
    REPLACED = "replaced", "Replaced"
    WITHDRAWN = "withdrawn", "Withdrawn"
    UNPARSEABLE = "unparseable", "Unparseable"


class JobKind(models.TextChoices):
    GENERATE = "generate", "Generate candidates"
    SCORE = "score", "Score pairs"
    JUDGE = "judge", "Ask a model judge"
    SETTLE = "settle", "Settle"
    IMPORT = "import", "Import a file"


class JobQueue(models.TextChoices):
    CPU = "cpu", "CPU"
    GPU = "gpu", "GPU"
    JUDGE = "judge", "Judge"


class JobState(models.TextChoices):
    """waiting: may be claimed once due. running: claimed, or lapsed and claimable again. split: waits for its
    chunks. done, failed, cancelled: at rest; failed and cancelled can be sent back to waiting by a person."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    SPLIT = "split", "Running in chunks"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class ImportMode(models.TextChoices):
    STRICT = "strict", "Strict: all or nothing"
    LENIENT = "lenient", "Lenient: set bad rows aside"


class ImportState(models.TextChoices):
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"


class Verdict(models.TextChoices):
    """What the judges of an item came to, in stored order."""

    FIRST = "first", "First is better"
    SECOND = "second", "Second is better"
    TIE = "tie", "Equal"
    NEITHER = "neither", "Neither is acceptable"
    UNDECIDED = "undecided", "Undecided"
