"""Scores from the model that will be trained: CHES, and what it thinks of each response beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from annotate.models import Candidate, Item
from curation.enums import Scorer
from curation.services.scoring import NewScore, stored_pairs

if TYPE_CHECKING:
    from workers.runtime.hidden import Measured
    from workers.runtime.loading import LanguageModel

Pair = tuple[Item, Candidate, Candidate]
Scored = tuple[str, dict[str, Any], Iterator[NewScore]]


def ches_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    """CHES of each pair; with the parameter ``logprobs`` the log-probabilities from the same pass as well."""
    asked = (Scorer.CHES, Scorer.LOGPROB) if parameters.get("logprobs") else (Scorer.CHES,)
    return policy_scores(pairs, parameters, asked)


def logprob_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    """Log-probabilities of both sides, and CHES, which costs nothing besides."""
    return policy_scores(pairs, parameters, (Scorer.LOGPROB, Scorer.CHES))


def policy_scores(pairs: list[Pair], parameters: dict[str, Any], asked: tuple[Scorer, ...]) -> Scored:
    lm = policy_model(parameters)
    used = {
        "max_tokens": int(parameters.get("max_tokens", 1024)),
        "model": lm.name,
        "template": lm.template_hash,
        "dtype": lm.dtype,
    }
    return lm.revision, used, measured_pairs(lm, pairs, used, asked)


def policy_model(parameters: dict[str, Any]) -> LanguageModel:
    from workers.runtime.loading import load_language_model
    from workers.runtime.sources import find_model

    folder = find_model(str(parameters.get("model", "")), Path(settings.WINNOW_MODELS))
    return load_language_model(folder, dtype=str(parameters.get("dtype", "auto")))


def measured_pairs(
    lm: LanguageModel, pairs: list[Pair], used: dict[str, Any], asked: tuple[Scorer, ...]
) -> Iterator[NewScore]:
    """One score of each kind per pair, as the batches are done. Those that are kept from before are passed
    over, in the same batches as before: work that is taken up again gives the same digits."""
    from workers.runtime.hidden import Group, measure

    for item, first, second in pairs:
        if first.prompt != second.prompt:
            # One model's view of two responses to one prompt: across prompts there is no number to give.
            for kind in asked:
                yield NewScore(item.pk, first.pk, second.pk, None, flags=("own_prompts",), scorer=kind)
    shared = [pair for pair in pairs if pair[1].prompt == pair[2].prompt]
    groups = [Group(first.prompt or item.prompt, (first.text, second.text)) for item, first, second in shared]
    batches = measure(
        lm,
        groups,
        max_tokens=used["max_tokens"],
        logprobs=Scorer.LOGPROB in asked,
        skip=already_there(lm, shared, used, asked),
    )
    for batch in batches:
        for place, found in batch:
            for kind in asked:
                yield SCORE[kind](shared[place], found)


def already_there(
    lm: LanguageModel, pairs: list[Pair], used: dict[str, Any], asked: tuple[Scorer, ...]
) -> set[int]:
    """Places of the pairs that have every score that was asked for."""
    items = [item.pk for item, _first, _second in pairs]
    there = [
        stored_pairs(scorer=kind, revision=lm.revision, parameters=used, item_ids=items) for kind in asked
    ]
    return {
        place
        for place, (_item, first, second) in enumerate(pairs)
        if all((first.pk, second.pk) in found for found in there)
    }


def as_ches(pair: Pair, found: Measured) -> NewScore:
    from curation.numerics.ches import ln_ches

    item, first, second = pair
    cross, square = found.cross[0][1], found.cross[0][0]
    known = cross is not None and square is not None and found.cross[1][1] is not None
    details = {
        "cross": cross,
        "square_first": square,
        "square_second": found.cross[1][1],
        "n_first": found.counts[0],
        "n_second": found.counts[1],
        "last_inner": found.last[0][1],
        "token_edit": found.edit[0][1],
    }
    value = float(ln_ches(cross, square, *found.counts)) if known else None
    return NewScore(item.pk, first.pk, second.pk, value, details, found.flags, Scorer.CHES)


def as_logprobs(pair: Pair, found: Measured) -> NewScore:
    """``value``: the reference's log-ratio with the first as chosen, log π(second) − log π(first)."""
    item, first, second = pair
    sides = found.logprobs or (None, None)
    details = {
        name: None
        if side is None
        else {"total": side.total, "tokens": side.tokens, "end": side.end, "excess": side.excess}
        for name, side in zip(("first", "second"), sides, strict=True)
    }
    value = None if None in sides else sides[1].total - sides[0].total  # type: ignore[union-attr]  # not None
    return NewScore(item.pk, first.pk, second.pk, value, details, found.flags, Scorer.LOGPROB)


SCORE = {Scorer.CHES: as_ches, Scorer.LOGPROB: as_logprobs}
