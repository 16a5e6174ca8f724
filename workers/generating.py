"""Handler: write candidates for prompts that have too few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings

from annotate.enums import Origin
from annotate.keys import content_key
from annotate.models import Item, Job
from annotate.services.candidates import NewCandidate, add_candidates
from curation.selectors.policies import current_policy
from curation.services.routing import route_items
from workers.keys import endpoint_key

if TYPE_CHECKING:
    from workers.runtime.endpoint import Reply
    from workers.runtime.generation import Generated
    from workers.runtime.loading import LanguageModel


@dataclass(frozen=True, slots=True)
class Generator:
    """How candidates are to be made: read from a job's payload, written into each candidate.

    ``url``: of an endpoint, and then ``model`` is the name it serves; without one ``model`` names a local
    model as ``workers.runtime.sources`` knows them, "" being the packaged one. ``name``: what the project
    calls this generator.
    """

    k: int
    temperature: float
    top_p: float
    seed: int
    max_new_tokens: int
    url: str = ""
    model: str = ""
    name: str = ""
    system: str = ""
    stop: tuple[str, ...] = ()
    dtype: str = "auto"
    # Set for a generator of the project: so many of each prompt's candidates are its own to write.
    quota: int = 0
    key_name: str = ""

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Generator:
        """Settings this version does not know are another's, and passed over."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in payload["generator"].items() if name in known}
        return cls(**given | {"stop": tuple(given.get("stop", ()))})

    @property
    def parameters(self) -> dict[str, Any]:
        """What a candidate keeps of this; what was not asked for is not named."""
        kept: dict[str, Any] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_new_tokens": self.max_new_tokens,
        }
        optional = {"generator": self.name, "system": self.system, "stop": list(self.stop)}
        return kept | {name: value for name, value in optional.items() if value}


Written: TypeAlias = tuple[Item, list[NewCandidate]]
# Given items and a call that says "still alive", gives each item with what was written for it.
Make: TypeAlias = Callable[[list[Item], Callable[[], None]], Iterator[Written]]


def generate_chunk(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Bring each item of the chunk up to k candidates. What was done before a kill is not done again."""
    generator = Generator.from_payload(job.payload)
    progress(0)
    short = [item for item in items_of(job) if lacking(generator, item)]
    done = len(job.payload["units"]) - len(short)
    counts = {"candidates": 0, "too_long": 0}

    def alive() -> None:
        progress(done)

    make = from_endpoint(generator) if generator.url else from_local_model(generator, alive)
    written = make(short, alive)
    for item, made in written:
        # All or none: an item that was left half done would look like one with candidates of its own.
        counts["candidates"] += add_candidates(item=item, made=made)
        counts["too_long"] += not made
        done += 1
        progress(done)
    route_newcomers(job)
    return counts


def items_of(job: Job) -> list[Item]:
    units = job.payload["units"]
    found = {item.pk: item for item in Item.objects.filter(pk__in=units).select_related("project")}
    return [found[pk] for pk in units if pk in found]


def lacking(generator: Generator, item: Item) -> int:
    """How many candidates it still has to write: up to ``k`` in all, or up to its own quota."""
    if generator.quota:
        own = item.candidates.filter(parameters__generator=generator.name)
        return max(generator.quota - own.count(), 0)
    return max(generator.k - item.candidates.count(), 0)


def route_newcomers(job: Job) -> None:
    """Send what has a pair now where the project's policy says, so that it can be labelled at once."""
    policy = current_policy(project=job.project) if job.project else None
    if policy is not None:
        route_items(policy=policy, item_ids=job.payload["units"])


def item_seed(generator: Generator, item: Item) -> int:
    """A seed for this item that depends on nothing but the asked-for seed, the item's content, and how many
    candidates were made for it before: asking for more later gives new ones."""
    there = item.candidates.filter(origin=Origin.GENERATED)
    # Beside others, what these have written by now must not change what this one writes.
    made = (there.filter(parameters__generator=generator.name) if generator.quota else there).count()
    return int(content_key("seed", generator.seed, item.key, made)[:8], 16)


def from_local_model(generator: Generator, alive: Callable[[], None]) -> Make:
    from workers.runtime.generation import GenerationSpec, generate_each
    from workers.runtime.loading import load_language_model
    from workers.runtime.sources import find_model

    folder = find_model(generator.model, Path(settings.WINNOW_MODELS), alive=alive)
    lm = load_language_model(folder, dtype=generator.dtype)
    spec = GenerationSpec(
        k=generator.k,
        temperature=generator.temperature,
        top_p=generator.top_p,
        max_new_tokens=generator.max_new_tokens,
        system=generator.system,
        stop=generator.stop,
    )

    def make(items: list[Item], alive: Callable[[], None]) -> Iterator[Written]:
        """All of them at once; an item is given out when it has all that it lacked, and with nothing where
        its prompt fills the model's window."""
        made = generate_each(
            lm,
            spec,
            [item.prompt for item in items],
            [item_seed(generator, item) for item in items],
            wanted=[lacking(generator, item) for item in items],
            alive=alive,
        )
        for place, texts in made:
            candidates = [as_candidate(generator, lm, replicate, one) for replicate, one in enumerate(texts)]
            yield items[place], candidates

    return make


def as_candidate(generator: Generator, lm: LanguageModel, replicate: int, made: Generated) -> NewCandidate:
    from workers.runtime.generation import SAMPLER

    how = {"template": lm.template_hash, "finish": made.finish, "dtype": lm.dtype, "sampler": SAMPLER}
    return NewCandidate(
        text=made.text,
        model=lm.name,
        revision=lm.revision,
        parameters=generator.parameters | how,
        seed=made.seed,
        replicate=replicate,
        tokens=made.tokens,
        seconds=made.seconds,
        flags=with_refusal(made.text, made.flags),
    )


def with_refusal(text: str, flags: tuple[str, ...]) -> tuple[str, ...]:
    from curation.numerics.refusals import is_refusal

    return (*flags, "refusal") if is_refusal(text) else flags


def from_endpoint(generator: Generator) -> Make:
    from workers.runtime.endpoint import Endpoint, chat

    endpoint = Endpoint(
        url=generator.url,
        model=generator.model,
        key=endpoint_key(name=generator.key_name, url=generator.url),
        timeout=settings.WINNOW_ENDPOINT_SECONDS,
        allowed=tuple(settings.WINNOW_PRIVATE_ENDPOINTS),
    )

    def make(items: list[Item], alive: Callable[[], None]) -> Iterator[Written]:
        for item in items:
            made = []
            for replicate in range(lacking(generator, item)):
                seed = (item_seed(generator, item) + replicate) % 2**31
                reply = chat(
                    endpoint,
                    under_system(generator, item),
                    temperature=generator.temperature,
                    top_p=generator.top_p,
                    max_tokens=generator.max_new_tokens,
                    seed=seed,
                )
                made.append(as_reply(generator, replicate, seed, reply))
                alive()
            yield item, made

    return make


def under_system(generator: Generator, item: Item) -> list[dict[str, str]]:
    """The prompt under the generator's system prompt, unless it has one of its own."""
    prompt: list[dict[str, str]] = list(item.prompt)
    if generator.system and prompt[0]["role"] != "system":
        return [{"role": "system", "content": generator.system}, *prompt]
    return prompt


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
        flags=with_refusal(reply.text, ("truncated",) if reply.finish == "length" else ()),
    )
