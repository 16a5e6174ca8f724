"""The policy of pages is built once, and what one view says of its own answer stays with that answer."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.services.images import keep_image
from tests.factories import make_png

pytestmark = pytest.mark.django_db
HEADER = "Content-Security-Policy"


def policy_of(client, address):
    """Read to its end: a picture is a file, which is closed by then."""
    answer = client.get(address)
    assert answer.status_code == 200
    answer.getvalue()
    return answer[HEADER]


@pytest.mark.parametrize("first", ["page", "picture"])
def test_a_picture_may_do_nothing_and_the_pages_after_it_all_that_pages_may(project, annotator, first):
    from django.test import Client

    kept = keep_image(project=project, name="cat.png", data=make_png("cat"))
    # A client of its own begins with middleware that has seen nothing.
    client = Client()
    client.force_login(annotator)
    desk = reverse("show_desk", args=[project.slug])
    picture = reverse("show_image", args=[project.slug, kept.digest])
    if first == "page":
        policy_of(client, desk)

    assert policy_of(client, picture) == "default-src 'none'; sandbox"
    [policy] = {policy_of(client, desk) for _again in range(3)}
    assert policy_of(client, picture) == "default-src 'none'; sandbox"

    assert "script-src 'self'" in policy
    assert "sandbox" not in policy
