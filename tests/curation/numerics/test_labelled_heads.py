"""A judge of the project's own labels learns what people like, and never from the pair it judges."""

from __future__ import annotations

import numpy as np
import pytest

from curation.numerics.labelled_heads import head_chances
from curation.numerics.strength import TooFewPairs


def world(n=900, d=8, *, seed=0, noise=0.1):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, d)).astype(np.float32)
    taste = rng.normal(size=d)
    sides = np.where(features @ taste > 0, 1, -1)
    sides = np.where(rng.random(n) < noise, -sides, sides).astype(np.int64)
    return features, sides, taste, [f"prompt {place // 2}" for place in range(n)]


def test_what_people_like_is_learnt_and_carried_to_pairs_nobody_judged():
    features, sides, taste, groups = world()
    known = sides.copy()
    known[600:] = 0

    chances = head_chances(features, known, groups)
    right = (chances > 0.5) == (features @ taste > 0)

    assert right[:600].mean() > 0.9
    assert right[600:].mean() > 0.9
    assert np.all((chances > 0) & (chances < 1))


def test_labels_without_meaning_teach_nothing_about_themselves():
    features, _sides, _taste, groups = world(noise=0.0)
    noise = np.where(np.random.default_rng(9).random(len(features)) < 0.5, 1, -1).astype(np.int64)

    chances = head_chances(features, noise, groups)

    assert ((chances > 0.5) == (noise > 0)).mean() == pytest.approx(0.5, abs=0.07)


def test_exchanging_the_candidates_mirrors_every_chance():
    features, sides, _taste, groups = world(400)

    one, other = head_chances(features, sides, groups), head_chances(-features, -sides, groups)

    assert one == pytest.approx(1 - other, abs=1e-4)


def test_too_few_labels_are_refused():
    features, sides, _taste, groups = world(150)

    with pytest.raises(TooFewPairs, match="200"):
        head_chances(features, sides, groups)
