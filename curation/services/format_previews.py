"""What a format would make of the pairs that a recipe keeps: counted, and the first of them as they would be
written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotate.errors import InvalidSetting
from annotate.models import Job
from curation.models import Recipe
from curation.services.previews import preview_or_job
from curation.services.releasing import chosen_format

if TYPE_CHECKING:
    from curation.formats.options import Format, Options
    from curation.services.recipes import Preview

LONGEST_TEXT = 240
# Kinds of pairs without a preferred side, by the name of the policy that decides about them.
POLICY_OF = {"tie": "ties", "neither": "neither", "undecided": "undecided"}


@dataclass(frozen=True, slots=True)
class KindKept:
    """Pairs of one kind among those kept: how many, what becomes of them ("" where the format alone decides),
    and the rows that the first of them makes."""

    kind: str
    pairs: int
    policy: str
    rows: list[str]


@dataclass(frozen=True, slots=True)
class FormatPreview:
    title: str
    about: str
    trainer: str
    shape: str
    kinds: list[KindKept]


def preview_format(
    *, recipe: Recipe, format: str, options: Mapping[str, Any] | None = None
) -> tuple[FormatPreview | None, Job | None]:
    """The preview where it can be had at once, else the job that prepares the pairs. Raises
    InvalidSetting."""
    chosen, read = chosen_format(format, options)
    about = {"pool": recipe.pool, "method": recipe.method, "question": recipe.question}
    preview, job = preview_or_job(project=recipe.project, steps=recipe.steps, **about)
    if preview is None:
        return None, job
    kinds = [_kind(preview, kind, places, chosen, read) for kind, places in _kept_by_kind(preview).items()]
    return FormatPreview(chosen.title, chosen.about, chosen.trainer, read.shape, kinds), None


def _kept_by_kind(preview: Preview) -> dict[str, Any]:
    """Places of the pairs that stand, by what was settled of them; what a step gave sides is decided."""
    import numpy as np

    from curation.numerics.recipes import VERDICTS

    state = preview.selection.state
    verdicts = np.asarray(preview.columns["verdict"])
    sided = state.chosen >= 0
    found = {"decided": np.flatnonzero(state.standing & sided)}
    for kind in POLICY_OF:
        found[kind] = np.flatnonzero(state.standing & ~sided & (verdicts == VERDICTS.index(kind)))
    return {kind: places for kind, places in found.items() if kind == "decided" or len(places)}


def _kind(preview: Preview, kind: str, places: Any, chosen: Format, options: Options) -> KindKept:
    from curation.formats.freezing import frozen_sample
    from curation.formats.options import FormatError
    from curation.services.tables import PAIRS

    rows: list[str] = []
    if len(places):
        batch = frozen_sample(
            preview.folder / PAIRS, preview.columns, preview.selection.state, places[:1].tolist()
        )
        try:
            records = chosen.make(options, batch.schema).records(batch)
        except FormatError as trouble:
            raise InvalidSetting(trouble.message, field=trouble.field, cure=trouble.cure) from trouble
        rows = [json.dumps(shortened(one), ensure_ascii=False, indent=2) for one in records[:4]]
    policy = options.policies.get(POLICY_OF.get(kind, ""), "")
    return KindKept(kind, len(places), policy, rows)


def shortened(value: Any) -> Any:
    """Long texts cut, so that a row can be read at a glance; what is empty left out."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
    if isinstance(value, Mapping):
        return {key: shortened(inner) for key, inner in value.items() if inner not in (None, "", [])}
    return [shortened(inner) for inner in value[:6]] if isinstance(value, list) else value
