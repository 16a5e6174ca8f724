from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from annotate.enums import JobState
from annotate.language import said
from annotate.models import Job
from annotate.selectors.pace import pace_of

register = template.Library()


class Going(TypedDict):
    done: int
    words: str


@register.simple_tag
def pace(job: Job) -> Going:
    """How much of a job is done, and in words how fast it goes and how long it has left."""
    found = pace_of(job, at=timezone.now())
    if found.per_minute is None or found.left is None:
        return {"done": found.done, "words": ""}
    places = 0 if found.per_minute >= 10 else 1
    rate = number_format(round(found.per_minute, places), places)
    return {
        "done": found.done,
        "words": _("%(rate)s a minute, %(left)s left") % {"rate": rate, "left": in_words(found.left)},
    }


@register.filter
def state_tone(job: Job) -> str:
    """The colour of a job's state."""
    return {JobState.DONE: "good", JobState.FAILED: "bad", JobState.WAITING: "warn"}.get(
        JobState(job.state), ""
    )


@register.filter
def about(job: Job) -> str:
    """What a job is about, where others of its kind may stand beside it: a scorer, a generator, a file."""
    told = job.payload
    generator = told.get("generator")
    named = [
        said(str(told.get("scorer", "")).replace("_", " ")),
        str(generator.get("name") or generator.get("model") or "") if isinstance(generator, dict) else "",
        str(told.get("parameters", {}).get("model") or "")
        if isinstance(told.get("parameters"), dict)
        else "",
        _("from score lists") if (told.get("parameters") or {}).get("lists") else "",
        str(told.get("name", "")),
    ]
    if len(told.get("also", ())) > 2:
        named[0] = _("features")
    return " ".join(part for part in named if part)


def in_words(left: timedelta) -> str:
    """To the precision a guess deserves."""
    seconds = left.total_seconds()
    if seconds < 60:
        return _("less than a minute")
    minutes = round(seconds / 60)
    if minutes < 120:
        return _("about %(n)s min") % {"n": minutes}
    return _("about %(n)s h") % {"n": round(seconds / 3600)}
