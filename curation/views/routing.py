from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.access import access_item
from annotate.enums import JobKind, Role
from annotate.models import Project
from annotate.selectors.items import judgeable_items
from annotate.selectors.progress import jobs_of
from curation.policy_forms import PolicyForm, ScoresForm
from curation.selectors.labels import labelled_items
from curation.selectors.overview import later_counts
from curation.selectors.planning import (
    Plan,
    last_recheck,
    last_replay,
    project_plan,
    replay_rows,
    replay_series,
    reward_curves,
    usual_seconds,
)
from curation.selectors.policies import PolicySettings, current_policy
from curation.services.learning import KINDS
from curation.services.mixture_jobs import last_mixtures
from curation.services.replaying import ask_for_replay, ask_to_recheck, ask_to_route
from curation.services.routing import make_policy, route_items, send_to_people
from curation.views.frame import attempt, attempt_plain, door, page

KINDS_OF_WORK = (JobKind.ROUTE, JobKind.REPLAY, JobKind.RECHECK, JobKind.MIXTURES)


@require_http_methods(["GET", "POST"])
def show_routing(request: HttpRequest, slug: str) -> HttpResponse:
    """What was routed, what each policy would buy, and the next policy. The plan reads the same form by GET,
    so that it can be looked at without a script and before anything is committed."""
    project = door(request, slug, read=Role.LEAD)
    given = request.POST if request.method == "POST" else request.GET if "kind" in request.GET else None
    form = PolicyForm(given, initial={"seconds": round(usual_seconds(project))})
    if request.method == "POST" and form.is_valid() and _route(request, project, form):
        return redirect("show_routing", project.slug)
    replayed = last_replay(project)
    policy = current_policy(project=project)
    return page(
        request,
        "curation/routing.html",
        project,
        tab="show_routing",
        status=422 if request.method == "POST" else 200,
        form=form,
        plan=_plan(project, form),
        pairs=judgeable_items(project).count(),
        labelled=labelled_items(project),
        policy=policy,
        learned=PolicySettings.read(policy.settings).learned if policy else {},
        policies=project.policies.order_by("-version")[:20],
        later=later_counts(project),
        replayed=replayed,
        series=replay_series(replayed.result) if replayed else [],
        rows=replay_rows(replayed.result) if replayed else [],
        mixtures=last_mixtures(project),
        scores=ScoresForm(),
        rewards=reward_curves(replayed.result) if replayed else {},
        jobs=jobs_of(project).filter(kind__in=KINDS_OF_WORK)[:5],
    )


@require_safe
def show_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """The plan alone, while somebody moves the slider."""
    project = door(request, slug, read=Role.LEAD)
    form = PolicyForm(request.GET)
    return page(
        request, "curation/_plan.html", project, tab="show_routing", plan=_plan(project, form), form=form
    )


@require_POST
def replay(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    attempt_plain(request, lambda: ask_for_replay(project=project))
    return redirect("show_routing", project.slug)


@require_http_methods(["GET", "POST"])
def show_rechecks(request: HttpRequest, slug: str) -> HttpResponse:
    """Labels that people should see again; those that are chosen go to one more person."""
    project = door(request, slug, read=Role.LEAD)
    if request.method == "POST":
        _send_or_look(request, project)
        return redirect("show_rechecks", project.slug)
    found = last_recheck(project)
    return page(
        request,
        "curation/rechecks.html",
        project,
        tab="show_routing",
        found=found,
        queue=found.result.get("queue", []) if found else [],
        jobs=jobs_of(project).filter(kind=JobKind.RECHECK)[:3],
    )


def _route(request: HttpRequest, project: Project, form: PolicyForm) -> bool:
    """Route at once, or leave learning to a worker; False where it was refused."""
    items = judgeable_items(project).count()
    prices = form.prices(overlap=project.overlap, seconds=usual_seconds(project))
    policy = form.policy(items=items, prices=prices)
    if policy["kind"] in KINDS:
        job = attempt(request, form, lambda: ask_to_route(project=project, policy=policy))
        words = _("A worker learns the policy and routes by it; this page shows how far it is.")
        if job is not None:
            messages.success(request, words, extra_tags="good")
        return job is not None
    report = attempt(request, form, lambda: route_items(policy=make_policy(project=project, **policy)))
    if report is None:
        return False
    told = {"version": report.version, "people": report.people, "models": report.models, "n": report.kept}
    words = _("Version %(version)s: %(people)s items to people, %(models)s to models.") % told
    if report.kept:
        words += " " + _("%(n)s items that people have begun stay with them.") % told
    messages.success(request, words, extra_tags="good")
    return True


def _plan(project: Project, form: PolicyForm) -> Plan | None:
    """The plan for what the form says, or for its first values; None where it makes no sense."""
    if form.is_bound and not form.is_valid():
        return None
    if not form.is_bound:
        first = {name: [str(field.initial)] for name, field in form.fields.items() if field.initial}
        form = PolicyForm(MultiValueDict(first | {"kind": ["random"], "ask_models": ["on"]}))
        if not form.is_valid():
            return None
    items = judgeable_items(project).count()
    prices = form.prices(overlap=project.overlap, seconds=usual_seconds(project))
    budget = form.budget_items(items=items, prices=prices)
    share = 1.0 if budget is None else min(1.0, budget / items) if items else 0.0
    return project_plan(project, prices, share=share, ask_models=form.cleaned_data["ask_models"])


def _send_or_look(request: HttpRequest, project: Project) -> None:
    chosen = [int(one) for one in request.POST.getlist("item") if one.isdecimal() and len(one) < 18]
    if "look" in request.POST:
        attempt_plain(request, lambda: ask_to_recheck(project=project))
        return
    if not chosen:
        messages.warning(request, _("Choose the items that people should see again."), extra_tags="warn")
        return
    reasons = _reasons(project)
    sent: list[int] = []

    def send() -> None:
        for pk in chosen:
            item = access_item(project=project, pk=pk)
            words = f"Sent to people again: {reasons.get(pk, 'chosen by hand')}."
            sent.append(send_to_people(project=project, item_ids=[item.pk], reason=words))

    attempt_plain(request, send)
    if sent:
        messages.success(
            request,
            ngettext(
                "%(n)s item waits for one more person.",
                "%(n)s items wait for one more person each.",
                sum(sent),
            )
            % {"n": sum(sent)},
            extra_tags="good",
        )


def _reasons(project: Project) -> dict[int, str]:
    found = last_recheck(project)
    queue: list[dict[str, Any]] = found.result.get("queue", []) if found else []
    return {row["item_id"]: "; ".join(row["reasons"]) for row in queue}
