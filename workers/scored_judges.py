"""Judges that read no prompt: they put a number on each response, and the larger one wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from operator import attrgetter
from typing import Any

from annotate.errors import NothingToDo
from annotate.keys import content_key
from annotate.models import Item, Judge
from annotate.selectors.items import pair_of
from curation.numerics.judging import preference_from, ranking_from
from curation.prompts.asking import Task
from curation.prompts.combining import Combined
from curation.prompts.spec import JudgeSpec
from curation.services.calibrating import sides_by_people
from workers.reward_judges import Scored, by_rewards

Alive = Callable[[], object]
# An item, and two texts that answer it.
Texts = tuple[Item, tuple[str, str]]
# Texts to a batch of embeddings, between two signs of life.
EMBEDDED_AT_ONCE = 256


def reward_answers(spec: JudgeSpec, items: Sequence[Item]) -> tuple[str, list[tuple[Item, Scored]]]:
    """What a reward model makes of the responses of each item, and its revision."""
    asked = [
        [
            (one.prompt or item.prompt, one.text)
            for one in sorted(item.candidates.all(), key=attrgetter("position"))
        ]
        for item in items
    ]
    revision, found = by_rewards(spec, asked)
    return revision, list(zip(items, found, strict=True))


def combined(spec: JudgeSpec, tasks: Sequence[Task], scored: Scored) -> Combined:
    """As other judges answer. Who reads one response at a time has no order that it could turn with."""
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
        raw = {"p_first_shown": shown, "bias": 0.0, "flipped": False} | raw
        raw |= {"p_first": p_first, "tie_band": spec.tie_band}
    return Combined(answers, raw, missing)


def strength_answers(
    judge: Judge, items: Sequence[Item], alive: Alive
) -> tuple[str, list[tuple[Item, Scored]]]:
    """What heads trained on this project's own judgments by people say, and which embeddings they stand on.

    Raises NothingToDo while there are too few judgments to learn from.
    """
    import numpy as np

    from workers.runtime.packaged import minilm

    sides = sides_by_people(judge.project)
    rows = _pairs_of(items)
    taught = _taught(judge, [pk for pk in sides if pk not in {item.pk for item in items}])
    chances = _chances(rows, taught, [sides.get(item.pk, 0) for item, _ in rows], sides, alive)
    raw = {"labels": content_key(sorted(sides.items()))[:16], "learnt_from": len(sides)}
    made = [
        (item, Scored(2, {} if np.isnan(chance) else {(0, 1): float(chance)}, raw))
        for (item, _), chance in zip(rows, chances, strict=True)
    ]
    return minilm().revision, made


def pair_chances(
    judge: Judge, spec: JudgeSpec, asked: Sequence[Texts], alive: Alive
) -> tuple[str, list[float | None]]:
    """The model's revision, and the probability that the first of two texts is the better answer to an item;
    None where there is no number.

    Heads learn from what people said about other items, so that none knows a pair it is asked about.
    """
    if spec.backend == "reward":
        revision, found = by_rewards(spec, [[(item.prompt, text) for text in pair] for item, pair in asked])
        return revision, [one.chances.get((0, 1)) for one in found]
    from workers.runtime.packaged import minilm

    wanted = {item.pk for item, _ in asked}
    sides = {pk: side for pk, side in sides_by_people(judge.project).items() if pk not in wanted}
    chances = _chances(asked, _taught(judge, list(sides)), [0] * len(asked), sides, alive)
    return minilm().revision, [None if chance != chance else float(chance) for chance in chances]


def _pairs_of(items: Iterable[Item]) -> list[Texts]:
    found = ((item, pair_of(item)) for item in items)
    return [(item, (pair[0].text, pair[1].text)) for item, pair in found if pair is not None]


def _taught(judge: Judge, pks: Sequence[int]) -> list[Texts]:
    return _pairs_of(judge.project.items.filter(pk__in=pks).prefetch_related("candidates"))


def _chances(
    rows: Sequence[Texts], taught: Sequence[Texts], known: Sequence[int], sides: dict[int, int], alive: Alive
) -> Any:
    """What heads that learnt from ``taught``, and from rows with a ``known`` side, say about each row; NaN
    where there is no number. Raises NothingToDo where there is too little to learn from."""
    import numpy as np

    from curation.numerics.labelled_heads import head_chances
    from curation.numerics.strength import TooFewPairs

    everything = [*rows, *taught]
    features = _differences(everything, alive)
    every = np.array([*known, *(sides.get(item.pk, 0) for item, _ in taught)], dtype=np.int64)
    try:
        chances = head_chances(features, every, [item.group_key for item, _ in everything])
    except TooFewPairs as few:
        raise NothingToDo(str(few), cure="Let people judge more, or ask another judge.") from few
    return chances[: len(rows)]


def _differences(rows: Sequence[Texts], alive: Alive) -> Any:
    """Embeddings and log lengths, first minus second: (n, d + 1). Each text is embedded once."""
    import numpy as np

    from workers.runtime.embedding import embed

    texts = list(dict.fromkeys(text for _, pair in rows for text in pair))
    parts = []
    for start in range(0, len(texts), EMBEDDED_AT_ONCE):
        parts.append(np.asarray(embed(texts[start : start + EMBEDDED_AT_ONCE]), dtype=np.float32))
        alive()
    vectors = np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)
    words = np.array([[np.log1p(len(text.split()))] for text in texts], dtype=np.float32)
    table = np.concatenate([vectors, words], axis=1)
    place = {text: number for number, text in enumerate(texts)}
    first = table[[place[pair[0]] for _, pair in rows]]
    return first - table[[place[pair[1]] for _, pair in rows]]
