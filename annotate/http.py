from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxHttpRequest(HttpRequest):
    """A request whose user is signed in (the login middleware saw to it)."""

    htmx: HtmxDetails
    user: User


def wants_fragment(request: Any) -> bool:
    """Tell a swap from a page load: boosted and history requests need the whole page."""
    return bool(request.htmx) and not (request.htmx.boosted or request.htmx.history_restore_request)


def person(request: Any) -> User:
    """Whoever is signed in; the login middleware and DRF's default permission let nobody else through."""
    assert isinstance(request.user, User)
    return request.user
