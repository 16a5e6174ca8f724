from __future__ import annotations

from dataclasses import dataclass

from annotate.models import Project
from curation.models import Score

BINS = 32


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts of scores in equal bins from ``low`` to ``high``."""

    counts: list[int]
    low: float
    high: float
    total: int


def score_histogram(project: Project, scorer: str) -> Bins | None:
    """How a scorer's values lie over a project; None where there is none to draw."""
    import numpy as np

    found = Score.objects.filter(item__project=project, scorer=scorer, value__isnull=False)
    values = np.array(list(found.values_list("value", flat=True)), dtype=np.float64)
    if not len(values):
        return None
    counts, edges = np.histogram(values, bins=BINS)
    return Bins([int(count) for count in counts], float(edges[0]), float(edges[-1]), len(values))
