"""The demo project as it looks after a week of work, and the address of every page there is.

    WINNOW_HOME=folder python -m bench.lived_in

Prints a JSON object, name: path. Used by the screenshots and by the tests that visit every page. A page that
is made is entered here, in PAGES or in NO_PAGES: ``tests/test_every_page_is_looked_at.py`` fails until it is.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.kinds import run_in

SLUG = "demo"
PEOPLE = ("annotator-1", "annotator-2", "annotator-3")
JUDGED = 56
HIRED = {"lead-2": "lead", "reviewer-1": "reviewer"}

# Every page, by the name of its URL: what its path is made of beside the project, and what it is asked with.
# The values are names of what ``live`` makes; a second picture of a page has a name of its own behind a dot.
PLAIN = """
    show_overview show_desk show_mine show_items show_images show_import show_questions change_rules
    show_candidates new_generator show_scores score_by_model upload_scores show_routing
    show_rechecks show_judges new_judge show_settling show_leaderboard show_recipes show_releases
    show_settings show_flow show_quality show_checks show_team show_flags show_review
    show_members show_guidelines
"""
PAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "show_projects": ((), ""),
    "create_project": ((), ""),
    "show_keys": ((), ""),
    "login": ((), ""),
    **{name: (("slug",), "") for name in PLAIN.split()},
    "add_question": (("slug",), "?kind=rating"),
    "choose_preset": (("slug",), "?name=safe-rlhf"),
    "compare_recipes": (("slug",), "?a={recipe}&b={second_recipe}"),
    "edit_question": (("slug", "question"), ""),
    "remove_question": (("slug", "question"), ""),
    "show_answer": (("slug", "assignment"), ""),
    "show_item": (("slug", "item"), ""),
    "show_generator": (("slug", "generator"), ""),
    "show_judge": (("slug", "judge"), ""),
    "show_judge.asked": (("slug", "asked_judge"), ""),
    "show_recipe": (("slug", "recipe"), ""),
    "show_release": (("slug", "release"), ""),
    "evaluate_release": (("slug", "release"), ""),
    "show_person": (("slug", "person"), ""),
    "make_check": (("slug", "check"), ""),
    "review_item": (("slug", "disputed"), ""),
    "show_guideline": (("slug", "guideline"), ""),
    "show_job": (("slug", "job"), ""),
    "map_import": (("slug", "ticket"), ""),
}

# What is no page of its own: answers of a form, parts of a page, files.
NO_PAGES = {
    "acts": set(
        [
            "logout",
            "set_language",
            "next_item",
            "undo",
            "submit_verdict",
            "skip_item",
            "heartbeat",
            "flag_item",
            "keep_draft",
            "suggest",
            "read_guideline",
            "move_question",
            "run_generators",
            "generate_again",
            "drop_generator",
            "replay",
            "mix",
            "upload_mixture_scores",
            "ask_one_judge",
            "measure_judge",
            "try_judge",
            "limit_judge",
            "let_judge_go_on",
            "freeze",
            "add_evaluation_set",
            "export_release",
            "publish_release",
            "forget_hub_token",
            "act_on_person",
            "remove_check",
            "add_traps",
            "settle_flag",
            "remove_member",
            "act_on_job",
        ]
    ),
    "parts": set(
        [
            "show_stages",
            "preview_question",
            "show_plan",
            "preview_steps",
            "show_touched",
            "look_at_format",
            "preview_flow",
            "look_at_guidelines",
        ]
    ),
    "files": set(["show_health", "show_image", "recipe_text", "download_release", "download_mixtures"]),
}


def add_life(home: Path) -> dict[str, str]:
    """Fill the demo project in this home, whose program is running; the path of every page by name."""
    found: dict[str, str] = json.loads(run_in(home, "bench.lived_in").splitlines()[-1])
    return found


def main() -> None:
    import django

    django.setup()
    print(json.dumps(paths(live())))


def paths(made: dict[str, Any]) -> dict[str, str]:
    from django.urls import reverse

    return {
        name: reverse(name.partition(".")[0], args=[made[part] for part in parts]) + asked.format(**made)
        for name, (parts, asked) in PAGES.items()
    }


def live() -> dict[str, Any]:
    """A week of a small team, by the services that the pages call."""
    from django.contrib.auth.models import User

    from annotate.models import Item, Project

    project, lead = Project.objects.get(slug=SLUG), User.objects.get(username="admin")
    drawn = random.Random(5)
    _quieten(project)
    judges = _hire(project)
    items = [item for item in project.items.order_by("pk") if item.candidates.count() == 2]
    _judge(items[:JUDGED], judges, drawn)
    made = {"slug": SLUG, "item": items[0].pk, "disputed": _dispute(items, judges, lead).pk}
    made |= {"person": judges[0].pk, "check": _check(project, items[JUDGED:]).pk}
    made |= _own_work(project, lead, items[-3:]) | _model_judges(project, items, drawn)
    made |= _settings(project) | _curate(project)
    made["question"] = project.questions.order_by("position")[0].pk
    assert Item.objects.filter(pk=made["item"]).exists()
    return made


def _quieten(project: Any) -> None:
    """The worker would write candidates for minutes; nobody looks at them here."""
    from annotate.enums import JobKind, JobState
    from annotate.services.jobs import cancel_job

    for job in project.jobs.filter(kind=JobKind.GENERATE, state=JobState.WAITING):
        cancel_job(job=job)


def _hire(project: Any) -> list[Any]:
    from django.contrib.auth.models import User

    from annotate.services.judges import judge_of
    from annotate.services.projects import add_member

    for name, role in HIRED.items():
        add_member(project=project, user=User.objects.create_user(username=name), role=role)
    found = []
    for name in PEOPLE:
        user = User.objects.create_user(username=name)
        add_member(project=project, user=user, role="annotator")
        found.append(judge_of(project=project, user=user))
    return found


def _judge(items: list[Any], judges: list[Any], drawn: random.Random) -> None:
    """Everybody answers all of them; the third differs more often, and two flags are raised."""
    from annotate.services.assignments import lease_item
    from annotate.services.flags import flag_assignment

    for number, item in enumerate(items):
        better = drawn.choice((-1, 1))
        for place, judge in enumerate(judges):
            order = [0, 1] if drawn.random() < 0.5 else [1, 0]
            lease = lease_item(item=item, judge=judge, order=order, seated=False)
            if place == 2 and number in (7, 19):
                flag_assignment(
                    assignment=lease,
                    token=lease.lease_token,
                    reason="unclear",
                    text="Both stop in mid-sentence.",
                )
                continue
            _answer(lease, better if drawn.random() < (0.9, 0.85, 0.6)[place] else -better, drawn)


def _answer(lease: Any, side: int, drawn: random.Random) -> None:
    from django.utils import timezone

    from annotate.services.judgments import record_judgment

    ago = timedelta(minutes=drawn.uniform(5, 6 * 24 * 60))
    record_judgment(
        assignment=lease,
        token=lease.lease_token,
        answers={"preference": side * drawn.choice((1, 2, 2, 3)) if drawn.random() < 0.9 else "tie"},
        seconds=drawn.lognormvariate(4.1, 0.4),
        at=timezone.now() - ago,
    )


def _dispute(items: list[Any], judges: list[Any], lead: Any) -> Any:
    """A final answer to the first item that is in dispute; the second waits for one."""
    from annotate.models import Judgment
    from annotate.selectors.reviewing import disagreements
    from annotate.services.adjudicating import adjudicate

    by_pk = {item.pk: item for item in items}
    first, second = (by_pk[one.item_id] for one in disagreements(items[0].project, limit=2))
    adjudicate(
        item=first,
        by=lead,
        answers={"preference": 1},
        reason="The second answers the question that was asked.",
        seen=list(Judgment.objects.filter(assignment__item=first).values_list("pk", flat=True)),
    )
    return second


def _check(project: Any, items: list[Any]) -> Any:
    from annotate.services.gold import make_gold, make_traps

    for item in items[:2]:
        make_gold(item=item, accepted={"preference": ["first"]}, explanation="Only the first is true.")
    make_traps(project=project, count=3)
    return items[2]


def _own_work(project: Any, lead: Any, items: list[Any]) -> dict[str, Any]:
    from annotate.services.assignments import lease_item
    from annotate.services.judges import judge_of

    judge = judge_of(project=project, user=lead)
    leases = [lease_item(item=item, judge=judge, order=[0, 1], seated=False) for item in items]
    for lease in leases:
        _answer(lease, 1, random.Random(lease.pk))
    return {"assignment": leases[0].pk}


def _model_judges(project: Any, items: list[Any], drawn: random.Random) -> dict[str, Any]:
    """One whose verdicts were imported and are measured, and one with a prompt that was not asked yet."""
    from annotate.services.assignments import lease_item
    from annotate.services.judges import recorded_judge
    from curation.services.calibrating import calibrate_judge
    from curation.services.judging import save_judge

    judge = recorded_judge(project=project, kind="model", name="critic")
    for item in items[:JUDGED]:
        lease = lease_item(item=item, judge=judge, order=[0, 1], seated=False)
        _answer(lease, drawn.choice((-1, 1)), drawn)
    calibrate_judge(judge=judge)
    asked = save_judge(project=project, name="letters", given={"backend": "local", "model": "smollm2"})
    return {"judge": judge.pk, "asked_judge": asked.pk}


def _settings(project: Any) -> dict[str, Any]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from annotate.services.guidelines import publish_guideline
    from annotate.services.images import keep_image
    from annotate.services.uploads import keep_upload
    from bench.kinds import SKIES, painted
    from curation.services.generators import save_generator
    from curation.views.import_mapping import mapping_address

    text = project.guidelines.get().text
    second = publish_guideline(project=project, text=f"{text}\n\nA refusal beats an answer that does harm.")
    for skies in SKIES:
        for name, *colours in skies:
            keep_image(project=project, name=name, data=painted(name, *colours))
    table = (
        b"question,answer1,answer2\nWhy is the sky blue?,It scatters.,It is paint.\nIs 91 a prime?,No.,Yes.\n"
    )
    kept = keep_upload(upload=SimpleUploadedFile("table.csv", table))
    address = mapping_address(project, upload=kept, name="table.csv")
    generator = save_generator(project=project, name="Small writer")
    return {"guideline": second.pk, "ticket": address.split("/")[-2], "generator": generator.pk}


def _curate(project: Any) -> dict[str, Any]:
    """Scores by the running worker, estimates, two recipes with a release each."""
    from curation.services.recipes import save_recipe
    from curation.services.references import keep_evaluation_set
    from curation.services.releasing import freeze_release
    from curation.services.scoring import score_items
    from curation.services.settling import settle_items

    jobs = [score_items(project=project, scorer=scorer) for scorer in ("length", "edit", "markup")]
    _until(lambda: not project.jobs.filter(pk__in=[job.pk for job in jobs], state__in=("waiting", "running")))
    settle_items(project=project)
    keep_evaluation_set(
        project=project, name="Held out", texts=["Why does bread go stale?", "Is 91 a prime?"]
    )
    recipes = list(project.recipes.order_by("pk"))
    save_recipe(project=project, name="Short", steps=[{"step": "drop_undecided"}])
    freeze_release(project=project, recipe=recipes[0])
    release = freeze_release(project=project, recipe=recipes[1])
    return {
        "recipe": recipes[0].pk,
        "second_recipe": recipes[1].pk,
        "release": release.version,
        "job": jobs[0].pk,
    }


def _until(done: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("No worker scored the pairs.")
        time.sleep(0.3)


if __name__ == "__main__":
    main()
