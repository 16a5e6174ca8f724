from __future__ import annotations

from django.urls import path

from curation.views import (
    candidates,
    imports,
    items,
    jobs,
    judges,
    overview,
    projects,
    recipes,
    releases,
    routing,
    scores,
    settings,
    settling,
)

urlpatterns = [
    path("", projects.show_projects, name="show_projects"),
    path("p/new/", projects.create_project, name="create_project"),
    path("p/<slug:slug>/", overview.show_overview, name="show_overview"),
    path("p/<slug:slug>/stages/", overview.show_stages, name="show_stages"),
    path("p/<slug:slug>/items/", items.show_items, name="show_items"),
    path("p/<slug:slug>/items/<int:pk>/", items.show_item, name="show_item"),
    path("p/<slug:slug>/import/", imports.show_import, name="show_import"),
    path("p/<slug:slug>/candidates/", candidates.show_candidates, name="show_candidates"),
    path("p/<slug:slug>/scores/", scores.show_scores, name="show_scores"),
    path("p/<slug:slug>/routing/", routing.show_routing, name="show_routing"),
    path("p/<slug:slug>/judges/", judges.show_judges, name="show_judges"),
    path("p/<slug:slug>/settling/", settling.show_settling, name="show_settling"),
    path("p/<slug:slug>/recipes/", recipes.show_recipes, name="show_recipes"),
    path("p/<slug:slug>/recipes/preview/", recipes.preview_steps, name="preview_steps"),
    path("p/<slug:slug>/recipes/<int:pk>/", recipes.show_recipe, name="show_recipe"),
    path("p/<slug:slug>/recipes/<int:pk>/freeze/", recipes.freeze, name="freeze"),
    path("p/<slug:slug>/releases/", releases.show_releases, name="show_releases"),
    path("p/<slug:slug>/releases/<int:version>/", releases.show_release, name="show_release"),
    path(
        "p/<slug:slug>/releases/<int:version>/download/", releases.download_release, name="download_release"
    ),
    path("p/<slug:slug>/settings/", settings.show_settings, name="show_settings"),
    path("p/<slug:slug>/members/", settings.show_members, name="show_members"),
    path("p/<slug:slug>/members/<int:pk>/remove/", settings.remove_member, name="remove_member"),
    path("p/<slug:slug>/guidelines/", settings.show_guidelines, name="show_guidelines"),
    path("p/<slug:slug>/jobs/<int:pk>/", jobs.show_job, name="show_job"),
    path("p/<slug:slug>/jobs/<int:pk>/<job_action:action>/", jobs.act_on_job, name="act_on_job"),
]
