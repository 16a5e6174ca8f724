from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from annotate.models import Project
from curation.models import Policy
from curation.selectors.replays import RULES

# Unless a lead says otherwise a part of the budget is drawn at random: without it nobody sees a judge drift.
AUDIT = 0.05


def current_policy(*, project: Project) -> Policy | None:
    """The version in force: the latest."""
    return project.policies.order_by("-version").first()


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What a policy's ``settings`` hold.

    ``audit``: least share of the human budget that is drawn at random; kinds that rank nothing draw all at
    random anyway. ``required``: tags whose items all go to people. ``rules``: tags that send an item to
    people first, under the kind "rules". ``experts``: which expertise the judges of an item with a subject
    need. ``judge``: the model judge whose labels stand where no person is asked; empty: the one with most
    verdicts. ``retrain_every``: new human labels after which a learned policy is trained again; 0: never.
    ``budget_as``: how the budget was named, for the record. ``learned``: what the policy was trained to, with
    its evidence.
    """

    audit: float = AUDIT
    required: tuple[str, ...] = ()
    rules: tuple[str, ...] = RULES
    experts: dict[str, str] = field(default_factory=dict)
    judge: str = ""
    retrain_every: int = 0
    budget_as: dict[str, Any] = field(default_factory=dict)
    learned: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> PolicySettings:
        """From JSON; keys of a later version are passed over."""
        known = {name: stored[name] for name in cls.__dataclass_fields__ if name in stored}
        for name in ("required", "rules"):
            if name in known:
                known[name] = tuple(known[name])
        return cls(**known)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
