"""Pictures of candidates: from the upload over the import to the desk, and to nobody else."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from annotate.enums import ImportMode
from annotate.errors import ImportRefused, InvalidSetting
from annotate.models import Candidate, Image, Item
from annotate.selectors.desk import desk_item
from annotate.selectors.images import image_path
from annotate.services.gold import make_traps
from annotate.services.images import keep_image
from annotate.services.importing import import_items
from tests.factories import (
    item_line,
    make_judge,
    make_lease,
    make_member,
    make_png,
    make_project,
    write_lines,
)

pytestmark = pytest.mark.django_db
HOST = "pictures.example.org"


def pictured(number, *images, **fields):
    """A row whose first candidate shows these and whose second shows nothing."""
    candidates = [{"text": f"first {number}", "images": list(images)}, {"text": f"second {number}"}]
    return item_line(number, candidates=candidates, **fields)


def imported(project, tmp_path, *rows, mode=ImportMode.STRICT):
    return import_items(project=project, path=write_lines(tmp_path / "rows.jsonl", rows), mode=mode)


def refused(project, tmp_path, *rows):
    with pytest.raises(ImportRefused) as trouble:
        imported(project, tmp_path, *rows)
    return [(one["line"], one["field"], one["code"]) for one in trouble.value.defects]


@pytest.fixture
def cat(project):
    return keep_image(project=project, name="gpt-4/cat.png", data=make_png("cat"))


def test_a_name_is_the_last_part_of_what_the_client_calls_it(cat):
    assert cat.name == "cat.png"


def test_the_same_file_twice_is_one_picture(project, cat):
    assert keep_image(project=project, name="cat.png", data=make_png("cat")) == cat
    assert image_path(cat.digest, cat.content_type).stat().st_mode & 0o777 == 0o600


def test_a_name_keeps_its_picture(project, cat):
    with pytest.raises(InvalidSetting, match="another picture has this name"):
        keep_image(project=project, name="cat.png", data=make_png("dog"))


def test_a_row_names_uploaded_pictures_and_says_what_they_show(project, cat, tmp_path):
    imported(project, tmp_path, pictured(1, "cat.png", {"name": "cat.png", "alt": "A cat"}))

    first, second = Candidate.objects.order_by("position")
    own = {"name": "cat.png", "digest": cat.digest, "width": 8, "height": 6}
    assert first.images == [own | {"alt": ""}, own | {"alt": "A cat"}]
    assert second.images == []


def test_a_row_that_names_what_was_not_uploaded_is_refused_with_its_place(project, cat, tmp_path):
    rows = [pictured(1, "cat.png"), pictured(2, "cat.png", "dog.png")]

    assert refused(project, tmp_path, *rows) == [(2, "candidates[0].images[1]", "no_image")]
    assert not Item.objects.exists()


def test_addresses_come_in_from_hosts_that_the_site_trusts_and_from_no_other(project, tmp_path, settings):
    row = pictured(1, f"https://{HOST}/a.png")
    assert refused(project, tmp_path, row) == [(1, "candidates[0].images[0]", "image_host")]

    settings.WINNOW_IMAGE_HOSTS = [HOST]
    imported(project, tmp_path, row)

    assert Candidate.objects.get(position=0).images == [{"url": f"https://{HOST}/a.png", "alt": ""}]


@pytest.mark.parametrize(
    ("images", "field", "code"),
    [
        ("cat.png", "candidates[0].images", "wrong_type"),
        ([7], "candidates[0].images[0]", "wrong_type"),
        ([{}], "candidates[0].images[0]", "bad_value"),
        ([{"name": "a", "url": "https://b/c"}], "candidates[0].images[0]", "bad_value"),
        (["http://b/c.png"], "candidates[0].images[0]", "bad_value"),
        (["javascript://b/%0aalert(1)"], "candidates[0].images[0]", "bad_value"),
        ([{"url": "data:image/svg+xml,<svg/>"}], "candidates[0].images[0].url", "bad_value"),
        ([{"name": "a" * 201}], "candidates[0].images[0].name", "too_long"),
        (["a.png"] * 9, "candidates[0].images", "too_many"),
    ],
)
def test_what_is_wrong_about_pictures_is_told_by_field(project, tmp_path, images, field, code):
    row = item_line(1, candidates=[{"text": "a", "images": images}, {"text": "b"}])

    assert refused(project, tmp_path, row) == [(1, field, code)]


def test_two_candidates_may_differ_by_their_pictures_alone(project, cat, tmp_path):
    keep_image(project=project, name="dog.png", data=make_png("dog"))
    row = item_line(1, candidates=[{"text": "", "images": ["cat.png"]}, {"text": "", "images": ["dog.png"]}])

    assert imported(project, tmp_path, row).items == 1
    assert refused(project, tmp_path, item_line(2, candidates=[{"text": "", "images": ["cat.png"]}] * 2)) == [
        (1, "candidates[1].text", "identical_candidates")
    ]


def test_rows_without_pictures_keep_the_names_they_always_had(project, tmp_path):
    imported(project, tmp_path, item_line(1))
    plain = Item.objects.get().key

    assert plain == "110ed4a5e434c4b1f4876dfb7c8aa29f4883f6686530b4ae5266253c3c3f2557"


def test_the_desk_shows_the_digest_and_never_the_name(project, cat, tmp_path, client):
    imported(project, tmp_path, pictured(1, {"name": "cat.png", "alt": "As ChatGPT, I drew a cat"}))
    judge = make_judge(project)
    lease = make_lease(Item.objects.get(), judge)
    client.force_login(judge.user)

    shown = desk_item(assignment=lease)
    page = client.get(reverse("show_desk", args=[project.slug])).content.decode()

    assert [len(side.images) for side in shown.sides] == [1, 0]
    assert reverse("show_image", args=[project.slug, cat.digest]) in page
    assert "cat.png" not in page
    assert "ChatGPT" not in page
    assert 'width="8" height="6"' in page


def test_a_prompt_shows_its_pictures_at_the_desk_and_through_the_api(project, cat, tmp_path, client):
    imported(project, tmp_path, item_line(1, images=[{"name": "cat.png", "alt": "A cat on a mat"}]))
    judge = make_judge(project)
    lease = make_lease(Item.objects.get(), judge)
    client.force_login(judge.user)

    page = client.get(reverse("show_desk", args=[project.slug])).content.decode()
    taken = client.post(reverse("api_next", args=[project.slug])).json()["assignment"]

    src = reverse("show_image", args=[project.slug, cat.digest])
    prompt = page.partition('<div class="prompt-text"')[2].partition("</details>")[0]
    assert prompt.index(src) < prompt.index("turns")
    assert 'alt="A cat on a mat"' in prompt
    assert 'data-act="pictures"' in page
    assert "cat.png" not in page
    assert taken["images"] == [{"src": src, "alt": "A cat on a mat", "width": 8, "height": 6}]
    assert desk_item(assignment=lease).has_images


def test_the_same_words_about_another_picture_are_another_prompt(project, cat, tmp_path):
    keep_image(project=project, name="dog.png", data=make_png("dog"))
    rows = [item_line(number, prompt="What is this?") for number in range(4)]
    rows[1]["images"], rows[2]["images"], rows[3]["images"] = ["cat.png"], ["cat.png"], ["dog.png"]
    imported(project, tmp_path, *rows)

    plain, cat_one, cat_two, dog = Item.objects.order_by("external_id").values_list("group_key", flat=True)
    assert len({plain, cat_one, dog}) == 3
    assert cat_one == cat_two
    assert imported(project, tmp_path, item_line(9, prompt="What is this?", images=["cat.png"])).items == 1
    assert refused(project, tmp_path, item_line(10, images=["fox.png"])) == [(1, "images[0]", "no_image")]


def test_another_picture_of_the_prompt_makes_another_thing_shown(project, cat, tmp_path):
    imported(project, tmp_path, item_line(1, images=["cat.png"]))
    lease = make_lease(Item.objects.get(), make_judge(project))
    before = desk_item(assignment=lease).digest
    lease.item.images = []

    assert desk_item(assignment=lease).digest != before


def test_a_flat_table_names_pictures_in_its_cells(project, cat, tmp_path):
    keep_image(project=project, name="dog, wet.png", data=make_png("dog"))
    table = tmp_path / "pairs.csv"
    listed = '"[{""name"": ""dog, wet.png"", ""alt"": ""A dog""}, ""cat.png""]"'
    table.write_text(
        f"id,prompt,images,response_a,images_a,response_b,images_b\r\none,Which?,cat.png,,{listed},words,\r\n"
    )

    import_items(project=project, path=table)

    item = Item.objects.get()
    first, second = item.candidates.order_by("position")
    assert [one["name"] for one in item.images] == ["cat.png"]
    assert [(one["name"], one["alt"]) for one in first.images] == [("dog, wet.png", "A dog"), ("cat.png", "")]
    assert (first.text, second.images, item.meta) == ("", [], {})


@pytest.mark.parametrize(
    ("cell", "code"), [("fox.png", "no_image"), ("[1]", "wrong_type"), ("[", "bad_json"), ("", "blank")]
)
def test_what_is_wrong_in_a_cell_of_pictures_is_told(project, cat, tmp_path, cell, code):
    table = tmp_path / "pairs.csv"
    table.write_text(f"id,prompt,response_a,images_a,response_b\none,Which?,,{cell},words\n")

    with pytest.raises(ImportRefused) as trouble:
        import_items(project=project, path=table)

    assert [(one["line"], one["code"]) for one in trouble.value.defects] == [(2, code)]


def test_another_picture_makes_another_thing_shown(project, cat, tmp_path):
    keep_image(project=project, name="dog.png", data=make_png("dog"))
    imported(project, tmp_path, pictured(1, "cat.png"))
    lease = make_lease(Item.objects.get(), make_judge(project))
    before = desk_item(assignment=lease).digest

    dog = Image.objects.get(name="dog.png")
    Candidate.objects.filter(position=0).update(
        images=[{"name": "dog.png", "digest": dog.digest, "alt": "", "width": 8, "height": 6}]
    )
    lease.item = Item.objects.get()

    assert desk_item(assignment=lease).digest != before


def test_a_spoiled_copy_shows_the_pictures_of_what_it_is_a_copy_of(project, cat, tmp_path):
    words = " ".join(f"word{n}" for n in range(60))
    row = pictured(1, "cat.png")
    row["candidates"][0]["text"] += words
    row["candidates"][1]["text"] += words
    imported(project, tmp_path, row, item_line(2))
    make_traps(project=project, count=2)

    trap = Item.objects.filter(purpose="trap", source__external_id="row-1").get()
    (right,) = trap.gold.accepted["preference"]
    better = trap.source.candidates.get(position=["first", "second"].index(right))
    assert [one.images for one in trap.candidates.all()] == [better.images, better.images]


def test_a_picture_is_for_members_and_may_do_nothing_but_be_seen(project, cat, annotator, stranger, client):
    address = reverse("show_image", args=[project.slug, cat.digest])
    client.force_login(stranger)
    assert client.get(address).status_code == 404

    client.force_login(annotator)
    answer = client.get(address)

    assert answer.getvalue().startswith(b"\x89PNG")
    assert answer["Content-Type"] == "image/png"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Content-Disposition"] == f'inline; filename="{cat.digest}.png"'
    assert "cat" not in repr(answer.headers)


def test_a_picture_of_another_project_is_not_there(project, cat):
    from django.test import Client

    other = make_project()
    client = Client()
    client.force_login(make_member(other, role="lead"))

    assert client.get(reverse("show_image", args=[other.slug, cat.digest])).status_code == 404


def test_a_lead_uploads_several_at_once(project, lead, client):
    client.force_login(lead)
    address = reverse("show_images", args=[project.slug])
    files = [SimpleUploadedFile(f"{word}.png", make_png(word)) for word in ("cat", "dog")]

    assert client.post(address, {"pictures": files}).status_code == 302
    page = client.get(address).content.decode()

    assert list(project.images.order_by("name").values_list("name", flat=True)) == ["cat.png", "dog.png"]
    assert "cat.png" in page


def test_what_is_no_picture_is_refused_by_name(project, lead, client):
    client.force_login(lead)
    svg = SimpleUploadedFile("drawing.svg", b"<svg onload=alert(1)>", content_type="image/png")

    answer = client.post(reverse("show_images", args=[project.slug]), {"pictures": [svg]})

    assert answer.status_code == 422
    assert "drawing.svg: This is no picture that can be read." in answer.content.decode()
    assert not Image.objects.exists()


def test_pictures_come_and_go_through_the_api(project, lead, annotator, client, tmp_path):
    client.force_login(lead)
    address = reverse("api_images", args=[project.slug])
    sent = client.post(address, {"file": SimpleUploadedFile("x.bin", make_png("cat")), "name": "cat.png"})
    assert (sent.status_code, sent.json()["name"]) == (201, "cat.png")
    bad = client.post(address, {"file": SimpleUploadedFile("x.png", b"<svg/>")})
    assert (bad.status_code, bad.json()["cure"]) == (422, "Send a PNG, JPEG or WebP file.")
    assert [one["name"] for one in client.get(address).json()] == ["cat.png"]

    imported(project, tmp_path, pictured(1, {"name": "cat.png", "alt": "A cat"}))
    Item.objects.update(seats_wanted=1)
    client.force_login(annotator)
    shown = client.post(reverse("api_next", args=[project.slug])).json()["assignment"]["candidates"]

    digest = sent.json()["digest"]
    src = reverse("show_image", args=[project.slug, digest])
    assert [one["images"] for one in shown if one["images"]] == [
        [{"src": src, "alt": "A cat", "width": 8, "height": 6}]
    ]
    assert "cat.png" not in json.dumps(shown)


def test_a_folder_is_taken_with_its_pictures_and_says_what_was_none(project, tmp_path, capsys):
    from django.core.management import call_command

    (tmp_path / "a.png").write_bytes(make_png("a"))
    (tmp_path / "b.jpg").write_bytes(b"<svg/>")
    (tmp_path / "notes.txt").write_text("no picture")

    with pytest.raises(SystemExit):
        call_command("add_images", project.slug, str(tmp_path), "--json")

    told = json.loads(capsys.readouterr().out)
    assert told["kept"] == 1
    assert told["refused"] == ["b.jpg: This is no picture that can be read. Send a PNG, JPEG or WebP file."]
    assert list(project.images.values_list("name", flat=True)) == ["a.png"]
