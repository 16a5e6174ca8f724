"""Pictures for candidates, one a call, before the rows that name them are imported."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_project
from annotate.api.serializers import ImageIn, ImageOut
from annotate.api.views import PAGE, checked
from annotate.enums import Role
from annotate.errors import InvalidSetting
from annotate.http import person
from annotate.readers.pictures import MAX_BYTES
from annotate.services.images import keep_image


class ImagesApi(APIView):
    @extend_schema(responses=ImageOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """A page of the uploaded pictures by name; ``after`` is the last name seen."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        after = request.query_params.get("after", "").replace("\0", "")
        return Response(
            ImageOut(project.images.filter(name__gt=after).order_by("name")[:PAGE], many=True).data
        )

    @extend_schema(request={"multipart/form-data": ImageIn}, responses={201: ImageOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        asked = checked(ImageIn(data=request.data))
        file = asked["file"]
        if file.size > MAX_BYTES:
            cure = f"Send at most {MAX_BYTES >> 20} MiB."
            raise InvalidSetting("The picture is too large.", field="file", cure=cure)
        image = keep_image(
            project=project, name=asked["name"] or file.name or "", data=file.read(), by=person(request)
        )
        return Response(ImageOut(image).data, status=201)
