"""Work inside a home of Winnow, in a process of its own: make a campaign, add items, count what it holds.

python -m bench.desk.campaign make|add|count|overshot ...    with WINNOW_HOME set
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

SLUG = "load"
PASSWORD = "a password for the load driver"


def make(begin: int, end: int, people: int, overlap: int = 1) -> None:
    """A project whose items all go to people, ``overlap`` to each, and as many annotators."""
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotate.enums import Role
    from annotate.services.projects import add_member, create_project
    from curation.enums import PolicyKind
    from curation.services.routing import make_policy, route_items

    call_command("migrate", verbosity=0)
    project = create_project(
        name="Load", slug=SLUG, guidelines="Choose the better response.", overlap=overlap
    )
    for number in range(people):
        user = User.objects.create_user(f"annotator{number}", password=PASSWORD)
        add_member(project=project, user=user, role=Role.ANNOTATOR)
    bring(begin, end)
    route_items(policy=make_policy(project=project, kind=PolicyKind.EVERYONE, ask_models=False))


def add(begin: int, end: int) -> None:
    bring(begin, end)


def bring(begin: int, end: int) -> None:
    from annotate.models import Project
    from annotate.services.importing import import_items
    from bench.desk.items import pairs

    project = Project.objects.get(slug=SLUG)
    with tempfile.TemporaryDirectory() as scratch:
        # Parts, because one import may not be larger than the limit for a file.
        for start in range(begin, end, 20_000):
            file = Path(scratch) / f"{start}.jsonl"
            with file.open("w") as out:
                out.writelines(json.dumps(one) + "\n" for one in pairs(start, min(end, start + 20_000)))
            import_items(project=project, path=file)
            file.unlink()


def count() -> None:
    """Every judgment that counts, as [item, person], printed as JSON."""
    from annotate.enums import JudgmentState
    from annotate.models import Judgment

    rows = Judgment.objects.filter(state=JudgmentState.CURRENT).values_list(
        "assignment__item__external_id", "assignment__judge__user__username"
    )
    held = [[int(item.rpartition("-")[2]), int(name.removeprefix("annotator"))] for item, name in rows]
    print(json.dumps(held))


def overshot() -> None:
    """Items with more people than wanted, or another number of seats than people who hold or have them."""
    from django.db.models import Count, F, Q

    from annotate.enums import SEATED_STATES
    from annotate.models import Item

    seated = Count("assignments", filter=Q(assignments__seated=True, assignments__state__in=SEATED_STATES))
    items = Item.objects.annotate(seated=seated)
    wrong = items.filter(Q(seated__gt=F("seats_wanted")) | ~Q(seated=F("seats_taken")))
    print(json.dumps(wrong.count()))


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    action, *numbers = sys.argv[1:]
    {"make": make, "add": add, "count": count, "overshot": overshot}[action](*map(int, numbers))


if __name__ == "__main__":
    main()
