"""Replay: what each policy would have bought on the items that people and models have both judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from annotate.errors import InvalidSetting, NothingToDo
from annotate.models import Project
from curation.selectors.evidence import ProjectEvidence, project_evidence

if TYPE_CHECKING:
    from curation.numerics.routing.replay import Campaign

# Texts to unit vectors, (n, d). Handed in by whoever may load a model.
Embed = Callable[[Sequence[str]], Any]

# What the rules send to people first unless a project says otherwise: one point for each such tag.
RULES = (
    "safety: moderate",
    "safety: high",
    "complexity: complex",
    "expertise: expert domain knowledge",
)
LEAST_ITEMS = 20


def replay_project(
    project: Project,
    *,
    policies: Sequence[str] | None = None,
    budget: float | None = None,
    seeds: int = 20,
    judge: str | None = None,
    rules: Sequence[str] = RULES,
    embed: Embed | None = None,
    tick: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Play the project's campaign again. With ``budget``, the curves have that one point only.

    Raises NothingToDo where fewer than 20 items have both kinds of judgment, InvalidSetting for a policy or a
    judge that there is not.
    """
    from curation.numerics.routing.playing import replay

    _check(policies, budget, seeds)
    campaign, main = judged_campaign(project, judge=judge, rules=rules, embed=embed)
    found = replay(campaign, policies=policies, budget=budget, seeds=seeds, tick=tick)
    found["verdict"]["judge"] = main
    return found


def judged_campaign(
    project: Project,
    *,
    judge: str | None = None,
    rules: Sequence[str] = RULES,
    embed: Embed | None = None,
) -> tuple[Campaign, str]:
    """The items that people and the main judge have both judged, and that judge's name."""
    from curation.numerics.routing.playing import campaign_of

    evidence = project_evidence(project)
    main = main_judge(evidence, judge)
    both = [
        place
        for place, (item_id, record) in enumerate(zip(evidence.item_ids, evidence.records, strict=True))
        if item_id in evidence.people and main in record.verdicts
    ]
    if len(both) < LEAST_ITEMS:
        raise NothingToDo(
            f"Only {len(both)} items were judged by people with a majority and by the model judge {main}.",
            cure=f"A replay needs {LEAST_ITEMS} of them: let both judge the same items first.",
        )
    records = [evidence.records[place] for place in both]
    human = [evidence.people[evidence.item_ids[place]] for place in both]
    return campaign_of(records, human, main=main, rules=rules, embed=embed), main


def main_judge(evidence: ProjectEvidence, judge: str | None) -> str:
    """The named judge, or the one with most verdicts."""
    if not evidence.judges:
        raise NothingToDo("No model has judged an item yet.", cure="Ask a model judge first.")
    if judge is None:
        return evidence.judges[0]
    if judge not in evidence.judges:
        raise InvalidSetting(
            f"There is no model judge {judge}.",
            field="judge",
            cure=f"Choose one of {', '.join(evidence.judges)}.",
        )
    return judge


def _check(policies: Sequence[str] | None, budget: float | None, seeds: int) -> None:
    from curation.numerics.routing.replay import POLICIES

    for name in policies or ():
        if name not in POLICIES:
            raise InvalidSetting(
                f"There is no policy {name}.", field="policy", cure=f"Choose one of {', '.join(POLICIES)}."
            )
    if budget is not None and not 0 <= budget <= 1:
        raise InvalidSetting(
            "The budget is a share of the items.", field="budget", cure="Give a number from 0 to 1."
        )
    if not 1 <= seeds <= 200:
        raise InvalidSetting("A replay takes 1 to 200 seeds.", field="seeds", cure="Give 20, for example.")
