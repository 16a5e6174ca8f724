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
from annotate.errors import NothingToDo
from annotate.http import person
from annotate.services.uploads import keep_upload
from curation.api.serializers import (
    EstimateOut,
    GenerateIn,
    PolicyIn,
    RecipeIn,
    ReleaseIn,
    ReleaseOut,
    ReplayIn,
    ScoreIn,
    ScoreTableIn,
)
from curation.selectors.leaderboards import leaderboard_of
from curation.selectors.planning import last_replay
from curation.selectors.releases import access_release, estimates_of, releases_of
from curation.services.archives import archive_of, ask_to_export
from curation.services.generating import ask_for_candidates
from curation.services.judging import ask_local_judge
from curation.services.learning import KINDS
from curation.services.previews import preview_or_job
from curation.services.recipes import save_recipe
from curation.services.releasing import ask_to_freeze
from curation.services.replaying import ask_for_replay, ask_to_route
from curation.services.routing import make_policy, route_items
from curation.services.score_tables import ask_to_keep_scores
from curation.services.scoring import score_items, told
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
        asked = checked(ScoreIn(data=request.data))
        job = score_items(project=project, scorer=asked["scorer"], parameters=told(**asked))
        return Response(JobOut(job).data, status=202)


class ScoreTablesApi(APIView):
    @extend_schema(request={"multipart/form-data": ScoreTableIn}, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        file = checked(ScoreTableIn(data=request.data))["file"]
        job = ask_to_keep_scores(project=project, upload=keep_upload(upload=file), name=file.name or "upload")
        return Response(JobOut(job).data, status=202)


class RoutesApi(APIView):
    @extend_schema(request=PolicyIn, responses={201: ANY, 202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        asked = checked(PolicyIn(data=request.data))
        settings = {name: asked.pop(name) for name in ("audit", "judge", "retrain_every")}
        asked["settings"] = settings | {"required": asked.pop("must_go_to_people")}
        if asked["kind"] in KINDS:
            return Response(JobOut(ask_to_route(project=project, policy=dict(asked))).data, status=202)
        return Response(asdict(route_items(policy=make_policy(project=project, **asked))), status=201)


class ReplaysApi(APIView):
    @extend_schema(responses={200: ANY})
    def get(self, request: Request, slug: str) -> Response:
        """The last replay; empty where there is none."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        found = last_replay(project)
        return Response(found.result if found else {})

    @extend_schema(request=ReplayIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        job = ask_for_replay(project=project, **checked(ReplayIn(data=request.data)))
        return Response(JobOut(job).data, status=202)


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


class LeaderboardApi(APIView):
    @extend_schema(responses={200: ANY})
    def get(self, request: Request, slug: str) -> Response:
        """Models by their worth; ``pool`` and ``subject`` choose which. Empty where none were compared."""
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        asked = {name: request.query_params.get(name, "")[:200] for name in ("pool", "subject")}
        shown = leaderboard_of(project, **asked)
        return Response({"pool": shown.pool, "subject": shown.subject} | shown.board if shown else {})


class RecipePreviewApi(APIView):
    @extend_schema(request=RecipeIn, responses=ANY)
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        asked = checked(RecipeIn(data=request.data))
        preview, job = preview_or_job(
            project=project, steps=asked["steps"], pool=asked["pool"], question=asked["question"]
        )
        if preview is None:
            return Response(JobOut(job).data, status=202)
        steps = [
            {
                "step": one.step.name,
                "kept": one.kept,
                "dropped": len(one.dropped),
                "changed": len(one.changed),
            }
            for one in preview.outcomes
        ]
        return Response({"pairs": preview.pairs, "kept": preview.kept, "steps": steps})


class ReleasesApi(APIView):
    @extend_schema(responses=ReleaseOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        return Response(ReleaseOut(releases_of(project), many=True).data)

    @extend_schema(request=ReleaseIn, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a release; its job's result names the version."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        asked = checked(ReleaseIn(data=request.data))
        kept = {key: asked[key] for key in ("name", "steps", "pool", "question")}
        recipe = save_recipe(project=project, by=person(request), **kept)
        chosen = {key: asked[key] for key in ("format", "options", "acknowledge")}
        job = ask_to_freeze(project=project, recipe=recipe, by=person(request), **chosen)
        return Response(JobOut(job).data, status=202)


class ReleaseDownloadApi(APIView):
    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str, version: int) -> FileResponse:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        release = access_release(project=project, version=version)
        archive = archive_of(release)
        if archive is None:
            raise NothingToDo(
                "No worker has packed this release yet.",
                cure="POST to this address, wait for the job, and ask again.",
            )
        name = f"{project.slug}-v{release.version}.zip"
        return FileResponse(archive.open("rb"), as_attachment=True, filename=name)

    @extend_schema(request=None, responses={202: JobOut})
    def post(self, request: Request, slug: str, version: int) -> Response:
        """Ask a worker for the zip file, where it is not there."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        release = access_release(project=project, version=version)
        return Response(JobOut(ask_to_export(release=release)).data, status=202)
