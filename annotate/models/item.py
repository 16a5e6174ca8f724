from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.enums import ItemPurpose, Origin
from annotate.models.project import Project


class Item(models.Model):
    """A prompt and its candidates, named by a content hash so that importing twice makes nothing twice.

    ``seats_wanted`` is how many people shall judge it and ``seats_taken`` how many have or hold it: kept
    counters, because the queue may not count. Only ``services.seats`` writes them, in one conditional UPDATE.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="items")
    key = models.CharField(max_length=64)
    external_id = models.CharField(max_length=512)
    group_key = models.CharField(max_length=64, help_text="Hash of the prompt.")
    prompt = models.JSONField()
    images = models.JSONField(
        default=list,
        blank=True,
        help_text="What is shown above the prompt, kept as a candidate's pictures are.",
    )
    meta = models.JSONField(default=dict, blank=True)
    line = models.PositiveIntegerField(null=True, blank=True)
    purpose = models.CharField(max_length=16, choices=ItemPurpose, default=ItemPurpose.WORK)
    expertise = models.CharField(
        max_length=60, blank=True, default="", help_text="What its judges must know; empty: nothing special."
    )
    source = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="traps",
        help_text="What a trap is made of.",
    )
    seats_wanted = models.PositiveSmallIntegerField(default=0)
    seats_taken = models.PositiveSmallIntegerField(default=0)
    is_open = models.GeneratedField(
        expression=models.Case(
            models.When(seats_taken__lt=models.F("seats_wanted"), then=models.Value(True)),
            default=models.Value(False),
        ),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    doubt = models.FloatField(
        default=0.0, help_text="How far its people differ, as the review queue has it; 0 where they do not."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="one_item_per_project_and_content"),
            models.UniqueConstraint(
                fields=["project", "external_id"], name="one_item_per_project_and_external_id"
            ),
            models.CheckConstraint(
                condition=models.Q(seats_taken__lte=models.F("seats_wanted")), name="item_never_overbooked"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=ItemPurpose.values), name="item_purpose_known"
            ),
        ]
        indexes = [
            # The queue walks this one upwards from a judge's cursor, once for each expertise of the judge.
            models.Index(
                fields=["project", "expertise", "key"],
                condition=models.Q(is_open=True),
                name="item_open_by_expertise_and_key",
            ),
            # The few that are no work: gold, qualification, traps.
            models.Index(
                fields=["project", "purpose", "key"],
                condition=~models.Q(purpose=ItemPurpose.WORK),
                name="item_by_purpose",
            ),
            models.Index(fields=["project", "group_key"], name="item_by_prompt"),
            models.Index(
                fields=["project", "-doubt", "id"],
                condition=models.Q(doubt__gt=0, purpose=ItemPurpose.WORK),
                name="item_by_doubt",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class Candidate(models.Model):
    """One response and where it came from. ``prompt`` is set where it answers a prompt of its own."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="candidates")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    prompt = models.JSONField(null=True, blank=True)
    origin = models.CharField(max_length=16, choices=Origin)
    origin_key = models.CharField(
        max_length=64, help_text="Hash of what made it; the same work twice is one row."
    )
    model = models.CharField(max_length=300, blank=True)
    revision = models.CharField(max_length=80, blank=True)
    parameters = models.JSONField(default=dict, blank=True)
    seed = models.BigIntegerField(null=True, blank=True)
    tokens = models.PositiveIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    flags = models.JSONField(default=list, blank=True)
    images = models.JSONField(
        default=list,
        blank=True,
        help_text="What is shown with the text: name and digest of an uploaded file with its size, or an"
        " address; and what it shows in words.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="one_candidate_per_item_and_position"),
            models.UniqueConstraint(fields=["item", "origin_key"], name="one_candidate_per_item_and_origin"),
            models.CheckConstraint(
                condition=models.Q(origin__in=Origin.values), name="candidate_origin_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}/{self.position}"
