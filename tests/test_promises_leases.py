"""Any interleaving of what people do keeps seats, leases and judgments true (promise P4)."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from annotate.errors import LeaseLost
from annotate.models import Assignment, Item, Judge, Judgment
from annotate.services.assignments import (
    lease_item,
    reclaim_lapsed,
    renew_lease,
    revoke_assignment,
    skip_assignment,
    take_next,
    undo_last,
)
from annotate.services.flags import flag_assignment
from annotate.services.flow import change_flow
from annotate.services.judgments import record_judgment, revise_judgment
from annotate.services.standing import pause_judge, resume_judge
from tests.factories import make_item, make_judge, make_project
from tests.helpers import assert_judgments_add_up, assert_seats_add_up, lapse

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]
JUDGES = st.integers(0, 2)


class Leases(RuleBasedStateMachine):
    """Three judges on three items, with a second lease taken ahead, hidden repeats, flags and pauses.

    ``model`` says what each assignment's state is and which token may move it. Every draw is made before
    anything is looked up: what the database numbers its rows with may not decide what is drawn next.
    """

    @initialize()
    def open_items(self):
        self.savepoint = transaction.savepoint()
        self.project = make_project(overlap=1)
        self.project.overlap_max, self.project.max_open_leases = 3, 2
        self.project.flow = {"sure_at": 80}
        self.project.save()
        for number, seats in enumerate((1, 1, 2)):
            item = make_item(self.project, seats=seats)
            Item.objects.filter(pk=item.pk).update(key=f"{number}".rjust(64, "0"))
        self.judges = [make_judge(self.project) for _ in range(3)]
        for number, judge in enumerate(self.judges):
            Judge.objects.filter(pk=judge.pk).update(name=f"judge-{number}", queue_cursor=f"{number}")
            judge.refresh_from_db()
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

    def all_held_by(self, judge):
        mine = Assignment.objects.filter(judge=self.judges[judge], state="leased").order_by("taken_at", "pk")
        return list(mine.select_related("item__project", "judge"))

    def held_by(self, judge, *, last=False):
        mine = self.all_held_by(judge)
        return (mine[-1] if last else mine[0]) if mine else None

    def note_lapses(self):
        stored = dict(Assignment.objects.filter(item__project=self.project).values_list("pk", "state"))
        for pk, held in self.model.items():
            if held[0] == "leased" and held[2] and stored[pk] == "expired":
                held[0] = "expired"

    def alive(self, judge):
        return [one for one in self.all_held_by(judge) if not self.model[one.pk][2]]

    @rule(judge=JUDGES)
    def take(self, judge):
        before = self.alive(judge)
        lease = take_next(project=self.project, judge=self.judges[judge])
        self.note_lapses()
        if lease is not None:
            assert self.model.get(lease.pk, ["expired"])[0] in ("leased", "expired")
            assert not before or lease in before
            self.put(lease)

    @rule(judge=JUDGES)
    def take_ahead(self, judge):
        held = self.alive(judge)
        lease = take_next(
            project=self.project, judge=self.judges[judge], besides=[one.pk for one in held[:1]]
        )
        self.note_lapses()
        if lease is not None:
            assert lease not in held[:1]
            self.put(lease)
            assert len(self.alive(judge)) <= max(2, len(held))

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

    @rule(judge=JUDGES, preference=st.sampled_from([-3, 1, "tie", "neither"]), last=st.booleans())
    def submit(self, judge, preference, last):
        if (lease := self.held_by(judge, last=last)) is not None:
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
    def flag(self, judge):
        if (lease := self.held_by(judge)) is not None:
            token = self.model[lease.pk][1]
            flag_assignment(assignment=lease, token=token, reason="broken")
            self.model[lease.pk] = ["flagged", token, False]

    @rule(judge=JUDGES)
    def undo(self, judge):
        opened = undo_last(project=self.project, judge=self.judges[judge])
        if opened is not None:
            assert self.model[opened.pk][0] in ("done", "skipped", "flagged")
            self.put(opened)

    @rule(judge=JUDGES, preference=st.sampled_from([-1, 2]))
    def revise(self, judge, preference):
        done = Assignment.objects.filter(judge=self.judges[judge], state="done").order_by("pk").last()
        if done is not None:
            current = done.judgments.get(state="current")
            answers = {"preference": preference}
            revise_judgment(assignment=done, expected_revision=current.revision, answers=answers)

    @rule(judge=JUDGES)
    def ask_again(self, judge):
        """A hidden repeat of the latest answer: no seat, the other way round."""
        done = (
            Assignment.objects.filter(judge=self.judges[judge], state="done", round=0).order_by("pk").last()
        )
        if (
            done is None
            or Assignment.objects.filter(item=done.item_id, judge=done.judge_id, round=1).exists()
        ):
            return
        self.put(lease_item(item=done.item, judge=done.judge, order=done.order[::-1], seated=False, round=1))

    @rule(judge=JUDGES)
    def pause(self, judge):
        held = self.all_held_by(judge)
        assert pause_judge(judge=self.judges[judge]) == len(held)
        for lease in held:
            self.lost.append((lease.pk, self.model[lease.pk][1]))
            self.model[lease.pk] = ["revoked", None, False]
        assert take_next(project=self.project, judge=self.judges[judge]) is None
        self.note_lapses()
        resume_judge(judge=self.judges[judge])

    @rule(seats=st.integers(1, 3))
    def change_the_overlap(self, seats):
        change_flow(
            project=self.project,
            expected_version=self.project.settings_version,
            overlap=seats,
            overlap_max=3,
            max_open_leases=2,
            price_per_judgment=None,
            rules=self.project.flow,
        )

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

    @rule(number=st.integers(0, 10_000))
    def use_a_lost_token(self, number):
        if not self.lost:
            return
        pk, token = self.lost[number % len(self.lost)]
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


@pytest.mark.timeout(600)
def test_sixty_interleavings_keep_seats_and_leases_true(db):
    interleave(60, 20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_hundred_interleavings_keep_seats_and_leases_true(db):
    interleave(500, 50)
