"""Preference strength of a whole project: an ensemble's view of each labelled pair, kept as a score.

The ensemble is cross-fitted on embeddings, or it is the reward models whose score lists the project has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Job
from curation.enums import Scorer
from curation.selectors.score_lists import lists_digest, preferences_of, score_lists
from curation.selectors.settled_labels import LabelledPair, labelled_pairs, labels_digest
from curation.services.scoring import NewScore, store_scores
from workers.embedded import vectors_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.models import ScoreList
    from curation.numerics.strength import Ensemble, Strength

ENSEMBLE_REVISION = "halves-2"
LISTS_REVISION = "lists-1"
STORE = 500


def strength_revision(parameters: dict[str, Any] | None = None) -> str:
    """Names the formula, and the weights that the vectors come from where it needs any."""
    if (parameters or {}).get("lists"):
        return LISTS_REVISION
    from workers.runtime.packaged import minilm

    return f"{ENSEMBLE_REVISION}+{minilm().revision[:12]}"


def strength_project(job: Job, progress: Callable[[int], None]) -> dict[str, Any]:
    """Score every labelled pair of the job's project. Raises NothingToDo without labels, InvalidSetting where
    there are too few."""
    assert job.project is not None
    asked = dict(job.payload.get("parameters", {}))
    if asked.get("lists"):
        return strength_of_project_lists(job, progress, one_scale=bool(asked.get("one_scale")))
    from curation.numerics.strength import TooFewPairs

    # Settled anew since it was asked for: what is scored is what stands now.
    parameters: dict[str, Any] = {"seed": int(asked.get("seed", 0)), "labels": labels_digest(job.project)}
    pairs: list[LabelledPair] = []
    texts: dict[str, str] = {}
    for pair, own in labelled_pairs(job.project):
        pairs.append(pair)
        texts |= own
    check_labels(pairs)
    # The job counts pairs, and embedding is nearly all of its time.
    vectors, places = vectors_of(texts, alive=lambda done: progress(done * len(pairs) // (len(texts) + 1)))
    try:
        found = ensemble_of(pairs, vectors, places, seed=parameters["seed"])
    except TooFewPairs as trouble:
        raise InvalidSetting(str(trouble), field="scorer", cure="Settle more pairs first.") from trouble
    kept = Kept(found.strength, found.identical, found.missing)
    keep(pairs, kept, parameters, progress)
    return {
        "scores": len(pairs),
        "flips": int(found.strength.flips.sum()),
        "accuracy": round(found.accuracy, 4),
        "log_loss": round(found.log_loss, 4),
        "ridge": found.ridge,
        "temperature": found.strength.temperature,
        "units": found.folds.n_units,
        "split_inside": found.folds.split_inside,
    }


def ensemble_of(pairs: list[LabelledPair], vectors: Any, places: dict[str, int], *, seed: int) -> Ensemble:
    from curation.numerics.differences import LENGTH_COLUMNS, pair_differences
    from curation.numerics.strength import cross_fit

    features = pair_differences(
        vectors,
        prompts=[places[pair.prompt] for pair in pairs],
        chosen=[places[pair.chosen] for pair in pairs],
        rejected=[places[pair.rejected] for pair in pairs],
        words=[pair.words for pair in pairs],
    )
    return cross_fit(
        features,
        [pair.group for pair in pairs],
        responses=[(pair.chosen, pair.rejected) for pair in pairs],
        light=LENGTH_COLUMNS,
        seed=seed,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """Strength of pairs, which of them are identical, and which have nothing to go by, with the flag for
    that."""

    strength: Strength
    identical: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    why: str = "not_finite"


def check_labels(pairs: list[LabelledPair]) -> None:
    if not pairs:
        raise NothingToDo(
            "No pair has a settled side yet.", cure="Judge and settle first: strength judges labels."
        )


def keep(
    pairs: list[LabelledPair], kept: Kept, parameters: dict[str, Any], progress: Callable[[int], None]
) -> None:
    revision = strength_revision(parameters)
    for start in range(0, len(pairs), STORE):
        places = range(start, min(start + STORE, len(pairs)))
        made = [as_strength(pairs[place], kept, place) for place in places]
        store_scores(scorer=Scorer.STRENGTH, revision=revision, parameters=parameters, made=made)
        progress(places.stop)


def strength_of_project_lists(
    job: Job, progress: Callable[[int], None], *, one_scale: bool
) -> dict[str, Any]:
    """μ and σ over the project's lists as they are now, each pair by the lists that score it."""
    from curation.numerics.strength import strength_of, to_one_scale

    assert job.project is not None
    lists = score_lists(job.project)
    parameters: dict[str, Any] = {
        "labels": labels_digest(job.project), "lists": lists_digest(lists), "one_scale": one_scale
    }  # fmt: skip
    pairs = [pair for pair, _texts in labelled_pairs(job.project)]
    check_labels(pairs)
    differences = differences_by(lists, pairs, lambda: progress(0))
    if one_scale:
        differences = to_one_scale(differences)
    strength = strength_of(differences)
    identical = np_flags(pair.chosen == pair.rejected for pair in pairs)
    kept = Kept(strength, identical, strength.votes == 0, "no_scores")
    keep(pairs, kept, parameters, progress)
    scored = strength.votes > 0
    return {
        "scores": int(scored.sum()),
        "flips": int(strength.flips.sum()),
        "accuracy": round(float((strength.mean[scored] > 0).mean()), 4) if scored.any() else None,
        "temperature": strength.temperature,
        "lists": [one.name for one in lists],
    }


def differences_by(
    lists: list[ScoreList], pairs: list[LabelledPair], alive: Callable[[], object]
) -> NDArray[Any]:
    """(pairs, lists) of chosen minus rejected; NaN where a list knows nothing of a pair."""
    import numpy as np

    places = {(pair.item_id, pair.first_id): place for place, pair in enumerate(pairs)}
    found = np.full((len(pairs), len(lists)), np.nan)
    for column, one in enumerate(lists):
        for item, first, value in preferences_of(one):
            place = places.get((item, first))
            if place is not None and value is not None:
                found[place, column] = -value if pairs[place].swapped else value
        alive()
    return found


def np_flags(flags: Iterable[bool]) -> NDArray[np.bool_]:
    import numpy as np

    return np.fromiter(flags, dtype=bool)


def as_strength(pair: LabelledPair, found: Kept, place: int) -> NewScore:
    """``value``: μ towards the label, which ``details`` names; numbers are null where the vectors had
    none."""
    from curation.numerics.strength import BINS

    strength = found.strength
    flags = [
        *(["identical"] if found.identical[place] else []),
        *(["empty"] if 0 in pair.words else []),
        *([found.why] if found.missing[place] else []),
        *(["flip_proposed"] if strength.flips[place] else []),
    ]
    label = "second" if pair.swapped else "first"
    if not strength.votes[place]:
        return NewScore(pair.item_id, pair.first_id, pair.second_id, None, {"label": label}, tuple(flags))
    details = {
        "label": label,
        "spread": round(float(strength.spread[place]), 6),
        "margin": round(float(strength.margin[place]), 6),
        "probability": round(float(strength.probability[place]), 6),
        "bin": BINS[strength.bins[place]],
        "votes": int(strength.votes[place]),
        "flip": bool(strength.flips[place]),
    }
    value = round(float(strength.mean[place]), 6)
    return NewScore(pair.item_id, pair.first_id, pair.second_id, value, details, tuple(flags))
