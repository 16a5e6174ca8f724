"""What every page of a project shares: its door, its tabs, and how a refusal is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotate.access import access_project, role_in
from annotate.enums import Role
from annotate.errors import WinnowError
from annotate.language import refusal
from annotate.models import Project
from annotate.selectors.progress import workers_alive

Made = TypeVar("Made")

# The tabs of a project's pages in the order of the stages: name of the URL, words, least role.
TABS = (
    ("show_overview", _("Overview"), Role.REVIEWER),
    ("show_items", _("Items"), Role.REVIEWER),
    ("show_questions", _("Questions"), Role.REVIEWER),
    ("show_import", _("Import"), Role.LEAD),
    ("show_candidates", _("Candidates"), Role.LEAD),
    ("show_scores", _("Scores"), Role.REVIEWER),
    ("show_routing", _("Routing"), Role.LEAD),
    ("show_judges", _("Judges"), Role.REVIEWER),
    ("show_quality", _("Quality"), Role.REVIEWER),
    ("show_review", _("Review"), Role.REVIEWER),
    ("show_settling", _("Settling"), Role.REVIEWER),
    ("show_recipes", _("Recipes"), Role.REVIEWER),
    ("show_releases", _("Releases"), Role.REVIEWER),
    ("show_settings", _("Settings"), Role.LEAD),
)


def door(request: HttpRequest, slug: str, *, read: Role = Role.REVIEWER, write: Role = Role.LEAD) -> Project:
    """The project, for those whose role allows this method; 404 for strangers, 403 for lesser members."""
    needed = read if request.method in ("GET", "HEAD") else write
    return access_project(user=request.user, slug=slug, role=needed)


def page(
    request: HttpRequest, template: str, project: Project, *, tab: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of the project with its tabs and what the reader may do."""
    role = role_in(user=request.user, project=project)
    leads = role == Role.LEAD
    tabs = [
        {"url": reverse(name, args=[project.slug]), "words": words, "here": name == tab}
        for name, words, needed in TABS
        if leads or needed != Role.LEAD
    ]
    shown = {
        "project": project,
        "tabs": tabs,
        "leads": leads,
        "worker_missing": not workers_alive(at=timezone.now()).exists(),
    }
    return render(request, template, shown | context, status=status)


def attempt(
    request: HttpRequest,
    form: Form,
    act: Callable[[], Made],
    *,
    passing: type[WinnowError] | tuple[()] = (),
) -> Made | None:
    """Do it; where it is refused, put reason and cure at the form's field and return None. A refusal of the
    kind ``passing`` is the caller's."""
    try:
        return act()
    except passing:
        raise
    except WinnowError as trouble:
        field = trouble.field if trouble.field in form.fields else None
        form.add_error(field, refusal(trouble))
        return None


def attempt_plain(request: HttpRequest, act: Callable[[], Made]) -> Made | None:
    """Do it; where it is refused, say so above the page and return None."""
    try:
        return act()
    except WinnowError as trouble:
        messages.warning(request, refusal(trouble), extra_tags="warn")
        return None


def differences(form: Form, now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where a form that came too late differs from what somebody else has saved meanwhile."""
    shown = [name for name in form.cleaned_data if name in now and name != "expected_version"]
    return [
        {"label": form[name].label, "yours": form.cleaned_data[name], "theirs": now[name]}
        for name in shown
        if form.cleaned_data[name] != now[name]
    ]
