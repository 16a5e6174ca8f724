from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from annotate.access import access_judge
from annotate.enums import JobKind, JudgeKind, Role
from annotate.models import Judge, Project
from annotate.selectors.progress import jobs_of
from annotate.services.allowances import allowance_of, resume_judge, set_limits
from curation.judge_forms import MILLION, JudgeForm, LimitsForm, TrialForm
from curation.selectors.judge_page import judge_rows, lines_of, reliability_points, state_of
from curation.selectors.judging import (
    allowance_for,
    askable_questions,
    call_totals,
    family_of,
    judge_spec,
    kin_of,
    latest_calibration,
    latest_calls,
    model_judges,
    standing_of,
)
from curation.selectors.steering_page import steered
from curation.services.calibrating import calibrate_judge, drift_of
from curation.services.judging import ask_judge, ask_local_judge, estimate, preview_judge, save_judge
from curation.services.steering import SIZES, trial_estimates, try_injections
from curation.views.frame import attempt, attempt_plain, door, page

KINDS_OF_WORK = (JobKind.JUDGE, JobKind.TRIAL)


@require_http_methods(["GET", "POST"])
def show_judges(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody who judges here, people and models; posting asks the local model."""
    project = door(request, slug)
    if request.method == "POST":
        attempt_plain(request, lambda: ask_local_judge(project=project))
        return redirect("show_judges", project.slug)
    return page(
        request,
        "curation/judges.html",
        project,
        tab="show_judges",
        rows=judge_rows(project, now=timezone.now()),
        jobs=jobs_of(project).filter(kind__in=KINDS_OF_WORK)[:5],
    )


@require_http_methods(["GET", "POST"])
def new_judge(request: HttpRequest, slug: str) -> HttpResponse:
    """Settings, then the prompt on a real item, then the version is saved: in this order."""
    project = door(request, slug, read=Role.LEAD)
    questions = askable_questions(project)
    form = JudgeForm(request.POST or None, questions=questions, initial=_copied(request, project))
    preview = None
    if request.method == "POST" and form.is_valid():
        preview = attempt(
            request,
            form,
            lambda: preview_judge(project=project, name=form.cleaned_data["name"], given=form.given()),
        )
        if preview is not None and form.cleaned_data["seen"] == preview.digest and "save" in request.POST:
            judge = save_judge(project=project, name=form.cleaned_data["name"], given=form.given())
            messages.success(
                request, _("Saved as %(version)s.") % {"version": judge.version}, extra_tags="good"
            )
            return redirect("show_judge", project.slug, judge.pk)
        if preview is not None:
            form.show_seen(preview.digest)
            if "save" in request.POST:
                form.add_error(None, _("Look at the prompt below first: it has changed since it was shown."))
    status = 422 if form.errors else 200
    return page(
        request,
        "curation/new_judge.html",
        project,
        tab="show_judges",
        status=status,
        form=form,
        preview=preview,
    )


def _copied(request: HttpRequest, project: Project) -> dict[str, Any]:
    """The settings of the judge that ``?from=`` names, for a new version of it; with ``&band=measured`` with
    the tie band by which it ties as often as its people do."""
    asked = request.GET.get("from", "")
    if not asked.isdecimal():
        return {}
    judge = access_judge(project=project, pk=int(asked))
    initial = JudgeForm.initial_of(judge.name, judge_spec(judge))
    calibration = latest_calibration(judge) if request.GET.get("band") == "measured" else None
    return initial if calibration is None else initial | {"tie_band": round(calibration.tie_band, 4)}


@require_http_methods(["GET"])
def show_judge(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    judge = access_judge(project=project, pk=pk)
    asked = judge.kind == JudgeKind.MODEL and not judge.recorded
    calibration, standing = latest_calibration(judge), standing_of(judge)
    context: dict[str, Any] = {
        "judge": judge,
        "asked": asked,
        "standing": standing,
        "calibration": calibration,
        "lines": lines_of(calibration),
        "points": reliability_points(calibration),
        # A file's order is not time.
        "drift": drift_of(judge) if asked else None,
    }
    if asked:
        context |= _asked_context(project, judge) | {"steered": steered(judge, standing.tried)}
    return page(request, "curation/judge.html", project, tab="show_judges", **context)


def _asked_context(project: Project, judge: Judge, limits: LimitsForm | None = None) -> dict[str, Any]:
    allowance = allowance_of(project=project, name=family_of(judge))
    cap = allowance.spend_cap
    initial = {
        "spend_cap": None if cap is None else cap / MILLION,
        "price_in": allowance.price_in / MILLION,
        "price_out": allowance.price_out / MILLION,
        "calls_per_minute": allowance.calls_per_minute,
    }
    state, tone = state_of(judge, allowance, now=timezone.now())
    return {
        "spec": judge_spec(judge),
        "allowance": allowance,
        "resting": state == "endpoint down",
        "state": state,
        "tone": tone,
        "estimate": estimate(judge=judge),
        "trials": trial_estimates(judge),
        "totals": call_totals(judge),
        "calls": latest_calls(judge)[:20],
        "kin": kin_of(judge),
        "versions": model_judges(project).filter(name=judge.name),
        "limits": limits or LimitsForm(initial=initial),
        "jobs": jobs_of(project).filter(kind__in=KINDS_OF_WORK, payload__judge=judge.pk)[:3],
    }


@require_POST
def ask_one_judge(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    judge = access_judge(project=project, pk=pk)
    attempt_plain(request, lambda: ask_judge(judge=judge))
    return redirect("show_judge", project.slug, judge.pk)


@require_POST
def measure_judge(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Compare it with people now: some tenths of a second for thousands of pairs."""
    project = door(request, slug)
    judge = access_judge(project=project, pk=pk)
    attempt_plain(request, lambda: calibrate_judge(judge=judge))
    return redirect("show_judge", project.slug, judge.pk)


@require_POST
def try_judge(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Try injected lines on it, on as many pairs as were chosen beside their price."""
    project = door(request, slug)
    judge = access_judge(project=project, pk=pk)
    form = TrialForm(request.POST)
    pairs = form.cleaned_data["pairs"] if form.is_valid() else SIZES[0]
    attempt_plain(request, lambda: try_injections(judge=judge, pairs=pairs))
    return redirect("show_judge", project.slug, judge.pk)


@require_POST
def let_judge_go_on(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    judge = access_judge(project=project, pk=pk)
    allowance = allowance_for(judge)
    if allowance is not None:
        resume_judge(allowance=allowance)
    return redirect("show_judge", project.slug, judge.pk)


@require_POST
def limit_judge(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    judge = access_judge(project=project, pk=pk)
    form = LimitsForm(request.POST)
    if form.is_valid():
        allowance = allowance_of(project=project, name=family_of(judge))
        if attempt(request, form, lambda: set_limits(allowance=allowance, **form.given())) is not None:
            messages.success(request, _("The limits are changed."), extra_tags="good")
            return redirect("show_judge", project.slug, judge.pk)
    standing = standing_of(judge)
    context = {"judge": judge, "asked": True, "standing": standing, "lines": [], "points": []}
    context |= _asked_context(project, judge, form) | {"steered": steered(judge, standing.tried)}
    return page(request, "curation/judge.html", project, tab="show_judges", status=422, **context)
