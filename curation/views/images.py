"""Pictures that the rows of an import may name: upload them here, then import the rows."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from annotate.enums import Role
from annotate.http import person
from annotate.models import Project
from annotate.services.images import keep_image
from curation.image_forms import ImagesForm
from curation.views.frame import attempt, door, page

PAGE = 60


@require_http_methods(["GET", "POST"])
def show_images(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    form = ImagesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        kept = attempt(request, form, lambda: keep_all(request, project, form))
        if kept is not None:
            said = ngettext("%(n)d picture is here.", "%(n)d pictures are here.", kept) % {"n": kept}
            messages.success(request, said, extra_tags="good")
            return redirect("show_images", project.slug)
    number = request.GET.get("page", "1")
    return page(
        request,
        "curation/images.html",
        project,
        tab="show_import",
        status=422 if request.method == "POST" else 200,
        form=form,
        images=Paginator(project.images.order_by("name"), PAGE).get_page(number),
    )


def keep_all(request: HttpRequest, project: Project, form: ImagesForm) -> int:
    """Those before one that is refused are kept: sent again with the rest, they are the same."""
    files = form.cleaned_data["pictures"]
    for file in files:
        keep_image(project=project, name=file.name or "", data=file.read(), by=person(request))
    return len(files)
