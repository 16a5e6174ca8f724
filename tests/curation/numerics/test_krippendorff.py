"""Krippendorff's alpha: published values, a brute-force twin, and what cannot be computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from curation.numerics.agreement import krippendorff_alpha

LEVELS = ["nominal", "ordinal", "interval", "ratio"]
GAP = np.nan

# Krippendorff (2011), four observers and twelve units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
).T

TABLES = st.integers(1, 4).flatmap(
    lambda judges: st.lists(
        st.lists(st.sampled_from([GAP, 0.0, 1.0, 2.0, 5.0]), min_size=judges, max_size=judges),
        min_size=1,
        max_size=6,
    )
)


def brute_force_alpha(table, level):
    """Word for word from the definition: every pair of values, every pair of categories."""
    units = [[value for value in unit if not np.isnan(value)] for unit in table]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [value for unit in units for value in unit]
    counts = {value: pooled.count(value) for value in pooled}

    def difference(c, k):
        if level == "nominal":
            return float(c != k)
        if level == "interval":
            return (c - k) ** 2
        if level == "ratio":
            return ((c - k) / (c + k)) ** 2 if c + k else 0.0
        between = sum(n for g, n in counts.items() if min(c, k) <= g <= max(c, k))
        return (between - (counts[c] + counts[k]) / 2) ** 2 if c != k else 0.0

    observed = sum(
        difference(one, other) / (len(unit) - 1)
        for unit in units
        for i, one in enumerate(unit)
        for j, other in enumerate(unit)
        if i != j
    )
    expected = sum(counts[c] * counts[k] * difference(c, k) for c in counts for k in counts)
    return 1 - (len(pooled) - 1) * observed / expected if expected else np.nan


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.743421), ("ordinal", 0.815388), ("interval", 0.849107), ("ratio", 0.797403)],
)
def test_alpha_of_the_published_table_is_the_published_value(level, published):
    found = krippendorff_alpha(PUBLISHED, level=level)

    assert found.alpha == pytest.approx(published, abs=5e-7)
    assert (found.n_units, found.n_values) == (11, 40)
    assert found.low < found.alpha <= found.high <= 1.0


@settings(max_examples=25, deadline=None)
@given(TABLES, st.sampled_from(LEVELS))
def test_alpha_equals_the_definition_on_small_tables(table, level):
    found = krippendorff_alpha(table, level=level, n_boot=0)

    assert found.alpha == pytest.approx(brute_force_alpha(table, level), abs=1e-9, nan_ok=True)


@settings(max_examples=25, deadline=None)
@given(TABLES, st.sampled_from(LEVELS), st.randoms(use_true_random=False))
def test_alpha_ignores_the_order_of_units_and_judges(table, level, random):
    rows = list(range(len(table)))
    judges = list(range(len(table[0])))
    random.shuffle(rows)
    random.shuffle(judges)

    shuffled = [[table[row][judge] for judge in judges] for row in rows]
    one = krippendorff_alpha(table, level=level, n_boot=0)
    other = krippendorff_alpha(shuffled, level=level, n_boot=0)
    assert other.alpha == pytest.approx(one.alpha, abs=1e-12, nan_ok=True)


@settings(max_examples=25, deadline=None)
@given(TABLES)
def test_ordinal_alpha_ignores_any_stretching_of_the_scale(table):
    stretched = np.exp(np.array(table))

    one = krippendorff_alpha(table, level="ordinal", n_boot=0)
    other = krippendorff_alpha(stretched, level="ordinal", n_boot=0)
    assert other.alpha == pytest.approx(one.alpha, abs=1e-12, nan_ok=True)


@settings(max_examples=25, deadline=None)
@given(TABLES, st.floats(-1e6, 1e6))
def test_interval_alpha_ignores_where_the_scale_begins(table, origin):
    one = krippendorff_alpha(table, level="interval", n_boot=0)
    other = krippendorff_alpha(np.array(table) + origin, level="interval", n_boot=0)

    assume(not np.isnan(one.alpha))
    assert other.alpha == pytest.approx(one.alpha, abs=1e-6)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_a_single_category_is_not_computable_and_never_one(level):
    found = krippendorff_alpha([[2, 2, 2], [2, 2, GAP]], level=level)

    assert np.isnan([found.alpha, found.low, found.high]).all()
    assert (found.n_units, found.n_values) == (2, 5)


def test_alpha_without_a_unit_that_two_judges_read_is_not_computable():
    found = krippendorff_alpha([[1, GAP], [GAP, 2]], level="nominal")

    assert np.isnan(found.alpha)
    assert found.n_units == 0


def test_alpha_is_one_when_all_agree_on_different_values():
    found = krippendorff_alpha([[1, 1], [2, 2], [3, 3]], level="ordinal", n_boot=0)

    assert found.alpha == pytest.approx(1.0)
    assert np.isnan(found.low)


def test_alpha_interval_repeats_with_its_seed_and_changes_with_another():
    one, again, other = (krippendorff_alpha(PUBLISHED, level="ordinal", seed=seed) for seed in (1, 1, 2))

    assert one == again
    assert (one.low, one.high) != (other.low, other.high)


def test_alpha_interval_covers_an_agreement_of_nothing_at_all():
    values = np.random.default_rng(7).integers(-3, 4, size=(400, 3)).astype(float)

    found = krippendorff_alpha(values, level="ordinal")

    assert found.low < 0.0 < found.high
    assert found.high - found.low < 0.2


@pytest.mark.parametrize(
    ("table", "level"),
    [([[1, 2]], "cardinal"), ([1, 2], "nominal"), ([[np.inf, 1]], "nominal"), ([[-1, 2]], "ratio")],
)
def test_alpha_refuses_what_has_no_such_scale(table, level):
    with pytest.raises(ValueError, match=r"level|shape|finite"):
        krippendorff_alpha(table, level=level)
