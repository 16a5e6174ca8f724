"""Losses of reward heads: the marks of label smoothing and of the margin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logit

from curation.numerics.reward_heads import pair_losses

ALPHAS = np.array([0.0, 0.1, 0.25, 0.5, 0.9])


def test_at_no_difference_the_loss_is_the_logarithm_of_two_whatever_the_smoothing():
    losses, _slopes = pair_losses(np.zeros(5), 1 - ALPHAS, np.zeros(5))

    assert losses == pytest.approx(np.log(2))


def test_half_a_label_is_symmetric_in_the_difference():
    gaps = np.array([0.3, 1.0, 4.0])

    for_it, against = (pair_losses(sign * gaps, np.full(3, 0.5), np.zeros(3))[0] for sign in (1, -1))

    assert for_it == pytest.approx(against)


def test_a_smoothed_label_wants_the_logit_of_its_probability_and_no_more():
    soft = 1 - ALPHAS[1:4]

    _losses, slopes = pair_losses(logit(soft), soft, np.zeros(3))

    assert slopes == pytest.approx(0, abs=1e-12)


def test_a_difference_of_the_margin_costs_the_logarithm_of_two():
    margins = np.array([-1.5, 0.2, 3.0])

    losses, _slopes = pair_losses(margins, np.ones(3), margins)

    assert losses == pytest.approx(np.log(2))
