from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotate.models import Job
from workers.importing import import_upload

pytestmark = pytest.mark.django_db
TABLE = b"Question,first answer,second answer,who won\nWhy?,So.,No.,a\nWhen?,Now.,Never.,b\n"


@pytest.fixture
def mapping_page(client, project, lead):
    """The address a lead is sent to after uploading a table of an unknown shape."""
    client.force_login(lead)
    sent = {"file": SimpleUploadedFile("table.csv", TABLE), "mode": "strict", "source": "by-hand"}
    answer = client.post(reverse("show_import", args=[project.slug]), sent)
    assert answer.status_code == 302
    return answer["Location"]


def test_the_first_rows_are_shown_before_anything_is_imported(client, project, mapping_page):
    page = client.get(mapping_page).content.decode()

    assert 'name="prompt"' in page
    assert "Why?" in page
    assert (project.items.count(), Job.objects.count()) == (0, 0)


def test_another_choice_of_columns_changes_the_preview_alone(client, mapping_page):
    chosen = {
        "prompt": "Question",
        "response_a": "first answer",
        "response_b": "second answer",
        "preference": "who won",
    }
    fragment = client.get(mapping_page, chosen, headers={"HX-Request": "true"}).content.decode()

    assert "<html" not in fragment
    assert "So." in fragment
    assert "dataset label" in fragment


def test_the_columns_chosen_are_what_is_imported(client, project, mapping_page):
    chosen = {
        "prompt": "Question",
        "response_a": "second answer",
        "response_b": "first answer",
        "preference": "who won",
    }
    answer = client.post(mapping_page, chosen | {"mode": "strict"})
    assert answer.status_code == 302

    counts = import_upload(Job.objects.get(), lambda done: None)

    assert (counts["items"], counts["judgments"]["person"]) == (2, 2)
    item = project.items.get(external_id__startswith="sha-", prompt__0__content="Why?")
    assert [one.text for one in item.candidates.order_by("position")] == ["No.", "So."]
    assert project.import_runs.get().by is not None


def test_a_ticket_that_was_changed_or_is_of_another_project_does_not_exist(client, lead, mapping_page):
    from tests.factories import make_project

    other = make_project(lead=lead)
    ticket = mapping_page.rstrip("/").split("/")[-1]

    assert client.get(mapping_page.replace(ticket, ticket + "x")).status_code == 404
    assert client.get(reverse("map_import", args=[other.slug, ticket])).status_code == 404


def test_a_file_that_cannot_be_read_says_so_on_the_page(client, project, lead):
    client.force_login(lead)
    sent = {"file": SimpleUploadedFile("table.csv", b"PAR1 nothing"), "mode": "strict", "source": "by-hand"}
    address = client.post(reverse("show_import", args=[project.slug]), sent)["Location"]
    answer = client.get(address)

    assert answer.status_code == 422
    assert "cannot be read" in answer.content.decode()
