from __future__ import annotations

from annotate.models import Project
from curation.models import Policy


def current_policy(*, project: Project) -> Policy | None:
    """The version in force: the latest."""
    return project.policies.order_by("-version").first()
