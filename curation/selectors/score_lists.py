"""The reward models that have scored a project's pairs, here or elsewhere: what strength can be made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from annotate.keys import content_key
from annotate.models import Project
from curation.enums import Scorer
from curation.models import Score, ScoreList

REWARDS = (Scorer.REWARD, Scorer.UPLOADED)


def score_lists(project: Project) -> list[ScoreList]:
    """One of each name: the one that was made last."""
    found = ScoreList.objects.filter(project=project, scorer__in=REWARDS).order_by("pk")
    return list({(one.scorer, one.name): one for one in found}.values())


def lists_digest(lists: Sequence[ScoreList]) -> str:
    """Names these lists with their contents."""
    return content_key(sorted([one.scorer, one.revision, one.parameters_hash] for one in lists))


def preferences_of(one: ScoreList) -> Iterator[tuple[int, int, float | None]]:
    """Of each pair that a list scores: item, first candidate, and how far the first is ahead."""
    found = Score.objects.filter(
        item__project=one.project_id,
        scorer=one.scorer,
        revision=one.revision,
        parameters_hash=one.parameters_hash,
    )
    yield from found.values_list("item_id", "first_id", "value").iterator(chunk_size=2000)
