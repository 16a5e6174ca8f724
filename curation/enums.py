from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyKind(models.TextChoices):
    """How the items for people are chosen.

    everyone, random: no look at the items. uncertainty: where model judges doubt or disagree. rules: where a
    tag says so. learned: where the model's label is most likely wrong, by a router trained on this project's
    people. mixture: the set of items whose labels by people are predicted to make the best reward model.
    """

    EVERYONE = "everyone", _("Everything to people")
    RANDOM = "random", _("Random share to people")
    UNCERTAINTY = "uncertainty", _("Where model judges are unsure")
    RULES = "rules", _("By rules")
    LEARNED = "learned", _("Where the model is likely wrong (learned)")
    MIXTURE = "mixture", _("The best predicted mixture (learned)")


class Target(models.TextChoices):
    """Who is asked about an item."""

    PERSON = "person", _("People")
    MODEL = "model", _("Models")
    BOTH = "both", _("People and models")


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
    CHES = "ches", _("LN-CHES")
    LOGPROB = "logprob", _("Reference log-probability")
    REWARD = "reward", _("Reward model")
    UPLOADED = "uploaded", _("Uploaded scores")
    LENGTH = "length", _("Length gap")
    EDIT = "edit", _("Edit similarity")
    EMBEDDING = "embedding", _("Embedding similarity")
    STRENGTH = "strength", _("Preference strength")
    RELEVANCE = "relevance", _("Relevance to the prompt")
    ROUGE_1 = "rouge_1", _("ROUGE-1")
    ROUGE_L = "rouge_l", _("ROUGE-L")
    DISTINCT = "distinct_3", _("Distinct trigrams")
    MARKUP = "markup", _("Lists, code and Markdown")
    REFUSAL = "refusal", _("Refusals")
    LANGUAGE = "language", _("Languages")
    ENTITIES = "entities", _("Shared names")
    NUMBERS = "numbers", _("Shared numbers")


class ReleaseState(models.TextChoices):
    """making: its rows are being written; nobody may download it. frozen: it does not change any more."""

    MAKING = "making", _("Being made")
    FROZEN = "frozen", _("Frozen")
