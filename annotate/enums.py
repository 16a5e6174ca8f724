"""Words for states and kinds, and the tables of legal moves between states."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do in one project; each role includes those after it."""

    LEAD = "lead", _("Lead")
    REVIEWER = "reviewer", _("Reviewer")
    ANNOTATOR = "annotator", _("Annotator")


# A lead may do what a reviewer may, a reviewer what an annotator may.
ROLES_AT_LEAST = {
    Role.LEAD: frozenset({Role.LEAD}),
    Role.REVIEWER: frozenset({Role.LEAD, Role.REVIEWER}),
    Role.ANNOTATOR: frozenset({Role.LEAD, Role.REVIEWER, Role.ANNOTATOR}),
}


class QuestionKind(models.TextChoices):
    PREFERENCE = "preference", _("Preference")
    RANKING = "ranking", _("Ranking")
    RATING = "rating", _("Rating")
    CHOICE = "choice", _("Choice")
    TEXT = "text", _("Text")
    SPANS = "spans", _("Highlights")


class JudgeKind(models.TextChoices):
    PERSON = "person", _("Person")
    MODEL = "model", _("Model")


class Origin(models.TextChoices):
    IMPORTED = "imported", _("Imported")
    GENERATED = "generated", _("Generated")
    PERSON = "person", _("Written by a person")


class AssignmentState(models.TextChoices):
    """LEASED is the only open state.

    leased: someone is reading it; leaves by a judgment (done), a skip, a lapse (expired) or a lead (revoked).
    done: answered; an undo leads back to leased.
    skipped: the judge passed; an undo leads back to leased.
    flagged: the judge passed and told the lead why; an undo leads back to leased.
    expired: the lease lapsed and the seat was given back; the same judge may take it again.
    revoked: a lead took it away; final.
    """

    LEASED = "leased", _("Leased")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")
    FLAGGED = "flagged", _("Flagged")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")


ASSIGNMENT_MOVES: dict[AssignmentState, frozenset[AssignmentState]] = {
    AssignmentState.LEASED: frozenset(
        {
            AssignmentState.DONE,
            AssignmentState.SKIPPED,
            AssignmentState.FLAGGED,
            AssignmentState.EXPIRED,
            AssignmentState.REVOKED,
        }
    ),
    AssignmentState.DONE: frozenset({AssignmentState.LEASED}),
    AssignmentState.SKIPPED: frozenset({AssignmentState.LEASED}),
    AssignmentState.FLAGGED: frozenset({AssignmentState.LEASED}),
    AssignmentState.EXPIRED: frozenset({AssignmentState.LEASED}),
    AssignmentState.REVOKED: frozenset(),
}

# States in which the assignment occupies one of its item's seats.
SEATED_STATES = (AssignmentState.LEASED, AssignmentState.DONE)


# States that the judge's own undo opens again, the latest first.
UNDOABLE_STATES = (AssignmentState.DONE, AssignmentState.SKIPPED, AssignmentState.FLAGGED)


class SkipReason(models.TextChoices):
    """What a judge may say when passing; the words of their own come after it."""

    UNSURE = "unsure", _("I cannot decide")
    EXPERTISE = "expertise", _("I know too little about this")
    LANGUAGE = "language", _("I do not read this language")
    LENGTH = "length", _("It is too long")
    OTHER = "other", _("Something else")


class FlagReason(models.TextChoices):
    BROKEN = "broken", _("The item is broken")
    HARMFUL = "harmful", _("It is harmful or upsetting")
    PRIVATE = "private", _("It shows private data")
    UNCLEAR = "unclear", _("The guidelines do not cover it")
    OTHER = "other", _("Something else")


class FlagState(models.TextChoices):
    """open: waits for the lead. kept, set_aside: what the lead made of the item. withdrawn: undone by its
    author."""

    OPEN = "open", _("Open")
    KEPT = "kept", _("Kept in the work")
    SET_ASIDE = "set_aside", _("Set aside")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ItemPurpose(models.TextChoices):
    """Only ``work`` is routed, settled and released; the others are for knowing the judges, or for nobody."""

    WORK = "work", _("Work")
    GOLD = "gold", _("Gold")
    QUALIFICATION = "qualification", _("Qualification")
    TRAP = "trap", _("Trap")
    SET_ASIDE = "set_aside", _("Set aside")


class JudgeStanding(models.TextChoices):
    """active: takes items. failed: below the pass mark, waits for the lead. paused: stopped by the lead."""

    ACTIVE = "active", _("Active")
    FAILED = "failed", _("Below the pass mark")
    PAUSED = "paused", _("Paused")


class JudgmentState(models.TextChoices):
    """current counts; replaced and withdrawn are history; unparseable never was a verdict."""

    CURRENT = "current", _("Current")
    REPLACED = "replaced", _("Replaced")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    UNPARSEABLE = "unparseable", _("Unparseable")


class CallState(models.TextChoices):
    """asked: sent, or about to be. answered: the reply is kept. lost: no reply came; may be asked again."""

    ASKED = "asked", _("Asked")
    ANSWERED = "answered", _("Answered")
    LOST = "lost", _("Lost")


class JobKind(models.TextChoices):
    GENERATE = "generate", _("Generate candidates")
    SCORE = "score", _("Score pairs")
    JUDGE = "judge", _("Ask a model judge")
    TRIAL = "trial", _("Try injections on a model judge")
    SETTLE = "settle", _("Settle")
    IMPORT = "import", _("Import a file")
    ROUTE = "route", _("Learn and route")
    REPLAY = "replay", _("Replay policies")
    MIXTURES = "mixtures", _("Write mixtures of labels")
    RECHECK = "recheck", _("Look for labels to check again")
    CURATE = "curate", _("Prepare a recipe's preview")
    RELEASE = "release", _("Freeze a release")


class JobQueue(models.TextChoices):
    CPU = "cpu", "CPU"
    GPU = "gpu", "GPU"
    JUDGE = "judge", "Judge"


class JobState(models.TextChoices):
    """waiting: may be claimed once due. running: claimed, or lapsed and claimable again. split: waits for its
    chunks. done, failed, cancelled: at rest; failed and cancelled can be sent back to waiting by a person."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    SPLIT = "split", _("Running in chunks")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class ImportMode(models.TextChoices):
    STRICT = "strict", _("Strict: all or nothing")
    LENIENT = "lenient", _("Lenient: set bad rows aside")


class ImportState(models.TextChoices):
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


class Verdict(models.TextChoices):
    """What the judges of an item came to, in stored order."""

    FIRST = "first", _("First is better")
    SECOND = "second", _("Second is better")
    TIE = "tie", _("Equal")
    NEITHER = "neither", _("Neither is acceptable")
    UNDECIDED = "undecided", _("Undecided")
