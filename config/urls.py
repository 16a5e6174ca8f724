from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from config.health import show_health

urlpatterns = [
    path("healthz", show_health, name="show_health"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("api/", include("annotate.api.urls")),
    path("api/", include("curation.api.urls")),
    path("", include("annotate.urls")),
    path("", include("curation.urls")),
]
handler500 = "config.busy.answer_error"
