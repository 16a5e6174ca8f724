"""Evaluation sets that training rows must not repeat: uploaded once, named in recipes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from annotate.errors import InvalidSetting
from annotate.keys import content_key
from annotate.models import Project
from curation.models import EvaluationSet

# A set of this size takes a second to index; larger ones belong in several.
MOST_TEXTS = 200_000
KEYS = ("prompt", "question", "instruction", "text", "input")


def keep_evaluation_set(*, project: Project, name: str, texts: Sequence[str]) -> EvaluationSet:
    """Keep a set under its name; the same name again replaces it. Raises InvalidSetting when it is empty."""
    plain = [text for text in texts if text.strip()]
    if not name.strip():
        raise InvalidSetting("An evaluation set needs a name.", field="name", cure="Give it one.")
    if not plain:
        raise InvalidSetting("There is no prompt in it.", field="file", cure="Put one prompt on each line.")
    if len(plain) > MOST_TEXTS:
        raise InvalidSetting(
            f"It has {len(plain)} prompts.", field="file", cure=f"Keep at most {MOST_TEXTS} in one set."
        )
    made, _created = EvaluationSet.objects.update_or_create(
        project=project,
        name=name.strip()[:120],
        defaults={"texts": plain, "digest": content_key(plain)},
    )
    return made


def read_evaluation_file(content: bytes) -> list[str]:
    """One prompt a line; of JSON lines the first of prompt, question, instruction, text and input.

    Raises InvalidSetting with the line for what is neither.
    """
    found: list[str] = []
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as trouble:
        raise InvalidSetting("It is not UTF-8.", field="file", cure="Save it again as UTF-8.") from trouble
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        found.append(_prompt_in(line, number) if line.lstrip().startswith("{") else line)
    return found


def _prompt_in(line: str, number: int) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as trouble:
        raise InvalidSetting(
            f"Line {number} is not JSON.", field="file", cure="Write one object per line."
        ) from trouble
    for key in KEYS:
        if isinstance(row.get(key), str):
            return str(row[key])
        if isinstance(row.get(key), list):
            turns = [one.get("content", "") for one in row[key] if isinstance(one, dict)]
            return "\n".join(text for text in turns if isinstance(text, str))
    raise InvalidSetting(
        f"Line {number} has no prompt.", field="file", cure=f"Name it one of {', '.join(KEYS)}."
    )


def reference_texts(project: Project) -> Mapping[str, Callable[[], list[str]]]:
    """The project's sets by name, each read when it is asked for."""

    def reader(pk: int) -> Callable[[], list[str]]:
        return lambda: list(EvaluationSet.objects.values_list("texts", flat=True).get(pk=pk))

    return {
        name: reader(pk) for pk, name in project.evaluation_sets.order_by("name").values_list("pk", "name")
    }
