"""What annotators are told: written, looked at, published; every version is kept."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.enums import Role
from annotate.errors import StaleEdit
from annotate.rules.differences import line_differences
from annotate.selectors.guidelines import guideline_versions
from annotate.services.guidelines import publish_guideline
from curation.forms import GuidelineForm
from curation.views.frame import attempt, door, page


@require_http_methods(["GET", "POST"])
def show_guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """Publishing adds a version; judgments keep the version they were made under. What somebody else
    published meanwhile is shown beside, and nothing is lost."""
    project = door(request, slug, read=Role.LEAD)
    versions = guideline_versions(project)
    latest = versions[0] if versions else None
    number = latest.version if latest else 0
    start = {"text": latest.text if latest else "", "expected_version": number}
    form = GuidelineForm(request.POST or None, initial=start)
    status, theirs, looked = 422 if request.method == "POST" else 200, None, ""
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if "look" in request.POST:
            status, looked = 200, text
        else:
            try:
                act = partial(publish_guideline, project=project, **form.cleaned_data)
                if attempt(request, form, act, passing=StaleEdit) is not None:
                    messages.success(request, _("The guidelines are published."), extra_tags="good")
                    return redirect("show_guidelines", project.slug)
            except StaleEdit:
                status, theirs = 412, line_differences(latest.text if latest else "", text)
                form = GuidelineForm(initial={"text": text, "expected_version": number})
    return page(
        request,
        "curation/guidelines.html",
        project,
        tab="show_settings",
        status=status,
        form=form,
        versions=versions,
        latest=latest,
        theirs=theirs,
        looked=looked,
    )


@require_POST
def look_at_guidelines(request: HttpRequest, slug: str) -> HttpResponse:
    """The text as annotators would see it; nothing is published."""
    door(request, slug, write=Role.LEAD)
    text = request.POST.get("text", "")[:200_000]
    return render(request, "curation/_guideline.html", {"text": text})


@require_safe
def show_guideline(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """An earlier version, and what the one before it said otherwise."""
    project = door(request, slug, read=Role.LEAD)
    guideline = get_object_or_404(project.guidelines, pk=pk)
    before = project.guidelines.filter(version=guideline.version - 1).first()
    return page(
        request,
        "curation/guideline.html",
        project,
        tab="show_settings",
        guideline=guideline,
        before=before,
        differs=line_differences(before.text, guideline.text) if before else [],
    )
