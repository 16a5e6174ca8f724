"""The lead changes what is asked, and sees what that changes before it is saved."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from annotate.questions.presets import PRESETS
from annotate.selectors.questions import questionnaire_of, questions_of
from tests.factories import ask_preset, make_answers, make_item, make_judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def leading(client, lead):
    client.force_login(lead)
    return client


def url(name, project, *args):
    return reverse(name, args=[project.slug, *args])


def keys(project):
    return [one.key for one in questions_of(project)]


def answered(project):
    make_answers(make_item(project), make_judge(project), {"preference": 2, "justification": "Shorter."})


FIELDS = {
    "preference": {"levels": "3", "tie": "on", "neither": "on", "better": "better"},
    "ranking": {"ties": "on"},
    "rating": {
        "attributes": "help | Help | Does it help?\nTone of voice",
        "low": "0",
        "high": "4",
        "labels": "0 | none\n4 | all",
        "per_candidate": "on",
    },
    "choice": {"options": "spam | It is spam\nNo", "multiple": "on"},
    "text": {"min_length": "3", "max_length": "500", "lines": "2"},
    "spans": {"labels": "wrong | Wrong", "severities": "minor\nmajor", "overlap": "on"},
}


def form(project, kind, **fields):
    common = {"kind": kind, "was": "", "expected_version": project.settings_version, "required": "on"}
    return common | {"text": f"What of {kind}?"} | FIELDS[kind] | fields


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_every_kind_is_added_shown_and_changed(leading, project, kind):
    opened = leading.get(url("add_question", project) + f"?kind={kind}")
    assert opened.status_code == 200

    added = leading.post(url("add_question", project), form(project, kind))
    assert added.status_code == 302
    question = questions_of(project)[-1]
    assert question.key == f"what-of-{kind}"
    project.refresh_from_db()

    page = leading.get(url("edit_question", project, question.pk)).content.decode()
    posted = form(project, kind, was=question.key, text="Other words?")
    saved = leading.post(url("edit_question", project, question.pk), posted)

    assert f'value="{question.key}"' in page
    assert saved.status_code == 302
    assert questionnaire_of(project).specs[-1].text == "Other words?"
    assert keys(project)[-1] == question.key


def test_a_rating_is_read_from_lines(leading, project):
    leading.post(url("add_question", project), form(project, "rating"))

    options = questionnaire_of(project).specs[-1].options
    assert [(one.value, one.text, one.help) for one in options.attributes] == [
        ("help", "Help", "Does it help?"),
        ("tone-of-voice", "Tone of voice", ""),
    ]
    assert options.labels == ((0, "none"), (4, "all"))


def test_what_makes_no_question_is_said_at_its_field(leading, project):
    answer = leading.post(url("add_question", project), form(project, "rating", high="40"))

    assert answer.status_code == 422
    assert "high" in answer.context["form"].errors
    assert keys(project) == ["preference", "justification"]


def test_a_change_of_meaning_asks_first_and_then_keeps_the_old_apart(leading, project):
    answered(project)
    question = questions_of(project)[0]
    posted = form(project, "preference", was="preference", levels="1")

    asked = leading.post(url("edit_question", project, question.pk), posted)
    assert keys(project) == ["preference", "justification"]
    saved = leading.post(url("edit_question", project, question.pk), posted | {"confirmed": "on"})

    assert asked.status_code == 200
    words = " ".join(asked.content.decode().split())
    assert "1 answer stays with the old one" in words
    assert "takes 1 more judgment" in words
    assert saved.status_code == 302
    assert keys(project) == ["preference-2", "justification"]
    page = leading.get(url("show_questions", project)).content.decode()
    assert "Asked no more" in page


def test_the_preview_is_inert_and_saves_nothing(leading, project):
    answer = leading.post(url("preview_question", project), form(project, "ranking", text="Order, please?"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r"<fieldset[^>]* disabled>", page)
    assert "Order, please?" in page
    assert 'id="question-change"' in page
    assert keys(project) == ["preference", "justification"]


def test_questions_are_moved_and_removed(leading, project):
    first, second = questions_of(project)

    leading.post(url("move_question", project, second.pk), {"to": "up"})
    assert keys(project) == ["justification", "preference"]
    project.refresh_from_db()
    told = leading.get(url("remove_question", project, first.pk)).content.decode()
    leading.post(url("remove_question", project, first.pk), {"expected_version": project.settings_version})

    assert "which nobody has answered" in told
    assert keys(project) == ["justification"]


def test_a_question_that_is_waited_for_stays(leading, project):
    waits = form(
        project, "text", text="Why?", key="why", when_question="preference", when_any_of="tie, neither"
    )
    assert leading.post(url("add_question", project), waits).status_code == 302

    answer = leading.get(url("remove_question", project, questions_of(project)[0].pk), follow=True)

    assert "not asked before it" in answer.content.decode()
    assert keys(project) == ["preference", "justification", "why"]


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_is_looked_at_and_chosen(leading, project, name):
    looked = leading.get(url("choose_preset", project) + f"?name={name}")
    assert looked.status_code == 200
    assert PRESETS[name].about.split(".")[0] in looked.content.decode()

    posted = {"name": name, "expected_version": project.settings_version}
    chosen = leading.post(url("choose_preset", project), posted, follow=True)

    assert chosen.status_code == 200
    assert keys(project) == [spec.key for spec in PRESETS[name].questionnaire().specs]


def test_a_stale_page_changes_nothing(leading, project):
    posted = {"name": "kto", "expected_version": project.settings_version + 1}

    answer = leading.post(url("choose_preset", project), posted)

    assert "Someone else changed the questions" in answer.content.decode()
    assert keys(project) == ["preference", "justification"]


def rules(project, **fields):
    rows = len(project.consistency) + 2
    empty = {
        f"row{row}-{name}": "" for row in range(rows) for name in ("compare", "with", "value", "message")
    }
    empty |= {f"row{row}-better": "higher" for row in range(rows)}
    empty |= {f"row{row}-effect": "warn" for row in range(rows)}
    specs = questionnaire_of(project).specs
    first = {
        f"rule_{place}": "mean" if one.kind == "rating" else "majority" for place, one in enumerate(specs)
    }
    known = {"keep": "3", "most_spread": "2", "margin": "0", "verdict": "", "attribute": "", "primary": ""}
    return empty | first | known | {"expected_version": project.settings_version} | fields


def test_rules_are_declared_and_taken_back(leading, project):
    ask_preset(project, "mm-rlhf")
    project.consistency = []
    project.save()

    declared = {
        "row0-compare": "ranking",
        "row0-with": "scores",
        "row0-value": "helpfulness",
        "row0-effect": "refuse",
        "verdict": "scores",
        "rule_0": "median",
        "margin": "0.5",
    }
    answer = leading.post(url("change_rules", project), rules(project, **declared))
    project.refresh_from_db()

    assert answer.status_code == 302
    (rule,) = questionnaire_of(project).rules
    assert (rule.compare, rule.measure, rule.attribute, rule.effect) == (
        "ranking",
        "scores",
        "helpfulness",
        "refuse",
    )
    assert (project.settling["verdict"], project.settling["margin"]) == ("scores", 0.5)
    assert project.settling["rules"]["scores"] == "median"
    leading.post(url("change_rules", project), rules(project))
    project.refresh_from_db()
    assert project.consistency == []


def test_a_rule_that_fits_no_question_is_refused(leading, project):
    posted = rules(project, **{"row0-compare": "preference", "row0-with": "justification"})

    answer = leading.post(url("change_rules", project), posted)

    assert answer.status_code == 422
    assert "puts the responses in no order" in answer.content.decode()


def test_weights_of_a_preset_survive_the_rules_form(leading, project):
    ask_preset(project, "helpsteer2")

    leading.post(url("change_rules", project), rules(project, rule_0="agreeing", verdict="ratings"))
    project.refresh_from_db()

    assert project.settling["weights"]["verbosity"] == -0.4


def test_a_reviewer_reads_and_changes_nothing(client, reviewer, project):
    client.force_login(reviewer)

    page = client.get(url("show_questions", project)).content.decode()

    assert "Which response is better?" in page
    assert "Add a question" not in page


def test_the_list_costs_the_same_however_much_is_asked(leading, project, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        leading.get(url("show_questions", project))
    ask_preset(project, "multipref")

    with django_assert_num_queries(len(few)):
        leading.get(url("show_questions", project))


def test_an_item_tells_what_its_judges_answered_and_came_to(leading, project):
    from curation.services.settling import settle_items

    ask_preset(project, "mm-rlhf")
    item = make_item(project, texts="abc")
    each = {str(place): {"helpfulness": 3, "faithfulness": 3, "ethics": 3} for place in range(3)}
    said = {
        "scores": each,
        "ranking": [[2], [0, 1]],
        "critique": {str(place): "So so." for place in range(3)},
    }
    make_answers(item, make_judge(project), said)
    settle_items(project=project)

    page = leading.get(url("show_item", project, item.pk)).content.decode()

    assert page.count("2 &gt; 0 = 1") == 2
    assert "by ranked pairs" in page
