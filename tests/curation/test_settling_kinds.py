"""Every kind of question settles by the rule its preset declares, and gives the pair its verdict."""

from __future__ import annotations

import json

import pytest

from annotate.models import Judgment
from annotate.services.importing import import_items
from curation.models import Estimate
from curation.services.recipes import save_recipe
from curation.services.releasing import export_release, freeze_release
from curation.services.settling import settle_items
from tests.factories import (
    ask_preset,
    make_answers,
    make_item,
    make_judge,
    make_project,
    write_lines,
)

pytestmark = pytest.mark.django_db


def settle(preset, *answered, texts=("first", "second")):
    """The people's estimate on one item that judges answered in this order."""
    project = ask_preset(make_project(), preset)
    item = make_item(project, texts=texts)
    for answers in answered:
        make_answers(item, make_judge(project), answers)
    settle_items(project=project)
    return Estimate.objects.get(item=item, pool="people")


def preferences(*given):
    return [{"preference": one, "justification": "For a good reason."} for one in given]


@pytest.mark.parametrize(
    ("given", "verdict", "preference"),
    [
        ((1, 1, 1), "second", 1),
        ((-1, 2, 2, 3), "second", 2),
        (("neither", 2, 2, 1), "second", 2),
        ((-1, 1, 1), "tie", 0),
        ((-3, 1, 3), "undecided", None),
        (("neither", "neither", 2), "neither", None),
    ],
)
def test_helpsteer2_preference(given, verdict, preference):
    estimate = settle("helpsteer2-preference", *preferences(*given))

    assert (estimate.method, estimate.verdict) == ("agreeing", verdict)
    if verdict != "neither":
        assert estimate.preference == preference


def ratings(*helpfulness):
    """The same attributes for both responses, but for the helpfulness of the first."""
    plain = {"correctness": 2, "coherence": 2, "complexity": 2, "verbosity": 2}
    return [
        {"ratings": {"0": {"helpfulness": one} | plain, "1": {"helpfulness": 2} | plain}}
        for one in helpfulness
    ]


@pytest.mark.parametrize(
    ("given", "value", "verdict"),
    [
        ((3, 3, 4), 3, "first"),
        ((0, 3, 4, 4), 4, "first"),
        ((0, 2, 4), None, "undecided"),
        ((1, 1, 0), 1, "second"),
        ((2, 2, 2), 2, "tie"),
    ],
)
def test_helpsteer2(given, value, verdict):
    estimate = settle("helpsteer2", *ratings(*given))

    assert estimate.values["ratings"]["value"]["0"]["helpfulness"] == value
    assert estimate.values["ratings"]["settled"]["0"] is (value is not None)
    assert estimate.verdict == verdict


def test_helpsteer2_as_on_its_card():
    per_judge = {
        "helpfulness": [3, 3, 4],
        "correctness": [3, 4, 4],
        "coherence": [4, 3, 4],
        "complexity": [2, 2, 2],
        "verbosity": [2, 1, 1],
    }
    entries = [{name: points[judge] for name, points in per_judge.items()} for judge in range(3)]

    estimate = settle("helpsteer2", *[{"ratings": {"0": one, "1": one}} for one in entries])

    assert estimate.values["ratings"]["value"]["0"] == {
        "helpfulness": 3,
        "correctness": 4,
        "coherence": 4,
        "complexity": 2,
        "verbosity": 1,
    }


def test_the_three_that_agree_on_helpfulness_speak_for_all_attributes():
    def entry(helpfulness, verbosity):
        one = {"helpfulness": helpfulness, "correctness": 2, "coherence": 2, "complexity": 2}
        return {"ratings": {"0": one | {"verbosity": verbosity}, "1": one | {"verbosity": verbosity}}}

    estimate = settle("helpsteer2", entry(0, 4), entry(3, 0), entry(4, 0), entry(4, 0))

    assert estimate.values["ratings"]["value"]["0"]["verbosity"] == 0


def test_weights_decide_between_ratings():
    good = {"helpfulness": 4, "correctness": 4, "coherence": 4, "complexity": 2, "verbosity": 2}
    bad = {name: 0 for name in good}

    estimate = settle("helpsteer2", {"ratings": {"0": bad, "1": good}})

    # The weighted sum of the good one is 7.9; the scale is four points times the sum of the sizes, 2.85.
    assert estimate.preference == pytest.approx(3 * 7.9 / (4 * 2.85), abs=1e-5)
    assert estimate.verdict == "second"


def multipref(overall):
    aspects = ("helpful", "truthful", "harmless")
    sure = {f"{aspect}-confidence": "fair" for aspect in aspects} | {"confidence": "fair"}
    return {aspect: "tie" for aspect in aspects} | sure | {"preference": overall}


def test_multipref():
    estimate = settle("multipref", *[multipref(one) for one in (-1, -2, "tie", 1)])

    assert (estimate.verdict, estimate.preference, estimate.confidence) == ("first", -0.5, 0.5)
    assert estimate.values["helpful"]["verdict"] == "tie"
    assert estimate.values["confidence"]["value"] == "fair"


def annotation(evaluator, overall, **more):
    asked = {f"{aspect}_pref": "Tie" for aspect in ("helpful", "truthful", "harmless")}
    sure = {f"{one}_confidence": "fairly-confident" for one in ("overall", "helpful", "truthful", "harmless")}
    return {"evaluator": evaluator, "overall_pref": overall, "time_spent": 40} | asked | sure | more


@pytest.mark.parametrize(("judges", "found"), [("everyone", ("undecided", 4)), ("experts", ("second", 2))])
def test_multipref_comes_in_as_published_and_settles_by_its_experts_too(tmp_path, judges, found):
    project = ask_preset(make_project(), "multipref")
    project.settling = project.settling | {"judges": judges}
    project.save(update_fields=["settling"])
    reasons = {"helpful_pref": "B-is-slightly-better", "helpful_checked_reasons": ["Concise", "Funny"]}
    row = {
        "comparison_id": "c1", "text": "Why?", "completion_a": "So.", "completion_b": "No.",
        "normal_worker_annotations": [annotation("w1", "Tie"), annotation("w2", "Tie")],
        "expert_worker_annotations": [
            annotation("e1", "B-is-clearly-better", **reasons),
            annotation("e2", "B-is-slightly-better", helpful_own_reason="Hardly any."),
        ],
    }  # fmt: skip

    import_items(project=project, path=write_lines(tmp_path / "m.jsonl", [row]), source="multipref")
    settle_items(project=project)

    estimate = Estimate.objects.get(pool="people")
    assert (estimate.verdict, estimate.n_judges) == found
    first, second = Judgment.objects.filter(assignment__judge__expertise=["expert"]).order_by("pk")
    assert first.answers["helpful-reasons"] == ["concise"]
    assert (first.answers["helpful-other"], first.answers["confidence"]) == ("Funny", "fair")
    assert second.raw == {"other_answers": {"helpful-tie-other": "Hardly any."}}


def ranking(*groups):
    return {"rankable": "yes", "ranking": [list(group) for group in groups]}


def test_open_assistant_ranking():
    texts = ("Memphis", "Nashville", "Chattanooga", "Knoxville")

    estimate = settle(
        "oasst-ranking",
        ranking([0], [1], [2, 3]),
        ranking([1], [0], [2], [3]),
        ranking([1], [3], [2], [0]),
        texts=texts,
    )

    assert estimate.values["ranking"]["value"] == [[1], [0], [2, 3]]
    assert (estimate.method, estimate.verdict) == ("ranked_pairs", "second")
    # Two of three put Nashville above Memphis.
    assert estimate.preference == pytest.approx(1 / 3)
    assert estimate.confidence == pytest.approx(2 / 3)
    assert estimate.values["rankable"]["value"] == "yes"


def test_what_everybody_calls_flawed_is_settled_without_a_verdict():
    estimate = settle("oasst-ranking", {"rankable": "flawed"}, {"rankable": "flawed"})

    assert (estimate.verdict, estimate.n_judges) == ("undecided", 2)
    assert estimate.values["rankable"] == {
        "kind": "choice",
        "rule": "majority",
        "n_judges": 2,
        "value": "flawed",
        "share": 1.0,
    }


def safe_rlhf(better, safer, severities):
    harms = {place: ["insult"] for place, one in severities.items() if one != "none"}
    said = {"preference": better, "safer": safer, "severity": severities}
    return said | ({"harms": harms} if harms else {})


def test_safe_rlhf_settles_help_and_harm_apart():
    estimate = settle(
        "safe-rlhf",
        safe_rlhf(1, -1, {"0": "none", "1": "severe"}),
        safe_rlhf(1, -1, {"0": "none", "1": "minor"}),
        safe_rlhf(-1, -1, {"0": "none", "1": "moderate"}),
    )

    assert estimate.verdict == "second"
    assert estimate.values["safer"]["verdict"] == "first"
    assert estimate.values["severity"]["value"] == {"0": "none", "1": "moderate"}
    assert estimate.values["harms"]["value"] == {"1": ["insult"]}


def test_ultrafeedback_leaves_out_what_does_not_apply():
    def aspects(honesty):
        return {"instruction_following": 4, "truthfulness": 4, "honesty": honesty, "helpfulness": 4}

    estimate = settle("ultrafeedback", {"aspects": {"0": aspects(None), "1": aspects(5)}})

    assert estimate.values["aspects"]["value"]["0"]["honesty"] is None
    assert (estimate.verdict, estimate.preference) == ("second", pytest.approx(3 * 0.25 / 4))


def test_thumbs():
    up_down, up_up = {"thumbs": {"0": "up", "1": "down"}}, {"thumbs": {"0": "up", "1": "up"}}

    assert settle("kto", up_down, up_down, up_up).verdict == "first"
    assert settle("kto", up_up).verdict == "tie"
    assert settle("kto", up_down, up_up).verdict == "undecided"


def test_mm_rlhf_is_decided_by_its_ranking():
    def answer(ranking, helpfulness):
        each = {
            str(place): {"helpfulness": points, "faithfulness": 3, "ethics": 3}
            for place, points in enumerate(helpfulness)
        }
        return {"scores": each, "ranking": ranking, "critique": {str(place): "So so." for place in range(3)}}

    estimate = settle(
        "mm-rlhf", answer([[2], [0, 1]], (3, 3, 5)), answer([[2, 0], [1]], (4, 2, 5)), texts="abc"
    )

    assert estimate.values["ranking"]["value"] == [[2], [0], [1]]
    assert estimate.values["scores"]["value"]["2"]["helpfulness"] == 5
    assert (estimate.verdict, estimate.values["critique"]["n_judges"]) == ("first", 2)


def test_highlights_settle_by_character_and_count_who_found_nothing():
    project = make_project()
    project.questions.all().delete()
    project.questions.create(
        position=0, key="spans", kind="spans", text="?", required=False, options={"labels": ["odd"]}
    )
    project.questions.create(position=1, key="why", kind="text", text="?")
    item = make_item(project, texts=["0123456789", "b"])
    for marked in ([(0, 6)], [(4, 9)], []):
        spans = [{"candidate": 0, "start": start, "end": end, "label": "odd"} for start, end in marked]
        make_answers(item, make_judge(project), {"why": "x"} | ({"spans": spans} if spans else {}))

    settle_items(project=project)

    made = Estimate.objects.get(item=item, pool="people").values["spans"]
    assert [(span["start"], span["end"]) for span in made["value"]] == [(4, 6)]
    assert made["n_judges"] == 3


def test_another_rule_settles_anew_and_leaves_nothing_of_the_old_one():
    project = make_project()
    item = make_item(project)
    for preference in (-1, 2, 2, 3):
        make_answers(item, make_judge(project), {"preference": preference})
    settle_items(project=project)
    project.settling = {"rules": {"preference": "agreeing"}}
    project.save()

    assert settle_items(project=project).changed > 0
    assert settle_items(project=project).changed == 0

    estimate = Estimate.objects.get(item=item, pool="people")
    assert (estimate.method, estimate.preference) == ("agreeing", 2)
    assert list(project.settlements.values_list("method", flat=True).distinct()) == ["agreeing"]


@pytest.mark.parametrize(
    ("preset", "answers"),
    [
        ("helpsteer2", ratings(4)[0]),
        ("oasst-ranking", ranking([0], [1])),
        ("kto", {"thumbs": {"0": "up", "1": "down"}}),
    ],
)
def test_a_project_without_a_preference_is_released_too(tmp_path, preset, answers):
    project = ask_preset(make_project(), preset)
    item = make_item(project, texts=["better", "worse"])
    make_answers(item, make_judge(project), answers)
    settle_items(project=project)

    recipe = save_recipe(project=project, name="all", steps=[{"step": "drop_undecided"}], pool="people")
    release = freeze_release(project=project, recipe=recipe, by=None)
    export_release(release=release, folder=tmp_path / "out")

    (row,) = [json.loads(line) for line in (tmp_path / "out/jsonl/train.jsonl").read_text().splitlines()]
    assert [turn["content"] for turn in row["chosen"]] == ["better"]
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["settled_by"]["method"] in {"agreeing", "ranked_pairs", "majority"}
    assert manifest["questions"][-1]["options"]


def test_a_release_reads_ratings_as_they_were_settled():
    from curation.selectors.tables import settled_ratings

    estimate = settle("helpsteer2", *ratings(0, 3, 4, 4))

    assert settled_ratings(estimate.values, 2)["helpfulness"] == [4.0, 2.0]
    assert settled_ratings(settle("helpsteer2", *ratings(0, 2, 4)).values, 2)["helpfulness"] == [None, 2.0]
