from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from annotate.errors import InvalidSetting, StaleEdit
from annotate.models import Project
from annotate.services.guidelines import publish_guideline
from annotate.services.projects import (
    add_member,
    change_settings,
    create_project,
    remove_member,
)
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db
SETTINGS = {"name": "New name", "description": "", "lease_minutes": 20}


def test_a_new_project_asks_for_a_preference_and_has_its_lead():
    lead = make_user()

    project = create_project(name="Helpful answers", lead=lead, guidelines="Be fair.")

    assert project.slug == "helpful-answers"
    assert list(project.questions.order_by("position").values_list("key", "required")) == [
        ("preference", True),
        ("justification", False),
    ]
    assert (project.guidelines.get().version, project.memberships.get().role) == (1, "lead")


def test_projects_of_one_name_have_addresses_of_their_own():
    assert [create_project(name="Same").slug for _ in range(3)] == ["same", "same-2", "same-3"]


def test_a_name_without_letters_has_an_address_too():
    assert create_project(name="你好").slug == "project"


def test_an_overlap_of_nobody_is_refused():
    with pytest.raises((ValidationError, InvalidSetting)):
        create_project(name="Nobody", overlap=0)


def test_guidelines_are_followed_never_edited():
    project = make_project()
    publish_guideline(project=project, text="Something new.")

    told = list(project.guidelines.order_by("version").values_list("version", "text"))
    assert told == [(1, "Prefer what is true."), (2, "Something new.")]


def test_a_stale_edit_is_refused_and_changes_nothing():
    project = make_project()
    stale = Project.objects.get(pk=project.pk)
    change_settings(project=project, expected_version=1, **SETTINGS)

    with pytest.raises(StaleEdit):
        change_settings(project=stale, expected_version=1, **SETTINGS | {"name": "Late"})

    stored = Project.objects.get(pk=project.pk)
    assert (stored.name, stored.lease_minutes, stored.settings_version) == ("New name", 20, 2)


def test_a_project_keeps_a_lead():
    project = make_project()
    lead = make_member(project, role="lead")

    with pytest.raises(InvalidSetting):
        remove_member(project=project, user=lead)
    with pytest.raises(InvalidSetting):
        add_member(project=project, user=lead, role="annotator")

    make_member(project, role="lead")
    assert remove_member(project=project, user=lead)
    assert not remove_member(project=project, user=lead)


def test_a_project_begins_with_a_preset_and_its_overlap():
    project = create_project(name="Five attributes", preset="helpsteer2")

    assert list(project.questions.values_list("key", flat=True)) == ["ratings"]
    assert (project.overlap, project.overlap_max, project.flow["stop"]) == (3, 5, "spread")
    assert create_project(name="By hand", preset="helpsteer2", overlap=7).overlap_max is None


def test_a_preset_nobody_knows_is_refused():
    with pytest.raises(InvalidSetting) as refused:
        create_project(name="What?", preset="nonsense")

    assert refused.value.field == "preset"
