"""Scores from reward models: one number for each side, or a logit for both in either order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from curation.enums import Scorer
from curation.services.scoring import NewScore, stored_pairs
from workers.policy_scores import Pair, Scored

if TYPE_CHECKING:
    from workers.runtime.loading import Messages
    from workers.runtime.reward import Reward, RewardModel


def reward_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    """Rewards by the model named in the parameters. ``form``: "single", or "pair" for a model that reads both
    responses at once. ``value`` is the logit that the first response is the better one."""
    from workers.runtime.reward import load_reward_model
    from workers.runtime.sources import find_model

    folder = find_model(str(parameters["model"]), Path(settings.WINNOW_MODELS))
    rm = load_reward_model(folder, dtype=str(parameters.get("dtype", "auto")))
    form = "pair" if parameters.get("form") == "pair" or rm.reads_pairs else "single"
    used = {"model": rm.name, "template": rm.template_hash, "dtype": rm.dtype, "form": form}
    items = [item.pk for item, _first, _second in pairs]
    there = stored_pairs(scorer=Scorer.REWARD, revision=rm.revision, parameters=used, item_ids=items)
    left = [pair for pair in pairs if (pair[1].pk, pair[2].pk) not in there]
    make = pair_rewards if form == "pair" else single_rewards
    return rm.revision, used, make(rm, left)


def single_rewards(rm: RewardModel, pairs: list[Pair]) -> Iterator[NewScore]:
    """Both sides of each pair; a pair is given out as soon as both are there."""
    from workers.runtime.reward import rewards

    asked = [(prompt_of(pair, side), side.text) for pair in pairs for side in pair[1:]]
    for place, first, second in in_twos(rewards(rm, asked)):
        details = {"first": first.value, "second": second.value}
        yield scored(pairs[place], first, second, details, scale=1.0)


def pair_rewards(rm: RewardModel, pairs: list[Pair]) -> Iterator[NewScore]:
    """Each pair in both orders; half the difference is what a taste for a place does not touch."""
    from workers.runtime.reward import pair_logits

    shared = [pair for pair in pairs if pair[1].prompt == pair[2].prompt]
    for pair in pairs:
        if pair not in shared:
            yield NewScore(pair[0].pk, pair[1].pk, pair[2].pk, None, flags=("own_prompts",))
    asked = []
    for pair in shared:
        _item, first, second = pair
        prompt = prompt_of(pair, first)
        asked += [(prompt, first.text, second.text), (prompt, second.text, first.text)]
    for place, forward, backward in in_twos(pair_logits(rm, asked)):
        details = {"forward": forward.value, "backward": backward.value}
        yield scored(shared[place], forward, backward, details, scale=0.5)


def in_twos(batches: Iterable[Sequence[tuple[int, Reward]]]) -> Iterator[tuple[int, Reward, Reward]]:
    """Of what was asked two by two: the place of each two with both answers, as soon as both are there.
    Batches come by length, and so the two may come apart."""
    found: dict[int, Reward] = {}
    for batch in batches:
        found |= dict(batch)
        for place in sorted({asked // 2 for asked, _reward in batch}):
            if {2 * place, 2 * place + 1} <= found.keys():
                yield place, found.pop(2 * place), found.pop(2 * place + 1)


def prompt_of(pair: Pair, side: Any) -> Messages:
    found: Messages = side.prompt or pair[0].prompt
    return found


def scored(pair: Pair, one: Reward, other: Reward, details: dict[str, Any], *, scale: float) -> NewScore:
    known = one.value is not None and other.value is not None
    value = scale * (one.value - other.value) if known else None  # type: ignore[operator]  # known says so
    flags = tuple(sorted({*one.flags, *other.flags}))
    return NewScore(pair[0].pk, pair[1].pk, pair[2].pk, value, details, flags)
