from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max
from django.utils.text import slugify

from annotate.enums import QuestionKind, Role
from annotate.errors import InvalidSetting, StaleEdit
from annotate.models import Guideline, Membership, Project, Question

DEFAULT_QUESTION = "Which response is better?"


@transaction.atomic
def create_project(
    *,
    name: str,
    slug: str = "",
    description: str = "",
    lead: User | None = None,
    overlap: int = 1,
    seed: int = 0,
    guidelines: str = "",
) -> Project:
    """Make a project that asks for a preference, with its first guidelines and its lead."""
    project = Project(
        name=name,
        slug=slug or free_slug(name=name),
        description=description,
        overlap=overlap,
        seed=seed,
    )
    project.full_clean()
    project.save(force_insert=True)
    Question.objects.create(
        project=project,
        position=0,
        key="preference",
        kind=QuestionKind.PREFERENCE,
        text=DEFAULT_QUESTION,
        options={"tie": True, "neither": True},
    )
    Question.objects.create(
        project=project,
        position=1,
        key="justification",
        kind=QuestionKind.TEXT,
        text="Why?",
        required=False,
        options={"max_length": 20_000},
    )
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
def publish_guideline(*, project: Project, text: str) -> Guideline:
    """Add the next version; judgments keep the version they were made under."""
    last = project.guidelines.aggregate(last=Max("version"))["last"] or 0
    return Guideline.objects.create(project=project, version=last + 1, text=text)


@transaction.atomic
def change_settings(
    *, project: Project, expected_version: int, name: str, description: str, overlap: int, lease_minutes: int
) -> Project:
    """Change a project's settings unless someone else changed them since ``expected_version`` was read."""
    project.name, project.description = name, description
    project.overlap, project.lease_minutes = overlap, lease_minutes
    project.full_clean()
    won = Project.objects.filter(pk=project.pk, settings_version=expected_version).update(
        name=name,
        description=description,
        overlap=overlap,
        lease_minutes=lease_minutes,
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
