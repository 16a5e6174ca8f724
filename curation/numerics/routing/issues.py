"""Which silver labels to look at again: harmful to held-out gold, or not believed by the rest of the data.

Influence in closed form on a logistic head (Koh and Liang 2017, arXiv 1703.04730; as a filter for labels to
check, InfFeed, arXiv 2402.14702), and the self-confidence of confident learning (Northcutt et al. 2021, arXiv
1911.00068).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RIDGE = 1.0
FOLDS = 5


@dataclass(frozen=True, slots=True)
class LabelIssues:
    """n silver labels. ``influence``: positive where taking the label out lowers the loss on gold.
    ``confidence``: probability of the label by heads that saw no pair of its prompt. ``score``: the mean of
    both ranks, 0..1, 1 the most suspicious."""

    influence: Floats
    confidence: Floats
    score: Floats


def label_issues(
    features: Floats, labels: Floats, groups: Ints, gold: Floats, gold_labels: Floats
) -> LabelIssues:
    """Judge silver labels ±1 on ``features`` (n, d) by gold labels ±1 on ``gold`` (m, d), both antisymmetric.

    Columns are divided by the root mean square of ``features``. Raises ValueError for a label other than ±1.
    """
    if not (np.isin(labels, (-1, 1)).all() and np.isin(gold_labels, (-1, 1)).all()):
        raise ValueError("Labels must be −1 or 1.")
    size = np.sqrt((features**2).mean(axis=0)) if len(features) else np.ones(features.shape[1])
    size = np.where(size > 1e-12, size, 1.0)
    oriented = features / size * labels[:, None]
    harm = influence(oriented, gold / size * gold_labels[:, None])
    sure = self_confidence(oriented, groups)
    return LabelIssues(harm, sure, (_rank(harm) + _rank(-sure)) / 2)


def influence(oriented: Floats, gold: Floats, *, ridge: float = RIDGE) -> Floats:
    """I(i) = −g_gold' H⁻¹ g_i, (n,), on rows already turned by their label; H = Σ p(1 − p)zz' + λI.

    To first order the amount by which the summed loss on gold falls when row i is taken out.
    """
    theta = fit_head(oriented, ridge=ridge)
    probability = _sigmoid(oriented @ theta)
    weight = probability * (1 - probability)
    hessian = (oriented * weight[:, None]).T @ oriented + ridge * np.eye(oriented.shape[1])
    gradient = -(1 - probability)[:, None] * oriented
    gold_gradient = -((1 - _sigmoid(gold @ theta))[:, None] * gold).sum(axis=0)
    return np.asarray(-gradient @ np.linalg.solve(hessian, gold_gradient))


def self_confidence(oriented: Floats, groups: Ints, *, ridge: float = RIDGE) -> Floats:
    """Probability of each row's label by heads trained on other prompts, (n,); 0.5 where there are none."""
    known, place = np.unique(groups, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(len(known)) % FOLDS)[place]
    found = np.full(len(oriented), 0.5)
    for number in range(FOLDS):
        held = fold == number
        if held.any() and not held.all():
            found[held] = _sigmoid(oriented[held] @ fit_head(oriented[~held], ridge=ridge))
    return found


def fit_head(oriented: Floats, *, ridge: float = RIDGE) -> Floats:
    """θ that minimises Σ softplus(−z·θ) + ridge/2 ‖θ‖², by Newton's method, (d,)."""
    theta = np.zeros(oriented.shape[1])
    for _step in range(50):
        probability = _sigmoid(oriented @ theta)
        gradient = ridge * theta - oriented.T @ (1 - probability)
        if float(np.abs(gradient).max(initial=0.0)) < 1e-8 * max(len(oriented), 1):
            break
        weight = probability * (1 - probability)
        hessian = (oriented * weight[:, None]).T @ oriented + ridge * np.eye(len(theta))
        theta = theta - np.linalg.solve(hessian, gradient)
    return theta


def _rank(values: Floats) -> Floats:
    """Ranks from 0 (lowest) to 1 (highest)."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(order / max(len(values) - 1, 1), dtype=np.float64)


def _sigmoid(logit: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -60, 60))))
