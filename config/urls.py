from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from config.health import show_health

urlpatterns = [
    path("healthz", show_health, name="show_health"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("api/", include("annotate.api.urls")),
    path("api/", include("curation.api.urls")),
    path("", include("annotate.urls")),
    path("", include("curation.urls")),
]
