"""The same doors and services as the pages, in JSON."""

from __future__ import annotations

from dataclasses import asdict

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_project
from annotate.api.serializers import JobOut
from annotate.api.views import ANY, PAGE, checked
from annotate.enums import Role
from annotate.http import person
from curation.api.serializers import EstimateOut, GenerateIn, PolicyIn, RecipeIn, ReleaseOut, ScoreIn
from curation.selectors.releases import access_release, estimates_of, releases_of
from curation.services.generating import ask_for_candidates
from curation.services.judging import ask_local_judge
from curation.services.releasing import freeze_release, preview_recipe, release_archive, save_recipe
from curation.services.routing import make_policy, route_items
from curation.services.scoring import score_items
from curation.services.settling import ask_to_settle


class GenerateApi(APIView):
    @extend_schema(request=GenerateIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        job = ask_for_candidates(project=project, **checked(GenerateIn(data=request.data)))
        return Response(JobOut(job).data, status=202)


class ScoresApi(APIView):
    @extend_schema(request=ScoreIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        job = score_items(project=project, scorer=checked(ScoreIn(data=request.data))["scorer"])
        return Response(JobOut(job).data, status=202)


class RoutesApi(APIView):
    @extend_schema(request=PolicyIn, responses={201: ANY})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        policy = make_policy(project=project, **checked(PolicyIn(data=request.data)))
        return Response(asdict(route_items(policy=policy)), status=201)


class LocalJudgeApi(APIView):
    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        return Response(JobOut(ask_local_judge(project=project)).data, status=202)


class SettleApi(APIView):
    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        return Response(JobOut(ask_to_settle(project=project)).data, status=202)


class EstimatesApi(APIView):
    @extend_schema(responses=EstimateOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """A page of estimates; ``after`` is the number of those already seen."""
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        after = request.query_params.get("after", "0")
        start = int(after) if after.isdecimal() and len(after) < 9 else 0
        return Response(EstimateOut(estimates_of(project)[start : start + PAGE], many=True).data)


class RecipePreviewApi(APIView):
    @extend_schema(request=RecipeIn, responses=ANY)
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        asked = checked(RecipeIn(data=request.data))
        preview = preview_recipe(project=project, steps=asked["steps"], pool=asked["pool"])
        steps = [{"step": one.name, "kept": one.kept, "dropped": one.dropped} for one in preview.outcomes]
        return Response({"pairs": preview.pairs, "kept": preview.kept, "steps": steps})


class ReleasesApi(APIView):
    @extend_schema(responses=ReleaseOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        return Response(ReleaseOut(releases_of(project), many=True).data)

    @extend_schema(request=RecipeIn, responses={201: ReleaseOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        recipe = save_recipe(project=project, **checked(RecipeIn(data=request.data)))
        release = freeze_release(project=project, recipe=recipe, by=person(request))
        return Response(ReleaseOut(release).data, status=201)


class ReleaseDownloadApi(APIView):
    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str, version: int) -> FileResponse:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        release = access_release(project=project, version=version)
        name = f"{project.slug}-v{release.version}.zip"
        return FileResponse(release_archive(release=release).open("rb"), as_attachment=True, filename=name)
