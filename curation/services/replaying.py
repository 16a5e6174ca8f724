"""Leave to a worker what takes a while: learning a policy, replaying policies, finding doubtful labels."""

from __future__ import annotations

from typing import Any

from annotate.enums import JobKind
from annotate.keys import content_key
from annotate.models import Job, Project
from annotate.selectors.judgments import votes_of
from annotate.services.jobs import enqueue_job
from curation.models import Policy
from curation.selectors.labels import labelled_items
from curation.selectors.policies import PolicySettings
from curation.services.learning import KINDS


def ask_for_replay(*, project: Project, judge: str = "", seeds: int = 20) -> Job:
    """Replay all policies on what was judged so far; asking twice about the same votes is asking once."""
    payload = {"judge": judge, "seeds": seeds, "votes": _votes(project)}
    return enqueue_job(kind=JobKind.REPLAY, project=project, payload=payload)


def ask_to_recheck(*, project: Project) -> Job:
    """Look for labels of models that people should see again."""
    return enqueue_job(kind=JobKind.RECHECK, project=project, payload={"votes": _votes(project)})


def ask_to_route(*, project: Project, policy: dict[str, Any]) -> Job:
    """Learn a policy and route by it; ``policy`` holds the arguments of ``make_policy``."""
    last = project.policies.order_by("-version").values_list("version", flat=True).first() or 0
    payload = {"policy": policy, "after": last, "labels": labelled_items(project)}
    return enqueue_job(kind=JobKind.ROUTE, project=project, payload=payload)


def retrain_where_due() -> list[Job]:
    """Ask for a new version of every learned policy in force that has enough new labels of people."""
    asked = []
    for project in Project.objects.filter(policies__kind__in=KINDS).distinct().order_by("pk"):
        policy = project.policies.order_by("-version").first()
        if policy is not None and policy.kind in KINDS:
            job = _retrain(project, policy)
            asked += [job] if job else []
    return asked


def _retrain(project: Project, policy: Policy) -> Job | None:
    settings = PolicySettings.read(policy.settings)
    if not settings.retrain_every:
        return None
    steps = (labelled_items(project) - int(settings.learned.get("labelled", 0))) // settings.retrain_every
    if steps < 1:
        return None
    # Once per step, whatever came of it: what was refused is not tried again before there are more labels.
    if project.jobs.filter(kind=JobKind.ROUTE, payload__after=policy.version, payload__steps=steps).exists():
        return None
    payload = {
        "policy": {
            "kind": policy.kind,
            "human_budget": policy.human_budget,
            "seed": policy.seed,
            "ask_models": policy.ask_models,
            "settings": settings.as_json() | {"learned": {}},
        },
        "after": policy.version,
        "steps": steps,
    }
    return enqueue_job(kind=JobKind.ROUTE, project=project, payload=payload)


def _votes(project: Project) -> str:
    return content_key([[vote.item_id, vote.judge_id, vote.preference] for vote in votes_of(project)])
