from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from annotate.access import access_assignment, access_item, access_job, access_project, projects_of, role_in
from annotate.services.jobs import enqueue_job
from annotate.services.judges import judge_of
from tests.factories import make_item, make_lease, make_member, make_project

pytestmark = pytest.mark.django_db
ROLES = ["annotator", "reviewer", "lead"]


@pytest.mark.parametrize("held", ROLES)
@pytest.mark.parametrize("asked", ROLES)
def test_a_role_includes_the_lesser_ones_and_no_other(held, asked):
    project = make_project()
    user = make_member(project, role=held)
    if ROLES.index(held) >= ROLES.index(asked):
        assert access_project(user=user, slug=project.slug, role=asked) == project
    else:
        with pytest.raises(PermissionDenied):
            access_project(user=user, slug=project.slug, role=asked)


def test_for_strangers_and_visitors_a_project_does_not_exist(stranger):
    project = make_project()
    elsewhere = make_member(make_project(), role="lead")
    for user in (stranger, elsewhere, AnonymousUser()):
        with pytest.raises(Http404) as foreign:
            access_project(user=user, slug=project.slug)
        with pytest.raises(Http404) as absent:
            access_project(user=user, slug="absent")

        assert str(foreign.value) == str(absent.value)
        assert role_in(user=user, project=project) is None


def test_a_site_admin_is_a_lead_everywhere(site_admin):
    project = make_project()

    assert access_project(user=site_admin, slug=project.slug, role="lead") == project
    assert list(projects_of(site_admin)) == [project]


def test_a_member_knows_only_their_projects():
    mine, _other = make_project(), make_project()

    assert list(projects_of(make_member(mine))) == [mine]


def test_items_and_jobs_are_reached_only_through_their_project():
    mine, other = make_project(), make_project()
    item, job = make_item(other), enqueue_job(kind="settle", project=other, payload={})

    assert access_item(project=other, pk=item.pk) == item
    assert access_job(project=other, pk=job.pk) == job
    with pytest.raises(Http404):
        access_item(project=mine, pk=item.pk)
    with pytest.raises(Http404):
        access_job(project=mine, pk=job.pk)


def test_an_assignment_exists_only_for_its_own_judge(site_admin):
    project, other = make_project(), make_project()
    user = make_member(project)
    lease = make_lease(make_item(project), judge_of(project=project, user=user))

    assert access_assignment(user=user, project=project, pk=lease.pk) == lease
    for who, where in ((make_member(project), project), (site_admin, project), (user, other)):
        with pytest.raises(Http404):
            access_assignment(user=who, project=where, pk=lease.pk)


def test_the_assignment_of_a_judge_without_a_user_belongs_to_no_visitor():
    from tests.factories import make_model_judge

    project = make_project()
    lease = make_lease(make_item(project), make_model_judge(project))

    with pytest.raises(Http404):
        access_assignment(user=AnonymousUser(), project=project, pk=lease.pk)
