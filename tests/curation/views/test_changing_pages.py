"""What leads change by a form, without JavaScript, and how a refusal looks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotate.models import Item, Job, Project
from tests.factories import item_line, make_item, make_user

pytestmark = pytest.mark.django_db


def text_of(answer):
    return answer.content.decode()


def address(name, project, *more):
    return reverse(name, args=[project.slug, *more])


def follow(answer):
    return answer.status_code, answer.headers.get("Location")


def upload(*rows, name="rows.jsonl"):
    return SimpleUploadedFile(name, "".join(json.dumps(row) + "\n" for row in rows).encode())


def test_a_site_admin_makes_a_project_and_leads_it(site_admin, sign_in):
    answer = sign_in(site_admin).post(
        reverse("create_project"), {"name": "Fresh", "overlap": 2, "guidelines": "Be fair."}
    )

    made = Project.objects.get(name="Fresh")
    assert follow(answer) == (302, address("show_overview", made))
    assert list(made.memberships.values_list("user__username", "role")) == [("site_admin", "lead")]


def test_a_lead_does_not_make_projects(lead, sign_in):
    assert sign_in(lead).post(reverse("create_project"), {"name": "Fresh"}).status_code == 403


def test_an_upload_waits_under_a_name_of_ours_and_a_worker_imports_it(project, lead, sign_in):
    from workers.running import work_off

    answer = sign_in(lead).post(
        address("show_import", project),
        {"file": upload(item_line(1), item_line(2), name="../../evil.jsonl"), "mode": "strict"},
    )
    job = Job.objects.get(project=project)
    kept = Path(settings.WINNOW_HOME) / "uploads" / job.payload["upload"]

    assert follow(answer) == (302, address("show_import", project))
    assert kept.is_file()
    work_off()
    assert Item.objects.filter(project=project).count() == 2
    assert "2 new items" in text_of(sign_in(lead).get(address("show_import", project)))


def test_a_refused_file_shows_line_code_and_cure(project, lead, sign_in):
    from workers.running import work_off

    sign_in(lead).post(
        address("show_import", project),
        {"file": upload(item_line(1), {"id": "b", "prompt": 7}), "mode": "strict"},
    )
    work_off()

    page = text_of(sign_in(lead).get(address("show_import", project)))
    defect = Job.objects.get(project=project).result["defects"][0]
    assert Item.objects.filter(project=project).count() == 0
    assert defect["line"] == 2
    assert defect["code"] in page
    assert "What to do" in page


def test_a_form_without_a_file_is_shown_again(project, lead, sign_in):
    answer = sign_in(lead).post(address("show_import", project), {"mode": "strict"})

    assert answer.status_code == 422
    assert "This field is required." in text_of(answer)


def test_asking_for_candidates_queues_a_job(project, lead, sign_in):
    make_item(project, texts=())

    answer = sign_in(lead).post(
        address("show_candidates", project),
        {"k": 2, "temperature": 0.8, "top_p": 0.9, "seed": 1, "max_new_tokens": 16, "url": "", "model": ""},
    )

    assert follow(answer) == (302, address("show_candidates", project))
    assert Job.objects.get(project=project, parent=None).kind == "generate"


def test_asking_when_nothing_is_short_of_candidates_says_so(project, lead, sign_in):
    make_item(project)

    answer = sign_in(lead).post(
        address("show_candidates", project),
        {"k": 2, "temperature": 0.8, "top_p": 0.9, "seed": 1, "max_new_tokens": 16},
    )

    assert answer.status_code == 422
    assert Job.objects.filter(project=project).count() == 0
    assert 'role="alert"' in text_of(answer)


@pytest.mark.parametrize("scorer", ["edit", "no such thing", ""])
def test_scores_are_asked_for_and_an_unknown_scorer_is_refused_kindly(scorer, project, lead, sign_in):
    from curation.enums import Scorer

    make_item(project)

    answer = sign_in(lead).post(address("show_scores", project), {"scorer": scorer}, follow=True)

    assert answer.status_code == 200
    known = scorer in Scorer.values
    assert Job.objects.filter(project=project).exists() is known
    assert ("There is no such scorer." in text_of(answer)) is not known


def test_a_policy_routes_all_pairs_and_keeps_its_versions(project, lead, sign_in):
    for _ in range(4):
        make_item(project)
    asked = {"kind": "random", "human_budget": 1, "seed": 3}

    for _ in range(2):
        answer = sign_in(lead).post(address("show_routing", project), asked)
        assert follow(answer) == (302, address("show_routing", project))

    assert project.policies.count() == 2
    page = text_of(sign_in(lead).get(address("show_routing", project)))
    assert "Version 2" in page
    assert "25 %" in page


STEPS = {
    "steps-0-step": "drop_undecided",
    "steps-1-step": "drop_duplicates",
}


def test_a_recipe_is_saved_previewed_and_frozen_by_a_worker(project, lead, settled, sign_in):
    from workers.running import work_off

    client = sign_in(lead)
    made = client.post(address("show_recipes", project), {"name": "Mine", "pool": "people_first"})
    recipe = project.recipes.get()
    fields = STEPS | {"name": "Mine", "pool": "people_first", "expected_version": recipe.version}
    saved = client.post(address("show_recipe", project, recipe.pk), fields)
    page = text_of(client.get(address("show_recipe", project, recipe.pk)))
    frozen = client.post(address("freeze", project, recipe.pk), {"format": "preference"})
    work_off()

    recipe.refresh_from_db()
    assert follow(made) == (302, address("show_recipe", project, recipe.pk))
    assert follow(saved) == (302, address("show_recipe", project, recipe.pk))
    assert [step["step"] for step in recipe.steps] == ["drop_undecided", "drop_duplicates"]
    assert recipe.version == 2
    assert "<strong>3</strong> settled" in page
    assert follow(frozen) == (302, address("show_releases", project))
    assert project.releases.get().rows == 3
    assert address("show_release", project, 1) in text_of(client.get(address("show_releases", project)))


def test_a_preview_renders_alone_and_saves_nothing(project, reviewer, settled, sign_in):
    answer = sign_in(reviewer).post(
        address("preview_steps", project),
        STEPS | {"name": "x", "pool": "people_first"},
        HTTP_HX_REQUEST="true",
    )

    assert text_of(answer).strip().startswith('<div id="results"')
    assert 'id="result-1" hx-swap-oob="true"' in text_of(answer)
    assert project.recipes.count() == 0


def test_a_preview_of_nonsense_says_what_is_wrong(project, reviewer, settled, sign_in):
    answer = sign_in(reviewer).post(
        address("preview_steps", project),
        {"name": "x", "pool": "people_first", "steps-0-step": "drop_alike", "steps-0-top_percent": 400},
        HTTP_HX_REQUEST="true",
    )

    assert answer.status_code == 422
    assert "Give a number from 0 to 100." in text_of(answer)


@pytest.mark.parametrize(
    ("act", "names"),
    [
        ("add:split", ["drop_undecided", "drop_duplicates", "split"]),
        ("add:binarise", ["binarise", "drop_undecided", "drop_duplicates"]),
        ("up:1", ["drop_duplicates", "drop_undecided"]),
        ("down:0", ["drop_duplicates", "drop_undecided"]),
        ("remove:0", ["drop_duplicates"]),
        ("remove:9", ["drop_undecided", "drop_duplicates"]),
        ("nonsense", ["drop_undecided", "drop_duplicates"]),
    ],
)
def test_buttons_rearrange_the_steps_and_save_nothing(act, names, project, lead, recipe, sign_in):
    answer = sign_in(lead).post(
        address("show_recipe", project, recipe.pk),
        STEPS | {"name": "Clean", "pool": "people_first", "act": act},
    )

    assert [step["name"] for step in answer.context["steps"]] == names
    recipe.refresh_from_db()
    assert recipe.version == 1


def test_dropped_rows_are_read_before_anything_is_frozen(project, reviewer, settled, sign_in):
    answer = sign_in(reviewer).post(
        address("show_touched", project, 0),
        {"name": "x", "pool": "people_first", "steps-0-step": "min_judges", "steps-0-at_least": 2},
    )

    assert [row["id"] for row in answer.context["rows"]] == [item.external_id for item in settled]
    assert settled[0].external_id in text_of(answer)


def test_a_changed_recipe_is_a_new_version_and_the_old_one_is_kept(project, lead, recipe, sign_in):
    client = sign_in(lead)
    fields = STEPS | {"name": "Clean", "pool": "people_first", "expected_version": 1}

    client.post(address("show_recipe", project, recipe.pk), fields)
    client.post(address("show_recipe", project, recipe.pk), fields | {"expected_version": 2})

    kept = recipe.versions.order_by("version").values_list("version", "steps")
    assert [(version, len(steps)) for version, steps in kept] == [(1, 1), (2, 2)]


def test_a_recipe_goes_out_and_comes_back_as_yaml(project, lead, recipe, sign_in):
    client = sign_in(lead)
    text = client.get(address("recipe_text", project, recipe.pk)).content.decode()

    edited = text.replace("drop_undecided", "drop_duplicates").replace("  keep_ties: false\n", "")
    edited = edited.replace("  keep_neither: false\n", "").replace("  keep_undecided: false\n", "")
    saved = client.post(address("recipe_text", project, recipe.pk), {"text": edited})

    recipe.refresh_from_db()
    assert follow(saved) == (302, address("show_recipe", project, recipe.pk))
    assert (recipe.version, recipe.steps) == (2, [{"step": "drop_duplicates"}])


def test_a_line_that_is_wrong_in_the_yaml_is_named(project, lead, recipe, sign_in):
    answer = sign_in(lead).post(
        address("recipe_text", project, recipe.pk),
        {"text": "steps:\n- step: drop_alike\n  top_percent: 300\n"},
    )

    assert answer.status_code == 422
    assert "Line 3, steps[0].top_percent" in text_of(answer)


def test_an_evaluation_set_is_uploaded_and_named_in_a_recipe(project, lead, settled, sign_in):
    client = sign_in(lead)
    upload_ = SimpleUploadedFile("eval.txt", settled[0].prompt[0]["content"].encode())

    added = client.post(address("add_evaluation_set", project), {"name": "held out", "file": upload_})
    answer = client.post(
        address("preview_steps", project),
        {"name": "x", "pool": "people_first", "steps-0-step": "decontaminate", "steps-0-against": "held out"},
    )

    assert follow(added) == (302, address("show_recipes", project))
    assert answer.context["preview"].kept == 2


def test_two_recipes_stand_side_by_side(project, reviewer, recipe, sign_in):
    from curation.services.recipes import save_recipe

    other = save_recipe(project=project, name="Strict", steps=[{"step": "min_judges", "at_least": 2}])

    page = text_of(
        sign_in(reviewer).get(address("compare_recipes", project), {"a": recipe.pk, "b": other.pk})
    )

    assert page.count('class="flow"') == 2
    assert "<strong>3</strong> released" in page
    assert "<strong>0</strong> released" in page


def test_a_stale_recipe_is_refused_with_its_cure(project, lead, recipe, sign_in):
    fields = STEPS | {"name": "Clean", "pool": "people_first", "expected_version": recipe.version}
    client = sign_in(lead)

    first = client.post(address("show_recipe", project, recipe.pk), fields)
    second = client.post(address("show_recipe", project, recipe.pk), fields | {"steps-1-step": "min_judges"})

    assert first.status_code == 302
    assert second.status_code == 422
    assert "Reload the page" in text_of(second)


def test_stale_settings_are_refused_and_show_what_differs(project, lead, sign_in):
    fields = {
        "name": "Renamed",
        "lease_minutes": 20,
        "expected_version": project.settings_version,
    }
    client = sign_in(lead)

    first = client.post(address("show_settings", project), fields)
    second = client.post(address("show_settings", project), fields | {"name": "Again"})

    project.refresh_from_db()
    assert first.status_code == 302
    assert (project.name, project.lease_minutes) == ("Renamed", 20)
    assert second.status_code == 412
    assert "Somebody else saved meanwhile" in text_of(second)
    assert "<td>Renamed</td><td>Again</td>" in text_of(second)


def test_members_are_added_changed_and_removed(project, lead, sign_in):
    make_user("ada")
    client = sign_in(lead)

    for role in ("annotator", "reviewer"):
        client.post(address("show_members", project), {"username": "ada", "role": role})
        assert project.memberships.get(user__username="ada").role == role
    client.post(address("remove_member", project, project.memberships.get(user__username="ada").pk))

    assert not project.memberships.filter(user__username="ada").exists()


def test_a_lead_cannot_invent_people(project, lead, sign_in):
    answer = sign_in(lead).post(address("show_members", project), {"username": "nobody", "role": "annotator"})

    assert answer.status_code == 422
    assert "Ask a site admin" in text_of(answer)


def test_a_site_admin_makes_an_account_whose_password_is_shown_once(project, site_admin, sign_in):
    from django.contrib.auth.models import User

    client = sign_in(site_admin)
    asked = {"username": "grace", "role": "annotator"}

    answer = client.post(address("show_members", project), asked)
    password = answer.context["password"]

    assert password in text_of(answer)
    assert User.objects.get(username="grace").check_password(password)
    assert password not in text_of(client.get(address("show_members", project)))


def test_guidelines_get_a_version_each_time(project, lead, sign_in):
    client = sign_in(lead)

    client.post(address("show_guidelines", project), {"text": "# Be *kind*"})

    assert list(project.guidelines.order_by("version").values_list("version", "text"))[-1] == (
        2,
        "# Be *kind*",
    )
    assert "<em>kind</em>" in text_of(client.get(address("show_guidelines", project)))


def test_a_job_is_cancelled_and_tried_again(project, lead, sign_in):
    client = sign_in(lead)
    make_item(project)
    client.post(address("show_scores", project), {"scorer": "edit"})
    job = Job.objects.get(project=project, parent=None)

    for action, state in (("cancel", "cancelled"), ("retry", "waiting")):
        answer = client.post(reverse("act_on_job", args=[project.slug, job.pk, action]))
        job.refresh_from_db()
        assert follow(answer) == (302, address("show_job", project, job.pk))
        assert job.state in (state, "split")


def test_a_job_fragment_stops_asking_when_the_work_has_ended(project, lead, judged, sign_in):
    from workers.running import work_off

    client = sign_in(lead)
    client.post(address("show_settling", project))
    job = Job.objects.get(project=project, parent=None)
    url = address("show_job", project, job.pk)

    waiting = text_of(client.get(url, HTTP_HX_REQUEST="true"))
    work_off()
    ended = text_of(client.get(url, HTTP_HX_REQUEST="true"))

    assert waiting.strip().startswith(f'<div class="stack" id="job-{job.pk}"')
    assert "hx-trigger" in waiting
    assert "hx-trigger" not in ended
    assert "Done" in ended
