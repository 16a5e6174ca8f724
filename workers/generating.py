"""Handler: write candidates for prompts that have too few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from annotate.enums import Origin
from annotate.keys import content_key
from annotate.models import Item, Job
from annotate.services.candidates import NewCandidate, add_candidates
from curation.services.routing import current_policy, route_items


@dataclass(frozen=True, slots=True)
class Generator:
    """How candidates are to be made: read from a job's payload, written into each candidate."""

    k: int
    temperature: float
    top_p: float
    seed: int
    max_new_tokens: int
    url: str = ""
    model: str = ""

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Generator:
        return cls(**payload["generator"])

    @property
    def parameters(self) -> dict[str, Any]:
        return {"temperature": self.temperature, "top_p": self.top_p, "max_new_tokens": self.max_new_tokens}


def generate_chunk(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Bring each item of the chunk up to k candidates. Work done before a kill is found and not done
    again."""
    generator = Generator.from_payload(job.payload)
    make = from_endpoint(generator) if generator.url else from_local_model(generator)
    added = 0
    for done, item in enumerate(items_of(job), start=1):
        missing = generator.k - item.candidates.count()
        made = []
        for one in make(item, missing) if missing > 0 else ():
            made.append(one)
            progress(done - 1)
        added += add_candidates(item=item, made=made)
        progress(done)
    route_newcomers(job)
    return {"candidates": added}


def items_of(job: Job) -> list[Item]:
    units = job.payload["units"]
    found = {item.pk: item for item in Item.objects.filter(pk__in=units).select_related("project")}
    return [found[pk] for pk in units if pk in found]


def route_newcomers(job: Job) -> None:
    """Send what has a pair now where the project's policy says, so that it can be labelled at once."""
    policy = current_policy(project=job.project) if job.project else None
    if policy is not None:
        route_items(policy=policy, item_ids=job.payload["units"])


def item_seed(generator: Generator, item: Item) -> int:
    """A seed for this item that depends on nothing but the asked-for seed, the item's content, and how many
    candidates were made for it before: asking for more later gives new ones."""
    made = item.candidates.filter(origin=Origin.GENERATED).count()
    return int(content_key("seed", generator.seed, item.key, made)[:8], 16)


def from_local_model(generator: Generator) -> Callable[[Item, int], Iterator[NewCandidate]]:
    from workers.runtime.generation import generate
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    lm = load_language_model(smollm2(Path(settings.WINNOW_MODELS)))

    def make(item: Item, missing: int) -> Iterator[NewCandidate]:
        made = generate(
            lm,
            item.prompt,
            k=missing,
            temperature=generator.temperature,
            top_p=generator.top_p,
            seed=item_seed(generator, item),
            max_new_tokens=generator.max_new_tokens,
        )
        for replicate, one in enumerate(made):
            yield NewCandidate(
                text=one.text,
                model=lm.name,
                revision=lm.revision,
                parameters=generator.parameters | {"template": lm.template_hash, "finish": one.finish},
                seed=one.seed,
                replicate=replicate,
                tokens=one.tokens,
                seconds=one.seconds,
                flags=one.flags,
            )

    return make


def from_endpoint(generator: Generator) -> Callable[[Item, int], Iterator[NewCandidate]]:
    from workers.runtime.endpoint import Endpoint, chat

    endpoint = Endpoint(
        url=generator.url, model=generator.model, key=settings.WINNOW_ENDPOINT_KEY, timeout=60
    )

    def make(item: Item, missing: int) -> Iterator[NewCandidate]:
        base = item_seed(generator, item)
        for replicate in range(missing):
            seed = (base + replicate) % 2**31
            reply = chat(
                endpoint,
                item.prompt,
                temperature=generator.temperature,
                top_p=generator.top_p,
                max_tokens=generator.max_new_tokens,
                seed=seed,
            )
            yield NewCandidate(
                text=reply.text,
                model=reply.model or generator.model,
                revision="",
                parameters=generator.parameters | {"endpoint": generator.url, "finish": reply.finish},
                seed=seed,
                replicate=replicate,
                tokens=reply.tokens,
                seconds=reply.seconds,
                flags=("truncated",) if reply.finish == "length" else (),
            )

    return make
