"""What is asked may change; what was answered keeps its question."""

from __future__ import annotations

import pytest

from annotate.errors import InvalidSetting, StaleEdit
from annotate.questions.presets import PRESETS
from annotate.questions.questionnaire import parse_question
from annotate.selectors.judgments import votes_of
from annotate.selectors.question_changes import (
    Wanted,
    plan_of,
    preset_proposal,
    proposal_of,
    with_question,
    with_question_moved,
    without_question,
)
from annotate.selectors.questions import questionnaire_of, questions_of, retired_questions, spec_of
from annotate.services.questions import change_questions, follow_preset
from tests.factories import ask_preset, make_answers, make_item, make_judge, make_judgment, make_project

pytestmark = pytest.mark.django_db


def change(project, proposal):
    return change_questions(project=project, expected_version=project.settings_version, proposal=proposal)


def wanted(was="", *, key="", kind="preference", text="Which?", anew=False, required=True, **options):
    spec = parse_question(key=key or was, kind=kind, text=text, options=options, required=required)
    return Wanted(spec, was=was, anew=anew)


def follow(project, name):
    preset = PRESETS[name]
    return follow_preset(
        project=project,
        expected_version=project.settings_version,
        preset=preset,
        proposal=preset_proposal(project, preset),
    )


@pytest.fixture
def judged(project):
    """A project in which one judgment answers both questions."""
    item = make_item(project)
    make_answers(item, make_judge(project), {"preference": 2, "justification": "Shorter."})
    return project


def keys(project):
    return [one.key for one in questions_of(project)]


def test_other_words_keep_key_and_answers(judged):
    plan = change(judged, with_question(proposal_of(judged), wanted("preference", text="Which helps more?")))

    assert [(step.what, step.answers) for step in plan.steps] == [("changed", 1), ("same", 1)]
    assert not plan.changes
    assert keys(judged) == ["preference", "justification"]
    assert questions_of(judged)[0].text == "Which helps more?"
    assert len(votes_of(judged)) == 1


def test_another_scale_makes_another_question(judged):
    proposal = with_question(proposal_of(judged), wanted("preference", levels=1))

    assert plan_of(judged, proposal).changes
    change(judged, proposal)

    assert keys(judged) == ["preference-2", "justification"]
    assert [one.key for one in retired_questions(judged)] == ["preference"]
    # The old answer is kept, and counts no more.
    assert votes_of(judged) == []
    make_answers(make_item(judged), make_judge(judged), {"preference-2": -1})
    assert [vote.preference for vote in votes_of(judged)] == [-1]


def test_words_that_ask_something_else_may_be_kept_apart(judged):
    change(
        judged, with_question(proposal_of(judged), wanted("preference", text="Which is safer?", anew=True))
    )

    assert keys(judged) == ["preference-2", "justification"]


def test_nobody_answered_so_everything_may_change(project):
    change(project, with_question(proposal_of(project), wanted("preference", levels=1)))

    assert keys(project) == ["preference", "justification"]
    assert retired_questions(project) == []


def test_conditions_rules_and_settling_follow_a_new_key(judged):
    waiting = wanted(
        key="reasons",
        kind="choice",
        options=["a", "b"],
        required=False,
        when={"question": "preference", "any_of": ["decided"]},
    )
    ranking = wanted(key="ranking", kind="ranking", required=False)
    asked = with_question(with_question(proposal_of(judged), waiting), ranking)
    asked = type(asked)(
        asked.questions, [{"compare": "preference", "with": "ranking"}], {"verdict": "preference"}
    )
    change(judged, asked)

    change(judged, with_question(proposal_of(judged), wanted("preference", levels=2)))

    questionnaire = questionnaire_of(judged)
    assert questionnaire.specs[2].when.question == "preference-2"
    assert (questionnaire.rules[0].compare, judged.settling["verdict"]) == ("preference-2", "preference-2")


def test_a_removed_question_keeps_its_answers_and_takes_its_rules_along(judged):
    ranking = wanted(key="ranking", kind="ranking", required=False)
    asked = with_question(proposal_of(judged), ranking)
    change(judged, type(asked)(asked.questions, [{"compare": "preference", "with": "ranking"}], {}))

    plan = change(judged, without_question(proposal_of(judged), "preference"))

    assert [(row.key, answers) for row, answers in plan.gone] == [("preference", 1)]
    assert plan.rules_dropped == 1
    assert judged.consistency == []
    change(judged, without_question(proposal_of(judged), "ranking"))
    assert [one.key for one in retired_questions(judged)] == ["preference"]


def test_what_another_question_waits_for_cannot_be_removed_or_moved_below_it(project):
    change(
        project,
        with_question(
            proposal_of(project),
            wanted(key="both", kind="text", when={"question": "preference", "any_of": ["tie"]}),
        ),
    )

    for proposal in (
        without_question(proposal_of(project), "preference"),
        with_question_moved(proposal_of(project), "preference", by=2),
    ):
        with pytest.raises(InvalidSetting) as refused:
            change(project, proposal)
        assert refused.value.field == "when.question"


def test_questions_are_moved(project):
    change(project, with_question_moved(proposal_of(project), "justification", by=-1))

    assert keys(project) == ["justification", "preference"]


def test_a_change_on_a_stale_page_is_refused(project):
    stale = project.settings_version
    change(project, proposal_of(project))

    with pytest.raises(StaleEdit):
        change_questions(project=project, expected_version=stale, proposal=proposal_of(project))


def test_a_question_put_away_comes_back_with_its_answers(judged):
    follow(judged, "ultrafeedback")
    assert keys(judged) == ["aspects", "critique"]
    assert votes_of(judged) == []

    plan = follow(judged, "strength")

    assert [step.what for step in plan.steps] == ["revived", "revived"]
    assert keys(judged) == ["preference", "justification"]
    assert len(votes_of(judged)) == 1


def test_a_preset_brings_its_overlap_and_its_rule_for_asking_more(judged):
    plan = follow(judged, "helpsteer2")

    assert (judged.overlap, judged.overlap_max) == (3, 5)
    assert judged.flow["spread_on"] == "ratings.helpfulness"
    assert judged.settling["primary"] == "helpfulness"
    assert (plan.judgments, plan.items, plan.extra) == (1, 1, 1)


@pytest.mark.parametrize("after", sorted(PRESETS))
def test_any_preset_may_follow_any_other(after):
    project = make_project()
    for before in sorted(PRESETS):
        follow(project, before)
        follow(project, after)

        questionnaire = questionnaire_of(project)
        assert [spec.text for spec in questionnaire.specs] == [
            spec.text for spec in PRESETS[after].questionnaire().specs
        ]


def test_the_seats_follow_the_preset(db):
    from annotate.services.seats import first_seats, reconsider_seats
    from tests.factories import make_lease

    project = ask_preset(make_project(), "helpsteer2")
    assert first_seats(project=project) == 3
    item = make_item(project, seats=3)
    plain = {"correctness": 2, "coherence": 2, "complexity": 2, "verbosity": 2}

    wanted_after = []
    for helpfulness in (0, 2, 4, 3):
        lease = make_lease(item, make_judge(project), seated=True)
        from annotate.services.judgments import record_judgment

        entry = {"helpfulness": helpfulness} | plain
        record_judgment(
            assignment=lease, token=lease.lease_token, answers={"ratings": {"0": entry, "1": entry}}
        )
        item.refresh_from_db()
        reconsider_seats(item=item)
        item.refresh_from_db()
        wanted_after.append(item.seats_wanted)

    # 0, 2, 4 are too far apart: a fourth. 2, 3, 4 are not: no fifth.
    assert wanted_after == [3, 3, 4, 4]


def test_a_model_judge_may_leave_out_what_only_people_are_asked(project):
    from tests.factories import make_model_judge

    ask_preset(project, "helpsteer2-preference")
    item = make_item(project)

    made = make_judgment(item, make_model_judge(project), -1)

    assert made.answers == {"preference": -1}


def test_what_a_question_keeps_makes_it_again(project):
    ask_preset(project, "safe-rlhf")
    change(project, proposal_of(project))

    assert [spec_of(one) for one in questions_of(project)] == list(PRESETS["safe-rlhf"].questionnaire().specs)
