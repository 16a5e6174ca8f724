"""Handler: numbers about pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from annotate.models import Candidate, Item, Job
from curation.enums import Scorer
from curation.selectors.scorers import TEXT, VECTORS
from curation.services.scoring import NewScore, pairs_to_score, store_scores
from workers.alive import kept_alive
from workers.embedded import embed_cached, prompt_text
from workers.policy_scores import ches_scores, logprob_scores
from workers.reward_scores import reward_scores
from workers.score_tables import read_score_table
from workers.strength_scores import strength_project
from workers.text_scores import text_scores

Pair = tuple[Item, Candidate, Candidate]
Scored = tuple[str, dict[str, Any], Iterator[NewScore]]

# So many scores are kept at a time: a kill costs these.
BATCHES = {Scorer.CHES: 8, Scorer.LOGPROB: 16, Scorer.REWARD: 8}
BATCH = 4000


def score_chunk(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Score the chunk's pairs and keep the results batch by batch, so that a kill costs one batch."""
    scorer = Scorer(job.payload["scorer"])
    if scorer in WHOLE:
        with kept_alive(progress) as tell:
            return WHOLE[scorer](job, tell)
    kinds = tuple(Scorer(name) for name in job.payload.get("also", [scorer.value]))
    pairs = pairs_to_score(item_ids=job.payload["units"])
    revision, parameters, scores = made_by(scorer, kinds, pairs, job.payload.get("parameters", {}))
    done = 0
    while batch := list(islice(scores, BATCHES.get(scorer, BATCH))):
        # One pass may give numbers of several kinds.
        for kind in sorted({one.scorer or scorer for one in batch}):
            mine = [one for one in batch if (one.scorer or scorer) == kind]
            store_scores(scorer=Scorer(kind), revision=revision, parameters=parameters, made=mine)
        done += sum((one.scorer or scorer) == scorer for one in batch)
        progress(done)
    return {"scores": done}


def made_by(
    scorer: Scorer, kinds: tuple[Scorer, ...], pairs: list[Pair], parameters: dict[str, Any]
) -> Scored:
    if scorer in TEXT:
        return text_scores(pairs, parameters, kinds)
    return SCORERS[scorer](pairs, parameters)


def embedding_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    """How alike the two sides are, and how near each is to the prompt, from the same three vectors."""
    from curation.numerics.similarity import cosine
    from workers.runtime.packaged import minilm

    folder = minilm()

    def scores() -> Iterator[NewScore]:
        texts = [
            text
            for item, first, second in pairs
            for text in (prompt_text(first.prompt or item.prompt), first.text, second.text)
        ]
        vectors = embed_cached(texts)
        for place, (item, first, second) in enumerate(pairs):
            asked, one, other = vectors[3 * place : 3 * place + 3]
            flags = () if first.text.strip() and second.text.strip() else ("empty",)
            for kind, value, details in (
                (Scorer.EMBEDDING, cosine(one, other), {}),
                (Scorer.RELEVANCE, *nearest(cosine(asked, one), cosine(asked, other))),
            ):
                known = round(float(value), 6) if value == value else None
                yield NewScore(item.pk, first.pk, second.pk, known, details, flags, kind)

    return folder.revision, {"model": folder.name}, scores()


def nearest(first: float, second: float) -> tuple[float, dict[str, Any]]:
    return min(first, second), {"sides": [round(first, 6), round(second, 6)]}


# What is scored as a whole, one job for a project.
WHOLE: dict[Scorer, Callable[[Job, Callable[[int], None]], dict[str, Any]]] = {
    Scorer.STRENGTH: strength_project,
    Scorer.UPLOADED: read_score_table,
}
SCORERS: dict[Scorer, Callable[[list[Pair], dict[str, Any]], Scored]] = {
    Scorer.CHES: ches_scores,
    Scorer.LOGPROB: logprob_scores,
    Scorer.REWARD: reward_scores,
    **dict.fromkeys(VECTORS, embedding_scores),
}
