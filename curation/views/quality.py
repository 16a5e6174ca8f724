"""How people judge, and what the lead does about it: nothing is taken away by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.models import Judge
from annotate.rules.flow import FlowRules
from annotate.selectors.flags import open_flags
from annotate.services.qualifying import let_in
from annotate.services.standing import pause_judge, resume_judge, set_expertise
from curation.forms import ExpertiseForm
from curation.selectors.quality import people_of, purposes_of, quality_rows
from curation.views.frame import attempt, attempt_plain, door, page

MOST_JUDGES = 200
STEPS: dict[str, Callable[[Judge], Any]] = {
    "pause": lambda judge: pause_judge(judge=judge),
    "resume": lambda judge: resume_judge(judge=judge),
    "let_in": lambda judge: let_in(judge=judge),
}


@require_safe
def show_quality(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    return page(
        request,
        "curation/quality.html",
        project,
        tab="show_quality",
        rows=quality_rows(project, judges=people_of(project)[:MOST_JUDGES]),
        purposes=purposes_of(project),
        rules=FlowRules.read(project.flow),
        n_flags=open_flags(project),
    )


@require_http_methods(["GET", "POST"])
def show_person(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One person's record, and what they know."""
    project = door(request, slug)
    judge = get_object_or_404(people_of(project), pk=pk)
    form = ExpertiseForm(request.POST or None, initial={"expertise": ", ".join(judge.expertise)})
    if request.method == "POST" and form.is_valid():
        tags = form.cleaned_data["expertise"].split(",")
        if attempt(request, form, lambda: set_expertise(judge=judge, tags=tags)) is not None:
            return redirect("show_person", project.slug, judge.pk)
    return page(
        request,
        "curation/person.html",
        project,
        tab="show_quality",
        status=422 if form.errors else 200,
        form=form,
        row=quality_rows(project, judges=[judge])[0],
    )


@require_POST
def act_on_person(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Pause, resume, or let in whatever the qualification said."""
    project = door(request, slug)
    judge = get_object_or_404(people_of(project), pk=pk)
    step = STEPS.get(request.POST.get("step", ""))
    if step is not None:
        attempt_plain(request, lambda: step(judge))
    return redirect("show_person", project.slug, judge.pk)
