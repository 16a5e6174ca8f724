from __future__ import annotations

from django.db import models


class PolicyKind(models.TextChoices):
    RANDOM = "random", "Random share to people"
    EVERYONE = "everyone", "Everything to people"


class Target(models.TextChoices):
    """Who is asked about an item."""

    PERSON = "person", "People"
    MODEL = "model", "Models"
    BOTH = "both", "People and models"


class Pool(models.TextChoices):
    """Whose judgments an estimate is made from.

    people_first is what a campaign with a human budget wants: where a person judged, only people count;
    elsewhere the models do.
    """

    PEOPLE = "people", "People"
    MODELS = "models", "Models"
    TOGETHER = "together", "People and models together"
    PEOPLE_FIRST = "people_first", "People where they judged, models elsewhere"


class Scorer(models.TextChoices):
    CHES = "ches", "CHES"
    LENGTH = "length", "Length gap"
    EDIT = "edit", "Edit similarity"
    EMBEDDING = "embedding", "Embedding similarity"
