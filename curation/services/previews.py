"""What a recipe's page shows: the preview, or the job that prepares it, and rows to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotate.enums import JobKind
from annotate.models import Job, Project
from annotate.services.jobs import enqueue_job
from curation.enums import Pool
from curation.services.recipes import preview_recipe, read_steps, steps_to_dicts
from curation.services.tables import source_of

if TYPE_CHECKING:
    from curation.services.recipes import Preview

SHOWN_ROWS = 20


def preview_or_job(
    *,
    project: Project,
    steps: Sequence[Mapping[str, Any]],
    pool: str = Pool.PEOPLE_FIRST,
    method: str = "",
    question: str = "",
) -> tuple[Preview | None, Job | None]:
    """The preview where it can be had at once; else the job that computes what it needs."""
    from curation.numerics.recipes import NotReady

    try:
        return preview_recipe(
            project=project, steps=steps, pool=pool, method=method, question=question, wait=False
        ), None
    except NotReady:
        plain = steps_to_dicts(read_steps(steps))
        about = {"pool": str(pool), "method": method, "question": question}
        stamp = source_of(project, **about).stamp()
        payload = {"steps": plain, **about, "stamp": stamp}
        return None, enqueue_job(kind=JobKind.CURATE, project=project, payload=payload)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pairs that two recipes keep: both, the first alone, the second alone; and of those that both keep, how
    many they write otherwise (another side, margin, weight, split or mask)."""

    both: int
    first: int
    second: int
    otherwise: int


def overlap_of(one: Preview, other: Preview) -> Overlap | None:
    """None where their rows are not the same pairs: of other pools or questions, or made into pairs anew."""
    if one.folder != other.folder or "item" in one.columns or "item" in other.columns:
        return None
    first, second = one.selection.state, other.selection.state
    both = first.standing & second.standing
    unlike = (first.differs(second.written()) | (first.split != second.split)) & both
    return Overlap(
        int(both.sum()),
        int((first.standing & ~second.standing).sum()),
        int((second.standing & ~first.standing).sum()),
        int(unlike.sum()),
    )


def touched_rows(preview: Preview, place: int, *, changed: bool = False) -> list[dict[str, Any]]:
    """The first rows that a step dropped (or changed), to be read; empty for a step there is none of."""
    import numpy as np

    from curation.formats.table import read_rows
    from curation.numerics.recipes import VERDICTS
    from curation.services.tables import PAIRS

    if not 0 <= place < len(preview.outcomes):
        return []
    outcome = preview.outcomes[place]
    found = (outcome.changed if changed else outcome.dropped)[:SHOWN_ROWS]
    origin = np.asarray(preview.columns["item"]) if "item" in preview.columns else None
    wanted = (found if origin is None else origin[found]).tolist()
    unique = sorted(set(wanted))
    columns = ["id", "prompt_text", "first", "second", "verdict", "preference", "confidence", "n_judges"]
    rows = read_rows(preview.folder / PAIRS, unique, columns=columns)
    for row in rows:
        row["verdict"] = VERDICTS[row["verdict"]]
        row["second"] = row["second"] or ""
    by_place = dict(zip(unique, rows, strict=True))
    return [by_place[one] for one in wanted]
