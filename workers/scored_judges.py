"""Judges that read no prompt: they put a number on each response, and the larger one wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.errors import NothingToDo
from annotate.keys import content_key
from annotate.models import Candidate, Item, Judge
from annotate.selectors.items import pair_of
from curation.numerics.judging import preference_from, ranking_from
from curation.prompts.asking import Task
from curation.prompts.combining import Combined
from curation.prompts.spec import JudgeSpec
from curation.services.calibrating import sides_by_people

Alive = Callable[[], object]
# Texts to a batch of embeddings, between two signs of life.
EMBEDDED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Scored:
    """``chances``: by places of the responses, first before second, the probability that the first is the
    better one; no entry where no number can be had. ``raw`` goes with the judgment."""

    responses: int
    chances: dict[tuple[int, int], float]
    raw: dict[str, Any]


def reward_answers(spec: JudgeSpec, items: Sequence[Item]) -> tuple[str, list[tuple[Item, Scored]]]:
    """Rewards of the responses of each item, and the revision of the model that gave them."""
    from workers.runtime.reward import load_reward_model, rewards
    from workers.runtime.sources import find_model

    rm = load_reward_model(find_model(spec.model, Path(settings.WINNOW_MODELS)), dtype="auto")
    every = [(item, sorted(item.candidates.all(), key=lambda one: one.position)) for item in items]
    asked = [(one.prompt or item.prompt, one.text) for item, responses in every for one in responses]
    found: dict[int, Any] = {}
    for batch in rewards(rm, asked):
        found |= dict(batch)
    places = iter(range(len(asked)))
    return rm.revision, [
        (item, _compared([found[next(places)] for _response in responses])) for item, responses in every
    ]


def _compared(given: Sequence[Any]) -> Scored:
    raw = {"rewards": [one.value for one in given], "flags": [list(one.flags) for one in given]}
    known = [(place, one.value) for place, one in enumerate(given) if one.value is not None]
    return Scored(
        len(given),
        {
            (one, other): 1 / (1 + exp(-max(min(here - there, 30.0), -30.0)))
            for (one, here), (other, there) in combinations(known, 2)
        },
        raw,
    )


def combined(spec: JudgeSpec, tasks: Sequence[Task], scored: Scored) -> Combined:
    """As other judges answer. There is no order that it could turn with."""
    answers: dict[str, Any] = {}
    missing: dict[str, str] = {}
    pairs = list(combinations(range(scored.responses), 2))
    for task in tasks:
        needed = pairs if task.kind == "ranking" else pairs[:1]
        if not needed or not set(needed) <= set(scored.chances):
            missing[task.key] = "no number"
        elif task.kind == "ranking":
            answers[task.key] = ranking_from(scored.chances, tie_band=spec.tie_band, ties=task.ties)
        else:
            answers[task.key] = preference_from(scored.chances[0, 1], tie_band=spec.tie_band)
    raw = scored.raw
    if (p_first := scored.chances.get((0, 1))) is not None:
        shown = [p_first, 1 - p_first]
        raw = raw | {"p_first": p_first, "p_first_shown": shown, "bias": 0.0, "flipped": False}
        raw["tie_band"] = spec.tie_band
    return Combined(answers, raw, missing)


def strength_answers(
    judge: Judge, items: Sequence[Item], alive: Alive
) -> tuple[str, list[tuple[Item, Scored]]]:
    """What heads trained on this project's own judgments by people say, and which embeddings they stand on.

    Raises NothingToDo while there are too few judgments to learn from.
    """
    import numpy as np

    from curation.numerics.labelled_heads import head_chances
    from curation.numerics.strength import TooFewPairs
    from workers.runtime.packaged import minilm

    sides = sides_by_people(judge.project)
    wanted = {item.pk: item for item in items}
    taught = judge.project.items.filter(pk__in=[pk for pk in sides if pk not in wanted])
    everything = [*items, *taught.prefetch_related("candidates")]
    rows = [(item, pair) for item in everything if (pair := pair_of(item)) is not None]
    features = _differences(rows, alive)
    known = np.array([sides.get(item.pk, 0) for item, _ in rows], dtype=np.int64)
    try:
        chances = head_chances(features, known, [item.group_key for item, _ in rows])
    except TooFewPairs as few:
        raise NothingToDo(str(few), cure="Let people judge more, or ask another judge.") from few
    raw = {"labels": content_key(sorted(sides.items()))[:16], "learnt_from": len(sides)}
    made = [
        (item, Scored(2, {} if np.isnan(chance) else {(0, 1): float(chance)}, raw))
        for (item, _), chance in zip(rows, chances, strict=True)
        if item.pk in wanted
    ]
    return minilm().revision, made


def _differences(rows: Sequence[tuple[Item, tuple[Candidate, Candidate]]], alive: Alive) -> Any:
    """Embeddings and log lengths, first minus second: (n, d + 1). Each text is embedded once."""
    import numpy as np

    from workers.runtime.embedding import embed

    texts = list(dict.fromkeys(one.text for _, pair in rows for one in pair))
    parts = []
    for start in range(0, len(texts), EMBEDDED_AT_ONCE):
        parts.append(np.asarray(embed(texts[start : start + EMBEDDED_AT_ONCE]), dtype=np.float32))
        alive()
    vectors = np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)
    words = np.array([[np.log1p(len(text.split()))] for text in texts], dtype=np.float32)
    table = np.concatenate([vectors, words], axis=1)
    place = {text: number for number, text in enumerate(texts)}
    first = table[[place[pair[0].text] for _, pair in rows]]
    return first - table[[place[pair[1].text] for _, pair in rows]]
