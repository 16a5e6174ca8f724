"""Model judges in JSON: make them, see them, ask them, measure them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotate.access import access_judge, access_project
from annotate.api.serializers import JobOut
from annotate.api.views import ANY, checked
from annotate.enums import Role
from annotate.models import Judge
from annotate.services.allowances import allowance_of, set_limits
from curation.api.serializers import AskJudgeIn, JudgeIn, JudgeLimitsIn, TryJudgeIn
from curation.selectors.judging import (
    call_totals,
    family_of,
    judge_spec,
    kin_of,
    latest_calibration,
    model_judges,
    standing_of,
)
from curation.selectors.steering import Tried, steering_of
from curation.services.calibrating import calibrate_judge, plain
from curation.services.judging import ask_judge, estimate, save_judge
from curation.services.steering import trial_estimates, try_injections


def judge_out(judge: Judge) -> dict[str, Any]:
    """A judge as the API tells of it; keys are known by name only, so there is none to show."""
    standing, calibration = standing_of(judge), latest_calibration(judge)
    allowance = allowance_of(project=judge.project, name=family_of(judge))
    return {
        "id": judge.pk,
        "name": judge.name,
        "version": judge.version,
        "settings": judge_spec(judge).as_dict(),
        "stopped": allowance.stopped,
        "may_label_alone": standing.alone,
        "why": standing.why,
        "pairs": standing.pairs,
        "flips": standing.flips,
        "unparseable": standing.unparseable,
        "same_family": kin_of(judge),
        "limits": {
            "spend_cap": allowance.spend_cap,
            "price_in": allowance.price_in,
            "price_out": allowance.price_out,
            "calls_per_minute": allowance.calls_per_minute,
            "spent": allowance.spent,
            "reserved": allowance.reserved,
        },
        "injections": injections_out(judge, standing.tried),
        "calls": asdict(call_totals(judge)),
        "waiting": asdict(estimate(judge=judge)),
        "calibration": None
        if calibration is None
        else {
            "n_pairs": calibration.n_pairs,
            "figures": calibration.figures,
            "tie_band": calibration.tie_band,
            "tie_rate": calibration.tie_rate,
            "weights": calibration.weights,
            "win_rates": calibration.win_rates,
            "made_at": calibration.made_at,
        },
    }


def injections_out(judge: Judge, tried: Tried) -> dict[str, Any]:
    """What injected lines did, and what trying further pairs would come to."""
    found = steering_of(judge)
    return {
        "pairs": tried.pairs,
        "allowed": judge.project.max_steering,
        "figures": None if found is None else {name: plain(one) for name, one in found.figures.items()},
        "lines": {name: {"turned": tried.turned[name], "of": tried.read[name]} for name in tried.read},
        "trials": [asdict(one) for one in trial_estimates(judge)],
    }


class JudgesApi(APIView):
    @extend_schema(operation_id="projects_judges_list", responses={200: ANY})
    def get(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        return Response([judge_out(judge) for judge in model_judges(project).select_related("project")[:100]])

    @extend_schema(request=JudgeIn, responses={201: ANY})
    def post(self, request: Request, slug: str) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        given = checked(JudgeIn(data=request.data))
        judge = save_judge(project=project, name=given["name"], given=given["settings"])
        return Response(judge_out(judge), status=201)


class JudgeApi(APIView):
    @extend_schema(responses={200: ANY})
    def get(self, request: Request, slug: str, pk: int) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.REVIEWER)
        return Response(judge_out(access_judge(project=project, pk=pk)))


class AskJudgeApi(APIView):
    @extend_schema(request=AskJudgeIn, responses={202: JobOut})
    def post(self, request: Request, slug: str, pk: int) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        limit = checked(AskJudgeIn(data=request.data)).get("limit")
        job = ask_judge(judge=access_judge(project=project, pk=pk), limit=limit)
        return Response(JobOut(job).data, status=202)


class TryJudgeApi(APIView):
    @extend_schema(request=TryJudgeIn, responses={202: JobOut})
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """Try injected lines on further pairs; what that may cost is in the judge's ``injections``."""
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        given = checked(TryJudgeIn(data=request.data))
        job = try_injections(judge=access_judge(project=project, pk=pk), pairs=given["pairs"])
        return Response(JobOut(job).data, status=202)


class JudgeLimitsApi(APIView):
    @extend_schema(request=JudgeLimitsIn, responses={200: ANY})
    def post(self, request: Request, slug: str, pk: int) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        judge = access_judge(project=project, pk=pk)
        allowance = allowance_of(project=project, name=family_of(judge))
        set_limits(allowance=allowance, **checked(JudgeLimitsIn(data=request.data)))
        return Response(judge_out(judge))


class MeasureJudgeApi(APIView):
    @extend_schema(request=None, responses={201: ANY})
    def post(self, request: Request, slug: str, pk: int) -> Response:
        project = access_project(user=request.user, slug=slug, role=Role.LEAD)
        judge = access_judge(project=project, pk=pk)
        calibrate_judge(judge=judge)
        return Response(judge_out(judge), status=201)
