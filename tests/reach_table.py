"""Who may call each URL: one row per name. A URL without a row fails the suite."""

from __future__ import annotations

from dataclasses import dataclass

from annotate.enums import Role


@dataclass(frozen=True, slots=True)
class Needed:
    """The least role for reading and for writing, and what the URL's id names."""

    read: Role
    write: Role
    about: str = ""

    def role_for(self, method: str) -> Role:
        return self.read if method == "get" else self.write


def anyone(about: str = "") -> Needed:
    return Needed(Role.ANNOTATOR, Role.ANNOTATOR, about)


def reviewed(about: str = "") -> Needed:
    return Needed(Role.REVIEWER, Role.LEAD, about)


def led(about: str = "") -> Needed:
    return Needed(Role.LEAD, Role.LEAD, about)


# Open to the world.
OPEN = {"show_health", "login", "logout"}

# For anyone who is signed in: nothing in them belongs to a project.
SIGNED_IN = {
    "api_schema",
    "api_tokens",
    "api_revoke_token",
    "api_projects",
    "show_projects",
    "create_project",
}

ROLE_NEEDED = {
    "api_project": reviewed(),
    "api_items": reviewed(),
    "api_item": reviewed("item"),
    "api_imports": led(),
    "api_job": reviewed("job"),
    "api_job_action": led("job"),
    "api_next": anyone(),
    "api_undo": anyone(),
    "api_progress": anyone(),
    "api_judgment": anyone("assignment"),
    "api_skip": anyone("assignment"),
    "api_heartbeat": anyone("assignment"),
    "api_generate": led(),
    "api_scores": led(),
    "api_routes": led(),
    "api_local_judge": led(),
    "api_settle": led(),
    "api_estimates": reviewed(),
    "api_recipe_preview": Needed(Role.REVIEWER, Role.REVIEWER),
    "api_releases": reviewed(),
    "api_release_download": reviewed("release"),
    "show_desk": anyone(),
    "next_item": anyone(),
    "undo": anyone(),
    "submit_verdict": anyone("assignment"),
    "skip_item": anyone("assignment"),
    "heartbeat": anyone("assignment"),
    "show_overview": Needed(Role.ANNOTATOR, Role.ANNOTATOR),
    "show_stages": reviewed(),
    "show_items": reviewed(),
    "show_item": reviewed("item"),
    "show_import": led(),
    "show_candidates": led(),
    "show_scores": reviewed(),
    "show_routing": led(),
    "show_judges": reviewed(),
    "show_settling": reviewed(),
    "show_recipes": reviewed(),
    "preview_steps": Needed(Role.REVIEWER, Role.REVIEWER),
    "show_recipe": reviewed("recipe"),
    "freeze": led("recipe"),
    "show_releases": reviewed(),
    "show_release": reviewed("release"),
    "download_release": reviewed("release"),
    "show_settings": led(),
    "show_members": led(),
    "remove_member": led("member"),
    "show_guidelines": led(),
    "show_job": reviewed("job"),
    "act_on_job": led("job"),
}
