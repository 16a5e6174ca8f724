"""Stage 1: a file becomes items, in two passes over it.

The first pass reads everything and writes nothing, so a bad file leaves no row behind and the database is
not held while a slow disk is read. The second writes all of it in one transaction, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotate.enums import ImportMode, ImportState, JobKind, Origin
from annotate.errors import ImportRefused
from annotate.keys import content_key, prompt_key, text_key
from annotate.models import Candidate, Image, ImportRun, Item, Job, Project, QuarantinedRow
from annotate.readers.judgments import LONGEST_TAG
from annotate.readers.rows import Defect, FileRefused, ItemRow
from annotate.selectors.images import kept_images, known_images, missing_image
from annotate.selectors.questions import questionnaire_of
from annotate.selectors.recorded_answers import misfit
from annotate.services.import_file import ImportFile, shown_name
from annotate.services.jobs import enqueue_job
from annotate.services.recorded import Replay
from annotate.services.standing import clean_tag

BATCH = 500
SHOWN_DEFECTS = 100


@dataclass(slots=True)
class ImportReport:
    """What an import did. ``defects`` shows the first hundred, ``quarantined`` counts them all."""

    run_id: int
    items: int = 0
    existing: int = 0
    candidates: int = 0
    judgments: dict[str, int] = field(default_factory=lambda: {"person": 0, "model": 0, "unparseable": 0})
    quarantined: int = 0
    defects: list[dict[str, Any]] = field(default_factory=list)
    repeated: bool = False

    def counts(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in ("run_id", "defects", "repeated")
        }


def import_items(
    *,
    project: Project,
    path: Path,
    name: str | None = None,
    mode: ImportMode = ImportMode.STRICT,
    by: User | None = None,
    source: str = "",
    mapping: Mapping[str, str] | None = None,
) -> ImportReport:
    """Import a file; the same file twice makes nothing twice.

    ``source`` names another tool or data set whose shape it has (``readers.foreign``); ``mapping`` says by
    hand which of its columns are which of our fields.
    Raises ImportRefused with the defects when strict and anything is wrong, or when no row can be had at all.
    """
    name = shown_name(name or path.name)
    file = ImportFile(path, name, source, mapping)
    digest = file.digest()
    earlier = _earlier_run(project, digest)
    if earlier is not None:
        return _repeat(earlier)
    defects, total = _survey(project, file)
    if total and mode == ImportMode.STRICT:
        raise refusal_of(name, defects, total)
    try:
        with transaction.atomic():
            # Imports into one project take turns; the second of two with the same file finds the first's.
            Project.objects.select_for_update(no_key=True).get(pk=project.pk)
            earlier = _earlier_run(project, digest)
            return _repeat(earlier) if earlier else _write(project, file, digest, mode, by)
    except FileRefused as refusal:
        # The file changed between the two passes: what was written is rolled back.
        raise refusal_of(name, refusal.defects, refusal.total) from refusal


def _earlier_run(project: Project, digest: str) -> ImportRun | None:
    return ImportRun.objects.filter(project=project, digest=digest, state=ImportState.DONE).first()


def _survey(project: Project, file: ImportFile) -> tuple[list[Defect], int]:
    """Read the whole file and list what is wrong; raises ImportRefused when it is not an import file at
    all."""
    defects: list[Defect] = []
    rows = 0
    try:
        for row in _rows_of(project, file):
            if isinstance(row, Defect):
                defects.append(row)
            else:
                rows += 1
    except FileRefused as refusal:
        raise refusal_of(file.name, refusal.defects, refusal.total) from refusal
    if not rows:
        raise refusal_of(file.name, defects, len(defects))
    return defects, len(defects)


def _rows_of(project: Project, file: ImportFile) -> Iterator[ItemRow | Defect]:
    """Rows of the file, those refused whose id the project has already given to other content, whose
    pictures are not there, and those whose judgments do not answer what it asks."""
    questionnaire = questionnaire_of(project)
    batch: list[ItemRow] = []
    for row in file.rows():
        fault = row if isinstance(row, Defect) else misfit(row, questionnaire)
        if fault is not None or isinstance(row, Defect):
            yield fault or row
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield from _with_all_they_need(project, batch)
            batch = []
    yield from _with_all_they_need(project, batch)


def _with_all_they_need(project: Project, batch: list[ItemRow]) -> Iterator[ItemRow | Defect]:
    ids = [row.external_id for row in batch]
    known = dict(project.items.filter(external_id__in=ids).values_list("external_id", "key"))
    images = known_images(project, batch)
    for row in batch:
        unseen = missing_image(row, images)
        if unseen is not None:
            yield unseen
            continue
        if row.external_id not in known or known[row.external_id] == item_key(row):
            yield row
            continue
        yield Defect(
            line=row.line,
            line_end=row.line,
            record=row.record,
            field="id",
            code="id_taken",
            message="This project has an item with this id and other content.",
            cure="Give the changed row an id of its own.",
        )


def _write(
    project: Project,
    file: ImportFile,
    digest: str,
    mode: ImportMode,
    by: User | None,
) -> ImportReport:
    """Write the rows. What is wrong is listed anew: an id may have been given away since the first pass, and
    a strict import is refused for it all the same."""
    run = ImportRun.objects.create(
        project=project, file_name=file.name, digest=digest, mode=mode, state=ImportState.DONE, by=by
    )
    report = ImportReport(run_id=run.pk)
    defects: list[Defect] = []
    replay = Replay(project)
    batch: list[ItemRow] = []
    for row in _rows_of(project, file):
        if isinstance(row, Defect):
            defects.append(row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            _write_batch(project, batch, report, replay)
            batch = []
    _write_batch(project, batch, report, replay)
    if defects and mode == ImportMode.STRICT:
        raise refusal_of(file.name, defects, len(defects))
    QuarantinedRow.objects.bulk_create([_quarantined(run, defect) for defect in defects], batch_size=BATCH)
    report.quarantined, report.defects = len(defects), shown(defects)
    run.counts = report.counts()
    run.save(update_fields=["counts"])
    return report


def _write_batch(project: Project, batch: list[ItemRow], report: ImportReport, replay: Replay) -> None:
    keys = [item_key(row) for row in batch]
    images = known_images(project, batch)
    known = {item.key: item for item in project.items.filter(key__in=keys)}
    fresh = {key: row for row, key in zip(batch, keys, strict=True) if key not in known}
    items = Item.objects.bulk_create([_item(project, row, key, images) for key, row in fresh.items()])
    stored = known | {item.key: item for item in items}
    made = [one for key, row in fresh.items() for one in _candidates(stored[key], row, images)]
    Candidate.objects.bulk_create(made)
    report.items += len(batch) - len(known)
    report.existing += len(known)
    report.candidates += len(made)
    said = [(stored[key], row.judgments) for row, key in zip(batch, keys, strict=True)]
    for kind, count in replay.judgments_on(said).items():
        report.judgments[kind] += count


def item_key(row: ItemRow) -> str:
    """Name an item by its id, prompt and candidates; judgments and meta may be added to it later. Pictures of
    the prompt count where there are any: items without them keep the names they always had."""
    return content_key(
        row.external_id,
        messages(row.prompt),
        [
            [one.text, one.model, messages(one.prompt) if one.prompt else None, *map(astuple, one.images)]
            for one in row.candidates
        ],
        *([[astuple(one) for one in row.images]] if row.images else []),
    )


def messages(prompt: Any) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.content} for turn in prompt]


def _item(project: Project, row: ItemRow, key: str, images: dict[str, Image]) -> Item:
    prompt, pictures = messages(row.prompt), kept_images(row.images, images)
    return Item(
        project=project,
        key=key,
        external_id=row.external_id,
        group_key=prompt_key(prompt, pictures),
        prompt=prompt,
        images=pictures,
        meta=row.meta,
        expertise=expertise_of(row),
        line=row.line,
    )


def expertise_of(row: ItemRow) -> str:
    """What the file says its judges must know; anything but a short word asks for nothing."""
    tag = row.meta.get("expertise")
    return clean_tag(tag) if isinstance(tag, str) and len(tag) <= LONGEST_TAG else ""


def _candidates(item: Item, row: ItemRow, images: dict[str, Image]) -> list[Candidate]:
    return [
        Candidate(
            item=item,
            position=position,
            text=one.text,
            text_hash=text_key(one.text),
            prompt=messages(one.prompt) if one.prompt else None,
            # A file that says how a text was made is believed; any other text is imported and no more.
            origin=Origin.GENERATED if "parameters" in one.made else Origin.IMPORTED,
            origin_key=content_key("imported", position),
            model=one.model[:300],
            images=kept_images(one.images, images),
            **one.made,
        )
        for position, one in enumerate(row.candidates)
    ]


def _quarantined(run: ImportRun, defect: Defect) -> QuarantinedRow:
    return QuarantinedRow(
        run=run,
        line=defect.line,
        line_end=defect.line_end,
        record=defect.record,
        field=(defect.field or "")[:200],
        code=defect.code,
        message=defect.message,
        cure=defect.cure,
    )


def refusal_of(name: str, defects: list[Defect], total: int) -> ImportRefused:
    """Say why a file is not taken. Nothing of it is kept, not even a record of the attempt."""
    first = defects[0] if defects else None
    where = f"{first.place}: {first.message}" if first else "it has no rows"
    return ImportRefused(
        f"{name} was not imported: {where}",
        defects=shown(defects),
        total=total,
        cure=first.cure if first else "Send a file with at least one row.",
    )


def shown(defects: list[Defect]) -> list[dict[str, Any]]:
    return [asdict(defect) for defect in defects[:SHOWN_DEFECTS]]


def _repeat(run: ImportRun) -> ImportReport:
    counts = run.counts
    return ImportReport(
        run_id=run.pk,
        existing=counts.get("items", 0) + counts.get("existing", 0),
        quarantined=counts.get("quarantined", 0),
        repeated=True,
    )


def enqueue_import(
    *,
    project: Project,
    upload: str,
    name: str,
    mode: ImportMode,
    by: User | None = None,
    source: str = "",
    mapping: Mapping[str, str] | None = None,
) -> Job:
    """Ask a worker to import an upload (a file name under the home's uploads), so that no page waits for
    it."""
    payload: dict[str, Any] = {"upload": upload, "name": shown_name(name), "mode": mode.value}
    payload |= {"by": by.pk if by else None, "source": source, "mapping": dict(mapping or {})}
    return enqueue_job(kind=JobKind.IMPORT, project=project, payload=payload)
