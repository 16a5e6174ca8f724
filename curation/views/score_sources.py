"""Where scores come from besides the texts: a model that is named, or a table from elsewhere."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from annotate.enums import JobKind, Role
from annotate.selectors.progress import jobs_of
from annotate.services.uploads import keep_upload
from curation.score_forms import GIVES_WORDS, ModelScoreForm, ScoreTableForm
from curation.selectors.model_shelf import models_here
from curation.selectors.score_lists import score_lists
from curation.services.score_tables import ask_to_keep_scores
from curation.services.scoring import score_items
from curation.views.frame import attempt, door, page


@require_http_methods(["GET", "POST"])
def score_by_model(request: HttpRequest, slug: str) -> HttpResponse:
    """Score with a model of this machine or of the hub; what cannot be used says why."""
    project = door(request, slug, read=Role.LEAD)
    shelf = models_here()
    form = ModelScoreForm(request.POST or None, shelf=shelf)
    if request.method == "POST" and form.is_valid():
        scorer, parameters = form.asked()
        job = attempt(
            request, form, lambda: score_items(project=project, scorer=scorer, parameters=parameters)
        )
        if job is not None:
            said = _("Asked %(model)s about %(n)s pairs.") % {"model": parameters["model"], "n": job.total}
            messages.success(request, said)
            return redirect("show_scores", project.slug)
    return page(
        request,
        "curation/score_by_model.html",
        project,
        tab="show_scores",
        status=422 if request.method == "POST" else 200,
        form=form,
        shelf=[{"model": one, "words": GIVES_WORDS.get(one.gives, "")} for one in shelf],
        lists=score_lists(project),
    )


@require_http_methods(["GET", "POST"])
def upload_scores(request: HttpRequest, slug: str) -> HttpResponse:
    """Take in a table of scores that was made elsewhere."""
    project = door(request, slug, read=Role.LEAD)
    form = ScoreTableForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]

        def ask() -> object:
            kept = keep_upload(upload=upload)
            return ask_to_keep_scores(project=project, upload=kept, name=upload.name or "upload")

        if attempt(request, form, ask) is not None:
            return redirect("upload_scores", project.slug)
    scored = jobs_of(project).filter(kind=JobKind.SCORE)
    return page(
        request,
        "curation/upload_scores.html",
        project,
        tab="show_scores",
        status=422 if request.method == "POST" else 200,
        form=form,
        jobs=scored.filter(payload__scorer="uploaded")[:5],
        lists=score_lists(project),
    )
