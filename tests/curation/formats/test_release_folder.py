"""Release folders: the same bytes every time, whole or not at all, and every change found."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
import yaml

from curation.formats.folder import FolderTaken, NothingToRelease
from curation.formats.folder import write_release as write
from curation.formats.jsonl import read_lines
from curation.formats.manifest import self_digest
from curation.formats.options import FormatError
from curation.formats.parquet import read_records
from curation.formats.registry import FORMATS
from curation.formats.verifying import verify_release

PREFERENCE = FORMATS["preference"]


def write_release(folder, batches, *, manifest, format=PREFERENCE, **more):
    return write(folder, batches, format=format, manifest=manifest, **more)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_release_holds_the_same_rows_in_parquet_and_jsonl(tmp_path, batches, manifest):
    written = write_release(tmp_path / "release", batches, manifest=manifest)

    records = list(read_records(written.folder / "data/train.parquet"))
    assert [record["id"] for record in records] == [f"row-{place}" for place in range(12)]
    assert list(read_lines(written.folder / "jsonl/train.jsonl")) == records
    assert sorted(contents(written.folder)) == [
        "README.md",
        "data/train.parquet",
        "jsonl/train.jsonl",
        "manifest.json",
    ]


def test_release_manifest_counts_rows_and_names_every_file_with_its_checksum(tmp_path, batches, manifest):
    written = write_release(tmp_path / "release", batches, manifest=manifest)

    files = contents(written.folder)
    stored = files.pop("manifest.json")
    assert hashlib.sha256(stored).hexdigest() == written.manifest_sha256
    assert json.loads(stored) == written.manifest
    assert {name: entry["sha256"] for name, entry in written.manifest["files"].items()} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    assert written.manifest["rows"] == 12
    assert {key: written.manifest[key] for key in manifest} == manifest
    assert written.manifest["export"]["splits"] == {"train": 12}


def test_release_written_twice_has_the_same_bytes(tmp_path, batches, manifest):
    one = write_release(tmp_path / "one", batches, manifest=manifest)
    other = write_release(
        tmp_path / "deeper" / "other", iter(batches), manifest=dict(reversed(manifest.items()))
    )

    assert one.manifest_sha256 == other.manifest_sha256
    assert contents(one.folder) == contents(other.folder)


def test_release_of_no_rows_is_refused_and_leaves_nothing(tmp_path, manifest):
    with pytest.raises(NothingToRelease, match="recipe"):
        write_release(tmp_path / "release", [], manifest=manifest)

    assert list(tmp_path.iterdir()) == []


def test_release_written_again_into_its_own_folder_changes_nothing(tmp_path, batches, manifest):
    first = write_release(tmp_path / "release", batches, manifest=manifest)
    (first.folder / "jsonl/train.jsonl").write_bytes(b"damaged")

    again = write_release(tmp_path / "release", batches, manifest=manifest)

    assert again == first
    assert verify_release(again.folder) == []
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


@pytest.mark.parametrize("kind", ["other release", "folder", "file"])
def test_release_never_writes_over_something_else(tmp_path, batches, manifest, kind):
    taken = tmp_path / "release"
    if kind == "other release":
        write_release(taken, [batches[0].slice(0, 2)], manifest=manifest)
    elif kind == "folder":
        taken.mkdir()
        (taken / "notes.txt").write_text("mine")
    else:
        taken.write_text("mine")
    before = contents(tmp_path)

    with pytest.raises(FolderTaken):
        write_release(taken, batches, manifest=manifest)

    assert contents(tmp_path) == before


def test_release_that_fails_half_way_leaves_nothing_behind(tmp_path, batches, manifest):
    def breaking():
        yield batches[0]
        raise OSError("the source went away")

    with pytest.raises(OSError, match="went away"):
        write_release(tmp_path / "release", breaking(), manifest=manifest)

    assert list(tmp_path.iterdir()) == []


def test_a_prompt_that_a_shape_cannot_say_is_refused_and_leaves_nothing(tmp_path, batches, manifest):
    with pytest.raises(FormatError, match="conversational"):
        write_release(
            tmp_path / "release",
            batches,
            manifest=manifest,
            options=PREFERENCE.options({"shape": "standard"}),
        )

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"rows": 3}, "'rows'"),
        ({"files": {}}, "'files'"),
        ({"agreement": {"people": {"alpha": float("nan")}}}, "manifest.agreement.people.alpha"),
        ({"steps": [{"threshold": float("inf")}]}, r"manifest.steps\[0\].threshold"),
        ({"made": object()}, "manifest.made"),
        ({"counts": {1: 2}}, "manifest.counts"),
    ],
)
def test_manifest_that_json_cannot_say_is_refused_by_place(tmp_path, batches, given, place):
    with pytest.raises(ValueError, match=place):
        write_release(tmp_path / "release", batches, manifest=given)


def flip_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("name", ["data/train.parquet", "jsonl/train.jsonl", "README.md"])
@pytest.mark.parametrize(
    "harm", [flip_a_byte, lambda path: path.unlink(), lambda path: path.write_bytes(b"")]
)
def test_verify_names_the_file_that_was_harmed(tmp_path, batches, manifest, name, harm):
    folder = write_release(tmp_path / "release", batches, manifest=manifest).folder

    harm(folder / name)

    assert any(problem.startswith(name) for problem in verify_release(folder))


def rewrite_manifest(folder, change):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    manifest["sha256"] = self_digest(manifest)
    path.write_text(json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False) + "\n")


def test_verify_finds_a_line_changed_together_with_its_checksum(tmp_path, batches, manifest):
    folder = write_release(tmp_path / "release", batches, manifest=manifest).folder
    lines = folder / "jsonl/train.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b"green", b"grown", 1))
    digest = hashlib.sha256(lines.read_bytes()).hexdigest()

    rewrite_manifest(folder, lambda whole: whole["files"]["jsonl/train.jsonl"].update(sha256=digest))

    assert verify_release(folder) == ["data/train.parquet and jsonl/train.jsonl differ at row 0."]


def test_verify_finds_a_count_that_the_card_does_not_say(tmp_path, batches, manifest):
    folder = write_release(tmp_path / "release", batches, manifest=manifest).folder

    rewrite_manifest(folder, lambda whole: whole["judges"].update(person=18))

    assert verify_release(folder) == ["README.md does not say what manifest.json says."]


def test_verify_finds_a_file_that_does_not_belong(tmp_path, batches, manifest):
    folder = write_release(tmp_path / "release", batches, manifest=manifest).folder

    shutil.copy(folder / "data/train.parquet", folder / "data/more.parquet")

    assert verify_release(folder) == ["data/more.parquet does not belong to the release."]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"format": "other"}', "[" * 100_000])
def test_verify_of_what_is_no_release_says_so(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)

    assert len(verify_release(tmp_path)) == 1
    assert len(verify_release(tmp_path / "nowhere")) == 1


def test_card_says_what_the_manifest_says(tmp_path, batches, manifest):
    folder = write_release(tmp_path / "release", batches, manifest=manifest).folder
    _, front, body = (folder / "README.md").read_text().split("---\n", 2)

    meta = yaml.safe_load(front)
    assert meta["license"] == "cc-by-4.0"
    assert meta["size_categories"] == ["n<1K"]
    assert meta["configs"] == [
        {"config_name": "default", "data_files": [{"split": "train", "path": "data/train.parquet"}]}
    ]
    for said in (
        "12 rows.",
        "| drop alike | 1 | 0 | 12 | threshold 0.5, top percent 10, unscored 2 |",
        "| people | 0.815 | 0.450 to 1.000 | 11 | 40 |",
        "| models | not computable |",
        "| together | not computable |",
        "- method: majority",
        "- version of the guidelines: 2",
        "- question `preference` (preference): Which is better?",
        "- dropped: drop alike 1, drop undecided 4",
        "- name: default",
        "- steps: step drop_undecided; step drop_alike, top percent 10",
        "- scorer parameters max tokens 64, revision abcdef0, scorer ches",
        "- person: 3",
        "- settled: 17",
        "| longer side chosen | 0.6 | 0.41 to 0.77 | 20 |",
        "- Against v1: 2 pairs added.",
        "- ties: drop",
        "Licence: CC-BY-4.0",
        "- Elsewhere, MIT, https://example.org/set",
        'load_dataset(folder, split="train")',
        "| `soft_label` | double |",
    ):
        assert said in body


def test_card_keeps_given_text_out_of_its_front_matter_and_headings(tmp_path, batches):
    sly = "x\n---\nlicense: mit\n# Not a heading"

    given = {"title": sly, "licence": sly, "description": sly}
    folder = write_release(tmp_path / "release", batches, manifest=given).folder

    text = (folder / "README.md").read_text()
    assert yaml.safe_load(text.split("---\n")[1])["license"] == "other"
    assert "\n# Not a heading" not in text
