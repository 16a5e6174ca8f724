"""Worths of items compared two at a time, with ties: Davidson's extension of Bradley and Terry.

R. R. Davidson, "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments",
Journal of the American Statistical Association 65 (1970):

    P(i above j) = π_i / Z,   P(tie) = ν √(π_i π_j) / Z,   Z = π_i + π_j + ν √(π_i π_j),   π = exp θ

In θ and η = ln ν this is log-linear, so Newton's method finds the one maximum. Without a tie it is the model
of R. A. Bradley and M. E. Terry (Biometrika 39, 1952). A finite maximum needs that every item can be reached
from every other over wins (L. R. Ford, American Mathematical Monthly 64, 1957).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
TOLERANCE = 1e-10
MOST_STEPS = 200
LARGEST_STEP = 2.0


class NotConnected(ValueError):
    """Some items are never beaten by the others, so that no finite worth is most likely."""


class NotConverged(RuntimeError):
    """The maximum was not reached; a defect, for the likelihood is concave."""


@dataclass(frozen=True, slots=True)
class Worths:
    """``theta``: log-worths in natural units, shape (m,), with sum 0. ``covariance``: of them, (m, m).
    ``nu``: how ready the judges are to call a tie; 0 where none was. ``loglik``: at the maximum, without
    pseudo-wins. ``connected``: whether the comparisons alone have a finite maximum."""

    theta: Floats
    covariance: Floats
    nu: float
    loglik: float
    connected: bool

    @property
    def se(self) -> Floats:
        return np.sqrt(np.maximum(np.diag(self.covariance), 0.0))

    @property
    def share(self) -> Floats:
        """π with sum 1."""
        worth = np.exp(self.theta - self.theta.max())
        return np.asarray(worth / worth.sum())


def is_connected(wins: ArrayLike) -> bool:
    """Whether each item can be reached from each other over wins; ``wins[i, j]``: how often i beat j."""
    count, _labels = connected_components(np.asarray(wins) > 0, directed=True, connection="strong")
    return bool(count == 1)


def davidson(wins: ArrayLike, ties: ArrayLike | None = None, *, pseudo: float = 0.0) -> Worths:
    """The most likely worths of m items.

    ``wins[i, j]``: how often i was put above j, shape (m, m). ``ties``: symmetric counts of ties, shape
    (m, m). ``pseudo``: wins added for every ordered pair, which keeps every worth finite. Raises NotConnected
    where no finite worth is most likely and ``pseudo`` is 0, ValueError for shapes that do not fit.
    """
    won = np.array(wins, dtype=np.float64)
    tied = np.zeros_like(won) if ties is None else np.array(ties, dtype=np.float64)
    _check(won, tied)
    np.fill_diagonal(won, 0.0)
    np.fill_diagonal(tied, 0.0)
    connected = is_connected(won)
    if not connected and pseudo <= 0:
        raise NotConnected("Some items never lose to the others, or were never compared with them.")
    added = won + pseudo * (1 - np.eye(len(won)))
    thetas, etas = _newton(added[None], tied[None])
    covariance = _covariance(_information(thetas, etas, (added + added.T + tied)[None])[0])
    loglik = _loglik(thetas, etas, won, tied)
    return Worths(thetas[0], covariance, float(np.exp(etas[0])), loglik, connected)


def resampled(wins: Floats, ties: Floats, *, pseudo: float, seed: int = 0, resamples: int = 1000) -> Floats:
    """Worths when whole judges are drawn again with replacement, shape (resamples, m).

    ``wins``, ``ties``: by judge, shape (J, m, m), with nothing on the diagonals. A draw whose comparisons
    have no finite maximum gets ``pseudo`` wins for every ordered pair, which must be above 0.
    """
    judges, m = wins.shape[0], wins.shape[1]
    drawn = np.random.default_rng(seed).multinomial(judges, np.full(judges, 1 / judges), size=resamples)
    won = (drawn @ wins.reshape(judges, -1)).reshape(resamples, m, m)
    tied = (drawn @ ties.reshape(judges, -1)).reshape(resamples, m, m)
    alone = np.array([not is_connected(one) for one in won])
    return _newton(won + np.where(alone[:, None, None], pseudo * (1 - np.eye(m)), 0.0), tied)[0]


def centred_inverse(information: Floats) -> Floats:
    """The covariance of worths with sum 0, (m, m): the inverse of an information in which only adding the
    same to all of them changes nothing."""
    m = len(information)
    scale = max(float(np.trace(information)) / m, 1e-300)
    return np.asarray(np.linalg.inv(information + scale / m) - 1 / (scale * m))


def _check(won: Floats, tied: Floats) -> None:
    square = won.ndim == 2 and won.shape[0] == won.shape[1] and won.shape[0] >= 2
    if not square or tied.shape != won.shape:
        raise ValueError("Wins and ties are counts of two items or more, both of shape (m, m).")
    if (won < 0).any() or (tied < 0).any() or not np.array_equal(tied, tied.T):
        raise ValueError("Counts are not negative, and ties are the same both ways.")


def _newton(won: Floats, tied: Floats) -> tuple[Floats, Floats]:
    """θ (R, m) and η (R,) of R tables (R, m, m); η is −∞ where nothing tied."""
    count, m = won.shape[0], won.shape[1]
    any_tie = tied.sum(axis=(1, 2)) > 0
    theta, eta = np.zeros((count, m)), np.where(any_tie, 0.0, -np.inf)
    n = won + won.swapaxes(1, 2) + tied
    scores = won.sum(axis=2) + tied.sum(axis=2) / 2
    for _step in range(MOST_STEPS):
        above, level = _chances(theta, eta)
        gradient = np.empty((count, m + 1))
        gradient[:, :m] = scores - (n * (above + level / 2)).sum(axis=2)
        gradient[:, m] = np.where(any_tie, (tied - n * level).sum(axis=(1, 2)) / 2, 0.0)
        information = _information(theta, eta, n)
        # Adding the same to all worths changes nothing, and neither does η without a tie: hold both.
        information[:, :m, :m] += np.trace(information, axis1=1, axis2=2)[:, None, None] / m
        information[:, m, m] += ~any_tie
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        size = np.abs(step).max(axis=1)
        step *= np.minimum(1.0, LARGEST_STEP / np.maximum(size, 1e-300))[:, None]
        theta += step[:, :m] - step[:, :m].mean(axis=1, keepdims=True)
        eta = np.where(any_tie, eta + step[:, m], eta)
        if size.max() < TOLERANCE:
            return theta, eta
    raise NotConverged("The worths were not found.")


def _chances(theta: Floats, eta: Floats) -> tuple[Floats, Floats]:
    """P(i above j) and P(tie), both (R, m, m)."""
    half = (theta[:, :, None] - theta[:, None, :]) / 2
    above, below = np.exp(half), np.exp(-half)
    nu = np.exp(eta)[:, None, None]
    total = above + below + nu
    return above / total, nu / total


def _information(theta: Floats, eta: Floats, n: Floats) -> Floats:
    """Fisher's information of (θ, η) for n comparisons of each two, shape (R, m + 1, m + 1)."""
    m = theta.shape[1]
    above, level = _chances(theta, eta)
    mean = above + level / 2
    found = np.zeros((len(theta), m + 1, m + 1))
    found[:, :m, :m] = n * (level / 4 - mean * mean.swapaxes(1, 2))
    found[:, np.arange(m), np.arange(m)] = (n * (above + level / 4 - mean**2)).sum(axis=2)
    found[:, :m, m] = found[:, m, :m] = (n * level * (0.5 - mean)).sum(axis=2)
    found[:, m, m] = (n * level * (1 - level)).sum(axis=(1, 2)) / 2
    return found


def _covariance(information: Floats) -> Floats:
    """Of the worths with sum 0, the readiness to tie being unknown as well."""
    inner, cross, own = information[:-1, :-1], information[:-1, -1], information[-1, -1]
    if own > 0:
        inner = inner - np.outer(cross, cross) / own
    return centred_inverse(inner)


def _loglik(theta: Floats, eta: Floats, won: Floats, tied: Floats) -> float:
    above, level = _chances(theta, eta)
    found = (won * np.log(above[0])).sum()
    if tied.sum() > 0:
        found += (tied * np.log(level[0])).sum() / 2
    return float(found)
