from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from curation.selectors.releases import access_release, first_rows, releases_of
from curation.services.releasing import release_archive
from curation.views.frame import door, page


@require_safe
def show_releases(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    return page(
        request, "curation/releases.html", project, tab="show_releases", releases=releases_of(project)
    )


@require_safe
def show_release(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    project = door(request, slug)
    release = access_release(project=project, version=version)
    files = release.manifest.get("written", {}).get("files", {})
    return page(
        request,
        "curation/release.html",
        project,
        tab="show_releases",
        release=release,
        files=files.items(),
        rows=first_rows(release),
    )


@require_safe
def download_release(request: HttpRequest, slug: str, version: int) -> FileResponse:
    project = door(request, slug)
    release = access_release(project=project, version=version)
    name = f"{project.slug}-v{release.version}.zip"
    return FileResponse(release_archive(release=release).open("rb"), as_attachment=True, filename=name)
