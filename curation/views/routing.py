from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotate.enums import Role
from annotate.selectors.items import pairable_items
from curation.forms import PolicyForm
from curation.selectors.overview import later_counts
from curation.selectors.policies import current_policy
from curation.services.routing import make_policy, route_items
from curation.views.frame import attempt, door, page


@require_http_methods(["GET", "POST"])
def show_routing(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = PolicyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        report = attempt(
            request,
            form,
            lambda: route_items(policy=make_policy(project=project, **form.cleaned_data)),
        )
        if report is not None:
            words = f"Version {report.version}: {report.people} items to people, {report.models} to models."
            messages.success(request, words, extra_tags="good")
            return redirect("show_routing", project.slug)
    return page(
        request,
        "curation/routing.html",
        project,
        tab="show_routing",
        status=422 if request.method == "POST" else 200,
        form=form,
        pairs=pairable_items(project).count(),
        policy=current_policy(project=project),
        policies=project.policies.order_by("-version")[:20],
        later=later_counts(project),
    )
