from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotate.models import Project
from curation.enums import Pool
from curation.models import Settlement


@dataclass(frozen=True, slots=True)
class LeaderboardPage:
    """One pool's models, of all items or of one subject; ``least`` and ``most`` span every interval."""

    pool: Pool
    pools: list[Pool]
    subject: str
    subjects: list[str]
    board: dict[str, Any]
    least: float
    most: float
    settlement: Settlement


def leaderboard_of(project: Project, *, pool: str = "", subject: str = "") -> LeaderboardPage | None:
    """The models as they were when the project was settled last: of the pool asked for, or of the first that
    has any. None where no two models were compared."""
    settled = {one.pool: one for one in Settlement.objects.filter(project=project) if one.leaderboard}
    pools = [one for one in (Pool.PEOPLE_FIRST, *Pool) if one in settled]
    if not pools:
        return None
    shown = Pool(pool) if pool in settled else pools[0]
    found = settled[shown].leaderboard
    part = subject if subject in found["subjects"] else ""
    board = found["subjects"][part] if part else found["all"]
    return LeaderboardPage(
        shown,
        list(dict.fromkeys(pools)),
        part,
        sorted(found["subjects"]),
        board,
        min(one["low"] for one in board["models"]),
        max(one["high"] for one in board["models"]),
        settled[shown],
    )
