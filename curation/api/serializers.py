from __future__ import annotations

from rest_framework import serializers

from annotate.api.serializers import StrictSerializer
from curation.enums import PolicyKind, Pool
from curation.models import Estimate, Release
from curation.selectors.policies import AUDIT
from curation.services.steering import SIZES


class GenerateIn(StrictSerializer):
    k = serializers.IntegerField(default=2)
    temperature = serializers.FloatField(default=0.8)
    top_p = serializers.FloatField(default=0.95)
    seed = serializers.IntegerField(default=0)
    max_new_tokens = serializers.IntegerField(default=160)
    url = serializers.CharField(required=False, allow_blank=True, default="")
    model = serializers.CharField(required=False, allow_blank=True, default="")


class ScoreIn(StrictSerializer):
    """``form``: of a reward model, "pair" for one that reads both responses at once. ``from_lists``: strength
    of the project's score lists instead of embeddings, ``one_scale`` with each list over its own spread."""

    scorer = serializers.CharField(max_length=24)
    model = serializers.CharField(required=False, allow_blank=True, default="", max_length=300)
    form = serializers.ChoiceField(choices=["single", "pair"], default="single")
    from_lists = serializers.BooleanField(default=False)
    one_scale = serializers.BooleanField(default=False)


class ScoreTableIn(StrictSerializer):
    file = serializers.FileField()


class PolicyIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=PolicyKind.choices)
    human_budget = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)
    seed = serializers.IntegerField(default=0)
    ask_models = serializers.BooleanField(default=True)
    audit = serializers.FloatField(min_value=0, max_value=1, default=AUDIT)
    must_go_to_people = serializers.ListField(child=serializers.CharField(max_length=200), default=list)
    judge = serializers.CharField(max_length=320, allow_blank=True, default="")
    retrain_every = serializers.IntegerField(min_value=0, default=0)


class ReplayIn(StrictSerializer):
    judge = serializers.CharField(max_length=320, allow_blank=True, default="")
    seeds = serializers.IntegerField(min_value=1, max_value=200, default=20)


class JudgeIn(StrictSerializer):
    """``settings``: those of ``curation.prompts.spec.JudgeSpec``; what is left out has its default."""

    name = serializers.CharField(max_length=120)
    settings = serializers.DictField(default=dict)


class AskJudgeIn(StrictSerializer):
    limit = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)


class TryJudgeIn(StrictSerializer):
    pairs = serializers.IntegerField(min_value=1, max_value=SIZES[-1], default=SIZES[0])


class JudgeLimitsIn(StrictSerializer):
    """Money in millionths."""

    spend_cap = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)
    price_in = serializers.IntegerField(min_value=0, default=0)
    price_out = serializers.IntegerField(min_value=0, default=0)
    calls_per_minute = serializers.IntegerField(min_value=0, max_value=100_000, default=0)


class RecipeIn(StrictSerializer):
    name = serializers.CharField(max_length=120, default="Default")
    steps = serializers.ListField(child=serializers.DictField())
    pool = serializers.ChoiceField(choices=Pool.choices, default=Pool.PEOPLE_FIRST.value)
    question = serializers.CharField(max_length=60, default="", allow_blank=True)


class ReleaseIn(RecipeIn):
    format = serializers.CharField(max_length=40, default="preference")
    options = serializers.DictField(default=dict)
    acknowledge = serializers.CharField(max_length=2000, default="", allow_blank=True)


class EstimateOut(serializers.ModelSerializer[Estimate]):
    item = serializers.CharField(source="item.external_id")

    class Meta:
        model = Estimate
        fields = [
            "item", "pool", "method", "verdict", "preference", "strength", "confidence", "n_judges", "spread",
        ]  # fmt: skip


class ReleaseOut(serializers.ModelSerializer[Release]):
    class Meta:
        model = Release
        fields = [
            "version", "recipe", "format", "options", "rows", "dropped", "changes", "manifest_sha256",
            "frozen_at",
        ]  # fmt: skip
