from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from annotate.enums import Role
from annotate.selectors.members import guidelines_of, members_of
from annotate.services.members import admit, dismiss
from annotate.services.projects import change_settings, publish_guideline
from curation.forms import GuidelineForm, MemberForm, SettingsForm
from curation.views.frame import attempt, attempt_plain, door, page


@require_http_methods(["GET", "POST"])
def show_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, overlap and leases; a change made on a stale page is refused."""
    project = door(request, slug, read=Role.LEAD)
    now = {
        "name": project.name,
        "description": project.description,
        "overlap": project.overlap,
        "lease_minutes": project.lease_minutes,
        "expected_version": project.settings_version,
    }
    form = SettingsForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        changed = attempt(request, form, lambda: change_settings(project=project, **form.cleaned_data))
        if changed is not None:
            messages.success(request, "The settings are changed.", extra_tags="good")
            return redirect("show_settings", project.slug)
    status = 422 if request.method == "POST" else 200
    return page(request, "curation/settings.html", project, tab="show_settings", status=status, form=form)


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


@require_http_methods(["GET", "POST"])
def show_guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """All versions; publishing adds one, and judgments keep the version they were made under."""
    project = door(request, slug, read=Role.LEAD)
    versions = guidelines_of(project)
    latest = versions.first()
    form = GuidelineForm(request.POST or None, initial={"text": latest.text if latest else ""})
    if request.method == "POST" and form.is_valid():
        publish_guideline(project=project, text=form.cleaned_data["text"])
        return redirect("show_guidelines", project.slug)
    return page(
        request,
        "curation/guidelines.html",
        project,
        tab="show_settings",
        status=422 if request.method == "POST" else 200,
        form=form,
        versions=versions,
        latest=latest,
    )
