from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from annotate.enums import Role
from annotate.http import person
from curation.forms import RecipeForm
from curation.selectors.releases import access_recipe
from curation.services.releasing import freeze_release, preview_recipe, save_recipe
from curation.views.frame import attempt, attempt_plain, door, page


@require_http_methods(["GET", "POST"])
def show_recipes(request: HttpRequest, slug: str) -> HttpResponse:
    """The project's recipes, and a form for a new one."""
    project = door(request, slug)
    form = RecipeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        recipe = attempt(
            request,
            form,
            lambda: save_recipe(
                project=project,
                name=form.cleaned_data["name"],
                steps=form.steps(),
                pool=form.cleaned_data["pool"],
            ),
        )
        if recipe is not None:
            return redirect("show_recipe", project.slug, recipe.pk)
    return page(
        request,
        "curation/recipes.html",
        project,
        tab="show_recipes",
        status=422 if request.method == "POST" else 200,
        form=form,
        recipes=project.recipes.order_by("name"),
    )


@require_http_methods(["GET", "POST"])
def show_recipe(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One recipe with what each step keeps and drops now; saving it keeps its name."""
    project = door(request, slug)
    recipe = access_recipe(project=project, pk=pk)
    form = (RecipeForm(request.POST) if request.method == "POST" else RecipeForm.about(recipe)).keep_name()
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            request,
            form,
            lambda: save_recipe(
                project=project,
                name=recipe.name,
                steps=form.steps(),
                pool=form.cleaned_data["pool"],
                expected_version=form.cleaned_data["expected_version"],
            ),
        )
        if saved is not None:
            return redirect("show_recipe", project.slug, recipe.pk)
    preview = preview_recipe(project=project, steps=recipe.steps, pool=recipe.pool)
    return page(
        request,
        "curation/recipe.html",
        project,
        tab="show_recipes",
        status=422 if request.method == "POST" else 200,
        recipe=recipe,
        form=form,
        preview=preview,
    )


@require_POST
def preview_steps(request: HttpRequest, slug: str) -> HttpResponse:
    """What the steps in the form would keep: asked for at each change, and nothing is saved."""
    project = door(request, slug, write=Role.REVIEWER)
    form = RecipeForm(request.POST)
    preview = None
    if form.is_valid():
        preview = attempt(
            request,
            form,
            lambda: preview_recipe(project=project, steps=form.steps(), pool=form.cleaned_data["pool"]),
        )
    status = 200 if preview is not None else 422
    return page(
        request,
        "curation/_preview.html",
        project,
        tab="show_recipes",
        status=status,
        form=form,
        preview=preview,
    )


@require_POST
def freeze(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    project = door(request, slug)
    recipe = access_recipe(project=project, pk=pk)
    release = attempt_plain(
        request, lambda: freeze_release(project=project, recipe=recipe, by=person(request))
    )
    if release is None:
        return redirect("show_recipe", project.slug, recipe.pk)
    return redirect("show_release", project.slug, release.version)
