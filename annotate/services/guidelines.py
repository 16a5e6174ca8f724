from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max

from annotate.errors import InvalidSetting, StaleEdit
from annotate.models import Guideline, GuidelineReading, Project

LONGEST = 200_000


@transaction.atomic
def publish_guideline(*, project: Project, text: str, expected_version: int | None = None) -> Guideline:
    """Add the next version; judgments keep the version they were made under.

    Raises StaleEdit when somebody published since ``expected_version`` was read (0: when there was none),
    and InvalidSetting for text that is empty or the same as now.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    last = project.guidelines.aggregate(last=Max("version"))["last"] or 0
    if expected_version is not None and expected_version != last:
        raise StaleEdit("Somebody else published guidelines meanwhile.")
    if not text.strip() or len(text) > LONGEST:
        raise InvalidSetting(
            "These guidelines are empty or too long.",
            field="text",
            cure=f"Write something, up to {LONGEST:,} characters.",
        )
    if project.guidelines.filter(version=last, text=text).exists():
        raise InvalidSetting(
            "These are the guidelines of today.", field="text", cure="Change something, or leave them."
        )
    return Guideline.objects.create(project=project, version=last + 1, text=text)


def note_reading(*, guideline: Guideline, user: User) -> GuidelineReading:
    """This person has read this version; saying so twice is saying so once."""
    reading, _created = GuidelineReading.objects.get_or_create(guideline=guideline, user=user)
    return reading
