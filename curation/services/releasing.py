"""Stage 7: what a recipe keeps is frozen into a release, and written as a folder that others can load."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from annotate.enums import JobKind
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Item, Job, Project
from annotate.services.jobs import enqueue_job
from curation.enums import ReleaseState
from curation.models import Recipe, Release, ReleaseRow
from curation.services.changelog import done_otherwise
from curation.services.gates import Changes, GateClosed, changes_against, gold_results
from curation.services.manifest import manifest_of
from curation.services.recipes import forget_columns, preview_recipe, refusal_of
from curation.services.tables import source_of

if TYPE_CHECKING:
    from curation.formats.freezing import Frozen
    from curation.formats.options import Format, Options
    from curation.services.recipes import Preview

Progress = Callable[[int], None]
BATCH = 2000
DEFAULT_FORMAT = "preference"


def freeze_release(
    *,
    project: Project,
    recipe: Recipe,
    by: User | None = None,
    format: str = DEFAULT_FORMAT,
    options: Mapping[str, Any] | None = None,
    acknowledge: str = "",
    evaluation: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Release:
    """Freeze what the recipe keeps now: rows, recipe and checksums stay as they are from here on.
    ``evaluation``: of the recipe, for manifest and card.

    Raises NothingToDo when nothing would be kept, InvalidSetting for a format or option there is none of,
    GateClosed when the version turns more than it may and ``acknowledge`` is empty. The rows and the folder
    are written before the release can be seen, so one that can be seen can be downloaded. No transaction
    spans the writing: people go on judging.
    """
    chosen = chosen_format(format, options)
    source = source_of(project, pool=recipe.pool, method=recipe.method, question=recipe.question)
    preview = preview_recipe(
        project=project, steps=recipe.steps, pool=recipe.pool, method=recipe.method, question=recipe.question
    )
    if not preview.kept:
        raise NothingToDo("The recipe keeps no pair.", cure="Settle more items, or drop less.")
    making = releases_home() / project.slug / f".{uuid.uuid4().hex}.rows.parquet"
    making.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        frozen = _freeze_rows(preview, making, progress)
        parent = _version_before(project, recipe)
        asked = manifest_of(
            source=source, recipe=recipe, settled=preview.pairs, selection=preview.selection, frozen=frozen,
            lineage=_lineage(parent, acknowledge),
        )  # fmt: skip
        dropped = preview.selection.dropped()
        # From here on the file says all: what the columns of a million pairs take is free for writing.
        del preview
        forget_columns()
        gold = gold_results(source)
        changes = changes_against(
            parent, rows=making, gold=gold, parent_rows=rows_path(parent) if parent else None
        )
        if changes.reasons and not acknowledge.strip():
            raise GateClosed(
                f"This version needs a word first: {'; '.join(changes.reasons)}.", report=changes.counts
            )
        otherwise = done_otherwise(parent.manifest["asked"], asked) if parent else []
        asked["changes"] = [*changes.lines, *otherwise]
        asked |= {"evaluation": dict(evaluation)} if evaluation else {}
        return _store(
            project, recipe, making, asked=asked, frozen=frozen, chosen=chosen, by=by, parent=parent,
            gold=gold, changes=changes, acknowledge=acknowledge, dropped=dropped,
        )  # fmt: skip
    finally:
        making.unlink(missing_ok=True)


def ask_to_freeze(
    *,
    project: Project,
    recipe: Recipe,
    format: str,
    options: Mapping[str, Any] | None = None,
    acknowledge: str = "",
    evaluate: int = 0,
    by: User | None = None,
) -> Job:
    """Leave freezing to a worker; a request made twice before it is done is one. ``evaluate``: with so many
    seeds, for the card; 0: not at all."""
    chosen_format(format, options)
    last = project.releases.aggregate(last=Max("version"))["last"] or 0
    payload = {
        "recipe": recipe.pk,
        "version": recipe.version,
        "format": format,
        "options": dict(options or {}),
        "acknowledge": acknowledge,
        "after": last,
        "by": by.pk if by else None,
    } | ({"evaluate_first": evaluate} if evaluate else {})
    settled = source_of(project, pool=recipe.pool, method=recipe.method, question=recipe.question).items()
    return enqueue_job(kind=JobKind.RELEASE, project=project, payload=payload, total=settled.count())


def format_choices() -> list[tuple[str, str]]:
    from curation.formats.registry import FORMATS

    return [(one.name, one.title) for one in FORMATS.values()]


def chosen_format(name: str, options: Mapping[str, Any] | None) -> tuple[Format, Options]:
    from curation.formats.options import FormatError
    from curation.formats.registry import format_named

    try:
        found = format_named(name)
        return found, found.options(options)
    except FormatError as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble


def export_release(
    *,
    release: Release,
    folder: Path,
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    files: Sequence[str] = ("parquet", "jsonl"),
    progress: Progress | None = None,
) -> str:
    """Write the frozen rows to a folder of the caller's choice; returns the manifest's sha256.

    In the release's own format the bytes are those of its own folder, whenever and wherever it is written.
    """
    from curation.formats.folder import FolderTaken, NothingToRelease, rows_for, write_release
    from curation.formats.options import FormatError

    name = format or release.format
    given = options if options is not None else (release.options if name == release.format else None)
    chosen, read = chosen_format(name, given)
    try:
        written = write_release(
            folder, rows_for(rows_path(release), chosen, read), format=chosen, options=read,
            manifest=release.manifest["asked"], files=files, progress=progress,
        )  # fmt: skip
    except FolderTaken as trouble:
        raise InvalidSetting(
            str(trouble), field="out", cure="Name a folder that does not exist yet, or remove what is there."
        ) from trouble
    except FormatError as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble
    except NothingToRelease as trouble:
        raise NothingToDo(
            f"No row of the release has what {name} needs.", cure="Choose another format."
        ) from trouble
    return written.manifest_sha256


def format_folder(release: Release, format: str = "") -> Path:
    """Where the release lies, or would, in its own format or another."""
    own = folder_of(release)
    return own if format in ("", release.format) else own.with_name(f"v{release.version}-{format}")


def release_folder(*, release: Release, format: str | None = None, progress: Progress | None = None) -> Path:
    """The release's folder under the home in a format, written if it is not there."""
    folder = format_folder(release, format or "")
    if not folder.is_dir():
        export_release(release=release, folder=folder, format=format, progress=progress)
    return folder


def releases_home() -> Path:
    return Path(settings.WINNOW_HOME) / "releases"


def folder_of(release: Release) -> Path:
    return releases_home() / release.folder


def rows_path(release: Release) -> Path:
    """The release's own rows, from which every format is written."""
    folder = folder_of(release)
    return folder.with_name(f"{folder.name}.rows.parquet")


def _freeze_rows(preview: Preview, out: Path, progress: Progress | None) -> Frozen:
    from curation.formats.freezing import freeze_rows
    from curation.numerics.recipes import RecipeError
    from curation.services.tables import PAIRS

    # The recipe was followed: of what it read, only where rows come from is asked for once more.
    preview.columns.forget(but=("item", "id") if "item" in preview.columns else ())
    try:
        return freeze_rows(
            preview.folder / PAIRS, preview.columns, preview.selection.state, out, progress=progress
        )
    except RecipeError as trouble:
        raise refusal_of(trouble) from trouble


def _version_before(project: Project, recipe: Recipe) -> Release | None:
    """The last release about the same question: pairs about another are no earlier version of these."""
    frozen = project.releases.filter(state=ReleaseState.FROZEN).order_by("-version")
    return next((one for one in frozen if one.recipe.get("question", "") == recipe.question), None)


def _lineage(parent: Release | None, acknowledge: str) -> dict[str, Any]:
    if parent is None:
        return {"parent": None}
    found: dict[str, Any] = {"parent": f"v{parent.version}", "parent_manifest_sha256": parent.manifest_sha256}
    return found | ({"acknowledged": acknowledge.strip()} if acknowledge.strip() else {})


def _store(
    project: Project,
    recipe: Recipe,
    making: Path,
    *,
    asked: dict[str, Any],
    frozen: Frozen,
    chosen: tuple[Format, Options],
    by: User | None,
    parent: Release | None,
    gold: dict[str, bool],
    changes: Changes,
    acknowledge: str,
    dropped: dict[str, int],
) -> Release:
    from curation.formats.manifest import file_entry

    release = _reserve(
        project,
        parent=parent,
        recipe=asked["recipe"],
        format=chosen[0].name,
        options=chosen[1].as_dict(),
        manifest={"asked": asked},
        rows=frozen.rows,
        dropped=dropped,
        content_hash=frozen.row_keys_sha256,
        rows_sha256=file_entry(making)["sha256"],
        gold=gold,
        changes=changes.counts,
        acknowledged=acknowledge.strip(),
        frozen_by=by,
        frozen_at=timezone.now(),
    )
    try:
        making.rename(rows_path(release))
        _index_rows(release)
        _write_folder(release, chosen)
    except BaseException:
        rows_path(release).unlink(missing_ok=True)
        release.frozen_rows.all().delete()
        release.delete()
        raise
    return release


def _reserve(project: Project, **fields: Any) -> Release:
    """The next version, not yet to be seen; of two at once each gets a number of its own."""
    _remove_halves(project)
    for _race in range(20):
        version = (project.releases.aggregate(last=Max("version"))["last"] or 0) + 1
        try:
            with transaction.atomic():
                return Release.objects.create(
                    project=project, version=version, state=ReleaseState.MAKING,
                    folder=f"{project.slug}/v{version}", **fields,
                )  # fmt: skip
        except IntegrityError:
            continue
    raise NothingToDo("Too many releases at once.", cure="Try again in a moment.")


def _remove_halves(project: Project) -> None:
    """What a killed worker left half made an hour ago or longer."""
    stale = timezone.now() - timedelta(hours=1)
    for half in project.releases.filter(state=ReleaseState.MAKING, frozen_at__lt=stale):
        shutil.rmtree(folder_of(half), ignore_errors=True)
        rows_path(half).unlink(missing_ok=True)
        half.frozen_rows.all().delete()
        half.delete()


def _index_rows(release: Release) -> None:
    """Which items it is made of; short transactions, so that nobody waits."""
    from curation.formats.table import read_batches

    position = 0
    for batch in read_batches(rows_path(release), columns=["item_key"]):
        keys: Iterator[str] = iter(batch.column("item_key").to_pylist())
        while some := list(islice(keys, BATCH)):
            found = Item.objects.filter(project=release.project, key__in=set(some)).values_list("key", "pk")
            ids = dict(found)
            ReleaseRow.objects.bulk_create(
                [
                    ReleaseRow(release=release, item_id=ids[key], position=position + place)
                    for place, key in enumerate(some)
                ],
                batch_size=BATCH,
            )
            position += len(some)


def _write_folder(release: Release, chosen: tuple[Format, Options]) -> None:
    from curation.formats.folder import NothingToRelease, rows_for, write_release
    from curation.formats.options import FormatError

    folder = folder_of(release)
    if folder.exists():
        shutil.rmtree(folder)
    try:
        written = write_release(
            folder, rows_for(rows_path(release), *chosen), format=chosen[0], options=chosen[1],
            manifest=release.manifest["asked"],
        )  # fmt: skip
    except NothingToRelease as trouble:
        raise NothingToDo(
            f"No row that the recipe keeps has what {chosen[0].name} needs.", cure="Choose another format."
        ) from trouble
    except FormatError as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble
    release.manifest["written"] = written.manifest
    release.manifest_sha256 = written.manifest_sha256
    release.state = ReleaseState.FROZEN
    release.save(update_fields=["manifest", "manifest_sha256", "state"])
