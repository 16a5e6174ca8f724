"""Whether the judgments of an item are enough: a small rule, asked after each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import comb
from typing import Any

from annotate.rules.flow import FlowRules

Answers = Mapping[str, Any]


def seats_after(
    rules: FlowRules, answers: Sequence[Answers], *, least: int, most: int, main: str = "preference"
) -> int:
    """How many people an item wants, given what has been answered so far; ``main`` is the question whose
    leading answer is weighed.

    Below the least overlap the answers are not looked at; above it each unsure look asks for one more.
    """
    if most <= least or rules.stop == "never":
        return most
    if len(answers) < least:
        return least
    sure = is_sure(rules, answers, least=least, main=main)
    return len(answers) if sure else min(most, len(answers) + 1)


def is_sure(
    rules: FlowRules, answers: Sequence[Answers], *, least: int = 1, main: str = "preference"
) -> bool:
    if rules.stop == "spread" and rules.spread_on:
        return spread_of_nearest(answers, on=rules.spread_on, keep=least) <= rules.most_spread
    if rules.stop == "spread":
        return widest_spread(answers) <= rules.most_spread
    votes = [one[main] for one in answers if main in one]
    # Nothing that can be weighed: more of the same would not tell more.
    return not votes or sureness(votes) * 100 >= rules.sure_at


def choice_of(preference: Any) -> str:
    """The choice behind a preference as stored, its strength left out."""
    if isinstance(preference, int | float) and preference != 0:
        return "first" if preference < 0 else "second"
    return "neither" if preference == "neither" else "tie"


def sureness(votes: Sequence[Any]) -> float:
    """The chance that the leading choice leads in truth, given these votes.

    A uniform Dirichlet prior over the choices; the share that the leader takes from the next is then
    Beta(1 + k, 1 + m) (aggregation property, Gelman et al., Bayesian Data Analysis, 3rd ed., §3.4), and
    the chance that it is over one half is a sum of binomials. 0.5 for no votes.
    """
    counts = sorted(Counter(choice_of(vote) for vote in votes).values(), reverse=True)
    lead, second = (*counts, 0, 0)[:2]
    n = lead + second + 1
    return float(sum(comb(n, j) for j in range(lead + 1)) / 2**n)


def widest_spread(answers: Sequence[Answers]) -> float:
    """The largest difference between judges in any number that they all were asked for."""
    seen: dict[tuple[str, ...], list[float]] = {}
    for one in answers:
        for path, number in _numbers(one):
            seen.setdefault(path, []).append(number)
    return max((max(found) - min(found) for found in seen.values()), default=0.0)


def spread_of_nearest(answers: Sequence[Answers], *, on: str, keep: int) -> float:
    """How far apart the ``keep`` judges are who agree most on one number, where they agree least.

    ``on`` is a question, or a question and an attribute with a dot between; a number asked of each response
    counts for each. 0.0 where nobody gave it.
    """
    question, _dot, attribute = on.partition(".")
    seen: dict[tuple[str, ...], list[float]] = {}
    for one in answers:
        for path, number in _numbers({question: one[question]} if question in one else {}):
            if not attribute or path[-1] == attribute:
                seen.setdefault(path, []).append(number)
    return max((_nearest(sorted(found), keep) for found in seen.values()), default=0.0)


def _nearest(ordered: Sequence[float], keep: int) -> float:
    """The least range of ``keep`` numbers, which are neighbours in size."""
    kept = min(keep, len(ordered))
    return min(ordered[start + kept - 1] - ordered[start] for start in range(len(ordered) - kept + 1))


def _numbers(answers: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(answers, Mapping):
        for key in answers:
            yield from _numbers(answers[key], (*path, str(key)))
    elif isinstance(answers, int | float) and not isinstance(answers, bool):
        yield path, float(answers)
    elif answers == "tie":
        yield path, 0.0
