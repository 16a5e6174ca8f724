from __future__ import annotations

from django.urls import path

from curation.api import generators, judges, publishing, views

urlpatterns = [
    path("projects/<slug:slug>/generate/", views.GenerateApi.as_view(), name="api_generate"),
    path("projects/<slug:slug>/generators/", generators.GeneratorsApi.as_view(), name="api_generators"),
    path(
        "projects/<slug:slug>/generators/run/",
        generators.RunGeneratorsApi.as_view(),
        name="api_run_generators",
    ),
    path("projects/<slug:slug>/scores/", views.ScoresApi.as_view(), name="api_scores"),
    path("projects/<slug:slug>/scores/tables/", views.ScoreTablesApi.as_view(), name="api_score_tables"),
    path("projects/<slug:slug>/routes/", views.RoutesApi.as_view(), name="api_routes"),
    path("projects/<slug:slug>/replays/", views.ReplaysApi.as_view(), name="api_replays"),
    path("projects/<slug:slug>/judges/local/", views.LocalJudgeApi.as_view(), name="api_local_judge"),
    path("projects/<slug:slug>/judges/", judges.JudgesApi.as_view(), name="api_judges"),
    path("projects/<slug:slug>/judges/<int:pk>/", judges.JudgeApi.as_view(), name="api_judge"),
    path("projects/<slug:slug>/judges/<int:pk>/ask/", judges.AskJudgeApi.as_view(), name="api_judge_ask"),
    path(
        "projects/<slug:slug>/judges/<int:pk>/limits/",
        judges.JudgeLimitsApi.as_view(),
        name="api_judge_limits",
    ),
    path(
        "projects/<slug:slug>/judges/<int:pk>/injections/",
        judges.TryJudgeApi.as_view(),
        name="api_judge_try",
    ),
    path(
        "projects/<slug:slug>/judges/<int:pk>/measure/",
        judges.MeasureJudgeApi.as_view(),
        name="api_judge_measure",
    ),
    path("projects/<slug:slug>/settle/", views.SettleApi.as_view(), name="api_settle"),
    path("projects/<slug:slug>/leaderboard/", views.LeaderboardApi.as_view(), name="api_leaderboard"),
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
    path(
        "projects/<slug:slug>/releases/<int:version>/publish/",
        publishing.PublishApi.as_view(),
        name="api_publish_release",
    ),
    path("hub-token/", publishing.HubTokenApi.as_view(), name="api_hub_token"),
]
