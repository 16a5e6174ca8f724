"""Recipes: each step, their order, ties, and what a bad recipe says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.numerics.selection import (
    DropAlike,
    DropDuplicates,
    DropUndecided,
    PairColumns,
    RecipeError,
    apply_recipe,
    recipe_from_dicts,
    recipe_to_dicts,
)

RECIPE = (DropUndecided(), DropAlike(top_percent=10), DropDuplicates())


def columns(rows):
    """Rows are (id, verdict, prompt, chosen, rejected, score)."""
    ids, verdicts, prompts, chosen, rejected, scores = zip(*rows, strict=True) if rows else [()] * 6
    return PairColumns(ids, verdicts, prompts, chosen, rejected, np.array(scores, dtype=float))


def scored(scores):
    rows = enumerate(scores)
    return columns(
        [(f"p{place:02}", "first", f"prompt {place}", "good", "bad", score) for place, score in rows]
    )


def test_drop_undecided_keeps_pairs_with_a_preferred_side_only():
    verdicts = ["first", "tie", "second", "neither", "undecided", "unjudged"]
    pairs = columns([(verdict, verdict, verdict, "a", "b", 0.0) for verdict in verdicts])

    selection = apply_recipe(pairs, [DropUndecided()])

    assert selection.kept.tolist() == [True, False, True, False, False, False]
    assert selection.outcomes[0].dropped_ids == ("tie", "neither", "undecided", "unjudged")


def test_drop_alike_drops_the_highest_scores_and_names_the_threshold():
    selection = apply_recipe(scored([5.0, -1.0, 9.0, 3.0, 7.0]), [DropAlike(top_percent=40)])

    outcome = selection.outcomes[0]
    assert (outcome.kept, outcome.dropped, outcome.dropped_index, outcome.threshold) == (3, 2, (2, 4), 7.0)
    assert sum(outcome.histogram.counts) == 5
    assert (outcome.histogram.edges[0], outcome.histogram.edges[-1]) == (-1.0, 9.0)


def test_drop_alike_keeps_and_counts_pairs_without_a_score():
    selection = apply_recipe(scored([np.nan, 1.0, np.nan, 2.0]), [DropAlike(top_percent=50)])

    assert selection.outcomes[0].dropped_ids == ("p03",)
    assert selection.outcomes[0].unscored == 2


def test_drop_alike_breaks_ties_by_id_whatever_the_order_of_rows():
    rows = [(name, "first", name, "a", "b", 1.0) for name in ("c", "a", "d", "b")]

    for order in (rows, rows[::-1]):
        assert sorted(apply_recipe(columns(order), [DropAlike(50)]).outcomes[0].dropped_ids) == ["a", "b"]


@pytest.mark.parametrize(
    ("n", "percent", "dropped"), [(30, 10, 3), (9, 10, 0), (10, 0, 0), (7, 100, 7), (1000, 0.1, 1)]
)
def test_drop_alike_rounds_the_share_down(n, percent, dropped):
    assert apply_recipe(scored(np.arange(n)), [DropAlike(percent)]).outcomes[0].dropped == dropped


def test_drop_alike_without_any_score_drops_nothing():
    outcome = apply_recipe(scored([np.nan]), [DropAlike(100)]).outcomes[0]

    assert (outcome.dropped, outcome.threshold, outcome.histogram, outcome.unscored) == (0, None, None, 1)


def test_drop_duplicates_keeps_the_first_by_id_and_counts_opposite_labels():
    pairs = columns(
        [
            ("4", "first", "hello", "yes", "no", 0.0),
            ("1", "first", "hello", "yes ", "no\r\n", 0.0),
            ("2", "second", "hello", "no", "yes", 0.0),
            ("3", "first", "hello", "yes", "never", 0.0),
            ("5", "first", "other", "yes", "no", 0.0),
            ("6", "first", "other", "cafe\u0301", "caf\u00e9", 0.0),
        ]
    )

    selection = apply_recipe(pairs, [DropDuplicates()])

    outcome = selection.outcomes[0]
    assert outcome.dropped_ids == ("4", "2", "6")
    assert (outcome.kept, outcome.contradictory, outcome.identical) == (3, 1, 1)


def test_drop_duplicates_prefers_a_settled_pair_over_an_undecided_one():
    pairs = columns([("1", "tie", "p", "a", "b", 0.0), ("2", "second", "p", "b", "a", 0.0)])

    selection = apply_recipe(pairs, [DropDuplicates(), DropUndecided()])

    assert selection.kept.tolist() == [False, True]
    assert selection.outcomes[0].contradictory == 0


def test_drop_duplicates_sees_a_difference_in_inner_white_space():
    pairs = columns([("1", "first", "p", "if x:\n  y", "b", 0.0), ("2", "first", "p", "if x:\n y", "b", 0.0)])

    assert apply_recipe(pairs, [DropDuplicates()]).kept.all()


def test_apply_recipe_reports_each_step_on_what_the_one_before_left():
    rows = [(f"{place}", "first", f"{place % 9}", "a", "b", float(place)) for place in range(20)]
    rows += [("x", "tie", "x", "a", "b", 99.0)]

    selection = apply_recipe(columns(rows), RECIPE)

    assert [outcome.name for outcome in selection.outcomes] == [
        "drop_undecided",
        "drop_alike",
        "drop_duplicates",
    ]
    assert [outcome.kept for outcome in selection.outcomes] == [20, 18, 9]
    assert selection.dropped() == {"drop_undecided": 1, "drop_alike": 2, "drop_duplicates": 9}
    assert selection.outcomes[1].parameters == {"top_percent": 10}
    assert selection.kept.sum() == 9


def test_apply_recipe_on_no_pairs_keeps_none_and_drops_none():
    selection = apply_recipe(columns([]), RECIPE)

    assert selection.kept.tolist() == []
    assert selection.dropped() == {"drop_undecided": 0, "drop_alike": 0, "drop_duplicates": 0}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["first", "second", "tie"]),
        st.sampled_from("pq"),
        st.sampled_from("abc"),
        st.sampled_from("abc"),
        st.one_of(st.just(float("nan")), st.floats(-1e9, 1e9)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(ROWS, st.permutations(RECIPE), st.randoms(use_true_random=False))
def test_apply_recipe_ignores_the_order_of_rows_and_loses_none(rows, recipe, random):
    named = [(f"{place:02}", *row) for place, row in enumerate(rows)]
    mixed = random.sample(named, len(named))

    one, other = apply_recipe(columns(named), recipe), apply_recipe(columns(mixed), recipe)

    kept = {row[0] for row, keep in zip(named, one.kept, strict=True) if keep}
    assert kept == {row[0] for row, keep in zip(mixed, other.kept, strict=True) if keep}
    dropped = [name for outcome in one.outcomes for name in outcome.dropped_ids]
    assert sorted([*kept, *dropped]) == [row[0] for row in named]


def test_columns_of_unequal_length_or_with_a_repeated_id_are_refused():
    with pytest.raises(ValueError, match="as many entries"):
        PairColumns(["a"], [], [], [], [], np.array([]))
    with pytest.raises(ValueError, match="id of its own"):
        columns([("a", "first", "", "", "", 0.0)] * 2)


def test_recipe_goes_to_plain_json_and_back():
    plain = json.loads(json.dumps(recipe_to_dicts(RECIPE)))

    assert plain[1] == {"step": "drop_alike", "top_percent": 10}
    assert recipe_from_dicts(plain) == RECIPE


@pytest.mark.parametrize(
    ("plain", "field", "cure"),
    [
        ("drop", "steps", "drop_undecided"),
        ([], "steps", "drop_undecided"),
        (["drop"], "steps[0]", "drop_duplicates"),
        ([{"step": "drop_all"}], "steps[0].step", "drop_alike"),
        ([{}], "steps[0].step", "Choose one of"),
        ([{"step": "drop_alike", "top_percent": 101}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "top_percent": float("nan")}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "top_percent": "10"}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "top_percent": True}], "steps[0].top_percent", "0 to 100"),
        ([{"step": "drop_alike", "percent": 10}], "steps[0].percent", "top_percent"),
        ([{"step": "drop_duplicates", "fuzzy": True}], "steps[0].fuzzy", "no settings"),
        ([{"step": "drop_duplicates"}], "steps", "drop_undecided"),
    ],
)
def test_bad_recipe_names_the_field_and_the_cure(plain, field, cure):
    with pytest.raises(RecipeError) as caught:
        recipe_from_dicts(plain)

    assert caught.value.field == field
    assert cure in caught.value.cure
