"""The first minutes of a new home: someone to sign in as."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User


def first_admin(*, username: str = "admin") -> tuple[User, str] | None:
    """Make a site admin with a random password, once; None where anyone has an account already."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(15)
    return User.objects.create_superuser(username=username, password=password), password
