"""Words that scripts say on every page, in the reader's language."""

from __future__ import annotations

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotate.language import said

register = template.Library()


@register.simple_tag
def chrome_words() -> SafeString:
    """What app.js says when a request fails."""
    return json_script(
        {
            "signed-out": _(
                "You are signed out, so this was not sent. What you wrote is kept in this browser."
            ),
            "sign-in": _("Sign in again"),
            "stale": _(
                "This page was open for too long. What you wrote is kept: load the page again and send it"
                " once more."
            ),
            "reload": _("Load the page again"),
            "gone": _("This is no longer there. Load the page again."),
            "too-many": _("Too many requests at once. Wait a few seconds and try again."),
            "busy": _("The database is busy. Nothing you wrote is lost; wait a few seconds and try again."),
            "failed": _("The server could not do this. Nothing you wrote is lost; try again in a moment."),
            "offline": _(
                "The server cannot be reached. Nothing you wrote is lost; try again when you are back online."
            ),
        },
        "chrome-words",
    )


@register.simple_tag
def answering_words() -> SafeString:
    """For pages beside the desk on which questions are answered."""
    return json_script(question_words(), "words")


def question_words() -> dict[str, str]:
    """What is said while questions are answered; names in braces are filled in by the script."""
    return {
        "rank": _("rank {n}"),
        "rank-tied": _("rank {n}, tied"),
        "moved": _("{side} has rank {n} now"),
        "select-first": _("Select the words in a response first."),
        "highlighted": _("Highlighted: {label}"),
        "remove": _("Remove"),
        "removed": _("Highlight removed"),
    }


register.filter("said", said)


@register.filter
def spaced(name: object) -> str:
    """A name from code as words: ``found_ties`` is "found ties"."""
    return str(name).replace("_", " ")
