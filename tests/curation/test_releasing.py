"""Releases: frozen once, the same bytes ever after, compared with the version before, and verified."""

from __future__ import annotations

import json
import shutil

import pytest
from django.core.management import call_command

from annotate.services.gold import make_gold
from annotate.services.importing import import_items
from curation.formats.verifying import verify_release
from curation.models import Release
from curation.services.gates import GateClosed, diff_of
from curation.services.recipes import read_yaml, save_recipe, steps_to_dicts
from curation.services.releasing import export_release, folder_of, freeze_release, rows_path
from curation.services.settling import settle_items
from tests.factories import item_line, make_item, make_judge, make_judgment, make_project, write_lines

pytestmark = [pytest.mark.django_db, pytest.mark.database_bound]

PLAIN = [{"step": "drop_undecided"}, {"step": "split", "test": 0.3, "seed": 3}]


def settled_project(count=8, **fields):
    project = make_project(**fields)
    judge = make_judge(project)
    for place in range(count):
        item = make_item(
            project,
            prompt=f"question {place}",
            texts=(f"yes {place}", f"no {place}"),
            external_id=f"i{place}",
        )
        make_judgment(item, judge, -2 if place % 3 else 1, order=(0, 1))
    settle_items(project=project)
    return project


def frozen(project, steps=PLAIN, **more):
    recipe = save_recipe(project=project, name="Plain", steps=steps)
    return freeze_release(project=project, recipe=recipe, **more)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def lines_of(folder):
    lines = [path.read_bytes().splitlines() for path in sorted(folder.glob("jsonl/*.jsonl"))]
    return [json.loads(line) for part in lines for line in part]


def test_versions_compared_in_many_parts_differ_as_they_do_as_a_whole():
    project = settled_project(count=40)
    old = frozen(project, steps=[*PLAIN, {"step": "sample", "rows": 25, "seed": 3}])
    for item in project.items.order_by("pk")[:2]:
        make_judgment(item, make_judge(project, name=f"second {item.pk}"), 3, order=(0, 1))
        make_judgment(item, make_judge(project, name=f"third {item.pk}"), 3, order=(0, 1))
    settle_items(project=project)
    new = frozen(project, acknowledge="Two more people looked.")

    whole, parts = (diff_of(rows_path(old), rows_path(new), at_once=size) for size in (1000, 1))

    assert parts == whole
    assert (whole.kept, whole.added, whole.removed) == (25, 15, 0)
    assert {name: new.changes[name] for name in whole.counts()} == whole.counts()


def test_a_version_says_in_its_manifest_and_card_what_was_done_otherwise():
    project = settled_project(count=12)
    first = frozen(project)
    make_judgment(project.items.order_by("pk")[0], make_judge(project, name="late"), -2, order=(0, 1))
    settle_items(project=project)

    second = frozen(
        project,
        steps=[
            {"step": "split", "test": 0.25, "seed": 3},
            {"step": "drop_undecided"},
            {"step": "min_judges", "at_least": 1},
        ],
        acknowledge="More was judged.",
    )

    told = second.manifest["asked"]["changes"]
    assert first.manifest["asked"]["changes"] == []
    assert told[2:] == [
        "Step min_judges came.",
        "Step split: test 0.3 → 0.25.",
        "The steps stand in another order.",
        "Other judges, or more judgments.",
    ]
    card = (folder_of(second) / "README.md").read_text(encoding="utf-8")
    assert all(line.split(":")[0] in card for line in told)


def test_ten_exports_of_a_release_have_the_same_bytes_while_others_judge(tmp_path):
    project = settled_project()
    release = frozen(project)
    first = contents(folder_of(release))
    judge = make_judge(project)

    for run in range(10):
        make_judgment(make_item(project), judge, 3)
        settle_items(project=project)
        export_release(release=release, folder=tmp_path / str(run))
        assert contents(tmp_path / str(run)) == first
    assert verify_release(tmp_path / "0") == []


def test_the_same_file_in_two_projects_makes_the_same_bytes(tmp_path):
    said = [{"judge": "ann", "kind": "person", "answers": {"preference": -2}, "order": [1, 0]}]
    file = write_lines(tmp_path / "rows.jsonl", [item_line(place, judgments=said) for place in range(6)])
    made = []
    for _twin in range(2):
        project = make_project(name="Twin", seed=1)
        import_items(project=project, path=file)
        settle_items(project=project)
        made.append(frozen(project))

    one, other = made
    assert contents(folder_of(one)) == contents(folder_of(other))
    assert one.manifest_sha256 == other.manifest_sha256


def test_a_release_s_folder_comes_back_after_it_was_removed():
    from curation.services.releasing import release_folder

    release = frozen(settled_project())
    before = contents(folder_of(release))
    shutil.rmtree(folder_of(release))

    assert contents(release_folder(release=release)) == before


def test_later_judgments_change_no_release_and_a_new_version_says_what_they_changed():
    project = settled_project()
    first = frozen(project)
    second_judge, third = make_judge(project), make_judge(project)
    item = project.items.get(external_id="i1")
    for judge in (second_judge, third):
        make_judgment(item, judge, 3)
    settle_items(project=project)

    with pytest.raises(GateClosed) as closed:
        frozen(project)
    second = frozen(project, acknowledge="Two more people looked at it.")

    assert closed.value.report["flipped"] == 1
    assert second.changes["flipped"] == 1
    assert second.changes["kept"] == 8
    assert second.parent == first
    assert second.manifest["asked"]["lineage"]["acknowledged"] == "Two more people looked at it."
    assert [release.version for release in project.releases.order_by("version")] == [1, 2]


def test_gold_that_was_right_and_is_wrong_closes_the_gate():
    project = settled_project()
    gold = make_item(project, external_id="gold")
    judges = [make_judge(project) for _ in range(3)]
    make_judgment(gold, judges[0], -3)
    make_gold(item=gold, accepted={"preference": ["first"]})
    assert frozen(project).gold == {gold.key: True}

    for judge in judges[1:]:
        make_judgment(gold, judge, 3)

    with pytest.raises(GateClosed) as closed:
        frozen(project)
    assert closed.value.report["negative_flip_rate"] == 1.0
    assert closed.value.report["lost"] == [gold.key]


def test_gold_is_in_no_release(tmp_path):
    project = settled_project()
    make_gold(item=project.items.get(external_id="i1"), accepted={"preference": ["first"]})
    settle_items(project=project)
    release = frozen(project)

    export_release(release=release, folder=tmp_path / "out", format="items")

    assert "i1" not in {row["id"] for row in lines_of(tmp_path / "out")}
    assert release.rows == 7


def test_what_is_masked_is_masked_everywhere(tmp_path):
    project = make_project()
    item = make_item(project, prompt="mail ada@example.org", texts=("call +44 20 7946 0958", "no"))
    make_judgment(item, make_judge(project), -1)
    settle_items(project=project)
    release = frozen(project, [{"step": "private_data"}])

    export_release(release=release, folder=tmp_path / "out", format="items")
    raw = b"".join([*contents(folder_of(release)).values(), *contents(tmp_path / "out").values()])

    assert b"ada@example.org" not in raw
    # With its space: four digits alone stand in many a checksum.
    assert b"7946 0958" not in raw
    assert b"[EMAIL]" in raw


def changes_of(folder):
    """Every way of touching one file: a byte, its end, the whole, and a value of the manifest."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = path.stat().st_size
        for place in range(0, size, max(size // 12, 1)):
            yield path, lambda data, place=place: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        yield path, lambda data: data[:-1]
        yield path, lambda data: data + b" "
        yield path, None


def test_verify_finds_every_tampering():
    folder = folder_of(frozen(settled_project()))
    tried = 0
    for path, change in list(changes_of(folder)):
        whole = path.read_bytes()
        if change is None:
            path.unlink()
        else:
            path.write_bytes(change(whole))
        assert verify_release(folder) != [], path
        path.write_bytes(whole)
        tried += 1

    assert tried > 70
    assert verify_release(folder) == []


def test_verify_is_a_command_that_knows_the_manifest_asked_for(capsys):
    release = frozen(settled_project())

    call_command("verify", str(folder_of(release)), sha256=release.manifest_sha256, json=True)
    assert json.loads(capsys.readouterr().out)["holds"] is True
    with pytest.raises(SystemExit):
        call_command("verify", str(folder_of(release)), sha256="0" * 64, json=True)
    assert json.loads(capsys.readouterr().out)["holds"] is False


@pytest.mark.parametrize("name", ["clean", "strict"])
def test_the_demo_s_recipes_release_by_command(name, tmp_path, capsys):
    from pathlib import Path

    project = settled_project()
    recipe = Path(__file__).resolve().parents[2] / "demo" / "recipes" / f"{name}.yaml"

    call_command("release", project.slug, recipe=recipe, out=tmp_path / "out", json=True)

    said = json.loads(capsys.readouterr().out)
    assert said["exported"] == Release.objects.get(project=project).rows > 0
    assert verify_release(tmp_path / "out") == []


def test_a_release_as_whole_items_is_imported_again_exactly(tmp_path):
    project = settled_project()
    release = frozen(project, [])
    export_release(release=release, folder=tmp_path / "out", format="items")
    copy = make_project()

    import_items(project=copy, path=tmp_path / "out/jsonl/train.jsonl")
    settle_items(project=copy)
    again = frozen(copy, [])
    export_release(release=again, folder=tmp_path / "again", format="items")

    def rows(folder):
        found = lines_of(folder)
        for row in found:
            for one in row["judgments"]:
                one.pop("seconds", None)
        return found

    assert rows(tmp_path / "again") == rows(tmp_path / "out")


def test_a_half_made_release_cannot_be_seen():
    project = settled_project()
    release = frozen(project)
    Release.objects.filter(pk=release.pk).update(state="making")

    from curation.selectors.releases import releases_of

    assert not releases_of(project).exists()
    assert rows_path(release).is_file()


def test_yaml_and_stored_steps_are_the_same_recipe():
    read = read_yaml("steps:\n- step: drop_alike\n  top_percent: 5\n")

    assert steps_to_dicts(read.steps) == [{"step": "drop_alike", "top_percent": 5, "missing": "keep"}]


def test_a_release_is_packed_into_the_same_zip_bytes_each_time_and_only_once():
    from curation.services.archives import archive_of, make_archive

    release = frozen(settled_project())
    told = []
    first = make_archive(release=release, progress=told.append).read_bytes()
    kept = archive_of(release).stat().st_mtime_ns
    again = make_archive(release=release)
    same = again.stat().st_mtime_ns == kept
    again.unlink()

    assert make_archive(release=release).read_bytes() == first
    assert same
    assert told[-1] == 2 * release.rows


def test_a_zip_that_was_removed_may_be_asked_for_again():
    from curation.services.archives import archive_of, ask_to_export
    from workers.running import work_off

    release = frozen(settled_project())
    ask_to_export(release=release)
    work_off()
    archive_of(release).unlink()

    ask_to_export(release=release)
    work_off()

    assert archive_of(release) is not None
