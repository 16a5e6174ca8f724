"""A project's generators: keep them, and let them share the prompts between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from annotate.enums import JobKind, JobQueue
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Job, Project
from annotate.selectors.items import items_of
from annotate.services.jobs import enqueue_job
from annotate.services.repeating import ask_prompts_again
from curation.models import Generator
from curation.selectors.generators import generators_of, items_without_good_side
from curation.services.generating import CHUNK, check_range

MOST = 9
SETTINGS = (
    "url", "model", "key_name", "per_prompt", "temperature", "top_p", "max_new_tokens", "seed", "system",
    "stop", "on_policy",
)  # fmt: skip


@transaction.atomic
def save_generator(*, project: Project, name: str, **given: Any) -> Generator:
    """Keep a generator under its name; one of that name that exists gets these settings. Raises
    InvalidSetting."""
    name = name.strip()
    if not name or len(name) > 80:
        raise InvalidSetting("A generator needs a name.", field="name", cure="Give one of up to 80 letters.")
    settings = {key: value for key, value in given.items() if key in SETTINGS}
    settings["stop"] = [one for one in settings.get("stop", []) if one]
    _check(settings)
    others = Generator.objects.filter(project=project).exclude(name=name)
    # Held, so that two saves at once do not pass the limit together.
    taken = sum(one.per_prompt for one in others.select_for_update())
    if taken + settings.get("per_prompt", 1) > MOST:
        raise InvalidSetting(
            f"All generators together may write {MOST} candidates a prompt.",
            field="per_prompt",
            cure=f"The others write {taken}: give this one fewer.",
        )
    if settings.get("on_policy"):
        others.filter(on_policy=True).update(on_policy=False)
    generator, _created = Generator.objects.update_or_create(project=project, name=name, defaults=settings)
    return generator


def remove_generator(*, generator: Generator) -> None:
    """Forget a generator; what it wrote stays, and says by what it was written."""
    generator.delete()


def ask_generators(*, project: Project) -> list[Job]:
    """Ask every generator for its share of each prompt that still lacks candidates. Raises NothingToDo."""
    generators = list(generators_of(project))
    if not generators:
        raise NothingToDo("This project has no generators.", cure="Add one first.")
    whole = sum(one.per_prompt for one in generators)
    jobs = []
    for generator in generators:
        own = Count("candidates", filter=Q(candidates__parameters__generator=generator.name))
        items = items_of(project).annotate(there=Count("candidates", distinct=True), own=own)
        units = list(items.filter(there__lt=whole, own__lt=generator.per_prompt).values_list("pk", flat=True))
        if units:
            jobs.append(_ask(project, generator, units))
    if not jobs:
        raise NothingToDo(
            "Every prompt has its candidates.", cure="Import prompts, or let a generator write more."
        )
    return jobs


def ask_again_for_neither(*, project: Project) -> list[Job]:
    """Ask the generators for new candidates to every prompt whose pair was settled as neither being good.
    Such a prompt becomes an item of its own, once; the old one and its judgments stay. Raises NothingToDo."""
    made = ask_prompts_again(items=list(items_without_good_side(project)))
    try:
        return ask_generators(project=project)
    except NothingToDo as nothing:
        if made:
            raise
        raise NothingToDo(
            "No prompt is waiting for better candidates.",
            cure="Settle first: what counts is a verdict of neither.",
        ) from nothing


def _ask(project: Project, generator: Generator, units: Sequence[int]) -> Job:
    given = {name: getattr(generator, name) for name in SETTINGS if name not in ("per_prompt", "on_policy")}
    settings = given | {"k": generator.per_prompt, "quota": generator.per_prompt, "name": generator.name}
    return enqueue_job(
        kind=JobKind.GENERATE,
        project=project,
        payload={"generator": settings},
        queue=JobQueue.JUDGE if generator.url else JobQueue.GPU,
        units=units,
        chunk_size=CHUNK,
    )


def _check(settings: dict[str, Any]) -> None:
    ranges = {
        "per_prompt": (1, MOST), "temperature": (0.0, 2.0), "top_p": (0.01, 1.0), "max_new_tokens": (1, 4096),
    }  # fmt: skip
    for field, (low, high) in ranges.items():
        if field in settings:
            check_range(field, settings[field], low, high)
    url = settings.get("url", "")
    if url and not url.startswith(("http://", "https://")):
        raise InvalidSetting(
            "This is not an address.", field="url", cure="Begin it with http:// or https://."
        )
    if "@" in url.partition("//")[2].partition("/")[0]:
        raise InvalidSetting(
            "An address must not hold a password.", field="url", cure="Name a key of the workers instead."
        )
    if url and not settings.get("model"):
        raise InvalidSetting("An endpoint needs a model's name.", field="model", cure="Name what it serves.")
    if len(settings["stop"]) > 4 or any(len(one) > 80 for one in settings["stop"]):
        raise InvalidSetting(
            "Too many stop strings.", field="stop", cure="Give up to 4, of up to 80 letters."
        )
