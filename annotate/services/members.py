"""Who is let into a project, and who is shown out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404

from annotate.enums import Role
from annotate.errors import InvalidSetting
from annotate.models import Membership, Project
from annotate.services.projects import add_member, remove_member


@dataclass(frozen=True, slots=True)
class Admitted:
    """``password`` is set only where an account was made: it is shown once and kept as a hash."""

    membership: Membership
    password: str | None


@transaction.atomic
def admit(*, project: Project, by: User | AnonymousUser, username: str, role: str) -> Admitted:
    """Let a person in by name. Where nobody has that name, a site admin makes the account with it.

    To anybody else an unknown name is refused.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    password = None
    if user is None:
        if not by.is_superuser:
            raise InvalidSetting(
                "Nobody has this name.", field="username", cure="Ask a site admin to make an account."
            )
        user, password = make_account(username=username)
    return Admitted(add_member(project=project, user=user, role=Role(role)), password)


def make_account(*, username: str) -> tuple[User, str]:
    """An account with a random password."""
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as trouble:
        raise InvalidSetting(
            "This is no user name.", field="username", cure="Use letters, digits and @ . + - _ only."
        ) from trouble
    password = secrets.token_urlsafe(12)
    return User.objects.create_user(username=username, password=password), password


def dismiss(*, project: Project, pk: int) -> None:
    """Take the member with this membership out; a membership of another project does not exist here."""
    membership = get_object_or_404(project.memberships.select_related("user"), pk=pk)
    remove_member(project=project, user=membership.user)
