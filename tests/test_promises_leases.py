"""Any interleaving of what people do keeps seats, leases and judgments true (promise P4)."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from annotate.errors import LeaseLost
from annotate.models import Assignment, Judgment
from annotate.services.assignments import (
    reclaim_lapsed,
    renew_lease,
    revoke_assignment,
    skip_assignment,
    take_next,
    undo_last,
)
from annotate.services.judgments import record_judgment
from tests.factories import make_item, make_judge, make_project
from tests.helpers import assert_judgments_add_up, assert_seats_add_up, lapse

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]
JUDGES = st.integers(0, 2)


class Leases(RuleBasedStateMachine):
    """Three judges on three items. ``model`` says what each pair's state is and which token may move it."""

    @initialize()
    def open_items(self):
        self.savepoint = transaction.savepoint()
        self.project = make_project()
        for seats in (1, 1, 2):
            make_item(self.project, seats=seats)
        self.judges = [make_judge(self.project) for _ in range(3)]
        self.model = {}
        self.lost = []

    def teardown(self):
        if hasattr(self, "savepoint"):
            transaction.savepoint_rollback(self.savepoint)

    def put(self, lease):
        self.give_up(lease)
        self.model[lease.pk] = ["leased", lease.lease_token, False]

    def give_up(self, lease):
        held = self.model.get(lease.pk)
        if held is not None and held[1] != lease.lease_token:
            self.lost.append((lease.pk, held[1]))

    def held_by(self, judge):
        mine = Assignment.objects.filter(judge=self.judges[judge], state="leased").order_by("pk").first()
        return mine and Assignment.objects.select_related("item__project", "judge").get(pk=mine.pk)

    def note_lapses(self):
        for held in self.model.values():
            if held[0] == "leased" and held[2]:
                held[0] = "expired"

    @rule(judge=JUDGES)
    def take(self, judge):
        lease = take_next(project=self.project, judge=self.judges[judge])
        self.note_lapses()
        if lease is not None:
            before = self.model.get(lease.pk, ["expired"])[0]
            assert before in ("leased", "expired")
            self.put(lease)

    @rule(judge=JUDGES)
    def renew(self, judge):
        if (lease := self.held_by(judge)) is not None:
            renew_lease(assignment=lease, token=self.model[lease.pk][1])
            self.model[lease.pk][2] = False

    @rule(judge=JUDGES)
    def expire(self, judge):
        if (lease := self.held_by(judge)) is not None:
            lapse(Assignment.objects.filter(pk=lease.pk))
            self.model[lease.pk][2] = True

    @rule(judge=JUDGES, preference=st.sampled_from([-3, 1, "tie", "neither"]))
    def submit(self, judge, preference):
        if (lease := self.held_by(judge)) is not None:
            token = self.model[lease.pk][1]
            record_judgment(assignment=lease, token=token, answers={"preference": preference})
            self.model[lease.pk] = ["done", token, False]

    @rule(judge=JUDGES)
    def skip(self, judge):
        if (lease := self.held_by(judge)) is not None:
            token = self.model[lease.pk][1]
            skip_assignment(assignment=lease, token=token)
            self.model[lease.pk] = ["skipped", token, False]

    @rule(judge=JUDGES)
    def undo(self, judge):
        opened = undo_last(project=self.project, judge=self.judges[judge])
        if opened is not None:
            assert self.model[opened.pk][0] in ("done", "skipped")
            self.put(opened)

    @rule(judge=JUDGES)
    def revoke(self, judge):
        if (lease := self.held_by(judge)) is not None:
            assert revoke_assignment(assignment=lease)
            self.lost.append((lease.pk, self.model[lease.pk][1]))
            self.model[lease.pk] = ["revoked", None, False]

    @rule()
    def reclaim(self):
        lapsed = sum(held[0] == "leased" and held[2] for held in self.model.values())
        assert reclaim_lapsed(project=self.project) == lapsed
        self.note_lapses()

    @rule(choice=st.randoms(use_true_random=False))
    def use_a_lost_token(self, choice):
        if not self.lost:
            return
        pk, token = choice.choice(self.lost)
        lease = Assignment.objects.select_related("item__project").get(pk=pk)
        before = [list(table.objects.order_by("pk").values()) for table in (Assignment, Judgment)]
        for act in (self.answer, renew_lease, skip_assignment):
            with pytest.raises(LeaseLost):
                act(assignment=lease, token=token)
        assert before == [list(table.objects.order_by("pk").values()) for table in (Assignment, Judgment)]

    @staticmethod
    def answer(*, assignment, token):
        record_judgment(assignment=assignment, token=token, answers={"preference": 1})

    @invariant()
    def what_is_stored_is_what_the_model_says(self):
        if not hasattr(self, "project"):
            return
        assert_seats_add_up(self.project)
        assert_judgments_add_up(self.project)
        stored = dict(Assignment.objects.filter(item__project=self.project).values_list("pk", "state"))
        assert stored == {pk: held[0] for pk, held in self.model.items()}


def interleave(examples, steps):
    run_state_machine_as_test(
        Leases,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_sixty_interleavings_keep_seats_and_leases_true(db):
    interleave(60, 20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_hundred_interleavings_keep_seats_and_leases_true(db):
    interleave(500, 50)
