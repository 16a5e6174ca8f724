"""What a new version changed, and whether that must be acknowledged before it is released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotate.enums import JudgmentState
from annotate.errors import WinnowError
from annotate.models import Judgment, Project
from annotate.models.gold import Gold
from curation.models import Release
from curation.selectors.tables import TableSource

if TYPE_CHECKING:
    from curation.numerics.release_diff import VersionDiff, VersionRows

# Shares above which a version does not go out without a word.
MOST_NEGATIVE_FLIPS = 0.01
MOST_FLIPS = 0.05
# Of the 32 of a pair's key: among a billion pairs, two share these by chance once in 10^20 releases.
KEY_BYTES = 16
ROWS_AT_ONCE = 200_000


class GateClosed(WinnowError):
    """The version loses or turns more than it may unseen; ``report`` says what."""

    code = "gate_closed"
    cure = "Look at what flipped, and say why it is right."

    def __init__(self, message: str, *, report: dict[str, Any]) -> None:
        super().__init__(message, field="acknowledge")
        self.report = report

    def as_dict(self) -> dict[str, Any]:
        return super().as_dict() | {"report": self.report}


@dataclass(frozen=True, slots=True)
class Changes:
    """Against the version before: counts, the flips on gold, and in words."""

    counts: dict[str, Any]
    lines: list[str]
    reasons: list[str]


def changes_against(
    parent: Release | None, *, rows: Path, gold: Mapping[str, bool], parent_rows: Path | None
) -> Changes:
    """Compare the rows of a version that is being made with those of its parent."""
    from curation.numerics.release_diff import negative_flips

    if parent is None or parent_rows is None or not parent_rows.is_file():
        return Changes({}, [], [])
    diff = diff_of(parent_rows, rows)
    flips = negative_flips(parent.gold, gold)
    counts: dict[str, Any] = diff.counts() | {
        "parent": parent.version,
        "gold": flips.n,
        "negative_flip_rate": round(flips.negative, 6),
        "positive_flip_rate": round(flips.positive, 6),
        "lost": list(flips.lost[:100]),
    }
    lines = [
        f"Against v{parent.version}: {diff.added} pairs added, {diff.removed} removed, {diff.kept} kept.",
        f"Of those kept {diff.flipped} flipped, {diff.to_decided} were decided, {diff.to_tie} lost their "
        f"side, and {diff.margin_changed} changed their margin.",
    ]
    if flips.n:
        lines.append(
            f"On {flips.n} gold items {flips.negative:.1%} right answers were lost and {flips.positive:.1%} "
            "wrong ones put right."
        )
    reasons = []
    if flips.negative > MOST_NEGATIVE_FLIPS:
        reasons.append(f"{flips.negative:.1%} of the gold items that were right are wrong now")
    if diff.flip_rate > MOST_FLIPS:
        reasons.append(f"{diff.flip_rate:.1%} of the pairs kept flipped their side")
    return Changes(counts, lines, reasons)


def diff_of(old: Path, new: Path, *, at_once: int = ROWS_AT_ONCE) -> VersionDiff:
    """What changed between two releases' own rows. Their keys are compared a part at a time, those with the
    same first byte together, so that versions of a million pairs take no more memory than small ones."""
    import pyarrow.parquet as pq

    from curation.numerics.release_diff import VersionDiff, diff_versions

    rows = max(pq.read_metadata(path).num_rows for path in (old, new))
    parts = min(1 + rows // at_once, 256)
    found = (diff_versions(rows_of(old, part, parts), rows_of(new, part, parts)) for part in range(parts))
    return sum(found, VersionDiff())


def rows_of(path: Path, part: int, parts: int) -> VersionRows:
    """Keys, sides and margins of those rows whose key falls into one of so many parts."""
    import numpy as np

    from curation.formats.table import read_batches
    from curation.numerics.release_diff import VersionRows

    found: list[tuple[Any, ...]] = [(np.empty(0, f"S{KEY_BYTES}"), np.empty(0, np.int8), np.empty(0))]
    for batch in read_batches(path, columns=["pair_key", "side", "margin"]):
        names = "".join(key[: 2 * KEY_BYTES] for key in batch.column("pair_key").to_pylist())
        keys = np.frombuffer(bytes.fromhex(names), f"S{KEY_BYTES}")
        here = keys.view(np.uint8)[::KEY_BYTES] % parts == part
        columns = (batch.column(name).to_numpy(zero_copy_only=False)[here] for name in ("side", "margin"))
        found.append((keys[here], *columns))
    return VersionRows(*map(np.concatenate, zip(*found, strict=True)))


def gold_results(source: TableSource) -> dict[str, bool]:
    """For each gold item that the pool's judges answered: whether they came to an accepted side."""
    from curation.numerics.settling import settle_votes

    question = source.main
    accepted = {
        item_id: (key, given[question])
        for item_id, key, given in Gold.objects.filter(item__project=source.project).values_list(
            "item_id", "item__key", "accepted"
        )
        if given.get(question)
    }
    votes = _gold_votes(source.project, question, list(accepted))
    found = {}
    for item_id, (key, sides) in sorted(accepted.items()):
        cast = votes.get(item_id, [])
        people = [vote for kind, vote in cast if kind == "person"]
        models = [vote for kind, vote in cast if kind == "model"]
        counted = {
            "people": people,
            "models": models,
            "together": people + models,
            "people_first": people or models,
        }[source.pool.value]
        if counted:
            found[key] = settle_votes(counted).verdict in sides
    return found


def _gold_votes(project: Project, question: str, item_ids: list[int]) -> dict[int, list[tuple[str, Any]]]:
    found: dict[int, list[tuple[str, Any]]] = {}
    rows = Judgment.objects.filter(
        assignment__item__project=project,
        assignment__item_id__in=item_ids,
        assignment__round=0,
        state=JudgmentState.CURRENT,
        answers__has_key=question,
    ).order_by("assignment__item_id", "assignment__judge_id")
    for item_id, kind, answers in rows.values_list(
        "assignment__item_id", "assignment__judge__kind", "answers"
    ):
        found.setdefault(item_id, []).append((kind, answers[question]))
    return found
