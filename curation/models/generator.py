from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from annotate.models import Project


class Generator(models.Model):
    """A model with its settings that writes candidates for a project, under a name of the project's own.

    Without ``url`` it is a local one: ``model`` is a folder's name, ``owner/name@commit``, or empty for the
    packaged model. With ``url`` it is what an OpenAI-compatible endpoint calls it, and ``key_name`` the
    name under which the workers know the key; the key itself is never here. ``per_prompt``: its share of each
    prompt's candidates. ``on_policy``: it is the model that will be trained.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="generators")
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=300, blank=True)
    key_name = models.CharField(max_length=80, blank=True)
    per_prompt = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(9)]
    )
    temperature = models.FloatField(default=0.8)
    top_p = models.FloatField(default=0.95)
    max_new_tokens = models.PositiveIntegerField(default=160)
    seed = models.BigIntegerField(default=0)
    system = models.TextField(blank=True)
    stop = models.JSONField(default=list, blank=True)
    on_policy = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="one_generator_per_project_and_name"),
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(on_policy=True), name="one_on_policy_generator"
            ),
        ]

    def __str__(self) -> str:
        return self.name
