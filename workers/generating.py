"""Handler: write candidates for prompts that have too few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings

from annotate.enums import Origin
from annotate.keys import content_key
from annotate.models import Item, Job
from annotate.services.candidates import NewCandidate, add_candidates
from curation.selectors.policies import current_policy
from curation.services.routing import route_items

if TYPE_CHECKING:
    from workers.runtime.endpoint import Reply
    from workers.runtime.generation import Generated
    from workers.runtime.loading import LanguageModel


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


Written: TypeAlias = tuple[Item, list[NewCandidate]]
# Given items and a call that says "still alive", gives each item with what was written for it.
Make: TypeAlias = Callable[[list[Item], Callable[[], None]], Iterator[Written]]


def generate_chunk(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Bring each item of the chunk up to k candidates. What was done before a kill is not done again."""
    generator = Generator.from_payload(job.payload)
    progress(0)
    make = from_endpoint(generator) if generator.url else from_local_model(generator)
    short = [item for item in items_of(job) if item.candidates.count() < generator.k]
    done = len(job.payload["units"]) - len(short)
    added = 0

    def alive() -> None:
        progress(done)

    written = make(short, alive)
    for item, made in written:
        # All or none: an item that was left half done would look like one with candidates of its own.
        added += add_candidates(item=item, made=made)
        done += 1
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


def from_local_model(generator: Generator) -> Make:
    from workers.runtime.generation import generate_many
    from workers.runtime.loading import load_language_model
    from workers.runtime.packaged import smollm2

    lm = load_language_model(smollm2(Path(settings.WINNOW_MODELS)))

    def make(items: list[Item], _alive: Callable[[], None]) -> Iterator[Written]:
        """As one batch for each number of candidates that is missing."""
        for missing in sorted({generator.k - item.candidates.count() for item in items}):
            batch = [item for item in items if generator.k - item.candidates.count() == missing]
            made = generate_many(
                lm,
                [item.prompt for item in batch],
                k=missing,
                temperature=generator.temperature,
                top_p=generator.top_p,
                seeds=[item_seed(generator, item) for item in batch],
                max_new_tokens=generator.max_new_tokens,
            )
            for item, texts in zip(batch, made, strict=True):
                yield item, [as_candidate(generator, lm, place, one) for place, one in enumerate(texts)]

    return make


def as_candidate(generator: Generator, lm: LanguageModel, replicate: int, made: Generated) -> NewCandidate:
    return NewCandidate(
        text=made.text,
        model=lm.name,
        revision=lm.revision,
        parameters=generator.parameters | {"template": lm.template_hash, "finish": made.finish},
        seed=made.seed,
        replicate=replicate,
        tokens=made.tokens,
        seconds=made.seconds,
        flags=made.flags,
    )


def from_endpoint(generator: Generator) -> Make:
    from workers.runtime.endpoint import Endpoint, chat

    endpoint = Endpoint(
        url=generator.url, model=generator.model, key=settings.WINNOW_ENDPOINT_KEY, timeout=60
    )

    def make(items: list[Item], alive: Callable[[], None]) -> Iterator[Written]:
        for item in items:
            made = []
            for replicate in range(generator.k - item.candidates.count()):
                seed = (item_seed(generator, item) + replicate) % 2**31
                reply = chat(
                    endpoint,
                    item.prompt,
                    temperature=generator.temperature,
                    top_p=generator.top_p,
                    max_tokens=generator.max_new_tokens,
                    seed=seed,
                )
                made.append(as_reply(generator, replicate, seed, reply))
                alive()
            yield item, made

    return make


def as_reply(generator: Generator, replicate: int, seed: int, reply: Reply) -> NewCandidate:
    return NewCandidate(
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
