"""What becomes a row: each preference by its name, every pair of a list, each response by itself."""

from __future__ import annotations

import json

import pytest

from annotate.errors import InvalidSetting, NothingToDo
from annotate.services.assignments import take_next
from annotate.services.importing import import_items
from annotate.services.judgments import record_judgment
from curation.models import Estimate
from curation.services.recipes import default_steps, preview_recipe, read_yaml, save_recipe, yaml_of
from curation.services.releasing import export_release, freeze_release
from curation.services.routing import make_policy, route_items
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


def safe_rlhf_project(count=4):
    """Pairs whose first response helps more and whose second is safer."""
    project = ask_preset(make_project(), "safe-rlhf")
    judges = [make_judge(project) for _ in range(3)]
    for place in range(count):
        item = make_item(project, prompt=f"ask {place}", texts=(f"helps {place}", f"careful {place}"))
        for judge in judges:
            harm = {"severity": {"0": "minor", "1": "none"}, "harms": {"0": ["privacy"]}}
            make_answers(item, judge, harm | {"preference": -1, "safer": 1})
    settle_items(project=project)
    return project


def test_a_dual_preference_gives_two_releases_by_the_name_of_the_question(tmp_path):
    project = safe_rlhf_project()
    chosen = {}
    for question in ("", "preference", "safer"):
        recipe = save_recipe(
            project=project, name=f"about {question}", steps=[{"step": "drop_undecided"}], question=question
        )
        release = freeze_release(project=project, recipe=recipe)
        export_release(release=release, folder=tmp_path / (question or "verdict"))
        lines = (tmp_path / (question or "verdict") / "jsonl" / "train.jsonl").read_text().splitlines()
        chosen[question] = {json.loads(line)["chosen"][0]["content"].split()[0] for line in lines}
        assert release.manifest["asked"]["settled_by"]["question"] == (question or "preference")

    assert chosen == {"": {"helps"}, "preference": {"helps"}, "safer": {"careful"}}


def test_releases_about_another_question_are_no_earlier_version():
    project = safe_rlhf_project()
    recipes = {
        name: save_recipe(project=project, name=name, steps=[{"step": "drop_undecided"}], question=name)
        for name in ("preference", "safer")
    }
    first = freeze_release(project=project, recipe=recipes["preference"])
    safer = freeze_release(project=project, recipe=recipes["safer"])
    again = freeze_release(project=project, recipe=recipes["preference"])

    assert (first.parent, safer.parent, again.parent) == (None, None, first)


def test_a_release_is_about_no_question_that_compares_nothing():
    with pytest.raises(InvalidSetting) as refused:
        save_recipe(project=safe_rlhf_project(1), name="x", steps=[], question="severity")
    assert refused.value.field == "question"
    assert "preference, safer" in refused.value.cure


def test_a_recipe_file_keeps_the_question():
    project = safe_rlhf_project(1)
    recipe = save_recipe(project=project, name="x", steps=[], question="safer")
    assert read_yaml(yaml_of(recipe, name="x")).question == "safer"


def listwise_project():
    """Four responses that three people rank A > B = C > D."""
    project = ask_preset(make_project(), "mm-rlhf")
    item = make_item(project, texts=("A", "B", "C", "D"), external_id="list")
    for _person in range(3):
        points = {"0": 5, "1": 3, "2": 3, "3": 1}
        names = ("helpfulness", "faithfulness", "ethics")
        scores = {side: dict.fromkeys(names, point) for side, point in points.items()}
        critique = {side: "So it is." for side in points}
        answers = {"scores": scores, "ranking": [[0], [1, 2], [3]], "critique": critique}
        make_answers(item, make_judge(project), answers)
    settle_items(project=project)
    return project


def test_a_list_gives_every_pair_that_its_ranking_tells_apart(tmp_path):
    project = listwise_project()
    recipe = save_recipe(project=project, name="All pairs", steps=default_steps(project))
    release = freeze_release(project=project, recipe=recipe)
    export_release(release=release, folder=tmp_path / "out")

    rows = [json.loads(line) for line in (tmp_path / "out/jsonl/train.jsonl").read_text().splitlines()]
    assert default_steps(project)[0] == {"step": "binarise", "strategy": "question", "question": "ranking"}
    made = {(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in rows}
    assert made == {("A", "B"), ("A", "C"), ("A", "D"), ("B", "D"), ("C", "D")}
    assert len(rows) == 5


def test_pairs_are_made_only_by_a_question_that_orders_responses():
    project = listwise_project()
    steps = [{"step": "binarise", "strategy": "question", "question": "critique"}]

    with pytest.raises(InvalidSetting) as refused:
        preview_recipe(project=project, steps=steps)
    assert "ranking, scores" in refused.value.cure


def test_thumbs_of_each_response_are_what_kto_trains_on(tmp_path):
    project = ask_preset(make_project(), "kto")
    item = make_item(project, texts=("good", "bad", "fine"))
    for _person in range(3):
        make_answers(item, make_judge(project), {"thumbs": {"0": "up", "1": "down", "2": "up"}})
    settle_items(project=project)
    recipe = save_recipe(project=project, name="Thumbs", steps=[])
    release = freeze_release(
        project=project,
        recipe=recipe,
        format="unpaired",
        options={"words": {"by": "thumbs"}, "numbers": {"threshold": 1}},
    )
    export_release(release=release, folder=tmp_path / "out")

    rows = [json.loads(line) for line in (tmp_path / "out/jsonl/train.jsonl").read_text().splitlines()]
    assert {row["completion"][0]["content"]: row["label"] for row in rows} == {
        "good": True, "bad": False, "fine": True,
    }  # fmt: skip


def test_a_response_by_itself_is_imported_routed_judged_and_settled(tmp_path):
    project = ask_preset(make_project(), "kto")
    rows = [{"id": f"r{n}", "prompt": f"ask {n}", "candidates": [{"text": f"said {n}"}]} for n in range(3)]
    import_items(project=project, path=write_lines(tmp_path / "one.jsonl", rows))

    report = route_items(policy=make_policy(project=project, kind="everyone"))
    assert (report.routed, report.people) == (3, 3)
    judge = make_judge(project)
    while (lease := take_next(project=project, judge=judge)) is not None:
        answers = {"thumbs": {"0": "up"}}
        record_judgment(assignment=lease, token=lease.lease_token, answers=answers)
    settle_items(project=project)

    settled = Estimate.objects.filter(item__project=project, pool="people")
    assert [one.values["thumbs"]["value"] for one in settled] == [{"0": "up"}] * 3


def test_one_response_is_not_enough_where_two_are_compared(tmp_path):
    project = make_project()
    rows = [{"id": "r", "prompt": "ask", "candidates": [{"text": "said"}]}]
    import_items(project=project, path=write_lines(tmp_path / "one.jsonl", rows))

    assert route_items(policy=make_policy(project=project, kind="everyone")).routed == 0


def test_every_format_of_single_judges_follows_the_question_of_the_recipe(tmp_path):
    """Each judge prefers the first by *preference* and the second by *safer*."""
    project = safe_rlhf_project(count=1)
    told = {}
    for question in ("preference", "safer"):
        recipe = save_recipe(project=project, name=question, steps=[], question=question)
        release = freeze_release(project=project, recipe=recipe)
        for name in ("per-judge", "judgments", "multipref", "win-rates"):
            folder = tmp_path / f"{question}-{name}"
            export_release(release=release, folder=folder, format=name)
            told[question, name] = json.loads((folder / "jsonl/train.jsonl").read_text().splitlines()[0])

    assert told["preference", "per-judge"]["chosen"][0]["content"] == "helps 0"
    assert told["safer", "per-judge"]["chosen"][0]["content"] == "careful 0"
    assert [told[one, "judgments"]["preference"] for one in ("preference", "safer")] == ["-1", "1"]
    assert told["preference", "win-rates"]["win_rate"] == [1.0, 0.0]
    assert told["safer", "win-rates"]["win_rate"] == [0.0, 1.0]
    first = told["safer", "multipref"]["annotations"][0]
    assert (told["safer", "multipref"]["overall"], first["overall_pref"]) == ("B", "B-is-slightly-better")
    assert json.loads(first["aspects"]) == {"preference": "A-is-slightly-better"}


def test_replies_that_reviewers_object_to_are_not_released():
    """Three reviews each; of the second pair two say that a reply is spam, of the third one of each kind."""
    project = ask_preset(make_project(), "oasst-labels")
    judges = [make_judge(project) for _ in range(3)]
    spam_by, wrong_by = {1: (0, 1), 2: (0,)}, {2: (1,)}
    names = ("quality", "helpfulness", "creativity", "humor", "toxicity", "violence")
    for place in range(3):
        item = make_item(project, texts=(f"reply {place}", f"other {place}"), external_id=f"tree-{place}")
        for number, judge in enumerate(judges):
            spam = number in spam_by.get(place, ())
            answers = {
                "spam": {"0": "yes" if spam else "no", "1": "no"},
                "qualities": {"1": dict.fromkeys(names, 2)},
            }
            if not spam:
                answers["qualities"]["0"] = dict.fromkeys(names, 4)
            if number in wrong_by.get(place, ()):
                answers["problems"] = {"0": ["lang_mismatch"]}
            make_answers(item, judge, answers)
    settle_items(project=project)

    preview = preview_recipe(project=project, steps=[{"step": "acceptance"}])

    assert preview.pairs == 3
    kept = [
        preview.columns.words("id")[place] for place in range(3) if preview.selection.state.standing[place]
    ]
    assert kept == ["tree-0"]
    lenient = [{"step": "acceptance", "labels": ["spam=yes"]}]
    assert preview_recipe(project=project, steps=lenient).kept == 2


def alone_project(preset, answers):
    """Responses that are judged one by one, and one prompt with two of them."""
    project = ask_preset(make_project(), preset)
    judge = make_judge(project)
    for place, given in enumerate(answers):
        item = make_item(project, texts=(f"said {place}",), external_id=f"r{place}", prompt=f"ask {place}")
        make_answers(item, judge, given)
    settle_items(project=project)
    return project


def lines_of(release, folder, format, **options):
    export_release(release=release, folder=folder, format=format, options=options)
    return [json.loads(line) for line in (folder / "jsonl/train.jsonl").read_text().splitlines()]


def test_responses_judged_by_themselves_are_released_with_their_thumbs(tmp_path):
    project = alone_project("kto", [{"thumbs": {"0": "up"}}, {"thumbs": {"0": "down"}}])
    both = make_item(project, texts=("good", "bad"), external_id="pair")
    make_answers(both, project.judges.get(), {"thumbs": {"0": "up", "1": "down"}})
    settle_items(project=project)

    recipe = save_recipe(project=project, name="All", steps=default_steps(project))
    release = freeze_release(project=project, recipe=recipe)
    rows = lines_of(release, tmp_path / "kto", "unpaired", words={"by": "thumbs"}, numbers={"threshold": 1})
    pairs = lines_of(release, tmp_path / "dpo", "preference", policies={"undecided": "both_orders"})

    assert release.rows == 3
    assert [(row["completion"][0]["content"], row["label"]) for row in rows] == [
        ("said 0", True), ("said 1", False), ("good", True), ("bad", False),
    ]  # fmt: skip
    # Nothing stands against a response by itself, so no pair is made up for it.
    assert [row["id"] for row in pairs] == ["pair"]


def test_labels_of_single_replies_are_released_and_imported_again(tmp_path):
    names = ("quality", "helpfulness", "creativity", "humor", "toxicity", "violence")
    rated = [{"spam": {"0": "no"}, "qualities": {"0": dict.fromkeys(names, point)}} for point in (5, 2)]
    project = alone_project("oasst-labels", [*rated, {"spam": {"0": "yes"}}])
    recipe = save_recipe(
        project=project, name="Accepted", steps=[{"step": "acceptance"}, {"step": "near_duplicates"}]
    )
    release = freeze_release(project=project, recipe=recipe, format="items")

    rows = lines_of(release, tmp_path / "rated", "attributes", words={"attributes": "quality"})
    assert [(row["response"][0]["content"], row["quality"]) for row in rows] == [("said 0", 5), ("said 1", 2)]
    best = lines_of(
        release, tmp_path / "best", "best-of-n", words={"by": "quality"}, numbers={"min_score": 3}
    )
    assert [row["completion"][0]["content"] for row in best] == ["said 0"]
    again = ask_preset(make_project(), "oasst-labels")
    lines_of(release, tmp_path / "items", "items")
    report = import_items(project=again, path=tmp_path / "items/jsonl/train.jsonl")
    assert (report.items, report.candidates, report.judgments["person"]) == (2, 2, 2)


@pytest.mark.parametrize("format", ["preference", "multipref", "per-judge", "win-rates", "listwise"])
def test_a_format_of_comparisons_says_that_single_responses_give_none(format, tmp_path):
    project = alone_project("kto", [{"thumbs": {"0": "up"}}])
    recipe = save_recipe(project=project, name="All", steps=[])
    release = freeze_release(project=project, recipe=recipe, format="prompt-only")

    with pytest.raises(NothingToDo, match=format):
        export_release(release=release, folder=tmp_path / "out", format=format)
