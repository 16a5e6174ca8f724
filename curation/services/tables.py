"""The table of settled pairs as a file: made once for what is settled, read by every preview and release."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from annotate.errors import InvalidSetting
from annotate.models import Project
from annotate.selectors.questions import preferences_of
from curation.enums import Pool
from curation.selectors.tables import TableSource, table_rows
from curation.services.references import reference_texts
from curation.services.settling import declared_by

if TYPE_CHECKING:
    from curation.numerics.recipes import Columns

PAIRS = "pairs.parquet"


def table_folder(source: TableSource) -> Path:
    """Where the table of what is settled now lies, or would."""
    base = Path(settings.WINNOW_HOME) / "tables" / str(source.project.pk)
    return base / f"{source.name}.{source.stamp()}"


def make_table(
    source: TableSource, *, folder: Path | None = None, progress: Callable[[int], None] | None = None
) -> Path:
    """Write the table of settled pairs unless it is there; returns its folder. Older ones are removed.

    Streams: a page of rows is in memory at a time.
    """
    from curation.formats.table import TableWriter, batch_of, table_schema

    folder = folder or table_folder(source)
    if (folder / PAIRS).is_file():
        return folder
    making = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    making.mkdir(parents=True, mode=0o700)
    try:
        schema = table_schema(source.score_columns(), question=source.main)
        with TableWriter(making / PAIRS, schema) as writer:
            for rows in table_rows(source):
                writer.write(batch_of(rows, schema))
                if progress is not None:
                    progress(writer.rows)
        try:
            making.rename(folder)
        except OSError:
            # Another process made the same table meanwhile: theirs is as good.
            if not (folder / PAIRS).is_file():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _forget_older(source, folder)
    return folder


def columns_of(source: TableSource, folder: Path, *, wait: bool = True) -> Columns:
    """The table's columns, read when they are asked for; computed ones are kept beside the table."""
    from curation.formats.loading import table_columns

    return table_columns(folder / PAIRS, references=reference_texts(source.project), wait=wait)


def _forget_older(source: TableSource, folder: Path) -> None:
    """Keep the newest two of a pool and question: a page may be reading the one before."""
    standing = [one for one in folder.parent.glob(f"{source.name}.*") if one != folder]
    for old in sorted(standing, key=lambda one: one.stat().st_mtime)[:-1]:
        shutil.rmtree(old, ignore_errors=True)


def source_of(project: Project, *, pool: str, method: str = "", question: str = "") -> TableSource:
    """What a recipe works on: the pairs as the project settles them, or as the named preference was settled.
    A recipe that names another rule is refused, for its estimates are not there."""
    settles_by = declared_by(project).method
    if method and method != settles_by:
        raise InvalidSetting(
            f"This project settles by {settles_by}, not by {method}.", field="method",
            cure="Change the project's rule and settle again, or leave the method out.",
        )  # fmt: skip
    check_question(project, question)
    return TableSource(project, Pool(pool), settles_by, question)


def check_question(project: Project, question: str) -> None:
    """Raises InvalidSetting for a question that says nothing of pairs; empty is the project's own."""
    compared = [one.key for one in preferences_of(project)]
    if question and question not in compared:
        raise InvalidSetting(
            f"{question!r} compares no two responses.", field="question",
            cure=f"Name one of {', '.join(compared)}." if compared else "Leave the question out.",
        )  # fmt: skip
