from __future__ import annotations

from django.urls import path, register_converter
from drf_spectacular.views import SpectacularAPIView

from annotate.api import flow, images, tokens, views


class JobAction:
    regex = "retry|cancel"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(JobAction, "job_action")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("tokens/", tokens.TokensApi.as_view(), name="api_tokens"),
    path("tokens/revoke/", tokens.RevokeTokenApi.as_view(), name="api_revoke_token"),
    path("projects/", views.ProjectsApi.as_view(), name="api_projects"),
    path("projects/<slug:slug>/", views.ProjectApi.as_view(), name="api_project"),
    path("projects/<slug:slug>/items/", views.ItemsApi.as_view(), name="api_items"),
    path("projects/<slug:slug>/items/<int:pk>/", views.ItemApi.as_view(), name="api_item"),
    path("projects/<slug:slug>/images/", images.ImagesApi.as_view(), name="api_images"),
    path("projects/<slug:slug>/imports/", views.ImportsApi.as_view(), name="api_imports"),
    path("projects/<slug:slug>/jobs/<int:pk>/", views.JobApi.as_view(), name="api_job"),
    path(
        "projects/<slug:slug>/jobs/<int:pk>/<job_action:action>/",
        views.JobActionApi.as_view(),
        name="api_job_action",
    ),
    path("projects/<slug:slug>/next/", views.NextApi.as_view(), name="api_next"),
    path("projects/<slug:slug>/undo/", views.UndoApi.as_view(), name="api_undo"),
    path("projects/<slug:slug>/progress/", views.ProgressApi.as_view(), name="api_progress"),
    path(
        "projects/<slug:slug>/assignments/<int:pk>/judgment/",
        views.JudgmentApi.as_view(),
        name="api_judgment",
    ),
    path("projects/<slug:slug>/answers/", flow.AnswersApi.as_view(), name="api_answers"),
    path("projects/<slug:slug>/assignments/<int:pk>/flag/", flow.FlagApi.as_view(), name="api_flag"),
    path(
        "projects/<slug:slug>/assignments/<int:pk>/revision/",
        flow.RevisionApi.as_view(),
        name="api_revision",
    ),
    path("projects/<slug:slug>/assignments/<int:pk>/skip/", views.SkipApi.as_view(), name="api_skip"),
    path(
        "projects/<slug:slug>/assignments/<int:pk>/heartbeat/",
        views.HeartbeatApi.as_view(),
        name="api_heartbeat",
    ),
]
