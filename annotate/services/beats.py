from __future__ import annotations

from django.db.models.functions import Now

from annotate.models import WorkerBeat


def beat(*, name: str, queues: str, worked: bool = False) -> None:
    """Say that this worker is alive, and whether it just did something."""
    seen = {"queues": queues, "seen_at": Now()} | ({"worked_at": Now()} if worked else {})
    if not WorkerBeat.objects.filter(name=name).update(**seen):
        WorkerBeat.objects.update_or_create(name=name, defaults=seen)


def leave(*, name: str) -> None:
    """Sign off, so that a page need not wait to know that nobody works."""
    WorkerBeat.objects.filter(name=name).delete()
