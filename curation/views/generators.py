from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotate.enums import Role
from annotate.models import Job
from curation.generator_forms import GeneratorForm
from curation.selectors.generators import access_generator
from curation.services.generators import (
    ask_again_for_neither,
    ask_generators,
    remove_generator,
    save_generator,
)
from curation.views.frame import attempt, attempt_plain, door, page

TAB = "show_candidates"


@require_http_methods(["GET", "POST"])
def new_generator(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = GeneratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(request, form, lambda: save_generator(project=project, **form.settings()))
        if made is not None:
            return redirect("show_candidates", project.slug)
    status = 422 if request.method == "POST" else 200
    return page(request, "curation/generator.html", project, tab=TAB, status=status, form=form)


@require_http_methods(["GET", "POST"])
def show_generator(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    generator = access_generator(project=project, pk=pk)
    form = GeneratorForm.about(generator)
    if request.method == "POST":
        given = request.POST.copy()
        given["name"] = generator.name
        form = GeneratorForm(given).keep_name()
        if form.is_valid():
            kept = form.settings() | {"name": generator.name}
            if attempt(request, form, lambda: save_generator(project=project, **kept)) is not None:
                return redirect("show_candidates", project.slug)
    status = 422 if request.method == "POST" else 200
    shown = {"form": form, "generator": generator}
    return page(request, "curation/generator.html", project, tab=TAB, status=status, **shown)


@require_POST
def drop_generator(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    remove_generator(generator=access_generator(project=project, pk=pk))
    return redirect("show_candidates", project.slug)


@require_POST
def run_generators(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    return asked(request, project.slug, lambda: ask_generators(project=project))


@require_POST
def generate_again(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    return asked(request, project.slug, lambda: ask_again_for_neither(project=project))


def asked(request: HttpRequest, slug: str, ask: Callable[[], list[Job]]) -> HttpResponse:
    jobs = attempt_plain(request, ask)
    if jobs:
        words = ", ".join(
            _("%(name)s: %(n)s prompts") % {"name": job.payload["generator"]["name"], "n": job.total}
            for job in jobs
        )
        messages.success(request, _("Asked.") + f" {words}.")
    return redirect("show_candidates", slug)
