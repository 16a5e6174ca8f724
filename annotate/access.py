"""The only doors for views: objects are reached through the project, and strangers get 404."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import BigAutoField, QuerySet, SlugField
from django.http import Http404
from django.shortcuts import get_object_or_404

from annotate.enums import ROLES_AT_LEAST, Role
from annotate.models import Assignment, Item, Job, Judge, Membership, Project
from annotate.prepared import Prepared

# Asked for by every request of everybody.
_MEMBERSHIP = Prepared(
    lambda slug, user: Membership.objects.filter(project__slug=slug, user=user).select_related("project"),
    slug=SlugField(),
    user=BigAutoField(),
)
_OWN_ASSIGNMENT = Prepared(
    lambda pk, project, user: Assignment.objects.filter(
        pk=pk, item__project=project, judge__user=user
    ).select_related("item", "judge", "draft"),
    pk=BigAutoField(),
    project=BigAutoField(),
    user=BigAutoField(),
)


def projects_of(user: User | AnonymousUser) -> QuerySet[Project]:
    """The projects a person may know of; a site admin knows of all."""
    if user.is_superuser:
        return Project.objects.order_by("name", "pk")
    return Project.objects.filter(memberships__user_id=user.pk or 0).order_by("name", "pk")


def role_in(*, user: User | AnonymousUser, project: Project) -> Role | None:
    """The person's role; a site admin acts as a lead everywhere."""
    if user.is_superuser:
        return Role.LEAD
    membership = project.memberships.filter(user_id=user.pk or 0).first()
    return Role(membership.role) if membership else None


def access_project(*, user: User | AnonymousUser, slug: str, role: Role = Role.ANNOTATOR) -> Project:
    """Return the project; for strangers it does not exist, for members of a lesser role it is forbidden."""
    if user.is_superuser:
        return get_object_or_404(Project, slug=slug)
    held = _MEMBERSHIP.first(slug=slug, user=user.pk or 0)
    if held is None:
        raise Http404("No Project matches the given query.")
    if held.role not in ROLES_AT_LEAST[role]:
        raise PermissionDenied
    return held.project


def access_item(*, project: Project, pk: int) -> Item:
    return get_object_or_404(project.items, pk=pk)


def access_job(*, project: Project, pk: int) -> Job:
    return get_object_or_404(project.jobs, pk=pk)


def access_judge(*, project: Project, pk: int) -> Judge:
    return get_object_or_404(project.judges.select_related("project", "user"), pk=pk)


def access_assignment(*, user: User | AnonymousUser, project: Project, pk: int) -> Assignment:
    """Return the person's own assignment, done or not; anyone else's does not exist."""
    assignment = _OWN_ASSIGNMENT.first(pk=pk, project=project.pk, user=user.pk or 0)
    if assignment is None:
        raise Http404("No Assignment matches the given query.")
    # One project in the hand: what is read of it once need not be asked for again.
    assignment.item.project = assignment.judge.project = project
    return assignment
