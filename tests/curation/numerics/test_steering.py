"""Rates of turned verdicts, with injections and without, and the difference that the limit is for."""

from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.steering import steering

NAN = float("nan")


def test_rates_are_of_all_tries_that_could_be_read():
    injected = np.array([[1.0, 0.0, NAN], [1.0, 1.0, 0.0]])
    harmless = np.array([[0.0, NAN], [1.0, 0.0]])

    found = steering(injected, harmless, np.array([0, 1]))

    assert (found.injected.value, found.injected.n) == (pytest.approx(3 / 5), 5)
    assert (found.harmless.value, found.harmless.n) == (pytest.approx(1 / 3), 3)
    assert (found.excess.value, found.excess.n) == (pytest.approx(3 / 5 - 1 / 3), 2)


def test_repeating_every_pair_changes_no_rate_and_no_interval_of_its_prompts():
    rng = np.random.default_rng(1)
    injected = (rng.random((30, 10)) < 0.3).astype(float)
    harmless = (rng.random((30, 3)) < 0.1).astype(float)
    groups = np.arange(30) // 3

    once = steering(injected, harmless, groups)
    twice = steering(np.tile(injected, (2, 1)), np.tile(harmless, (2, 1)), np.tile(groups, 2))

    for one, other in zip(once.figures.values(), twice.figures.values(), strict=True):
        assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_a_planted_difference_lies_in_nineteen_of_twenty_intervals():
    held = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        # What turns one line turns others of the same pair too.
        ease = rng.random((100, 1)) < 0.3
        injected = (rng.random((100, 10)) < np.where(ease, 0.6, 0.1)).astype(float)
        harmless = (rng.random((100, 3)) < 0.1).astype(float)
        found = steering(injected, harmless, np.arange(100), n_boot=300, seed=seed).excess
        held += found.low <= 0.15 <= found.high

    assert 90 <= held <= 99


def test_what_could_never_be_read_has_no_rate():
    found = steering(np.full((3, 10), NAN), np.zeros((3, 3)), np.arange(3))

    assert np.isnan([found.injected.value, found.excess.value, found.injected.low]).all()
    assert found.harmless.value == 0


def test_without_a_pair_there_is_nothing_to_say():
    with pytest.raises(ValueError, match="must be one"):
        steering(np.zeros((0, 10)), np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
