"""Who is asked about what, and how the judges are known. What a change does is said before it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotate.enums import Role
from annotate.errors import StaleEdit, WinnowError
from annotate.models import Project
from annotate.rules.flow import FlowRules
from annotate.selectors.overlap import overlap_change
from annotate.services.flow import change_flow, check_overlap, read_rules
from curation.forms import FlowForm
from curation.views.frame import attempt, differences, door, page


@require_http_methods(["GET", "POST"])
def show_flow(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = FlowForm(request.POST or None, initial=now(project))
    status, differs = 200, []
    if request.method == "POST":
        status = 200 if "look" in request.POST and form.is_valid() else 422
        if "look" not in request.POST and form.is_valid():
            try:
                changed = attempt(request, form, lambda: save(project, form), passing=StaleEdit)
            except StaleEdit:
                project.refresh_from_db()
                status, differs = 412, differences(form, now(project))
                form = form.after(project.settings_version)
                changed = None
            if changed is not None:
                messages.success(request, _("The flow is changed."), extra_tags="good")
                return redirect("show_flow", project.slug)
    return page(
        request,
        "curation/flow.html",
        project,
        tab="show_settings",
        status=status,
        form=form,
        differs=differs,
        **preview(project, form),
    )


@require_POST
def preview_flow(request: HttpRequest, slug: str) -> HttpResponse:
    """What saving this form would do to the items that are open to people. Writes nothing."""
    project = door(request, slug, write=Role.LEAD)
    form = FlowForm(request.POST)
    form.is_valid()
    return render(request, "curation/_flow_change.html", {"project": project} | preview(project, form))


def save(project: Project, form: FlowForm) -> Any:
    given = form.cleaned_data
    return change_flow(
        project=project,
        expected_version=given["expected_version"],
        overlap=given["overlap"],
        overlap_max=given["overlap_max"],
        max_open_leases=given["max_open_leases"],
        price_per_judgment=given["price_per_judgment"],
        rules=form.rules(),
    )


def preview(project: Project, form: FlowForm) -> dict[str, Any]:
    given = getattr(form, "cleaned_data", None)
    if not given or form.errors:
        return {"change": None}
    try:
        rules = read_rules(form.rules())
        most = check_overlap(given["overlap"], given["overlap_max"])
    except WinnowError:
        return {"change": None}
    project.price_per_judgment = given["price_per_judgment"]
    return {"change": overlap_change(project, least=given["overlap"], most=most, rules=rules)}


def now(project: Project) -> dict[str, Any]:
    return FlowRules.read(project.flow).as_dict() | {
        "overlap": project.overlap,
        "overlap_max": project.overlap_max,
        "max_open_leases": project.max_open_leases,
        "price_per_judgment": project.price_per_judgment,
        "expected_version": project.settings_version,
    }
