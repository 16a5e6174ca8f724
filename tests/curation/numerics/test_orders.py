"""Verdicts of a judge in both orders, against published counts and tables worked by hand."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from curation.numerics.orders import (
    category_score,
    cohen_kappa,
    count_orders,
    label_probability,
    self_consistency,
    swap_verdict,
)

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
SIDES = {"A": "first", "B": "second", "tie": "tie", "invalid": None}
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared folder is not beside the project")


def published(name, annotator, prompting, gold, subset=None):
    """Original order, swapped order and gold of one published judge, as sides as stored."""
    rows = [json.loads(line) for line in (SHARED / name).read_text().splitlines()]
    chosen = [row for row in rows if subset is None or row["subset"] == subset]
    runs = [
        next(run for run in row["ai"] if (run["annotator"], run["prompting"]) == (annotator, prompting))
        for row in chosen
    ]
    return (
        [SIDES[run["original_order"]] for run in runs],
        [SIDES[run["swapped_order"]] for run in runs],
        [SIDES[row[gold]] for row in chosen],
    )


@pytest.mark.parametrize(
    ("both_a", "both_b", "a_then_b", "b_then_a", "correct", "both", "kappa", "ruled"),
    [
        (40, 55, 2, 3, (95, 96), 93, 0.8977, (93, 2, 5)),
        (27, 44, 4, 25, (80, 83), 67, 0.4287, (67, 4, 29)),
        (21, 31, 0, 48, (71, 77), 50, 0.2134, (50, 2, 48)),
        (57, 68, 1, 8, (104, 107), 101, 0.8651, (101, 24, 9)),
        (37, 59, 0, 38, (30, 22), 7, 0.4616, (7, 89, 38)),
    ],
    ids=["Natural GPT-4", "Natural ChatGPT", "Natural Falcon", "Neighbor GPT-4", "Neighbor ChatGPT"],
)
def test_the_published_table_of_llmbar_follows_from_its_cells(
    both_a, both_b, a_then_b, b_then_a, correct, both, kappa, ruled
):
    original = ["first"] * both_a + ["second"] * both_b + ["first"] * a_then_b + ["second"] * b_then_a
    swapped = ["first"] * both_a + ["second"] * both_b + ["second"] * a_then_b + ["first"] * b_then_a
    same = both_a + both_b
    other = {"first": "second", "second": "first"}
    gold = [side if place < both else other[side] for place, side in enumerate(original[:same])]
    gold += original[same : same + correct[0] - both] + swapped[same + correct[0] - both :]

    found = count_orders(original, swapped, gold)

    assert (found.correct_original, found.correct_swapped) == correct
    assert (found.correct_both, found.same, round(found.kappa, 4)) == (both, same, kappa)
    assert (found.right, found.wrong, found.ties, found.missing) == (*ruled, 0)


@needs_shared
@pytest.mark.parametrize(
    ("annotator", "subset", "counts", "kappa"),
    [
        ("GPT-4", "Natural", (51, 49, 49, 48, 49), 0.9179),
        ("ChatGPT", "Natural", (51, 42, 43, 37, 40), 0.5600),
        ("Falcon", "Natural", (51, 34, 39, 23, 24), 0.1720),
        ("GPT-4", "Adversarial/Neighbor", (85, 63, 67, 61, 77), 0.8101),
        ("ChatGPT", "Adversarial/Neighbor", (85, 22, 14, 5, 59), 0.4260),
    ],
)
def test_real_verdicts_of_llmbar_are_counted_as_published(annotator, subset, counts, kappa):
    original, swapped, gold = published("llmbar_gold_ai_judges.jsonl", annotator, "Vanilla", "gold", subset)

    found = count_orders(original, swapped, gold)

    assert (found.n, found.correct_original, found.correct_swapped, found.correct_both, found.same) == counts
    assert found.kappa == pytest.approx(kappa, abs=5e-5)
    assert found.kappa == pytest.approx(
        cohen_kappa_score([one == "first" for one in original], [one == "first" for one in swapped])
    )


@needs_shared
@pytest.mark.parametrize(
    ("annotator", "counts", "ruled"),
    [
        ("GPT-4", (83, 88, 76, 91), (76, 15, 19, 0)),
        ("ChatGPT", (78, 77, 55, 65), (55, 10, 45, 0)),
        ("LLaMA2", (78, 76, 59, 74), (59, 15, 36, 0)),
        ("PaLM2", (71, 76, 61, 85), (61, 17, 25, 7)),
    ],
)
def test_judges_of_mt_bench_agree_with_the_human_majority_as_counted_by_hand(annotator, counts, ruled):
    original, swapped, gold = published(
        "mtbench_human_majority_ai_judges.jsonl", annotator, "Vanilla_NoRules", "human_majority"
    )

    found = count_orders(original, swapped, gold)

    assert (found.correct_original, found.correct_swapped, found.correct_both, found.same) == counts
    assert (found.right, found.wrong, found.ties, found.missing) == ruled


@pytest.mark.parametrize(
    ("original", "swapped", "verdict"),
    [
        ("first", "first", "first"),
        ("first", "second", "tie"),
        ("tie", "second", "tie"),
        (None, "first", None),
        ("first", None, None),
    ],
)
def test_the_swap_rule_keeps_a_winner_only_when_both_orders_name_it(original, swapped, verdict):
    assert swap_verdict(original, swapped) == verdict


def test_kappa_is_one_for_perfect_raters_and_zero_for_a_constant_one():
    assert cohen_kappa("abab", "abab") == 1
    assert cohen_kappa("aaaa", "abab") == 0
    assert isnan(cohen_kappa("aaaa", "aaaa"))
    assert isnan(cohen_kappa("", ""))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("ab")), min_size=1, max_size=40))
def test_kappa_does_not_change_when_both_raters_swap_their_labels(pairs):
    one, other = zip(*pairs, strict=True)
    swap = {"a": "b", "b": "a"}

    before, after = cohen_kappa(one, other), cohen_kappa([swap[x] for x in one], [swap[x] for x in other])

    assert before == pytest.approx(after, nan_ok=True)


def test_log_probabilities_of_two_letters_give_the_published_probability():
    p, mass = label_probability({"m": -0.0175971, "M": -4.048847}, ["m", "M"])

    assert round(p, 6) == 0.982558
    assert mass == pytest.approx(1, abs=1e-3)


def test_a_letter_that_is_alone_is_certain_and_none_is_missing():
    assert label_probability({"m": -0.5}, ["m", "M"])[0] == 1
    assert label_probability({" m": -1.0, "m": -1.0, "x": -0.1}, ["m", "M"])[0] == 1
    assert label_probability({"x": -0.1}, ["m", "M"]) is None
    assert label_probability({"m": float("nan"), "M": float("-inf")}, ["m", "M"]) is None


def test_samples_are_turned_back_before_they_are_counted():
    shown = {"A": "first", "B": "second"}

    found = self_consistency([shown[x] for x in "AABAA"], [shown[x] for x in "BBABB"])

    assert (found.verdict, found.share, found.first_shown) == ("first", 0.8, 0.0)


def test_a_draw_of_samples_names_nobody():
    found = self_consistency(["first", "first"], ["first", "first"])

    assert (found.verdict, found.share, found.first_shown) == (None, 0.5, 0.5)
    with pytest.raises(ValueError, match="sample"):
        self_consistency([], [])


def test_a_category_of_reward_bench_weighs_its_subsets_by_their_size():
    shares = [(0.81, 100), (0.8315789, 95), (0.80, 95), (0.8928571, 28), (0.875, 40)]

    found = category_score([(round(share * n), n) for share, n in shares])

    assert found == 296 / 358
    assert round(found, 7) == 0.8268156
