"""What comes in is validated here and what goes out is shown here; nothing here saves."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotate.enums import ImportMode
from annotate.models import Assignment, Item, Job, Project
from annotate.selectors.judgments import judgments_on


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses keys it does not know: a misspelt field is an error, not a default."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = (
            sorted(set(data) - set(self.fields) - {"csrfmiddlewaretoken"}) if hasattr(data, "keys") else []
        )
        if unknown:
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


class ProjectIn(StrictSerializer):
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, default="")
    overlap = serializers.IntegerField(min_value=1, max_value=100, default=1)
    seed = serializers.IntegerField(default=0)
    guidelines = serializers.CharField(required=False, allow_blank=True, default="")


class ImportIn(StrictSerializer):
    file = serializers.FileField()
    mode = serializers.ChoiceField(choices=ImportMode.choices, default=ImportMode.STRICT.value)


class JudgmentIn(StrictSerializer):
    """``answers`` are about the sides as shown: a negative preference favours the first one shown."""

    lease_token = serializers.UUIDField()
    key = serializers.UUIDField()
    answers = serializers.DictField()
    seconds = serializers.FloatField(min_value=0, required=False, allow_null=True, default=None)


class LeaseIn(StrictSerializer):
    lease_token = serializers.UUIDField()
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class ProjectOut(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["slug", "name", "description", "overlap", "lease_minutes", "created_at"]


class ItemOut(serializers.ModelSerializer[Item]):
    class Meta:
        model = Item
        fields = ["id", "external_id", "prompt", "meta", "seats_wanted", "seats_taken", "created_at"]


class ItemDetailOut(ItemOut):
    candidates = serializers.SerializerMethodField()
    judgments = serializers.SerializerMethodField()

    class Meta(ItemOut.Meta):
        fields = [*ItemOut.Meta.fields, "candidates", "judgments"]

    def get_candidates(self, item: Item) -> list[dict[str, Any]]:
        shown = (
            "position",
            "text",
            "prompt",
            "origin",
            "model",
            "revision",
            "parameters",
            "seed",
            "tokens",
            "seconds",
        )
        return list(item.candidates.order_by("position").values(*shown, "flags"))

    def get_judgments(self, item: Item) -> list[dict[str, Any]]:

        return [
            {
                "judge": judgment.assignment.judge.name,
                "kind": judgment.assignment.judge.kind,
                "state": judgment.state,
                "revision": judgment.revision,
                "answers": judgment.answers,
                "shown_order": judgment.shown_order,
                "seconds": judgment.seconds,
                "made_at": judgment.made_at,
            }
            for judgment in judgments_on(item)
        ]


class JobOut(serializers.ModelSerializer[Job]):
    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "done",
            "total",
            "attempts",
            "error",
            "result",
            "created_at",
            "finished_at",
        ]


def shown_assignment(assignment: Assignment) -> dict[str, Any]:
    """An assignment as its judge may see it: texts in the order shown, and nothing of where they come
    from."""
    texts = dict(assignment.item.candidates.values_list("position", "text"))
    prompts = dict(assignment.item.candidates.values_list("position", "prompt"))
    return {
        "id": assignment.pk,
        "lease_token": str(assignment.lease_token),
        "leased_until": assignment.leased_until,
        "state": assignment.state,
        "prompt": assignment.item.prompt,
        "candidates": [{"text": texts[place], "prompt": prompts[place]} for place in assignment.order],
    }
