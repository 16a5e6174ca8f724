"""Stage commands take a project's slug, or a file: for a file a scratch home is used (see config.scratch)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from annotate.enums import ImportMode
from annotate.errors import WinnowError
from annotate.models import Project
from annotate.services.import_file import file_digest
from annotate.services.importing import ImportReport, import_items
from annotate.services.projects import create_project, free_slug


class StageCommand(BaseCommand):
    """A command for one stage: prints its report as JSON or as lines, and fails with the cure."""

    # A stage command runs on a scratch home as well: it brings its own database up to date.
    requires_migrations_checks = False
    requires_system_checks = ()

    def report(self, found: Mapping[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(found, ensure_ascii=False, default=str))
            return
        for name, value in found.items():
            self.stdout.write(f"{name}: {value}")

    def refuse(self, trouble: WinnowError, *, as_json: bool) -> None:
        """End with exit code 1 and the reason: as JSON on standard output where that was asked for."""
        found = trouble.as_dict()
        if as_json:
            self.stdout.write(json.dumps(found, ensure_ascii=False, default=str))
            raise SystemExit(1)
        lines = [f"{trouble.message} {trouble.cure}".strip()]
        lines += [
            f"  line {one['line']} {one['field'] or ''}: {one['message']}"
            for one in found.get("defects", [])[:20]
        ]
        raise CommandError("\n".join(lines))


def project_or_file(
    target: str, *, seed: int = 0, lenient: bool = False
) -> tuple[Project, ImportReport | None]:
    """The project of that slug, or a project made from that file."""
    path = Path(target)
    if path.is_file():
        return project_from_file(path, seed=seed, lenient=lenient)
    migrate_if_needed()
    project = Project.objects.filter(slug=target).first()
    if project is None:
        raise CommandError(f"{target} is neither a file nor the slug of a project.")
    return project, None


def project_from_file(path: Path, *, seed: int = 0, lenient: bool = False) -> tuple[Project, ImportReport]:
    migrate_if_needed()
    slug = free_slug(name=f"{path.stem}-{file_digest(path)[:8]}")
    project = create_project(name=path.stem[:200] or "file", slug=slug, seed=seed)
    mode = ImportMode.LENIENT if lenient else ImportMode.STRICT
    return project, import_items(project=project, path=path, mode=mode)


def migrate_if_needed() -> None:
    """Bring a scratch home's empty database up to date; a home that is in use is left to its owner."""
    executor = MigrationExecutor(connection)
    if not executor.loader.applied_migrations:
        call_command("migrate", verbosity=0, interactive=False)
