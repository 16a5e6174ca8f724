from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.text import slugify

from annotate.enums import Role
from annotate.errors import InvalidSetting, StaleEdit
from annotate.models import Membership, Project
from annotate.questions.presets import PRESETS, STRENGTH
from annotate.services.guidelines import publish_guideline
from annotate.services.questions import ask_preset


@transaction.atomic
def create_project(
    *,
    name: str,
    slug: str = "",
    description: str = "",
    lead: User | None = None,
    overlap: int | None = None,
    seed: int = 0,
    guidelines: str = "",
    preset: str = STRENGTH.name,
) -> Project:
    """Make a project that asks what a preset asks, with its first guidelines and its lead.

    Without ``overlap`` as many people are asked as the preset wants.
    """
    if preset not in PRESETS:
        raise InvalidSetting(
            "There is no such preset.", field="preset", cure=f"Choose one of {', '.join(PRESETS)}."
        )
    chosen = PRESETS[preset]
    least = chosen.overlap if overlap is None else overlap
    project = Project(
        name=name,
        slug=slug or free_slug(name=name),
        description=description,
        overlap=least,
        overlap_max=chosen.overlap_max if (chosen.overlap_max or 0) >= least else None,
        flow=dict(chosen.flow),
        seed=seed,
    )
    project.full_clean()
    project.save(force_insert=True)
    ask_preset(project=project, preset=chosen)
    if guidelines:
        publish_guideline(project=project, text=guidelines)
    if lead is not None:
        add_member(project=project, user=lead, role=Role.LEAD)
    return project


def free_slug(*, name: str) -> str:
    """A slug from the name that no project has yet."""
    stem = slugify(name)[:60] or "project"
    taken = set(Project.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    if stem not in taken:
        return stem
    return next(slug for number in range(2, len(taken) + 3) if (slug := f"{stem}-{number}") not in taken)


@transaction.atomic
def change_settings(
    *,
    project: Project,
    expected_version: int,
    name: str,
    description: str,
    lease_minutes: int,
    show_lengths: bool = False,
    max_flip_rate: float | None = None,
    max_steering: float | None = None,
) -> Project:
    """Change a project's settings unless someone else changed them since ``expected_version`` was read."""
    project.name, project.description = name, description
    project.lease_minutes = lease_minutes
    flips = project.max_flip_rate if max_flip_rate is None else max_flip_rate
    steering = project.max_steering if max_steering is None else max_steering
    for field, share in (("max_flip_rate", flips), ("max_steering", steering)):
        if not 0 <= share <= 1:
            raise InvalidSetting("This is no share.", field=field, cure="Give a number from 0 to 1.")
    project.full_clean()
    won = Project.objects.filter(pk=project.pk, settings_version=expected_version).update(
        name=name,
        description=description,
        lease_minutes=lease_minutes,
        show_lengths=show_lengths,
        max_flip_rate=flips,
        max_steering=steering,
        settings_version=F("settings_version") + 1,
    )
    if not won:
        raise StaleEdit("Someone else changed these settings meanwhile.")
    project.refresh_from_db()
    return project


@transaction.atomic
def add_member(*, project: Project, user: User, role: Role) -> Membership:
    """Let a person in, or change what they may do; a project keeps at least one lead."""
    current = Membership.objects.filter(project=project, user=user).first()
    if current is not None and current.role == Role.LEAD and role != Role.LEAD:
        refuse_last_lead(project=project, user=user)
    membership, _created = Membership.objects.update_or_create(
        project=project, user=user, defaults={"role": role}
    )
    return membership


@transaction.atomic
def remove_member(*, project: Project, user: User) -> bool:
    """Take a person out; their judgments stay."""
    current = Membership.objects.filter(project=project, user=user).first()
    if current is not None and current.role == Role.LEAD:
        refuse_last_lead(project=project, user=user)
    return bool(Membership.objects.filter(project=project, user=user).delete()[0])


def refuse_last_lead(*, project: Project, user: User) -> None:
    others = Membership.objects.filter(project=project, role=Role.LEAD).exclude(user=user)
    if not others.exists():
        raise InvalidSetting("A project needs a lead.", field="role", cure="Make someone else a lead first.")
