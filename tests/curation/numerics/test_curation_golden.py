"""Published and hand-computed values of the curation methods."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.formats.pairs import dynamic_beta, ls_factor
from curation.formats.singles import goal_text, kto_weights, steps_in
from curation.numerics import binarising
from curation.numerics.listwise import (
    best_of_n,
    gains,
    lambda_deltas,
    mean_ranks,
    pro_temperatures,
    step_labels,
)
from curation.numerics.recipes.decontamination import decontaminate
from curation.numerics.recipes.near_duplicates import jaccard, near_duplicate_clusters
from curation.numerics.recipes.private_text import find_private, iban_holds, luhn, mask_private
from curation.numerics.release_diff import VersionRows, diff_versions, negative_flips, wilson

TWENTY = " ".join(f"t{place}" for place in range(1, 21))


def words(first, last):
    return " ".join(f"t{place}" for place in range(first, last + 1))


def test_two_overlapping_eight_grams_cover_thirteen_of_twenty_tokens():
    overlap = decontaminate([f"{words(1, 8)} x y z {words(6, 13)}"], [TWENTY])

    assert overlap.shares.tolist() == pytest.approx([0.65])
    assert overlap.hits() == 1


def test_two_texts_that_cover_eight_tokens_each_hit_nothing():
    overlap = decontaminate([words(1, 8), words(11, 18)], [TWENTY])

    assert overlap.shares.tolist() == pytest.approx([0.4, 0.4])
    assert overlap.hits() == 0


@pytest.mark.parametrize(("text", "share"), [("Too short?", 1.0), ("too short!", 1.0), ("too shorts", 0.0)])
def test_short_instances_are_hit_by_equal_texts_only(text, share):
    assert decontaminate([text], ["too short"]).shares.tolist() == [share]


def test_jaccard_of_sets():
    hashes = np.arange(4, dtype=np.uint64)

    assert jaccard(hashes[:3], hashes[1:]) == 0.5
    assert jaccard(hashes, hashes) == 1.0


def chain():
    base = [f"w{place}" for place in range(100)]
    return [" ".join(base), " ".join([*base[:-4], "a", "b"]), " ".join([*base[4:-4], "a", "b"]), "other"]


def test_a_chain_of_near_duplicates_is_one_cluster_in_every_process():
    assert near_duplicate_clusters(chain()).tolist() == [0, 0, 0, 3]
    code = (
        "from tests.curation.numerics.test_curation_golden import chain;"
        "from curation.numerics.recipes.near_duplicates import candidates;"
        "print(candidates(chain(), threshold=0.8).tolist())"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                       env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_scores_of_four_responses_make_the_pairs_each_strategy_says():
    scores = np.array([[9.0, 7, 7, 3]])

    worst = binarising.max_vs_min(scores)
    assert (worst.chosen.tolist(), worst.rejected.tolist()) == ([0], [3])
    for draw in range(9):
        assert binarising.max_vs_random(scores, np.array([draw], dtype=np.uint64)).rejected[0] in {1, 2, 3}
    assert len(binarising.all_pairs(scores).items) == 5


def test_weights_of_the_large_preset():
    names = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
    ratings = {name: np.array([[value]]) for name, value in zip(names, (4.0, 4, 4, 2, 2), strict=True)}
    weights = dict(zip(names, (0.65, 0.8, 0.45, 0.55, -0.4), strict=True))

    assert binarising.combined(ratings, "weighted", weights=weights)[0, 0] == pytest.approx(7.9)


def test_factors_in_order_decide_and_small_differences_fall_through():
    ratings = {"safe": np.array([[1.0, 0.0], [1, 1]]), "helpful": np.array([[1.0, 5.0], [4, 3]])}

    found = binarising.by_priority(ratings, ("safe", "helpful"), {"helpful": 1.0})

    assert (found.items.tolist(), found.chosen.tolist()) == ([0], [0])


def test_lambda_weights_of_three_responses():
    deltas = lambda_deltas([2, 1, 0], [1, 2, 3])

    assert deltas[0, 1] == pytest.approx(1.064912, abs=1e-6)
    assert deltas[0, 2] == pytest.approx(2.164043, abs=1e-6)
    assert deltas[1, 2] == pytest.approx(0.188892, abs=1e-6)
    assert gains([2, 1, 0]).tolist() == [3, 1, 0]


def test_temperatures_of_pro_are_differences_of_rewards():
    assert pro_temperatures([3, 2, 0]).tolist() == [[3, 1, 3], [0, 2, 2], [0, 0, 0]]


def test_of_equal_bests_the_shortest_is_taken():
    assert best_of_n([3, 5, 5, 1], [9, 8, 7, 3]) == 2
    assert best_of_n([None, None], [1, 1]) is None


def test_steps_after_the_first_wrong_one_are_wrong():
    assert step_labels(4, 2) == [True, True, False, False]
    text = "a\nb\n\n c \n\n\nd"
    assert [text[start:end] for start, end in steps_in(text)] == ["a\nb", "c", "d"]


def test_kto_weights_bring_a_hundred_and_four_hundred_to_balance():
    assert kto_weights(100, 400) == {
        "desirable_weight": 4.0, "undesirable_weight": 1.0, "desirable_weight_up_to": pytest.approx(16 / 3)
    }  # fmt: skip
    assert kto_weights(400, 100)["undesirable_weight"] == 4.0


def test_beta_grows_with_the_margin():
    assert dynamic_beta(2, w=0.1, k=0.5) == pytest.approx(0.106321, abs=1e-6)
    assert ls_factor(pa.array([0.0, 2.0]), 0.5).to_pylist() == pytest.approx([0, 1 - np.exp(-1)])


@pytest.mark.parametrize(("goal", "said"), [(8.0, "8"), (3.5, "3.5")])
def test_a_goal_is_written_without_its_zero(goal, said):
    assert f"is {said} on" in goal_text(goal)


def test_ties_in_rankings_count_half():
    assert mean_ranks([[[2], [0, 1]]], 3) == [0.5, 0.5, 2.0]


def rows(keys, sides, margins=None):
    margins = [1.0] * len(keys) if margins is None else margins
    return VersionRows(np.array(keys, dtype=np.bytes_), np.array(sides, dtype=np.int8), np.array(margins))


def test_a_diff_counts_every_kind_of_change():
    old = rows(list("abcdef"), [0, 1, -1, 0, 0, 1], [1, 1, 0, 1, 1, 1])
    new = rows(list("abcdeg"), [0, 0, 1, -1, 0, 1], [1, 1, 1, 0, 0.5, 1])

    assert diff_versions(old, new).counts() == {
        "kept": 5, "added": 1, "removed": 1, "flipped": 1, "to_decided": 1, "to_tie": 1, "margin_changed": 1
    }  # fmt: skip


def test_a_diff_says_what_comparing_row_by_row_says():
    draw = np.random.default_rng(5)
    keys = draw.integers(0, 400, size=(2, 300))
    old, new = (
        rows([f"{key:016x}" for key in some], draw.integers(-1, 2, 300), draw.choice([1.0, 2.0, np.nan], 300))
        for some in keys
    )
    first = [
        {key: place for place, key in reversed(list(enumerate(one.keys.tolist())))} for one in (old, new)
    ]
    both = [(first[0][key], first[1][key]) for key in first[0] if key in first[1]]
    sides = [(old.sides[was], new.sides[now]) for was, now in both]

    found = diff_versions(old, new)

    assert found.counts() == {
        "kept": len(both),
        "added": len(first[1]) - len(both),
        "removed": len(first[0]) - len(both),
        "flipped": sum(was >= 0 <= now != was for was, now in sides),
        "to_decided": sum(was < 0 <= now for was, now in sides),
        "to_tie": sum(now < 0 <= was for was, now in sides),
        "margin_changed": sum(
            old.sides[was] == new.sides[now] >= 0
            and old.margins[was] != new.margins[now]
            and not (np.isnan(old.margins[was]) and np.isnan(new.margins[now]))
            for was, now in both
        ),
    }


def test_a_diff_against_nothing_adds_all_and_of_nothing_removes_all():
    some, none = rows(["a", "b", "b"], [0, 1, 0]), rows([], [])

    assert (diff_versions(none, some).added, diff_versions(some, none).removed) == (2, 2)


def test_one_lost_and_one_gained_of_ten_gold_items():
    old = {str(place): place < 8 for place in range(10)}
    new = old | {"0": False, "9": True}

    report = negative_flips(old, new)

    assert (report.n, report.negative, report.positive, report.lost) == (10, 0.1, 0.1, ("0",))


def test_wilson_of_none_and_of_half():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 10) == pytest.approx((0.236593, 0.763407), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("card 4111 1111 1111 1111 today", ["card"]),
        ("card 4111 1111 1111 1112 today", []),
        ("IBAN DE89 3704 0044 0532 0130 00.", ["iban"]),
        ("IBAN DE88 3704 0044 0532 0130 00.", []),
        ("ada@example.org and +44 20 7946 0958", ["email", "phone"]),
        ("at 192.168.1.10, not 127.0.0.1 or 999.1.1.1", ["ip_address"]),
        ("version 1.2.3.4.5 is no address", []),
        ("ssn 123-45-6789, not 000-12-3456", ["us_ssn"]),
        ("key AKIAIOSFODNN7EXAMPLE here", ["secret"]),
        ("password: hunter2hunter2hunter2x9", ["secret"]),
        ("token = aaaaaaaaaaaaaaaaaaaaaaaa", []),
        ("a plain sentence about 3 apples in 2024", []),
    ],
)
def test_private_data_is_what_its_checksum_says(text, kinds):
    assert [one.kind for one in find_private(text)] == kinds


def test_checksums():
    assert luhn("79927398713")
    assert not luhn("79927398714")
    assert iban_holds("GB82 WEST 1234 5698 7654 32")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_masking_twice_is_masking_once(text):
    once = mask_private(f"{text} ada@example.org")

    assert "ada@example.org" not in once
    assert mask_private(once) == once
