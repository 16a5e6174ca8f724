"""Stage 7: a recipe is previewed, frozen into a release, and written as a folder that others can load."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from annotate.errors import InvalidSetting, NothingToDo, StaleEdit
from annotate.keys import content_key
from annotate.models import Project
from curation.enums import Pool
from curation.models import Recipe, Release, ReleaseRow
from curation.selectors.pairs import SettledPair, pair_columns, settled_pairs
from curation.services.manifest import manifest_of, row_of

if TYPE_CHECKING:
    from curation.formats.rows import PairRow
    from curation.numerics.selection import Selection, Step, StepOutcome

DEFAULT_STEPS: tuple[dict[str, Any], ...] = (
    {"step": "drop_undecided"},
    {"step": "drop_alike", "top_percent": 10},
    {"step": "drop_duplicates"},
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recipe would keep of ``pairs`` settled pairs, step by step."""

    pairs: int
    kept: int
    outcomes: tuple[StepOutcome, ...]


def save_recipe(
    *,
    project: Project,
    name: str,
    steps: Sequence[Mapping[str, Any]],
    pool: str = Pool.PEOPLE_FIRST,
    expected_version: int | None = None,
) -> Recipe:
    """Keep a recipe under its name. Raises InvalidSetting with the step's field, or StaleEdit when the recipe
    changed since ``expected_version`` was read."""
    plain = steps_to_dicts(read_steps(steps))
    if pool not in Pool.values:
        raise InvalidSetting(
            "There is no such pool.", field="pool", cure=f"Choose one of {', '.join(Pool.values)}."
        )
    if not name.strip():
        raise InvalidSetting("A recipe needs a name.", field="name", cure="Give it one.")
    recipe, created = Recipe.objects.get_or_create(
        project=project, name=name.strip()[:120], defaults={"steps": plain, "pool": pool}
    )
    if created:
        return recipe
    version = recipe.version if expected_version is None else expected_version
    won = Recipe.objects.filter(pk=recipe.pk, version=version).update(
        steps=plain, pool=pool, version=F("version") + 1
    )
    if not won:
        raise StaleEdit("Someone else changed this recipe meanwhile.")
    recipe.refresh_from_db()
    return recipe


def read_steps(steps: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    from curation.numerics.selection import RecipeError, recipe_from_dicts

    try:
        return recipe_from_dicts(list(steps))
    except RecipeError as trouble:
        raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble


def steps_to_dicts(steps: Sequence[Step]) -> list[dict[str, Any]]:
    from curation.numerics.selection import recipe_to_dicts

    return recipe_to_dicts(steps)


def preview_recipe(
    *, project: Project, steps: Sequence[Mapping[str, Any]], pool: str = Pool.PEOPLE_FIRST
) -> Preview:
    """Count what each step would keep and drop; nothing is written."""
    pairs, selection = _select(project, read_steps(steps), Pool(pool))
    return Preview(pairs=len(pairs), kept=int(selection.kept.sum()), outcomes=selection.outcomes)


def freeze_release(*, project: Project, recipe: Recipe, by: User | None = None) -> Release:
    """Freeze what the recipe keeps now: rows, recipe and checksums stay as they are from here on.

    Raises NothingToDo when nothing would be kept. The folder is written before the release is committed, so a
    release that exists can be downloaded.
    """
    pool = Pool(recipe.pool)
    steps = read_steps(recipe.steps)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        pairs, selection = _select(project, steps, pool)
        kept = [pair for pair, stays in zip(pairs, selection.kept, strict=True) if stays]
        if not kept:
            raise NothingToDo("The recipe keeps no pair.", cure="Settle more items, or drop less.")
        rows = [row_of(pair) for pair in kept]
        release = _store(project, recipe, kept, rows, selection, by)
        manifest = manifest_of(
            project=project, recipe=release.recipe, pairs=len(pairs), selection=selection, pool=pool
        )
        folder = folder_of(release)
        if folder.exists():
            shutil.rmtree(folder)
        _write(release, folder, rows, manifest)
    return release


def export_release(*, release: Release, folder: Path) -> str:
    """Write the frozen rows to a folder of the caller's choice; returns the manifest's sha256.

    The bytes are those of the release's own folder, whenever and wherever it is written.
    """
    from curation.formats.folder import FolderTaken, write_release

    rows = [
        _row_from(data) for data in release.frozen_rows.order_by("position").values_list("data", flat=True)
    ]
    try:
        return write_release(folder, rows, manifest=release.manifest["asked"]).manifest_sha256
    except FolderTaken as trouble:
        raise InvalidSetting(
            str(trouble), field="out", cure="Name a folder that does not exist yet, or remove what is there."
        ) from trouble


def release_folder(*, release: Release) -> Path:
    """The release's folder under the home, written again if it was removed."""
    folder = folder_of(release)
    if not folder.is_dir():
        export_release(release=release, folder=folder)
    return folder


def release_archive(*, release: Release) -> Path:
    """The folder as one zip file beside it, made once."""
    folder = release_folder(release=release)
    archive = folder.with_name(f"{folder.name}.zip")
    if not archive.is_file():
        made = shutil.make_archive(str(folder.with_name(f".{folder.name}.part")), "zip", root_dir=folder)
        Path(made).replace(archive)
    return archive


def folder_of(release: Release) -> Path:
    return Path(settings.WINNOW_HOME) / "releases" / release.folder


def _select(project: Project, steps: Sequence[Step], pool: Pool) -> tuple[list[SettledPair], Selection]:
    from curation.numerics.selection import apply_recipe

    pairs = list(settled_pairs(project, pool=pool))
    return pairs, apply_recipe(pair_columns(pairs), steps)


def _store(
    project: Project,
    recipe: Recipe,
    kept: Sequence[SettledPair],
    rows: Sequence[PairRow],
    selection: Selection,
    by: User | None,
) -> Release:
    last = project.releases.aggregate(last=Max("version"))["last"] or 0
    frozen = [asdict(row) for row in rows]
    release = Release.objects.create(
        project=project,
        version=last + 1,
        recipe={"name": recipe.name, "pool": recipe.pool, "steps": recipe.steps},
        rows=len(rows),
        dropped=selection.dropped(),
        content_hash=content_key(frozen),
        folder=f"{project.slug}/v{last + 1}",
        frozen_by=by,
        frozen_at=timezone.now(),
    )
    ReleaseRow.objects.bulk_create(
        [
            ReleaseRow(release=release, item=pair.item, position=position, data=data)
            for position, (pair, data) in enumerate(zip(kept, frozen, strict=True))
        ],
        batch_size=500,
    )
    return release


def _write(release: Release, folder: Path, rows: Sequence[PairRow], asked: dict[str, Any]) -> None:
    from curation.formats.folder import write_release

    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = write_release(folder, rows, manifest=asked)
    release.manifest = {"asked": asked, "written": written.manifest}
    release.manifest_sha256 = written.manifest_sha256
    release.save(update_fields=["manifest", "manifest_sha256"])


def _row_from(data: Mapping[str, Any]) -> PairRow:
    from curation.formats.rows import PairRow

    return PairRow(**data)
