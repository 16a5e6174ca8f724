"""What leads and reviewers see, and what a page costs."""

from __future__ import annotations

import pytest
from django.urls import reverse

from annotate.services.beats import beat
from tests.factories import make_item, make_judge, make_judgment, make_project

pytestmark = pytest.mark.django_db

FRAGMENT = {"HTTP_HX_REQUEST": "true"}
REVIEWED = (
    "show_overview",
    "show_items",
    "show_scores",
    "show_judges",
    "show_settling",
    "show_recipes",
    "show_releases",
)
LED = (
    "show_import",
    "show_candidates",
    "show_routing",
    "show_settings",
    "show_members",
    "show_guidelines",
)


def text_of(answer):
    return answer.content.decode()


@pytest.mark.parametrize("name", REVIEWED)
def test_reviewers_read_the_pages_without_the_buttons_that_change_things(
    name, project, reviewer, recipe, sign_in
):
    answer = sign_in(reviewer).get(reverse(name, args=[project.slug]))

    assert answer.status_code == 200
    assert 'class="button primary">' not in text_of(answer).split('id="main"')[1]


@pytest.mark.parametrize("name", LED)
def test_reviewers_are_kept_from_the_pages_that_only_change_things(name, project, reviewer, sign_in):
    answer = sign_in(reviewer).get(reverse(name, args=[project.slug]))

    assert answer.status_code == 403


@pytest.mark.parametrize("name", [*REVIEWED, *LED])
def test_leads_read_every_page_of_an_empty_and_of_a_full_project(name, project, lead, sign_in, request):
    client = sign_in(lead)
    empty = client.get(reverse(name, args=[project.slug]))
    request.getfixturevalue("recipe")
    full = client.get(reverse(name, args=[project.slug]))

    assert (empty.status_code, full.status_code) == (200, 200)


def test_annotators_are_led_from_the_overview_to_the_desk(project, annotator, sign_in):
    answer = sign_in(annotator).get(reverse("show_overview", args=[project.slug]))

    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        reverse("show_desk", args=[project.slug]),
    )


def test_an_annotator_of_one_project_sees_it_alone_with_a_way_to_the_desk(project, annotator, sign_in):
    other = make_project()

    page = text_of(sign_in(annotator).get(reverse("show_projects")))

    assert reverse("show_desk", args=[project.slug]) in page
    assert other.name not in page
    assert reverse("create_project") not in page


def test_the_overview_warns_when_no_worker_is_alive(project, lead, sign_in):
    url = reverse("show_overview", args=[project.slug])
    before = text_of(sign_in(lead).get(url))
    beat(name="one", queues="cpu")
    after = text_of(sign_in(lead).get(url))

    assert "No worker is alive." in before
    assert "No worker is alive." not in after


def test_the_stages_render_alone_and_ask_for_themselves_again(project, lead, settled, sign_in):
    url = reverse("show_stages", args=[project.slug])

    fragment = text_of(sign_in(lead).get(url, **FRAGMENT))

    assert fragment.strip().startswith('<div id="stages"')
    assert f'hx-get="{url}"' in fragment
    assert fragment.count('class="stage"') == 7
    for name in (
        "show_import",
        "show_candidates",
        "show_scores",
        "show_routing",
        "show_judges",
        "show_settling",
        "show_releases",
    ):
        assert f'href="{reverse(name, args=[project.slug])}"' in fragment


@pytest.mark.parametrize("name", ["show_items", "show_judges", "show_settling", "show_members"])
def test_tables_cost_the_same_for_one_row_and_for_three(
    name, project, lead, sign_in, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, url = sign_in(lead), reverse(name, args=[project.slug])
    make_judgment(make_item(project), make_judge(project), 1)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(2):
        make_judgment(make_item(project), make_judge(project), 1)

    with django_assert_num_queries(len(one)):
        client.get(url)


def test_items_are_found_by_a_part_of_their_id(project, reviewer, sign_in):
    make_item(project, external_id="apple-1")
    make_item(project, external_id="pear-1")

    page = text_of(sign_in(reviewer).get(reverse("show_items", args=[project.slug]), {"q": "PEA"}))

    assert "pear-1" in page
    assert "apple-1" not in page


@pytest.mark.parametrize("asked", [{"after": "x"}, {"after": "9" * 40}, {"q": "\x00"}, {"q": "%"}])
def test_items_bear_any_address(asked, project, reviewer, judged, sign_in):
    answer = sign_in(reviewer).get(reverse("show_items", args=[project.slug]), asked)

    assert answer.status_code == 200


def test_every_item_is_on_exactly_one_page(project, reviewer, sign_in, monkeypatch):
    from curation.selectors import browser

    monkeypatch.setattr(browser, "PAGE", 2)
    items = [make_item(project) for _ in range(5)]
    client, url, seen, after = sign_in(reviewer), reverse("show_items", args=[project.slug]), [], 0
    while True:
        answer = client.get(url, {"after": after})
        rows = answer.context["rows"]
        seen += [row.item.pk for row in rows]
        if not answer.context["more"]:
            break
        after = rows[-1].item.pk

    assert seen == [item.pk for item in items]


def test_an_item_shows_its_whole_history_and_escapes_what_models_wrote(project, reviewer, sign_in):
    from curation.services.recipes import save_recipe
    from curation.services.releasing import freeze_release
    from curation.services.settling import settle_items

    item = make_item(project, texts=("<script>alert(1)</script> first", "second"))
    make_judgment(item, make_judge(project, name="Ada"), -3, order=(1, 0))
    settle_items(project=project)
    freeze_release(
        project=project,
        recipe=save_recipe(project=project, name="All", steps=[{"step": "drop_undecided"}]),
    )

    page = text_of(sign_in(reviewer).get(reverse("show_item", args=[project.slug, item.pk])))

    assert "<script>alert(1)" not in page
    assert "Ada" in page
    assert "shown in the order 1, 0" in page
    assert reverse("show_release", args=[project.slug, 1]) in page


def test_a_release_downloads_as_a_zip_of_its_files(project, reviewer, recipe, sign_in, tmp_path):
    import zipfile

    from curation.services.archives import make_archive
    from curation.services.releasing import freeze_release

    release = freeze_release(project=project, recipe=recipe)
    client = sign_in(reviewer)
    make_archive(release=release)

    page = text_of(client.get(reverse("show_release", args=[project.slug, release.version])))
    answer = client.get(reverse("download_release", args=[project.slug, release.version]))
    archive = tmp_path / "release.zip"
    archive.write_bytes(b"".join(answer.streaming_content))

    assert "load_dataset" in page
    assert f'filename="{project.slug}-v1.zip"' in answer.headers["Content-Disposition"]
    assert any(name.endswith("manifest.json") for name in zipfile.ZipFile(archive).namelist())


def test_no_page_packs_a_release_but_a_worker_asked_to(project, lead, recipe, sign_in):
    from curation.services.archives import archive_of
    from curation.services.releasing import freeze_release
    from workers.running import work_off

    release = freeze_release(project=project, recipe=recipe)
    client = sign_in(lead)
    shown = reverse("show_release", args=[project.slug, release.version])

    answer = client.get(reverse("download_release", args=[project.slug, release.version]))
    asked = client.post(
        reverse("export_release", args=[project.slug, release.version]), {"format": release.format}
    )
    running = text_of(client.get(shown))
    before = archive_of(release)
    work_off()

    assert (answer.headers["Location"], asked.headers["Location"]) == (shown, shown)
    assert before is None
    assert 'hx-trigger="every 2s"' in running
    assert archive_of(release).is_file()
    assert "Pack for download" not in text_of(client.get(shown))


def test_a_recipe_that_exists_does_not_offer_another_name(project, lead, recipe, sign_in):
    page = text_of(sign_in(lead).get(reverse("show_recipe", args=[project.slug, recipe.pk])))

    assert '<input type="hidden" name="name" value="Clean"' in page


def test_an_item_says_why_nobody_is_asked_about_it_yet(project, reviewer, sign_in):
    lone, pair = make_item(project, texts=("alone",)), make_item(project)
    client = sign_in(reviewer)

    pages = [text_of(client.get(reverse("show_item", args=[project.slug, one.pk]))) for one in (lone, pair)]

    assert "people are asked once it has another" in pages[0]
    assert "Not routed." in pages[1]
