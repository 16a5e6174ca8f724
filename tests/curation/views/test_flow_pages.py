"""The lead's, the reviewer's and the annotator's own pages of the flow."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.enums import ItemPurpose
from annotate.models import Adjudication, Assignment, Flag, Item, Judge, Judgment
from annotate.services.assignments import take_next
from annotate.services.gold import make_gold
from annotate.services.judges import judge_of
from annotate.services.judgments import record_judgment
from curation.services.routing import make_policy, route_items
from tests.factories import ask_preset, make_item, make_items, make_judge, make_judgment, make_member
from tests.helpers import assert_seats_add_up, together

pytestmark = pytest.mark.django_db
FLOW = {
    "overlap": 1, "overlap_max": "", "stop": "posterior", "sure_at": 90, "most_spread": 2, "spread_on": "",
    "max_open_leases": 3, "price_per_judgment": "", "suggestion_holdout": 20, "gold_percent": 0,
    "repeat_percent": 0, "trap_percent": 0, "pass_mark": "", "expected_version": 1,
}  # fmt: skip


def address(name, project, *more):
    return reverse(name, args=[project.slug, *more])


def text_of(answer):
    return answer.content.decode()


@pytest.fixture
def routed(project):
    make_items(project, 3)
    route_items(policy=make_policy(project=project, kind="everyone"))
    return project


def test_the_flow_says_what_a_change_does_before_it_is_saved(routed, lead, sign_in):
    client = sign_in(lead)
    item = routed.items.first()
    make_judgment(item, make_judge(routed), 1, seated=True)
    Judgment.objects.update(seconds=60)
    fields = FLOW | {"overlap": 3, "price_per_judgment": "0.5"}

    fragment = text_of(client.post(address("preview_flow", routed), fields))
    page = text_of(client.post(address("show_flow", routed), fields | {"look": "1"}))

    for shown in (fragment, page):
        assert "Saving changes 3 of 3 items: 3 get more people, 0 fewer." in shown
        assert "6 more judgments, about 6 min of work at the pace of now, 3.0" in shown
    assert set(routed.items.values_list("seats_wanted", flat=True)) == {1}


def test_saving_the_flow_moves_the_seats_and_never_below_what_is_taken(routed, lead, sign_in):
    client = sign_in(lead)
    item = routed.items.first()
    client.post(address("show_flow", routed), FLOW | {"overlap": 3})
    for _ in range(2):
        make_judgment(item, make_judge(routed), 1, seated=True)

    answer = client.post(address("show_flow", routed), FLOW | {"overlap": 1, "expected_version": 2})

    assert answer.status_code == 302
    item.refresh_from_db()
    assert (item.seats_wanted, item.seats_taken) == (2, 2)
    assert sorted(routed.items.values_list("seats_wanted", flat=True)) == [1, 1, 2]
    assert_seats_add_up(routed)


def test_a_raised_most_asks_again_only_where_there_is_doubt(routed, lead, sign_in):
    client = sign_in(lead)
    client.post(address("show_flow", routed), FLOW | {"overlap": 2})
    agreed, split, _untouched = routed.items.order_by("pk")
    for item, preferences in ((agreed, (1, 2)), (split, (1, -2))):
        for preference in preferences:
            make_judgment(item, make_judge(routed), preference, seated=True)

    fields = FLOW | {"overlap": 2, "overlap_max": 4, "sure_at": 80, "expected_version": 2}
    client.post(address("show_flow", routed), fields)

    assert list(routed.items.order_by("pk").values_list("seats_wanted", flat=True)) == [2, 3, 2]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"overlap": 3, "overlap_max": 2}, "overlap_max"),
        ({"gold_percent": 40, "trap_percent": 40}, "gold_percent"),
        ({"sure_at": 100}, "sure_at"),
    ],
)
def test_a_flow_that_cannot_be_is_refused_at_its_field(wrong, field, project, lead, sign_in):
    answer = sign_in(lead).post(address("show_flow", project), FLOW | wrong)

    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}


def test_a_stale_flow_is_refused_and_shows_what_differs(project, lead, sign_in):
    client = sign_in(lead)
    client.post(address("show_flow", project), FLOW | {"gold_percent": 7})

    answer = client.post(address("show_flow", project), FLOW | {"gold_percent": 9})

    assert answer.status_code == 412
    assert "<td>Gold, per cent of the turns</td><td>7</td><td>9</td>" in text_of(answer)
    project.refresh_from_db()
    assert project.flow["gold_percent"] == 7
    again = client.post(address("show_flow", project), FLOW | {"gold_percent": 9, "expected_version": 2})
    assert again.status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.database_bound
def test_of_racing_edits_one_wins_and_the_other_is_told(project, lead, sign_in):
    won = []
    for version in range(1, 11):
        calls = [
            lambda name=name, version=version: sign_in(lead).post(
                address("show_settings", project),
                {"name": name, "lease_minutes": 10, "expected_version": version},
            )
            for name in ("one", "other")
        ]
        won.append(sorted(answer.status_code for answer in together(*calls)))

    assert won == [[302, 412]] * 10


def test_guidelines_are_looked_at_published_and_compared(project, lead, sign_in):
    client = sign_in(lead)
    fields = {"text": "Prefer what is **kind**.\n", "expected_version": 1}

    look = text_of(client.post(address("show_guidelines", project), fields | {"look": "1"}))
    fragment = text_of(client.post(address("look_at_guidelines", project), fields))
    assert "<strong>kind</strong>" in look
    assert "<strong>kind</strong>" in fragment
    assert project.guidelines.count() == 1

    assert client.post(address("show_guidelines", project), fields).status_code == 302
    stale = client.post(address("show_guidelines", project), fields | {"text": "Prefer what is short."})
    assert stale.status_code == 412
    assert "Prefer what is short." in text_of(stale)
    assert "<del>Prefer what is **kind**.</del>" in text_of(stale)

    latest = project.guidelines.get(version=2)
    page = text_of(client.get(address("show_guideline", project, latest.pk)))
    assert "<del>Prefer what is true.</del>" in page
    assert "<ins>Prefer what is **kind**.</ins>" in page


def test_a_reviewer_decides_without_names_and_then_sees_them(project, reviewer, sign_in):
    item = make_item(project)
    judges = [make_judge(project, name=name) for name in ("ada-name", "ben-name")]
    for judge, preference in zip(judges, (-3, 2), strict=True):
        make_judgment(item, judge, preference)
    client = sign_in(reviewer)
    assert item.external_id in text_of(client.get(address("show_review", project)))

    before = text_of(client.get(address("review_item", project, item.pk)))
    assert "A much better" in before
    assert "B clearly better" in before
    assert "ada-name" not in before
    seen = ",".join(str(pk) for pk in Judgment.objects.values_list("pk", flat=True))
    fields = {"answer_preference": "2", "reason": "It answers the question.", "judgments": seen}

    without = client.post(address("review_item", project, item.pk), fields | {"reason": ""})
    assert without.status_code == 422
    stale = client.post(address("review_item", project, item.pk), fields | {"judgments": ""})
    assert stale.status_code == 412
    answer = client.post(address("review_item", project, item.pk), fields)

    assert answer.headers["Location"] == address("review_item", project, item.pk)
    final = Adjudication.objects.get()
    assert (final.by, final.answers["preference"], final.reason) == (reviewer, 2, "It answers the question.")
    after = text_of(client.get(address("review_item", project, item.pk)))
    assert "ada-name" in after
    assert "It answers the question." in after


def test_the_lead_answers_a_flag(project, lead, annotator, sign_in):
    make_item(project, seats=1)
    lease = take_next(project=project, judge=judge_of(project=project, user=annotator))
    flag = Flag.objects.create(assignment=lease, reason="harmful", text="line two")
    client = sign_in(lead)
    assert "line two" in text_of(client.get(address("show_flags", project)))

    client.post(address("settle_flag", project, flag.pk), {"state": "set_aside", "note": "Right."})

    flag.refresh_from_db()
    assert (flag.state, flag.note, flag.answered_by) == ("set_aside", "Right.", lead)
    assert Item.objects.get().purpose == "set_aside"


def test_an_item_is_made_gold_and_sent_back(project, lead, sign_in):
    item = make_item(project)
    client = sign_in(lead)
    checks, own = address("show_checks", project), address("make_check", project, item.pk)
    fields = {"purpose": "gold", "tolerance": 1, "explanation": "Plainly.", "also": ["tie"]}

    assert client.post(checks, {"item": "nothing"}).status_code == 422
    assert client.post(checks, {"item": item.external_id}).url == own
    assert client.post(own, fields).status_code == 422
    assert client.post(own, fields | {"answer_preference": "-2"}).status_code == 302
    item.refresh_from_db()
    assert item.gold.accepted == {"preference": ["first", "tie"]}
    assert "first or tie" in text_of(client.get(checks))
    client.post(address("remove_check", project, item.pk))

    item.refresh_from_db()
    assert (item.purpose, hasattr(item, "gold")) == ("work", False)


def test_what_the_lead_answers_of_any_question_is_right_within_reason(project, lead, sign_in):
    ask_preset(project, "mm-rlhf")
    item = make_item(project)
    client = sign_in(lead)
    scores = {
        f"answer_scores.{letter}.{name}": point
        for letter, point in (("A", "5"), ("B", "2"))
        for name in ("helpfulness", "faithfulness", "ethics")
    }
    ranks = {"answer_ranking.A": "1", "answer_ranking.B": "2"}
    fields = {"purpose": "qualification", "tolerance": 1} | scores | ranks

    assert client.post(address("make_check", project, item.pk), fields).status_code == 302

    item.refresh_from_db()
    around = {"0": [4, 5], "1": [1, 3]}
    names = ("helpfulness", "faithfulness", "ethics")
    assert item.gold.accepted == {
        "scores": [{side: dict.fromkeys(names, points) for side, points in around.items()}],
        "ranking": [[[0], [1]]],
    }
    page = text_of(client.get(address("show_checks", project)))
    assert "A &gt; B" in page
    assert "4–5" in page


def test_the_quality_page_shows_each_persons_record(project, lead, annotator, sign_in):
    judge = judge_of(project=project, user=annotator)
    for number in range(12):
        item = make_item(project)
        make_gold(item=item, accepted={"preference": ["first"]})
        make_judgment(item, judge, 1 if number < 10 else -1)
    Judgment.objects.update(seconds=0.1)
    client = sign_in(lead)

    page = text_of(client.get(address("show_quality", project)))
    own = text_of(client.get(address("show_person", project, judge.pk)))

    assert "2 of 12" in page
    assert '<span class="pill warn">gold</span>' in page
    assert '<span class="pill warn">hurried</span>' in page
    assert "Wrong on gold more often than chance explains." in own


def test_the_lead_pauses_a_person_and_says_what_they_know(project, lead, annotator, sign_in):
    make_item(project, seats=1)
    judge = judge_of(project=project, user=annotator)
    take_next(project=project, judge=judge)
    client = sign_in(lead)

    client.post(address("act_on_person", project, judge.pk), {"step": "pause"})
    assert Assignment.objects.get().state == "revoked"
    assert Item.objects.get().seats_taken == 0
    assert take_next(project=project, judge=Judge.objects.get(pk=judge.pk)) is None
    client.post(address("act_on_person", project, judge.pk), {"step": "resume"})
    client.post(address("show_person", project, judge.pk), {"expertise": " Medicine, law ,law,"})

    judge.refresh_from_db()
    assert (judge.standing, judge.expertise) == ("active", ["law", "medicine"])


def test_my_work_lists_my_answers_and_an_answer_is_changed(project, annotator, sign_in):
    make_item(project, prompt="my own prompt", seats=1)
    judge = judge_of(project=project, user=annotator)
    lease = take_next(project=project, judge=judge)
    answers = {"preference": -2, "justification": "because"}
    record_judgment(assignment=lease, token=lease.lease_token, answers=answers)
    client = sign_in(annotator)
    page = text_of(client.get(address("show_mine", project)))
    side = "A" if lease.order == [0, 1] else "B"
    assert "my own prompt" in page
    assert f"{side} clearly better" in page

    form = text_of(client.get(address("show_answer", project, lease.pk)))
    assert "because" in form
    fields = {"answer_preference": "tie", "answer_justification": "on second thought", "revision": 1}
    assert client.post(address("show_answer", project, lease.pk), fields).status_code == 302
    stale = client.post(address("show_answer", project, lease.pk), fields)

    assert stale.status_code == 412
    assert "on second thought" in text_of(stale)
    kept = list(Judgment.objects.order_by("revision").values_list("state", "answers__preference"))
    assert kept == [("replaced", -2), ("current", "tie")]


def test_people_are_told_how_they_did_on_gold_where_the_lead_wants_it(project, annotator, sign_in):
    item = make_item(project)
    make_gold(item=item, accepted={"preference": ["first"]}, explanation="The first has the date.")
    lease_of = make_judgment(item, judge_of(project=project, user=annotator), 2).assignment
    client = sign_in(annotator)
    assert "The first has the date." not in text_of(client.get(address("show_answer", project, lease_of.pk)))

    project.flow = {"gold_feedback": True}
    project.save()

    page = text_of(client.get(address("show_answer", project, lease_of.pk)))
    assert "The first has the date." in page
    assert "yours differs from it" in page
    assert item.purpose == ItemPurpose.GOLD


def test_the_team_sees_what_is_left_and_who_did_what(routed, reviewer, sign_in):
    make_judgment(routed.items.first(), make_judge(routed), 1, seated=True)

    page = text_of(sign_in(reviewer).get(address("show_team", routed)))

    assert "2 left." in page


def test_an_annotator_sees_none_of_the_leads_pages(project, annotator, sign_in):
    other = judge_of(project=project, user=make_member(project))
    client = sign_in(annotator)

    for name, more in (
        ("show_flow", ()), ("show_quality", ()), ("show_review", ()), ("show_flags", ()), ("show_team", ()),
        ("show_checks", ()), ("show_person", (other.pk,)),
    ):  # fmt: skip
        assert client.get(address(name, project, *more)).status_code == 403
