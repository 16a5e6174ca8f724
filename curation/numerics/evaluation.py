"""Does it help? Reward heads trained on each set of labels, tested on what people said of prompts left out.

Every set is fitted on the same prompts and tested on the same pairs, so that sets differ in what their step
changed and in nothing else; intervals are by bootstrap over prompts, and differences are paired.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curation.numerics.reward_heads import RIDGE, Labels, fit_head, whitened
from curation.numerics.threads import one_matrix_thread

FOLDS, SEEDS, RESAMPLES = 5, 10, 2000
FRACTIONS = (0.125, 0.25, 0.5, 1.0)
LEAST_PROMPTS, LEAST_IN_SLICE = 20, 20
Floats = NDArray[np.float64]
# Labels found by looking at the rows given, and at no others: what a treatment learns, it learns from those.
Learnt = Callable[[NDArray[np.int64]], Labels]


class TooLittle(ValueError):
    """Fewer than 20 prompts with a human verdict: an accuracy would say more about luck."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An accuracy with its 95 % interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 4) for name in ("value", "low", "high")}


@dataclass(frozen=True, slots=True)
class SetResult:
    """``against``: this set's accuracy minus the first set's, paired. ``curve``: accuracy by share of the
    training prompts. ``slices``: accuracy where a slice has enough pairs."""

    name: str
    rows: int
    accuracy: Measured
    against: Measured
    curve: Mapping[float, Measured] = field(default_factory=dict)
    slices: Mapping[str, Measured] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``tested``: pairs with a human verdict, of ``prompts`` different prompts."""

    tested: int
    prompts: int
    seeds: int
    folds: int
    sets: tuple[SetResult, ...]


@one_matrix_thread()
def evaluate_sets(
    features: NDArray[np.floating],
    truth: NDArray[np.int8],
    groups: Sequence[str],
    sets: Mapping[str, Labels | Learnt],
    *,
    slices: Sequence[str] | None = None,
    seeds: int = SEEDS,
    folds: int = FOLDS,
    fractions: Sequence[float] = FRACTIONS,
    ridge: float = RIDGE,
) -> Evaluation:
    """Compare sets of labels on n pairs; the first set is what the others are held against.

    ``features`` (n, d): second minus first. ``truth`` (n,): +1 where people preferred the second, −1 the
    first, 0 leaves the pair out of the test. ``groups``: the prompt of each pair: all pairs of a prompt are
    tested or learnt from together. ``slices``: a word for each pair, such as its subject. A set may be a
    function from training rows to labels: it is asked anew for each fold, so that nothing it learns comes
    from a pair that is tested; labels it gives to other rows are not read.

    Raises TooLittle with fewer than 20 tested prompts, ValueError where lengths differ.
    """
    places = _numbered(groups)
    tested = truth != 0
    if len(np.unique(places[tested])) < LEAST_PROMPTS:
        raise TooLittle(
            f"People decided on {len(np.unique(places[tested]))} prompts; {LEAST_PROMPTS} are needed."
        )
    everything = np.arange(len(features))
    whole = {name: _labels(one, everything) for name, one in sets.items()}
    if {len(one.signs) for one in whole.values()} != {len(features)} or len(truth) != len(features):
        raise ValueError("Features, truth and every set need a row for each pair.")
    values = whitened(features)
    last = list(sets)[-1]
    curves = {name: tuple(fractions) if name in (next(iter(sets)), last) else (1.0,) for name in sets}
    right = {
        (name, part): np.full((seeds, len(truth)), np.nan) for name, parts in curves.items() for part in parts
    }
    for seed in range(seeds):
        fold = _folds(groups, places, folds, seed)
        order = _draw(groups, places, f"part:{seed}")
        for number in range(folds):
            held = tested & (fold == number)
            for (name, part), found in right.items():
                rows = np.flatnonzero((fold != number) & (order <= part))
                head = fit_head(values, _labels(sets[name], rows), rows, ridge=ridge)
                gap = truth[held] * (values[held] @ head)
                found[seed, held] = (gap > 0) + 0.5 * (gap == 0)
    means = {key: found[:, tested].mean(axis=0) for key, found in right.items()}
    draws = _resamples(places[tested])
    first = means[next(iter(sets)), 1.0]
    words = None if slices is None else np.asarray(slices)[tested]
    results = tuple(
        SetResult(
            name=name,
            rows=int((whole[name].signs != 0).sum()),
            accuracy=_measure(means[name, 1.0], draws),
            against=_measure(means[name, 1.0] - first, draws),
            curve={part: _measure(means[name, part], draws) for part in curves[name]},
            slices=_by_slice(means[name, 1.0], words, places[tested]),
        )
        for name in sets
    )
    return Evaluation(int(tested.sum()), len(np.unique(places[tested])), seeds, folds, results)


def _labels(one: Labels | Learnt, rows: NDArray[np.int64]) -> Labels:
    return one if isinstance(one, Labels) else one(rows)


def _numbered(groups: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)


def _draw(groups: Sequence[str], places: NDArray[np.int64], salt: str) -> Floats:
    """A number from 0 to 1 for each pair, the same for all of a prompt, and evenly spread over prompts."""
    names = dict(zip(places.tolist(), groups, strict=True))
    keys = {place: hashlib.sha256(f"{salt}:{name}".encode()).digest() for place, name in names.items()}
    ranks = {place: (rank + 1) / len(keys) for rank, place in enumerate(sorted(keys, key=keys.__getitem__))}
    return np.array([ranks[place] for place in places.tolist()])


def _folds(groups: Sequence[str], places: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    return np.minimum((_draw(groups, places, f"fold:{seed}") * folds).astype(np.int64), folds - 1)


def _resamples(places: NDArray[np.int64], seed: int = 0) -> tuple[NDArray[np.int64], Floats]:
    """Which prompt each tested pair belongs to, and how often each prompt is drawn in each resample."""
    units = np.unique(places, return_inverse=True)[1]
    count = int(units.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    return units.astype(np.int64), drawn.astype(np.float64)


def _measure(right: Floats, draws: tuple[NDArray[np.int64], Floats]) -> Measured:
    units, drawn = draws
    sums, sizes = np.bincount(units, right), np.bincount(units)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.percentile(means, [2.5, 97.5])
    return Measured(float(right.mean()), float(low), float(high))


def _by_slice(
    right: Floats, words: NDArray[np.str_] | None, places: NDArray[np.int64]
) -> dict[str, Measured]:
    if words is None:
        return {}
    found = {}
    for word in sorted(set(words.tolist()) - {""}):
        here = words == word
        if here.sum() >= LEAST_IN_SLICE and len(np.unique(places[here])) > 1:
            found[word] = _measure(right[here], _resamples(places[here]))
    return found
