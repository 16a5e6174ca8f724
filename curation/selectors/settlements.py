from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from annotate.enums import Verdict
from annotate.models import Project
from curation.enums import Pool
from curation.models import Estimate, Settlement


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """One pool: its agreement, and how often it came to each verdict, in the order of ``Verdict``."""

    pool: Pool
    settlement: Settlement
    verdicts: list[int]


def settlement_rows(project: Project) -> list[SettlementRow]:
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    groups = Estimate.objects.filter(item__project=project).values("pool", "verdict").annotate(n=Count("pk"))
    for row in groups.order_by("pool", "verdict"):
        counted[row["pool"]][row["verdict"]] = row["n"]
    found = {one.pool: one for one in Settlement.objects.filter(project=project)}
    return [
        SettlementRow(pool, found[pool], [counted[pool].get(verdict, 0) for verdict in Verdict.values])
        for pool in Pool
        if pool in found
    ]
