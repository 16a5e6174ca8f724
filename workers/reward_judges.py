"""Reward models as judges: one number for each response, or both orders of each pair side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from curation.numerics.judging import debias
from curation.prompts.spec import JudgeSpec

if TYPE_CHECKING:
    from workers.runtime.loading import Messages
    from workers.runtime.reward import Reward, RewardModel

# A prompt and a response to it.
Response = tuple["Messages", str]
# Beyond this a logit says the same, and its exponential is still a number.
LARGEST = 30.0


@dataclass(frozen=True, slots=True)
class Scored:
    """``chances``: by places of the responses, first before second, the probability that the first is the
    better one; no entry where no number can be had. ``raw`` goes with the judgment."""

    responses: int
    chances: dict[tuple[int, int], float]
    raw: dict[str, Any]


def by_rewards(spec: JudgeSpec, asked: Sequence[Sequence[Response]]) -> tuple[str, list[Scored]]:
    """What the model makes of the responses of each item, and the model's revision."""
    from workers.runtime.reward import load_reward_model
    from workers.runtime.sources import find_model

    rm = load_reward_model(find_model(spec.model, Path(settings.WINNOW_MODELS)), dtype="auto")
    return rm.revision, _side_by_side(rm, asked) if rm.reads_pairs else _one_by_one(rm, asked)


def _one_by_one(rm: RewardModel, asked: Sequence[Sequence[Response]]) -> list[Scored]:
    from workers.runtime.reward import rewards

    found = _in_order(rewards, rm, [response for responses in asked for response in responses])
    places = iter(found)
    return [_compared([next(places) for _response in responses]) for responses in asked]


def _compared(given: Sequence[Reward]) -> Scored:
    raw = {"rewards": [one.value for one in given], "flags": [list(one.flags) for one in given]}
    known = [(place, one.value) for place, one in enumerate(given) if one.value is not None]
    return Scored(
        len(given),
        {(one, other): _chance(here - there) for (one, here), (other, there) in combinations(known, 2)},
        raw,
    )


def _side_by_side(rm: RewardModel, asked: Sequence[Sequence[Response]]) -> list[Scored]:
    """Every pair in both orders, as a model that is shown A and B: it may have a taste for a place. Responses
    to prompts of their own cannot be put side by side."""
    from workers.runtime.reward import pair_logits

    pairs = [
        [(one, other) for one, other in combinations(range(len(row)), 2) if row[one][0] == row[other][0]]
        for row in asked
    ]
    orders = [
        (row[one][0], row[one][1], row[other][1])
        for row, mine in zip(asked, pairs, strict=True)
        for pair in mine
        for one, other in (pair, pair[::-1])
    ]
    places = iter(_in_order(pair_logits, rm, orders))
    return [
        _settled(len(row), [(pair, next(places), next(places)) for pair in mine])
        for row, mine in zip(asked, pairs, strict=True)
    ]


def _settled(responses: int, told: Iterable[tuple[tuple[int, int], Reward, Reward]]) -> Scored:
    chances: dict[tuple[int, int], float] = {}
    raw: dict[str, Any] = {"pairs": []}
    turned = 0
    for pair, forward, backward in told:
        note = {"pair": list(pair), "logits": [forward.value, backward.value]}
        flags = sorted({*forward.flags, *backward.flags})
        raw["pairs"].append(note | ({"flags": flags} if flags else {}))
        if forward.value is None or backward.value is None:
            continue
        shown = [_chance(forward.value), _chance(backward.value)]
        both = debias(*shown)
        chances[pair] = both.p_first
        turned += both.flipped
        if pair == (0, 1):
            raw |= {"p_first_shown": shown, "bias": both.bias}
    return Scored(responses, chances, raw | {"turned": turned, "flipped": 2 * turned > len(chances)})


def _chance(logit: float) -> float:
    return 1 / (1 + exp(-max(min(logit, LARGEST), -LARGEST)))


def _in_order(score: Callable[..., Any], rm: RewardModel, asked: list[Any]) -> list[Reward]:
    """Batches come by length; what was asked comes in its own order."""
    found: dict[int, Reward] = {}
    for batch in score(rm, asked):
        found |= dict(batch)
    return [found[place] for place in range(len(asked))]
