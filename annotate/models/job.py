from __future__ import annotations

from django.db import models
from django.utils import timezone

from annotate.enums import JobKind, JobQueue, JobState
from annotate.models.project import Project


class Job(models.Model):
    """One piece of background work: the row is the truth, a broker message only a hint.

    A job that was split has chunks (``parent`` set); each is a minute of work or less and is claimed on
    its own. ``due_at`` is a column because a broker's countdown can be lost or delivered twice.
    """

    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="jobs")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="chunks")
    kind = models.CharField(max_length=24, choices=JobKind)
    queue = models.CharField(max_length=8, choices=JobQueue, default=JobQueue.CPU)
    key = models.CharField(max_length=64, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    holder = models.CharField(max_length=200, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=JobKind.values), name="job_kind_known"),
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(condition=models.Q(queue__in=JobQueue.values), name="job_queue_known"),
        ]
        indexes = [
            models.Index(
                fields=["queue", "due_at", "id"],
                condition=models.Q(state=JobState.WAITING),
                name="job_waiting_by_due",
            ),
            models.Index(
                fields=["leased_until"], condition=models.Q(state=JobState.RUNNING), name="job_by_lease_end"
            ),
            models.Index(fields=["project", "id"], name="job_by_project"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class WorkerBeat(models.Model):
    """When a worker was last heard of, so that a page can say that nobody works."""

    name = models.CharField(max_length=200, unique=True)
    queues = models.CharField(max_length=60)
    seen_at = models.DateTimeField()
    worked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
