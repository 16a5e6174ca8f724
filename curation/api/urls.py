from __future__ import annotations

from django.urls import path

from curation.api import views

urlpatterns = [
    path("projects/<slug:slug>/generate/", views.GenerateApi.as_view(), name="api_generate"),
    path("projects/<slug:slug>/scores/", views.ScoresApi.as_view(), name="api_scores"),
    path("projects/<slug:slug>/routes/", views.RoutesApi.as_view(), name="api_routes"),
    path("projects/<slug:slug>/judges/local/", views.LocalJudgeApi.as_view(), name="api_local_judge"),
    path("projects/<slug:slug>/settle/", views.SettleApi.as_view(), name="api_settle"),
    path("projects/<slug:slug>/estimates/", views.EstimatesApi.as_view(), name="api_estimates"),
    path(
        "projects/<slug:slug>/recipes/preview/", views.RecipePreviewApi.as_view(), name="api_recipe_preview"
    ),
    path("projects/<slug:slug>/releases/", views.ReleasesApi.as_view(), name="api_releases"),
    path(
        "projects/<slug:slug>/releases/<int:version>/download/",
        views.ReleaseDownloadApi.as_view(),
        name="api_release_download",
    ),
]
