"""What must be there before the first page: the tables, someone who may sign in, something to look at."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from annotate.models import Project


def bring_tables_up_to_date() -> int:
    """Run the migrations that are missing; returns how many there were."""
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        call_command("migrate", interactive=False, verbosity=0)
    return len(plan)


def make_first_admin() -> str | None:
    """Make ``admin`` where there are no users; returns the password, which is kept nowhere, or None."""
    users = get_user_model()._default_manager
    if users.exists():
        return None
    password = secrets.token_urlsafe(12)
    users.create_superuser(username="admin", email="", password=password)
    return password


def seed_demo_once() -> bool:
    """Fill an installation that has no project; False when there is one, or no demo to fill it with."""
    if Project.objects.exists() or "seed_demo" not in get_commands():
        return False
    call_command("seed_demo")
    return True
