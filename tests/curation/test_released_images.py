"""Pictures leave with the rows that showed them, by name and digest, and come in again by name."""

from __future__ import annotations

import json

import pytest

from annotate.models import Candidate, Item
from annotate.services.images import keep_image
from annotate.services.importing import import_items
from curation.enums import Pool
from curation.formats.candidates import candidates_in
from curation.selectors.tables import table_rows
from curation.services.recipes import save_recipe
from curation.services.releasing import export_release, freeze_release
from curation.services.settling import settle_items
from curation.services.tables import source_of
from tests.factories import item_line, make_judge, make_judgment, make_png, make_project, write_lines

pytestmark = pytest.mark.django_db


def pictured(path):
    shown = {"name": "cat.png", "alt": "A cat"}
    return write_lines(path, [item_line(1, candidates=[{"text": "", "images": [shown]}, {"text": "A dog."}])])


def test_a_released_row_names_its_pictures_and_comes_in_again(project, tmp_path):
    image = keep_image(project=project, name="cat.png", data=make_png("cat"))
    import_items(project=project, path=pictured(tmp_path / "rows.jsonl"))
    make_judgment(Item.objects.get(), make_judge(project), -1)
    settle_items(project=project)

    (row,) = next(table_rows(source_of(project, pool=Pool.PEOPLE)))
    first, second = candidates_in(row)

    size = {"width": 8, "height": 6}
    assert first["images"] == [{"name": "cat.png", "digest": image.digest, "alt": "A cat"} | size]
    assert "images" not in second
    elsewhere = make_project()
    keep_image(project=elsewhere, name="cat.png", data=make_png("cat"))
    released = json.dumps({"id": row["id"], "prompt": row["prompt"], "candidates": [first, second]})
    (tmp_path / "released.jsonl").write_text(released)
    import_items(project=elsewhere, path=tmp_path / "released.jsonl")
    again = Candidate.objects.get(item__project=elsewhere, position=0)
    assert again.images == first["images"]


def test_pictures_of_prompt_and_responses_leave_and_come_in_again_in_both_own_shapes(project, tmp_path):
    keep_image(project=project, name="cat.png", data=make_png("cat"))
    row = item_line(1, candidates=[{"text": "=A cat.", "images": ["cat.png"]}, {"text": "A dog."}])
    row |= {"images": [{"name": "cat.png", "alt": "Crème"}]}
    import_items(project=project, path=write_lines(tmp_path / "rows.jsonl", [row, item_line(2)]))
    for item in Item.objects.all():
        make_judgment(item, make_judge(project), 1)
    settle_items(project=project)
    recipe = save_recipe(project=project, name="All", steps=[])

    for format, file in (("items", "jsonl/train.jsonl"), ("table", "csv/train.csv")):
        release = freeze_release(project=project, recipe=recipe, format=format)
        export_release(release=release, folder=tmp_path / format)
        again = make_project()
        keep_image(project=again, name="cat.png", data=make_png("cat"))
        import_items(project=again, path=tmp_path / format / file)

        pictured, plain = again.items.order_by("external_id")
        assert [(one["name"], one["alt"]) for one in pictured.images] == [("cat.png", "Crème")], format
        shown = {one.text: [image["name"] for image in one.images] for one in pictured.candidates.all()}
        assert shown == {"=A cat.": ["cat.png"], "A dog.": []}, format
        assert plain.images == []
