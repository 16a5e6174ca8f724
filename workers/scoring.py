"""Handler: numbers about pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.models import Candidate, Item, Job
from curation.enums import Scorer
from curation.services.scoring import NewScore, pairs_to_score, store_scores

Pair = tuple[Item, Candidate, Candidate]
Scored = tuple[str, dict[str, Any], Iterator[NewScore]]

# Bumped when a formula here changes; the old rows stay beside the new.
LENGTH_REVISION = "characters-1"
EDIT_REVISION = "levenshtein-1"
BATCH = 8


def score_chunk(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Score the chunk's pairs and keep the results batch by batch, so that a kill costs one batch."""
    scorer = Scorer(job.payload["scorer"])
    pairs = pairs_to_score(item_ids=job.payload["units"])
    revision, parameters, scores = SCORERS[scorer](pairs, job.payload.get("parameters", {}))
    batch: list[NewScore] = []
    done = 0
    for score in scores:
        batch.append(score)
        if len(batch) == BATCH:
            done += store_scores(scorer=scorer, revision=revision, parameters=parameters, made=batch)
            batch = []
            progress(done)
    done += store_scores(scorer=scorer, revision=revision, parameters=parameters, made=batch)
    return {"scores": done}


def ches_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    from workers.runtime.hidden import Pair as TextPair
    from workers.runtime.hidden import gram
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    lm = load_language_model(smollm2(Path(settings.WINNOW_MODELS)))
    limit = int(parameters.get("max_tokens", 1024))
    texts = [
        TextPair(first.prompt or item.prompt, first.text, second.text)
        for item, first, second in pairs
        if first.prompt == second.prompt
    ]

    def scores() -> Iterator[NewScore]:
        from curation.numerics.ches import ln_ches

        rows = gram(lm, texts, max_tokens=limit)
        for item, first, second in pairs:
            if first.prompt != second.prompt:
                # CHES compares responses to one prompt; across prompts there is no number to give.
                yield NewScore(item.pk, first.pk, second.pk, None, flags=("own_prompts",))
                continue
            row = next(rows)
            known = row.cross is not None
            yield NewScore(
                item_id=item.pk,
                first_id=first.pk,
                second_id=second.pk,
                value=float(ln_ches(row.cross, row.square_first, row.n_first, row.n_second))
                if known
                else None,
                details={
                    "cross": row.cross,
                    "square_first": row.square_first,
                    "square_second": row.square_second,
                    "n_first": row.n_first,
                    "n_second": row.n_second,
                    "last_inner": row.last_inner,
                    "token_edit": row.edit,
                },
                flags=tuple(row.flags),
            )

    used = {"max_tokens": limit, "model": lm.name, "template": lm.template_hash, "dtype": str(lm.dtype)}
    return lm.revision, used, scores()


def length_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    """How many words the second response has more than the first."""

    def scores() -> Iterator[NewScore]:
        for item, first, second in pairs:
            words = len(first.text.split()), len(second.text.split())
            details = {"words": list(words), "characters": [len(first.text), len(second.text)]}
            yield NewScore(item.pk, first.pk, second.pk, float(words[1] - words[0]), details)

    return LENGTH_REVISION, {}, scores()


def edit_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    from curation.numerics.similarity import edit_similarity

    def scores() -> Iterator[NewScore]:
        for item, first, second in pairs:
            yield NewScore(item.pk, first.pk, second.pk, float(edit_similarity(first.text, second.text)))

    return EDIT_REVISION, {}, scores()


def embedding_scores(pairs: list[Pair], parameters: dict[str, Any]) -> Scored:
    from workers.runtime.embedding import embed
    from workers.runtime.packaged import minilm

    folder = minilm()

    def scores() -> Iterator[NewScore]:
        from curation.numerics.similarity import cosine

        vectors = embed([text for _item, first, second in pairs for text in (first.text, second.text)])
        for place, (item, first, second) in enumerate(pairs):
            value = float(cosine(vectors[2 * place], vectors[2 * place + 1]))
            yield NewScore(item.pk, first.pk, second.pk, value)

    return folder.revision, {"model": folder.name}, scores()


SCORERS: dict[Scorer, Callable[[list[Pair], dict[str, Any]], Scored]] = {
    Scorer.CHES: ches_scores,
    Scorer.LENGTH: length_scores,
    Scorer.EDIT: edit_scores,
    Scorer.EMBEDDING: embedding_scores,
}
