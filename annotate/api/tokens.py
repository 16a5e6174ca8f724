from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from knox.views import LoginView, LogoutView
from rest_framework.authentication import BasicAuthentication, SessionAuthentication


@extend_schema_view(post=extend_schema(request=None, responses=OpenApiTypes.OBJECT))
class TokensApi(LoginView):  # type: ignore[misc]  # knox has no types
    """Make a token, shown this once and kept as a hash; name and password by HTTP Basic, or a session."""

    authentication_classes = [BasicAuthentication, SessionAuthentication]


@extend_schema_view(post=extend_schema(request=None, responses={204: None}))
class RevokeTokenApi(LogoutView):  # type: ignore[misc]  # knox has no types
    """Revoke the token that this request was made with."""
