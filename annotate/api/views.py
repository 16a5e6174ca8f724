"""The same doors and services as the pages, in JSON."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_assignment, access_item, access_job, access_project, projects_of
from annotate.api.serializers import (
    ImportIn,
    ItemDetailOut,
    ItemOut,
    JobOut,
    JudgmentIn,
    LeaseIn,
    ProjectIn,
    ProjectOut,
    shown_assignment,
)
from annotate.enums import ImportMode, Role
from annotate.http import person
from annotate.keys import content_key
from annotate.models import Assignment, Project
from annotate.selectors.desk import desk_item
from annotate.selectors.items import items_of
from annotate.selectors.progress import running_progress, stage_counts
from annotate.services.assignments import renew_lease, skip_assignment, take_next, undo_last
from annotate.services.importing import enqueue_import
from annotate.services.jobs import cancel_job, retry_job
from annotate.services.judges import judge_of
from annotate.services.judgments import record_judgment
from annotate.services.projects import create_project
from annotate.services.submissions import submit_once
from annotate.services.uploads import keep_upload

ANY = OpenApiTypes.OBJECT
PAGE = 100


def checked(serializer: Any) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


class ProjectsApi(APIView):
    @extend_schema(responses=ProjectOut(many=True))
    def get(self, request: Request) -> Response:
        return Response(ProjectOut(projects_of(request.user), many=True).data)

    @extend_schema(request=ProjectIn, responses={201: ProjectOut})
    def post(self, request: Request) -> Response:
        if not request.user.is_superuser:
            raise PermissionDenied
        asked = checked(ProjectIn(data=request.data))
        return Response(ProjectOut(create_project(**asked, lead=person(request))).data, status=201)


class ProjectApi(APIView):
    @extend_schema(responses=ANY)
    def get(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        counts = stage_counts(project)
        return Response(
            ProjectOut(project).data | {"counts": {name: getattr(counts, name) for name in counts.__slots__}}
        )


class ItemsApi(APIView):
    @extend_schema(responses=ItemOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """A page of items; ``after`` is the id of the last one seen."""
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        after = request.query_params.get("after", "0")
        items = items_of(project).filter(pk__gt=int(after) if after.isdecimal() and len(after) < 18 else 0)[
            :PAGE
        ]
        return Response(ItemOut(items, many=True).data)


class ItemApi(APIView):
    @extend_schema(responses=ItemDetailOut)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        return Response(ItemDetailOut(access_item(project=project, pk=pk)).data)


class ImportsApi(APIView):
    @extend_schema(request={"multipart/form-data": ImportIn}, responses={202: JobOut})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        asked = checked(ImportIn(data=request.data))
        job = enqueue_import(
            project=project,
            upload=keep_upload(upload=asked["file"]),
            name=asked["file"].name or "upload",
            mode=ImportMode(asked["mode"]),
            by=person(request),
            source=asked["source"],
            mapping=asked["mapping"],
        )
        return Response(JobOut(job).data, status=202)


class JobApi(APIView):
    @extend_schema(responses=JobOut)
    def get(self, request: Request, slug: str, pk: int) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        return Response(JobOut(access_job(project=project, pk=pk)).data)


class JobActionApi(APIView):
    @extend_schema(request=None, responses=JobOut)
    def post(self, request: Request, slug: str, pk: int, action: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        job = access_job(project=project, pk=pk)
        {"retry": retry_job, "cancel": cancel_job}[action](job=job)
        job.refresh_from_db()
        return Response(JobOut(job).data)


class NextApi(APIView):
    """Taking is a POST: a read never writes."""

    @extend_schema(request=None, responses=ANY)
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug)
        assignment = take_next(project=project, judge=judge_of(project=project, user=person(request)))
        return Response({"assignment": shown_assignment(assignment) if assignment else None})


class UndoApi(APIView):
    @extend_schema(request=None, responses=ANY)
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug)
        assignment = undo_last(project=project, judge=judge_of(project=project, user=person(request)))
        return Response({"assignment": shown_assignment(assignment) if assignment else None})


class ProgressApi(APIView):
    @extend_schema(responses=ANY)
    def get(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug)
        progress = running_progress(judge_of(project=project, user=person(request)))
        return Response({"done": progress.done, "skipped": progress.skipped, "left": progress.left})


def own_assignment(request: Request, slug: str, pk: int) -> tuple[Project, Assignment]:
    project = access_project(user=request.user, slug=slug)
    return project, access_assignment(user=request.user, project=project, pk=pk)


class JudgmentApi(APIView):
    @extend_schema(request=JudgmentIn, responses=ANY)
    def put(self, request: Request, slug: str, pk: int) -> Response:
        """Answer an assignment. The same key again gets the same reply; with another body it is refused."""
        _project, assignment = own_assignment(request, slug, pk)
        asked = checked(JudgmentIn(data=request.data))
        shown = desk_item(assignment=assignment, fields={})
        answers = shown.questionnaire.stored(shown.as_written(asked["answers"]), assignment.order)

        def act() -> tuple[int, dict[str, Any]]:
            judgment = record_judgment(
                assignment=assignment,
                token=asked["lease_token"],
                answers=answers,
                seconds=asked["seconds"],
                confirmed=asked["confirmed"],
            )
            return 200, {"judgment": judgment.pk, "revision": judgment.revision}

        digest = content_key(pk, str(asked["lease_token"]), asked["answers"], asked["seconds"])
        reply = submit_once(user=person(request), key=asked["key"], digest=digest, act=act)
        return Response(reply.body, status=reply.status)


class SkipApi(APIView):
    @extend_schema(request=LeaseIn, responses=ANY)
    def post(self, request: Request, slug: str, pk: int) -> Response:
        _project, assignment = own_assignment(request, slug, pk)
        asked = checked(LeaseIn(data=request.data))
        skip_assignment(assignment=assignment, token=asked["lease_token"], reason=asked["reason"])
        return Response({"state": assignment.state})


class HeartbeatApi(APIView):
    @extend_schema(request=LeaseIn, responses=ANY)
    def post(self, request: Request, slug: str, pk: int) -> Response:
        _project, assignment = own_assignment(request, slug, pk)
        asked = checked(LeaseIn(data=request.data))
        renewed = renew_lease(assignment=assignment, token=asked["lease_token"])
        return Response({"leased_until": renewed.leased_until})
