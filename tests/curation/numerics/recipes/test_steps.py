"""Each step on pairs that are known: what it keeps, drops, changes and says."""

from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.recipes import NotReady, RecipeError
from curation.numerics.recipes.columns import FeatureStore

NAN = float("nan")


def ids(*places):
    return [f"p{place:03}" for place in places]


def test_what_has_no_preferred_side_is_dropped_and_counted_by_kind(pairs, run):
    columns = pairs(5, verdict=np.array([0, 1, 2, 3, 4]))

    kept, selection = run(columns, {"step": "drop_undecided"})

    assert kept == ids(0, 1)
    assert selection.outcomes[0].facts == {"found_ties": 1, "found_neither": 1, "found_undecided": 1}
    assert run(columns, {"step": "drop_undecided", "keep_ties": True})[0] == ids(0, 1, 2)


@pytest.mark.parametrize(
    ("step", "column", "values", "kept"),
    [
        ({"step": "min_judges", "at_least": 3}, "n_judges", [1, 3, 5], (1, 2)),
        ({"step": "min_confidence", "at_least": 0.6}, "confidence", [0.5, 0.6, 1.0], (1, 2)),
        ({"step": "max_spread", "at_most": 2}, "spread", [NAN, 2, 3], (0, 1)),
    ],
)
def test_thresholds_on_the_judges_keep_the_bound_itself(step, column, values, kept, pairs, run):
    found, selection = run(pairs(3, **{column: np.array(values)}), step)

    assert found == ids(*kept)
    assert selection.outcomes[0].histogram.threshold == step[next(iter(set(step) - {"step"}))]


def test_groups_below_the_agreement_asked_for_are_dropped_whole(pairs, run):
    votes = np.array([[-3, -3], [3, 3], [-1, -1], [-3, 3], [3, -3], [-2, 2]], dtype=float)
    columns = pairs(6, votes=votes, source=["sure"] * 3 + ["torn"] * 3)

    kept, selection = run(columns, {"step": "min_alpha", "at_least": 0.5})

    assert kept == ids(0, 1, 2)
    assert selection.outcomes[0].facts["alpha"]["sure"] == pytest.approx(1.0)
    assert selection.outcomes[0].facts["alpha"]["torn"] < 0


@pytest.mark.parametrize(
    ("keep", "missing", "kept"),
    [
        ("agree", "keep", (0, 3)), ("agree", "drop", (0,)), ("disagree", "drop", (1, 2)),
        ("not_opposite", "keep", (0, 2, 3)),
    ],
)  # fmt: skip
def test_people_and_models_are_compared_where_both_judged(keep, missing, kept, pairs, run):
    columns = pairs(4, people_verdict=np.array([0, 0, 0, 0]), models_verdict=np.array([0, 1, 2, -1]))

    assert run(columns, {"step": "people_and_models", "keep": keep, "missing": missing})[0] == ids(*kept)


OBJECTED = "objections:spam=yes,problems=lang_mismatch"


@pytest.mark.parametrize(
    ("asked", "kept"),
    [({}, (0, 3)), ({"sides": "chosen"}, (0, 1, 3)), ({"missing": "drop"}, (0,)), ({"above": 0.7}, (3,))],
)
def test_a_reply_is_accepted_where_few_reviewers_object(asked, kept, pairs, run):
    """Open-Assistant: of three reviews one says spam, 0.667 > 0.6: accepted; two say so, 0.333: not."""
    shares = np.array([[1 / 3, 0.0], [0.0, 2 / 3], [2 / 3, 0.0], [0.0, NAN]])
    columns = pairs(4, **{OBJECTED: shares})

    found, selection = run(columns, {"step": "acceptance"} | asked)

    assert found == ids(*kept)
    assert selection.outcomes[0].facts == {"unlabelled": int("sides" not in asked)}


def test_a_label_that_there_is_none_of_is_refused_by_name(pairs, run):
    with pytest.raises(RecipeError) as refused:
        run(pairs(1), {"step": "acceptance", "labels": ["spam"]})
    assert refused.value.field == "labels"


def alike(pairs, scores):
    both = {"ln_ches:first": np.array(scores, dtype=float), "ln_ches:second": np.zeros(len(scores))}
    return pairs(len(scores), scores={"ln_ches": "both"}, **both)


def test_the_pairs_most_alike_go_and_the_threshold_is_named(pairs, run):
    kept, selection = run(alike(pairs, [5.0, -1.0, 9.0, 3.0, 7.0]), {"step": "drop_alike", "top_percent": 40})

    outcome = selection.outcomes[0]
    assert kept == ids(0, 1, 3)
    assert outcome.facts == {"threshold": 7.0, "unscored": 0}
    assert sum(outcome.histogram.counts) == 5
    assert (outcome.histogram.edges[0], outcome.histogram.edges[-1]) == (-1.0, 9.0)


@pytest.mark.parametrize(("missing", "kept"), [("keep", (0, 1, 2)), ("drop", (1,))])
def test_pairs_without_a_score_do_as_the_step_says(missing, kept, pairs, run):
    found, selection = run(
        alike(pairs, [NAN, 1.0, NAN, 2.0]), {"step": "drop_alike", "top_percent": 50, "missing": missing}
    )

    assert found == ids(*kept)
    assert selection.outcomes[0].facts["unscored"] == 2


@pytest.mark.parametrize(
    ("n", "percent", "dropped"), [(30, 10, 3), (9, 10, 0), (10, 0, 0), (7, 100, 7), (1000, 0.1, 1)]
)
def test_a_share_is_rounded_down(n, percent, dropped, pairs, run):
    _kept, selection = run(alike(pairs, np.arange(n)), {"step": "drop_alike", "top_percent": percent})

    assert len(selection.outcomes[0].dropped) == dropped


def test_equal_scores_are_cut_by_id_whatever_the_order_of_rows(pairs, run):
    for names in (["c", "a", "d", "b"], ["b", "d", "a", "c"]):
        columns = pairs(4, id=names, scores={"ln_ches": "both"},
                        **{"ln_ches:first": np.ones(4), "ln_ches:second": np.ones(4)})  # fmt: skip
        assert sorted(run(columns, {"step": "drop_alike", "top_percent": 50})[0]) == ["c", "d"]


def test_only_the_least_alike_stay_in_the_strict_form(pairs, run):
    assert run(
        alike(pairs, [5.0, -1.0, NAN, 3.0]), {"step": "keep_least_alike", "percent": 34, "missing": "drop"}
    )[0] == ids(1)


def contradicted(pairs):
    """μ of four pairs as stored, first over second; the last two were settled for the second side."""
    return pairs(
        4, verdict=np.array([0, 0, 1, 1]), preference=np.array([-2.0, -2.0, 2.0, 2.0]),
        mu=np.array([1.5, -0.5, 0.5, NAN]), scores={"mu": "signed"},
    )  # fmt: skip


def test_a_flip_turns_the_label_and_asks_for_the_other_margin(pairs, run):
    step = {"step": "strength", "treatment": "flip", "scorer": "mu"}

    _kept, selection = run(contradicted(pairs), step)
    _same, reviewed = run(contradicted(pairs), step | {"keep_as_is": ["p001"]})

    assert selection.state.chosen.tolist() == [0, 1, 0, 1]
    assert selection.state.margin.tolist() == pytest.approx([2 / 3, 0.5, 0.5, 2 / 3])
    assert selection.outcomes[0].changed.tolist() == [1, 2]
    assert selection.outcomes[0].facts == {"unscored": 1, "contradicted": 2}
    assert reviewed.state.chosen.tolist() == [0, 0, 0, 1]


def test_a_contradicted_label_is_softened_dropped_or_given_its_margin(pairs, run):
    def treated(name):
        return run(contradicted(pairs), {"step": "strength", "treatment": name, "scorer": "mu"})

    assert np.nan_to_num(treated("soft")[1].state.soft).tolist() == [0, 0.8, 0.8, 0]
    assert treated("drop")[0] == ids(0, 3)
    assert treated("margin")[1].state.margin.tolist() == pytest.approx([1.5, 0, 0, 2 / 3])


def test_difficulty_keeps_what_training_can_turn(pairs, run):
    c = np.array([-10.0, 10.0, 11.0, NAN])
    columns = pairs(4, logprob=c, scores={"logprob": "signed"})

    kept, selection = run(columns, {"step": "difficulty", "alpha": 0.75, "missing": "drop"})

    assert kept == ids(0, 1)
    assert selection.outcomes[0].facts == {"easy": 1, "flippable": 1, "hard": 1, "unscored": 1}


def test_any_score_or_feature_can_be_bounded(pairs, run):
    columns = pairs(3, first=["a" * 10, "a" * 30, "a"], second=["b" * 10] * 3)

    assert run(columns, {"step": "score_between", "score": "length_gap", "at_most": 0})[0] == ids(0, 2)
    assert run(columns, {"step": "score_between", "score": "length_ratio", "at_least": 2})[0] == ids(1, 2)
    assert run(columns, {"step": "length_gap", "at_most": 9})[0] == ids(0, 2)


def test_a_score_that_nobody_made_is_refused_with_what_there_is(pairs, run):
    with pytest.raises(RecipeError) as caught:
        run(alike(pairs, [1.0]), {"step": "score_between", "score": "reward"})

    assert caught.value.field == "score"
    assert "ln_ches" in caught.value.cure


def test_exact_duplicates_leave_the_first_by_id_and_opposite_labels_are_counted(pairs, run):
    columns = pairs(
        6,
        id=["4", "1", "2", "3", "5", "6"],
        prompt_key=["hello"] * 4 + ["other"] * 2,
        verdict=np.array([0, 0, 1, 0, 0, 0]),
        first=["yes", "yes ", "yes", "yes", "yes", "cafe\u0301"],
        second=["no", "no\r\n", "no", "never", "no", "caf\u00e9"],
    )

    kept, selection = run(columns, {"step": "drop_duplicates"})

    assert kept == ["1", "3", "5"]
    assert selection.outcomes[0].facts == {"contradictory": 1, "identical": 1}


def test_a_settled_pair_outlives_an_undecided_copy_and_inner_space_counts(pairs, run):
    columns = pairs(
        4, prompt_key=["p"] * 4, verdict=np.array([2, 1, 0, 0]),
        first=["a", "b", "if x:\n  y", "if x:\n y"], second=["b", "a", "z", "z"],
    )  # fmt: skip

    kept, selection = run(columns, {"step": "drop_duplicates"})

    assert kept == ids(1, 2, 3)
    assert selection.outcomes[0].facts["contradictory"] == 0


LONG = " ".join(f"word{place}" for place in range(60))


def test_of_near_duplicates_the_most_judged_stays(pairs, run):
    columns = pairs(
        4, prompt=[LONG, LONG + " more", "short", "short"], n_judges=np.array([1, 5, 2, 2]),
        first=["same answer"] * 4, second=["another answer"] * 4,
    )  # fmt: skip

    kept, selection = run(columns, {"step": "near_duplicates"})

    assert kept == ids(1, 2)
    assert selection.outcomes[0].facts == {"clusters": 2, "in_clusters": 4}


def test_comparing_prompts_keeps_every_pair_of_the_prompt_that_stays(pairs, run):
    columns = pairs(4, prompt=[LONG, LONG, LONG + " more", "other"], prompt_key=["a", "a", "b", "c"])

    step = {"step": "near_duplicates", "compare": "prompts", "keep": "oldest"}
    assert run(columns, step)[0] == ids(0, 1, 3)


def test_prompts_that_stand_in_an_evaluation_set_go_and_are_reported(pairs, run):
    columns = pairs(2, prompt=[LONG, "nothing of it"], references={"held out": lambda: [LONG, "x y z"]})

    kept, selection = run(columns, {"step": "decontaminate", "against": ["held out"]})

    assert kept == ids(1)
    assert selection.outcomes[0].facts["report"]["held out"] == {
        "instances": 2, "hit": 1, "contaminated": True, "rows": 1
    }  # fmt: skip
    with pytest.raises(RecipeError, match="held out"):
        run(columns, {"step": "decontaminate", "against": ["mmlu"]})


def test_languages_are_told_apart_and_too_little_text_is_of_none(pairs, run):
    columns = pairs(
        3,
        prompt=["Why is the sky blue?", "Warum ist der Himmel am Tage blau?", "7"],
        first=["Because short waves scatter more.", "Weil kurze Wellen stärker gestreut werden.", "8"],
    )

    kept, selection = run(columns, {"step": "languages", "keep": ["en"]})

    assert kept == ids(0, 2)
    assert selection.outcomes[0].facts["found"] == {"unknown": 1, "de": 1, "en": 1}
    assert run(columns, {"step": "languages", "keep": ["en"], "unknown": "drop"})[0] == ids(0)


def test_private_data_is_counted_masked_or_dropped(pairs, run):
    columns = pairs(2, first=["write to ada@example.org", "nothing"])

    kept, masked = run(columns, {"step": "private_data"})

    assert kept == ids(0, 1)
    assert masked.state.mask.tolist() == [True, False]
    assert masked.outcomes[0].facts["found"]["email"] == 1
    assert run(columns, {"step": "private_data", "treatment": "drop"})[0] == ids(1)
    assert not run(columns, {"step": "private_data", "treatment": "count"})[1].state.mask.any()


def test_sources_are_kept_or_dropped_by_name(pairs, run):
    columns = pairs(3, source=["a", "b", "c"])

    step = {"step": "keep_sources", "values": ["a", "b"]}
    assert run(columns, step)[0] == ids(0, 1)
    assert run(columns, step | {"action": "drop"})[0] == ids(2)
    assert run(columns, step | {"values": ["z"]})[1].outcomes[0].facts == {"not_found": ["z"]}


def test_a_mix_has_its_shares_and_leaves_out_the_rest(pairs, run):
    columns = pairs(40, source=["a"] * 10 + ["b"] * 20 + ["c"] * 10)

    kept, selection = run(columns, {"step": "mix", "shares": {"a": 1, "b": 3}})

    sources = [("a" if int(one[1:]) < 10 else "b") for one in kept]
    assert (sources.count("a"), sources.count("b"), len(kept)) == (6, 20, 26)
    assert selection.outcomes[0].facts["available"] == {"a": 10, "b": 20}


def test_on_policy_pairs_get_their_share(pairs, run):
    columns = pairs(30, first_model=["mine"] * 5 + ["theirs"] * 25, second_model=["theirs"] * 30)

    kept, _selection = run(columns, {"step": "on_policy", "models": ["mine"], "share": 0.25})

    assert len(kept) == 20
    assert set(ids(*range(5))) <= set(kept)


def test_a_draw_is_the_seed_s_and_other_rows_do_not_change_it(pairs, run):
    step = {"step": "sample", "rows": 10}

    once, again = (run(pairs(50), step)[0] for _ in range(2))
    other = run(pairs(50), step | {"seed": 1})[0]
    fewer = run(pairs(40), step | {"rows": 40})[0]

    assert once == again != other
    assert fewer == ids(*range(40))


def test_of_a_prompt_s_pairs_the_widest_stays(pairs, run):
    columns = pairs(3, prompt_key=["k", "k", "l"], preference=np.array([-1.0, -3.0, -1.0]))

    assert run(columns, {"step": "one_per_prompt"})[0] == ids(1, 2)
    assert run(columns, {"step": "one_per_prompt", "keep": "first"})[0] == ids(0, 2)


def test_a_split_parts_no_prompt_and_no_cluster_and_fills_each_stratum(pairs, run):
    size = 300
    prompts = [f"{LONG} {place // 2}" if place < 20 else f"prompt {place // 3}" for place in range(size)]
    columns = pairs(
        size, prompt=prompts, prompt_key=[f"k{hash_}" for hash_ in map(str, prompts)],
        source=["a" if place % 2 else "b" for place in range(size)],
    )  # fmt: skip

    _kept, selection = run(
        columns,
        {"step": "near_duplicates", "compare": "prompts", "then": "mark", "threshold": 0.7},
        {"step": "split", "test": 0.2, "validation": 0.1},
    )

    split = selection.state.split
    assert len(set(split[:20])) == 1
    assert all(len({split[place] for place in range(start, start + 3)}) == 1 for start in range(21, 297, 3))
    assert 0.1 < (split == 2).mean() < 0.25


def test_ratings_become_pairs_and_items_without_one_are_dropped(pairs, run):
    columns = pairs(2, **{"rating:overall": np.array([[9.0, 7, 7, 3], [5, 5, NAN, NAN]])})

    kept, selection = run(columns, {"step": "binarise", "strategy": "max_vs_min"})
    every, _ = run(columns, {"step": "binarise", "strategy": "all_pairs"})

    assert kept == ["p000:0>3"]
    assert selection.state.margin[selection.state.standing].tolist() == [6.0]
    assert every == ["p000:0>1", "p000:0>2", "p000:0>3", "p000:1>3", "p000:2>3"]
    with pytest.raises(RecipeError, match="Nobody rated"):
        run(columns, {"step": "binarise", "strategy": "aspect", "aspect": "wit"})


def test_a_slow_column_is_kept_on_disk_and_nobody_waits_who_may_not(tmp_path, pairs, run):
    step = {"step": "near_duplicates"}

    with pytest.raises(NotReady):
        run(pairs(3, store=FeatureStore(tmp_path, wait=False)), step)
    first = run(pairs(3, store=FeatureStore(tmp_path)), step)[0]

    assert run(pairs(3, store=FeatureStore(tmp_path, wait=False)), step)[0] == first


def test_columns_that_were_given_back_are_read_again(pairs):
    columns = pairs(3)
    ids, rank = list(columns["id"]), columns.rank.tolist()
    read = []
    load, columns.load = columns.load, lambda name: read.append(name) or load(name)

    columns.forget(but=("id",))

    assert (columns.rank.tolist(), list(columns["id"]), read) == (rank, ids, [])
    columns.forget()
    assert (list(columns["id"]), read) == (ids, ["id"])
