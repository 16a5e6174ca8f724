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
OPEN = {"show_health", "login", "logout", "set_language"}

# For anyone who is signed in: nothing in them belongs to a project.
SIGNED_IN = {
    "api_schema",
    "api_tokens",
    "api_revoke_token",
    "api_projects",
    "api_hub_token",
    "show_keys",
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
    "api_answers": anyone(),
    "api_flag": anyone("assignment"),
    "api_revision": anyone("assignment"),
    "api_skip": anyone("assignment"),
    "api_heartbeat": anyone("assignment"),
    "api_generate": led(),
    "api_scores": led(),
    "api_routes": led(),
    "api_replays": led(),
    "api_local_judge": led(),
    "api_settle": led(),
    "api_estimates": reviewed(),
    "api_leaderboard": reviewed(),
    "api_recipe_preview": Needed(Role.REVIEWER, Role.REVIEWER),
    "api_releases": reviewed(),
    "api_release_download": reviewed("release"),
    "show_desk": anyone(),
    "next_item": anyone(),
    "undo": anyone(),
    "submit_verdict": anyone("assignment"),
    "skip_item": anyone("assignment"),
    "heartbeat": anyone("assignment"),
    "show_mine": anyone(),
    "show_answer": anyone("assignment"),
    "flag_item": anyone("assignment"),
    "keep_draft": anyone("assignment"),
    "suggest": anyone("assignment"),
    "read_guideline": anyone("guideline"),
    "show_overview": Needed(Role.ANNOTATOR, Role.ANNOTATOR),
    "show_stages": reviewed(),
    "show_items": reviewed(),
    "show_item": reviewed("item"),
    "show_questions": reviewed(),
    "add_question": led(),
    "preview_question": led(),
    "choose_preset": led(),
    "change_rules": led(),
    "edit_question": led("question"),
    "move_question": led("question"),
    "remove_question": led("question"),
    "show_image": anyone("image"),
    "show_images": led(),
    "api_images": led(),
    "show_import": led(),
    "map_import": led("upload"),
    "show_candidates": led(),
    "new_generator": led(),
    "run_generators": led(),
    "generate_again": led(),
    "show_generator": led("generator"),
    "drop_generator": led("generator"),
    "api_generators": led(),
    "api_run_generators": led(),
    "show_scores": reviewed(),
    "score_by_model": led(),
    "upload_scores": led(),
    "api_score_tables": led(),
    "show_routing": led(),
    "show_plan": led(),
    "replay": led(),
    "mix": led(),
    "download_mixtures": led("job"),
    "upload_mixture_scores": led("job"),
    "show_rechecks": led(),
    "show_judges": reviewed(),
    "new_judge": led(),
    "show_judge": reviewed("judge"),
    "ask_one_judge": led("judge"),
    "measure_judge": led("judge"),
    "try_judge": led("judge"),
    "limit_judge": led("judge"),
    "let_judge_go_on": led("judge"),
    "api_judges": reviewed(),
    "api_judge": reviewed("judge"),
    "api_judge_ask": led("judge"),
    "api_judge_limits": led("judge"),
    "api_judge_try": led("judge"),
    "api_judge_measure": led("judge"),
    "show_settling": reviewed(),
    "show_leaderboard": reviewed(),
    "show_recipes": reviewed(),
    "preview_steps": Needed(Role.REVIEWER, Role.REVIEWER),
    "show_touched": Needed(Role.REVIEWER, Role.REVIEWER),
    "compare_recipes": reviewed(),
    "add_evaluation_set": led(),
    "recipe_text": reviewed("recipe"),
    "show_recipe": reviewed("recipe"),
    "freeze": led("recipe"),
    "look_at_format": led("recipe"),
    "show_releases": reviewed(),
    "show_release": reviewed("release"),
    "export_release": led("release"),
    "evaluate_release": reviewed("release"),
    "publish_release": led("release"),
    "forget_hub_token": led("release"),
    "api_publish_release": led("release"),
    "download_release": reviewed("release"),
    "show_settings": led(),
    "show_flow": led(),
    "preview_flow": led(),
    "show_quality": reviewed(),
    "show_person": reviewed("judge"),
    "act_on_person": led("judge"),
    "show_checks": reviewed(),
    "make_check": led("item"),
    "remove_check": led("item"),
    "add_traps": led(),
    "show_team": reviewed(),
    "show_flags": reviewed(),
    "settle_flag": led("flag"),
    "show_review": reviewed(),
    "review_item": Needed(Role.REVIEWER, Role.REVIEWER, "item"),
    "show_members": led(),
    "remove_member": led("member"),
    "show_guidelines": led(),
    "look_at_guidelines": led(),
    "show_guideline": led("guideline"),
    "show_job": reviewed("job"),
    "act_on_job": led("job"),
}
