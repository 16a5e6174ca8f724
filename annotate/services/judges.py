from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from annotate.enums import JudgeKind
from annotate.models import Judge, Project


def judge_of(*, project: Project, user: User) -> Judge:
    """The judge that this person is in this project; made at the first visit."""
    judge, _created = Judge.objects.get_or_create(
        project=project,
        user=user,
        defaults={"kind": JudgeKind.PERSON, "name": f"person-{user.pk}"},
    )
    return judge


def recorded_judge(*, project: Project, kind: str, name: str, version: str = "") -> Judge:
    """A judge known only from a file."""
    judge, _created = Judge.objects.get_or_create(
        project=project, kind=kind, name=name[:200], version=version[:120], recorded=True
    )
    return judge


def model_judge(*, project: Project, name: str, version: str, settings: dict[str, Any]) -> Judge:
    """A model at a revision with a prompt version: any of the three anew makes another judge."""
    judge, _created = Judge.objects.get_or_create(
        project=project,
        kind=JudgeKind.MODEL,
        name=name,
        version=version,
        recorded=False,
        defaults={"settings": settings},
    )
    return judge


def bind_revision(*, judge: Judge, revision: str) -> bool:
    """Note which weights a judge answers with, at its first answer; False where they are others now."""
    known = judge.settings.get("revision")
    if known is None:
        judge.settings = judge.settings | {"revision": revision}
        judge.save(update_fields=["settings"])
        return True
    return bool(known == revision)
