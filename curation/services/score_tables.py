"""Scores from elsewhere: a table keyed by item and candidate becomes a list of scores per scorer.

The file is read through before anything is written; one wrong row refuses the whole of it, with its line, its
field and what to do. The same file again makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from annotate.enums import JobKind
from annotate.errors import ImportRefused
from annotate.models import Job, Project
from annotate.readers.faults import CURES, RowFault
from annotate.readers.rows import WHOLE_FILE, Defect, FileRefused
from annotate.readers.score_rows import MAX_SCORERS, ScoreRow, read_score_rows
from annotate.selectors.items import items_of, pairable_items
from annotate.services.import_file import file_digest, shown_name
from annotate.services.importing import shown
from annotate.services.jobs import enqueue_job
from curation.enums import Scorer
from curation.models import ScoreList
from curation.selectors.scorers import spec_of
from curation.services.scoring import NewScore, pairs_to_score, store_scores

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 500


@dataclass(frozen=True, slots=True)
class ScoreTableReport:
    """``scorers``: each with how many pairs it has a number for. ``one_sided``: pairs of which a scorer knows
    one side alone. ``beyond``: numbers for candidates that are not of the pair. ``no_pair``: rows of items
    that have no pair to score."""

    scorers: dict[str, int]
    one_sided: int
    beyond: int
    no_pair: int


class _Table:
    """The numbers of a file, by scorer and by place among the project's pairs."""

    def __init__(self, project: Project) -> None:
        pairs = pairable_items(project).annotate(n=Count("candidates")).values_list("external_id", "pk", "n")
        self.ids: list[int] = []
        self.places: dict[str, tuple[int, int]] = {}
        for place, (name, pk, count) in enumerate(pairs.iterator(chunk_size=5000)):
            self.ids.append(pk)
            self.places[name] = (place, count)
        others = items_of(project).exclude(pk__in=pairable_items(project).values("pk"))
        self.others = dict(others.annotate(n=Count("candidates")).values_list("external_id", "n"))
        self.numbers: dict[str, NDArray[np.float64]] = {}
        self.beyond = self.no_pair = 0

    def add(self, row: ScoreRow) -> None:
        """Raises RowFault, and has then taken nothing of the row."""
        import numpy as np

        place, count = self.places.get(row.item, (-1, self.others.get(row.item, -1)))
        if count < 0:
            raise RowFault("unknown_id", "this project has no item of this id", field="id")
        for one in row.given:
            if one.candidate >= count:
                words = f"the item's candidates end at {count - 1}" if count else "the item has no candidate"
                raise RowFault("bad_candidate", words, field="candidate")
            if one.scorer not in self.numbers and len(self.numbers) == MAX_SCORERS:
                raise RowFault("too_many", f"more than {MAX_SCORERS} scorers", field=one.field)
            known = self.numbers.setdefault(one.scorer, np.full((len(self.ids), 2), np.nan))
            if place < 0 or one.candidate > 1:
                self.beyond += place >= 0
                continue
            if one.value is not None and not np.isnan(known[place, one.candidate]):
                raise RowFault("duplicate", "this candidate has a number by this scorer", field=one.field)
        self.no_pair += place < 0
        for one in row.given:
            if place >= 0 and one.candidate < 2 and one.value is not None:
                self.numbers[one.scorer][place, one.candidate] = one.value

    def empty_scorers(self) -> Iterator[str]:
        """Scorers without one whole pair: mostly a column that is something else, or misspelt."""
        import numpy as np

        for name, numbers in self.numbers.items():
            if not np.isfinite(numbers).all(axis=1).any():
                yield name


def ask_to_keep_scores(*, project: Project, upload: str, name: str) -> Job:
    """Ask a worker to read an uploaded table of scores (a file name under the home's uploads)."""
    return enqueue_job(
        kind=JobKind.SCORE,
        project=project,
        payload={"scorer": Scorer.UPLOADED.value, "upload": upload, "name": shown_name(name)},
        queue=spec_of(Scorer.UPLOADED.value).queue,
        total=pairable_items(project).count(),
    )


def keep_score_table(
    *, project: Project, path: Path, name: str, alive: Callable[[int], object] = lambda done: None
) -> ScoreTableReport:
    """Store every score of the table. ``alive`` is told how many pairs are done. Raises ImportRefused with
    the defects where anything is wrong, and has then stored nothing."""
    import numpy as np

    table = _read(project, path, name)
    revision = file_digest(path)[:16]
    for start in range(0, len(table.ids), BATCH):
        part = slice(start, start + BATCH)
        if any(np.isfinite(numbers[part]).any() for numbers in table.numbers.values()):
            _store(table, part, revision)
        alive(min(start + BATCH, len(table.ids)))
    lists = ScoreList.objects.filter(project=project, scorer=Scorer.UPLOADED, revision=revision)
    lists.filter(file_name="").update(file_name=shown_name(name))
    sides = {scorer: np.isfinite(numbers).sum(axis=1) for scorer, numbers in table.numbers.items()}
    return ScoreTableReport(
        scorers={scorer: int((count == 2).sum()) for scorer, count in sides.items()},
        one_sided=sum(int((count == 1).sum()) for count in sides.values()),
        beyond=table.beyond,
        no_pair=table.no_pair,
    )


def _read(project: Project, path: Path, name: str) -> _Table:
    table = _Table(project)
    defects: list[Defect] = []
    rows = 0
    try:
        for row in read_score_rows(path):
            rows += 1
            if isinstance(row, Defect):
                defects.append(row)
                continue
            try:
                table.add(row)
            except RowFault as fault:
                defects.append(fault.at(line=row.line, record=row.record))
    except FileRefused as refusal:
        raise _refusal(name, refusal.defects, refusal.total) from refusal
    if not defects:
        defects = [_whole_file("no_rows", "the file has no row")] if not rows else []
        defects += [
            _whole_file("missing_field", "this scorer has no pair with both numbers", field=scorer[:200])
            for scorer in table.empty_scorers()
        ]
    if defects:
        raise _refusal(name, defects, len(defects))
    return table


def _whole_file(code: str, message: str, *, field: str | None = None) -> Defect:
    return RowFault(code, message, field=field, cure=CURES[code] if field is None else _BOTH).at(
        line=WHOLE_FILE
    )


_BOTH = "Give candidate 0 and candidate 1 of an item a number each, or take the column out."


def _refusal(name: str, defects: list[Defect], total: int) -> ImportRefused:
    first = defects[0]
    return ImportRefused(
        f"{shown_name(name)} was not taken: {first.place}: {first.message}.",
        defects=shown(defects),
        total=total,
        cure=first.cure,
    )


def _store(table: _Table, part: slice, revision: str) -> None:
    pairs = {item.pk: (first, second) for item, first, second in pairs_to_score(item_ids=table.ids[part])}
    for scorer, numbers in table.numbers.items():
        made: list[NewScore] = []
        for pk, sides in zip(table.ids[part], numbers[part].tolist(), strict=True):
            known = [value if value == value else None for value in sides]
            if pk in pairs and known != [None, None]:
                made.append(_score(pk, pairs[pk], known))
        if made:
            store_scores(scorer=Scorer.UPLOADED, revision=revision, parameters={"model": scorer}, made=made)


def _score(pk: int, pair: tuple[Any, Any], known: list[float | None]) -> NewScore:
    first, second = known
    value = None if first is None or second is None else first - second
    flags = () if value is not None else ("one_side",)
    return NewScore(pk, pair[0].pk, pair[1].pk, value, {"first": first, "second": second}, flags)
