from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.numerics.quality import Record, concerns, pace, rate

NOTHING = rate(0, 0)
QUIET = Record(NOTHING, NOTHING, NOTHING, NOTHING, pace([]))


def record(**parts):
    fields = {name: getattr(QUIET, name) for name in Record.__slots__}
    return Record(**fields | parts)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_wilson_intervals_are_those_of_newcombe(hits, n, low, high):
    """Newcombe, Statistics in Medicine 17, 1998, table I, method 3."""
    found = rate(hits, n)

    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_its_share_and_mirrors_its_rest(hits, more):
    found, rest = rate(hits, hits + more), rate(more, hits + more)

    assert found.share is None or found.low <= found.share <= found.high
    assert found.low == pytest.approx(1 - rest.high)


def test_hits_beyond_the_number_are_refused():
    with pytest.raises(ValueError, match="no share"):
        rate(3, 2)


def test_pace_is_told_against_silent_reading():
    found = pace([(10.0, 238), (5.0, 238), (1.0, 2380), (0.0, 100)])

    assert (found.seconds, found.speed) == (5.0, 2.0)
    assert (found.hurried.hits, found.hurried.n) == (1, 3)


def test_concerns_are_what_chance_does_not_explain():
    assert concerns(QUIET) == ()
    assert concerns(record(gold=rate(0, 2))) == ()
    assert concerns(record(gold=rate(1, 10), traps=rate(2, 4))) == ("gold", "traps")
    assert concerns(record(traps=rate(3, 4))) == ()
    assert concerns(record(repeats=rate(2, 12))) == ("repeats",)
    assert concerns(record(first_side=rate(30, 30))) == ("side",)
    assert concerns(record(first_side=rate(17, 30))) == ()
    assert concerns(record(pace=pace([(0.5, 2000)] * 12))) == ("hurried",)
