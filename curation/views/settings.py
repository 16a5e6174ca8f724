from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotate.enums import Role
from annotate.errors import StaleEdit
from annotate.models import Project
from annotate.selectors.members import members_of
from annotate.services.members import admit, dismiss
from annotate.services.projects import change_settings
from curation.forms import MemberForm, SettingsForm
from curation.views.frame import attempt, attempt_plain, differences, door, page


@require_http_methods(["GET", "POST"])
def show_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Name and leases; a change made on a stale page is refused, and shown beside what was saved."""
    project = door(request, slug, read=Role.LEAD)
    form = SettingsForm(request.POST or None, initial=now(project))
    status, differs = 422 if request.method == "POST" else 200, []
    if request.method == "POST" and form.is_valid():
        try:
            if save(request, project, form):
                messages.success(request, _("The settings are changed."), extra_tags="good")
                return redirect("show_settings", project.slug)
        except StaleEdit:
            project.refresh_from_db()
            status, differs = 412, differences(form, now(project))
            form = SettingsForm(initial=form.cleaned_data | {"expected_version": project.settings_version})
    return page(
        request,
        "curation/settings.html",
        project,
        tab="show_settings",
        status=status,
        form=form,
        differs=differs,
    )


def now(project: Project) -> dict[str, Any]:
    return {
        "name": project.name,
        "description": project.description,
        "lease_minutes": project.lease_minutes,
        "show_lengths": project.show_lengths,
        "max_flip_rate": project.max_flip_rate,
        "max_steering": project.max_steering,
        "expected_version": project.settings_version,
    }


def save(request: HttpRequest, project: Project, form: SettingsForm) -> bool:
    """Whether the settings were changed; StaleEdit is the caller's."""
    act = partial(change_settings, project=project, **form.cleaned_data)
    return attempt(request, form, act, passing=StaleEdit) is not None


@require_http_methods(["GET", "POST"])
def show_members(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = MemberForm(request.POST or None)
    password = None
    if request.method == "POST" and form.is_valid():
        admitted = attempt(
            request,
            form,
            lambda: admit(project=project, by=request.user, **form.cleaned_data),
        )
        if admitted is not None and admitted.password is None:
            return redirect("show_members", project.slug)
        if admitted is not None:
            # Shown on this one page only: it is stored as a hash, so it cannot be shown again.
            password = admitted.password
    return page(
        request,
        "curation/members.html",
        project,
        tab="show_settings",
        status=422 if form.errors else 200,
        form=form,
        members=members_of(project),
        password=password,
        username=form.cleaned_data.get("username") if password else "",
    )


@require_POST
def remove_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    attempt_plain(request, lambda: dismiss(project=project, pk=pk))
    return redirect("show_members", project.slug)
