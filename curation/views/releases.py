from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.enums import JobKind
from annotate.http import person
from curation.models import Release
from curation.recipe_forms import PublishForm
from curation.selectors.evaluations import evaluation_shown
from curation.selectors.release_rows import first_rows
from curation.selectors.releases import access_release, releases_of
from curation.services.archives import archive_of, ask_to_export, exports_of
from curation.services.evaluating import ask_to_evaluate, evaluation_of
from curation.services.hub_tokens import forget_hub_token, kept_token
from curation.services.publishing import ask_to_publish, publications_of
from curation.services.releasing import format_choices, rows_path
from curation.views.frame import attempt, attempt_plain, door, page

TAB = "show_releases"


@require_safe
def show_releases(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    jobs = project.jobs.filter(kind=JobKind.RELEASE).order_by("-pk")[:3]
    return page(request, "curation/releases.html", project, tab=TAB, releases=releases_of(project), jobs=jobs)


@require_safe
def show_release(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    project = door(request, slug)
    release = access_release(project=project, version=version)
    kept = kept_token(person(request))
    return page(
        request,
        "curation/release.html",
        project,
        tab=TAB,
        **release_context(release),
        publish_form=PublishForm(kept=kept),
        kept_token=kept,
    )


def release_context(release: Release) -> dict[str, Any]:
    written = release.manifest.get("written", {})
    asked = release.manifest.get("asked", {})
    return {
        "release": release,
        "files": written.get("files", {}).items(),
        "export": written.get("export", {}),
        "asked": asked,
        "steps": asked.get("steps", []),
        "biases": asked.get("biases", {}).items(),
        "packed": archive_of(release) is not None,
        "exports": exports_of(release),
        "formats": format_choices(),
        "rows": first_rows(rows_path(release)),
        "evaluation": evaluation_of(release),
        "publications": publications_of(release),
        "jobs": release.project.jobs.filter(kind=JobKind.RELEASE, payload__release=release.pk).order_by(
            "-pk"
        )[:2],
    }


@sensitive_post_parameters("token")
@require_POST
def publish(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Ask a worker to send the release to storage or a hub."""
    project = door(request, slug)
    release = access_release(project=project, version=version)
    by = person(request)
    form = PublishForm(request.POST, kept=kept_token(by))
    if form.is_valid():
        given = form.cleaned_data
        if attempt(request, form, lambda: ask_to_publish(release=release, by=by, **given)) is not None:
            return redirect("show_release", project.slug, release.version)
    context = release_context(release) | {"publish_form": form, "kept_token": kept_token(by)}
    return page(request, "curation/release.html", project, tab=TAB, status=422, **context)


@require_POST
def forget_token(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Remove the reader's own hub token, wherever it was typed."""
    project = door(request, slug)
    release = access_release(project=project, version=version)
    if forget_hub_token(user=person(request)):
        messages.success(request, _("Your hub token is gone from here."), extra_tags="good")
    return redirect("show_release", project.slug, release.version)


@require_http_methods(["GET", "POST"])
def evaluate(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Whether the release's recipe helps: what the last evaluation found, and a button for a new one."""
    project = door(request, slug)
    release = access_release(project=project, version=version)
    if request.method == "POST":
        attempt_plain(request, lambda: ask_to_evaluate(release=release))
        return redirect("evaluate_release", project.slug, release.version)
    found = evaluation_of(release)
    jobs = project.jobs.filter(
        kind=JobKind.RELEASE, payload__release=release.pk, payload__has_key="evaluate"
    ).order_by("-pk")[:1]
    return page(
        request, "curation/evaluation.html", project, tab=TAB, release=release, jobs=jobs,
        **(evaluation_shown(found) if found else {}),
    )  # fmt: skip


@require_POST
def export(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Ask a worker for the release's zip file, in its own format or one more."""
    project = door(request, slug)
    release = access_release(project=project, version=version)
    attempt_plain(request, lambda: ask_to_export(release=release, format=request.POST.get("format", "")))
    return redirect("show_release", project.slug, release.version)


@require_safe
def download_release(request: HttpRequest, slug: str, version: int) -> HttpResponse | FileResponse:
    """The zip file; where no worker has made it yet, the page says so and lets it be asked for."""
    project = door(request, slug)
    release = access_release(project=project, version=version)
    name = request.GET.get("format", release.format)
    if name not in {release.format, *exports_of(release)}:
        raise Http404
    archive = archive_of(release, name)
    if archive is None:
        return redirect("show_release", project.slug, release.version)
    more = "" if name == release.format else f"-{name}"
    filename = f"{project.slug}-v{release.version}{more}.zip"
    return FileResponse(archive.open("rb"), as_attachment=True, filename=filename)
