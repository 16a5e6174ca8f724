from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.rules.flow import FlowRules
from annotate.rules.stopping import choice_of, is_sure, seats_after, sureness, widest_spread

VOTES = st.lists(st.sampled_from([-3, -2, -1, 1, 2, 3, "tie", "neither"]), max_size=9)


def votes(*preferences):
    return [{"preference": one} for one in preferences]


@pytest.mark.parametrize(
    ("cast", "chance"),
    [
        ([], 1 / 2),
        ([1], 3 / 4),
        ([-2, -3], 7 / 8),
        ([1, 1, 2], 15 / 16),
        ([1, -1], 1 / 2),
        ([1, 1, -1], 11 / 16),
        (["tie", "tie", "neither"], 11 / 16),
        ([1, 1, "tie", -1], 11 / 16),
    ],
)
def test_sureness_is_the_chance_that_a_beta_share_is_over_one_half(cast, chance):
    assert sureness(cast) == chance


@given(VOTES, st.randoms(use_true_random=False))
def test_sureness_knows_no_order_and_no_sides(cast, chance):
    shuffled = list(cast)
    chance.shuffle(shuffled)
    mirrored = [-vote if isinstance(vote, int) else vote for vote in cast]

    assert sureness(cast) == sureness(shuffled) == sureness(mirrored)
    assert 0.5 <= sureness(cast) < 1


@given(VOTES)
def test_one_more_vote_for_the_leader_makes_surer(cast):
    assert sureness([*cast, 1] + [1] * len(cast)) >= sureness(cast + [1] * len(cast))


@pytest.mark.parametrize(
    ("preference", "choice"),
    [(-1, "first"), (3, "second"), ("tie", "tie"), (0, "tie"), ("neither", "neither")],
)
def test_a_preference_has_a_choice_behind_it(preference, choice):
    assert choice_of(preference) == choice


def test_an_unsure_item_asks_for_one_more_at_a_time_up_to_the_most():
    rules = FlowRules(stop="posterior", sure_at=85)

    assert seats_after(rules, [], least=2, most=4) == 2
    assert seats_after(rules, votes(1), least=2, most=4) == 2
    assert seats_after(rules, votes(1, 2), least=2, most=4) == 2
    assert seats_after(rules, votes(1, -2), least=2, most=4) == 3
    assert seats_after(rules, votes(1, -2, 1), least=2, most=4) == 4
    assert seats_after(rules, votes(1, -2, 1, -1), least=2, most=4) == 4


def test_without_a_rule_everybody_is_asked_from_the_start():
    assert seats_after(FlowRules(stop="never"), [], least=2, most=4) == 4
    assert seats_after(FlowRules(), [], least=3, most=3) == 3


def test_the_spread_of_any_number_asks_for_more():
    rules = FlowRules(stop="spread", most_spread=2)
    alike = [{"rating": {"0": {"helpfulness": 4}}}, {"rating": {"0": {"helpfulness": 2}}}]
    apart = [{"rating": {"0": {"helpfulness": 4}}}, {"rating": {"0": {"helpfulness": 1}}}]

    assert (widest_spread(alike), widest_spread(apart)) == (2, 3)
    assert (is_sure(rules, alike), is_sure(rules, apart)) == (True, False)
    assert widest_spread(votes(-1, "tie", 3)) == 4


def test_answers_that_cannot_be_weighed_ask_for_no_more():
    assert is_sure(FlowRules(), [{"justification": "because"}])


def ratings(*helpfulness):
    return [{"ratings": {"0": {"helpfulness": one, "verbosity": 0}}} for one in helpfulness]


@pytest.mark.parametrize(
    ("given", "seats"),
    [((3, 3, 4), 3), ((0, 2, 4), 4), ((0, 1, 3, 4), 5), ((0, 3, 4, 4), 4), ((0, 4, 2, 1, 3), 5)],
)
def test_helpsteer2_asks_a_fourth_and_a_fifth_until_three_agree(given, seats):
    rules = FlowRules(stop="spread", most_spread=2, spread_on="ratings.helpfulness")

    assert seats_after(rules, ratings(*given), least=3, most=5) == seats


def test_only_the_named_number_asks_for_more():
    rules = FlowRules(stop="spread", most_spread=2, spread_on="ratings.verbosity")
    apart = [{"preference": -3}, {"preference": 3}, {"preference": 1}]

    assert seats_after(rules, ratings(0, 2, 4), least=3, most=5) == 3
    assert seats_after(rules, apart, least=3, most=5) == 3
    assert seats_after(FlowRules(stop="spread", spread_on="preference"), apart, least=3, most=5) == 4
