from __future__ import annotations

from rest_framework import serializers

from annotate.api.serializers import StrictSerializer
from curation.enums import PolicyKind, Pool, Scorer
from curation.models import Estimate, Release


class GenerateIn(StrictSerializer):
    k = serializers.IntegerField(default=2)
    temperature = serializers.FloatField(default=0.8)
    top_p = serializers.FloatField(default=0.95)
    seed = serializers.IntegerField(default=0)
    max_new_tokens = serializers.IntegerField(default=160)
    url = serializers.CharField(required=False, allow_blank=True, default="")
    model = serializers.CharField(required=False, allow_blank=True, default="")


class ScoreIn(StrictSerializer):
    scorer = serializers.ChoiceField(choices=Scorer.choices)


class PolicyIn(StrictSerializer):
    kind = serializers.ChoiceField(choices=PolicyKind.choices)
    human_budget = serializers.IntegerField(min_value=0, required=False, allow_null=True, default=None)
    seed = serializers.IntegerField(default=0)
    ask_models = serializers.BooleanField(default=True)


class RecipeIn(StrictSerializer):
    name = serializers.CharField(max_length=120, default="Default")
    steps = serializers.ListField(child=serializers.DictField())
    pool = serializers.ChoiceField(choices=Pool.choices, default=Pool.PEOPLE_FIRST.value)


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
        fields = ["version", "recipe", "rows", "dropped", "manifest_sha256", "frozen_at"]
