"""What comes in is validated here and what goes out is shown here; nothing here saves."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from annotate.enums import FlagReason, ImportMode
from annotate.models import Assignment, Image, Item, Job, Project
from annotate.questions.presets import PRESETS, STRENGTH
from annotate.readers.foreign import SOURCES
from annotate.selectors.desk import desk_item
from annotate.selectors.images import ShownImage
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
    preset = serializers.ChoiceField(choices=list(PRESETS), default=STRENGTH.name)
    overlap = serializers.IntegerField(
        min_value=1,
        max_value=100,
        default=None,
        allow_null=True,
        help_text="Null: as many as the preset wants.",
    )
    seed = serializers.IntegerField(default=0)
    guidelines = serializers.CharField(required=False, allow_blank=True, default="")


class ImportIn(StrictSerializer):
    file = serializers.FileField()
    mode = serializers.ChoiceField(choices=ImportMode.choices, default=ImportMode.STRICT.value)
    source = serializers.ChoiceField(choices=["", *SOURCES], default="")  # type: ignore[assignment]  # a name that the base class has as well
    mapping = serializers.DictField(child=serializers.CharField(), default=dict)


class JudgmentIn(StrictSerializer):
    """``answers`` are about the sides as shown, by their place from 0: a negative preference favours the
    side that stands first. ``confirmed`` keeps answers that break a rule which only warns."""

    lease_token = serializers.UUIDField()
    key = serializers.UUIDField()
    answers = serializers.DictField()
    seconds = serializers.FloatField(min_value=0, required=False, allow_null=True, default=None)
    confirmed = serializers.BooleanField(default=False)


class LeaseIn(StrictSerializer):
    lease_token = serializers.UUIDField()
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class FlagIn(StrictSerializer):
    lease_token = serializers.UUIDField()
    reason = serializers.ChoiceField(choices=FlagReason.choices)
    text = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class RevisionIn(StrictSerializer):
    """``answers`` are about the sides as they were shown; ``revision`` is the one that they replace."""

    revision = serializers.IntegerField(min_value=1)
    answers = serializers.DictField()
    seconds = serializers.FloatField(min_value=0, required=False, allow_null=True, default=None)
    confirmed = serializers.BooleanField(default=False)


class ProjectOut(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["slug", "name", "description", "overlap", "lease_minutes", "created_at"]


class ItemOut(serializers.ModelSerializer[Item]):
    class Meta:
        model = Item
        fields = [
            "id",
            "external_id",
            "prompt",
            "images",
            "meta",
            "seats_wanted",
            "seats_taken",
            "created_at",
        ]


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
            "images",
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


class ImageIn(StrictSerializer):
    """``name`` is what import rows call it; left out, the file's own."""

    file = serializers.FileField()
    name = serializers.CharField(required=False, allow_blank=True, default="", max_length=200)


class ImageOut(serializers.ModelSerializer[Image]):
    class Meta:
        model = Image
        fields = ["name", "digest", "content_type", "width", "height", "size", "created_at"]


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


def shown_image(image: ShownImage, *, slug: str) -> dict[str, Any]:
    """Where the picture is had, on this server or at its own host, and what it shows."""
    ours = reverse("show_image", args=[slug, image.digest]) if image.digest else image.url
    return {"src": ours, "alt": image.alt, "width": image.width, "height": image.height}


def shown_assignment(assignment: Assignment) -> dict[str, Any]:
    """An assignment as its judge may see it at the desk: texts in the order shown, without the names that
    models give themselves, nothing of where they come from, and what is asked of them."""
    shown = desk_item(assignment=assignment, fields={})
    slug = assignment.item.project.slug
    return {
        "id": assignment.pk,
        "lease_token": str(assignment.lease_token),
        "leased_until": assignment.leased_until,
        "state": assignment.state,
        "prompt": shown.turns,
        "images": [shown_image(one, slug=slug) for one in shown.images],
        "candidates": [
            {
                "text": side.text,
                "prompt": side.turns or None,
                "images": [shown_image(one, slug=slug) for one in side.images],
            }
            for side in shown.sides
        ],
        "questions": [
            {
                "key": spec.key,
                "kind": spec.kind,
                "text": spec.text,
                "required": spec.required,
                "options": spec.options_as_dict(),
            }
            for spec in shown.questionnaire.specs
        ],
    }
