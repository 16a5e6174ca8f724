from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from annotate.errors import KeyReused, LeaseLost
from annotate.models import Submission
from annotate.services.guidelines import publish_guideline
from annotate.services.submissions import KEPT_FOR, forget_old_submissions, submit_once
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db


class Act:
    """Leaves a row each time it is done and not taken back."""

    def __init__(self):
        self.project = make_project()

    @property
    def done(self):
        return self.project.guidelines.exclude(version=1).count()

    def __call__(self):
        made = publish_guideline(project=self.project, text=f"Be fair, {uuid.uuid4()}.")
        return 201, {"version": made.version}


@pytest.mark.parametrize("times", [2, 3, 10])
def test_the_same_key_again_gets_the_same_reply(times):
    user, key, act = make_user(), uuid.uuid4(), Act()

    replies = [submit_once(user=user, key=key, digest="d", act=act) for _ in range(times)]

    assert [(reply.status, reply.body) for reply in replies] == [(201, {"version": 2})] * times
    assert (act.done, Submission.objects.count()) == (1, 1)


def test_the_same_key_with_another_body_is_refused():
    user, key, act = make_user(), uuid.uuid4(), Act()
    submit_once(user=user, key=key, digest="one", act=act)

    with pytest.raises(KeyReused):
        submit_once(user=user, key=key, digest="other", act=act)

    assert act.done == 1


def test_the_key_of_another_person_is_another_key():
    key, act = uuid.uuid4(), Act()
    for _ in range(2):
        submit_once(user=make_user(), key=key, digest="d", act=act)

    assert act.done == 2


def test_a_refused_submission_leaves_its_key_free():
    user, key = make_user(), uuid.uuid4()

    def refuse():
        raise LeaseLost("gone")

    with pytest.raises(LeaseLost):
        submit_once(user=user, key=key, digest="d", act=refuse)

    assert submit_once(user=user, key=key, digest="other", act=Act()).status == 201


def test_old_keys_are_forgotten_after_thirty_days():
    user = make_user()
    for _ in range(2):
        submit_once(user=user, key=uuid.uuid4(), digest="d", act=Act())
    now = timezone.now()
    first = Submission.objects.earliest("pk")
    Submission.objects.filter(pk=first.pk).update(created_at=now - KEPT_FOR - timedelta(seconds=1))

    assert forget_old_submissions(at=now) == 1
    assert not Submission.objects.filter(pk=first.pk).exists()
