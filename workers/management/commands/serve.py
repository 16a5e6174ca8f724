from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from workers.starting import bring_tables_up_to_date, make_first_admin, seed_demo_once
from workers.supervisor import CannotServe, Supervisor, answers, refuse_taken_port, web_child, worker_child


class Command(BaseCommand):
    help = (
        "Run everything: prepares the database, then keeps the web server and one worker alive until Ctrl-C."
    )
    # Our own checks are run below, with the deployment ones; importing every page first would cost the
    # newcomer time.
    requires_system_checks: list[str] = []  # noqa: RUF012  # Django's own spelling

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--port", type=int, default=None, help="Default: PORT from the environment, or 8000."
        )
        parser.add_argument(
            "--threads", type=int, default=None, help="Requests at a time; 1 on SQLite, else 4."
        )
        parser.add_argument("--no-worker", action="store_true", help="Web only: workers run elsewhere.")
        parser.add_argument("--no-demo", action="store_true", help="Do not make the demo project.")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"] or self.port_of_environment()
        self.refuse_bad_settings()
        try:
            refuse_taken_port(host=host, port=port)
            self.prepare(demo=not (options["no_demo"] or settings.WINNOW_TEAM))
            self.supervise(host, port, options)
        except CannotServe as reason:
            raise CommandError(str(reason)) from reason

    def port_of_environment(self) -> int:
        value = os.environ.get("PORT") or "8000"
        if not value.isdecimal() or not 0 < int(value) < 65536:
            raise CommandError(f"PORT is {value!r}: write a number from 1 to 65535.")
        return int(value)

    def refuse_bad_settings(self) -> None:
        found = checks.run_checks(tags=["winnow"], include_deployment_checks=True)
        refusals = [problem for problem in found if problem.is_serious(checks.WARNING)]
        if refusals:
            lines = "\n".join(f"  {problem.id}: {problem.msg}\n      {problem.hint}" for problem in refusals)
            raise CommandError(f"These settings are not safe to start with:\n{lines}")

    def prepare(self, *, demo: bool) -> None:
        if bring_tables_up_to_date():
            self.stdout.write(f"Database ready in {settings.WINNOW_HOME}.")
        password = make_first_admin()
        if demo and seed_demo_once():
            self.stdout.write("Demo project ready.")
        if password:
            self.stdout.write(f"\n  Sign in as:  admin\n  Password:    {password}   (shown this once)\n")
        connections.close_all()

    def supervise(self, host: str, port: int, options: dict[str, Any]) -> None:
        sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
        children = [web_child(host=host, port=port, threads=options["threads"] or (1 if sqlite else 4))]
        if not options["no_worker"] and not settings.CELERY_BROKER_URL:
            children.append(worker_child())
        name = next(iter(settings.ALLOWED_HOSTS), "localhost").lstrip(".*") or "localhost"
        Supervisor(
            children=children,
            say=self.stderr.write,
            answers=lambda: answers(host=host, port=port, name=name),
            ready=lambda: self.announce(host, port),
        ).run()
        self.stdout.write("Stopped.")

    def announce(self, host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"Winnow is at http://{shown}:{port}/   (Ctrl-C ends it)")
        self.stdout.flush()
