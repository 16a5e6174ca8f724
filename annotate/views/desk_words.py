"""What the desk's scripts say, in the reader's language: they hold no words of their own."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from annotate.templatetags.words import question_words


def page_words() -> dict[str, Any]:
    """For the page as a whole; names in braces are filled in by the script."""
    return {"words": {**flow_words(), **view_words(), **question_words()}}


def flow_words() -> dict[str, str]:
    return {
        "sending": _("Sending what you answered before …"),
        "offline": _(
            "No connection to the server. {n} of your answers wait in this browser and go out by themselves"
            " when it is back. Keep this page open; you may go on with what is shown."
        ),
        "busy": _(
            "The server cannot take answers just now. {n} of yours wait in this browser and go out by"
            " themselves. Keep this page open."
        ),
        "signed-out": _(
            "You are signed out, so this has not been sent. It is kept in this window: sign in again here,"
            " and it goes out."
        ),
        "sign-in": _("Sign in again"),
        "somebody-else": _(
            "Somebody else is signed in in this browser now. Your answer was not sent in their name; it goes"
            " out when you sign in again."
        ),
        "gone": _("This item is no longer there, and so its answer was not stored."),
        "reload": _("Load the page again"),
        "refused": _("This answer was not stored. Look at it once more."),
        "taken-back": _("Taken back before it was sent: change it or submit it as it was."),
        "lease-lost": _("This item was given to somebody else meanwhile. What you wrote is kept here."),
        "lease-left": _("yours for {n} min"),
        "lease-over": _("being renewed"),
        "sign-out-unsent": _(
            "{n} of your answers have not reached the server yet. Wait for them, or sign out again to drop"
            " them."
        ),
        "unanswered": _("Still open: {question}"),
        "put-behind": _("Put behind the others; it comes back, with what you wrote."),
        "no-other": _("There is no other item just now: answer this one, or skip it."),
    }


def view_words() -> dict[str, str]:
    return {
        "view-raw": _("Raw text"),
        "view-prose": _("Formatted text"),
        "view-diff": _("Marked: words of {left} that {right} does not have, and the other way round"),
        "too-different": _("These two are too long or too different to compare word by word."),
        "length": _("{n} words"),
        "maths-failed": _("This formula could not be drawn; this is its source."),
    }
