"""Strength as a fold may know it: fitted to the labels of the pairs that are learnt from, and to no others.

A score that was fitted to all labels has seen the tested ones: it says which training labels agree with
them, and choosing by it lifts the accuracy on noise as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curation.numerics.differences import LENGTH_COLUMNS
from curation.numerics.strength import TooFewPairs, cross_fit
from curation.numerics.threads import one_matrix_thread

Floats = NDArray[np.float64]
# A fold and the shares of it that a learning curve takes are asked for by one set of labels after the other.
REMEMBERED = 8


class FoldStrength:
    """Strength of n pairs, asked for by the rows to learn from.

    ``features`` (n, d): second minus first. ``signs`` (n,): +1 where the second is said to be better, −1 the
    first, 0 for pairs without a label. ``groups`` and ``responses``: see ``folds.draw_folds``.
    """

    def __init__(
        self,
        features: NDArray[np.float32],
        signs: NDArray[np.int8],
        groups: Sequence[str],
        responses: Sequence[tuple[Hashable, Hashable]],
    ) -> None:
        self.features, self.signs, self.groups, self.responses = features, signs, groups, responses
        self._fitted = lru_cache(maxsize=REMEMBERED)(self._fit)

    def __call__(self, rows: NDArray[np.int64]) -> Floats:
        """(n,): μ of the first response over the second, as scores are kept; NaN outside ``rows``, where
        there is no label, and everywhere with fewer labels than strength needs."""
        return self._fitted(rows.astype(np.int64).tobytes())

    @one_matrix_thread()
    def _fit(self, kept: bytes) -> Floats:
        rows = np.frombuffer(kept, dtype=np.int64)
        labelled = rows[self.signs[rows] != 0]
        found = np.full(len(self.signs), np.nan)
        towards = self.features[labelled] * self.signs[labelled, None].astype(self.features.dtype)
        places = labelled.tolist()
        try:
            ensemble = cross_fit(
                towards,
                [self.groups[place] for place in places],
                responses=[self.responses[place] for place in places],
                light=LENGTH_COLUMNS,
            )
        except TooFewPairs:
            return found
        found[labelled] = -self.signs[labelled] * ensemble.strength.mean
        return found
