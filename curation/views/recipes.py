from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotate.enums import Role
from annotate.errors import WinnowError
from annotate.http import person
from annotate.models import Project
from curation.models import Recipe
from curation.recipe_forms import EvaluationSetForm, FreezeForm, RecipeForm, RecipeTextForm
from curation.selectors.releases import access_recipe, releases_of, versions_of
from curation.services.evaluating import SEEDS
from curation.services.format_previews import preview_format
from curation.services.previews import overlap_of, preview_or_job, touched_rows
from curation.services.recipes import default_steps, read_yaml, save_recipe, steps_to_dicts, yaml_of
from curation.services.references import keep_evaluation_set, read_evaluation_file
from curation.services.releasing import ask_to_freeze
from curation.views.frame import attempt, attempt_plain, door, page
from curation.views.recipe_form import (
    fact_words,
    kinds_in_words,
    rearranged,
    step_choices,
    step_fields,
    steps_from_form,
)

TAB = "show_recipes"


@require_http_methods(["GET", "POST"])
def show_recipes(request: HttpRequest, slug: str) -> HttpResponse:
    """The project's recipes and evaluation sets, and a form for a new recipe."""
    project = door(request, slug)
    form = RecipeForm(request.POST or None, project=project)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        recipe = attempt(
            request,
            form,
            lambda: save_recipe(
                project=project,
                name=given["name"],
                steps=default_steps(project),
                pool=given["pool"],
                question=given["question"],
                by=person(request),
            ),
        )
        if recipe is not None:
            return redirect("show_recipe", project.slug, recipe.pk)
    return page(
        request,
        "curation/recipes.html",
        project,
        tab=TAB,
        status=422 if request.method == "POST" else 200,
        form=form,
        recipes=project.recipes.order_by("name"),
        sets=project.evaluation_sets.order_by("name"),
        set_form=EvaluationSetForm(),
    )


@require_http_methods(["GET", "POST"])
def show_recipe(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One recipe: its steps with what each keeps, drops and changes now. Saving a change makes a version."""
    project = door(request, slug)
    recipe = access_recipe(project=project, pk=pk)
    steps: list[dict[str, Any]] = recipe.steps
    form = RecipeForm.showing(recipe).keep_name()
    if request.method == "POST":
        form = RecipeForm(request.POST, project=project).keep_name()
        steps = rearranged(steps_from_form(request.POST), request.POST.get("act", ""))
        if "act" not in request.POST and form.is_valid():
            given = form.cleaned_data
            saved = attempt(
                request,
                form,
                lambda: save_recipe(
                    project=project, name=recipe.name, steps=steps, pool=given["pool"],
                    question=given["question"], expected_version=given["expected_version"],
                    by=person(request),
                ),
            )  # fmt: skip
            if saved is not None:
                return redirect("show_recipe", project.slug, recipe.pk)
    status = 422 if request.method == "POST" and form.errors else 200
    context = recipe_context(project, recipe) | preview_context(project, form, steps, form.about(recipe))
    return page(request, "curation/recipe.html", project, tab=TAB, status=status, **context)


def recipe_context(project: Project, recipe: Recipe) -> dict[str, Any]:
    return {
        "recipe": recipe,
        "versions": versions_of(recipe),
        "others": project.recipes.exclude(pk=recipe.pk).order_by("name"),
        "freeze_form": FreezeForm(),
        "text_form": RecipeTextForm(initial={"text": yaml_of(recipe, name=recipe.name)}),
        "parent": releases_of(project).first(),
    }


def preview_context(
    project: Project, form: RecipeForm, steps: list[dict[str, Any]], about: Mapping[str, str]
) -> dict[str, Any]:
    """The editor's steps, each with what it does to the pairs of this pool and question; where a step cannot
    be followed, why."""
    fields = step_fields(steps)
    found: dict[str, Any] = {"form": form, "steps": fields, "choices": step_choices()}
    try:
        preview, job = preview_or_job(project=project, steps=steps, **about)
    except WinnowError as trouble:
        return found | {"trouble": trouble}
    if preview is None:
        return found | {"job": job}
    standing = preview.columns.size
    for field, outcome in zip(fields, preview.outcomes, strict=True):
        field |= {
            "outcome": outcome,
            "before": standing,
            "dropped": len(outcome.dropped),
            "changed": len(outcome.changed),
            "facts": [
                (name, fact_words(value))
                for name, value in outcome.facts.items()
                if value not in ({}, [], None)
            ],
        }
        standing = outcome.kept
    return found | {"preview": preview}


@require_POST
def preview_steps(request: HttpRequest, slug: str) -> HttpResponse:
    """What the steps in the form would do: asked for at each change, and nothing is saved.

    A button that rearranges the steps gets the whole editor back; a changed value only the results.
    """
    project = door(request, slug, write=Role.REVIEWER)
    form = RecipeForm(request.POST, project=project).keep_name()
    steps = rearranged(steps_from_form(request.POST), request.POST.get("act", ""))
    valid = form.is_valid()
    context = preview_context(project, form, steps, form.about())
    template = "curation/_recipe_editor.html" if "act" in request.POST else "curation/_recipe_results.html"
    status = 200 if valid and "trouble" not in context else 422
    return page(request, template, project, tab=TAB, status=status, **context)


@require_POST
def show_touched(request: HttpRequest, slug: str, place: int) -> HttpResponse:
    """The first rows that a step drops or changes, to read."""
    project = door(request, slug, write=Role.REVIEWER)
    form = RecipeForm(request.POST, project=project)
    context = preview_context(project, form, steps_from_form(request.POST), form.about())
    preview = context.get("preview")
    changed = "changed" in request.GET
    rows = touched_rows(preview, place, changed=changed) if preview else []
    return page(
        request, "curation/_touched_rows.html", project, tab=TAB, rows=rows, changed=changed, place=place
    )


@require_safe
def compare_recipes(request: HttpRequest, slug: str) -> HttpResponse:
    """Two recipes side by side, as flows."""
    project = door(request, slug)
    sides = []
    for name in ("a", "b"):
        pk = request.GET.get(name, "")
        if not pk.isdecimal() or len(pk) > 18:
            raise Http404
        recipe = access_recipe(project=project, pk=int(pk))
        form = RecipeForm.showing(recipe)
        shown = preview_context(project, form, recipe.steps, form.about(recipe))
        sides.append({"recipe": recipe} | shown)
    previews = [side["preview"] for side in sides if "preview" in side]
    overlap = overlap_of(*previews) if len(previews) == len(sides) else None
    return page(request, "curation/compare_recipes.html", project, tab=TAB, sides=sides, overlap=overlap)


@require_http_methods(["GET", "POST"])
def recipe_text(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The recipe as a YAML file; sending one back makes a version of it."""
    project = door(request, slug)
    recipe = access_recipe(project=project, pk=pk)
    if request.method != "POST":
        answer = HttpResponse(yaml_of(recipe, name=recipe.name), content_type="application/yaml")
        answer["Content-Disposition"] = f'attachment; filename="recipe-{recipe.pk}-v{recipe.version}.yaml"'
        return answer
    form = RecipeTextForm(request.POST)
    if form.is_valid():

        def save() -> Recipe:
            read = read_yaml(form.cleaned_data["text"])
            return save_recipe(
                project=project, name=recipe.name, steps=steps_to_dicts(read.steps), pool=read.pool,
                method=read.method, question=read.question, by=person(request),
            )  # fmt: skip

        if attempt(request, form, save) is not None:
            return redirect("show_recipe", project.slug, recipe.pk)
    context = recipe_context(project, recipe) | {"text_form": form, "text_open": True}
    kept = RecipeForm.showing(recipe).keep_name()
    shown = preview_context(project, kept, recipe.steps, kept.about(recipe))
    return page(request, "curation/recipe.html", project, tab=TAB, status=422, **(shown | context))


@require_POST
def look_at_format(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """What the format in the form would make of the pairs that the saved recipe keeps."""
    project = door(request, slug)
    recipe = access_recipe(project=project, pk=pk)
    form = FreezeForm(request.POST)
    context: dict[str, Any] = {"recipe": recipe}
    if form.is_valid():
        try:
            found, job = preview_format(
                recipe=recipe, format=form.cleaned_data["format"], options=form.options()
            )
            context |= {"shown": found, "job": job, "kinds": kinds_in_words(found) if found else []}
        except WinnowError as trouble:
            context["trouble"] = trouble
    status = 200 if "shown" in context else 422
    return page(request, "curation/_format_preview.html", project, tab=TAB, status=status, **context)


@require_POST
def freeze(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Ask a worker for a release; the releases page shows how far it is."""
    project = door(request, slug)
    recipe = access_recipe(project=project, pk=pk)
    form = FreezeForm(request.POST)
    if not form.is_valid():
        context = recipe_context(project, recipe) | {"freeze_form": form}
        kept = RecipeForm.showing(recipe).keep_name()
        shown = preview_context(project, kept, recipe.steps, kept.about(recipe))
        return page(request, "curation/recipe.html", project, tab=TAB, status=422, **(shown | context))
    job = attempt_plain(
        request,
        lambda: ask_to_freeze(
            project=project,
            recipe=recipe,
            format=form.cleaned_data["format"],
            options=form.options(),
            acknowledge=form.cleaned_data["acknowledge"],
            evaluate=SEEDS if form.cleaned_data["evaluate"] else 0,
            by=person(request),
        ),
    )
    if job is None:
        return redirect("show_recipe", project.slug, recipe.pk)
    return redirect("show_releases", project.slug)


@require_POST
def add_evaluation_set(request: HttpRequest, slug: str) -> HttpResponse:
    project = door(request, slug)
    form = EvaluationSetForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["file"]

        def keep() -> object:
            return keep_evaluation_set(
                project=project, name=form.cleaned_data["name"], texts=read_evaluation_file(upload.read())
            )

        if attempt(request, form, keep) is not None:
            return redirect("show_recipes", project.slug)
    return page(
        request, "curation/recipes.html", project, tab=TAB, status=422,
        form=RecipeForm(project=project), set_form=form,
        recipes=project.recipes.order_by("name"), sets=project.evaluation_sets.order_by("name"),
    )  # fmt: skip
