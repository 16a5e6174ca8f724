from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyKind(models.TextChoices):
    """How the items for people are chosen.

    everyone, random: no look at the items. uncertainty: where model judges doubt or disagree. rules: where a
    tag says so. learned: where the model's label is most likely wrong, by a router trained on this project's
    people. mixture: the set of items whose labels by people are predicted to make the best reward model.
    """

    EVERYONE = "everyone", "Everything to people"
    RANDOM = "random", "Random share to people"
    UNCERTAINTY = "uncertainty", "Where model judges are unsure"
    RULES = "rules", "By rules"
    LEARNED = "learned", "Where the model is likely wrong (learned)"
    MIXTURE = "mixture", "The best predicted mixture (learned)"


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

    PEOPLE = "people", _("People")
    MODELS = "models", _("Models")
    TOGETHER = "together", _("People and models together")
    PEOPLE_FIRST = "people_first", _("People where they judged, models elsewhere")


class Scorer(models.TextChoices):
    CHES = "ches", "LN-CHES"
    LOGPROB = "logprob", "Reference log-probability"
    REWARD = "reward", "Reward model"
    UPLOADED = "uploaded", "Uploaded scores"
    LENGTH = "length", "Length gap"
    EDIT = "edit", "Edit similarity"
    EMBEDDING = "embedding", "Embedding similarity"
    STRENGTH = "strength", "Preference strength"
    RELEVANCE = "relevance", "Relevance to the prompt"
    ROUGE_1 = "rouge_1", "ROUGE-1"
    ROUGE_L = "rouge_l", "ROUGE-L"
    DISTINCT = "distinct_3", "Distinct trigrams"
    MARKUP = "markup", "Lists, code and Markdown"
    REFUSAL = "refusal", "Refusals"
    LANGUAGE = "language", "Languages"
    ENTITIES = "entities", "Shared names"
    NUMBERS = "numbers", "Shared numbers"


class ReleaseState(models.TextChoices):
    """making: its rows are being written; nobody may download it. frozen: it does not change any more."""

    MAKING = "making", "Being made"
    FROZEN = "frozen", "Frozen"
