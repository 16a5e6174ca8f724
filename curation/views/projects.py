from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from annotate.access import projects_of, role_in
from annotate.http import person
from annotate.selectors.progress import stage_counts
from annotate.services.projects import create_project as make_project
from curation.forms import ProjectForm
from curation.views.frame import attempt


@require_safe
def show_projects(request: HttpRequest) -> HttpResponse:
    shown = [
        {
            "project": project,
            "role": role_in(user=request.user, project=project),
            "counts": stage_counts(project),
        }
        for project in projects_of(request.user)
    ]
    return render(
        request, "curation/projects.html", {"shown": shown, "may_create": person(request).is_superuser}
    )


@require_http_methods(["GET", "POST"])
def create_project(request: HttpRequest) -> HttpResponse:
    """Only a site admin opens a campaign; they are its first lead."""
    user = person(request)
    if not user.is_superuser:
        raise PermissionDenied
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        project = attempt(request, form, lambda: make_project(**form.cleaned_data, lead=user))
        if project is not None:
            return redirect("show_overview", project.slug)
    return render(
        request, "curation/new_project.html", {"form": form}, status=422 if request.method == "POST" else 200
    )
