"""Stage 2: ask for candidates. Workers write them."""

from __future__ import annotations

from annotate.enums import JobKind, JobQueue
from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Candidate, Job, Project
from annotate.selectors.items import items_short_of_candidates
from annotate.services.jobs import enqueue_job

# Few prompts a chunk: on a CPU each candidate takes a second or more, and a kill should cost little.
CHUNK = 8


def ask_for_candidates(
    *,
    project: Project,
    k: int = 2,
    temperature: float = 0.8,
    top_p: float = 0.95,
    seed: int = 0,
    max_new_tokens: int = 160,
    url: str = "",
    model: str = "",
) -> Job:
    """Ask for candidates up to ``k`` on every item that has fewer.

    With ``url`` an OpenAI-compatible endpoint makes them, else the packaged local model. Raises
    NothingToDo when every item has enough, InvalidSetting when a parameter is out of range.
    """
    check_range("k", k, 2, 9)
    check_range("temperature", temperature, 0.0, 2.0)
    check_range("top_p", top_p, 0.01, 1.0)
    check_range("max_new_tokens", max_new_tokens, 1, 4096)
    if url and not model:
        raise InvalidSetting(
            "An endpoint needs a model's name.", field="model", cure="Name the model it serves."
        )
    if url and not url.startswith(("http://", "https://")):
        raise InvalidSetting(
            "This is not an address.", field="url", cure="Begin it with http:// or https://."
        )
    units = list(items_short_of_candidates(project, wanted=k).values_list("pk", flat=True))
    if not units:
        raise NothingToDo(
            f"Every item has {k} candidates already.", cure="Import prompts, or ask for more each."
        )
    generator = {
        "k": k,
        "temperature": temperature,
        "top_p": top_p,
        "seed": seed,
        "max_new_tokens": max_new_tokens,
        "url": url,
        "model": model,
    }
    # What is there already is part of the job's name: asked again after some were added, it is another job.
    there = Candidate.objects.filter(item__project=project).count()
    return enqueue_job(
        kind=JobKind.GENERATE,
        project=project,
        payload={"generator": generator, "there": there},
        queue=JobQueue.JUDGE if url else JobQueue.GPU,
        units=units,
        chunk_size=CHUNK,
    )


def check_range(field: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidSetting(
            f"{field} is out of range.", field=field, cure=f"Give a number from {low} to {high}."
        )
