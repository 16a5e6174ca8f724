"""Tell the web which revision would score now, so that asking again for what is there costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings

from curation.enums import Scorer
from curation.selectors.model_shelf import LOOKS, ShelfModel
from curation.selectors.scorers import REVISIONS


def announce_revisions() -> None:
    """Called once at the start; what it puts there is asked for later, when somebody wants a score."""
    REVISIONS.update({scorer: policy_revision for scorer in (Scorer.CHES, Scorer.LOGPROB, Scorer.REWARD)})
    REVISIONS.update({scorer: vectors_revision for scorer in (Scorer.EMBEDDING, Scorer.RELEVANCE)})
    REVISIONS[Scorer.STRENGTH] = ensemble_revision
    LOOKS.shelf, LOOKS.refusal = shelf, model_refusal


def shelf() -> list[ShelfModel]:
    from workers.runtime.shelf import on_shelf

    return [ShelfModel(one.name, one.gives, one.refusal) for one in on_shelf(Path(settings.WINNOW_MODELS))]


def model_refusal(name: str, wanted: str) -> str | None:
    from workers.runtime.shelf import refusal

    return refusal(name, wanted, Path(settings.WINNOW_MODELS))


def policy_revision(parameters: dict[str, Any]) -> str | None:
    """Of the named model, without loading, converting or fetching anything."""
    from workers.runtime.sources import known_revision

    return known_revision(str(parameters.get("model", "")), Path(settings.WINNOW_MODELS))


def vectors_revision(parameters: dict[str, Any]) -> str | None:
    from workers.runtime.packaged import minilm

    return unless_missing(lambda: minilm().revision)


def ensemble_revision(parameters: dict[str, Any]) -> str | None:
    from workers.strength_scores import strength_revision

    return unless_missing(lambda: strength_revision(parameters))


def unless_missing(name: Callable[[], str]) -> str | None:
    """None where the model is not installed here: the worker's machine may have it, or say what is
    missing."""
    from workers.runtime.errors import MissingPackage

    try:
        return name()
    except MissingPackage:
        return None
