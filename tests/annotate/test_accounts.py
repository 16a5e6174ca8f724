from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.accounts import AccountBackend
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_account_of_a_session_is_found_by_its_number():
    user = make_user()

    assert AccountBackend().get_user(user.pk) == user
    assert AccountBackend().get_user(0) is None


def test_a_session_ends_with_its_account(client):
    user = make_user()
    client.force_login(user)
    assert client.get(reverse("show_projects")).status_code == 200

    user.is_active = False
    user.save()

    assert client.get(reverse("show_projects")).status_code == 302
