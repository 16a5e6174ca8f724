"""Uploaded pictures, to members of their project alone."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from annotate.access import access_project
from annotate.selectors.images import image_of, image_path

# What a digest names never changes, and a shared cache may not keep it for strangers.
A_YEAR = "private, max-age=31536000, immutable"
# Opened by itself, the file may do nothing at all, whatever a browser took it for.
NOTHING = "default-src 'none'; sandbox"


@require_safe
def show_image(request: HttpRequest, slug: str, digest: str) -> FileResponse:
    project = access_project(user=request.user, slug=slug)
    image = image_of(project=project, digest=digest)
    if image is None:
        raise Http404("No Image matches the given query.")
    path = image_path(image.digest, image.content_type)
    try:
        stream = path.open("rb")
    except FileNotFoundError as trouble:
        raise Http404("No Image matches the given query.") from trouble
    # Called by its digest: the name it was sent under may say who made it.
    answer = FileResponse(stream, content_type=image.content_type, filename=path.name)
    answer["Cache-Control"] = A_YEAR
    answer["Content-Security-Policy"] = NOTHING
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
