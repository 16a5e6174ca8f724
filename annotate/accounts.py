"""Who is signed in, asked for by every request."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db.models import BigAutoField

from annotate.prepared import Prepared

_USER = Prepared(lambda pk: User.objects.filter(pk=pk), pk=BigAutoField())


class AccountBackend(ModelBackend):
    """Django's own, with the account of a session fetched by a prepared query."""

    def get_user(self, user_id: int) -> User | None:
        user = _USER.first(pk=user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
