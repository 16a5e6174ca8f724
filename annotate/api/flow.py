"""Beside the answer itself: a flag, a changed answer, one's own history."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_project
from annotate.api.serializers import FlagIn, RevisionIn
from annotate.api.views import ANY, checked, own_assignment
from annotate.http import person
from annotate.selectors.desk import desk_item, person_judge
from annotate.selectors.mine import PastAnswer, past_answers
from annotate.services.flags import flag_assignment
from annotate.services.judgments import revise_judgment

PAGE = 100


class FlagApi(APIView):
    @extend_schema(request=FlagIn, responses=ANY)
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Give the item back and tell the lead what is wrong with it."""
        _project, assignment = own_assignment(request, slug, pk)
        asked = checked(FlagIn(data=request.data))
        flag = flag_assignment(
            assignment=assignment, token=asked["lease_token"], reason=asked["reason"], text=asked["text"]
        )
        return Response({"flag": flag.pk, "state": flag.assignment.state})


class RevisionApi(APIView):
    @extend_schema(request=RevisionIn, responses=ANY)
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Change an answer of one's own; ``revision`` is the one that is replaced, 412 if another counts."""
        _project, assignment = own_assignment(request, slug, pk)
        asked = checked(RevisionIn(data=request.data))
        shown = desk_item(assignment=assignment, fields={})
        judgment = revise_judgment(
            assignment=assignment,
            expected_revision=asked["revision"],
            answers=shown.questionnaire.stored(shown.as_written(asked["answers"]), assignment.order),
            seconds=asked["seconds"],
            confirmed=asked["confirmed"],
        )
        return Response({"judgment": judgment.pk, "revision": judgment.revision})


class AnswersApi(APIView):
    @extend_schema(responses=ANY)
    def get(self, request: Request, slug: str) -> Response:
        """One's own answers, the latest first, told about the sides as they were shown; ``page`` from 0."""
        project = access_project(user=request.user, slug=slug)
        judge = person_judge(project=project, user_id=person(request).pk)
        asked = request.query_params.get("page", "0")
        page = int(asked) if asked.isdecimal() and len(asked) < 7 else 0
        rows, more = past_answers(project, judge, page=page, size=PAGE) if judge else ([], False)
        return Response({"answers": [_told(row) for row in rows], "more": more})


def _told(row: PastAnswer) -> dict[str, Any]:
    judgment = row.judgment
    return {
        "id": row.assignment.pk,
        "state": row.assignment.state,
        "at": row.assignment.done_at,
        "revision": judgment.revision if judgment else None,
        "answers": row.answers,
    }
