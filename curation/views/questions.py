"""What a project asks: the list, one question, a preset, and the rules between questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.enums import QuestionKind, Role
from annotate.models import Project, Question
from annotate.questions.presets import PRESETS
from annotate.selectors.question_changes import (
    Plan,
    Proposal,
    Wanted,
    plan_of,
    preset_proposal,
    proposal_of,
    with_question,
    with_question_moved,
    without_question,
)
from annotate.selectors.question_pages import asked_sample, question_rows, retired_rows, rules_told
from annotate.selectors.questions import questionnaire_of, spec_of
from annotate.services.questions import change_questions, follow_preset
from curation.question_forms import FORMS, QuestionForm, RuleRowForm, RulesForm, initial_of
from curation.views.frame import attempt, attempt_plain, door, page

SPARE_RULES = 2


@require_safe
def show_questions(request: HttpRequest, slug: str) -> HttpResponse:
    """The questions in order with what they have been answered, and how an annotator sees them."""
    project = door(request, slug)
    questionnaire = questionnaire_of(project)
    return page(
        request,
        "curation/questions.html",
        project,
        tab="show_questions",
        rows=question_rows(project),
        retired=retired_rows(project),
        told=rules_told(project),
        kinds=QuestionKind.choices,
        presets=PRESETS.values(),
        **asked_sample(project, questionnaire),
    )


@require_http_methods(["GET", "POST"])
def add_question(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    kind = request.POST.get("kind") or request.GET.get("kind", "")
    if kind not in FORMS:
        raise Http404
    return edited(request, project, kind, None)


@require_http_methods(["GET", "POST"])
def edit_question(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug, read=Role.LEAD)
    question = asked_question(project, pk)
    return edited(request, project, question.kind, question)


@require_POST
def preview_question(request: HttpRequest, slug: str) -> HttpResponse:
    """What the question in the form would change: asked for at each change, and nothing is saved."""
    project = door(request, slug)
    kind = request.POST.get("kind", "")
    if kind not in FORMS:
        raise Http404
    question = project.questions.filter(key=request.POST.get("was", ""), retired_at=None).first()
    form = form_for(request, project, kind, question)
    plan = planned(request, project, form) if form.is_valid() else None
    return page(
        request,
        "curation/_question_change.html",
        project,
        tab="show_questions",
        status=200 if plan else 422,
        form=form,
        **seen_in(project, plan),
    )


@require_POST
def move_question(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One place up or down. Where another question has to come first, it stays and the page says why."""
    project = door(request, slug)
    question = asked_question(project, pk)
    by = -1 if request.POST.get("to") == "up" else 1
    proposal = with_question_moved(proposal_of(project), question.key, by=by)
    attempt_plain(request, lambda: ask(project, proposal))
    return redirect("show_questions", project.slug)


@require_http_methods(["GET", "POST"])
def remove_question(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What taking a question out means, and doing it."""
    project = door(request, slug, read=Role.LEAD)
    question = asked_question(project, pk)
    proposal = without_question(proposal_of(project), question.key)
    if request.method == "POST":
        version = read_version(request)
        if attempt_plain(request, lambda: ask(project, proposal, version)) is not None:
            return redirect("show_questions", project.slug)
    plan = attempt_plain(request, lambda: plan_of(project, proposal))
    if plan is None:
        return redirect("show_questions", project.slug)
    return page(
        request,
        "curation/question_remove.html",
        project,
        tab="show_questions",
        question=question,
        **seen_in(project, plan),
    )


@require_http_methods(["GET", "POST"])
def choose_preset(request: HttpRequest, slug: str) -> HttpResponse:
    """A preset as an annotator would see it, what choosing it changes, and choosing it."""
    project = door(request, slug, read=Role.LEAD)
    preset = PRESETS.get(request.POST.get("name") or request.GET.get("name", ""))
    if preset is None:
        raise Http404
    proposal = preset_proposal(project, preset)
    if request.method == "POST":
        version = read_version(request)
        followed = attempt_plain(
            request,
            lambda: follow_preset(
                project=project, expected_version=version, preset=preset, proposal=proposal
            ),
        )
        if followed is not None:
            messages.success(
                request,
                _("The project asks %(preset)s now.") % {"preset": _(preset.title)},
                extra_tags="good",
            )
            return redirect("show_questions", project.slug)
    return page(
        request,
        "curation/question_preset.html",
        project,
        tab="show_questions",
        preset=preset,
        **seen_in(project, plan_of(project, proposal)),
    )


@require_http_methods(["GET", "POST"])
def change_rules(request: HttpRequest, slug: str) -> HttpResponse:
    """Which answers have to go together, and how the answers of several judges become one."""
    project = door(request, slug, read=Role.LEAD)
    questionnaire = questionnaire_of(project)
    specs = questionnaire.specs
    now = dict(project.settling)
    chosen = now.get("rules", {})
    initial = now | {"expected_version": project.settings_version}
    initial |= {f"rule_{place}": chosen.get(spec.key, "") for place, spec in enumerate(specs)}
    posted = request.POST if request.method == "POST" else None
    form = RulesForm(posted, initial=initial, specs=specs)
    told = [rule | {"value": rule.get("attribute") or rule.get("value", "")} for rule in project.consistency]
    rows = [
        RuleRowForm(posted, initial=rule, prefix=f"row{place}", specs=specs)
        for place, rule in enumerate([*told, *[{}] * SPARE_RULES])
    ]
    if posted is not None and form.is_valid() and all(row.is_valid() for row in rows):
        asked = proposal_of(project).questions

        def act() -> Plan:
            rules = [rule for row in rows if (rule := row.rule()) is not None]
            proposal = Proposal(asked, rules, form.settling(now))
            return ask(project, proposal, form.cleaned_data["expected_version"])

        if attempt(request, form, act) is not None:
            messages.success(
                request, _("The rules are changed. Settle again to apply them."), extra_tags="good"
            )
            return redirect("show_questions", project.slug)
    return page(
        request,
        "curation/question_rules.html",
        project,
        tab="show_questions",
        status=200 if posted is None else 422,
        form=form,
        rows=rows,
    )


def edited(request: HttpRequest, project: Project, kind: str, question: Question | None) -> HttpResponse:
    """The form, what it changes, and saving: what was answered asks for a confirmation first."""
    form = form_for(request, project, kind, question)
    plan = None
    if request.method == "POST" and form.is_valid():
        plan = planned(request, project, form)
        sure = plan is not None and (not plan.changes or "confirmed" in request.POST)
        if sure and attempt(request, form, saving(project, form)) is not None:
            return redirect("show_questions", project.slug)
    return page(
        request,
        "curation/question.html",
        project,
        tab="show_questions",
        status=422 if form.errors else 200,
        form=form,
        question=question,
        kind=dict(QuestionKind.choices)[kind],
        **seen_in(project, plan or plan_of(project, proposal_of(project))),
    )


def form_for(request: HttpRequest, project: Project, kind: str, question: Question | None) -> QuestionForm:
    specs = questionnaire_of(project).specs
    here = next((place for place, spec in enumerate(specs) if question and spec.key == question.key), None)
    initial = {"kind": kind, "expected_version": project.settings_version}
    if question is not None:
        initial = initial_of(spec_of(question)) | initial
    posted = request.POST if request.method == "POST" else None
    return FORMS[kind](posted, initial=initial, earlier=specs if here is None else specs[:here])


def proposed(project: Project, form: QuestionForm) -> Proposal:
    given = form.cleaned_data
    wanted = Wanted(form.spec(), was=given["was"], anew=given.get("anew", False))
    return with_question(proposal_of(project), wanted)


def planned(request: HttpRequest, project: Project, form: QuestionForm) -> Plan | None:
    return attempt(request, form, lambda: plan_of(project, proposed(project, form)))


def saving(project: Project, form: QuestionForm) -> Callable[[], Plan]:
    return lambda: ask(project, proposed(project, form), form.cleaned_data["expected_version"])


def ask(project: Project, proposal: Proposal, version: int | None = None) -> Plan:
    expected = project.settings_version if version is None else version
    return change_questions(project=project, expected_version=expected, proposal=proposal)


def seen_in(project: Project, plan: Plan | None) -> dict[str, Any]:
    """The plan, and its questions as an annotator would see them."""
    if plan is None:
        return {"plan": None, "questions": ()}
    return {"plan": plan, **asked_sample(project, plan.questionnaire)}


def asked_question(project: Project, pk: int) -> Question:
    found: Question = get_object_or_404(project.questions.filter(retired_at=None), pk=pk)
    return found


def read_version(request: HttpRequest) -> int:
    sent = request.POST.get("expected_version", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else -1
