"""Every kind of question on the desk, answered as the form posts it, for items of two to nine candidates."""

from __future__ import annotations

import re
import uuid

import pytest
from django.urls import reverse

from annotate.models import Judgment, Question
from annotate.selectors.desk import desk_item
from annotate.services.assignments import lease_item
from tests.factories import make_item, make_project

KINDS = {
    "ranking": ("ranking", {}),
    "scores": ("rating", {"attributes": ["helpfulness", "verbosity"], "low": 0, "high": 4, "na": True}),
    "severity": ("choice", {"options": ["none", "severe"], "per_candidate": True, "ordered": True}),
    "labels": ("choice", {"options": ["spam", "rude"], "multiple": True}),
    "critique": ("text", {"per_candidate": True, "lines": 3}),
    "spans": ("spans", {"labels": ["wrong"], "severities": ["minor", "major"]}),
}


@pytest.fixture
def desk(client, project, annotator):
    """Leases an item to the annotator and posts the form as a browser without a script would."""
    for position, (key, (kind, options)) in enumerate(KINDS.items(), start=2):
        Question.objects.create(
            project=project, position=position, key=key, kind=kind, text=key, options=options, required=False
        )
    client.force_login(annotator)

    class Desk:
        def take(self, count=3):
            from annotate.services.judges import judge_of

            self.item = make_item(project, texts=[f"response {n} 👩‍🚀 text" for n in range(count)], seats=1)
            client.post(reverse("next_item", args=[project.slug]))
            judge = judge_of(project=project, user=annotator)
            self.lease = self.item.assignments.get(judge=judge)
            return self.lease

        def post(self, fields):
            shown = desk_item(assignment=self.lease)
            known = {
                "lease_token": self.lease.lease_token,
                "digest": shown.digest,
                "submission_key": uuid.uuid4(),
            }
            return client.post(
                reverse("submit_verdict", args=[project.slug, self.lease.pk]),
                known | fields,
                headers={"hx-request": "true"},
            )

        def stored(self):
            return Judgment.objects.get(assignment=self.lease, state="current").answers

    return Desk()


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_every_kind_can_be_answered_without_a_script(desk, count):
    order = desk.take(count).order
    letters = "ABCDEFGHI"[:count]
    assert sorted(order) == list(range(count))

    answer = desk.post(
        {
            "answer_preference": "-2",
            "answer_labels": ["rude", "spam"],
            "answer_spans.1.side": letters[-1],
            "answer_spans.1.quote": "👩‍🚀",
            "answer_spans.1.label": "wrong",
            "answer_spans.1.severity": "major",
        }
        | {f"answer_ranking.{letter}": str(1 + place // 2) for place, letter in enumerate(letters)}
        | {f"answer_scores.{letter}.helpfulness": str(place % 5) for place, letter in enumerate(letters)}
        | {f"answer_scores.{letter}.verbosity": "na" for letter in letters}
        | {f"answer_severity.{letter}": "none" for letter in letters}
        | {f"answer_critique.{letters[0]}": "Too long."}
    )

    assert answer.status_code == 200
    stored = desk.stored()
    toward = 0 if stored["preference"] < 0 else 1
    assert order.index(toward) < order.index(1 - toward)
    assert stored["labels"] == ["spam", "rude"]
    assert stored["ranking"] == [sorted(order[start : start + 2]) for start in range(0, count, 2)]
    assert [stored["scores"][str(position)]["helpfulness"] for position in order] == [
        place % 5 for place in range(count)
    ]
    assert stored["critique"] == {str(order[0]): "Too long."}
    (span,) = stored["spans"]
    assert (span["candidate"], span["severity"]) == (order[-1], "major")
    text = desk.item.candidates.get(position=order[-1]).text
    assert text[span["start"] : span["end"]] == "👩‍🚀"


def test_what_was_answered_is_in_the_form_again_after_an_undo(client, desk, project):
    desk.take(3)
    fields = {
        "answer_preference": "1",
        "answer_ranking.A": "2",
        "answer_ranking.B": "1",
        "answer_ranking.C": "2",
    }
    desk.post(fields | {"answer_critique.B": "Fine."})

    page = client.post(reverse("undo", args=[project.slug]), headers={"hx-request": "true"}).content.decode()

    assert re.search(r'name="answer_preference" value="1"[^>]* checked', page)
    for letter, rank in (("A", 2), ("B", 1), ("C", 2)):
        ranks = page.split(f'name="answer_ranking.{letter}"')[1].split("</select>")[0]
        assert re.findall(r'value="(\d)"[^>]* selected', ranks) == [str(rank)]
    assert "Fine.</textarea>" in page


def test_a_refused_answer_keeps_everything_in_the_form(desk):
    desk.take(2)

    answer = desk.post({"answer_ranking.A": "1", "answer_critique.A": "Kept."})

    assert answer.status_code == 422
    assert "Kept.</textarea>" in answer.content.decode()
    assert "This question needs an answer." in answer.content.decode()


def test_an_answer_against_a_rule_is_kept_once_it_is_sent_again(desk, project):
    project.consistency = [{"compare": "preference", "with": "ranking"}]
    project.save()
    desk.take(2)
    fields = {"answer_preference": "-1", "answer_ranking.A": "2", "answer_ranking.B": "1"}

    warned = desk.post(fields)
    kept = desk.post(fields | {"confirmed": "on"})

    assert (warned.status_code, kept.status_code) == (422, 200)
    assert 'name="confirmed"' in warned.content.decode()
    assert desk.stored()["ranking"] == [[desk.lease.order[1]], [desk.lease.order[0]]]


def test_the_page_says_what_waits_for_what(desk, project):
    options = {"lines": 2, "when": {"question": "preference", "any_of": ["tie", "neither"]}}
    Question.objects.create(
        project=project, position=9, key="both", kind="text", text="Why no choice?", options=options
    )
    desk.take(2)

    page = desk.post({}).content.decode()

    assert 'data-when-question="preference" data-when-any-of="tie neither"' in page
    assert 'value="tie" data-means="answered tie"' in page


@pytest.mark.django_db
def test_a_preference_among_many_names_the_two_it_is_about():
    project = make_project()
    item = make_item(project, texts=["a", "b", "c"])
    from tests.factories import make_judge

    lease = lease_item(item=item, judge=make_judge(project), order=[2, 1, 0], seated=False)

    stops = desk_item(assignment=lease).main.groups[0].rows[0].controls

    assert (stops[0].text, stops[-2].text) == ("B much better", "C much better")
